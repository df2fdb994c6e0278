"""Pages of measures: what changed first, each number with its evidence, planted effects where they were planted, files beside."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from io import BytesIO, StringIO
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from python_calamine import load_workbook

from joinedup import outcomes
from joinedup.access.measure_charts import charted
from joinedup.outcomes.measure_definition import YEARLY
from joinedup.papers.facts import Facts
from joinedup.papers.measure_chance import false_alarms
from joinedup.papers.measure_dots import Dot, DotSet, beyond_edge, reach_of
from joinedup.papers.measure_facts import Measured, measured, series
from joinedup.papers.measure_series import Series
from joinedup.papers.measure_words import changed, expected_of_charts, number, roughly, says, with_unit
from tests.unit.papers.fixtures import five
from tests.unit.papers.measure_fixtures import DEFINED, MONTHS, STEPPED
from tests.unit.papers.reading import Element
from tests.unit.papers.reading import read as read_page


@pytest.fixture(scope="module")
def facts() -> Facts:
    aggregates = replace(five(), defined=DEFINED)
    return Facts(aggregates, aggregates.place)


@pytest.fixture(scope="module")
def admissions(facts: Facts) -> Measured:
    return measured(facts)[0]


def page(folder: Path, name: str) -> Element:
    return read_page(folder / name)


def test_the_planted_step_is_a_special_cause_for_the_worse_there_and_nowhere_else_comes_first(facts: Facts) -> None:
    found = changed(measured(facts), facts.areas)
    assert (found[0].area.id, found[0].measure.id, found[0].way) == (STEPPED, "emergency_admissions", -1)
    assert [change.way for change in found] == sorted((change.way for change in found), key=lambda way: way or 0.5)


def test_a_chart_says_since_when_and_by_which_rule(admissions: Measured, facts: Facts) -> None:
    north = next(area for area in facts.areas if area.id == STEPPED)
    said = says(admissions.series[north])
    assert said.startswith("Special cause, for the worse: ")
    assert "one of two in three near a limit" in said
    assert "mean " in said
    assert says(None) == "No month is known"


def test_a_chart_of_rare_events_shows_its_months_and_tells_no_change(facts: Facts) -> None:
    def chart(counts: Sequence[int]) -> Series:
        rows = [{"period_start": date(2024 + at // 12, at % 12 + 1, 1), "value": 10.0 * n, "events": n} for at, n in enumerate(counts)]
        return series(facts.whole, charted(pa.Table.from_pylist(rows), DEFINED[0]).to_pylist(), -1)

    rare, usual = chart([9, 8, 6, *[0] * 21]), chart([19, 18, 21, 20, *[4] * 20])
    assert (rare.variation, len(rare.known), rare.known[0].mean, rare.special) == (None, 24, None, False)
    assert "0.00 in December 2025" in says(rare)
    assert usual.special


def test_the_index_leads_to_each_measure_and_says_what_chance_would_bring(five_pages: Path) -> None:
    index = page(five_pages, "measures.html")
    assert {link["href"] for link in index.all("a") if link["href"].startswith("measure-")} == {
        f"measure-{each.id}.html" for each in DEFINED
    }
    words = index.words()
    assert "Were nothing but chance at work, " in words
    assert words.index("What changed in Combe Vale") < words.index("Every measure")


def test_a_page_has_charts_groups_practices_variants_definition_and_cases(five_pages: Path) -> None:
    found = page(five_pages, "measure-emergency_admissions.html")
    assert {each["id"] for each in found.all("figure")} == {"months", "areas-by-month", "groups", "people", "deprivation", "practices"}
    words = found.words()
    for said in ("Variants, and the difference each makes here", "Adults alone", "Worked cases", "slope index of inequality"):
        assert said in words


def test_what_a_measure_does_not_declare_has_no_picture(five_pages: Path) -> None:
    found = page(five_pages, "measure-transfers.html")
    assert {each["id"] for each in found.all("figure")} == {"months", "areas-by-month", "groups"}
    assert "Variants" not in found.words()


def test_what_is_counted_once_a_year_is_shown_by_year_and_says_so(five_pages: Path) -> None:
    found = page(five_pages, "measure-carers.html")
    assert {each["id"] for each in found.all("figure")} == {"years", "groups"}
    assert "It is counted once a year" in found.words()
    assert "Yearly, no months" in page(five_pages, "measures.html").words()
    rows = list(csv.DictReader(StringIO((five_pages / "measure-carers.years.csv").read_text(encoding="utf-8"))))
    assert {row["year"] for row in rows if row["area_id"] == STEPPED} == {"2023-04-01", "2024-04-01", "2025-04-01"}


def test_events_of_which_people_have_one_row_a_year_are_those_whose_grain_says_so() -> None:
    tables = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (Path(outcomes.__file__).parent / "events").glob("*.yml")]
    assert {each["table"] for each in tables if each["grain"].endswith("and year")} == set(YEARLY)


def test_the_overview_and_a_neighbourhood_lead_with_what_changed_and_to_measures_and_packs(five_pages: Path) -> None:
    overview, north = page(five_pages, "index.html"), page(five_pages, f"neighbourhood/{STEPPED}.html")
    assert overview.all("h2")[0].words() == "What changed in a way that matters"
    leads = {link["href"] for link in overview.all("a")}
    assert {"measures.html", "measure-emergency_admissions.html", f"pack-{STEPPED}.html"} <= leads
    first = next(each for each in north.all("li") if each["class"] == "ju-change")
    assert first.words().startswith("Emergency admissions: ")
    assert {"../measures.html", "../measure-emergency_admissions.html", f"../pack-{STEPPED}.html"} <= {
        link["href"] for link in north.all("a")
    }


def test_a_value_stands_beside_its_unit() -> None:
    units = ("% of appointments", "£ per person", "days, median")
    assert [with_unit(12.34, unit) for unit in units] == ["12.3% of appointments", "£12.3 per person", "12.3 days, median"]
    assert with_unit(None, "days") == "no data"


def test_a_group_of_a_few_people_does_not_press_the_others_together() -> None:
    dots = [Dot("A", 10.0, 8.0, 12.0, "10"), Dot("B", 0.0, 0.0, 900.0, "0")]
    assert reach_of([DotSet("", dots)], 11.0) == 16.5
    assert beyond_edge([DotSet("", dots)], 11.0)
    assert reach_of([DotSet("", dots[:1])], 11.0) == 12.0
    assert reach_of([DotSet("", dots[1:])], None) == 900.0


def test_the_files_beside_a_page_hold_every_month_and_the_definition(five_pages: Path) -> None:
    rows = list(csv.DictReader(StringIO((five_pages / "measure-emergency_admissions.csv").read_text(encoding="utf-8"))))
    months = [row for row in rows if row["area_id"] == STEPPED and row["breakdown"] == "all"]
    assert len(months) == MONTHS + MONTHS // 12
    assert {row["audience"] for row in rows} == {"internal"}
    book = load_workbook(BytesIO((five_pages / "measure-emergency_admissions.xlsx").read_bytes()))
    assert book.sheet_names == ["About", "Months", "Years", "Practices", "By deprivation", "By ethnic group"]
    assert ["Definition", "What is counted, in words."] in book.get_sheet_by_name("About").to_python()


def test_a_filter_that_matches_nothing_is_told_on_the_page_of_its_measure_alone(five_pages: Path) -> None:
    said = "Its definition matches nothing here"
    assert [said in page(five_pages, f"measure-{each.id}.html").words() for each in DEFINED] == [False, False, False, True]


def test_false_alarms_are_those_of_the_rules() -> None:
    found = false_alarms(36, "making_data_count")
    assert 0.005 < found.at_the_end < 0.04
    assert found.at_the_end < found.anywhere < 1
    assert false_alarms(36, "nelson").anywhere > found.anywhere
    assert false_alarms(5, "making_data_count").at_the_end == 0


def test_expected_false_alarms_count_the_charts_that_were_tested(facts: Facts, admissions: Measured) -> None:
    said = expected_of_charts([admissions], [facts.whole, *facts.areas])
    assert f"of {1 + len(facts.areas)} that could be tested" in said
    assert [roughly(count) for count in (0.0, 0.49, 0.5, 3.2)] == ["fewer than 1", "fewer than 1", "about 0", "about 3"]


def test_numbers_have_the_digits_that_they_bear() -> None:
    assert [number(each) for each in (None, 1234.5, 123.45, 1.234, -12.34)] == ["no data", "1,234", "123.5", "1.23", "−12.3"]

from __future__ import annotations

import csv
import re
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pyarrow as pa
import pytest

from joinedup.errors import StoreProblem
from joinedup.papers.figures.cohorts import CRUDE
from joinedup.papers.pages import write_pages
from joinedup.place.model import Neighbourhood
from joinedup.progress import Step
from tests.unit.papers.fixtures import FakeAggregates, five, nine
from tests.unit.papers.measure_fixtures import DEFINED
from tests.unit.papers.reading import Element, read


def all_pages(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.html"))


def text_of(path: Path) -> str:
    return read(path).words()


def test_each_page_is_well_formed_with_one_heading_and_one_main(pages: Path) -> None:
    for path in all_pages(pages):
        page = read(path)
        assert [len(page.all(tag)) for tag in ("h1", "main", "head", "header", "footer")] == [1, 1, 1, 1, 1]
        assert len(page.all("head")[0].all("title")) == 1
        assert page.all("html")[0]["lang"] == "en"
        assert page.all("main")[0]["id"] == "maincontent"


def test_headings_go_down_one_level_at_a_time(pages: Path) -> None:
    for path in all_pages(pages):
        levels = [int(heading.tag[1]) for heading in read(path).all("h1", "h2", "h3", "h4")]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels)), path.name


def test_ids_are_unique_and_labels_name_ids_that_are_there(pages: Path) -> None:
    for path in all_pages(pages):
        ids = read(path).ids
        assert len(ids) == len(set(ids)), path.name
        named = [
            name for element in read(path).below() for label in ("aria-labelledby", "aria-describedby") for name in element[label].split()
        ]
        assert named
        assert set(named) <= set(ids), path.name


@cache
def ids_of(path: Path) -> frozenset[str]:
    return frozenset(read(path).ids)


def test_links_lead_to_files_and_places_that_exist(pages: Path) -> None:
    for path in all_pages(pages):
        for link in read(path).all("a", "link"):
            file, fragment = urldefrag(unquote(link["href"]))
            target = (path.parent / file).resolve() if file else path
            assert target.is_file(), f"{path.name} leads to {link['href']}"
            if fragment:
                assert fragment in ids_of(target), f"{path.name}: {link['href']}"


def test_links_have_words(pages: Path) -> None:
    for path in all_pages(pages):
        assert all(link.words() or link["aria-label"] for link in read(path).all("a"))


def test_pages_call_nobody_and_run_nothing(pages: Path) -> None:
    for path in all_pages(pages):
        content = path.read_text(encoding="utf-8")
        assert "<script" not in content
        assert " style=" not in content
        assert not re.findall(r"\bon[a-z]+=\"", content)
        addresses = re.findall(r"https?://[^\s\"'<]+", content)
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}


def test_every_picture_has_a_name_and_every_chart_its_table(pages: Path) -> None:
    for path in all_pages(pages):
        page = read(path)
        for picture in page.all("svg", "img"):
            if picture["aria-hidden"] == "true":
                continue
            assert picture["role"] in ("img", "group")
            assert next(picture.below()).tag == "title"
            assert next(picture.below()).words()
        charts = [figure for figure in page.all("figure") if figure.all("svg")]
        assert all(figure.all("table") for figure in charts if figure["id"] != "map-people"), path.name


def test_tables_have_captions_and_scoped_headings(pages: Path) -> None:
    for path in all_pages(pages):
        for table in read(path).all("table"):
            assert [caption.words() for caption in table.all("caption")] != []
            assert {heading["scope"] for heading in table.all("th")} == {"col", "row"}
            width = len(table.all("thead")[0].all("th"))
            assert {len(row.all("th", "td")) for row in table.all("tbody")[0].all("tr")} == {width}


def test_every_page_says_who_it_is_about_whom_it_is_for_and_how_old_it_is(pages: Path) -> None:
    for path in all_pages(pages):
        words = text_of(path)
        assert "Invented people. Nobody on these pages exists." in words
        assert "Internal: true counts. Not for publication." in words
        assert re.search(r"Data to \d+ \w+ 20\d\d", words)
        assert "Built 6 May 2026, 13:04 UTC by joinedup 0.1.0, build 20260506T130412Z-b3f19c02" in words
        assert "(invented people)" in read(path).all("title")[0].words()


def test_every_page_says_data_to_by_partner(five_pages: Path) -> None:
    for path in all_pages(five_pages):
        assert "Vale and Moor Hospitals, Emergency care: to 15 March 2026" in text_of(path)


def test_every_page_says_what_is_missing(nine_pages: Path, five_pages: Path) -> None:
    for path in all_pages(nine_pages):
        assert "Registered deaths: there is no such extract. Affects who is counted as registered" in text_of(path)
    assert not any("Missing data" in text_of(path) for path in all_pages(five_pages))


def test_the_words_are_the_places_own(five_pages: Path, nine_pages: Path) -> None:
    for path in all_pages(five_pages):
        words = text_of(path)
        for code in read(path).all("code"):  # the names of tests and tables are the software's own, and shown as they are
            words = words.replace(code.words(), "")
        assert "eighbourhood" not in words, path.name
    for path in all_pages(nine_pages):
        assert "ocalit" not in text_of(path), path.name


def test_the_overview_compares_every_neighbourhood(five_pages: Path) -> None:
    tables = {table.all("caption")[0].words(): table for table in read(five_pages / "index.html").all("table")}
    rows = {
        row.all("th")[0].words().removeprefix("Locality "): row.words()
        for row in body(tables["Localities of Combe Vale side by side, 1 April 2025 to 31 March 2026"])
    }
    assert list(rows) == ["North Vale", "Upper Vale", "Central Combe", "South Combe", "Lower Vale", "In no locality", "Combe Vale"]
    assert "▲ higher" in rows["Central Combe"]
    assert "20,012" in rows["Combe Vale"]


def body(table: Element) -> list[Element]:
    return table.all("tbody")[0].all("tr")


def test_neighbourhoods_and_people_in_none_add_up_to_the_place(five_pages: Path) -> None:
    with (five_pages / "index.side-by-side.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    people = {kind: sum(int(row["people"]) for row in rows if row["area_type"] == kind) for kind in ("neighbourhood", "none", "place")}
    assert people["neighbourhood"] + people["none"] == people["place"] == 20_012
    assert people["none"] == 41
    assert {row["invented_people"] for row in rows} == {"True"}
    assert {row["build_id"] for row in rows} == {"20260506T130412Z-b3f19c02"}


def test_row_accounting_adds_up_on_the_page(five_pages: Path) -> None:
    with (five_pages / "about.accounting.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    assert all(int(row["rows_read"]) == sum(int(row[part]) for part in ("loaded", "superseded", "rejected")) for row in rows)
    assert "21,204" in text_of(five_pages / "about.html")
    assert "register 4f1c, landing 3 of it, form 2, under key 9a0b" in text_of(five_pages / "about.html")
    assert "Found with the register: it doesn't know landing 2" in text_of(five_pages / "about.html")


def test_what_was_found_in_the_record_is_told_with_what_suffers(five_pages: Path) -> None:
    [table] = [table for table in read(five_pages / "about.html").all("table") if "wrong or missing" in table.all("caption")[0].words()]
    assert len(body(table)) == 1
    for words in ("Activities that could not be linked to a person", "580", "28,066", "2.1%", "use and cost by locality; indicators"):
        assert words in table.words()


def test_kinds_of_activity_without_an_average_cost_are_named_with_the_reason(five_pages: Path, root: Path) -> None:
    with (root / "joinedup" / "records" / "without_cost.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    said = text_of(five_pages / "about.html")
    for row in rows:
        assert row["point_of_delivery"] in said
        assert row["why"][1:] in said


def test_the_way_on_leads_through_all_neighbourhoods_and_back(five_pages: Path) -> None:
    seen, path = [], five_pages / "neighbourhood" / "north.html"
    while True:
        seen.append(path.stem)
        onward = [link for link in read(path).all("a") if link["rel"] == "next"]
        if not onward:
            break
        path = path.parent / onward[0]["href"]
    assert seen == ["north", "upper", "central", "south", "lower"]


def test_definitions_stand_beside_the_indicators(five_pages: Path) -> None:
    words = text_of(five_pages / "neighbourhood" / "central.html")
    assert "How the definition is read: Crude rate. COPD is J40 to J44, falls count from the age of 74." in words
    assert "technical annex, indicator 127b (NHS England, 2018). Version 1 of the measure urgent_care_sensitive_admissions." in words


def test_nobody_and_no_data_are_said_and_no_rate_is_0(nine_pages: Path) -> None:
    page = read(nine_pages / "neighbourhood" / "n9.html")
    assert "Nobody was registered in Viaduct on 30 September 2025, so there is nothing to show for that day." in page.words()
    values = {key.all("a")[0].words(): key.all("span")[0].words() for key in page.all("li") if key["class"] == "ju-key"}
    assert values.pop("People registered") == "0"
    assert set(values.values()) == {"no data"}


def test_files_are_their_owners_only(five_pages: Path) -> None:
    for path in [five_pages, *five_pages.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_a_second_writing_draws_nothing_and_gives_the_same(
    five_pages: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("joinedup.papers.drawing._drawn", None)
    fake = replace(five(), defined=DEFINED)
    steps: list[Step] = []
    written = write_pages(fake, fake.place, tmp_path, steps.append, cache=cache)
    assert [path.read_bytes() for path in written] == [(five_pages / path.relative_to(tmp_path)).read_bytes() for path in written]
    assert written[0] == tmp_path / "index.html"
    assert [step.done for step in steps] == list(range(1, len(written) + 1))
    assert {step.total for step in steps} == {len(written)}
    assert (steps[0].name, steps[-1].name) == ("index.html", "about.html")


def with_neighbourhoods(fake: FakeAggregates, *neighbourhoods: Neighbourhood) -> FakeAggregates:
    return replace(fake, place=fake.place.model_copy(update={"neighbourhoods": neighbourhoods}))


def two() -> FakeAggregates:
    """Two of the five neighbourhoods, for tests of files rather than of what is on the pages."""
    fake = five()
    return with_neighbourhoods(fake, *fake.place.neighbourhoods[:2])


def test_pages_of_what_is_no_more_are_removed_and_other_files_stay(tmp_path: Path, cache: Path) -> None:
    fake = two()
    assert len([path for path in write_pages(fake, fake.place, tmp_path, cache=cache) if path.parent.name == "neighbourhood"]) == 2
    (tmp_path / "notes.txt").write_text("mine")
    fewer = with_neighbourhoods(fake, *fake.place.neighbourhoods[:1])
    written = write_pages(fewer, fewer.place, tmp_path, cache=cache)
    names = [path.name for path in written]
    assert (names[:3], names[-1]) == (["index.html", "profile.html", "north.html"], "about.html")
    assert {"partners.html", "sharing.html", "access.html", "safety.html"} <= {*names}
    assert [path.name for path in tmp_path.glob("neighbourhood/*.html")] == ["north.html"]
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_folder_of_somebody_elses_is_refused_and_left_as_it_was(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine too")
    mode = tmp_path.stat().st_mode
    fake = five()
    with pytest.raises(StoreProblem, match=r"holds index\.html and 1 more and no pages .* new or empty"):
        write_pages(fake, fake.place, tmp_path, cache=cache)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "notes.txt"]
    assert (tmp_path / "index.html").read_text() == "mine"
    assert tmp_path.stat().st_mode == mode


def test_pages_can_be_written_where_an_earlier_writing_was_stopped(tmp_path: Path, cache: Path) -> None:
    def stops(step: Step) -> None:
        raise KeyboardInterrupt

    fake = two()
    with pytest.raises(KeyboardInterrupt):
        write_pages(fake, fake.place, tmp_path, stops, cache=cache)
    assert write_pages(fake, fake.place, tmp_path, cache=cache)[0].is_file()


def test_nothing_outside_the_folder_is_removed(tmp_path: Path, cache: Path) -> None:
    other, out = tmp_path / "mine.txt", tmp_path / "pages"
    other.write_text("mine")
    out.mkdir()
    (out / ".pages.json").write_text('["../mine.txt"]')
    fake = two()
    write_pages(fake, fake.place, out, cache=cache)
    assert other.read_text() == "mine"


def test_a_neighbourhood_that_ended_says_when_and_who_came_after(tmp_path: Path, cache: Path) -> None:
    fake = five()
    north, upper, central, south, lower = fake.place.neighbourhoods
    ended = north.model_copy(update={"end": date(2025, 10, 1), "succeeded_by": ("upper", "south")})
    began = upper.model_copy(update={"start": date(2025, 10, 1)})
    long_gone = south.model_copy(update={"id": "gone", "end": date(2024, 1, 1)})
    changed = with_neighbourhoods(fake, ended, began, central, south, lower, long_gone)
    write_pages(changed, changed.place, tmp_path, cache=cache)
    words = "North Vale ended on 1 October 2025 and was succeeded by Upper Vale and South Combe: its figures are for the part of the period"
    assert words in text_of(tmp_path / "neighbourhood" / "north.html")
    assert "Upper Vale began on 1 October 2025" in text_of(tmp_path / "neighbourhood" / "upper.html")
    assert not (tmp_path / "neighbourhood" / "gone.html").exists()


@pytest.mark.parametrize("damage", [b"[", b"\xff\xfe[]\x00"])
def test_a_damaged_list_of_pages_is_said_and_nothing_is_written(tmp_path: Path, cache: Path, damage: bytes) -> None:
    out = tmp_path / "pages"
    out.mkdir()
    (out / ".pages.json").write_bytes(damage)
    fake = five()
    with pytest.raises(StoreProblem, match="write to a new folder"):
        write_pages(fake, fake.place, out, cache=cache)
    assert [path.name for path in out.iterdir()] == [".pages.json"]


def test_words_of_the_place_folder_cannot_become_markup(tmp_path: Path, cache: Path) -> None:
    fake = five()
    north, *others = fake.place.neighbourhoods
    odd = with_neighbourhoods(fake, north.model_copy(update={"name": "<b>North</b> & “Vale”"}), *others)
    for path in write_pages(odd, odd.place, tmp_path, cache=cache):
        assert read(path).all("b") == []
    assert "<b>North</b> & “Vale”" in text_of(tmp_path / "neighbourhood" / "north.html")


def test_a_place_with_one_neighbourhood_and_no_measures_has_pages(tmp_path: Path, cache: Path) -> None:
    fake = nine()
    alone = with_neighbourhoods(fake, fake.place.neighbourhoods[0])
    written = write_pages(alone, alone.place, tmp_path, cache=cache)
    assert len([path for path in written if path.parent.name == "neighbourhood"]) == 1
    assert not [link for link in read(written[1]).all("a") if link["rel"]]


class Silent(FakeAggregates):
    """A door whose tables all have no rows and which knows no measure."""

    def population(self) -> pa.Table:
        return super().population().slice(0, 0)

    def deprivation(self) -> pa.Table:
        return super().deprivation().slice(0, 0)

    def activity_by_month(self) -> pa.Table:
        return super().activity_by_month().slice(0, 0)

    def costs(self) -> pa.Table:
        return super().costs().slice(0, 0)

    def measures(self) -> pa.Table:
        return super().measures().slice(0, 0)

    def opted_out(self) -> pa.Table:
        return super().opted_out().slice(0, 0)

    def quality(self) -> pa.Table:
        return super().quality().slice(0, 0)


@pytest.mark.parametrize("neighbourhoods", [0, 2])
def test_a_build_that_knows_nothing_has_pages_that_say_no_data(tmp_path: Path, cache: Path, neighbourhoods: int) -> None:
    fake = five()
    silent = Silent(fake.place.model_copy(update={"neighbourhoods": fake.place.neighbourhoods[:neighbourhoods]}), fake.areas, fake.stamp)
    written = write_pages(silent, silent.place, tmp_path, cache=cache)
    of_neighbourhoods = [path for path in written if path.parent.name == "neighbourhood"]
    assert len(of_neighbourhoods) == neighbourhoods
    for path in of_neighbourhoods:
        values = {key.all("span")[0].words() for key in read(path).all("li") if key["class"] == "ju-key"}
        assert values == {"no data"}
    assert ("had no locality in this period" in text_of(written[0])) is (neighbourhoods == 0)
    assert "Every check of the record found nothing." in text_of(written[-1])


def test_where_nothing_happened_rates_are_0_with_limits(tmp_path: Path, cache: Path) -> None:
    class Quiet(FakeAggregates):
        def measures(self) -> pa.Table:
            rows = super().measures().to_pylist()
            return pa.Table.from_pylist([row | {"events": 0, "value": 0.0, "lower": 0.0, "upper": 0.0} for row in rows])

    fake = five()
    quiet = Quiet(fake.place, fake.areas, fake.stamp)
    written = write_pages(quiet, quiet.place, tmp_path, cache=cache)
    assert "0.0" in text_of(written[1])


def test_the_overview_leads_to_the_people_cohorts_journeys_and_code_lists(full_pages: Path) -> None:
    section = (full_pages / "index.html").read_text("utf-8").partition('id="onward"')[2].partition("</section>")[0]
    for page in ("profile.html", "cohorts.html", "journeys.html", "code-lists.html"):
        assert f'<a href="{page}">' in section
        assert (full_pages / page).is_file()


def test_a_cohort_s_rates_by_area_say_that_they_are_crude(full_pages: Path) -> None:
    assert CRUDE in (full_pages / "cohort" / "frail.html").read_text("utf-8")

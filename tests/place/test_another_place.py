"""A place that isn't in the repository: of its six practices one sends no record, one no appointments, one no more medicines."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import pytest

from joinedup.access.aggregates import open_aggregates
from joinedup.access.caller import caller_for
from joinedup.access.changes import Cause
from joinedup.access.changing import find_changes
from joinedup.build import all_specs, build
from joinedup.engine.manifest import read_manifest
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from joinedup.papers.pages import write_pages
from joinedup.sources.synthetic import synthesise
from joinedup.starting.new import Answers, start_place

from .conftest import Example, landed, opened

Ask: TypeAlias = Callable[[str], list[tuple[Any, ...]]]

NO_RECORD, NO_APPOINTMENTS, STOPPED, STOPPED_ON = "INV03", "INV01", "INV05", "2025-03-01"
ASTHMA_OF_THREE_MONTHS = """owner: population health lead
source: Ours
conditions:
  - condition: asthma
    title: Asthma
    kind: long-term condition
    long_term: true
    known_by: general practice
    evidence:
      - {list: airways, groups: [asthma], settings: [general practice], look_back: 90}
"""
MADE = """person_year person_year_has practice_year practice_basis area_condition area_score area_frailty data_quality
    person_segment cohort_member cohort_step condition registered_person may_use"""
LAST = "year_starts = DATE '2024-10-01'"


def without(file: Path, leave: Callable[[Mapping[str, str]], bool]) -> None:
    """The extract without the rows to be left out."""
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, rows[0])
        writer.writeheader()
        writer.writerows(row for row in rows if not leave(row))


@pytest.fixture(scope="module")
def moorland(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """1,500 people in two neighbourhoods up to the end of September, landed and built."""
    work = tmp_path_factory.mktemp("moorland")
    folder, extracts = work / "place", work / "extracts"
    start_place(folder, Answers(name="Moorland", as_at=date(2025, 9, 30), neighbourhoods=("Fell", "Vale"), invented=True))
    synthesise(opened(folder), 1_500, 77, extracts)
    without(extracts / "gp_record.csv", lambda row: row["PRACTICE"] == NO_RECORD)
    without(extracts / "gp_appointment.csv", lambda row: row["PRACTICE_CODE"] == NO_APPOINTMENTS)
    without(
        extracts / "gp_medication.csv",
        lambda row: row["COST_CENTRE_ODS_CODE"] == STOPPED and row["PROCESSING_PERIOD_DATE"] > STOPPED_ON,
    )
    made = landed(folder, extracts, work)
    build(made.place, made.store)
    return made


@pytest.fixture(scope="module")
def ask(moorland: Example) -> Ask:
    """A question to the tables, in SQL."""
    reader, con = Reader(moorland.store), duckdb.connect()
    for name in MADE.split():
        con.register(name, reader.table(name))
    return lambda question: con.execute(question).fetchall()


def test_who_sends_what_is_found_out(ask: Ask) -> None:
    silent = ask(f"SELECT practice_code, contract, why FROM practice_year WHERE NOT told AND {LAST} ORDER BY contract")
    assert silent == [
        (NO_APPOINTMENTS, "gp_appointment", "sends nothing"),
        (STOPPED, "gp_medication", "ends early"),
        (NO_RECORD, "gp_record", "sends nothing"),
    ]
    assert ask("SELECT found FROM data_quality WHERE rule = 'practice-sends-nothing'") == [(3,)]
    assert ask(f"SELECT count(*) FROM practice_year WHERE {LAST}") == [(18,)]


def test_no_is_said_of_nobody_whose_practice_sends_no_record(ask: Ask) -> None:
    """Also where another source tells of one of them: that is yes."""
    for column in ("dementia", "severe_mental_illness", "carer"):
        no = dict(
            ask(f"SELECT practice_code = '{NO_RECORD}', count(*) FILTER (WHERE NOT {column}) FROM person_year WHERE {LAST} GROUP BY 1")
        )
        assert no[True] == 0, column
        assert no[False] > 700, column
    assert ask(f"SELECT count(*) FROM person_year WHERE practice_code = '{NO_RECORD}' AND long_term_conditions IS NOT NULL") == [(0,)]
    assert ask(f"SELECT count(*) FROM person_year WHERE practice_code = '{NO_RECORD}' AND frailty = 'fit'") == [(0,)]
    assert ask(f"SELECT count(*) FROM person_year WHERE practice_code = '{NO_RECORD}' AND charlson_shmi IS NOT NULL AND {LAST}") != [(0,)]


def test_counts_are_empty_where_the_practice_sent_none_through_the_year(ask: Ask) -> None:
    nought = f"SELECT DISTINCT practice_code FROM person_year WHERE {{0}} = 0 AND {LAST}"
    practices = {f"INV{number:02d}" for number in range(1, 7)}
    assert {code for (code,) in ask(nought.format("gp_appointments"))} == practices - {NO_APPOINTMENTS}
    assert {code for (code,) in ask(nought.format("prescription_items"))} == practices - {STOPPED}
    assert {
        code for (code,) in ask(f"SELECT DISTINCT practice_code FROM person_year WHERE medicines IS NOT NULL AND {LAST}")
    } == practices - {STOPPED}


def test_both_tables_of_conditions_say_the_same(ask: Ask) -> None:
    assert ask(
        """SELECT count(*) FROM person_year AS p INNER JOIN person_year_has AS h USING (person_id, year_starts)
        WHERE p.dementia IS DISTINCT FROM h.dementia
            OR p.carer IS DISTINCT FROM h.carer OR p.looked_after IS DISTINCT FROM h.looked_after"""
    ) == [(0,)]


def test_a_practice_that_sends_nothing_is_in_no_count_of_conditions(ask: Ask) -> None:
    assert ask(f"SELECT count(*) FROM area_condition WHERE area_id = '{NO_RECORD}' AND condition_id = 'diabetes'") == [(0,)]
    population = ask("SELECT population FROM area_condition WHERE area_type = 'place' AND condition_id = 'diabetes'")
    assert population == ask(
        f"""SELECT count(*) FROM registered_person INNER JOIN may_use USING (person_id)
        WHERE practice_planning AND practice_code <> '{NO_RECORD}'"""
    )


def test_cohorts_know_nothing_of_its_people_either(ask: Ask) -> None:
    members = """SELECT count(*) FROM cohort_member AS m INNER JOIN person_year AS p USING (person_id, year_starts)
        WHERE cohort_id IN ('mental_illness_without_health_check', 'learning_disability_without_health_check', 'last_year_without_plan')"""
    assert ask(f"{members} AND practice_code = '{NO_RECORD}'") == [(0,)]
    assert ask(members) != [(0,)]


def test_a_rule_of_a_condition_that_changes_is_told_as_what_is_counted_not_as_the_place(moorland: Example, tmp_path: Path) -> None:
    store, folder = Store(tmp_path / "store").create(), tmp_path / "place"
    shutil.copytree(moorland.store.root, store.root, dirs_exist_ok=True)
    shutil.copytree(moorland.folder, folder)
    (folder / "conditions.yml").write_text(ASTHMA_OF_THREE_MONTHS, encoding="utf-8")
    before, after = read_manifest(store), build(opened(folder), store)
    found = find_changes(store, opened(folder), before, after, all_specs(opened(folder)))
    moved = {turn.causes for at, turn in enumerate(found.turns) for cell in found.cells if cell.shares[at]}
    assert moved == {(Cause.CODES,)}
    said = [detail for turn in found.turns for detail in turn.details if turn.causes == (Cause.CODES,)]
    assert any("condition_rule" in detail for detail in said), said


def test_pages_name_the_practice(moorland: Example, tmp_path: Path) -> None:
    caller = caller_for(moorland.place, "planning")
    write_pages(
        open_aggregates(moorland.store, moorland.place, caller, "internal"), moorland.place, tmp_path, cache=moorland.store.root / "charts"
    )
    name = {each.code: each.name for each in moorland.place.practices}[NO_RECORD]
    assert f"Nothing is known of the records of {name}" in (tmp_path / "profile.html").read_text("utf-8")
    assert "have next to nothing of a practice" in (tmp_path / "about.html").read_text("utf-8")
    assert f"{name} (sends no record of general practice)" in (tmp_path / "code-list" / "long_term_conditions.html").read_text("utf-8")

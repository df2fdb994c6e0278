"""Cohorts of the example place: people, days and pence add up, and the verb tells them."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from joinedup.access.cohorts import PARTS
from joinedup.cli import main
from joinedup.engine.reader import Reader
from tests.place.conftest import Example

TABLES = [
    "cohort",
    "cohort_member",
    "cohort_flow",
    "cohort_area",
    "cohort_change",
    "cohort_use",
    "cohort_overlap",
    "cohort_profile",
    "cohort_spend",
    "cohort_index",
    "person_year",
    "person_year_sector",
]


@pytest.fixture(scope="module")
def built(example: Example) -> duckdb.DuckDBPyConnection:
    con, reader = duckdb.connect(), Reader(example.store)
    for name in TABLES:
        con.register(name, reader.table(name))
    return con


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[object, ...]]:
    return con.execute(sql).fetchall()


def test_every_cohort_has_its_way_in_for_every_year_and_who_comes_out_is_in_it(built: duckdb.DuckDBPyConnection) -> None:
    (cohorts,) = rows(built, "SELECT count(*) FROM cohort")[0]
    assert rows(built, "SELECT count(DISTINCT (cohort_id, year_starts)) FROM cohort_flow") == [(cohorts * 3,)]  # type: ignore[operator]
    not_kept = """
        SELECT * FROM (SELECT *, lag(people) OVER (PARTITION BY cohort_id, year_starts ORDER BY step_order) AS before FROM cohort_flow)
        WHERE before <> people + "out" + not_known"""
    assert rows(built, not_kept) == []
    last = "SELECT cohort_id, year_starts, arg_max(people, step_order) FROM cohort_flow GROUP BY ALL HAVING arg_max(people, step_order) > 0"
    members = "SELECT cohort_id, year_starts, count(DISTINCT person_id) FROM cohort_member GROUP BY ALL"
    assert sorted(rows(built, last)) == sorted(rows(built, members))


def test_areas_fifths_changes_and_overlaps_add_up_to_the_cohort(built: duckdb.DuckDBPyConnection) -> None:
    size = sorted(rows(built, "SELECT cohort_id, year_starts, count(*) FROM cohort_member GROUP BY ALL"))
    for kind in ("= 'place'", "<> 'place'"):
        found = f"SELECT cohort_id, year_starts, sum(people) FROM cohort_area WHERE area_type {kind} GROUP BY ALL HAVING sum(people) > 0"
        assert sorted(rows(built, found)) == size
    assert sorted(rows(built, "SELECT cohort_id, year_starts, people FROM cohort_overlap WHERE cohort_id = other_id")) == size
    first = min(year for _, year, _ in size)  # type: ignore[type-var]
    kinds = "('stayed', 'entered', 'arrived')"
    later = sorted(rows(built, f"SELECT cohort_id, year_starts, sum(people) FROM cohort_change WHERE change IN {kinds} GROUP BY ALL"))
    assert later == [row for row in size if row[1] != first]


def test_people_days_and_pence_of_cohort_and_rest_are_those_of_the_place(built: duckdb.DuckDBPyConnection) -> None:
    used = "SELECT DISTINCT year_starts, sector, activities + rest_activities, cost_pence + rest_cost_pence FROM cohort_use"
    told = "SELECT year_starts, sector, sum(activities), coalesce(sum(cost_pence), 0) FROM person_year_sector GROUP BY ALL"
    assert sorted(rows(built, used)) == sorted(rows(built, told))
    there = "SELECT DISTINCT year_starts, people + rest_people, person_days + rest_person_days FROM cohort_use"
    assert sorted(rows(built, there)) == sorted(rows(built, "SELECT year_starts, count(*), sum(person_days) FROM person_year GROUP BY ALL"))
    assert rows(built, "SELECT count(*) FROM cohort_profile WHERE known > people OR rest_known > rest_people OR total < 0") == [(0,)]


def test_spend_has_both_sides_of_as_many_people_over_the_same_months(built: duckdb.DuckDBPyConnection) -> None:
    sides = "SELECT cohort_id, sector, month_from_index, min(people) = max(people) AND count(*) = 2 FROM cohort_spend GROUP BY ALL"
    found = rows(built, sides)
    assert found
    assert all(equal for *_, equal in found)
    apart = """
        SELECT max(abs(c.observed - o.observed) / c.people)
        FROM cohort_spend AS c JOIN cohort_spend AS o USING (cohort_id, sector, month_from_index)
        WHERE c.side = 'cohort' AND o.side = 'comparison' AND c.month_from_index = 0"""
    assert rows(built, apart)[0][0] < 0.25  # type: ignore[operator]


def asked(example: Example, *words: object) -> Result:
    return CliRunner().invoke(main, ["cohort", str(example.folder), *map(str, words), "--store", str(example.store.root)])


def test_the_verb_lists_and_tells_and_logs(example: Example, tmp_path: Path) -> None:
    listed = asked(example, "--year", "2025-26", "--format", "json")
    assert listed.exit_code == 0, listed.output
    assert {row["cohort_id"] for row in json.loads(listed.stdout)} >= {"severe_frailty_at_home", "looked_after_children"}
    told = asked(example, "diabetes_risk")
    assert told.exit_code == 0, told.output
    assert "How people come to be in it" in told.stdout
    assert "no estimate of an effect" in told.stdout
    found = json.loads(asked(example, "diabetes_risk", "--format", "json", "--year", "2024-25").stdout)
    assert tuple(found) == PARTS
    out = tmp_path / "cohort.xlsx"
    assert asked(example, "diabetes_risk", "--out", out).exit_code == 0
    assert out.stat().st_size > 5_000
    small = json.loads(asked(example, "diabetes_risk", "--format", "json", "--audience", "public").stdout)
    assert all(row["people"] is None or row["people"] % 5 == 0 for row in small["flow"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("diabetes_rsk",), "the nearest is diabetes_risk"),
        (("diabetes_risk", "--part", "flw"), "the nearest is flow"),
        (("diabetes_risk", "--year", "2010-11"), "there are 2023-24, 2024-25, 2025-26"),
        (("diabetes_risk", "--format", "csv"), "say which, as --part flow"),
        (("diabetes_risk", "--format", "xlsx"), "name a file with --out"),
    ],
)
def test_what_is_asked_for_wrongly_is_told_with_what_there_is(example: Example, words: tuple[str, ...], says: str) -> None:
    found = asked(example, *words)
    assert found.exit_code != 0
    assert says in " ".join(found.output.split())

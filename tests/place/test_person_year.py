"""Parts of people's years add up to the whole: people, days and pence, over neighbourhoods, sectors and months."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import duckdb
import pytest

from joinedup.engine.reader import Reader
from joinedup.place.tables import tables

from .conftest import Example

Ask: TypeAlias = Callable[[str], list[tuple[Any, ...]]]

GIVEN = ("place_year", "place_year_month", "place_parameter")
MADE = """person_year person_year_days person_year_use person_year_sector person_month_sector counted_spell place_activity package_year_days
    registered_person area_cost area_person_days person_segment segment segment_rule area_segment segment_move"""
SECTORS = (
    "acute adult_social_care children community continuing_care maternity mental_health personal_budget primary_care urgent_care voluntary"
)
LAST = "year_starts = (SELECT period_start FROM place_parameter)"
SUMS = "sum(person_days), sum(cost_pence), sum(emergency_admissions)"
FIRST = "year_starts = (SELECT min(year_starts) FROM place_year)"


@pytest.fixture(scope="module")
def ask(example: Example) -> Ask:
    """A question to the tables of the built example, in SQL."""
    reader, given = Reader(example.store), tables(example.place)
    con = duckdb.connect()
    for name in GIVEN:
        con.register(name, given[name])
    for name in MADE.split():
        con.register(name, reader.table(name))
    return lambda question: con.execute(question).fetchall()


def test_the_last_year_has_the_person_days_of_the_place(ask: Ask) -> None:
    found = ask(f"SELECT coalesce(neighbourhood_id, 'none'), sum(person_days) FROM person_year_days WHERE {LAST} GROUP BY 1")
    whole = "SELECT area_id, person_days FROM area_person_days WHERE age_from = 0 AND area_type"
    assert sorted(found) == sorted(ask(f"{whole} <> 'place'"))
    assert [("place", sum(days for _, days in found))] == ask(f"{whole} = 'place'")


def test_days_of_people_of_practices_and_of_months_are_the_same(ask: Ask) -> None:
    by_year = ask("SELECT year_starts, sum(person_days) FROM person_year GROUP BY 1 ORDER BY 1")
    assert len(by_year) == len(ask("SELECT 1 FROM place_year"))
    assert by_year == ask("SELECT year_starts, sum(person_days) FROM person_year_days GROUP BY 1 ORDER BY 1")
    days = "greatest(least(coalesce(ends, month_end), month_end) - greatest(coalesce(starts, month), month), 0)"
    assert by_year == ask(f"SELECT year_starts, sum({days}) FROM counted_spell CROSS JOIN place_year_month GROUP BY 1 ORDER BY 1")
    assert ask("SELECT count(*) FROM person_year JOIN place_year USING (year_starts) WHERE person_days NOT BETWEEN 0 AND days") == [(0,)]


def test_the_people_there_at_the_end_are_those_registered_then(ask: Ask) -> None:
    there = "SELECT person_id, neighbourhood_id, practice_code, age, sex, area_code, deprivation_fifth, care_home FROM"
    last = f"{there} person_year WHERE {LAST} AND last_on = (SELECT as_at FROM place_parameter) AND NOT died"
    assert ask(f"SELECT count(*) FROM ({last})")[0][0] > 4_000
    assert ask(f"({last}) EXCEPT ({there} registered_person)") == []
    assert ask(f"({there} registered_person) EXCEPT ({last})") == []


def test_the_people_of_a_year_are_who_stayed_joined_or_was_born(ask: Ask) -> None:
    stayed = f"SELECT person_id, year_ends FROM person_year WHERE NOT died AND NOT left_place AND NOT {LAST}"
    here = f"SELECT person_id, year_starts FROM person_year WHERE NOT joined AND NOT born AND NOT {FIRST}"
    assert ask(f"({stayed}) EXCEPT ({here})") == []
    assert ask(f"({here}) EXCEPT ({stayed})") == []
    ways = ("born", "died", "joined", "left_place")
    assert all(ask(f"SELECT {', '.join(f'count(*) FILTER ({way})' for way in ways)} FROM person_year")[0])
    assert ask("SELECT count(*) FROM person_year WHERE (born AND joined) OR (died AND left_place)") == [(0,)]


def test_the_last_year_costs_what_the_place_does_by_neighbourhood_and_kind(ask: Ask) -> None:
    what = "sum(activities), sum(costed), sum(cost_pence), sum(constant_pence)"
    found = ask(
        f"SELECT coalesce(neighbourhood_id, 'none'), sector, point_of_delivery, {what} FROM person_year_use WHERE {LAST} GROUP BY 1, 2, 3"
    )
    assert len(found) > 100
    told = ask(f"SELECT area_id, sector, point_of_delivery, {what} FROM area_cost WHERE area_type <> 'place' GROUP BY 1, 2, 3")
    assert sorted(found, key=str) == sorted(told, key=str)


def test_sectors_of_people_are_those_of_the_place(ask: Ask) -> None:
    what = "sum(activities), sum(costed), sum(cost_pence)"
    found = ask(f"SELECT sector, {what} FROM person_year_sector WHERE {LAST} GROUP BY 1 ORDER BY 1")
    assert found == ask(f"SELECT sector, {what} FROM area_cost WHERE area_type = 'place' GROUP BY 1 ORDER BY 1")


def test_every_year_costs_what_its_activity_and_packages_do(ask: Ask) -> None:
    """Said anew from place_activity and package_year_days, without the tables between."""
    told = ask(
        """SELECT y.year_starts, sum(cost_pence), sum(activities) FROM (
            SELECT starts AS day, cost_pence, 1 AS activities FROM place_activity WHERE NOT accrues AND took_place
            UNION ALL SELECT starts, cost_pence, 0 FROM package_year_days
            UNION ALL SELECT year_starts, NULL, count(DISTINCT activity_id) FROM package_year_days GROUP BY year_starts
        ) JOIN place_year AS y ON day >= y.year_starts AND day < y.year_ends GROUP BY 1 ORDER BY 1"""
    )
    assert told == ask("SELECT year_starts, sum(cost_pence), sum(activities) FROM person_year GROUP BY 1 ORDER BY 1")
    by_month = "SELECT year_starts, sum(cost_pence) FROM person_month_sector JOIN place_year_month USING (month) GROUP BY 1 ORDER BY 1"
    assert [row[:2] for row in told] == ask(by_month)


def test_sectors_of_a_person_add_up_to_the_penny(ask: Ask) -> None:
    added = " + ".join(f"coalesce(cost_{sector}_pence, 0)" for sector in SECTORS.split())
    assert ask(f"SELECT count(*) FROM person_year WHERE coalesce(cost_pence, 0) <> {added}") == [(0,)]
    sectors = {sector.replace(" ", "_") for (sector,) in ask("SELECT DISTINCT sector FROM person_year_sector")}
    assert sectors == set(SECTORS.split())
    apart = "SELECT person_id, year_starts FROM person_year_sector EXCEPT SELECT person_id, year_starts FROM person_year"
    assert ask(apart) == []


def test_what_practices_hold_of_who_objects_is_not_known(ask: Ask) -> None:
    held = "count(gp_appointments), count(prescription_items), count(cost_primary_care_pence)"
    one = f"SELECT count(*), {held}, count(attendances) FROM person_year"
    people, *practice, attendances = ask(f"{one} WHERE NOT practice_known AND {LAST}")[0]
    assert people > 20
    assert practice == [0, 0, 0]
    assert attendances == people
    known = ask(f"{one} WHERE practice_known AND {LAST}")[0]
    assert known[0] == known[1] == known[2] == known[4]


def test_a_year_that_no_extract_reaches_is_not_known(ask: Ask) -> None:
    what = "count(attendances), count(emergency_admissions), count(gp_appointments), count(cost_acute_pence)"
    assert ask(f"SELECT {what} FROM person_year WHERE {FIRST}") == [(0, 0, 0, 0)]


def test_everybody_is_in_exactly_one_segment_of_each_model(ask: Ask) -> None:
    models = ask("SELECT count(DISTINCT model_id) FROM person_segment")[0][0]
    assert models == 2
    per_person = "SELECT person_id, year_starts, count(*) AS rows, count(DISTINCT model_id) AS models FROM person_segment GROUP BY 1, 2"
    assert ask(f"SELECT DISTINCT rows, models FROM ({per_person})") == [(models, models)]
    everybody = "SELECT person_id, year_starts FROM"
    assert ask(f"({everybody} person_year) EXCEPT ({everybody} person_segment)") == []
    assert ask(f"({everybody} person_segment) EXCEPT ({everybody} person_year)") == []
    assert ask("SELECT count(*) FROM person_segment WHERE left_out") == [(0,)]


def test_every_rule_of_a_segment_holds_for_somebody_and_leaves_somebody(ask: Ask) -> None:
    assert ask("SELECT model_id, segment_id FROM segment_rule GROUP BY 1, 2 HAVING sum(met) = 0 OR sum(met) = sum(taken_before)") == []
    rules = "SELECT model_id, segment_id FROM segment WHERE NOT otherwise"
    assert ask(f"({rules}) EXCEPT (SELECT model_id, segment_id FROM segment_rule)") == []
    taken = f"SELECT model_id, segment_id, count(*) FROM person_segment WHERE (model_id, segment_id) IN ({rules}) GROUP BY 1, 2"
    assert sorted(ask(taken)) == ask("SELECT model_id, segment_id, sum(met - taken_before) FROM segment_rule GROUP BY 1, 2 ORDER BY 1, 2")


def test_segments_add_up_to_the_place(ask: Ask) -> None:
    whole = ask(f"SELECT year_starts, count(*), {SUMS} FROM person_year GROUP BY 1 ORDER BY 1")
    for area in ("= 'place'", "<> 'place'"):
        by_model = (
            f"SELECT year_starts, sum(people), {SUMS} FROM area_segment WHERE area_type {area} GROUP BY year_starts, model_id ORDER BY 1"
        )
        assert sorted(set(ask(by_model))) == whole


def test_who_moves_between_segments_adds_up_to_both_years(ask: Ask) -> None:
    people = "SELECT model_id, s.year_starts, segment_id, count(*) FROM person_segment AS s"
    to = "SELECT model_id, year_starts, to_segment, sum(people) FROM segment_move WHERE to_segment NOT IN ('left', 'died') GROUP BY 1, 2, 3"
    assert sorted(ask(to)) == sorted(ask(f"{people} WHERE NOT {FIRST} GROUP BY 1, 2, 3"))
    before = "segment_move AS m JOIN place_year AS y ON y.year_ends = m.year_starts WHERE from_segment NOT IN ('joined', 'born')"
    found = ask(f"SELECT model_id, y.year_starts, from_segment, sum(people) FROM {before} GROUP BY 1, 2, 3")
    assert sorted(found) == sorted(ask(f"{people} WHERE NOT {LAST} GROUP BY 1, 2, 3"))

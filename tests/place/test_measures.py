"""Measures of a whole place beside counts made another way: one by one, from tables of the build that measures don't read."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from joinedup.access.aggregates import Aggregates, open_aggregates
from joinedup.access.caller import caller_for
from joinedup.access.why import why
from joinedup.build import build, check_definitions
from joinedup.engine.reader import Reader
from joinedup.errors import Refused
from joinedup.outcomes.measure_definition import GIVEN
from joinedup.statistics.rates import rate

from .conftest import Example, copy_of, opened

MEASURE = "emergency_admissions"
YEAR = date(2025, 4, 1)
TABLES = ("place_spell", "person_year", "counted_spell", "place_area", "place_activity")
EMERGENCIES = "FROM place_spell AS s WHERE emergency AND s.starts >= DATE '2025-04-01' AND s.starts < DATE '2026-04-01'"
EMERGENCIES_OF_PEOPLE = EMERGENCIES.replace(
    "WHERE", "INNER JOIN person_year AS p ON p.person_id = s.person_id AND p.year_starts = DATE '2025-04-01' WHERE"
)


def of_year(table: pa.Table) -> list[dict[str, Any]]:
    return table.filter(pc.field("period_start") == YEAR).to_pylist()


def summed(rows: list[dict[str, Any]], by: str, name: str) -> dict[Any, float]:
    found: dict[Any, float] = {}
    for row in rows:
        found[row[by]] = found.get(row[by], 0) + (row[name] or 0)
    return found


@pytest.fixture(scope="module")
def door(example: Example) -> Aggregates:
    return open_aggregates(example.store, example.place, caller_for(example.place, "planning"))


def counted(example: Example, sql: str) -> dict[str, Any]:
    """What a query of tables of the build answers, first column -> second."""
    with duckdb.connect() as con:
        for name in TABLES:
            con.register(name, Reader(example.store).table(name))
        return dict(con.execute(sql).fetchall())


def test_events_by_neighbourhood_are_those_counted_one_by_one(example: Example, door: Aggregates) -> None:
    one_by_one = counted(example, f"SELECT coalesce(neighbourhood_id, 'none'), count(*) {EMERGENCIES} GROUP BY 1")
    told = {row["area_id"]: row["events"] for row in of_year(door.measure(MEASURE)) if row["area_type"] != "place"}
    assert sum(one_by_one.values()) > 100
    assert {area: count for area, count in told.items() if count} == one_by_one


def test_denominators_are_mean_people_counted_day_by_day(example: Example, door: Aggregates) -> None:
    sql = """
        SELECT coalesce(neighbourhood_id, 'none'), count(*) / 365
        FROM counted_spell
        INNER JOIN range(DATE '2025-04-01', DATE '2026-04-01', INTERVAL 1 DAY) AS d (day)
            ON coalesce(starts, DATE '1900-01-01') <= day AND day < coalesce(ends, DATE '2100-01-01')
        GROUP BY 1
    """
    told = {row["area_id"]: row["denominator"] for row in of_year(door.measure(MEASURE)) if row["area_type"] != "place"}
    assert told == pytest.approx(counted(example, sql))


@pytest.mark.parametrize(("breakdown", "column"), [("sex", "sex"), ("deprivation", "deprivation_fifth")])
def test_events_by_group_are_those_counted_one_by_one(example: Example, door: Aggregates, breakdown: str, column: str) -> None:
    sql = f"SELECT CAST(p.{column} AS VARCHAR), count(*) {EMERGENCIES_OF_PEOPLE} AND p.{column} IS NOT NULL GROUP BY 1"
    table = of_year(door.measure(MEASURE, area_type="place", breakdown=breakdown))
    told = {row["group_value"]: row["events"] for row in table if row["events"] and row["group_value"]}
    assert len(told) > 1
    assert told == counted(example, sql)


def test_events_by_ward_are_those_of_where_people_lived_in_the_year(example: Example, door: Aggregates) -> None:
    joined = EMERGENCIES_OF_PEOPLE.replace("WHERE", "INNER JOIN place_area AS a ON a.area_code = p.area_code WHERE")
    told = {row["area_id"]: row["events"] for row in of_year(door.measure(MEASURE, area_type="ward")) if row["area_type"] == "ward"}
    assert {ward: events for ward, events in told.items() if events} == counted(
        example, f"SELECT a.ward_code, count(*) {joined} GROUP BY 1"
    )


@pytest.mark.parametrize("period", ["month", "quarter", "year", "rolling"])
@pytest.mark.parametrize("area_type", ["neighbourhood", "practice"])
def test_parts_make_the_whole(door: Aggregates, area_type: str, period: str) -> None:
    rows = [row for row in door.measure(MEASURE, area_type=area_type, period=period).to_pylist() if row["period_start"] >= date(2024, 4, 1)]
    for name in ("events", "denominator"):
        whole = summed([row for row in rows if row["area_type"] == "place"], "period_start", name)
        assert sum(whole.values()) > 0
        assert summed([row for row in rows if row["area_type"] != "place"], "period_start", name) == pytest.approx(whole)


def test_counting_then_computing_is_computing_of_the_sum_of_months(door: Aggregates) -> None:
    months = [row for row in door.measure(MEASURE, period="month").to_pylist() if YEAR <= row["period_start"] < date(2026, 4, 1)]
    years = {row["area_id"]: row for row in of_year(door.measure(MEASURE))}
    rolling = {row["area_id"]: row for row in of_year(door.measure(MEASURE, period="rolling"))}
    events, people = (summed(months, "area_id", name) for name in ("events", "denominator"))
    computed = rate(list(events.values()), [people[area] for area in events], per=100_000)
    for number, area in enumerate(events):
        assert [years[area][name] for name in ("value", "lower", "upper")] == pytest.approx(
            [computed.value[number], computed.lower[number], computed.upper[number]]
        )
        assert rolling[area]["value"] == pytest.approx(years[area]["value"])


def test_limits_contain_the_value_in_every_cut_of_every_measure(door: Aggregates) -> None:
    known = 0
    for measure in door.measure_list():
        for area in () if measure.form in GIVEN else measure.areas:
            for row in door.measure(measure.id, area_type=area).to_pylist():
                assert (row["value"] is None) == (row["reason"] is not None), (measure.id, row)
                if row["lower"] is not None:
                    known += 1
                    limits = [row[name] for name in ("lower998", "lower", "value", "upper", "upper998") if row[name] is not None]
                    assert np.all(np.diff(limits) >= -1e-9), (measure.id, row)
    assert known > 50


def test_what_is_not_declared_is_refused_with_what_is(door: Aggregates) -> None:
    with pytest.raises(Refused, match="breakdowns all, sex"):
        door.measure(MEASURE, breakdown="colour")
    with pytest.raises(Refused, match="a variant of"):
        door.measure(MEASURE, variant="other")
    with pytest.raises(Refused, match="emergency_admissions"):
        door.measure("emergency_admission")


def test_the_public_has_nothing_of_few_people(example: Example, door: Aggregates) -> None:
    public = open_aggregates(example.store, example.place, caller_for(example.place, "planning"), "public")
    table, truth = public.measure(MEASURE).to_pylist(), door.measure(MEASURE).to_pylist()
    true = {(row["area_id"], row["period_start"]): row["events"] for row in truth}
    for row in table:
        events = row["events"]
        assert events is None or events % 5 == 0
        if row["area_type"] == "neighbourhood" and true[row["area_id"], row["period_start"]] in range(1, 8):
            assert (events, row["value"], row["reason"]) == (None, None, "suppressed")
    leaves = [row["events"] for row in table if row["area_type"] != "place" and row["period_start"] == YEAR]
    place = next(row["events"] for row in table if row["area_type"] == "place" and row["period_start"] == YEAR)
    if None not in leaves:
        assert place == sum(leaves)
    for cut in ({"area_type": "practice"}, {"breakdown": "sex"}, {"period": "month"}, {"variant": "adults"}, {"standardised": True}):
        with pytest.raises(Refused):
            public.measure(MEASURE, **cut)


OWN = """\
measure: long_stays
title: Long stays
why: They do people no good.
definition: Emergency admissions of 14 nights or more, of those that ended.
kind: process
form: proportion
count: {event: admission, where: {emergency: true, stay_nights: {from: 14}}}
out_of: {event: admission, where: {emergency: true, stay_nights: {from: 0}}}
per: 100
unit: per cent
polarity: lower is better
areas: [place]
source: made for a test
owner: nobody
valid_from: 2026-04-01
"""


def test_a_place_measures_for_itself(example: Example, tmp_path: Path) -> None:
    folder = tmp_path / "calderdale"
    shutil.copytree(example.folder, folder)
    (folder / "measures").mkdir()
    (folder / "measures" / "long_stays.yml").write_text(OWN, encoding="utf-8")
    store, place = copy_of(example, tmp_path).store, opened(folder)
    build(place, store)
    door = open_aggregates(store, place, caller_for(place, "planning"))
    (row,) = of_year(door.measure("long_stays", area_type="place"))
    nights = f"SELECT s.ends - s.starts >= 14, count(*) {EMERGENCIES} AND s.ends IS NOT NULL GROUP BY 1"
    long = counted(example, nights)
    assert (row["events"], row["denominator"]) == (long[True], long[True] + long[False])


OWN_EVENTS = """\
measure: home_prescribing
title: Prescription items of people at home with a nurse
why: Who is visited takes many medicines, which somebody has to look after.
definition: Prescription items of people whom a community nurse saw on one of the thirty days before.
kind: process
form: rate
count: {event: own, where: {items: {from: 1}}}
out_of: {people: {}}
columns:
  - {name: items, type: INTEGER, meaning: Items on the row}
per: 1000
unit: items per 1,000 people a year
polarity: neither
areas: [place, neighbourhood, practice]
breakdowns: [sex]
needs: {gp_medication: []}
source: made for a test
owner: nobody
valid_from: 2026-04-01
"""
OWN_SQL = """\
SELECT
    a.activity_id AS event_id,
    a.person_id,
    a.starts AS on_date,
    a.neighbourhood_id,
    a.practice_code,
    a.age,
    a.provider_code,
    a.file_id,
    CAST(1 AS INTEGER) AS items
FROM place_activity AS a
WHERE a.point_of_delivery = 'Prescription item'
    AND EXISTS (
        SELECT v.activity_id FROM place_activity AS v
        WHERE v.person_id = a.person_id AND v.sector = 'community' AND v.took_place
            AND v.starts <= a.starts AND CAST(a.starts - v.starts AS INTEGER) <= 30
    )
"""


def test_a_place_counts_events_of_its_own_sql(example: Example, tmp_path: Path) -> None:
    folder = tmp_path / "calderdale"
    shutil.copytree(example.folder, folder)
    (folder / "measures").mkdir()
    (folder / "measures" / "home_prescribing.yml").write_text(OWN_EVENTS, encoding="utf-8")
    (folder / "measures" / "home_prescribing.sql").write_text(OWN_SQL, encoding="utf-8")
    assert not [each for each in check_definitions(folder) if each.rule != "measure-cases"]
    store, place = copy_of(example, tmp_path).store, opened(folder)
    build(place, store)
    door = open_aggregates(store, place, caller_for(place, "planning"))
    visits = "SELECT 1 FROM place_activity v WHERE v.sector = 'community' AND v.took_place AND v.person_id = a.person_id"
    within = f"EXISTS ({visits} AND a.starts - v.starts BETWEEN 0 AND 30)"
    items = f"a.point_of_delivery = 'Prescription item' AND {within}"
    latest = f"a.starts >= DATE '{YEAR}' AND a.starts < DATE '{YEAR}' + INTERVAL 1 YEAR"
    true = counted(example, f"SELECT a.neighbourhood_id, count(*) FROM place_activity a WHERE {items} AND {latest} GROUP BY 1")
    rows = [row for row in of_year(door.measure("home_prescribing")) if row["area_type"] == "neighbourhood"]
    assert {row["area_id"]: row["events"] for row in rows} == {name: count for name, count in true.items() if name} != {}
    assert "home_prescribing_event" in {step.table for step in why(door, "home_prescribing/place/place").behind.steps}


def test_order_of_rows_is_stated(door: Aggregates) -> None:
    table = door.measure(MEASURE, breakdown="age")
    assert isinstance(table, pa.Table)
    bands = [row["group_value"] for row in table.to_pylist() if row["area_type"] == "place" and row["period_start"] == YEAR]
    assert bands == [str(band) for band in range(19)]

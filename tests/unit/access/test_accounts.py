"""What must add up adds up, at every level: people, days, activity, pence."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow.compute as pc
import pytest

from joinedup.access.aggregates import open_aggregates
from joinedup.access.caller import caller_for
from joinedup.engine.reader import Reader

from .conftest import PEOPLE, Built


def summed(rows: list[dict[str, Any]], by: tuple[str, ...], what: str, kinds: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
    """Sums over the areas of these kinds, by the columns named."""
    total: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        if row["area_type"] in kinds and row[what]:
            total[tuple(row[name] for name in by)] += row[what]
    return total


@pytest.mark.parametrize(
    ("table", "by", "what"),
    [
        ("area_population", ("age_band", "sex"), "people"),
        ("area_deprivation", ("deprivation_fifth",), "people"),
        ("area_person_days", ("age_from",), "person_days"),
        ("area_month", ("month", "point_of_delivery"), "activities"),
        ("area_cost", ("point_of_delivery",), "activities"),
        ("area_cost", ("point_of_delivery",), "costed"),
        ("area_cost", ("point_of_delivery",), "cost_pence"),
    ],
)
def test_neighbourhoods_and_none_make_the_place(fell_side: Built, table: str, by: tuple[str, ...], what: str) -> None:
    rows = fell_side.rows(table)
    whole = summed(rows, by, what, ("place",))
    assert whole
    assert summed(rows, by, what, ("neighbourhood", "none")) == pytest.approx(whole)


@pytest.mark.parametrize("what", ["events", "numerator", "denominator"])
def test_measures_of_neighbourhoods_and_none_make_those_of_the_place(fell_side: Built, what: str) -> None:
    door = open_aggregates(fell_side.store, fell_side.place, caller_for(fell_side.place, "planning"))
    rows = [row for row in door.measures().to_pylist() if row["measure_id"] in door.specs]
    whole = summed(rows, ("measure_id",), what, ("place",))
    assert set(whole) == {(name,) for name in door.specs}
    assert summed(rows, ("measure_id",), what, ("neighbourhood", "none")) == pytest.approx(whole)


def test_no_activity_is_lost_on_the_way_from_the_landed_rows(fell_side: Built) -> None:
    spells, attendances = fell_side.rows("spell"), fell_side.landed["landed_ecds"].num_rows
    assert sum(spell["episodes"] for spell in spells) == fell_side.landed["landed_apc"].num_rows
    activity = fell_side.rows("activity")
    assert len(activity) == len(spells) + attendances
    quality = {row["rule"]: row["found"] for row in fell_side.rows("data_quality")}
    of_the_place = len(fell_side.rows("place_activity"))
    assert of_the_place + quality["activity-unlinked"] + quality["activity-not-registered"] == len(activity)
    assert min(of_the_place, quality["activity-unlinked"], quality["activity-not-registered"]) > 0


def test_points_of_delivery_make_all_activity_and_all_pence(fell_side: Built) -> None:
    period = fell_side.place.period
    mine = [row for row in fell_side.rows("place_activity") if row["starts"] in period]
    costs = [row for row in fell_side.rows("area_cost") if row["area_type"] == "place"]
    assert sum(row["activities"] for row in costs) == len(mine)
    assert sum(row["cost_pence"] or 0 for row in costs) == sum(row["cost_pence"] or 0 for row in mine)
    assert all(row["costed"] == row["from_extract"] + row["from_unit_cost"] <= row["activities"] for row in costs)
    months = [row for row in fell_side.rows("area_month") if row["area_type"] == "place" and row["month"] in period]
    assert sum(row["activities"] for row in months) == len(mine)


def test_a_person_is_in_one_place_at_a_time_and_their_days_add_up(fell_side: Built) -> None:
    period = fell_side.place.period
    days, last = 0, {}
    for spell in sorted(fell_side.rows("counted_spell"), key=lambda row: (row["person_id"], row["starts"])):
        assert last.get(spell["person_id"], spell["starts"]) <= spell["starts"]
        last[spell["person_id"]] = spell["ends"] or period.end
        days += max(0, (min(spell["ends"] or period.end, period.end) - max(spell["starts"], period.start)).days)
    counted = [row["person_days"] for row in fell_side.rows("area_person_days") if row["area_type"] == "place" and row["age_from"] == 0]
    assert counted == [days]


def test_population_is_who_is_registered_on_the_day_and_alive(fell_side: Built) -> None:
    as_at = fell_side.place.as_at
    spells = fell_side.rows("counted_spell")
    listed = {s["person_id"] for s in spells if s["starts"] <= as_at and (s["ends"] is None or as_at < s["ends"])}
    whole = [row["people"] for row in fell_side.rows("area_population") if row["area_type"] == "place"]
    assert sum(whole) == len(listed) > 100
    dead = {row["person_id"] for row in fell_side.rows("person") if row["death_date"] and row["death_date"] <= as_at}
    assert not dead & listed
    assert len(dead) > 10


def test_everyone_seen_is_a_person_once(fell_side: Built) -> None:
    people = Reader(fell_side.store).table("person")
    assert people.num_rows == PEOPLE == pc.count_distinct(people["person_id"]).as_py()


def test_delays_lie_within_their_spells(fell_side: Built) -> None:
    activity = {row["activity_id"]: row for row in fell_side.rows("activity")}
    delays = fell_side.rows("discharge_delay")
    assert len(delays) > 50
    for delay in delays:
        spell = activity[delay["activity_id"]]
        assert spell["starts"] <= delay["starts"] < delay["ends"] == spell["ends"]
        assert delay["days"] == (delay["ends"] - delay["starts"]).days

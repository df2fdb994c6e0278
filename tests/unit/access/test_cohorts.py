"""Cohorts as the aggregates door tells of them: values worked by hand, and what the public may have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import hypothesis
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import strategies as st

from joinedup.access import public_cohorts as public
from joinedup.access.cohorts import PARTS, cohort_of, cohorts_of, profiled, rated, spent, used
from joinedup.build import all_specs
from joinedup.engine.results import schema
from joinedup.errors import Refused

BEFORE, YEAR = date(2024, 4, 1), date(2025, 4, 1)


def table(name: str, *rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema(all_specs()[name]))


def flow(name: str, year: date, *counts: tuple[int, int, int]) -> list[dict[str, Any]]:
    return [
        {
            "cohort_id": name,
            "year_starts": year,
            "step_order": at,
            "step": f"s{at}",
            "title": f"S{at}",
            "people": p,
            "out": o,
            "not_known": n,
        }
        for at, (p, o, n) in enumerate(counts)
    ]


def both(**of_a: Any) -> list[dict[str, Any]]:
    return [{"cohort_id": "a", "year_starts": YEAR, **of_a}]


TRAIT = {"characteristic": "age", "characteristic_order": 1, "title": "Age", "kind": "mean", "unit": "years"}
SHARE = {"characteristic": "female", "characteristic_order": 2, "title": "Female", "kind": "share"}
TABLES = {
    "cohort": table(
        "cohort",
        *({"cohort_id": name, "cohort_order": order, "title": name.upper(), "origin": "package"} for name, order in (("a", 2), ("b", 1))),
    ),
    "cohort_flow": table(
        "cohort_flow",
        *flow("a", BEFORE, (90, 0, 0), (20, 70, 0)),
        *flow("a", YEAR, (100, 0, 0), (29, 70, 1), (20, 4, 5)),
        *flow("b", YEAR, (100, 0, 0), (6, 94, 0)),
    ),
    "cohort_profile": table(
        "cohort_profile",
        *both(**SHARE, people=20, known=20, total=6, squares=6, rest_people=80, rest_known=80, rest_total=16, rest_squares=16),
        *both(**TRAIT, people=20, known=3, total=12, squares=56, rest_people=80, rest_known=2, rest_total=4, rest_squares=10),
    ),
    "cohort_overlap": table(
        "cohort_overlap",
        *(
            {"cohort_id": one, "year_starts": YEAR, "other_id": other, "people": n}
            for one, other, n in (("a", "a", 20), ("a", "b", 3), ("b", "b", 6), ("b", "a", 3))
        ),
    ),
    "cohort_use": table(
        "cohort_use",
        *both(
            sector="acute",
            known=True,
            people=20,
            person_days=7305,
            users=10,
            activities=40,
            cost_pence=200_000,
            rest_people=80,
            rest_person_days=29220,
            rest_users=20,
            rest_activities=40,
            rest_cost_pence=80_000,
        ),
        *both(
            sector="community",
            known=False,
            people=20,
            person_days=7305,
            users=0,
            activities=0,
            cost_pence=0,
            rest_people=80,
            rest_person_days=29220,
            rest_users=1,
            rest_activities=1,
            rest_cost_pence=5,
        ),
    ),
    "cohort_area": table(
        "cohort_area",
        *(
            {
                "cohort_id": "a",
                "year_starts": YEAR,
                "area_type": kind,
                "area_id": area,
                "deprivation_fifth": fifth,
                "people": n,
                "population": of,
            }
            for kind, area, fifth, n, of in (
                ("place", "place", 1, 15, 60),
                ("place", "place", 2, 5, 40),
                ("neighbourhood", "north", 1, 15, 60),
                ("neighbourhood", "south", 2, 5, 40),
            )
        ),
    ),
    "cohort_change": table(
        "cohort_change", *both(change="stayed", people=12), *both(change="entered", people=8), *both(change="died", people=8)
    ),
    "cohort_spend": table(
        "cohort_spend",
        *(
            {
                "cohort_id": "a",
                "side": side,
                "month_from_index": 0,
                "sector": "acute",
                "people": 12,
                "observed": 12.0,
                "days": 365.25,
                "users": 10,
                "activities": acts,
                "cost_pence": pence,
                "largest_pence": 10_000,
            }
            for side, acts, pence in (("cohort", 24.0, 120_000), ("comparison", 6.0, 24_000))
        ),
    ),
}


def given(name: str, disclosed: Callable[[pa.Table], pa.Table], /, *order: str) -> pa.Table:
    assert set(order) <= set(TABLES[name].column_names)
    return TABLES[name].sort_by([(column, "ascending") for column in order])


def to_the_public(name: str, disclosed: Callable[[pa.Table], pa.Table], /, *order: str) -> pa.Table:
    return disclosed(given(name, disclosed, *order))


def test_cohorts_are_listed_in_their_order_with_those_not_known() -> None:
    rows = cohorts_of(given).to_pylist()
    assert [(row["cohort_id"], row["year_starts"], row["may_be"], row["people"], row["not_known"]) for row in rows] == [
        ("b", YEAR, 100, 6, 0),
        ("a", BEFORE, 90, 20, 0),
        ("a", YEAR, 100, 20, 6),
    ]


def test_a_cohort_has_every_part_of_the_latest_year() -> None:
    found = cohort_of(given, "a")
    assert (found.year, tuple(found.parts)) == (YEAR, PARTS)
    assert found.sizes == {BEFORE: 20, YEAR: 20}
    (other,) = found.overlap.to_pylist()
    assert other == {"cohort_id": "b", "title": "B", "people": 3, "percent_of_this": 15.0, "percent_of_other": 50.0}
    assert {row["change"]: row["people"] for row in found.change.to_pylist()} == {
        "stayed": 12, "entered": 8, "arrived": 0, "went out": 0, "died": 8, "left the place": 0,
    }  # fmt: skip


def test_a_misspelt_cohort_and_a_year_that_is_not_there_are_refused_with_what_there_is() -> None:
    with pytest.raises(Refused, match="'aa' is not a cohort of this build; the nearest is a"):
        cohort_of(given, "aa")
    with pytest.raises(Refused, match="there are those from 2024-04-01, 2025-04-01"):
        cohort_of(given, "a", date(2020, 4, 1))


def test_standardised_differences_by_hand() -> None:
    """Means 4 and 2 with variances 4 and 2: 2 / √3. Shares 0.3 and 0.2: 0.1 / √((0.21 + 0.16) / 2)."""
    age, female = profiled(TABLES["cohort_profile"]).to_pylist()
    assert (age["cohort"], age["rest"]) == (4.0, 2.0)
    assert age["standardised_difference"] == pytest.approx(2 / 3**0.5)
    assert (female["cohort"], female["rest"], female["unit"]) == (30.0, 20.0, "%")
    assert female["standardised_difference"] == pytest.approx(0.1 / 0.185**0.5)


def test_use_is_per_person_year_and_nothing_where_a_sector_is_not_known() -> None:
    acute, community = used(TABLES["cohort_use"]).to_pylist()
    assert (acute["cohort_activities_per_year"], acute["cohort_pounds_per_year"], acute["cohort_percent_using"]) == (2.0, 100.0, 50.0)
    assert (acute["rest_activities_per_year"], acute["rest_pounds_per_year"], acute["rest_percent_using"]) == (0.5, 10.0, 25.0)
    assert {community[name] for name in community if name.startswith(("cohort_", "rest_"))} == {None}


def test_areas_and_fifths_add_up_to_the_place() -> None:
    rows = {(row["area_type"], row["area_id"]): row for row in rated(TABLES["cohort_area"]).to_pylist()}
    assert (rows["place", "place"]["people"], rows["place", "place"]["per_1000"]) == (20, 200.0)
    assert sum(row["people"] for (kind, _), row in rows.items() if kind == "neighbourhood") == 20
    assert sum(row["people"] for (kind, _), row in rows.items() if kind == "deprivation fifth") == 20
    assert rows["neighbourhood", "north"]["lower"] < 250.0 < rows["neighbourhood", "north"]["upper"]


def test_spend_is_per_person_and_month_beside_the_comparison() -> None:
    (row,) = spent(TABLES["cohort_spend"]).to_pylist()
    assert (row["cohort_activities_per_month"], row["cohort_pounds_per_month"]) == (2.0, 100.0)
    assert (row["comparison_activities_per_month"], row["comparison_pounds_per_month"]) == (0.5, 20.0)


def test_the_public_gets_no_small_count_and_nothing_that_tells_one() -> None:
    found = cohort_of(to_the_public, "a")
    assert found.flow["out"].null_count == found.flow.num_rows
    assert cohort_of(to_the_public, "b").sizes == {YEAR: None}
    (other,) = found.overlap.to_pylist()
    assert (other["people"], other["percent_of_this"], other["percent_of_other"]) == (None, None, None)
    female = profiled(public.profile(TABLES["cohort_profile"])).to_pylist()[1]
    assert (female["cohort"], female["standardised_difference"]) == (None, None)
    assert {row["people"] for row in found.areas.to_pylist()} <= {None, 0, 15, 20}
    assert spent(public.spend(TABLES["cohort_spend"])).to_pylist()[0]["cohort_pounds_per_month"] is None
    for part in found.parts.values():
        for name in ("people", "population", "users", "activities"):
            if name in part.column_names:
                shown = pc.drop_null(part[name]).to_pylist()
                assert all(count == 0 or (count > 7 and count % 5 == 0) for count in shown), (name, shown)


def months_of(costs: list[int], *, there: int | None = None, visits: int = 1) -> pa.Table:
    """A month after the index date of a cohort, of whom some cost something, each so many activities."""
    users = [each for each in costs if each]
    row = {
        "cohort_id": "a",
        "side": "cohort",
        "month_from_index": 3,
        "sector": "acute",
        "people": len(costs),
        "observed": float(len(costs) if there is None else there),
        "days": 30.4 * (len(costs) if there is None else there),
        "users": len(users),
        "activities": float(visits * len(users)),
        "cost_pence": sum(users),
        "largest_pence": max(users, default=0),
    }
    return table("cohort_spend", row)


def told(costs: list[int], **others: int) -> dict[str, Any]:
    (row,) = public.spend(months_of(costs, **others)).to_pylist()
    return {name: row[name] for name in ("people", "observed", "days", "activities", "cost_pence", "users", "largest_pence")}


@pytest.mark.parametrize(
    "costs",
    [[5_000] * 7 + [0] * 53, [5_000] * 55 + [0] * 5, [100] * 20 + [9_000] + [0] * 39, [5_000] * 40],
    ids=["few have any", "few have none", "nearly all is one person's", "fewer than fifty"],
)
def test_the_public_is_told_of_no_month_that_few_have_anything_in_whatever_the_number_of_visits(costs: list[int]) -> None:
    assert {told(costs, visits=30)[name] for name in ("observed", "days", "activities", "cost_pence")} == {None}


@hypothesis.settings(max_examples=40, deadline=None)
@hypothesis.given(st.integers(50, 400), st.integers(0, 2))
def test_who_left_in_a_month_shows_in_no_number_of_the_public(people: int, gone: int) -> None:
    """Each number of somebody is a multiple of 5, and one death more or less leaves days for each of them as they are."""
    found = [told([5_000] * 20 + [0] * (people - 20), there=people - each) for each in (gone, gone + 1)]
    assert all(row["observed"] % 5 == 0 and row["people"] % 5 == 0 for row in found)
    assert len({round(row["days"] / row["observed"], 3) for row in found}) == 1


@hypothesis.settings(max_examples=40, deadline=None)
@hypothesis.given(st.lists(st.integers(1_000, 4_000), min_size=30, max_size=120), st.integers(1_000, 4_000))
def test_a_cohort_and_the_same_without_one_person_do_not_tell_what_that_person_cost(costs: list[int], theirs: int) -> None:
    """Published one after the other, in this build or the next: each stands for a span no narrower than anybody's cost."""
    rest = [*costs, *([0] * 40)]
    for people in ([*rest, theirs], rest):
        found = told(people)
        assert found["users"] is found["largest_pence"] is None
        step = next(each for each in (1_000, 2_000, 5_000) if each >= max(people))
        assert found["cost_pence"] % step == 0, found
        assert step >= theirs or people is rest

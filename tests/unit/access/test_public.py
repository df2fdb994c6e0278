"""What the public gets: nobody can work out a suppressed count, even who knows the true total of its line and every rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from joinedup.access import public, showing
from joinedup.access.aggregates import open_aggregates
from joinedup.access.caller import caller_for
from joinedup.access.measured import without_unknown
from joinedup.access.rounding import added, nearest, public_count, rounded, safe_lines, small
from joinedup.errors import Refused
from joinedup.periods import Period

from .conftest import Built, a_place

PERIOD = Period(date(2025, 4, 1), date(2026, 4, 1))
AREAS = [("neighbourhood", "north"), ("neighbourhood", "west"), ("none", "none")]


def test_the_rule_of_hospital_episode_statistics() -> None:
    counts = np.array([0, 1, 7, 8, 12, 13, 17, 18, 102, 103])
    assert [None if np.isnan(value) else int(value) for value in rounded(counts)] == [0, None, None, 10, 10, 15, 15, 20, 100, 105]
    assert [public_count(count) for count in (0, 7, 8, None)] == [0, None, 10, None]


def test_a_sum_is_made_of_what_is_shown_and_not_shown_itself_where_too_much_is_hidden() -> None:
    assert added([10, 15, 0]) == 25
    assert added([100, None]) == 105
    assert added([10, None]) is None
    assert added([None, None]) is None
    assert added([]) == 0
    assert added([3, 4]) == 7, "true counts add up to themselves"


@pytest.mark.parametrize("cells", [2, 3, 4])
def test_no_line_gives_a_count_away_to_who_knows_every_rule_and_its_total(cells: int) -> None:
    """Of every table of two to four counts up to 12 (10 stands for 8 to 12, so no choice lies outside), all that publish the same.

    The total is known exactly where the line is shown, and as it would be published where the line is hidden.
    """
    tables = np.array(list(product(range(13), repeat=cells)), dtype=np.int64)
    fine = safe_lines(tables.ravel(), np.repeat(np.arange(len(tables)), cells)).reshape(tables.shape)
    shown = np.where(fine, rounded(tables.ravel()).reshape(tables.shape), np.nan)
    totals = tables.sum(axis=1)
    published = np.where(small(totals), -1, nearest(totals)).astype(np.int64)
    said = np.column_stack([np.nan_to_num(shown, nan=-1), np.where(fine[:, 0], totals, published), fine[:, 0]]).astype(np.int64)
    _, known = np.unique(said, axis=0, return_inverse=True)
    for cell in range(cells):
        hidden = np.isnan(shown[:, cell])
        choices = np.unique(np.column_stack([known, tables[:, cell]])[hidden], axis=0)
        _, many = np.unique(choices[:, 0], return_counts=True)
        assert many.min() >= 2


def test_without_the_rule_of_lines_subtraction_would_work() -> None:
    """Ten counts of one and a total of ten: shown to be 8 to 12, each must be one. So none is shown to stand there."""
    counts = np.ones(12, dtype=np.int64)
    assert small(counts).all()
    assert not safe_lines(counts, np.zeros(12, dtype=np.int64)).any()
    assert safe_lines(np.array([1, 2, 10]), np.zeros(3, dtype=np.int64)).all()


def with_place(rows: list[dict[str, Any]], count: str) -> pa.Table:
    """The rows, and those of the place: their true sums."""
    key = [name for name in rows[0] if name not in ("area_type", "area_id", count)]
    sums: dict[tuple[Any, ...], int] = {}
    for row in rows:
        cell = tuple(row[name] for name in key)
        sums[cell] = sums.get(cell, 0) + row[count]
    places = [{"area_type": "place", "area_id": "place", **dict(zip(key, cell, strict=True)), count: n} for cell, n in sums.items()]
    return pa.Table.from_pylist([*rows, *places])


def people_by(counts: list[int], key: str, sexes: bool) -> pa.Table:
    """People of three areas, as many cells each."""
    cells = len(counts) // len(AREAS)
    rows = [
        {"area_type": kind, "area_id": area, key: str(i // 2 if sexes else i), **({"sex": str(i % 2 + 1)} if sexes else {}), "people": n}
        for (kind, area), of_area in zip(AREAS, np.array_split(counts, len(AREAS)), strict=True)
        for i, n in zip(range(cells), map(int, of_area), strict=True)
    ]
    return with_place(rows, "people")


def months_of(counts: list[int]) -> pa.Table:
    """Activities of three areas in March 2025, before the period, and the months after."""
    kind = {"sector": "acute", "point_of_delivery": "Day case"}
    rows = [
        {
            "area_type": of,
            "area_id": area,
            "month": date(2025 + (i + 2) // 12, (i + 2) % 12 + 1, 1),
            **kind,
            "activities": n,
            "known_share": 1.0,
        }
        for (of, area), of_area in zip(AREAS, np.array_split(counts, len(AREAS)), strict=True)
        for i, n in enumerate(map(int, of_area))
    ]
    return with_place(rows, "activities")


def scores_of(counts: list[int]) -> pa.Table:
    """People of three areas by as many bands of a score, with what isn't told of them."""
    table = people_by(counts, "band_order", False)
    beside = {
        "score_id": pa.array(["frailty"] * len(table)),
        "year_starts": pa.array([date(2025, 4, 1)] * len(table)),
        "band": table["band_order"],
    }
    for name, column in (beside | {"with_any": table["people"], "values_sum": pc.cast(table["people"], pa.float64())}).items():
        table = table.append_column(name, column)
    return table


count = st.one_of(st.integers(0, 9), st.integers(0, 40), st.integers(2_990, 3_010))
TABLES: dict[str, tuple[int, Callable[[list[int]], pa.Table], Callable[[pa.Table], pa.Table], str]] = {
    "ages": (6, lambda counts: people_by(counts, "age_band", True), public.population, "people"),
    "fifths": (4, lambda counts: people_by(counts, "deprivation_fifth", False), public.deprivation, "people"),
    "scores": (4, scores_of, public.scores, "people"),
    "months": (5, months_of, lambda table: public.by_month(table, PERIOD), "activities"),
}


@pytest.mark.parametrize("name", TABLES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_each_suppressed_count_could_be_another_with_the_same_totals_and_the_same_tables(name: str, data: st.DataObject) -> None:
    """Another table, of the same total for every area, that publishes the same in every row, the place's too."""
    cells, table_of, disclosed, column = TABLES[name]
    counts = data.draw(st.lists(count, min_size=3 * cells, max_size=3 * cells))
    published = disclosed(table_of(counts))
    shown = published[column].to_pylist()
    assert all(value is None or value % 5 == 0 for value in shown)
    assert all(value is None or value != 5 for value in shown)
    outside = {0} if name == "months" else set()  # March 2025 lies before the period, alone on its line
    for i, true in enumerate(counts):
        area = i // cells
        own = [j for j in range(area * cells, (area + 1) * cells) if j % cells not in outside]
        if i not in own or shown[i] is not None or all(shown[j] is None for j in own):
            continue
        assert 0 < true <= 7
        assert any(
            disclosed(table_of(moved)).equals(published)
            for j in own
            for step in (1, -1)
            if j != i and counts[j] - step >= 0
            for moved in [[n + (step if k == i else -step if k == j else 0) for k, n in enumerate(counts)]]
        )


@settings(max_examples=60, deadline=None)
@given(counts=st.lists(count, min_size=18, max_size=18))
def test_a_row_of_the_place_is_made_of_what_its_areas_show(counts: list[int]) -> None:
    """From counts that publish the same per area the place publishes the same, whatever its true total is."""
    table = people_by(counts, "age_band", True)
    published = public.population(table)
    middle = [n if n == 0 else 4 if n <= 7 else int(nearest(np.array([n]))[0]) for n in counts]
    other = public.population(people_by(middle, "age_band", True))
    if other.slice(0, 18).equals(published.slice(0, 18)):
        assert other.equals(published)


def cost_rows(activities: list[int], costed: list[int]) -> pa.Table:
    rows = [
        {
            "area_type": kind, "area_id": area, "sector": "acute", "point_of_delivery": "Day case", "activities": n,
            "costed": min(c, n), "cost_pence": min(c, n) * 12_345 if min(c, n) else None,
            "constant_pence": min(c, n) * 12_000 or None, "from_extract": min(c, n), "from_unit_cost": 0,
        }
        for (kind, area), n, c in zip(AREAS, activities, costed, strict=True)
    ]  # fmt: skip
    names = ("activities", "costed", "cost_pence", "constant_pence", "from_extract", "from_unit_cost")
    place = {"area_type": "place", "area_id": "place", "sector": "acute", "point_of_delivery": "Day case"}
    return pa.Table.from_pylist([*rows, place | {name: sum(row[name] or 0 for row in rows) for name in names}])


def test_cost_is_withheld_where_activities_are_few_and_otherwise_that_of_what_is_shown() -> None:
    rows = public.costs(cost_rows([203, 7, 0], [203, 7, 0])).to_pylist()
    assert [(row["activities"], row["costed"]) for row in rows] == [(205, 205), (None, None), (0, 0), (210, 210)]
    assert rows[0]["cost_pence"] == 2_520_000, "the mean to three figures, 12,300 pence, times 205, to three figures"
    assert rows[0]["constant_pence"] == 2_460_000
    assert rows[1]["from_extract"] is None


def test_that_a_few_have_no_cost_is_not_told() -> None:
    every, almost = (public.costs(cost_rows([203, 60, 50], [n, 60, 50])) for n in (203, 199))
    assert every["costed"].to_pylist()[0] == almost["costed"].to_pylist()[0]


@pytest.fixture(scope="module")
def tables(fell_side: Built) -> dict[str, tuple[pa.Table, pa.Table]]:
    """Each table of a built place: true, and as the public has it."""
    caller = caller_for(fell_side.place, "planning")
    inside, outside = (open_aggregates(fell_side.store, fell_side.place, caller, audience) for audience in ("internal", "public"))
    names = (
        "population",
        "deprivation",
        "activity_by_month",
        "costs",
        "cost_differences",
        "measures",
        "quality",
        "practice_people",
        "opted_out",
    )
    return {name: (getattr(inside, name)(), getattr(outside, name)()) for name in names}


def test_the_public_has_the_same_columns_and_no_count_of_few(tables: dict[str, tuple[pa.Table, pa.Table]]) -> None:
    for name, (true, shown) in tables.items():
        assert shown.schema.names == true.schema.names, name
        for column in ("people", "activities", "costed", "events", "from_extract", "from_unit_cost"):
            for value in shown[column].to_pylist() if column in shown.schema.names else ():
                assert value is None or value == 0 or (value >= 10 and value % 5 == 0), (name, column)
    assert tables["quality"][1].num_rows == 0


def test_rates_for_the_public_are_made_of_rounded_counts(tables: dict[str, tuple[pa.Table, pa.Table]]) -> None:
    rows = [row for row in tables["measures"][1].to_pylist() if row["measure_id"] == "urgent_care_sensitive_admissions"]
    given = [row for row in rows if row["value"] is not None]
    assert given
    for row in given:
        assert row["denominator"] % 5 == 0
        assert row["value"] == pytest.approx(100_000 * row["events"] / row["denominator"])
    for row in rows:
        if row["events"] is None:
            assert (row["value"], row["lower"], row["reason"]) == (None, None, "too few")


def test_the_public_gets_nothing_of_single_files(fell_side: Built) -> None:
    opened = open_aggregates(fell_side.store, fell_side.place, caller_for(fell_side.place, "planning"), "public")
    assert (opened.files(), opened.findings()) == ((), ())
    assert all(source.loaded is None or source.loaded % 5 == 0 for source in opened.stamp.sources)


def test_internal_tables_are_logged_before_they_are_given(fell_side: Built) -> None:
    looks: list[Any] = []

    class Broken:
        def append(self, looks: Any) -> None:
            raise OSError("full")

    class Kept:
        def append(self, seen: Any) -> None:
            looks.extend(seen)

    caller = caller_for(fell_side.place, "planning", reason="annual plan")
    opened = open_aggregates(fell_side.store, fell_side.place, caller, log=Kept())
    rows = opened.population().num_rows
    assert [(each.what, each.door, each.role, each.rows, each.reason, each.people) for each in looks] == [
        ("area_population, internal", "aggregates", "analyst", rows, "annual plan", ())
    ]
    with pytest.raises(OSError, match="full"):
        open_aggregates(fell_side.store, fell_side.place, caller, log=Broken()).population()


def test_that_nobody_is_of_an_age_is_not_told_by_a_row_that_is_not_there() -> None:
    rows = [{"area_type": kind, "area_id": area, "age_band": "0-4", "sex": "1", "people": 100} for kind, area in AREAS]
    rows[2] |= {"age_band": "5-9", "people": 3}
    shown = public.population(with_place(rows, "people")).to_pylist()
    assert {(row["area_id"], row["age_band"]): row["people"] for row in shown} == {
        ("north", "0-4"): 100, ("west", "0-4"): 100, ("none", "0-4"): None, ("place", "0-4"): 200,
        ("north", "5-9"): 0, ("west", "5-9"): 0, ("none", "5-9"): None, ("place", "5-9"): 0,
    }  # fmt: skip


def test_a_role_that_ends_while_the_door_is_open_shuts_it(build_again: Callable[..., Built], tmp_path: Any) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    again = build_again(a_place(invented=False, folder=folder))
    (folder / "staff.csv").write_text("account,name,role,scope_kind,scope_id,starts,ends\nann,Ann,analyst,place,,,\n")
    opened = open_aggregates(again.store, again.place, caller_for(again.place, "planning", account="ann"))
    assert opened.population().num_rows
    (folder / "staff.csv").write_text("account,name,role,scope_kind,scope_id,starts,ends\nann,Ann,analyst,place,,,2026-01-01\n")
    with pytest.raises(Refused, match="no row in force"):
        opened.population()


def test_who_objects_is_told_of_the_place_alone_and_not_of_few() -> None:
    where = {"keeps_back": "everything", "purpose": "planning", "age_band": "0-4", "age_band_order": 0, "deprivation_fifth": 1}
    rows = [
        where | {"kind": kind, "area_type": area, "area_id": area, "registered": 508, "removed": removed, "share": 0.1}
        for kind, removed in (("any", 53), ("shared record", 3))
        for area in ("place", "none")
    ]
    shown = public.objections(pa.Table.from_pylist([*rows, *[row | {"age_band_order": 1} for row in rows if row["kind"] == "any"]]))
    told = {row["kind"]: (row["area_type"], row["registered"], row["removed"], row["age_band"]) for row in shown.to_pylist()}
    assert told == {"any": ("place", 1015, 105, None), "shared record": ("place", 510, None, None)}


def test_people_of_practices_are_rounded_and_few_are_not_shown() -> None:
    rows = [("neighbourhood", "north", 1013), ("neighbourhood", "south", 6), ("none", "none", 12), ("place", "place", 1031)]
    table = pa.Table.from_pylist([{"area_type": kind, "area_id": id, "people": people} for kind, id, people in rows])
    assert public.practice_people(table)["people"].to_pylist() == [1015, None, 10, 1025]
    assert public.practice_people(table.slice(0, 0)).num_rows == 0


def test_the_example_of_the_explanation_is_what_the_public_gets() -> None:
    """docs/explanation/disclosure.md."""
    ages = ("0–64", "65–84", "85+")
    true = {"1": (203, 58, 3), "2": (211, 63, 9)}
    rows = [
        {"area_type": "neighbourhood", "area_id": "north", "age_band": age, "sex": sex, "people": count}
        for sex, counts in true.items()
        for age, count in zip(ages, counts, strict=True)
    ]
    shown = {
        (row["sex"], row["age_band"]): row["people"]
        for row in public.population(with_place(rows, "people")).to_pylist()
        if row["area_id"] == "north"
    }
    men, women = ([shown[sex, age] for age in ages] for sex in ("1", "2"))
    assert (men, women) == ([205, 60, None], [210, 65, 10])
    assert (added(men), added(women), added([*men, *women])) == (270, 285, 555)
    assert [added(both) for both in zip(men, women, strict=True)] == [415, 125, None]
    assert added([None, 100]) == 105


def test_what_is_unknown_is_no_count_for_anyone_and_a_share_is_given_to_a_tenth() -> None:
    table = months_of([40, 0, 60, 80, 40] * 3)
    shares = [0.49, 0.5, 0.87, 1.0, 1.0] * 3
    table = table.set_column(table.column_names.index("known_share"), "known_share", pa.array(shares + [0.87] * (len(table) - 15)))
    internal = without_unknown(table)
    assert internal["activities"].to_pylist()[:5] == [None, 0, 60, 80, 40]
    shown = without_unknown(public.by_month(table, PERIOD))
    assert shown["known_share"].to_pylist()[:5] == [0.4, 0.5, 0.8, 1.0, 1.0]
    assert shown["activities"].to_pylist()[:3] == [None, 0, 60]


def test_a_sum_over_months_leaves_out_the_unknown_ones_and_says_how_many() -> None:
    table = months_of([40, 20, 60, 80, 40] * 3)
    shares = pa.array([0.4, 1.0, 1.0, 1.0, 1.0] * 3 + [1.0] * (len(table) - 15))
    table = without_unknown(table.set_column(table.column_names.index("known_share"), "known_share", shares))
    summed = showing._summed(table, ["area_type", "area_id"]).to_pylist()
    assert [(row["activities"], row["unknown"]) for row in summed[:3]] == [(200, 1)] * 3
    (alone,) = showing._summed(table.slice(0, 1), ["area_id"]).to_pylist()
    assert (alone["activities"], alone["unknown"]) == (None, 1)


def test_the_public_is_told_flows_without_people_and_no_small_count() -> None:
    rows = [
        {"area_type": kind, "area_id": area, "sector": "acute", "provider_code": code, "activities": count, "people": count}
        for kind, area, counts in (
            ("neighbourhood", "north", (100, 12, 3)),
            ("neighbourhood", "west", (52, 40, 0)),
            ("place", "place", (152, 52, 3)),
        )
        for code, count in zip(("RX1", "RX2", None), counts, strict=True)
        if count
    ]
    given = {(row["area_id"], row["provider_code"]): row for row in public.flows(pa.Table.from_pylist(rows)).to_pylist()}
    assert {row["people"] for row in given.values()} == {None}
    assert {key: row["activities"] for key, row in given.items()} == {
        ("north", "RX1"): 100,
        ("north", "RX2"): 10,
        ("north", None): None,
        ("west", "RX1"): 50,
        ("west", "RX2"): 40,
        ("west", None): 0,
        ("place", "RX1"): 150,
        ("place", "RX2"): 50,
        ("place", None): None,
    }


def test_the_public_is_told_conditions_of_areas_alone_and_no_small_count() -> None:
    counts = {("neighbourhood", "north"): 103, ("neighbourhood", "west"): 4, ("place", "place"): 107, ("practice", "ZZ0001"): 60}
    rows = [
        {"area_type": kind, "area_id": area, "condition_id": "diabetes", "people": count, "population": 1_003, "expected": 52.4}
        | {"people_of_known_age": count, "standardised_rate": 0.1, "standardised_variance": 0.0001}
        for (kind, area), count in counts.items()
    ]
    given = {row["area_id"]: row for row in public.conditions(pa.Table.from_pylist(rows)).to_pylist()}
    assert {area: row["people"] for area, row in given.items()} == {"north": 105, "west": None, "place": 110}
    assert {row["population"] for row in given.values()} == {1_005}
    assert {area: row["expected"] for area, row in given.items()} == {"north": 50.0, "west": None, "place": 50.0}
    assert {row[name] for row in given.values() for name in public.STANDARDISED} == {None}


def test_the_public_is_told_of_scores_how_many_are_in_a_band_and_nothing_that_is_added_up() -> None:
    given = public.scores(scores_of([100, 50, 20, 60, 40, 30, 500, 100, 3]))
    assert {value for name in ("with_any", "values_sum") for value in given[name].to_pylist()} == {None}
    assert [each for each in given["people"].to_pylist() if each is not None and each % 5] == []
    assert None in given["people"].to_pylist()

"""What cuts show: the very numbers of the statistics, month by month and area by area, and a reason where nothing can be said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from joinedup.access.measure_charts import charted, funnelled, trending, unequal
from joinedup.access.measure_results import SCHEMA
from joinedup.errors import Refused
from joinedup.outcomes.measure_definition import STANDARD
from joinedup.periods import add_months
from joinedup.statistics.funnel import funnel_of_rates
from joinedup.statistics.inequality import slope_index
from joinedup.statistics.trend import recent_trend
from tests.unit.access.test_measure_results import FIRST, MONTHS, RATE, SHARE, WAITS, opened, rated

Row = dict[str, Any]
SPANS = 36


def months(events: Any, known: float = 1.0, since: int = MONTHS) -> pa.Table:
    """Months of the rate; `known` is the share of events that is known from a month on."""
    tables = rated(events)
    tables["measure_known"] = [
        {"line_id": tables["measure_cell"][0]["line_id"], "month": add_months(FIRST, at), "area_type": "place", "area_id": "place"}
        | {"known_share": known}
        for at in range(since, MONTHS)
    ]
    results = opened(tables)
    return results.table(
        results.asked("admissions", {"variant": STANDARD, "area_type": "neighbourhood", "breakdown": "all", "period": "month"})
    )


def of(table: pa.Table, area: str) -> list[Row]:
    return [row for row in table.to_pylist() if row["area_id"] == area]


def made(rows: list[Row]) -> pa.Table:
    """A cut by hand: what a row doesn't say is of the place, in the first year."""
    usual = {"measure_id": "m", "variant_id": STANDARD, "area_type": "place", "area_id": "place", "area_name": "Fell Side"}
    usual |= {"breakdown": "all", "group_value": "all", "group_name": "Everybody", "unit": "per cent"}
    return pa.Table.from_pylist([{"period_start": FIRST, "period_end": add_months(FIRST, 12)} | usual | row for row in rows], schema=SCHEMA)


def noise(at: int, area: str) -> int:
    return 40 + (7 * at + len(area)) % 9


def test_a_planted_step_is_a_special_cause_from_its_month_on() -> None:
    table = charted(months(lambda at, area: noise(at, area) + (25 if at >= 30 and area == "north" else 0)), RATE)
    north, south = of(table, "north"), of(table, "south")
    assert all("beyond_limits" in row["shows"] for row in north[30:])
    assert {row["side"] for row in north[30:]} == {1}
    assert {(row["variation"], row["direction"]) for row in north} == {("special cause concerning", 1)}
    assert {row["variation"] for row in south} == {"common cause"}
    assert {(row["shows"], row["side"]) for row in south} == {("", 0)}
    assert all(row["low"] < row["centre"] < row["high"] for row in north)


def test_rates_of_few_events_are_not_tested_and_keep_their_values() -> None:
    table = charted(months(lambda at, area: 2 if area == "north" else noise(at, area)), RATE)
    north = of(table, "north")
    assert {(row["centre"], row["variation"], row["untested"]) for row in north} == {(None, None, "not tested")}
    assert all(row["value"] is not None for row in north)


def test_a_source_that_stopped_half_way_shows_no_fall() -> None:
    """Six months of which nothing is known, in which nothing was counted: the chart ends before them, and nothing got better."""
    table = charted(months(lambda at, area: noise(at, area) if at < 30 else None, known=0.0, since=30), RATE)
    for area in ("place", "north", "south"):
        rows = of(table, area)
        assert [row["reason"] for row in rows[30:]] == ["too little known"] * 6
        assert {(row["value"], row["events"], row["shows"]) for row in rows[30:]} == {(None, None, "")}
        assert {row["variation"] for row in rows} == {"common cause"}


def test_were_those_months_not_known_to_be_missing_it_would_look_better() -> None:
    table = charted(months(lambda at, area: noise(at, area) if at < 30 else None), RATE)
    assert {row["variation"] for row in of(table, "place")} == {"special cause improving"}


@pytest.mark.parametrize("points", [0, 1])
def test_series_of_no_and_of_one_point_are_not_tested(points: int) -> None:
    table = charted(months(lambda at, area: 40, known=0.0, since=points), RATE)
    rows = of(table, "place")
    assert sum(row["value"] is not None for row in rows) == points
    assert {(row["variation"], row["untested"], row["shows"]) for row in rows} == {(None, "not tested", "")}


def test_a_constant_series_is_steady_at_its_limits() -> None:
    table = charted(made([{"period_start": add_months(FIRST, at), "value": 12.5, "events": 50} for at in range(SPANS)]), RATE)
    rows = table.to_pylist()
    assert {(row["centre"], row["low"], row["high"], row["variation"]) for row in rows} == {(12.5, 12.5, 12.5, "common cause")}


def test_a_cut_without_rows_gives_none() -> None:
    empty = SCHEMA.empty_table()
    assert [each.num_rows for each in (charted(empty, RATE), funnelled(empty, RATE), unequal(empty), trending(empty, RATE))] == [0] * 4


def test_funnels_are_those_of_statistics_without_the_place() -> None:
    counts, people = [30, 12, 90, 7], [1000.0, 800.0, 1500.0, 0.0]
    rows: list[Row] = [
        {"area_type": "practice", "area_id": f"P{at}", "numerator": count, "denominator": of}
        | ({"value": 1000 * count / of} if of else {"reason": "zero denominator"})
        for at, (count, of) in enumerate(zip(counts, people, strict=True))
    ]
    table = funnelled(made([*rows, {"numerator": 139, "denominator": 3300.0, "value": 42.1}]), RATE).to_pylist()
    expected = funnel_of_rates(counts[:3], people[:3], per=1000)
    assert [row["area_id"] for row in table] == ["P0", "P1", "P2", "P3"]
    assert [row["centre"] for row in table] == pytest.approx([float(expected.centre)] * 4)
    assert [row["low998"] for row in table[:3]] == pytest.approx(list(expected.lower[:, 1]))
    assert [row["high"] for row in table] == [*(pytest.approx(each) for each in expected.upper[:, 0]), None]
    assert [row["position998"] for row in table] == [*expected.position[:, 1], 0]
    assert any(row["position998"] for row in table)


def test_a_median_has_no_funnel() -> None:
    with pytest.raises(Refused, match="waits is a median, and funnels are drawn of rates and proportions"):
        funnelled(made([]), WAITS)


def fifths(values: list[float | None], half: float | None = 2.0, **more: Any) -> list[Row]:
    return [
        {"breakdown": "deprivation", "group_value": str(at), "value": value, "denominator": 100.0 * at}
        | {"lower": value and half and value - half, "upper": value and half and value + half}
        | more
        for at, value in enumerate(values, 1)
    ]


def test_inequality_is_that_of_statistics_area_by_area() -> None:
    here, there = [50.0, 44.0, 39.0, 37.0, 30.0], [20.0, 20.0, 20.0, 20.0, 20.0]
    other = {"area_type": "neighbourhood", "area_id": "north", "area_name": "North"}
    north, place = unequal(made([*fifths(there, **other), *fifths(here)])).to_pylist()
    expected = slope_index(here, [100, 200, 300, 400, 500], [2 / 1.959963984540054] * 5)
    assert [place[name] for name in ("slope", "slope_lower", "slope_upper")] == pytest.approx(
        [float(expected.value), float(expected.lower), float(expected.upper)]
    )
    assert place["least_deprived"] - place["most_deprived"] == pytest.approx(place["slope"])
    assert place["relative"] == pytest.approx(place["least_deprived"] / place["most_deprived"])
    assert (north["area_id"], north["slope"], north["relative"]) == ("north", pytest.approx(0, abs=1e-9), pytest.approx(1))


def test_without_one_fifth_there_is_no_inequality_but_a_reason() -> None:
    (row,) = unequal(made(fifths([50.0, 44.0, None, 37.0, 30.0]))).to_pylist()
    assert (row["slope"], row["relative"], row["most_deprived"], row["untested"]) == (None, None, None, "band missing")
    (row,) = unequal(made(fifths([50.0, 44.0, 40.0, 37.0]))).to_pylist()
    assert (row["slope"], row["untested"]) == (None, "band missing")


def test_values_without_limits_have_a_slope_by_their_residuals() -> None:
    values: list[float | None] = [50.0, 44.0, 39.0, 37.0, 30.0]
    (row,) = unequal(made(fifths(values, None))).to_pylist()
    expected = slope_index([50.0, 44.0, 39.0, 37.0, 30.0], [100, 200, 300, 400, 500])
    assert row["slope_upper"] == pytest.approx(float(expected.upper))


def yearly(values: list[float | None], half: float = 1.0) -> pa.Table:
    return made(
        [
            {"period_start": add_months(FIRST, 12 * at), "period_end": add_months(FIRST, 12 * at + 12), "value": value}
            | {"lower": None if value is None else value - half, "upper": None if value is None else value + half}
            for at, value in enumerate(values)
        ]
    )


@pytest.mark.parametrize(
    ("values", "trend", "way"),
    [
        ([10.0, 12.0, 15.0, 17.0, 20.0], "increasing", "worse"),
        ([20.0, 17.0, 15.0, 12.0, 10.0], "decreasing", "better"),
        ([10.0, 10.5, 9.8, 10.1, 10.0], "no significant change", ""),
    ],
)
def test_trends_are_those_of_statistics(values: list[float | None], trend: str, way: str) -> None:
    (row,) = trending(yearly([99.0, *values]), RATE).to_pylist()
    expected = recent_trend(*(np.array([[each + shift for each in values if each]]) for shift in (0, -1, 1)))
    assert (row["trend"], row["way"], row["untested"]) == (trend, way, None)
    assert row["chi_squared"] == pytest.approx(float(expected.chi_squared[0]))
    assert (row["from"], row["to"]) == (add_months(FIRST, 12), add_months(FIRST, 72))


@pytest.mark.parametrize("values", [[10.0, 20.0, 30.0], [20.0, 17.0, 15.0, 12.0, None], [None] * 5])
def test_a_trend_that_could_not_be_tested_is_not_no_change(values: list[float | None]) -> None:
    (row,) = trending(yearly(values), RATE).to_pylist()
    assert (row["trend"], row["way"], row["untested"]) == (None, "", "not tested")


def test_the_trend_of_proportions_is_of_counts() -> None:
    rows = [
        {"period_start": add_months(FIRST, 12 * at), "period_end": add_months(FIRST, 12 * at + 12), "value": 10.0 + 5 * at}
        | {"numerator": 100 + 50 * at, "denominator": 1000.0}
        for at in range(5)
    ]
    (row,) = trending(made(rows), SHARE).to_pylist()
    assert row["trend"] == "increasing"


def test_the_trend_of_years_that_overlap_is_refused() -> None:
    rows = [{"period_start": add_months(FIRST, at), "period_end": add_months(FIRST, at + 12)} for at in range(5)]
    with pytest.raises(Refused, match="don't overlap"):
        trending(made(rows), RATE)

"""Measures through the door from counts written by hand: every form, every kind of bad input, every month of a hand-made build."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from joinedup.access.disclosure import Audience
from joinedup.access.measure_results import MeasureResults
from joinedup.access.stamp import Missing, Stamp
from joinedup.errors import Refused
from joinedup.outcomes.measure_definition import STANDARD, MeasureDefinition
from joinedup.outcomes.measure_lines import Line, countable, lines_of
from joinedup.periods import add_months
from joinedup.statistics.averages import median
from joinedup.statistics.rates import rate
from tests.unit.papers.measure_fixtures import definition

FIRST, MONTHS = date(2023, 4, 1), 36
ALL = [add_months(FIRST, at) for at in range(MONTHS)]
NAMES = {("place", "place"): "Fell Side", ("neighbourhood", "north"): "North", ("neighbourhood", "south"): "South"}
KEY = ("line_id", "month", "area_type", "area_id", "breakdown", "group_value")
SCHEMAS = {
    "measure_cell": pa.schema(
        [("line_id", pa.string()), ("month", pa.date32()), *((name, pa.string()) for name in KEY[2:])]
        + [(name, pa.int64()) for name in ("each_amount", "events", "amount", "amount_squares")]
    ),
    "measure_exposure": pa.schema(
        [("line_id", pa.string()), ("month", pa.date32()), *((name, pa.string()) for name in KEY[2:]), ("person_days", pa.int64())]
    ),
    "measure_known": pa.schema(
        [
            ("line_id", pa.string()),
            ("month", pa.date32()),
            ("area_type", pa.string()),
            ("area_id", pa.string()),
            ("known_share", pa.float64()),
        ]
    ),
}
Row = dict[str, Any]
RATE = definition("admissions", title="Admissions", areas=["place", "neighbourhood"], breakdowns=["sex"])
SHARE = definition("shares", title="Shares", form="proportion", per=100, out_of={"event": "admission"}, areas=["place", "neighbourhood"])
WAITS = definition(
    "waits",
    title="Waits",
    form="median",
    out_of=None,
    count={"event": "admission", "amount": "stay_nights"},
    areas=["place", "neighbourhood"],
)


def calendar() -> pa.Table:
    years = [date(month.year - (month.month < 4), 4, 1) for month in ALL]
    ends = [add_months(month, 1) for month in ALL]
    days = [(end - month).days for month, end in zip(ALL, ends, strict=True)]
    return pa.table(
        {"month": pa.array(ALL), "month_end": pa.array(ends), "year_starts": pa.array(years), "days": pa.array(days, pa.int32())}
    )


def stamp(missing: Sequence[str] = ()) -> Stamp:
    lost = tuple(Missing(name, name, "acute", "all") for name in missing)
    return Stamp("fell-side", True, "b1", datetime(2026, 4, 2, tzinfo=UTC), "1", (), lost, "", ())


def opened(
    tables: Mapping[str, list[Row]], *measures: MeasureDefinition, audience: Audience = "internal", missing: Sequence[str] = ()
) -> MeasureResults:
    """The door over these rows; what a row of counts doesn't say is of the place as a whole."""
    made = {name: pa.Table.from_pylist(list(tables.get(name, [])), schema=schema) for name, schema in SCHEMAS.items()}
    made["place_year_month"] = calendar()
    return MeasureResults(
        measures or (RATE, SHARE, WAITS),
        lambda name, where: made[name] if where is None else made[name].filter(where),
        stamp(missing),
        NAMES,
        audience,
    )


def lines(measure: MeasureDefinition) -> tuple[Line, Line | None]:
    found = lines_of(measure, STANDARD, countable())
    assert found is not None
    return found.count, found.out_of


def cell(line: Line, month: date, events: int, area: str = "place", group: str = "all", **more: Any) -> Row:
    """A row of counts."""
    kind = "place" if area == "place" else "neighbourhood"
    breakdown = "all" if group == "all" else "sex"
    amount = {"amount": events, "amount_squares": events} | more
    return dict(zip(KEY, (line.id, month, kind, area, breakdown, group), strict=True)) | {"events": events} | amount


def people(measure: MeasureDefinition, month: date, area: str = "place", group: str = "all", count: int = 1000) -> Row:
    """So many people there for a whole month."""
    line = lines(measure)[1]
    assert line is not None
    made = cell(line, month, 0, area, group)
    return {name: made[name] for name in KEY} | {"person_days": count * (add_months(month, 1) - month).days}


def rated(events: Callable[[int, str], int | None]) -> dict[str, list[Row]]:
    """Counts and people of the rate in every month of north, south and the place; None leaves the row out."""
    count, _ = lines(RATE)
    told = [(at, area, events(at, area)) for at in range(MONTHS) for area in ("north", "south")]
    rows = [cell(count, ALL[at], number, area) for at, area, number in told if number is not None]
    for at in range(MONTHS):
        rows.append(cell(count, ALL[at], sum(number or 0 for when, _, number in told if when == at)))
    exposed = [people(RATE, month, area, count=500) for month in ALL for area in ("north", "south")]
    return {"measure_cell": rows, "measure_exposure": [*exposed, *(people(RATE, month) for month in ALL)]}


def cut(results: MeasureResults, name: str, **of: str) -> list[Row]:
    asked = {"variant": STANDARD, "area_type": "place", "breakdown": "all", "period": "month"} | of
    return list(results.table(results.asked(name, asked)).to_pylist())


@pytest.mark.parametrize("events", [0, 1, 9, 10])
def test_few_events_have_their_exact_limits(events: int) -> None:
    row = cut(opened(rated(lambda at, area: events if area == "north" and at == 0 else None)), "admissions")[0]
    days = 30 / 366
    expected = rate(events, 1000 * days, per=1000, confidence=(0.95, 0.998))
    assert row["events"] == events
    assert row["value"] == pytest.approx(expected.value[0])
    assert [row[name] for name in ("lower", "upper")] == pytest.approx([expected.lower[0, 0], expected.upper[0, 0]])
    assert row["lower998"] <= row["lower"] <= row["value"] <= row["upper"] <= row["upper998"]


def test_a_group_without_people_has_a_reason_and_spoils_no_other() -> None:
    count, _ = lines(RATE)
    tables = {
        "measure_cell": [cell(count, ALL[0], 3, group="1"), cell(count, ALL[0], 2, group="2")],
        "measure_exposure": [people(RATE, ALL[0], group="1")],
    }
    rows = {row["group_value"]: row for row in cut(opened(tables), "admissions", breakdown="sex") if row["period_start"] == ALL[0]}
    assert (rows["2"]["value"], rows["2"]["reason"]) == (None, "zero denominator")
    assert rows["1"]["value"] > 0
    assert rows["1"]["reason"] is None


def test_more_counted_than_there_were_is_told_and_the_rest_goes_on() -> None:
    count, out_of = lines(SHARE)
    assert out_of is not None
    rows = [cell(count, ALL[0], 12), cell(out_of, ALL[0], 10), cell(count, ALL[1], 6), cell(out_of, ALL[1], 10)]
    found = cut(opened({"measure_cell": rows}), "shares")
    assert [(row["value"], row["reason"]) for row in found[:2]] == [(None, "impossible value"), (60.0, None)]
    assert found[2]["reason"] == "zero denominator"


@pytest.mark.parametrize("period", ["month", "quarter", "year", "rolling"])
def test_medians_are_those_of_statistics(period: str) -> None:
    count, _ = lines(WAITS)
    draw = np.random.default_rng(5)
    rows, waits = [], []
    for at, month in enumerate(ALL):
        for amount in (int(each) for each in draw.geometric(0.1, 9)):
            times = int(draw.integers(1, 4))
            rows.append(cell(count, month, times, each_amount=amount, amount=amount * times, amount_squares=amount**2 * times))
            waits += [(at, amount)] * times
    size = {"month": 1, "quarter": 3, "year": 12, "rolling": 12}[period]
    for row in cut(opened({"measure_cell": rows}), "waits", period=period):
        first = ALL.index(row["period_start"])
        inside = [amount for at, amount in waits if first <= at < first + size]
        assert row["value"] == np.median(inside)
        expected = median(inside, [0] * len(inside), 1, (0.95, 0.998))
        for name, limit in (("lower", expected.lower[0, 0]), ("upper998", expected.upper[0, 1])):
            assert row[name] == (None if np.isnan(limit) else limit)


def test_medians_of_fewer_than_six_and_of_none_say_so() -> None:
    count, _ = lines(WAITS)
    rows = [cell(count, ALL[0], 5, each_amount=3), cell(count, ALL[1], 6, each_amount=3)]
    found = cut(opened({"measure_cell": rows}), "waits")
    assert [(row["value"], row["reason"]) for row in found[:3]] == [(None, "too few"), (3.0, None), (None, "no events")]


def test_each_area_is_compared_with_the_place_of_the_same_month() -> None:
    rows = cut(opened(rated(lambda at, area: 60 if (area == "north") == (at == 0) else 20)), "admissions", area_type="neighbourhood")
    told = {(row["area_id"], row["period_start"]): row["comparison"] for row in rows if row["area_type"] == "neighbourhood"}
    assert [told[area, month] for month in ALL[:2] for area in ("north", "south")] == ["higher", "lower", "lower", "higher"]
    assert {row["comparison"] for row in rows if row["area_type"] == "place"} == {None}


def test_the_share_that_is_known_is_the_areas_or_else_the_places() -> None:
    tables = rated(lambda at, area: 20)
    line = lines(RATE)[0].id
    known = [("place", "place", 1, 0.6), ("neighbourhood", "north", 1, 0.9), ("neighbourhood", "north", 2, 0.2)]
    tables["measure_known"] = [
        {"line_id": line, "month": ALL[at], "area_type": kind, "area_id": area, "known_share": share} for kind, area, at, share in known
    ]
    rows = cut(opened(tables), "admissions", area_type="neighbourhood")
    share = {(row["area_id"], ALL.index(row["period_start"])): row["known_share"] for row in rows}
    assert [share["north", at] for at in range(3)] == [1.0, 0.9, 0.2]
    assert [share["south", at] for at in range(3)] == [1.0, 0.6, 1.0]
    (hidden,) = [row for row in rows if row["area_id"] == "north" and row["period_start"] == ALL[2]]
    assert (hidden["value"], hidden["events"], hidden["reason"]) == (None, None, "too little known")


def test_a_missing_extract_leaves_nothing_to_be_read_as_none() -> None:
    needing = RATE.model_copy(update={"needs": {"apc": ()}})
    found = cut(opened(rated(lambda at, area: None), needing, missing=["apc"]), "admissions")
    assert {(row["events"], row["value"], row["reason"]) for row in found} == {(None, None, "source missing")}


def test_months_without_a_row_are_none_counted_and_areas_without_one_are_there() -> None:
    found = cut(opened(rated(lambda at, area: 5 if area == "north" and at == 3 else None)), "admissions", area_type="neighbourhood")
    south = [row for row in found if row["area_id"] == "south"]
    assert len(south) == MONTHS
    assert {(row["events"], row["value"], row["reason"]) for row in south} == {(0, 0.0, None)}


def test_an_average_of_averages_is_refused_with_what_is_declared() -> None:
    results = opened(rated(lambda at, area: 5))
    for wrong in ({"area_type": "ward"}, {"breakdown": "age"}, {"period": "decade"}, {"variant": "other"}):
        with pytest.raises(Refused) as refused:
            cut(results, "admissions", **wrong)
        known = {"area_type": "place, neighbourhood", "breakdown": "all, sex", "period": "month, quarter", "variant": "standard"}
        assert known[next(iter(wrong))] in str(refused.value)
        assert "variant" in wrong or "can't be had by averaging" in str(refused.value)


@pytest.mark.parametrize("form", ["published", "survey"])
def test_values_that_somebody_else_made_are_refused_and_no_empty_table(form: str) -> None:
    with pytest.raises(Refused, match=f"of {form} values, which aren't read yet"):
        cut(opened({}, definition("given", title="Given", form=form, count=None, out_of=None)), "given")

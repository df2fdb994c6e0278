"""Counts of the measures into values with limits, a reason where there is none, and the comparison with the place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.stamp import Stamp
from joinedup.outcomes.definitions import MeasureSpec, Statistic
from joinedup.statistics.estimates import Estimates, Floats, Reason, compared
from joinedup.statistics.rates import rate, rate_of_sum

LATE = timedelta(days=31)
"""A source that ends more than a month before the period does tells of another period. (A rule of ours; 2026.)"""
ENDS_EARLY = "source ends early"
TOO_FEW = "too few"
FOLLOWED = ("measure_id", "area_type", "area_id", "period_start", "period_end", "events", "numerator", "denominator")


def with_values(
    counts: pa.Table, specs: Mapping[str, MeasureSpec], stamp: Stamp, too_few: Collection[tuple[str, str, str]] = ()
) -> pa.Table:
    """The rows of measure_count with title, unit, value, 95% limits, reason and comparison, in the order of `specs`.

    `too_few` are the (measure, area type, area) whose counts are suppressed: that is then the reason.
    """
    parts = [_measure(counts.filter(pc.equal(counts["measure_id"], spec.id)), spec, stamp) for spec in specs.values()]
    made = pa.concat_tables(parts)
    keys = zip(*(made[name].to_pylist() for name in ("measure_id", "area_type", "area_id")), strict=True)
    reasons = [TOO_FEW if key in too_few and why else why for key, why in zip(keys, made["reason"].to_pylist(), strict=True)]
    return made.set_column(made.column_names.index("reason"), "reason", pa.array(reasons, pa.string()))


def _measure(counts: pa.Table, spec: MeasureSpec, stamp: Stamp) -> pa.Table:
    """One measure's rows. Where its source is missing or ends early nothing is known: no row has a count or a value."""
    reason = _source_reason(spec, stamp, counts["period_end"][0].as_py()) if counts.num_rows else None
    if reason is not None:
        nothing = {name: pa.nulls(counts.num_rows, counts.schema.field(name).type) for name in ("events", "numerator", "numerator_squares")}
        counts = pa.table({name: nothing.get(name, counts[name]) for name in counts.column_names})
    found = _estimates(counts, spec)
    return pa.table(
        {name: counts[name] for name in FOLLOWED}
        | {name: _arrow(getattr(found, name)) for name in ("value", "lower", "upper")}
        | {
            "reason": pa.array([why and (reason or str(why)) for why in found.reason], pa.string()),
            "comparison": pa.array(_comparison(counts, found), pa.string()),
            "title": pa.array([spec.title] * counts.num_rows, pa.string()),
            "unit": pa.array([spec.unit] * counts.num_rows, pa.string()),
        }
    )


def _source_reason(spec: MeasureSpec, stamp: Stamp, period_end: date) -> str | None:
    """Why the sources of a measure can't carry it; None when they can."""
    if stamp.missing_contracts & set(spec.contracts):
        return Reason.SOURCE_MISSING
    reaches = [stamp.data_to(contract) for contract in spec.contracts]
    return ENDS_EARLY if any(day is not None and day + LATE < period_end for day in reaches) else None


def _estimates(counts: pa.Table, spec: MeasureSpec) -> Estimates:
    """The values; an area without an event takes from the place how much an event brings."""
    numerator, squares, people = (_numbers(counts, name) for name in ("numerator", "numerator_squares", "denominator"))
    if spec.statistic is Statistic.RATE:
        return rate(numerator, people, per=spec.per)
    place = np.flatnonzero((_kinds(counts) == "place") & (numerator > 0))
    typical = float(squares[place[0]] / numerator[place[0]]) if len(place) else float("nan")
    return rate_of_sum(numerator, squares, people, per=spec.per, typical=typical)


def _comparison(counts: pa.Table, found: Estimates) -> list[str | None]:
    """How each neighbourhood compares with the place; None for every other area."""
    kinds = _kinds(counts)
    place = found.value[kinds == "place"]
    words = compared(found.lower, found.upper, float(place[0]) if len(place) else float("nan"))
    words[kinds != "neighbourhood"] = None
    return list(words)


def _kinds(counts: pa.Table) -> npt.NDArray[np.object_]:
    """What kind of area each row is of."""
    return np.array(counts["area_type"].to_pylist(), dtype=object)


def _numbers(table: pa.Table, name: str) -> Floats:
    """A column as floats, nulls as NaN."""
    return np.asarray(table[name].cast(pa.float64()).to_numpy(), dtype=np.float64)


def _arrow(numbers: Floats) -> pa.Array:
    """Floats as a column, NaN as null."""
    return pa.array(numbers, pa.float64(), mask=np.isnan(numbers))

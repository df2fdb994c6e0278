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

LIST = "register"
"""The contract of registration lists, from which the people of every rate come."""
LATE = timedelta(days=31)
"""A registration list that ends more than a month before the period does tells of other people. (A rule of ours; 2026.)"""
LEAST_KNOWN = 0.5
"""Of an area's people over the year, of whom a measure must be known: of fewer the rest might change it. (A rule of ours; 2026.)"""
ENDS_EARLY = "source ends early"
TOO_FEW = "too few"
TOO_LITTLE = "too little known"
COUNTS = ("events", "numerator", "numerator_squares")
Flags = npt.NDArray[np.bool_]
FOLLOWED = ("measure_id", "area_type", "area_id", "period_start", "period_end", "events", "numerator", "denominator", "registered")


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
    """One measure's rows; those of which too little is known have no count and no value, and neither has any where a source is missing."""
    source = _source_reason(spec, stamp, counts["period_end"][0].as_py()) if counts.num_rows else None
    little = np.full(counts.num_rows, source is not None) | _little_known(counts)
    counts = pa.table({name: _without(counts[name], little) if name in COUNTS else counts[name] for name in counts.column_names})
    found = _estimates(counts, spec)
    said = [source or (TOO_LITTLE if few else why and str(why)) for few, why in zip(little, found.reason, strict=True)]
    return pa.table(
        {name: counts[name] for name in FOLLOWED}
        | {name: _arrow(getattr(found, name)) for name in ("value", "lower", "upper")}
        | {
            "reason": pa.array([say if why else None for say, why in zip(said, found.reason, strict=True)], pa.string()),
            "comparison": pa.array(_comparison(counts, found), pa.string()),
            "title": pa.array([spec.title] * counts.num_rows, pa.string()),
            "unit": pa.array([spec.unit] * counts.num_rows, pa.string()),
        }
    )


def _source_reason(spec: MeasureSpec, stamp: Stamp, period_end: date) -> str | None:
    """Why the sources of a measure can't carry it; None when they can."""
    if spec.lacks(stamp.missing_contracts):
        return Reason.SOURCE_MISSING
    listed_to = stamp.data_to(LIST)
    return ENDS_EARLY if LIST in spec.contracts and listed_to is not None and listed_to + LATE < period_end else None


def _little_known(counts: pa.Table) -> Flags:
    """Of which rows something is known, and of less than half of the area's people."""
    known, people = _numbers(counts, "denominator"), _numbers(counts, "registered")
    there = ~np.isnan(_numbers(counts, "numerator"))
    return np.asarray(there & (people > 0) & (known < LEAST_KNOWN * people), dtype=bool)


def without_unknown(months: pa.Table) -> pa.Table:
    """The rows of area_month without the counts of months of which less than half is known: the rest might change them."""
    little = np.asarray(months["known_share"].to_numpy() < LEAST_KNOWN, dtype=bool)
    return months.set_column(months.column_names.index("activities"), "activities", _without(months["activities"], little))


def _without(column: pa.ChunkedArray, out: Flags) -> pa.ChunkedArray:
    """The column, null in some rows."""
    return pc.if_else(pa.array(out), pa.scalar(None, column.type), column)


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


def with_shares(basis: pa.Table, shares: pa.Table) -> pa.Table:
    """The rows of measure_basis with `share`, the provider's part of the stays of people of that age; null where it isn't told."""
    place = [row for row in shares.to_pylist() if row["area_id"] == "place"]
    usual = {(row["age_from"], row["provider_code"]): row["stays_a_month"] for row in place}
    total = {age: sum(each for (of, _), each in usual.items() if of == age) for age, _ in usual}
    keys = zip(basis["age_from"].to_pylist(), basis["provider_code"].to_pylist(), strict=True)
    made = [usual.get(key, 0.0) / total[key[0]] if total.get(key[0]) else None for key in keys]
    return basis.append_column("share", pa.array(made, pa.float64()))

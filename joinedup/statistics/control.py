"""Limits of XmR control charts (a value and its moving range), over any number of charts at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from joinedup.statistics.estimates import Floats, Reason, Reasons, floats, no_reasons, positive

TO_LIMITS = 2.66
"""Mean moving ranges from the mean to the limits, 3 / 1.128. Source: Wheeler, Understanding Variation (1993)."""
TO_RANGE_LIMIT = 3.267
"""Mean moving ranges to the upper limit of a moving range. Source: Wheeler, Understanding Variation (1993)."""


@dataclass(frozen=True, slots=True)
class ControlLimits:
    """For each chart (row) and point (column) the limits that hold there; NaN and a reason where there are none."""

    mean: Floats
    lower: Floats
    upper: Floats
    moving_range: Floats
    """How far a point lies from the one before; NaN for the first of a segment and beside a missing point."""
    range_limit: Floats
    segment: npt.NDArray[np.int64]
    """Which segment a point belongs to, from 0; a new one begins where the chart is rebased."""
    reason: Reasons


def xmr(
    values: npt.ArrayLike,
    *,
    rebased: npt.ArrayLike | None = None,
    baseline: int | None = None,
    screened: bool = False,
    minimum: int = 2,
) -> ControlLimits:
    """The mean and the limits of each chart: mean ± 2.66 mean moving ranges. Charts are rows, points in order of time columns.

    A missing value (NaN) stays where it is: it has no moving range, nor has the point after it. `rebased` is true at the points where
    limits begin anew (one row for all charts, or a row for each); `baseline` takes the limits of a segment from its first so many known
    points and holds them; `screened` leaves out, once, moving ranges above 3.267 times their mean. A constant series has limits equal to
    its mean. A segment of fewer than `minimum` known points, or without a moving range, has none and the reason 'too few'; one without
    any 'source missing'. Source: Wheeler, Understanding Variation (1993); the guides of Making Data Count (2019-2024).
    """
    numbers = np.atleast_2d(floats(values))
    charts, points = numbers.shape
    if baseline is not None and baseline < max(minimum, 1):
        raise ValueError(f"a baseline has at least as many points as limits need, {max(minimum, 1)}: found {baseline}")
    starts = np.zeros(numbers.shape, dtype=bool) if rebased is None else _starts(rebased, numbers.shape)
    segment = np.cumsum(np.where(np.arange(points) > 0, starts, False), axis=1)
    cell = segment + np.arange(charts)[:, None] * points
    known = np.isfinite(numbers)
    used = known if baseline is None else known & (_place_within(known, cell) < baseline)
    shown = np.where(known, numbers, 0.0)
    low = np.full(charts * points, np.inf)
    np.minimum.at(low, cell[used], shown[used])
    low = np.where(np.isfinite(low), low, 0.0)
    mean = low + _mean((shown - low[cell]), used, cell)
    moving = _moving_range(numbers, segment)
    counted = used & np.isfinite(moving)
    counted[:, 1:] &= used[:, :-1]
    average = _mean(np.nan_to_num(moving), counted, cell)
    if screened:
        average = _mean(np.nan_to_num(moving), counted & (moving <= TO_RANGE_LIMIT * average[cell]), cell)
    why = _reasons(known, used, average, cell, minimum)
    there = why == None  # noqa: E711 - compared element by element
    middle, spread = (np.where(there, each[cell], np.nan) for each in (mean, average))
    limits = [middle + side * TO_LIMITS * spread for side in (-1, 1)]
    return ControlLimits(middle, limits[0], limits[1], moving, TO_RANGE_LIMIT * spread, segment, why)


def _starts(rebased: npt.ArrayLike, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """At which points limits begin anew."""
    given = np.asarray(rebased, dtype=bool)
    if given.shape not in (shape[1:], shape):
        raise ValueError(f"rebased has a word a point, one row or one a chart: found {given.shape} beside {shape} charts and points")
    return np.broadcast_to(given, shape)


def _place_within(known: npt.NDArray[np.bool_], cell: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many known points of the same segment come before each point."""
    before: npt.NDArray[np.int64] = np.cumsum(known, axis=1) - known
    first = np.zeros(cell.shape, dtype=bool)
    first[:, 0] = True
    first[:, 1:] = cell[:, 1:] != cell[:, :-1]
    at_start = np.maximum.accumulate(np.where(first, before, 0), axis=1)
    return np.asarray(before - at_start, dtype=np.int64)


def _moving_range(numbers: Floats, segment: npt.NDArray[np.int64]) -> Floats:
    """|value - value before| within a segment."""
    moving = np.full(numbers.shape, np.nan)
    moving[:, 1:] = np.where(segment[:, 1:] == segment[:, :-1], np.abs(np.diff(numbers, axis=1)), np.nan)
    return np.where(np.isfinite(moving), moving, np.nan)


def _mean(numbers: Floats, used: npt.NDArray[np.bool_], cell: npt.NDArray[np.int64]) -> Floats:
    """The mean of the used numbers of each cell; NaN for a cell without."""
    count = np.bincount(cell[used], minlength=cell.size).astype(np.float64)
    return np.bincount(cell[used], numbers[used], cell.size) / positive(count)


def _reasons(
    known: npt.NDArray[np.bool_], used: npt.NDArray[np.bool_], average: Floats, cell: npt.NDArray[np.int64], minimum: int
) -> Reasons:
    """Why a point has no limits."""
    count = np.bincount(cell[known], minlength=cell.size)[cell]
    baseline = np.bincount(cell[used], minlength=cell.size)[cell]
    why = no_reasons(cell.shape)
    why[np.isnan(average[cell]) | (baseline < minimum)] = Reason.TOO_FEW
    why[count == 0] = Reason.SOURCE_MISSING
    return why

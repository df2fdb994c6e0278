"""Means and quantiles of each group with limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from joinedup.statistics.distributions import binomial_up_to, t_quantile
from joinedup.statistics.estimates import (
    Confidence,
    Estimates,
    Floats,
    Reason,
    estimates,
    floats,
    free,
    no_reasons,
    per_level,
    positive,
    tails,
)

Whole = npt.NDArray[np.int64]


def mean(total: npt.ArrayLike, squares: npt.ArrayLike, count: npt.ArrayLike, confidence: Confidence = 0.95) -> Estimates:
    """The mean of each group by its sum, its sum of squares and its count, with limits by Student's t; 'too few' below two values.

    m ± t s / √n with n - 1 degrees of freedom, s² = (squares - total² / n) / (n - 1). Source: Public Health England, technical guide
    Confidence intervals (2018), means; Armitage and Berry, Statistical Methods in Medical Research (2002), 4.3.
    """
    amount, spread, n = np.broadcast_arrays(floats(total), floats(squares), floats(count))
    many = np.where(n >= 2, n, np.nan)
    average = amount / many
    left = spread - amount * average
    variance = np.where(left >= -1e-9 * np.abs(spread), np.maximum(left, 0), np.nan) / (many - 1)
    return _by_t(average, np.sqrt(variance / many), n, [amount, spread], confidence)


def mean_of(values: npt.ArrayLike, group: npt.ArrayLike, groups: int, confidence: Confidence = 0.95) -> Estimates:
    """The mean of the values of each group, numbered from 0 below `groups`, as `mean` does; values that are NaN count for nothing.

    The squares are of distances from the group's mean, so that large numbers with a small spread lose nothing.
    """
    known, of = _known(values, group, groups)
    n = np.bincount(of, minlength=groups).astype(np.float64)
    average = np.bincount(of, known, groups) / positive(n)
    squares = np.bincount(of, (known - average[of]) ** 2, groups)
    many = np.where(n >= 2, n, np.nan)
    return _by_t(average, np.sqrt(squares / (many - 1) / many), n, [], confidence)


def _by_t(average: Floats, error: Floats, n: Floats, given: list[Floats], confidence: Confidence) -> Estimates:
    """Means with their standard errors and counts into estimates."""
    t = t_quantile(per_level(np.where(n >= 2, n, 2.0) - 1, confidence), tails(confidence))
    half = t * per_level(error, confidence)
    why = no_reasons(n.shape)
    why[(n >= 0) & (n < 2)] = Reason.TOO_FEW
    why[n == 0] = Reason.ZERO_DENOMINATOR
    why[(n < 0) | (free(why) & np.isnan(error))] = Reason.IMPOSSIBLE
    why[np.isnan(n) | np.any([np.isnan(each) for each in given], axis=0)] = Reason.SOURCE_MISSING
    middle = per_level(average, confidence)
    return estimates(average, middle - half, middle + half, why)


def median(
    values: npt.ArrayLike, group: npt.ArrayLike, groups: int, confidence: Confidence = 0.95, *, counts: npt.ArrayLike | None = None
) -> Estimates:
    """The median of the values of each group with distribution-free limits: `quantile` at a half."""
    return quantile(values, group, groups, at=0.5, counts=counts, confidence=confidence)


def quantile(  # noqa: PLR0913 - keyword-only where it isn't plain
    values: npt.ArrayLike,
    group: npt.ArrayLike,
    groups: int,
    *,
    at: float,
    counts: npt.ArrayLike | None = None,
    confidence: Confidence = 0.95,
) -> Estimates:
    """The quantile of the values of each group, numbered from 0 below `groups`, with limits that assume nothing of how values spread.

    The quantile lies between the neighbouring values around place (n - 1) q (Hyndman and Fan, American Statistician 50 (1996), type 7;
    the median is the middle value, or the mean of the two). The limits are the l-th and u-th smallest values: l the largest number
    with P(B < l) ≤ (1 - confidence) / 2, u the smallest with P(B < u) ≥ (1 + confidence) / 2, B binomial (n, q). Source: Conover,
    Practical Nonparametric Statistics (1999), 3.2. Where so few values have no such l and u, that level has no limits; where the
    lowest level has none, the reason is 'too few' (fewer than six values for a median at 95%). Values that are NaN count for nothing.
    `counts` are whole numbers: how often each value occurs, once unless said.
    """
    if not 0 < at < 1:
        raise ValueError(f"a quantile lies between 0 and 1, such as 0.5: found {at}")
    ordered, n = _ordered(values, group, groups, counts)
    start = np.cumsum(n) - n
    place = (n - 1) * at
    below, above = (_at(ordered, start, n, side(place).astype(np.int64)) for side in (np.floor, np.ceil))
    value = below + (above - below) * (place - np.floor(place))
    low, high = _ranks(n, at, confidence)
    first, count = per_level(start, confidence), per_level(n, confidence)
    lower, upper = _at(ordered, first, count, low - 1), _at(ordered, first, count, high - 1)
    both = np.isfinite(lower) & np.isfinite(upper)
    lower, upper = (np.where(both, each, np.nan) for each in (lower, upper))
    why = no_reasons(n.shape)
    why[~(both.any(axis=-1) if np.ndim(confidence) else both)] = Reason.TOO_FEW
    why[n == 0] = Reason.ZERO_DENOMINATOR
    return estimates(value, lower, upper, why)


def _known(values: npt.ArrayLike, group: npt.ArrayLike, groups: int) -> tuple[Floats, Whole]:
    """The values that are known, and the group of each; ValueError for a group that isn't there."""
    numbers, of = floats(values), np.atleast_1d(np.asarray(group))
    if of.size and (of.dtype.kind not in "iuf" or (of != np.floor(of)).any()):
        raise ValueError(f"groups are whole numbers from 0 on: found {of.dtype}; numpy.unique(names, return_inverse=True) numbers names")
    of = of.astype(np.int64)
    if numbers.shape != of.shape:
        raise ValueError(f"each value has one group: found {numbers.shape} values and {of.shape} groups")
    if of.size and not 0 <= of.min() <= of.max() < groups:
        raise ValueError(f"groups are numbered from 0 to {groups - 1}: found {of.min()} to {of.max()}")
    there = ~np.isnan(numbers)
    return numbers[there], of[there]


@dataclass(frozen=True, slots=True)
class _Ordered:
    """Values by group and size, and how many there are up to each and it; None where each stands for one."""

    values: Floats
    up_to: Whole | None


def _ordered(values: npt.ArrayLike, group: npt.ArrayLike, groups: int, counts: npt.ArrayLike | None) -> tuple[_Ordered, Whole]:
    """The values in order, and how many each group has."""
    if counts is None:
        known, of = _known(values, group, groups)
        return _Ordered(known[np.lexsort((known, of))], None), np.bincount(of, minlength=groups)
    often = floats(counts)
    if often.shape != floats(values).shape or not ((often >= 0) & (often == np.floor(often)) & np.isfinite(often)).all():
        raise ValueError("counts say how often each value occurs: one whole number for each, none below 0")
    times = often.astype(np.int64)
    known, of = _known(np.where(times > 0, floats(values), np.nan), group, groups)
    times = times[(times > 0) & ~np.isnan(floats(values))]
    order = np.lexsort((known, of))
    n = np.bincount(of, times, groups).astype(np.int64)
    return _Ordered(known[order], np.cumsum(times[order])), n


def _at(ordered: _Ordered, start: Whole, n: Whole, place: Whole) -> Floats:
    """The value at a place of each group, counted from 0; NaN where the group has no such place."""
    there = (place >= 0) & (place < n)
    if not ordered.values.size:
        return np.full(there.shape, np.nan)
    index = np.where(there, start + place, 0)
    if ordered.up_to is not None:
        index = np.searchsorted(ordered.up_to, index, side="right")
    return np.where(there, ordered.values[index], np.nan)


def _ranks(n: Whole, at: float, confidence: Confidence) -> tuple[Whole, Whole]:
    """The ranks of the limits, from 1; 0 or n + 1 where there is none. Worked out once for each size that occurs."""
    sizes, which = np.unique(n, return_inverse=True)
    size, tail = per_level(sizes, confidence), tails(confidence)
    low = _binomial_quantile(size, at, tail)
    high = _binomial_quantile(size, at, 1 - tail) + 1
    exact = (low < size) & np.isclose(binomial_up_to(low.astype(np.float64), size, at), tail, rtol=1e-12, atol=0)
    return (low + exact)[which], high[which]


def _binomial_quantile(n: Whole, p: float, chance: Floats) -> Whole:
    """The smallest k that a binomial number (n, p) is at or below with at least this chance, by halving."""
    low, high = np.broadcast_arrays(np.zeros_like(n), n + 0 * chance)
    low, high = low.astype(np.int64), high.astype(np.int64)
    while (low < high).any():
        middle = (low + high) // 2
        enough = binomial_up_to(middle.astype(np.float64), n, p) >= chance
        low, high = np.where(enough, low, middle + 1), np.where(enough, middle, high)
        high = np.maximum(low, high)
    return low

"""Limits for counts, and for sums of amounts that come in independent events."""

from __future__ import annotations

from functools import cache
from math import factorial

import numpy as np
import numpy.typing as npt

from joinedup.statistics.estimates import Confidence, Floats, floats, normal_quantiles, per_level

EXACT_BELOW = 10
"""Counts under ten have exact limits, as in Public Health England, technical guide Confidence intervals (2018)."""


def byar_limits(count: npt.ArrayLike, confidence: Confidence = 0.95) -> tuple[Floats, Floats]:
    """Lower and upper limits of a Poisson count by Byar's method, which also takes counts that are not whole.

    O (1 - 1/(9 O) - z/(3 √O))³ and (O + 1) (1 - 1/(9 (O + 1)) + z/(3 √(O + 1)))³. Source: Breslow and Day, Statistical Methods
    in Cancer Research II (1987), page 69. The lower limit of 0 is 0.
    """
    z = normal_quantiles(confidence)
    observed = per_level(floats(count), confidence)
    some = np.where(observed > 0, observed, np.nan)
    lower = some * np.maximum(1 - 1 / (9 * some) - z / (3 * np.sqrt(some)), 0) ** 3
    above = np.where(observed >= 0, observed, np.nan) + 1
    upper = above * (1 - 1 / (9 * above) + z / (3 * np.sqrt(above))) ** 3
    return np.where(observed == 0, 0.0, lower), upper


def poisson_limits(count: npt.ArrayLike, confidence: Confidence = 0.95) -> tuple[Floats, Floats]:
    """Lower and upper limits of a Poisson count: exact for whole counts below ten, Byar's for others."""
    observed = floats(count)
    lower, upper = byar_limits(observed, confidence)
    few = (observed >= 0) & (observed < EXACT_BELOW) & (observed == np.floor(observed))
    row = np.where(few, observed, 0).astype(np.int64)
    levels = np.asarray(confidence, dtype=np.float64).ravel()
    exact = [
        np.moveaxis(np.stack(each)[:, row], 0, -1) for each in zip(*(exact_limits_below_ten(float(level)) for level in levels), strict=True)
    ]
    exact_there = per_level(np.asarray(few), confidence)
    below, above = (limits if np.ndim(confidence) else limits[..., 0] for limits in exact)
    return np.where(exact_there, below, lower), np.where(exact_there, above, upper)


@cache
def exact_limits_below_ten(confidence: float) -> tuple[Floats, Floats]:
    """The exact lower and upper limits of the counts 0 to 9, in this order.

    The lower limit is the mean under which a count this high or higher has the chance (1 - confidence) / 2, the upper that
    under which one this low or lower has it. Source: Garwood, Biometrika 28 (1936). Found by halving.
    """
    tail = (1 - confidence) / 2
    counts = np.arange(EXACT_BELOW)
    lower = _mean_where(counts - 1, 1 - tail)
    return np.where(counts == 0, 0.0, lower), _mean_where(counts, tail)


def _mean_where(count: npt.NDArray[np.int64], chance: float) -> Floats:
    """The mean under which a Poisson number is `count` or lower with this chance."""
    low: Floats = np.zeros(len(count))
    high: Floats = np.full(len(count), 100.0)
    for _ in range(100):
        middle = (low + high) / 2
        too_likely = _chance_up_to(count, middle) > chance
        low, high = np.where(too_likely, middle, low), np.where(too_likely, high, middle)
    return low


def _chance_up_to(count: npt.NDArray[np.int64], mean: Floats) -> Floats:
    """The chance that a Poisson number with this mean is `count` or lower, for counts below ten."""
    numbers = np.arange(EXACT_BELOW)
    terms = mean[:, None] ** numbers / np.array([factorial(n) for n in numbers], dtype=np.float64)
    below: Floats = np.where(numbers <= count[:, None], terms, 0).sum(axis=1) * np.exp(-mean)
    return below


def sum_limits(total: npt.ArrayLike, squares: npt.ArrayLike, confidence: Confidence = 0.95) -> tuple[Floats, Floats]:
    """Lower and upper limits of a sum of amounts, one amount per independent event; NaN for a sum of zero.

    The number of events is taken as Poisson and the amounts as they come, so the variance of the sum is the sum of the squared
    amounts Q. A Poisson count of n = S²/Q, each worth S/n, has the mean S and the variance Q: Byar's limits of n, times S/n. With
    equal amounts this is Byar's method itself. Source: Bohm and Zech, Statistics of weighted Poisson events, Nuclear Instruments
    and Methods A 748 (2014), the scaled Poisson distribution. Amounts of one event (the days of one stay) belong together: added up, they
    are one amount.
    """
    amount, spread = floats(total), floats(squares)
    some = (amount > 0) & (spread > 0)
    events = np.where(some, amount, np.nan) ** 2 / np.where(some, spread, np.nan)
    lower, upper = byar_limits(events, confidence)
    each = per_level(np.where(some, amount, np.nan) / events, confidence)
    return lower * each, upper * each

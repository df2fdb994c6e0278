"""Rates and proportions with limits, over arrays of groups: a group that can't be computed has a reason and spoils no other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from joinedup.statistics.estimates import (
    Confidence,
    Estimates,
    Reason,
    estimates,
    floats,
    free,
    multiplier,
    normal_quantiles,
    per_level,
    positive,
    reasons,
)
from joinedup.statistics.poisson import poisson_limits, sum_limits


def rate(count: npt.ArrayLike, denominator: npt.ArrayLike, per: float = 1.0, confidence: Confidence = 0.95) -> Estimates:
    """Events per `per` of the denominator, with Poisson limits (exact below ten events, Byar's from ten on).

    A count of zero is a rate of zero with an upper limit. Source: Public Health England, technical guide Confidence intervals (2018).
    """
    events, people = np.broadcast_arrays(floats(count), floats(denominator))
    lower, upper = poisson_limits(events, confidence)
    scale = multiplier(per) / positive(people)
    wide = per_level(scale, confidence)
    return estimates(events * scale, lower * wide, upper * wide, reasons(events, people))


def rate_of_sum(  # noqa: PLR0913 - keyword-only where it isn't plain
    total: npt.ArrayLike,
    squares: npt.ArrayLike,
    denominator: npt.ArrayLike,
    *,
    per: float = 1.0,
    typical: npt.ArrayLike = float("nan"),
    confidence: Confidence = 0.95,
) -> Estimates:
    """A sum of amounts (days, pounds) per `per` of the denominator, with the limits of sum_limits.

    `squares` is the sum of the squared amounts, one amount per independent event. A sum of zero is a rate of zero whose upper limit is
    that of a count of zero, each event being worth the `typical` amount (of all groups together: squares over total; one number, or
    one a group); when nobody knows one, it has no value and the reason 'no events'.
    """
    amount, spread, people = np.broadcast_arrays(floats(total), floats(squares), floats(denominator))
    lower, upper = sum_limits(amount, spread, confidence)
    none = amount == 0
    wide = per_level(none, confidence)
    brings = np.broadcast_to(floats(typical), amount.shape)
    lower, upper = np.where(wide, 0.0, lower), np.where(wide, poisson_limits(0, confidence)[1] * per_level(brings, confidence), upper)
    why = reasons(amount, people)
    clear = free(why)
    why[clear & none & np.isnan(brings)] = Reason.NO_EVENTS
    why[clear & (amount > 0) & ~(spread > 0)] = Reason.IMPOSSIBLE
    scale = multiplier(per) / positive(people)
    wide = per_level(scale, confidence)
    return estimates(amount * scale, lower * wide, upper * wide, why)


def wilson(count: npt.ArrayLike, denominator: npt.ArrayLike, per: float = 1.0, confidence: Confidence = 0.95) -> Estimates:
    """A proportion times `per` (100 for per cent) with Wilson's score limits.

    (2 n p + z² ± z √(z² + 4 n p q)) / (2 (n + z²)). Source: Wilson, Journal of the American Statistical Association 22 (1927), as
    written by Newcombe, Statistics in Medicine 17 (1998), method 3.
    """
    z, per = normal_quantiles(confidence), multiplier(per)
    yes, all_of_them = np.broadcast_arrays(floats(count), floats(denominator))
    why = reasons(yes, all_of_them)
    why[free(why) & (yes > all_of_them)] = Reason.IMPOSSIBLE
    n = positive(all_of_them)
    share = yes / n
    yes, n, p = (per_level(each, confidence) for each in (yes, n, share))
    half = z * np.sqrt(np.maximum(z**2 + 4 * yes * (1 - p), 0))
    low = np.clip((2 * yes + z**2 - half) / (2 * (n + z**2)), 0, p)
    high = np.clip((2 * yes + z**2 + half) / (2 * (n + z**2)), p, 1)
    return estimates(share * per, low * per, high * per, why)

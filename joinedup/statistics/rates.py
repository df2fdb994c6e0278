"""Rates and proportions with limits, over arrays of groups: a group that can't be computed has a reason and spoils no other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from joinedup.statistics.estimates import Estimates, Floats, Reason, estimates, floats, normal_quantile, reasons
from joinedup.statistics.poisson import poisson_limits, sum_limits


def rate(count: npt.ArrayLike, denominator: npt.ArrayLike, per: float = 1.0, confidence: float = 0.95) -> Estimates:
    """Events per `per` of the denominator, with Poisson limits (exact below ten events, Byar's from ten on).

    A count of zero is a rate of zero with an upper limit. Source: Public Health England, technical guide Confidence intervals (2018).
    """
    events, people = np.broadcast_arrays(floats(count), floats(denominator))
    lower, upper = poisson_limits(events, confidence)
    scale = per / _positive(people)
    return estimates(events * scale, lower * scale, upper * scale, reasons(events, people))


def rate_of_sum(  # noqa: PLR0913 - keyword-only where it isn't plain
    total: npt.ArrayLike,
    squares: npt.ArrayLike,
    denominator: npt.ArrayLike,
    *,
    per: float = 1.0,
    typical: float = float("nan"),
    confidence: float = 0.95,
) -> Estimates:
    """A sum of amounts (days, pounds) per `per` of the denominator, with the limits of sum_limits.

    `squares` is the sum of the squared amounts, one amount per independent event. A sum of zero is a rate of zero whose upper limit is that
    of a count of zero, each event being worth the `typical` amount (of all groups together: squares over total); when nobody knows
    one, it has no value and the reason 'no events'.
    """
    amount, spread, people = np.broadcast_arrays(floats(total), floats(squares), floats(denominator))
    lower, upper = sum_limits(amount, spread, confidence)
    none = amount == 0
    lower, upper = np.where(none, 0.0, lower), np.where(none, poisson_limits(0, confidence)[1] * typical, upper)
    why = reasons(amount, people)
    free = why == None  # noqa: E711 - compared element by element
    why[free & none & np.isnan(upper)] = Reason.NO_EVENTS
    why[free & (amount > 0) & ~(spread > 0)] = Reason.IMPOSSIBLE
    scale = per / _positive(people)
    return estimates(amount * scale, lower * scale, upper * scale, why)


def wilson(count: npt.ArrayLike, denominator: npt.ArrayLike, per: float = 1.0, confidence: float = 0.95) -> Estimates:
    """A proportion times `per` (100 for per cent) with Wilson's score limits.

    (2 n p + z² ± z √(z² + 4 n p q)) / (2 (n + z²)). Source: Wilson, Journal of the American Statistical Association 22 (1927), as
    written by Newcombe, Statistics in Medicine 17 (1998), method 3.
    """
    z = normal_quantile(confidence)
    yes, all_of_them = np.broadcast_arrays(floats(count), floats(denominator))
    why = reasons(yes, all_of_them)
    why[(why == None) & (yes > all_of_them)] = Reason.IMPOSSIBLE  # noqa: E711 - compared element by element
    n = _positive(all_of_them)
    share = yes / n
    half = z * np.sqrt(np.maximum(z**2 + 4 * yes * (1 - share), 0))
    low = np.clip((2 * yes + z**2 - half) / (2 * (n + z**2)), 0, share)
    high = np.clip((2 * yes + z**2 + half) / (2 * (n + z**2)), share, 1)
    return estimates(share * per, low * per, high * per, why)


def _positive(denominator: Floats) -> Floats:
    """The denominator where it can be divided by, NaN elsewhere."""
    return np.where(denominator > 0, denominator, np.nan)

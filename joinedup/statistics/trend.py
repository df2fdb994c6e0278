"""Whether the most recent points rise or fall by more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from joinedup.statistics.estimates import Floats, Reason, Reasons, floats, free, no_reasons, normal_quantile, positive

SIGNIFICANT = 9.54953570608324
"""The chi-squared of one degree of freedom that chance exceeds once in 500 times (99.8%)."""
SAME_DIRECTION = 1e-12
"""Of the slope, what a slope without one point must exceed to have a direction: less is rounding."""
POINTS = 5
RISES, FALLS, LEVEL = "increasing", "decreasing", "no significant change"
Kind = Literal["increasing", "decreasing", "no significant change"]


@dataclass(frozen=True, slots=True)
class Trend:
    """One answer per series: RISES, FALLS or LEVEL, or None and the reason why nothing was tested."""

    direction: npt.NDArray[np.object_]
    chi_squared: Floats
    slope: Floats
    """Per step from one point to the next; of proportions, the slope of the straight line through them."""
    reason: Reasons


def recent_trend(
    value: npt.ArrayLike, lower: npt.ArrayLike, upper: npt.ArrayLike, *, confidence: float = 0.95, points: int = POINTS
) -> Trend:
    """The trend of the last five points of each series, points being the last axis in order of time, from values with limits.

    A line fitted by least squares weighted by 1 / SE², SE = (upper - lower) / 2 z; chi-squared = (slope / its SE)². It rises or falls
    when that exceeds 9.55 (99.8%) and keeps its direction whichever one point is left out. Source: Office for Health Improvement and
    Disparities, Public health technical guidance, Fingertips trend markers (2025): for years that don't overlap.

    A point that is missing or without limits, and fewer than five points, are 'not tested', never no change.
    """
    y, low, high = (each[..., -points:] for each in np.broadcast_arrays(floats(value), floats(lower), floats(upper)))
    error = (high - low) / (2 * normal_quantile(confidence))
    return _judged(y, 1 / positive(error) ** 2, _reasons(y, error, points))


def recent_trend_of_proportions(count: npt.ArrayLike, denominator: npt.ArrayLike, *, points: int = POINTS) -> Trend:
    """The trend of the last five proportions of each series, by the chi-squared test for trend of counts out of denominators.

    N (N Σ y t - Y Σ n t)² / (Y (N - Y) (N Σ n t² - (Σ n t)²)), y out of n at time t, Y and N their sums. Source: Armitage, Biometrics 11
    (1955), 375-386; it is the score test of the slope of a logistic regression. Level, points and outliers as in recent_trend.
    Nobody or everybody at every point is 'not tested'.
    """
    yes, of = (each[..., -points:] for each in np.broadcast_arrays(floats(count), floats(denominator)))
    why = _reasons(yes, of, points)
    share = yes.sum(axis=-1) / positive(of.sum(axis=-1))
    why[free(why) & ((share == 0) | (share == 1))] = Reason.NOT_TESTED
    why[((yes > of) & (of > 0) | (yes < 0)).any(axis=-1)] = Reason.IMPOSSIBLE
    each = share * (1 - share)
    return _judged(yes / positive(of), of / positive(each)[..., None], why)


def _reasons(first: Floats, second: Floats, points: int) -> Reasons:
    """'not tested' where a point is missing or there are too few."""
    why = no_reasons(first.shape[:-1])
    known = np.isfinite(first) & (second > 0) & np.isfinite(second)
    why[~known.all(axis=-1) | (first.shape[-1] < points)] = Reason.NOT_TESTED
    return why


def _judged(y: Floats, weight: Floats, why: Reasons) -> Trend:
    """Which way the weighted line goes, and whether for certain."""
    slope, chi_squared = _slope(y, weight)
    steady = np.ones(slope.shape, dtype=bool)
    for left_out in range(y.shape[-1]):
        kept = np.arange(y.shape[-1]) != left_out
        steady &= _slope(y, weight * kept)[0] * np.sign(slope) > SAME_DIRECTION * np.abs(slope)
    sure = steady & (chi_squared > SIGNIFICANT)
    direction = np.where(sure, np.where(slope > 0, RISES, FALLS), LEVEL).astype(object)
    direction[~free(why)] = None
    told = [np.where(free(why), each, np.nan) for each in (slope, chi_squared)]
    return Trend(direction, told[1], told[0], why)


def _slope(y: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """The slope of the weighted line through the points, one step apart, and its chi-squared."""
    at = np.arange(y.shape[-1], dtype=np.float64)
    whole = positive(weight.sum(axis=-1))[..., None]
    away = at - (weight * at).sum(axis=-1, keepdims=True) / whole
    spread = positive((weight * away**2).sum(axis=-1))
    slope = (weight * away * (y - y[..., :1])).sum(axis=-1) / spread
    return slope, slope**2 * spread

"""How much a value changes from the most to the least deprived end of a population: slope and relative index of inequality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from joinedup.statistics.distributions import t_quantile
from joinedup.statistics.estimates import (
    Confidence,
    Estimates,
    Floats,
    Reason,
    Reasons,
    estimates,
    floats,
    free,
    no_reasons,
    normal_quantiles,
    per_level,
    positive,
    tails,
)


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line for each population: its value at rank 0, its slope to rank 1, and how sure both are."""

    intercept: Floats
    slope: Floats
    intercept_variance: Floats
    slope_variance: Floats
    covariance: Floats
    reason: Reasons
    freedom: int | None
    """The degrees of freedom of the residuals; None where the standard errors of the values were given."""


def slope_index(
    value: npt.ArrayLike, population: npt.ArrayLike, error: npt.ArrayLike | None = None, *, log: bool = False, confidence: Confidence = 0.95
) -> Estimates:
    """The slope index of inequality: the difference of the fitted value between rank 1 and rank 0; the last axis is the groups in order.

    Each group stands at the middle of its share of the population (ridit), from the first, at rank 0, to the last, at rank 1; the line is
    fitted by least squares weighted by population. Groups are ordered from most to least deprived, so a value that falls with advantage
    has a negative slope. With the standard errors `error` of the values the limits are slope ± z SE, the variance being that of the
    weighted sum of values that the slope is; without, slope ± t SE of the residuals. `log` fits the logarithm: exp(a + b) - exp(a), with
    limits by the delta method. Source: Public Health England, technical guide Slope index of inequality; Pamuk, Population
    Studies 39 (1985), 17-31.
    """
    line = fitted(value, population, error, log=log)
    if not log:
        return _around(line.slope, line.slope_variance, line, confidence)
    top, bottom = np.exp(line.intercept + line.slope), np.exp(line.intercept)
    gap = top - bottom
    variance = gap**2 * line.intercept_variance + top**2 * line.slope_variance + 2 * gap * top * line.covariance
    return _around(gap, variance, line, confidence)


def relative_index(
    value: npt.ArrayLike, population: npt.ArrayLike, error: npt.ArrayLike | None = None, *, log: bool = False, confidence: Confidence = 0.95
) -> Estimates:
    """The relative index of inequality: the fitted value at rank 1 over that at rank 0, (a + b) / a; the last axis is the groups in order.

    The line is that of slope_index. Limits by Fieller's theorem; with `log`, exp(b) and exp(b ± z SE). A fitted value at rank 0 that
    isn't above zero is 'impossible value'; one that can't be told from zero at some level leaves the ratio without limits: 'too few'.
    Source: Mackenbach and Kunst, Social Science and Medicine 44 (1997), 757-771 (RII as the ratio of both ends); Fieller, Journal of
    the Royal Statistical Society B 16 (1954), 175-185.
    """
    line = fitted(value, population, error, log=log)
    if log:
        found = _around(line.slope, line.slope_variance, line, confidence)
        return Estimates(np.exp(found.value), np.exp(found.lower), np.exp(found.upper), found.reason)
    top, bottom = line.intercept + line.slope, line.intercept
    top_variance = line.intercept_variance + line.slope_variance + 2 * line.covariance
    both = line.intercept_variance + line.covariance
    z = _multiple(line, confidence)
    t, b, tv, bv, c = (per_level(each, confidence) for each in (top, bottom, top_variance, line.intercept_variance, both))
    flat = b**2 - z**2 * bv
    root = np.sqrt(np.maximum((t * b - z**2 * c) ** 2 - flat * (t**2 - z**2 * tv), 0))
    firm = np.where(flat > 0, flat, np.nan)
    lower, upper = ((t * b - z**2 * c + sign * root) / firm for sign in (-1, 1))
    why = line.reason.copy()
    loose = np.isnan(firm)
    why[free(why) & (loose.any(axis=-1) if np.ndim(confidence) else loose)] = Reason.TOO_FEW
    why[free(line.reason) & ~(bottom > 0)] = Reason.IMPOSSIBLE
    return estimates(top / positive(bottom), lower, upper, why)


def fitted(value: npt.ArrayLike, population: npt.ArrayLike, error: npt.ArrayLike | None, *, log: bool) -> Line:
    """The line through the values by the ridits of the population, weighted by population; reasons where it can't be drawn."""
    values, people = np.broadcast_arrays(floats(value), floats(population))
    why = _reasons(values, people, error, log=log)
    share = people / positive(people.sum(axis=-1, keepdims=True))
    rank = np.cumsum(share, axis=-1) - share / 2
    errors = None if error is None else floats(error)
    if log:
        errors = None if errors is None else errors / positive(values)
        values = np.log(positive(values))
    middle = (share * rank).sum(axis=-1, keepdims=True)
    spread = (share * (rank - middle) ** 2).sum(axis=-1)
    of_slope = share * (rank - middle) / positive(spread)[..., None]
    of_intercept = share - of_slope * middle
    first = values[..., :1]
    slope, intercept = (of_slope * (values - first)).sum(axis=-1), (of_intercept * (values - first)).sum(axis=-1) + first[..., 0]
    if errors is not None:
        parts = [(left * right * errors**2).sum(axis=-1) for left, right in _pairs(of_intercept, of_slope)]
        return Line(intercept, slope, parts[0], parts[1], parts[2], why, None)
    freedom = max(values.shape[-1] - 2, 1)
    residual = values - intercept[..., None] - slope[..., None] * rank
    scatter = (share * residual**2).sum(axis=-1) / freedom
    parts = [(left * right / positive(share)).sum(axis=-1) * scatter for left, right in _pairs(of_intercept, of_slope)]
    return Line(intercept, slope, parts[0], parts[1], parts[2], why, freedom)


def _pairs(intercept: Floats, slope: Floats) -> tuple[tuple[Floats, Floats], ...]:
    """What the variances of the intercept and of the slope, and their covariance, are products of."""
    return (intercept, intercept), (slope, slope), (intercept, slope)


def _reasons(values: Floats, people: Floats, error: npt.ArrayLike | None, *, log: bool) -> Reasons:
    """What stands in the way of a line."""
    why = no_reasons(values.shape[:-1])
    if values.shape[-1] < 3:
        why[...] = Reason.TOO_FEW
    why[((people < 0) | np.isinf(people) | np.isinf(values)).any(axis=-1)] = Reason.IMPOSSIBLE
    if log:
        why[(values <= 0).any(axis=-1)] = Reason.IMPOSSIBLE
    if error is not None:
        why[(floats(error) < 0).any(axis=-1)] = Reason.IMPOSSIBLE
    why[(people == 0).any(axis=-1)] = Reason.ZERO_DENOMINATOR
    missing = np.isnan(values) | np.isnan(people) | (False if error is None else np.isnan(floats(error)))
    why[missing.any(axis=-1)] = Reason.BAND_MISSING
    why[missing.all(axis=-1)] = Reason.SOURCE_MISSING
    return why


def _multiple(line: Line, confidence: Confidence) -> Floats:
    """How many standard errors the limits lie away: normal where errors were given, Student's t for residuals."""
    if line.freedom is None:
        return normal_quantiles(confidence)
    return t_quantile(float(line.freedom), tails(confidence))


def _around(value: Floats, variance: Floats, line: Line, confidence: Confidence) -> Estimates:
    """A value with limits on both sides of it."""
    half = _multiple(line, confidence) * per_level(np.sqrt(np.maximum(variance, 0)), confidence)
    middle = per_level(value, confidence)
    return estimates(value, middle - half, middle + half, line.reason)

"""Life expectancy from deaths and people by age."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from joinedup.statistics.estimates import (
    Confidence,
    Estimates,
    Floats,
    Reason,
    Reasons,
    estimates,
    floats,
    no_reasons,
    normal_quantiles,
    per_level,
    positive,
)

AGES = (0, 1, *range(5, 95, 5))
"""Where the bands of an abridged life table begin: under one, 1 to 4, then five years each to 90 and over."""
LIVED_BY_INFANTS = 0.1
"""Of the first year of life, what those who die in it live on average. Source: Chiang, The Life Table and its Applications (1984)."""
LEAST_YEARS = 5_000
"""Fewer person-years carry no life expectancy. Source: Toson and Baker, National Statistics Methodological Series 33 (2003)."""


def life_expectancy(
    deaths: npt.ArrayLike,
    population: npt.ArrayLike,
    ages: tuple[int, ...] = AGES,
    *,
    minimum: float = LEAST_YEARS,
    confidence: Confidence = 0.95,
) -> Estimates:
    """Years still to live from the beginning of each band, at today's rates of death; bands are the last axis.

    Abridged life table after Chiang: of those alive at a band's start q = w M / (1 + w (1 - a) M) die in it, M the rate of death, w the
    band's years, a the part of it that those who die live (0.1 under one, else a half); the last band is open and lasts 1 / M. Variance:
    Σ l² (e + (1 - a) w)² q² (1 - q) / D over the bands up to the last, and for the last l² / (D M²), over the square of those alive.
    Sources: Chiang, Introduction to Stochastic Processes in Biostatistics (1968), chapter 9; Silcocks, Jenner and Reza, Journal of
    Epidemiology and Community Health 55 (2001), 38-43; Eayres and Williams, the same 58 (2004), 243-249.

    A band without deaths is no obstacle, but the last needs one ('no events'). Reasons besides: 'band missing', 'zero denominator',
    'impossible value' (more deaths than person-years) and 'too few' (below `minimum` person-years in all), for all bands alike.
    """
    died, lived = np.broadcast_arrays(floats(deaths), floats(population))
    if died.shape[-1] != len(ages):
        raise ValueError(f"there is one band from each age on: found {died.shape[-1]} bands and {len(ages)} ages")
    width = np.diff(np.asarray(ages, dtype=np.float64))
    part = np.where(width == 1, np.where(np.asarray(ages[:-1]) == 0, LIVED_BY_INFANTS, 0.5), 0.5)
    rate = died / positive(lived)
    inner = rate[..., :-1]
    dying = np.minimum(width * inner / (1 + width * (1 - part) * inner), 1)
    alive = np.concatenate([np.ones((*died.shape[:-1], 1)), np.cumprod(1 - dying, axis=-1)], axis=-1)
    years = np.concatenate([width * (alive[..., 1:] + part * alive[..., :-1] * dying), alive[..., -1:] / positive(rate[..., -1:])], axis=-1)
    left = _from_the_end(years) / positive(alive)
    after = np.nan_to_num(left[..., 1:]) + width * (1 - part)
    error = np.sqrt(_from_the_end(_variances(died, rate[..., -1:], dying, alive, after))) / positive(alive)
    half = normal_quantiles(confidence) * per_level(error, confidence)
    middle = per_level(left, confidence)
    why = np.repeat(_reasons(died, lived, minimum)[..., None], len(ages), axis=-1)
    return estimates(left, middle - half, middle + half, why)


def _from_the_end(numbers: Floats) -> Floats:
    """The sum of each band and all after it."""
    return np.cumsum(numbers[..., ::-1], axis=-1)[..., ::-1]


def _variances(died: Floats, last_rate: Floats, dying: Floats, alive: Floats, lost: Floats) -> Floats:
    """What each band adds to the variance of years lived, `lost` by each death in it: none without deaths."""
    some = positive(died[..., :-1])
    survival = np.where(died[..., :-1] > 0, dying**2 * (1 - dying) / some, 0.0)
    inner = alive[..., :-1] ** 2 * lost**2 * survival
    last = alive[..., -1:] ** 2 / (positive(died[..., -1:]) * positive(last_rate) ** 2)
    return np.concatenate([inner, last], axis=-1)


def _reasons(died: Floats, lived: Floats, minimum: float) -> Reasons:
    """What stands in the way of a life table."""
    why = no_reasons(died.shape[:-1])
    why[died[..., -1] == 0] = Reason.NO_EVENTS
    why[lived.sum(axis=-1) < minimum] = Reason.TOO_FEW
    why[(lived == 0).any(axis=-1)] = Reason.ZERO_DENOMINATOR
    wrong = (died < 0) | (lived < 0) | np.isinf(died) | np.isinf(lived) | ((died > lived) & (lived > 0))
    why[wrong.any(axis=-1)] = Reason.IMPOSSIBLE
    missing = np.isnan(died) | np.isnan(lived)
    why[missing.any(axis=-1)] = Reason.BAND_MISSING
    why[missing.all(axis=-1)] = Reason.SOURCE_MISSING
    return why

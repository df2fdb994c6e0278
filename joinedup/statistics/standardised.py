"""Rates as if every group had the same bands of people (direct), and against what other rates would bring (indirect)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

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
    free,
    multiplier,
    no_reasons,
    per_level,
    positive,
)
from joinedup.statistics.poisson import poisson_limits

STANDARD = Path(__file__).with_name("european_standard_population_2013.csv")
LEAST_EVENTS = 10
"""Below ten events in all no standardised rate is published. Source: Public Health England, technical guide Confidence intervals (2018)."""


@cache
def european_standard_bands() -> dict[str, float]:
    """The European Standard Population of 2013 by band; 100,000 in all. Source: the file."""
    rows = STANDARD.read_text(encoding="utf-8").splitlines()[1:]
    return {band: float(weight) for band, weight in (row.split(",") for row in rows)}


@cache
def european_standard() -> Floats:
    """The European Standard Population of 2013 in its 19 bands of five years to 90 and over."""
    weights = np.array(list(european_standard_bands().values()))
    weights.setflags(write=False)
    return weights


def standardised_rate(  # noqa: PLR0913 - keyword-only where it isn't plain
    count: npt.ArrayLike,
    population: npt.ArrayLike,
    standard: npt.ArrayLike | None = None,
    *,
    squares: npt.ArrayLike | None = None,
    per: float = 100_000.0,
    minimum: float = LEAST_EVENTS,
    confidence: Confidence = 0.95,
) -> Estimates:
    """The directly standardised rate of each group; counts and people have bands as their last axis, the standard's in the same order.

    Σ w c / n with weights w that add up to one. Limits by Dobson's method: rate + √(V / O) (limit of O - O), V = Σ w² c / n², O the
    events of all bands with limits exact below ten and Byar's from ten on. Source: Dobson, Kuulasmaa, Eberle and Scherer, Statistics in
    Medicine 10 (1991), 457-462; Public Health England, technical guide Confidence intervals (2018).

    Where events repeat within a person `squares` are the sums over people of their events squared, and V = Σ w² squares / n². Source:
    Stukel and others, Standardized rates of recurrent outcomes, Statistics in Medicine 13 (1994), 1781-1791.

    Fewer than `minimum` events are 'too few'. A band without people is 'zero denominator'; a count or people of a band that aren't
    known 'band missing', none known at all 'source missing'. A band of weight 0 may lack both.
    """
    events, people = np.broadcast_arrays(floats(count), floats(population))
    weights = european_standard() if standard is None else floats(standard)
    if weights.shape[-1] != events.shape[-1]:
        raise ValueError(f"the standard has one weight a band: found {weights.shape[-1]} weights and {events.shape[-1]} bands")
    if not ((weights >= 0).all() and (weights.sum(axis=-1) > 0).all()):
        raise ValueError("the weights of a standard are numbers from 0 on, at least one of them above")
    weights = weights / weights.sum(axis=-1, keepdims=True)
    used = np.broadcast_to(weights > 0, events.shape)
    spread = events if squares is None else np.broadcast_to(floats(squares), events.shape)
    if not (weights > 0).all():
        events, people, spread = np.where(used, events, 0.0), np.where(used, people, 1.0), np.where(used, spread, 0.0)
    share = weights / positive(people)
    value, variance = np.einsum("...b,...b", share, events), np.einsum("...b,...b,...b", share, share, spread)
    total = np.asarray(events.sum(axis=-1))
    lower, upper = _dobson(total, value, variance, confidence)
    why = no_reasons(total.shape)
    why[total < minimum] = Reason.TOO_FEW
    why[(total == 0) & (minimum <= 0)] = Reason.NO_EVENTS
    doubt = ~np.isfinite(value + variance + people.sum(axis=-1)) | (events.min(axis=-1) < 0)
    if squares is not None:
        doubt |= (spread < events).any(axis=-1)
    why[doubt] = _band_reasons(events[doubt], people[doubt], used[doubt], spread[doubt], why[doubt])
    per = multiplier(per)
    return estimates(per * value, per * lower, per * upper, why)


def standardised_of_sums(  # noqa: PLR0913 - keyword-only where it isn't plain
    count: npt.ArrayLike,
    rate: npt.ArrayLike,
    variance: npt.ArrayLike,
    *,
    per: float = 100_000.0,
    minimum: float = LEAST_EVENTS,
    confidence: Confidence = 0.95,
) -> Estimates:
    """`standardised_rate` of groups whose bands were added up before: events in all, Σ w c / n and Σ w² c / n², w adding up to one.

    Fewer than `minimum` events are 'too few'; a rate or variance that isn't known is 'zero denominator', as a band without people leaves
    none; a count that isn't known 'source missing'.
    """
    total, value, spread = np.broadcast_arrays(floats(count), floats(rate), floats(variance))
    lower, upper = _dobson(total, value, spread, confidence)
    why = no_reasons(total.shape)
    why[total < minimum] = Reason.TOO_FEW
    why[(total == 0) & (minimum <= 0)] = Reason.NO_EVENTS
    why[np.isnan(value) | np.isnan(spread)] = Reason.ZERO_DENOMINATOR
    why[(total < 0) | (value < 0) | (spread < 0) | np.isinf(total + value + spread)] = Reason.IMPOSSIBLE
    why[np.isnan(total)] = Reason.SOURCE_MISSING
    per = multiplier(per)
    return estimates(per * value, per * lower, per * upper, why)


def _dobson(total: Floats, value: Floats, variance: Floats, confidence: Confidence) -> tuple[Floats, Floats]:
    """Dobson's limits of a weighted sum of rates: those of the count, moved and scaled to the sum's variance."""
    lower, upper = (limit.reshape((*total.shape, *np.shape(confidence))) for limit in poisson_limits(total, confidence))
    scale = per_level(np.sqrt(np.where((total > 0) & (variance >= 0), variance, np.nan) / positive(total)), confidence)
    middle, whole = per_level(value, confidence), per_level(total, confidence)
    return middle + scale * (lower - whole), middle + scale * (upper - whole)


def _band_reasons(events: Floats, people: Floats, used: npt.NDArray[np.bool_], spread: Floats, why: Reasons) -> Reasons:
    """What stands in the way of a rate over bands, of those groups in which something does."""
    why = why.copy()
    why[(people == 0).any(axis=-1)] = Reason.ZERO_DENOMINATOR
    why[_wrong(events) | _wrong(people) | (spread < events).any(axis=-1)] = Reason.IMPOSSIBLE
    missing = np.isnan(events) | np.isnan(people) | np.isnan(spread)
    why[missing.any(axis=-1)] = Reason.BAND_MISSING
    why[(missing | ~used).all(axis=-1)] = Reason.SOURCE_MISSING
    return why


def _wrong(numbers: Floats) -> npt.NDArray[np.bool_]:
    """Which groups have a negative or an infinite number in a band."""
    return np.asarray(((numbers < 0) | np.isinf(numbers)).any(axis=-1))


def expected(population: npt.ArrayLike, reference_count: npt.ArrayLike, reference_population: npt.ArrayLike) -> Floats:
    """The events that each group's people would have at the reference's rates, band by band; NaN where a band isn't known."""
    rates = floats(reference_count) / positive(floats(reference_population))
    return np.asarray((floats(population) * rates).sum(axis=-1), dtype=np.float64)


def standardised_ratio(observed: npt.ArrayLike, expected: npt.ArrayLike, per: float = 1.0, confidence: Confidence = 0.95) -> Estimates:
    """The indirectly standardised ratio of each group, events observed over events expected, times `per` (100 as it is often written).

    Limits of what was observed, exact below ten and Byar's from ten on, over what was expected. Source: Breslow and Day, Statistical
    Methods in Cancer Research II (1987), pages 65-69; Public Health England, technical guide Confidence intervals (2018).
    An expectation that isn't known is 'band missing', one of zero 'zero denominator'.
    """
    events, means = np.broadcast_arrays(floats(observed), floats(expected))
    lower, upper = poisson_limits(events, confidence)
    scale = multiplier(per) / positive(means)
    why = no_reasons(events.shape)
    why[means == 0] = Reason.ZERO_DENOMINATOR
    why[(events < 0) | (means < 0) | np.isinf(events) | np.isinf(means)] = Reason.IMPOSSIBLE
    why[np.isnan(means)] = Reason.BAND_MISSING
    why[np.isnan(events)] = Reason.SOURCE_MISSING
    wide = per_level(scale, confidence)
    return estimates(events * scale, lower * wide, upper * wide, why)


def indirectly_standardised_rate(  # noqa: PLR0913 - keyword-only where it isn't plain
    observed: npt.ArrayLike,
    population: npt.ArrayLike,
    reference_count: npt.ArrayLike,
    reference_population: npt.ArrayLike,
    *,
    per: float = 100_000.0,
    confidence: Confidence = 0.95,
) -> Estimates:
    """The ratio of observed to expected events times the reference's crude rate; all but `observed` have bands as their last axis.

    Source: Public Health England, technical guide Confidence intervals (2018), indirectly standardised rates.
    """
    crude = floats(reference_count).sum(axis=-1) / positive(floats(reference_population).sum(axis=-1))
    ratio = standardised_ratio(observed, expected(population, reference_count, reference_population), 1.0, confidence)
    wide = per_level(floats(crude), confidence) * multiplier(per)
    why = ratio.reason.copy()
    why[free(why) & ~np.isfinite(crude)] = Reason.BAND_MISSING
    return estimates(ratio.value * crude * per, ratio.lower * wide, ratio.upper * wide, why)

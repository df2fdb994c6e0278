"""Funnel plots: which groups lie further from the centre than their size explains, with and without overdispersion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from joinedup.statistics.distributions import binomial_up_to, poisson_up_to
from joinedup.statistics.estimates import (
    Floats,
    Reason,
    Reasons,
    floats,
    free,
    multiplier,
    normal_quantiles,
    per_level,
    positive,
    reasons,
    tails,
)

LEVELS = (0.95, 0.998)
"""About two and three standard deviations. Source: Spiegelhalter, Statistics in Medicine 24 (2005), 1185-1202."""
WINSORISED = 0.1
"""The tenth of groups at each end that is drawn in before overdispersion is measured. Source: Spiegelhalter, Quality and Safety in
Health Care 14 (2005), 347-351."""
Method = Literal["exact", "score"]
Dispersion = Literal["multiplicative", "additive"]
METHODS, DISPERSIONS = ("exact", "score"), (None, "multiplicative", "additive")


@dataclass(frozen=True, slots=True)
class Funnel:
    """One funnel per row of groups (the last axis of value), with the limits of each group by level (the last axis of limits)."""

    value: Floats
    centre: Floats
    lower: Floats
    upper: Floats
    position: npt.NDArray[np.int8]
    """-1 below the lower limit, 1 above the upper, 0 within or not known, by level."""
    reason: Reasons
    phi: Floats
    """The mean squared z of the groups, winsorised: how many times the variance is that of chance alone."""
    tau_squared: Floats
    """The variance between groups beyond chance, by the method of moments."""


def funnel_of_proportions(  # noqa: PLR0913 - keyword-only where it isn't plain
    count: npt.ArrayLike,
    denominator: npt.ArrayLike,
    *,
    centre: npt.ArrayLike | None = None,
    method: Method = "score",
    dispersion: Dispersion | None = None,
    winsorised: float = WINSORISED,
    levels: tuple[float, ...] = LEVELS,
) -> Funnel:
    """Proportions around a centre, all counts over all denominators unless given; groups are the last axis.

    'score': p ± z √(p (1 - p) / n), beyond which Wilson's interval of a group leaves the centre out. 'exact': the binomial count that
    chance falls below with (1 - level) / 2, between whole numbers by the incomplete beta function. Source: Spiegelhalter, Statistics in
    Medicine 24 (2005), 1185-1202; Public Health England, technical guide Funnel plots (2018).
    """
    _check(method, dispersion, winsorised)
    yes, of = np.broadcast_arrays(floats(count), floats(denominator))
    why = reasons(yes, of)
    why[free(why) & (yes > of)] = Reason.IMPOSSIBLE
    middle = _centre(yes, of, why, centre)
    if (middle > 1).any():
        raise ValueError(f"the centre of proportions lies between 0 and 1, whatever they are shown per: found {np.nanmax(middle):g}")
    value = yes / positive(of)
    error = np.sqrt(middle[..., None] * (1 - middle[..., None]) / positive(of))
    if method == "exact" and dispersion is None:
        n, p = np.where(free(why), of, 1.0)[..., None], middle[..., None, None]
        limits = _between(tails(levels), lambda x: binomial_up_to(x, n, p), n)
        return _drawn(value, middle, error, [limit / n for limit in limits], why, None, winsorised, levels, 1.0)
    return _drawn(value, middle, error, None, why, dispersion, winsorised, levels, 1.0)


def funnel_of_rates(  # noqa: PLR0913 - keyword-only where it isn't plain
    count: npt.ArrayLike,
    denominator: npt.ArrayLike,
    *,
    per: float = 1.0,
    centre: npt.ArrayLike | None = None,
    method: Method = "exact",
    dispersion: Dispersion | None = None,
    winsorised: float = WINSORISED,
    levels: tuple[float, ...] = LEVELS,
) -> Funnel:
    """Events per `per` of the denominator around a centre, all events over all denominators unless given; groups are the last axis.

    A rate is the ratio to what the centre's rate would bring: limits as in funnel_of_ratios. `centre` is per `per` too. Without any
    event nothing can be drawn around: 'no events'.
    """
    per = multiplier(per)
    events, people = np.broadcast_arrays(floats(count), floats(denominator))
    why = reasons(events, people)
    middle = _centre(events, people, why, None if centre is None else np.asarray(centre, dtype=np.float64) / per)
    why[free(why) & (middle == 0)[..., None]] = Reason.NO_EVENTS
    found = funnel_of_ratios(events, people * middle[..., None], method=method, dispersion=dispersion, winsorised=winsorised, levels=levels)
    why[free(why) & ~free(found.reason)] = found.reason[free(why) & ~free(found.reason)]
    scale = (middle * per)[..., None]
    value = np.where(free(why), events / positive(people) * per, np.nan)
    wide = scale[..., None]
    return Funnel(value, middle * per, found.lower * wide, found.upper * wide, found.position, why, found.phi, found.tau_squared)


def funnel_of_ratios(  # noqa: PLR0913 - keyword-only where it isn't plain
    observed: npt.ArrayLike,
    expected: npt.ArrayLike,
    *,
    centre: float = 1.0,
    method: Method = "exact",
    dispersion: Dispersion | None = None,
    winsorised: float = WINSORISED,
    levels: tuple[float, ...] = LEVELS,
) -> Funnel:
    """Observed over expected around a centre (1: as expected); groups are the last axis.

    'exact': the counts whose exact Poisson interval leaves the expected count just out, between whole numbers by the incomplete gamma
    function, over the expected count. 'score': c ± z √(c / E). Source: as funnel_of_proportions.

    Overdispersion widens limits around the centre c with standard errors s of chance alone. 'multiplicative': c ± z s √φ, φ the mean of
    z² = ((value - c) / s)² after winsorising, never below 1. 'additive': c ± z √(s² + τ²), τ² = (I φ - (I - 1)) / (Σ w - Σ w² / Σ w)
    with w = 1 / s² over I groups, never below 0. Source: Spiegelhalter, Quality and Safety in Health Care 14 (2005), 347-351;
    DerSimonian and Laird, Controlled Clinical Trials 7 (1986), 177-188. How far groups differ can't be told of one: then 'too few'.
    """
    _check(method, dispersion, winsorised)
    events, means = np.broadcast_arrays(floats(observed), floats(expected))
    why = reasons(events, means)
    middle = np.full(events.shape[:-1], float(centre))
    error = np.sqrt(centre / positive(means))
    value = events / positive(means)
    if method == "exact" and dispersion is None:
        mean = np.where(free(why), means, 1.0)[..., None] * centre
        limits = _between(tails(levels), lambda x: poisson_up_to(x, mean), mean + 40 * np.sqrt(mean) + 100)
        return _drawn(value, middle, error, [limit / mean * centre for limit in limits], why, None, winsorised, levels, np.inf)
    return _drawn(value, middle, error, None, why, dispersion, winsorised, levels, np.inf)


def _check(method: str, dispersion: str | None, winsorised: float) -> None:
    """ValueError for a word that isn't known, and for a share to draw in of which two aren't less than all groups."""
    if method not in METHODS:
        raise ValueError(f"a funnel's method is one of {', '.join(METHODS)}: found {method!r}")
    if dispersion not in DISPERSIONS:
        raise ValueError(f"a funnel's dispersion is None, 'multiplicative' or 'additive': found {dispersion!r}")
    if not 0 <= winsorised < 1 / 2:
        raise ValueError(f"the share of groups drawn in at each end is from 0 to below a half, such as 0.1: found {winsorised}")


def _centre(counts: Floats, of: Floats, why: Reasons, given: npt.ArrayLike | None) -> Floats:
    """The centre of each funnel: what was given, or all counts over all denominators of the groups that nothing stands in the way of."""
    if given is not None:
        middle = np.broadcast_to(np.asarray(given, dtype=np.float64), counts.shape[:-1]).astype(np.float64)
        if (middle < 0).any():
            raise ValueError(f"the centre of a funnel isn't below 0: found {np.nanmin(middle):g}")
        return middle
    there = free(why)
    total = np.where(there, counts, 0.0).sum(axis=-1) / positive(np.where(there, of, 0.0).sum(axis=-1))
    return np.asarray(total, dtype=np.float64)


def _between(tail: Floats, chance_up_to: Callable[[Floats], Floats], most: Floats) -> list[Floats]:
    """The counts, between whole numbers, that chance falls below or above with this tail; none above `most`, none below 0.

    The lower is x with P(X ≤ x) = tail, the upper x with P(X ≤ x - 1) = 1 - tail, by halving.
    """
    found = []
    for chance in (tail, 1 - tail):
        low, high = np.broadcast_arrays(np.full(most.shape, -1.0), most + 0 * chance)
        for _ in range(64):
            middle = (low + high) / 2
            enough = chance_up_to(middle) >= chance
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        found.append((low + high) / 2)
    return [np.maximum(found[0], 0), np.minimum(found[1] + 1, most)]


def _drawn(  # noqa: PLR0913, PLR0917 - what a funnel is made of
    value: Floats,
    centre: Floats,
    error: Floats,
    limits: list[Floats] | None,
    why: Reasons,
    dispersion: Dispersion | None,
    winsorised: float,
    levels: tuple[float, ...],
    most: float,
) -> Funnel:
    """The funnel with its limits, exact ones where given, and where each group lies."""
    if dispersion is not None:
        why[free(why) & (free(why).sum(axis=-1, keepdims=True) < 2)] = Reason.TOO_FEW
    middle = np.where(free(why), centre[..., None], np.nan)
    score = np.where(free(why), (value - middle) / positive(error), np.nan)
    phi, tau_squared = _overdispersion(score, error, why, winsorised)
    if limits is None:
        wide = np.asarray(error**2)
        if dispersion == "multiplicative":
            wide = wide * np.fmax(phi, 1)[..., None]
        elif dispersion == "additive":
            wide = wide + np.fmax(tau_squared, 0)[..., None]
        half = normal_quantiles(levels) * per_level(np.sqrt(wide), levels)
        limits = [np.maximum(middle[..., None] - half, 0), np.minimum(middle[..., None] + half, most)]
    lower, upper = (np.where(free(why)[..., None], limit, np.nan) for limit in limits)
    value = np.where(free(why), value, np.nan)
    at = value[..., None]
    position = (at > upper).astype(np.int8) - (at < lower).astype(np.int8)
    return Funnel(value, centre, lower, upper, position, why, phi, tau_squared)


def _overdispersion(score: Floats, error: Floats, why: Reasons, winsorised: float) -> tuple[Floats, Floats]:
    """φ and τ² of each funnel; NaN without a group."""
    if not score.shape[-1]:
        return np.full(score.shape[:-1], np.nan), np.full(score.shape[:-1], np.nan)
    there = free(why) & np.isfinite(score)
    count = there.sum(axis=-1).astype(np.float64)
    known = np.where(there, score, np.nan)
    some = np.where(there.any(axis=-1, keepdims=True), known, 0.0)
    ends = [np.nanquantile(some, at, axis=-1, keepdims=True) for at in (winsorised, 1 - winsorised)]
    drawn_in = np.where(there, np.clip(some, ends[0], ends[1]), 0.0)
    phi = (drawn_in**2).sum(axis=-1) / positive(count)
    weight = np.where(there, 1 / positive(error) ** 2, 0.0)
    whole = positive(weight.sum(axis=-1))
    room = positive(whole - (weight**2).sum(axis=-1) / whole)
    return phi, np.maximum((count * phi - (count - 1)) / room, 0)

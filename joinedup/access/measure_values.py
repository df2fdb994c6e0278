"""Sums of counts into values with limits at two levels, by the form of the measure; a reason where there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from joinedup.access.measure_cells import Counts, Floats
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.statistics.estimates import Estimates, Reason
from joinedup.statistics.rates import rate, rate_of_sum, wilson

LEVELS = (0.95, 0.998)
TOO_FEW = "too few"
TOO_LITTLE = "too little known"


@dataclass(frozen=True)
class Valued:
    """Values with limits at 95 and 99.8 per cent, each an array of the same shape, and why there is none."""

    value: Floats
    lower: Floats
    upper: Floats
    lower998: Floats
    upper998: Floats
    reason: npt.NDArray[np.object_]


def valued(measure: MeasureDefinition, count: Counts, denominator: Floats, place: Floats) -> Valued:
    """The values of counts over denominators; `place` is what an event brings on average in the place, for areas without one."""
    shape = count.events.shape
    narrow, wide = (_estimated(measure, count, denominator, place, level) for level in LEVELS)
    low, high, furthest, highest = (each.reshape(shape) for each in (narrow.lower, narrow.upper, wide.lower, wide.upper))
    return Valued(narrow.value.reshape(shape), low, high, furthest, highest, narrow.reason.reshape(shape))


def _estimated(measure: MeasureDefinition, count: Counts, denominator: Floats, place: Floats, level: float) -> Estimates:
    flat = {name: getattr(count, name).ravel() for name in ("events", "amount", "squares")}
    people = denominator.ravel()
    if measure.form == "rate":
        return rate(flat["events"], people, per=measure.per, confidence=level)
    if measure.form == "proportion":
        return wilson(flat["events"], people, per=measure.per, confidence=level)
    if measure.form == "mean":
        return _mean(flat["amount"], flat["squares"], people, measure.per, level)
    if _without_squares(flat["amount"], flat["squares"]):
        return _plain(flat["amount"], people, measure.per)
    # An area without an event takes from the place how much an event brings.
    made = rate_of_sum(flat["amount"], flat["squares"], people, per=measure.per, typical=1.0, confidence=level)
    typical = np.broadcast_to(place, count.events.shape).ravel()
    return Estimates(made.value, made.lower, np.where(flat["amount"] == 0, made.upper * typical, made.upper), made.reason)


def _mean(amount: Floats, squares: Floats, events: Floats, per: float, level: float) -> Estimates:
    """The mean amount of an event, with limits by the standard error of the mean; none of fewer than two events."""
    from statistics import NormalDist  # noqa: PLC0415 - until statistics/ has means

    with np.errstate(divide="ignore", invalid="ignore"):
        mean = amount / events
        spread = np.sqrt(np.maximum(squares / events - mean**2, 0) * events / (events - 1) / events)
    half = NormalDist().inv_cdf((1 + level) / 2) * spread
    reason = np.full(events.shape, None, dtype=object)
    reason[events == 0] = Reason.NO_EVENTS
    one = events < 2
    return Estimates(mean * per, np.where(one, np.nan, (mean - half) * per), np.where(one, np.nan, (mean + half) * per), reason)


def _without_squares(amount: Floats, squares: Floats) -> bool:
    return bool(np.all(squares == 0) and np.any(amount > 0))


def _plain(amount: Floats, people: Floats, per: float) -> Estimates:
    """A ratio without limits, as of money."""
    reason = np.full(amount.shape, None, dtype=object)
    reason[~(people > 0)] = Reason.ZERO_DENOMINATOR
    value = np.where(people > 0, amount / np.where(people > 0, people, 1), np.nan) * per
    nothing = np.full(amount.shape, np.nan)
    return Estimates(value, nothing, nothing, reason)

"""Sums of counts into values with limits at two levels, by the form of the measure; a reason where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from joinedup.access.measure_cells import Counts, Floats, Key, Span, month_numbers, positions
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.statistics.averages import mean, median
from joinedup.statistics.estimates import Estimates, Reason, estimates, reasons
from joinedup.statistics.rates import rate, rate_of_sum, wilson
from joinedup.statistics.standardised import european_standard, standardised_rate

LEVELS = (0.95, 0.998)
BANDS = 19
"""Bands of five years to 90 and over, as the European Standard Population has them."""
SEXES = ("1", "2")


@dataclass(frozen=True)
class Valued:
    """Values with limits at 95 and 99.8 per cent, each an array of the same shape, and why there is none."""

    value: Floats
    lower: Floats
    upper: Floats
    lower998: Floats
    upper998: Floats
    reason: npt.NDArray[np.object_]


@dataclass(frozen=True)
class Computed:
    """What a cut comes to, arrays of cells by stretches."""

    keys: tuple[Key, ...]
    spans: tuple[Span, ...]
    counted: Counts
    denominator: Floats
    values: Valued
    share: Floats
    """How much is known."""
    gaps: npt.NDArray[np.bool_]
    """Whether so many of its months aren't known that a whole season may be missing."""


def valued(measure: MeasureDefinition, count: Counts, denominator: Floats, place: Floats) -> Valued:
    """The values of counts over denominators; `place` is what an event brings on average in the place, for areas without one."""
    shape = count.events.shape
    each_brings = np.broadcast_to(place, shape).ravel()
    found = _estimated(measure, Counts(*(x.ravel() for x in (count.events, count.amount, count.squares))), denominator.ravel(), each_brings)
    return of_estimates(found, shape)


def medians(table: pa.Table, keys: Sequence[Key], months: Sequence[date], periods: Floats) -> Valued:
    """The middle amount of each cell and stretch, as `statistics.averages.median`; `periods` says month by stretch which belong."""
    spans = periods.shape[1]
    row, span = np.nonzero(periods[month_numbers(table, months)] > 0)
    group = positions(table, keys)[row] * spans + span
    amount = np.asarray(table["each_amount"].cast(pa.float64()).to_numpy(), dtype=np.float64)
    found = median(amount[row], group, len(keys) * spans, LEVELS, counts=table["events"].to_numpy()[row])
    reason = found.reason.copy()
    reason[reason == Reason.ZERO_DENOMINATOR] = Reason.NO_EVENTS
    return of_estimates(Estimates(found.value, found.lower, found.upper, reason), (len(keys), spans))


def of_estimates(found: Estimates, shape: tuple[int, ...]) -> Valued:
    """Estimates at LEVELS as arrays of a shape."""
    limits = [found.lower[:, 0], found.upper[:, 0], found.lower[:, 1], found.upper[:, 1]]
    low, high, furthest, highest = (each.reshape(shape) for each in limits)
    return Valued(found.value.reshape(shape), low, high, furthest, highest, found.reason.reshape(shape))


def _estimated(measure: MeasureDefinition, count: Counts, people: Floats, each_brings: Floats) -> Estimates:
    if measure.form == "rate":
        return rate(count.events, people, per=measure.per, confidence=LEVELS)
    if measure.form == "proportion":
        return wilson(count.events, people, per=measure.per, confidence=LEVELS)
    if measure.form == "mean":
        found = mean(count.amount * measure.per, count.squares * measure.per**2, people, LEVELS)
        return Estimates(found.value, found.lower, found.upper, found.reason)
    if measure.count is not None and (measure.count.amount or "").endswith("_pence"):
        return _without_limits(count.amount, people, measure.per)
    # An area without an event takes from the place how much an event brings.
    made = rate_of_sum(count.amount, count.squares, people, per=measure.per, typical=1.0, confidence=LEVELS)
    none = (count.amount == 0)[:, None]
    return Estimates(made.value, made.lower, np.where(none, made.upper * each_brings[:, None], made.upper), made.reason)


def _without_limits(amount: Floats, people: Floats, per: float) -> Estimates:
    """A ratio of money: nothing of it is chance that limits could tell of."""
    nothing = np.full((len(amount), len(LEVELS)), np.nan)
    value = np.divide(amount * per, people, out=np.full(amount.shape, np.nan), where=people > 0)
    return estimates(value, nothing, nothing, reasons(amount, people))


def typical(counted: Counts, keys: Sequence[Key]) -> Floats:
    """What an event brings on average in the place, for limits of areas without one, by stretch."""
    place = [number for number, key in enumerate(keys) if key[0] == "place"]
    amount, squares = (np.nansum(each[place], axis=0) for each in (counted.amount, counted.squares))
    return np.asarray(np.divide(squares, amount, out=np.full_like(amount, np.nan), where=amount > 0), dtype=np.float64)


def standardised(measure: MeasureDefinition, bands: Computed) -> Computed:
    """The directly standardised rate of each area, from its cells by age band, or by sex and age band; standard of Europe, 2013.

    People whose age or sex isn't known are in no band, and the events neither.
    """
    areas = tuple(dict.fromkeys((kind, area, "all") for kind, area, _ in bands.keys))
    of_band = band_numbers(by_sex=measure.standardised == "age_sex")
    count, people = (np.zeros((len(areas), len(of_band), len(bands.spans))) for _ in range(2))
    at = {area: number for number, area in enumerate(areas)}
    share, gaps = np.ones((len(areas), len(bands.spans))), np.zeros((len(areas), len(bands.spans)), dtype=bool)
    for number, (kind, area, group) in enumerate(bands.keys):
        row = at[kind, area, "all"]
        share[row], gaps[row] = bands.share[number], bands.gaps[number]
        if group in of_band:
            count[row, of_band[group]] = bands.counted.events[number]
            people[row, of_band[group]] = bands.denominator[number]
    standard = np.tile(european_standard(), len(of_band) // BANDS)
    events, exposed = (np.moveaxis(each, 1, -1) for each in (count, people))
    found = standardised_rate(events, exposed, standard, per=measure.per, confidence=LEVELS)
    shape = (len(areas), len(bands.spans))
    flat = Estimates(found.value.ravel(), found.lower.reshape(-1, 2), found.upper.reshape(-1, 2), found.reason.ravel())
    total = count.sum(axis=1)
    return Computed(areas, bands.spans, Counts(total, total, total), people.sum(axis=1), of_estimates(flat, shape), share, gaps)


def band_numbers(*, by_sex: bool) -> dict[str, int]:
    """Which band each group_value is, from 0: ages, or those of each sex one after the other."""
    if not by_sex:
        return {str(band): band for band in range(BANDS)}
    return {f"{sex}|{band}": at * BANDS + band for at, sex in enumerate(SEXES) for band in range(BANDS)}

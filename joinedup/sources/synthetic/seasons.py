"""When in the year things happen: weekdays, months and the days of a span, as whole days since 1970."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from joinedup.periods import add_months, twelve_months_to
from joinedup.sources.synthetic.draws import Floats, Ints

NEVER = 2**31
"""A day that doesn't come: of death, of leaving, of an end that is still open."""

YEAR = 365.25
YEARS = 2
"""The years that extracts cover unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Span:
    """The days that the extracts speak of: from `start` up to `end`."""

    start: int
    end: int

    @property
    def years(self) -> float:
        """How long it is."""
        return (self.end - self.start) / YEAR


def span_to(as_at: date, years: int = YEARS) -> Span:
    """The whole months of so many years before the month that follows, and whatever days lie after them up to the last day."""
    return Span(day_number(add_months(twelve_months_to(as_at).end, -12 * years)), day_number(as_at) + 1)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def dates(days: Ints) -> np.ndarray:
    """The days as dates; NEVER is missing."""
    return np.where(days >= NEVER, np.datetime64("NaT"), np.minimum(days, NEVER - 1).astype("datetime64[D]"))


def months_of(days: Ints) -> Ints:
    """The month of each day, from 0."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12


@dataclass(frozen=True, slots=True)
class Season:
    """How events spread over a span: the years of ordinary exposure up to each of its days."""

    start: int
    years_before: Floats

    def years(self, start: Ints, end: Ints) -> Floats:
        """The exposure from each start up to each end, in years of ordinary days; none where the end comes first."""
        held = self._exposure(end) - self._exposure(start)
        return np.maximum(held, 0.0)

    def days(self, rng: np.random.Generator, start: Ints, end: Ints) -> Ints:
        """A day in each window, likelier in a busy season; the window's first day where nothing can happen in it."""
        low, high = self._exposure(start), self._exposure(end)
        drawn = low + rng.random(len(start)) * (high - low)
        found = self.start + np.searchsorted(self.years_before, drawn, side="right") - 1
        return np.clip(found, start, np.maximum(end - 1, start))

    def _exposure(self, day: Ints) -> Floats:
        return self.years_before[np.clip(day - self.start, 0, len(self.years_before) - 1)]


def season(span: Span, weekdays: Sequence[float], months: Sequence[float]) -> Season:
    """The season with these factors by weekday (Monday first) and month; a year of the span has an exposure of one year."""
    days = np.arange(span.start, span.end)
    factor = np.array(weekdays, dtype=float)[(days + 3) % 7] * np.array(months, dtype=float)[months_of(days)]
    return Season(span.start, np.concatenate([[0.0], np.cumsum(factor)]) * (span.years / factor.sum()))

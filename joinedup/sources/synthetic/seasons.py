"""When things happen: weekdays, bank holidays, months, winters and trends over a span, in whole days since 1970."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np

from joinedup.periods import add_months, twelve_months_to
from joinedup.sources.synthetic.draws import Bools, Floats, Ints

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


def season(span: Span, told: Mapping[str, Any]) -> Season:
    """The season that figures tell: factors by `weekday` (Monday first; bank holidays are Sundays) and `month`, the `trend` (growth in a
    year) and what a `hard_winter` does, where there are such; a year of the span has an exposure of one year on average."""
    days = np.arange(span.start, span.end)
    weekday = np.where(is_holiday(days), SUNDAY, (days + 3) % 7)
    factor = np.array(told["weekday"], dtype=float)[weekday] * np.array(told["month"], dtype=float)[months_of(days)]
    factor *= growth(span, days, told.get("trend", 0.0)) * np.where(in_hard_winter(span, days), told.get("hard_winter", 1.0), 1.0)
    return Season(span.start, np.concatenate([[0.0], np.cumsum(factor)]) * (span.years / factor.sum()))


def growth(span: Span, days: Ints, trend: float) -> Floats:
    """How many times as often as in the middle of the span something happens on each day, of what grows by so much a year."""
    found: Floats = np.exp(np.log1p(trend) * (days - (span.start + span.end) / 2) / YEAR)
    return found


def hard_winter(span: Span) -> tuple[int, int]:
    """From when up to when the span's last winter lasts: from 8 December up to 9 February; two equal days where none lies within it."""
    last = date(1970, 1, 1).toordinal() + span.end
    for year in range(date.fromordinal(last).year, date.fromordinal(last).year - 3, -1):
        start, end = day_number(date(year - 1, 12, 8)), day_number(date(year, 2, 9))
        if span.start <= start and end <= span.end:
            return start, end
    return span.end, span.end


def in_hard_winter(span: Span, days: Ints) -> Bools:
    """Which days are those of the hard winter."""
    start, end = hard_winter(span)
    found: Bools = (days >= start) & (days < end)
    return found


SUNDAY = 6
_FIRST, _LAST = 1990, 2100
"""Years whose bank holidays are known."""


def is_holiday(days: Ints) -> Bools:
    """Which days are bank holidays of England."""
    return np.isin(days, _holidays())


def next_working(days: Ints) -> Ints:
    """Each day, or the first after it that is neither at a weekend nor a bank holiday."""
    first, following = _working_days()
    return np.where((days >= first) & (days < first + len(following)), following[np.clip(days - first, 0, len(following) - 1)], days)


@cache
def _working_days() -> tuple[int, Ints]:
    """The first day of the years that are known, and for each day from it on the next working one."""
    first, last = day_number(date(_FIRST, 1, 1)), day_number(date(_LAST, 1, 1))
    days = np.arange(first, last)
    works = ((days + 3) % 7 < 5) & ~is_holiday(days)
    following = np.minimum.accumulate(np.where(works, days, last)[::-1])[::-1]
    return first, following


@cache
def _holidays() -> Ints:
    return np.array(sorted(day for year in range(_FIRST, _LAST) for day in _holidays_of(year)))


def _holidays_of(year: int) -> list[int]:
    """The bank holidays of a year by rule; single ones, such as of a coronation, are left out."""
    easter = _easter(year)
    spring, summer = _monday_from(year, 5, 25), _monday_from(year, 8, 25)
    found = [easter - 2, easter + 1, _monday_from(year, 5, 1), spring, summer]
    new_year, christmas = day_number(date(year, 1, 1)), day_number(date(year, 12, 25))
    weekday = (christmas + 3) % 7
    boxing = {4: 3, 5: 3, 6: 1}.get(weekday, 1)  # Boxing Day on a Saturday moves to Monday; both move where both are at the weekend
    moved = {5: 2, 6: 2}.get(weekday, 0)
    return [*found, new_year + {5: 2, 6: 1}.get((new_year + 3) % 7, 0), christmas + moved, christmas + boxing]


def _monday_from(year: int, month: int, day: int) -> int:
    """The first Monday from a day on."""
    start = day_number(date(year, month, day))
    return start + (-(start + 3)) % 7


def _easter(year: int) -> int:
    """Easter Sunday in the Gregorian calendar (the anonymous algorithm printed in Nature, 1876)."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - moon - of_century % 4) % 7
    late = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return day_number(date(year, month, day + 1))

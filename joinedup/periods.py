"""Periods: half-open [start, end), as every period in joinedup."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

FINANCIAL_YEAR_BEGINS = 4
"""The month, in the United Kingdom's public finance."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days from `start` up to, but not including, `end`."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"a period ends after it starts: found [{self.start}, {self.end})")

    @property
    def days(self) -> int:
        """How many days it holds."""
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        """The last day that it holds, as people write it."""
        return self.end - timedelta(days=1)

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def months(self) -> Iterator[Period]:
        """The calendar months that begin inside it, in order."""
        month = self.start if self.start.day == 1 else add_months(self.start.replace(day=1), 1)
        while month < self.end:
            yield Period(month, add_months(month, 1))
            month = add_months(month, 1)

    def __str__(self) -> str:
        return f"{day_in_words(self.start)} to {day_in_words(self.last_day)}"


def add_months(day: date, months: int) -> date:
    """The first of the month that lies `months` after the month of `day`."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, 1)


def twelve_months_to(as_at: date) -> Period:
    """The last twelve whole calendar months that end on or before `as_at`."""
    end = add_months(as_at + timedelta(days=1), 0)
    return Period(add_months(end, -12), end)


def year_name(year: Period) -> str:
    """What a year of twelve whole months is called: 2025-26 from April to March, 2025 for a calendar year, else by its last day."""
    if year.start.month == FINANCIAL_YEAR_BEGINS:
        return f"{year.start.year}-{year.end.year % 100:02}"
    if year.start.month == 1:
        return f"{year.start.year}"
    return f"year to {day_in_words(year.last_day)}"


def day_in_words(day: date) -> str:
    """A date as the NHS content guide writes it: 31 March 2026."""
    return f"{day.day} {day:%B %Y}"

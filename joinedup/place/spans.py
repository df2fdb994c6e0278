"""Stretches of time that may be open at either side: from a day up to, not including, another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from joinedup.periods import day_in_words

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The days from `start` up to `end`; without one of them it is open at that side."""

    start: date = date.min
    end: date = date.max

    @classmethod
    def of(cls, start: date | None, end: date | None) -> Span:
        """The span between two dates that may be unknown."""
        return cls(start or date.min, end or date.max)

    @property
    def start_or_none(self) -> date | None:
        """Its start, where it has one."""
        return self.start if self.start > date.min else None

    @property
    def end_or_none(self) -> date | None:
        """Its end, where it has one."""
        return self.end if self.end < date.max else None

    def __contains__(self, day: date | None) -> bool:
        return day is not None and self.start <= day < self.end

    def __and__(self, other: Span) -> Span:
        return Span(max(self.start, other.start), min(self.end, other.end))

    def __bool__(self) -> bool:
        return self.start < self.end

    def __str__(self) -> str:
        begins = f"from {day_in_words(self.start)} " if self.start > date.min else ""
        ends = f"up to {day_in_words(self.end)}" if self.end < date.max else "on"
        return begins + ends if begins or self.end < date.max else "at any time"


def last_day(end: date) -> str:
    """The last day before an end, in words: an end is the first day on which a thing no longer holds."""
    return f"its last day was {day_in_words(end - timedelta(days=1))}"


def gaps(life: Span, spans: list[Span]) -> list[Span]:
    """The stretches of a life after the first span begins that no span covers, in order."""
    found: list[Span] = []
    covered = min((span.start for span in spans), default=life.end)
    for span in sorted(spans):
        found.append(Span(covered, span.start) & life)
        covered = max(covered, span.end)
    return [gap for gap in [*found, Span(covered, life.end) & life] if gap]


def overlapping(items: Iterable[Item], span: Callable[[Item], Span]) -> Iterator[tuple[Item, Item]]:
    """Each item that begins before an earlier one has ended, after the one that lasts longest of those."""
    longest: Item | None = None
    for item in sorted(items, key=span):
        if longest is not None and span(longest) & span(item):
            yield longest, item
        if longest is None or span(item).end > span(longest).end:
            longest = item

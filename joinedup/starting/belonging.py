"""Which practice belongs to which network, from when to when: within the lives of both, and to one at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from joinedup.place.spans import Span
from joinedup.starting.published_rows import Reading


@dataclass(frozen=True)
class Belonging:
    """A practice belongs to a network, by its code, from `start` up to `end`."""

    practice: str
    network: str
    start: date | None = None
    end: date | None = None
    name: str = ""
    """What the file of memberships calls the practice."""


def sound(work: Reading, members: Sequence[Belonging], lives: Mapping[str, Span], there: Mapping[str, Span]) -> Iterator[Belonging]:
    """The memberships within the lives of practice and network, of one practice one at a time; what had to be changed is work.told."""
    of_practice: dict[str, list[Belonging]] = defaultdict(list)
    for each in members:
        span = Span.of(each.start, each.end)
        held = span & lives[each.practice] & there[each.network]
        if not held:
            work.told.warn(
                "practices.csv",
                "membership-outside-life",
                f"practice {each.practice} is in network {each.network} {span}, when one of them wasn't there: that membership is left out",
            )
            continue
        start = held.start_or_none if each.start and held.start > each.start else each.start
        end = held.end_or_none if each.end and held.end < each.end else each.end
        if (start, end) != (each.start, each.end):
            work.told.warn(
                "practices.csv",
                "membership-outside-life",
                f"practice {each.practice} is in network {each.network} {span}, and one of them was there {held} only: it is written so",
            )
        of_practice[each.practice].append(replace(each, start=start, end=end))
    for practice in sorted(of_practice):
        yield from _one_at_a_time(work, of_practice[practice])


def _one_at_a_time(work: Reading, spells: Sequence[Belonging]) -> Iterator[Belonging]:
    """Memberships of one practice, each ended where the next begins."""
    ordered = sorted(spells, key=lambda each: (each.start or date.min, each.end or date.max))
    for at, each in enumerate(ordered):
        later = next((other for other in ordered[at + 1 :] if (other.start or date.min) < (each.end or date.max)), None)
        if later is None:
            yield each
        elif later.start and later.start > (each.start or date.min):
            work.told.warn(
                "practices.csv",
                "two-networks-at-once",
                f"practice {each.practice} is in {each.network} and {later.network} at once: it is taken to leave the first when it joins "
                "the second",
                "neighbourhood populations",
            )
            yield replace(each, end=later.start)
        else:
            work.told.warn(
                "practices.csv",
                "two-networks-at-once",
                f"practice {each.practice} joins {each.network} and {later.network} on one day: only {later.network} is written",
                "neighbourhood populations",
            )

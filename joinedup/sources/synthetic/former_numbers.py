"""NHS numbers that people had before: a few get another in the span, and most systems use the old one for a while."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from joinedup.sources.synthetic.draws import Bools, Ints
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.nhs_numbers import FORMER_RANGE, numbers
from joinedup.sources.synthetic.population import People
from joinedup.sources.synthetic.registrations import WIDE
from joinedup.sources.synthetic.seasons import NEVER
from joinedup.sources.synthetic.setting import Setting
from joinedup.sources.synthetic.streams import stream

CONTRACT = "superseded_number"
KEPT = 10
"""Ranges of numbers that are kept for this: two for each 900,000 people, used again beyond 4.5 million."""


@dataclass(frozen=True, slots=True)
class FormerNumbers:
    """One entry per number that was replaced, by person and day; the last of a person was replaced by the number in use."""

    person: Ints
    number: Ints
    replaced_by: Ints
    day: Ints
    """From which the other number holds."""
    used_to: Ints
    """The day from which other systems than the registers use the one that replaced it."""

    def on(self, person: Ints, day: Ints, in_use: Ints) -> Ints:
        """The number that a system other than a register has for each person on a day."""
        if not len(self.person):
            return in_use
        at = np.searchsorted(self.person * WIDE + self.used_to, person * WIDE + day, side="right")
        found = np.minimum(at, len(self.person) - 1)
        return np.where((self.person[found] == person) & (at < len(self.person)), self.number[found], in_use)


def former_numbers_of(setting: Setting, block: int, people: People, in_use: Ints) -> FormerNumbers:
    """The numbers that people of a block had before; none where the place has no list of superseded numbers."""
    told = figures("superseded_number")
    rng = stream(setting.seed, "superseded numbers", block)
    listed = any(source.contract == CONTRACT for source in setting.place.sources)
    share = min(told["replaced"] * setting.noise, 0.2) if listed else 0.0
    here = ~people.outside & (people.joined < setting.span.end)
    who = np.flatnonzero(here & (rng.random(len(here)) < share))
    earliest = np.maximum(setting.span.start, people.born[who]) + 1
    last = np.maximum(np.minimum(setting.span.end, people.gone[who]) - 1, earliest)
    second = earliest + (rng.random(len(who)) * (last - earliest)).astype(np.int64)
    first = earliest + (rng.random(len(who)) * (second - earliest)).astype(np.int64)
    twice: Bools = (rng.random(len(who)) < told["twice"]) & (first < second)
    offset = setting.first_number(block)
    old, older = _kept_for_this(setting.seed, offset + who, 0), _kept_for_this(setting.seed, offset + who, 1)
    lag = rng.integers(0, told["systems_follow_within"], len(who))
    person = np.concatenate([who[twice], who])
    number = np.concatenate([older[twice], old])
    by = np.concatenate([old[twice], in_use[who]])
    day = np.concatenate([first[twice], second])
    used_to = np.concatenate([np.minimum(first + lag, second)[twice], np.minimum(second + lag, NEVER)])
    order = np.lexsort((day, person))
    return FormerNumbers(person[order], number[order], by[order], day[order], used_to[order])


def _kept_for_this(seed: int, position: Ints, which: int) -> Ints:
    """A number for each position, of those that are kept for this."""
    size = len(numbers(seed, FORMER_RANGE))
    found = np.zeros(len(position), dtype=np.int64)
    for part in np.unique(position // size):
        mine = position // size == part
        found[mine] = numbers(seed, FORMER_RANGE - (2 * int(part) + which) % KEPT)[position[mine] % size]
    return found

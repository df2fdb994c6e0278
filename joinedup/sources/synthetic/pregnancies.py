"""Pregnancies: those that end with the births that are there, those that go on at the end and those lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from joinedup.sources.synthetic.admissions import BIRTH, DELIVERY, mothers_of
from joinedup.sources.synthetic.draws import Bools, Ints, Table, pick_heaviest, stack, take
from joinedup.sources.synthetic.figures import figures, points
from joinedup.sources.synthetic.households import WOMAN
from joinedup.sources.synthetic.lives import Lives
from joinedup.sources.synthetic.seasons import NEVER, YEAR
from joinedup.sources.synthetic.spells import Spells

WEEK = 7
BETWEEN_BIRTHS = 330
"""Fewest days from one delivery to the next of the same mother."""


@dataclass(frozen=True, slots=True)
class Pregnancies:
    """One entry per pregnancy known in the span, by mother and day."""

    person: Ints
    """The mother."""
    conceived: Ints
    """The first day of the last period, from which weeks are counted."""
    born: Ints
    """The day of delivery; after the span's end while it goes on; NEVER where it was lost."""
    lost: Ints
    """The day on which it was lost; NEVER for most."""
    baby: Ints
    """The child's position among the people; -1 where it isn't born yet or was lost."""


def pregnancies_of(of: Lives, spells: Spells) -> Pregnancies:
    """Those that ended with the births that are there, those going on at the end and those lost; one at a time for each woman."""
    rng = of.stream("pregnancies")
    told = figures("life")["pregnancy"]
    known = _with_a_birth(of, spells)
    later = _still_pregnant(of, rng, told)
    every = stack([known, later])
    most, spread = told["weeks"]
    weeks = np.maximum(most - spread * np.abs(rng.standard_normal(len(every["person"]))), told["shortest"])
    every["conceived"] = every["born"] - np.rint(weeks * WEEK).astype(np.int64)
    every = stack([every, _lost(of, rng, told, round(len(every["person"]) * told["lost"]))])
    order = np.lexsort((every["conceived"], every["baby"] < 0, every["person"]))
    every = take(every, order)
    every = take(every, ~_too_close(every))
    return Pregnancies(**take(every, np.lexsort((every["conceived"], every["person"]))))


def _with_a_birth(of: Lives, spells: Spells) -> Table:
    """One entry per delivery in hospital with its child, and per birth elsewhere of a child whose mother lives here."""
    people, span = of.people, of.setting.span
    mother = mothers_of(people)
    born_here = (people.born >= span.start) & (mother >= 0) & ~people.outside & (people.joined < people.born + 60)
    present = born_here & (people.joined[mother] <= people.born) & (people.gone[mother] > people.born)
    in_hospital = np.zeros(len(mother), dtype=np.bool_)
    in_hospital[spells.person[spells.kind == BIRTH]] = True
    delivered = np.zeros(len(mother), dtype=np.int64)
    delivery = spells.kind == DELIVERY
    delivered[spells.person[delivery]] = spells.day[delivery]
    at_hospital = present & in_hospital & (delivered[mother] == people.born)
    baby = np.flatnonzero(at_hospital | (present & ~in_hospital))
    baby = baby[np.lexsort((in_hospital[baby] * -1, mother[baby]))]
    _, once = np.unique(mother[baby] * 2 + at_hospital[baby], return_index=True)
    baby = baby[once]
    return _pregnant(mother[baby], people.born[baby], baby)


def _still_pregnant(of: Lives, rng: np.random.Generator, told: dict[str, Any]) -> Table:
    """Women who will give birth after the span."""
    rate = points(told["age"], of.ages) / 1000 * np.array(told["fifth"])[of.fifth] * (of.people.sex == WOMAN)
    there = (of.seen[1] >= of.setting.span.end) & ~of.people.outside & ~of.people.care_home
    expected = np.where(there, rate, 0.0) * told["known_for_days"] / YEAR
    who = np.flatnonzero(rng.random(len(expected)) < expected)
    return _pregnant(who, of.setting.span.end + rng.integers(0, told["known_for_days"], len(who)), np.full(len(who), -1))


def _lost(of: Lives, rng: np.random.Generator, told: dict[str, Any], size: int) -> Table:
    """So many women who lost a pregnancy in the span."""
    start, end = of.seen
    rate = points(told["age"], of.ages) * (of.people.sex == WOMAN) * np.maximum(end - start - told["lost_weeks"][1] * WEEK, 0)
    weight = np.where(of.people.outside | of.people.care_home, 0.0, rate)
    who = pick_heaviest(rng, weight, min(size, int((weight > 0).sum())))
    days = rng.integers(told["lost_weeks"][0] * WEEK, told["lost_weeks"][1] * WEEK, len(who))
    day = end[who] - 1 - (rng.random(len(who)) * (end[who] - 1 - start[who] - days)).astype(np.int64)
    return _pregnant(who, np.full(len(who), NEVER), np.full(len(who), -1)) | {"lost": day, "conceived": day - days}


def _pregnant(who: Ints, born: Ints, baby: Ints) -> Table:
    return {"person": who, "conceived": np.zeros(len(who), dtype=np.int64), "born": born, "lost": np.full(len(who), NEVER), "baby": baby}


def _too_close(every: Table) -> Bools:
    """Which pregnancies are not a year away from every one before them in the table of the same woman; births come first in it."""
    ends = np.minimum(every["born"], every["lost"])
    found = np.zeros(len(ends), dtype=np.bool_)
    for step in (1, 2, 3):
        same = every["person"][step:] == every["person"][:-step]
        found[step:] |= same & (np.abs(ends[step:] - ends[:-step]) < BETWEEN_BIRTHS)
    return found

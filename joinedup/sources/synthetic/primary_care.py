"""Whom general practice cares for: the patients of the place's practices, since when they have each condition, and how often they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from joinedup.sources.synthetic import needs
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Table
from joinedup.sources.synthetic.figures import columns, figures, points
from joinedup.sources.synthetic.happenings import window
from joinedup.sources.synthetic.seasons import NEVER, YEAR, Season, season
from joinedup.sources.synthetic.streams import stream


def patients(block: Block) -> tuple[Ints, Ints]:
    """From when to when what a practice does for each person can fall; an empty time for people registered elsewhere."""
    start, end = window(block.setting, block.people)
    return start, np.where(block.people.outside, start, end)


def practice_of(block: Block, person: Ints, day: Ints) -> Ints:
    """The position of the practice that each person is registered with on a day."""
    stays = block.stays
    return stays.practice[stays.on(person, day)]


def fifth_of(block: Block) -> Ints:
    """Everyone's deprivation fifth, 0 the most deprived."""
    found: Ints = block.setting.areas.fifth[block.people.area]
    return found


def onsets(block: Block) -> Ints:
    """The day on which each condition was first coded (people by conditions); NEVER without it, and for people from elsewhere."""
    told, people = columns("gp_record", "onset"), block.people
    assert list(told["condition"]) == list(needs.conditions())
    start, end = patients(block)
    rng = stream(block.setting.seed, "onset of conditions", block.number)
    last = np.maximum(start, end - 1)[:, None]
    drawn = last - (rng.exponential(1.0, people.conditions.shape) * told["years"] * YEAR).astype(np.int64)
    youngest = people.born[:, None] + 30 + (told["age"] * YEAR).astype(np.int64)
    having = people.conditions & (start < end)[:, None]
    return np.where(having, np.clip(drawn, np.minimum(youngest, last), last), NEVER)


def calendar_of(block: Block, told: Mapping[str, Any]) -> Season:
    """The weeks and months of what a practice does."""
    return season(block.setting.span, told)


def events(rng: np.random.Generator, calendar: Season, start: Ints, end: Ints, per_year: Floats) -> tuple[Ints, Ints]:
    """Who has events, and on which days: so many a year in the time from start up to end."""
    who = np.repeat(np.arange(len(start)), rng.poisson(per_year * calendar.years(start, end)))
    return who, calendar.days(rng, start[who], end[who])


def burden(block: Block, ages: Floats, adds: float) -> Floats:
    """How many times the ordinary rate of people of that age each has, where every condition adds as much; one on average."""
    ordinary = 1 + adds * needs.prevalence(ages.astype(np.int64)).sum(axis=1)
    found: Floats = (1 + adds * block.people.conditions.sum(axis=1)) / ordinary
    return found


def rate(block: Block, told: Mapping[str, Any], ages: Floats) -> Floats:
    """Events per person and year by age and deprivation, as the figures tell them for 1,000 people."""
    found: Floats = points(told["age"], ages) / 1000 * np.array(told["fifth"], dtype=float)[fifth_of(block)]
    return found


def middle_ages(block: Block) -> Floats:
    """Everyone's age in the middle of their time here, in years."""
    start, end = patients(block)
    return block.people.ages((start + end) // 2)


def known(block: Block, subject: str, holds: Bools) -> Bools:
    """Of those for whom it holds, those whose practice has coded it."""
    share = figures("gp_record")["known"][subject]
    found: Bools = holds & (stream(block.setting.seed, f"{subject} known to the practice", block.number).random(len(holds)) < share)
    return found


def without_names(identity: Table) -> Table:
    """Who each row is about, as in extracts that bring numbers, dates of birth and postcodes only."""
    return {name: column for name, column in identity.items() if name not in ("PERSON_FAMILY_NAME", "PERSON_GIVEN_NAME")}

"""When something happens to people: how often in the time that they can be seen, and on which days."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic import needs
from joinedup.sources.synthetic.draws import Floats, Ints
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.population import People
from joinedup.sources.synthetic.seasons import Season, season
from joinedup.sources.synthetic.setting import Setting


def window(setting: Setting, people: People) -> tuple[Ints, Ints]:
    """From when to when each person's events can fall: in the span, after birth, while there, before death."""
    start = np.maximum(setting.span.start, np.where(people.outside, people.born + 1, np.maximum(people.joined, people.born + 1)))
    return start, np.maximum(start, np.minimum(setting.span.end, np.minimum(people.died, people.left)))


def happen(rng: np.random.Generator, setting: Setting, people: People, kind: str, burden: Floats | float = 1.0) -> tuple[Ints, Ints]:
    """Who has events of a kind, and on which days: as often as the person's rate, burden and time in the place tell."""
    told = figures("rates")[kind]
    start, end = window(setting, people)
    often = needs.rate(kind, people.ages((start + end) // 2), setting.areas.fifth[people.area]) * burden
    return happen_as(rng, setting, people, often, season(setting.span, told))


def happen_as(rng: np.random.Generator, setting: Setting, people: People, often: Floats, calendar: Season) -> tuple[Ints, Ints]:
    """Who has events that each person has so often a year, and on which days."""
    start, end = window(setting, people)
    expected = often * (calendar.years(start, end) * np.where(people.outside, figures("rates")["others"]["rate"], 1.0))
    who = np.repeat(np.arange(len(expected)), rng.poisson(expected))
    return who, calendar.days(rng, start[who], end[who])

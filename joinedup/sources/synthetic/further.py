"""What general practice codes besides: further conditions and circumstances, yearly health checks, plans for the last year of life."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from joinedup.sources.synthetic import needs
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Floats, Ints
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.life import COMMUNITY, lives_of
from joinedup.sources.synthetic.lives import Lives
from joinedup.sources.synthetic.primary_care import patients
from joinedup.sources.synthetic.seasons import NEVER, YEAR


@dataclass(frozen=True, slots=True)
class Coded:
    """Something that practices have coded: the entry, who, and when."""

    entry: str
    person: Ints
    day: Ints


def conditions_coded(block: Block) -> list[Coded]:
    """Who has which further condition or circumstance, and when it was first coded; of those who have one, those whose practice knows."""
    told, of = figures("further"), lives_of(block.setting, block.number, block.people)
    return [_first(block, of, name, holds) for name, holds in further(block, of).items() if name in told["known_since"]] + [
        _has_carer(block, of)
    ]


def further(block: Block, of: Lives) -> dict[str, Bools]:
    """Who has each further condition, whether a practice knows or not."""
    people = block.people
    told = figures("further")
    found = {name: of.having_as(name, told[name]) for name in told["known_since"]}
    diabetes = people.conditions[:, needs.conditions()["diabetes"]]
    found["non_diabetic_hyperglycaemia"] = found["non_diabetic_hyperglycaemia"] & ~diabetes
    for at_home in ("housebound", "social_isolation", "homelessness"):
        found[at_home] = found[at_home] & ~people.care_home
    return found


def _first(block: Block, of: Lives, name: str, holds: Bools) -> Coded:
    """The first entry of something: years ago, or in the time here for what lasts no longer."""
    told = figures("further")
    start, end = patients(block)
    rng = of.stream(f"{name} coded")
    known = holds & (rng.random(len(holds)) < told[name]["known"]) & (start < end)
    years = told["known_since"][name]
    ago = rng.exponential(1.0, len(holds)) * years * YEAR
    lately = start + (rng.random(len(holds)) * np.maximum(end - start, 1)).astype(np.int64)
    youngest = block.people.born + np.int64(np.ceil((min(told[name]["age"]) + 1) * YEAR))
    day = lately if years == 0 else np.maximum(end - 1 - ago.astype(np.int64), np.minimum(youngest, end - 1))
    day = np.where(day >= block.setting.span.start, np.maximum(day, start), day)
    at = np.flatnonzero(known & (day < end))
    return Coded(name, at, day[at])


def _has_carer(block: Block, of: Lives) -> Coded:
    """Those in need of support or with dementia whom somebody at home cares for."""
    people, life = block.people, block.life
    start, end = patients(block)
    cares = life.carer.astype(np.int64)
    others = np.bincount(people.household, cares)[people.household] - cares
    needing = (life.support == COMMUNITY) | people.conditions[:, needs.conditions()["dementia"]]
    rng = of.stream("has a carer")
    known = rng.random(len(cares)) < figures("further")["has_carer"]["known"]
    day = start + (rng.random(len(cares)) * np.maximum(end - start, 1)).astype(np.int64)
    at = np.flatnonzero(known & needing & (others > 0) & ~people.care_home & (day < end))
    return Coded("has_carer", at, day[at])


def health_checks(block: Block, onsets: Ints) -> list[Coded]:
    """Yearly health checks in the span, of those who have the condition by then: some come every year, others never."""
    found, people, span = [], block.people, block.setting.span
    of = lives_of(block.setting, block.number, people)
    start, end = patients(block)
    for entry, told in figures("further")["health_checks"].items():
        rng = of.stream(entry)
        since = np.maximum(onsets[:, needs.conditions()[told["condition"]]], people.born + np.int64(np.ceil(told["from_age"] * YEAR)))
        least, most = told["often"]
        often = rng.beta(least, most, len(start))
        parts = []
        for last in np.arange(span.end, span.start, -YEAR):
            day = np.int64(last) - 1 - (rng.random(len(start)) * YEAR).astype(np.int64)
            came = (rng.random(len(start)) < often) & (day >= np.maximum(start, since)) & (day < end)
            parts.append((np.flatnonzero(came), day[came]))
        found.append(Coded(entry, np.concatenate([who for who, _ in parts]), np.concatenate([day for _, day in parts])))
    return found


def advance_care_plans(block: Block) -> Coded:
    """Who has a plan for the end of life, and since when: one for a person, the first."""
    told, people, life = figures("further")["advance_care_plan"], block.people, block.life
    rng = lives_of(block.setting, block.number, people).stream("advance care plans")
    start, end = patients(block)
    dying = people.died < NEVER
    moments = [
        _planned(rng, told["palliative"], np.where(life.palliative_from < NEVER, life.palliative_from, NEVER), 1),
        _planned(rng, told["dying"], np.where(dying, people.died, NEVER), -1),
        _planned(rng, told["care_home"], np.where(people.care_home & (life.support_from < NEVER), life.support_from, NEVER), 1),
    ]
    day = np.min(moments, axis=0)
    at = np.flatnonzero((day >= start) & (day < end))
    return Coded("advance_care_plan", at, day[at])


def _planned(rng: np.random.Generator, told: list[float], moment: Ints, sign: int) -> Ints:
    """For a share of those who have the moment, a day so long after or before it; NEVER for the others."""
    share, middle, spread = told
    days: Floats = np.ceil(middle * np.exp(spread * rng.standard_normal(len(moment))))
    found: Ints = np.where((rng.random(len(moment)) < share) & (moment < NEVER), moment + sign * days.astype(np.int64), NEVER)
    return found

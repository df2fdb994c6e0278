"""Deaths: of what, where and when they are registered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from joinedup.sources.synthetic import needs
from joinedup.sources.synthetic.draws import Bools, Ints, Texts, band, pick_by_row, pick_named
from joinedup.sources.synthetic.figures import columns, figures
from joinedup.sources.synthetic.population import People
from joinedup.sources.synthetic.seasons import NEVER
from joinedup.sources.synthetic.setting import Setting
from joinedup.sources.synthetic.streams import stream

WITH_CONDITION, WITHOUT = 6.0, 0.25
"""How many times likelier someone is to die of a condition that they have, and that they have not been told of."""


@dataclass(frozen=True, slots=True)
class Deaths:
    """One entry per person who died in the span."""

    person: Ints
    cause: Texts
    place: Texts
    """hospital, home, hospice, care_home or elsewhere."""
    in_spell: Bools
    """Died in a hospital spell; who died in hospital otherwise did so in the emergency department."""
    registered: Ints


def deaths_of(setting: Setting, block: int, people: People) -> Deaths:
    """The deaths of a block."""
    rng = stream(setting.seed, "causes of death", block)
    told = figures("deaths")
    who = np.flatnonzero(people.died < NEVER)
    place = np.where(
        people.care_home[who],
        pick_named(rng, told["place"]["in_a_care_home"], len(who)),
        pick_named(rng, told["place"]["at_home"], len(who)),
    )
    at_the_door = rng.random(len(who)) < told["in_the_emergency_department"]
    return Deaths(
        person=who,
        cause=_causes(rng, people, who),
        place=place,
        in_spell=(place == "hospital") & ~at_the_door,
        registered=people.died[who] + _days_to_register(rng, len(who)),
    )


def _causes(rng: np.random.Generator, people: People, who: Ints) -> Texts:
    rows = columns("deaths")
    weights = rows["weights"].T[band(people.age_on(who, people.died[who]))]
    for at, condition in enumerate(rows["condition"]):
        if condition:
            has = people.conditions[who, needs.conditions()[condition]]
            weights[:, at] *= np.where(has, WITH_CONDITION, WITHOUT)
    return rows["code"][pick_by_row(rng, weights)]


def _days_to_register(rng: np.random.Generator, size: int) -> Ints:
    told = figures("deaths")["registered_after"]
    inquest = rng.random(size) < told["inquest"]
    least, most = np.where(inquest[:, None], told["inquest_days"], told["days"]).T
    waits: Ints = rng.integers(least, most)
    return waits

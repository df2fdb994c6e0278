"""Which school children go to: one near where they live mostly, a special school for some; by numbers that no school has."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Ints, Texts
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.life import PLAN
from joinedup.sources.synthetic.streams import stream

PRIMARY, SECONDARY, SPECIAL = 910_000, 920_000, 930_000
"""What the unique reference numbers of each kind begin from; real ones are below 200,000."""


def school_of(block: Block, person: Ints, day: Ints) -> Texts:
    """The unique reference number of each person's school on a day; blank for those of another age, and who live elsewhere."""
    told, people = figures("schools"), block.people
    rng = stream(block.setting.seed, "schools", block.number)
    size = len(people.sex)
    luck = rng.random((size, 3))[person]
    primary, secondary, after = told["starts"]
    age = people.age_on(person, day)
    kind = np.where(age < secondary, PRIMARY, SECONDARY)
    count = np.where(age < secondary, _schools(block, "primary", secondary - primary), _schools(block, "secondary", after - secondary))
    area = block.stays.area[block.stays.on(person, day)]
    household = people.household[person]
    near = (area * count // block.setting.areas.inside) % count  # areas stand along the wards
    elsewhere = (near + 1 + household % np.maximum(count - 1, 1)) % count
    number = kind + np.where(luck[:, 0] < told["elsewhere"], elsewhere, near)
    special = (block.life.special_needs[person] == PLAN) & (luck[:, 1] < told["special"])
    number = np.where(special, SPECIAL + (luck[:, 2] * told["specials"]).astype(np.int64), number)
    there = (age >= primary) & (age < after) & ~people.outside[person]
    return np.where(there, number.astype("U6"), "")


def _schools(block: Block, kind: str, years: int) -> int:
    """How many schools of a kind the place has: one at least."""
    told = figures("schools")
    found: float = block.setting.people * told["ages_a_year"] * years / told["pupils"][kind]
    return max(1, round(found))

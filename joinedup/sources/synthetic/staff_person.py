"""Rows of people who work for the partners: some of working age, with accounts that nobody has."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.primary_care import patients, practice_of
from joinedup.sources.synthetic.rows import Rows, identity, sources_of
from joinedup.sources.synthetic.seasons import NEVER, dates
from joinedup.sources.synthetic.streams import stream


def rows(block: Block) -> Rows:
    """The employments of people who were registered in the place in the span, as known at its end."""
    told, (start, end) = figures("staff_person"), patients(block)
    rng = stream(block.setting.seed, "staff of partners", block.number)
    age, luck = block.people.ages(block.setting.span.end), rng.random(len(block.people.sex))
    working = (age >= told["ages"][0]) & (age < told["ages"][1]) & (start < end)
    person = np.flatnonzero(working & (luck < told["share"]))
    first = start[person]
    account = np.array([f"inv-{block.number}-{each}" for each in person], dtype="U24")
    fields = identity(block, "staff_person", person, first) | {"ACCOUNT": account, "STAFF_FROM": dates(first)}
    return Rows(
        contract="staff_person",
        person=person,
        source=sources_of(block, "staff_person", practice_of(block, person, first)),
        day=np.full(len(person), block.setting.span.start),
        columns=fields | {"STAFF_TO": dates(np.full(len(person), NEVER))},
        died=block.people.died[person],
        whole=np.zeros(len(person), dtype=np.bool_),
    )

"""Rows of superseded NHS numbers: one per number that another has replaced in the span."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.rows import Rows, identity, sources_of
from joinedup.sources.synthetic.seasons import dates


def rows(block: Block) -> Rows:
    """The numbers of a block's people that were replaced."""
    held = block.former_numbers
    person, day = held.person, held.day
    fields = identity(block, "superseded_number", person, day) | {
        "NHS_NUMBER": held.replaced_by.astype("U12"),
        "SUPERSEDED_NHS_NUMBER": held.number.astype("U12"),
        "REPLACED_ON": dates(day),
    }
    return Rows(
        contract="superseded_number",
        person=person,
        source=sources_of(block, "superseded_number", person) if len(person) else np.zeros(0, dtype=np.int64),
        day=day,
        columns=fields,
        died=block.people.died[person],
        whole=np.ones(len(person), dtype=np.bool_),
    )

"""Rows of the crosswalk: for each source that brings its own pseudonyms, the number that each stands for."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.rows import Rows, identity, sources_of
from joinedup.sources.synthetic.seasons import NEVER, dates
from joinedup.sources.synthetic.sheets import pseudonyms


def rows(block: Block) -> Rows:
    """The pseudonyms of a block's people in every namespace of the place; none where each source brings numbers."""
    namespaces = sorted({source.pseudonym for source in block.setting.place.sources if source.pseudonym})
    people = len(block.people.sex)
    person = np.tile(np.arange(people), len(namespaces))
    numbers = block.nhs_numbers[person].astype("U12")
    day = np.full(len(person), block.setting.span.start)
    fields = identity(block, "crosswalk", person, day) | {
        "PSEUDONYM_OF": np.repeat(np.array(namespaces, dtype=str), people) if namespaces else np.zeros(0, dtype="U1"),
        "SOURCE_PSEUDONYM": np.concatenate([pseudonyms(name, numbers[:people]) for name in namespaces])
        if namespaces
        else np.zeros(0, dtype="U16"),
        "NHS_NUMBER": numbers,
        "VALID_FROM": dates(np.where(person % 3 == 0, block.people.born[person], NEVER)),  # of some it is said, and says nothing new
    }
    return Rows(
        contract="crosswalk",
        person=person,
        source=sources_of(block, "crosswalk", person) if len(person) else np.zeros(0, dtype=np.int64),
        day=day,
        columns=fields,
        died=block.people.died[person],
        whole=np.ones(len(person), dtype=np.bool_),
    )

"""Rows of people whose details are protected: a few in ten thousand, on numbers that lists know."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Ints
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.primary_care import patients, practice_of
from joinedup.sources.synthetic.rows import Rows, identity, sources_of
from joinedup.sources.synthetic.seasons import NEVER, dates
from joinedup.sources.synthetic.streams import stream


def protections(block: Block) -> tuple[Ints, Ints, Bools]:
    """People who were registered in the place in the span and are protected, since when, and whose protection has ended."""
    told, (start, end) = figures("protected_person"), patients(block)
    rng = stream(block.setting.seed, "protected people", block.number)
    luck = rng.random((2, len(block.people.sex)))
    person = np.flatnonzero((luck[0] < told["share"]) & (start < end))
    first = start[person] + (luck[1][person] * np.maximum(end[person] - start[person], 1)).astype(np.int64)
    return person, first, rng.random(len(person)) < told["ended"]


def rows(block: Block) -> Rows:
    """The protections of people, as known at the end of the span."""
    person, first, ended = protections(block)
    last = np.where(ended & (first + 1 < block.setting.span.end), block.setting.span.end - 1, NEVER)
    fields = identity(block, "protected_person", person, first) | {"PROTECTED_FROM": dates(first), "PROTECTED_TO": dates(last)}
    return Rows(
        contract="protected_person",
        person=person,
        source=sources_of(block, "protected_person", practice_of(block, person, first)),
        day=np.full(len(person), block.setting.span.start),
        columns=fields,
        died=block.people.died[person],
        whole=last < NEVER,
    )

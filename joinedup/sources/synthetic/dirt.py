"""Faults put into rows, each kind at a stated rate (figures/dirt.yml), at most one in a row, all counted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Ints, stack, take
from joinedup.sources.synthetic.faults import FAULTS, POSSIBLE, Kind, Work, kinds
from joinedup.sources.synthetic.rows import MISSING, Rows
from joinedup.sources.synthetic.streams import stream

CLEAN = -1
DUPLICATES = ("exact_duplicate", "resubmission")
TEXT_ONLY = ("impossible_date", "blank_line")
"""What a file with typed columns can't hold."""


@dataclass(frozen=True, slots=True)
class Dirty:
    """Rows with their faults."""

    rows: Rows
    kind: Ints
    """The position of each row's fault among the kinds; CLEAN for nearly all. Of a duplicate, the later row has it."""


def spoil(block: Block, rows: Rows, written: dict[int, frozenset[str]], textual: frozenset[int]) -> Dirty:
    """The rows with their faults. `written`: the columns that each source writes; `textual`: the sources whose files are text."""
    rng = stream(block.setting.seed, f"faults in {rows.contract}", block.number)
    luck = rng.random(len(rows.person))
    rows = replace(rows, columns=dict(rows.columns))
    kind, reached = np.full(len(luck), CLEAN), 0.0
    for position, each in enumerate(kinds()):
        rate = each.rates.get(rows.contract)
        if rate is None:
            continue
        drawn = (luck >= reached) & (luck < reached + rate) & _possible(block, rows, each, written, textual)
        reached += rate
        at = np.flatnonzero(drawn)
        FAULTS[each.name](Work(block, rows, at, each.columns[rows.contract], each, rng))
        kind[at] = position
    return _repeated(rows, kind)


def _possible(block: Block, rows: Rows, kind: Kind, written: dict[int, frozenset[str]], textual: frozenset[int]) -> Bools:
    """Which rows can have such a fault so that a reader can find it."""
    names = kind.columns[rows.contract]
    able = [at for at, columns in written.items() if columns.issuperset(names) and (kind.name not in TEXT_ONLY or at in textual)]
    fits = POSSIBLE.get(kind.name)
    found: Bools = np.isin(rows.source, able)
    return found & fits(block, rows, names) if fits else found


def _repeated(rows: Rows, kind: Ints) -> Dirty:
    """The rows with, before each that is a duplicate, the row as it was first given."""
    positions = [position for position, each in enumerate(kinds()) if each.name in DUPLICATES]
    twice = np.flatnonzero(np.isin(kind, positions))
    earlier = take(rows.columns, twice)
    by_position = dict(enumerate(kinds()))
    for position in positions:
        here = np.flatnonzero(kind[twice] == position)
        for name in by_position[position].columns.get(rows.contract, []):
            earlier[name] = _uncorrected(earlier[name], here)
    both = np.concatenate([twice, np.arange(len(kind))])
    order = np.argsort(both, kind="stable")
    original, later = both[order], order >= len(twice)
    return Dirty(
        rows=Rows(
            contract=rows.contract,
            person=rows.person[original],
            source=rows.source[original],
            day=rows.day[original],
            columns=take(stack([earlier, rows.columns]), order),
            died=rows.died[original],
            whole=rows.whole[original],
            spoiled={name: mask[original] & later for name, mask in rows.spoiled.items()},
        ),
        kind=np.where(later, kind[original], CLEAN),
    )


def _uncorrected(column: np.ndarray, at: Ints) -> np.ndarray:
    """The column with what was given before it was corrected."""
    made = column.copy()
    made[at] = np.where(column[at] == MISSING, 10_000, column[at] + 1_000) if column.dtype.kind == "i" else ""
    return made

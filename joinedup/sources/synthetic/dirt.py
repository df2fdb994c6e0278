"""Faults put into rows, each kind at a stated rate (figures/dirt.yml), at most one in a row, all counted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, stack, take
from joinedup.sources.synthetic.fault_kinds import Kind, kinds
from joinedup.sources.synthetic.faults import FAULTS, POSSIBLE, Work
from joinedup.sources.synthetic.figures import columns, figures
from joinedup.sources.synthetic.rows import MISSING, Rows
from joinedup.sources.synthetic.streams import stream

CLEAN = -1
MOST = 0.9
"""However much noise there is, no more of a contract's rows have a fault."""
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
    kind, reached = np.full(len(luck), CLEAN), np.zeros(len(luck))
    given = chances(block, rows, written, textual)
    much = np.maximum(np.sum([chance for _, chance in given.values()], axis=0) / MOST if given else 1.0, 1.0)
    for position, (names, chance) in given.items():
        each = kinds()[position]
        at = np.flatnonzero((luck >= reached) & (luck < reached + chance / much))
        reached += chance / much
        if len(at):
            FAULTS[each.name](Work(block, rows, at, names, each, rng))
            kind[at] = position
    return _repeated(rows, kind)


def chances(block: Block, rows: Rows, written: dict[int, frozenset[str]], textual: frozenset[int]) -> dict[int, tuple[list[str], Floats]]:
    """For each kind that rows of the contract can have, by position: the columns that it is put into, and how likely it is in each row."""
    told = figures("dirt")["by_ethnic_category"]
    unequal = np.array([told[code] for code in columns("ethnic_groups")["code"]])[block.people.ethnic[rows.person]]
    found = {}
    for position, each in enumerate(kinds()):
        rate, names = each.rate(rows.contract), each.names(rows.contract, rows.columns)
        if rate is not None and names is not None:
            able = _possible(block, rows, each, names, written, textual)
            found[position] = names, able * rate * (unequal if each.unequal else 1.0) * block.setting.noise
    return found


def _possible(  # noqa: PLR0913, PLR0917 -- everything that can forbid it
    block: Block, rows: Rows, kind: Kind, names: list[str], written: dict[int, frozenset[str]], textual: frozenset[int]
) -> Bools:
    """Which rows can have such a fault so that a reader can find it."""
    able = [at for at, columns_ in written.items() if columns_.issuperset(names) and (kind.name not in TEXT_ONLY or at in textual)]
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
        for name in by_position[position].names(rows.contract, rows.columns) or []:
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

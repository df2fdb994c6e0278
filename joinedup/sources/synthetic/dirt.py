"""Faults put into rows, each kind at a stated rate (figures/dirt.yml), several in one row at times, all counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, stack, take
from joinedup.sources.synthetic.fault_kinds import Kind, contract_of, kinds, position_of
from joinedup.sources.synthetic.faults import FAULTS, Work
from joinedup.sources.synthetic.figures import columns, figures
from joinedup.sources.synthetic.possible_faults import POSSIBLE
from joinedup.sources.synthetic.rows import MISSING, Rows
from joinedup.sources.synthetic.streams import stream

CLEAN = 0
MOST = 0.9
"""However much noise there is, no kind is likelier in a row."""
MOST_IN_A_ROW = 3.0
"""However much noise there is, a row has no more faults than this on average."""
DUPLICATES = ("exact_duplicate", "resubmission")
TEXT_ONLY = ("impossible_date", "blank_line")
"""What a file with typed columns can't hold."""
TWICE = "the row as a whole"
"""Stands among the columns that a fault is put into where it repeats the row."""


@dataclass(frozen=True, slots=True)
class Dirty:
    """Rows with their faults."""

    rows: Rows
    faults: Ints
    """The faults of each row, a bit for each kind by its position; CLEAN for most. Of a duplicate, the later row has that bit."""

    def having(self, kind: str) -> Bools:
        """Which rows have a fault of that kind."""
        found: Bools = (self.faults & bit(kind)) != 0
        return found


def bit(kind: str) -> int:
    """What stands for a kind among the faults of a row."""
    return 1 << position_of(kind)


def each_fault(faults: Ints) -> Iterator[tuple[int, Ints]]:
    """For each kind that some row has, by position: the rows that have it."""
    faulty = np.flatnonzero(faults != CLEAN)
    held = faults[faulty]
    for position in range(int(np.bitwise_or.reduce(held)).bit_length() if len(held) else 0):
        at = faulty[(held >> position) & 1 == 1]
        if len(at):
            yield position, at


def spoil(block: Block, rows: Rows, written: dict[int, frozenset[str]], textual: frozenset[int]) -> Dirty:
    """The rows with their faults. `written`: the columns that each source writes; `textual`: the sources whose files are text.

    No two faults of a row are put into the same column, so that each is still there to be found.
    """
    rows = replace(rows, columns=dict(rows.columns))
    faults, touched = np.zeros(len(rows.person), dtype=np.int64), dict[str, Bools]()
    for position, (names, chance) in chances(block, rows, written, textual).items():
        each = kinds()[position]
        rng = stream(block.setting.seed, f"{each.name} in {rows.contract}", block.number)
        asked = [*names, *_besides(each, rows.contract)]
        has = rng.random(len(faults)) < chance
        for mask in (touched[name] for name in asked if name in touched):
            has &= ~mask
        for other in each.not_with:
            has &= faults & bit(other) == 0
        at = np.flatnonzero(has)
        if not len(at):
            continue
        work = Work(block, rows, at, names, each, rng)
        FAULTS[each.name](work)
        faults[at] |= 1 << position
        for name in {*asked, *work.written}:
            touched.setdefault(name, np.zeros(len(faults), dtype=np.bool_))[at] = True
    return _repeated(rows, faults)


def _besides(kind: Kind, contract: str) -> list[str]:
    """The columns that have to be as they were besides those that a fault is put into: of a duplicate, all that name the record."""
    return [TWICE, *contract_of(contract).key] if kind.name in DUPLICATES else []


def chances(block: Block, rows: Rows, written: dict[int, frozenset[str]], textual: frozenset[int]) -> dict[int, tuple[list[str], Floats]]:
    """For each kind that rows of the contract can have, by position: the columns that it is put into, and how likely it is in each row."""
    told = figures("dirt")["by_ethnic_category"]
    unequal = np.array([told[code] for code in columns("ethnic_groups")["code"]])[block.people.ethnic[rows.person]]
    together = _carelessness(block, rows) * block.setting.noise
    found = {}
    for position, each in enumerate(kinds()):
        rate, names = each.rate(rows.contract), each.names(rows.contract, rows.columns)
        if rate is not None and names is not None:
            able = _possible(block, rows, each, names, written, textual)
            found[position] = names, able * rate * (unequal if each.unequal else 1.0) * together
    every = np.sum([chance for _, chance in found.values()], axis=0) if found else np.zeros(len(rows.person))
    much = np.maximum(every / MOST_IN_A_ROW, 1.0)
    return {position: (names, np.minimum(chance / much, MOST)) for position, (names, chance) in found.items()}


def _carelessness(block: Block, rows: Rows) -> Floats:
    """How many times the ordinary rates faults come at in each row; one on average: rows written in a hurry, and people hard to write down,
    have several at once and again and again."""
    told = figures("dirt")["together"]
    hurried = stream(block.setting.seed, f"rows of {rows.contract} in a hurry", block.number).random(len(rows.person))
    hard = stream(block.setting.seed, "people hard to write down", block.number).random(len(block.people.sex))[rows.person]
    found = np.ones(len(rows.person))
    for luck, (share, times) in ((hurried, told["rows_in_a_hurry"]), (hard, told["people_hard_to_write_down"])):
        found = found * np.where(luck < share, times, (1 - share * times) / (1 - share))
    return found


def _possible(  # noqa: PLR0913, PLR0917 -- everything that can forbid it
    block: Block, rows: Rows, kind: Kind, names: list[str], written: dict[int, frozenset[str]], textual: frozenset[int]
) -> Bools:
    """Which rows can have such a fault so that a reader can find it."""
    able = [at for at, columns_ in written.items() if columns_.issuperset(names) and (kind.name not in TEXT_ONLY or at in textual)]
    fits = POSSIBLE.get(kind.name)
    found: Bools = np.isin(rows.source, able)
    return found & fits(block, rows, names) if fits else found


def _repeated(rows: Rows, faults: Ints) -> Dirty:
    """The rows with, before each that is a duplicate, the row as it was first given, with its other faults."""
    repeats = sum(bit(name) for name in DUPLICATES)
    twice = np.flatnonzero(faults & repeats)
    earlier = take(rows.columns, twice)
    for name in DUPLICATES:
        here = np.flatnonzero(faults[twice] & bit(name))
        for column in kinds()[position_of(name)].names(rows.contract, rows.columns) or []:
            earlier[column] = _uncorrected(earlier[column], here)
    both = np.concatenate([twice, np.arange(len(faults))])
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
            spoiled={name: mask[original] for name, mask in rows.spoiled.items()},
        ),
        faults=np.where(later, faults[original], faults[original] & ~repeats),
    )


def _uncorrected(column: np.ndarray, at: Ints) -> np.ndarray:
    """The column with what was given before it was corrected."""
    made = column.copy()
    made[at] = np.where(column[at] == MISSING, 10_000, column[at] + 1_000) if column.dtype.kind == "i" else ""
    return made

"""The broken twin of a file: sound rows, and beside them rows broken in every way that its contract knows, all counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from joinedup.sources.contract import ContractSpec
from joinedup.sources.one_person import NUMBER
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.breaking import Break, breaks_of
from joinedup.sources.synthetic.draws import Bools, Ints, stack
from joinedup.sources.synthetic.nhs_numbers import numbers
from joinedup.sources.synthetic.rows import Rows
from joinedup.sources.synthetic.sheets import delimiter, sheet, text
from joinedup.sources.synthetic.sound_rows import broken_rules, changed, filled, some, sound
from joinedup.sources.synthetic.streams import stream
from joinedup.sources.synthetic.targets import Target

CANDIDATES = 400
"""Sound rows among which those to be broken are looked for."""
LEAST_SOUND = 100
"""Rows of a twin that stay sound, at least; and never fewer than are broken, so that the file as a whole isn't in doubt."""
FAMILY_NAME = "PERSON_FAMILY_NAME"
LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))
FEWEST, COUNTS = 2, 3
"""Two, three or four rows are broken by each rule in turn, so that a mixed-up count shows."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A way to break rows, the candidates that are broken so, and what else is found in them ((rule, field) -> rows)."""

    how: Break
    at: Ints
    implied: dict[tuple[str, str | None], int]


@dataclass(frozen=True, slots=True)
class Twin:
    """The rows of a broken file, as a table of text, and how each was broken."""

    table: pa.Table
    placed: tuple[Placed, ...]
    which: Ints
    """For each row, the position among `placed`; -1 for a sound one."""

    def rows_of(self, place: int) -> list[int]:
        """The numbers of the rows broken in one way; of a row that stands twice, the first, and the second if that goes too."""
        found, each = np.flatnonzero(self.which == place) + 1, self.placed[place]
        return [int(row) for row in (found[: len(each.at)] if each.how.twice and not each.how.again else found)]


def candidates_of(block: Block, target: Target, rows: Rows) -> Rows:
    """The sound rows that may be broken, with a column for every field of the file."""
    rows = filled(target.fields, rows)
    mine = np.flatnonzero(rows.source == target.position)
    rows = some(rows, mine)
    return some(rows, np.flatnonzero(sound(target.contract, rows, block.setting.place.as_at))[:CANDIDATES])


def twin_of(block: Block, target: Target, candidates: Rows) -> Twin:
    """Those rows broken in every way that can be, among as many sound ones."""
    contract, as_at = target.contract, block.setting.place.as_at
    rng = stream(block.setting.seed, f"broken rows of {target.file}")
    placed = tuple(_placed(block, target, candidates))
    broken = sum(len(each.at) for each in placed)
    plain = np.arange(max(LEAST_SOUND, broken)) % len(candidates.day)
    picked = np.concatenate([*(each.at for each in placed), plain])
    which = np.concatenate([*(np.full(len(each.at), place) for place, each in enumerate(placed)), np.full(len(plain), -1)])
    rows = _told_apart(contract, some(candidates, picked), picked, numbers(block.setting.seed))
    parts = [
        changed(contract, some(rows, which == place), placed[place].how.values if place >= 0 else {}, as_at).rows
        for place in range(-1, len(placed))
    ]
    where = np.concatenate([np.flatnonzero(which == place) for place in range(-1, len(placed))])
    rows = replace(rows, columns=stack([part.columns for part in parts]))  # in the order of `where`, which is that of the parts
    which = which[where]
    twice = np.flatnonzero(np.isin(which, [place for place, each in enumerate(placed) if each.how.twice]))
    order = np.concatenate([rng.permutation(len(which)), twice])
    table = _with_texts(target, sheet(target, rows, order), placed, which[order], second=np.arange(len(order)) >= len(which))
    return Twin(table, placed, which[order])


def _placed(block: Block, target: Target, candidates: Rows) -> Iterator[Placed]:
    """Every way to break rows that some candidates allow, each with rows of its own as far as there are."""
    contract, as_at = target.contract, block.setting.place.as_at
    taken = np.zeros(len(candidates.day), dtype=np.int64)
    for position, how in enumerate(breaks_of(target)):
        count = FEWEST + position % COUNTS
        tried = changed(contract, candidates, how.values, as_at)
        hits = broken_rules(contract, tried.rows, as_at) if how.values else np.zeros((len(taken), len(contract.rules)), dtype=np.bool_)
        able, beside = _judged(contract, how, hits)
        able &= tried.able
        if not able.any():
            continue
        best = np.lexsort((taken, beside.sum(axis=1), ~able))[: int(able.sum())]
        at = np.resize(best, count)
        np.add.at(taken, at, 1)
        implied = {(rule.name, None): int(beside[at, place].sum()) for place, rule in enumerate(contract.rules) if beside[at, place].any()}
        yield Placed(how, at, implied | {("unknown-code", name): count for name in _codes_broken(contract, how)})


def _codes_broken(contract: ContractSpec, how: Break) -> list[str]:
    """The fields that hold no code of their list where a rule is broken."""
    if how.effect == "rejected" or how.rule not in {rule.name for rule in contract.rules}:
        return []
    lists = {field.name: field.codes for field in contract.fields if field.codes}
    written = {name: value for name, value in how.values.items() if isinstance(value, str) and value and name in lists}
    return [name for name, value in written.items() if value.upper() not in lists[name]]


def _judged(contract: ContractSpec, how: Break, hits: Bools) -> tuple[Bools, Bools]:
    """Which rows are found by the rule that they are to break, and which other rules count each."""
    names = [rule.name for rule in contract.rules]
    rejects = np.array([rule.effect == "reject" for rule in contract.rules], dtype=np.bool_)
    none = np.zeros_like(hits)
    if how.effect == "rejected":
        if how.rule not in names:
            return np.ones(len(hits), dtype=np.bool_), none
        place = names.index(how.rule)
        earlier = hits[:, :place][:, rejects[:place]].any(axis=1)
        return hits[:, place] & ~earlier, none
    beside = hits & ~np.array([name == how.rule for name in names], dtype=np.bool_)
    intended = hits[:, names.index(how.rule)] if how.rule in names else np.ones(len(hits), dtype=np.bool_)
    return intended & ~hits[:, rejects].any(axis=1), beside


def _told_apart(contract: ContractSpec, rows: Rows, picked: Ints, fresh: Ints) -> Rows:
    """The rows, those that were picked more than once with a person and a record number of their own.

    Where the person names the record, no two rows are about one person: a field that is broken could make their keys the same. So no
    identifier, number of a record or full name of one of them stands in another.
    """
    names_person = contract.key[0] == NUMBER
    if NUMBER in contract.key:
        picked = np.unique(rows.columns[NUMBER], return_inverse=True)[1]
    order = np.argsort(picked, kind="stable")
    again = np.zeros(len(picked), dtype=np.int64)
    again[order] = np.arange(len(picked)) - np.searchsorted(picked[order], picked[order])
    columns = dict(rows.columns)
    columns[NUMBER] = np.where(again > 0, fresh[-len(picked) :].astype("U10"), columns[NUMBER])
    own = [FAMILY_NAME, *contract.same_person.known_by, contract.same_person.record] if names_person else [_numbered(contract)]
    for name in own:
        if name in columns and name != NUMBER:
            columns[name] = _another(columns[name], again)
    return replace(rows, columns=columns)


def _numbered(contract: ContractSpec) -> str:
    """The part of a record's key that isn't a code: its number."""
    coded = {field.name for field in contract.fields if field.codes}
    return next(name for name in contract.key if name not in coded)


def _another(values: NDArray[Any], again: Ints) -> NDArray[Any]:
    """The values, each with an ending of its own where its row was picked `again`; of letters, so that it may end a name too."""
    if values.dtype.kind != "U":
        return np.where(again > 0, values + again * 10**9, values)
    tens, ones = (LETTERS[again // 26 % 26], LETTERS[again % 26])
    ending = np.char.add(tens, ones)
    return np.where((again > 0) & (values != ""), np.char.add(values, ending), values)


def _with_texts(target: Target, table: pa.Table, placed: Sequence[Placed], which: Ints, *, second: Bools) -> pa.Table:
    """The table as text, with what stands in rows that are broken by the very text of a field."""
    table = table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))
    for at, field in enumerate(target.fields):
        column = table.column(at)
        for place, each in enumerate(placed):
            for texts, rows in ((each.how.written, which == place), (each.how.again, (which == place) & second)):
                if field.name in texts:
                    column = pc.if_else(pa.array(rows), pa.scalar(texts[field.name] or None, pa.string()), column)
        table = table.set_column(at, table.column_names[at], column)
    return table


def lines_of(target: Target, twin: Twin) -> list[str]:
    """The lines of a text file below its header, those broken that are to be."""
    sign = delimiter(target)
    lines = text(target, twin.table).decode().split("\n")[:-1]
    assert len(lines) == twin.table.num_rows, "no value holds a line end"
    ways = [each.how.line for each in twin.placed]
    return [way(line, sign) if place >= 0 and (way := ways[place]) else line for line, place in zip(lines, twin.which, strict=True)]

"""The rows that a source sends month by month, so that the record of all its files is that of one clean file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from joinedup.place.model import Source
from joinedup.sources.contract import ContractField, FieldType
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.dirt import CLEAN, DUPLICATES, Dirty, bit
from joinedup.sources.synthetic.draws import Bools, Ints, Table, stack
from joinedup.sources.synthetic.drops import Drop, month_starts
from joinedup.sources.synthetic.fault_kinds import contract_of, kinds, may_be_missing
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.rows import MISSING, Rows, only
from joinedup.sources.synthetic.seasons import NEVER, Span
from joinedup.sources.synthetic.streams import stream

AS_IT_IS, UNREADY, WRONG, TAKEN_BACK = range(4)
"""What a row is in a file: as known by then; without a value that comes later; a record that should not be; the mark that deletes one."""

LONGEST_WAIT = 4
"""Months until a correction comes."""
WITHOUT_NUMBER = ("missing_number", "wrong_check_digit")


@dataclass(frozen=True, slots=True)
class Sent:
    """Rows, and of each the position of its file among those of its source; within a file in their order."""

    dirty: Dirty
    file: Ints


def sent(block: Block, source: Source, dirty: Dirty, drops: Sequence[Drop]) -> Sent:
    """The rows of one source as its files hold them."""
    kind = drops[0].kind
    if kind == "list":
        return _lists(dirty, drops)
    month = _months(dirty, block.setting.span, by_end=source.name in block.setting.by_end)
    copies = _whole(block, dirty, drops, month) if kind == "everything" else _by_month(block, source, dirty, drops, month)
    order = np.lexsort((copies["row"], copies["what"], copies["file"]))
    row, what, file = copies["row"][order], copies["what"][order], copies["file"][order]
    taken = Dirty(only(dirty.rows, row), np.where(what < WRONG, dirty.faults[row], CLEAN))
    known = _known_by(taken, np.array([NEVER if drop.kind == "again" else drop.day for drop in drops])[file])
    marks = np.select([what == UNREADY, what == WRONG, what == TAKEN_BACK], [bit(name) for name in MARKS], CLEAN)
    return Sent(Dirty(_as_what(known.rows, what), known.faults | marks), file)


MARKS = ("value_to_come", "record_in_error", "deletion")
"""What the truth calls a row that isn't as it is."""


def _copies(row: Ints, file: Ints, what: Ints | int) -> Table:
    return {"row": row, "file": file, "what": np.broadcast_to(np.asarray(what), row.shape).astype(np.int64)}


def _months(dirty: Dirty, span: Span, *, by_end: bool) -> Ints:
    """The month of the span in whose file each row is sent first; the first or last for what lies outside.

    That in which it began or, where the source sends by end, is over: what isn't over yet comes in the last. A row that couldn't be
    recognised in a later file comes once it is whole.
    """
    rows, told = dirty.rows, figures("sending")
    contract = contract_of(rows.contract)
    began = _days(rows, told["begun"].get(rows.contract, contract.dated_by), rows.day)
    if by_end:
        return _month_of(_days(rows, told["over"][rows.contract], NEVER), span)
    whole = np.maximum.reduce([began, *(_days(rows, name, began) for name in told["known_later"].get(rows.contract, ()))])
    unknown = (dirty.faults & sum(bit(name) for name in WITHOUT_NUMBER) != 0) & ("NHS_NUMBER" in contract.key)
    return _month_of(np.where(unknown, whole, began), span)


def _month_of(day: Ints, span: Span) -> Ints:
    starts = np.array(month_starts(span), dtype="datetime64[D]").astype(np.int64)
    found: Ints = np.clip(np.searchsorted(starts, day, side="right") - 1, 0, len(starts) - 2)
    return found


def _days(rows: Rows, name: str | None, otherwise: Ints | int) -> Ints:
    """The days of a column, and another where it has none."""
    column = rows.columns.get(name or "")
    if column is None:
        return np.broadcast_to(np.asarray(otherwise), rows.day.shape)
    return np.where(np.isnat(column), otherwise, column.astype(np.int64))


def _chosen(block: Block, dirty: Dirty, what: str) -> Bools:
    """Which rows it befalls, at the rate that the figures give: none that have a fault or stand before a duplicate."""
    luck = stream(block.setting.seed, f"{what} in {dirty.rows.contract}", block.number).random(len(dirty.faults))
    repeats = dirty.faults & sum(bit(name) for name in DUPLICATES) != 0
    found: Bools = (
        (luck < figures("sending")[what]) & (dirty.faults == CLEAN) & ~np.append(repeats[1:], np.zeros(min(len(repeats), 1), np.bool_))
    )
    return found


def _whole(block: Block, dirty: Dirty, drops: Sequence[Drop], month: Ints) -> Table:
    """In each file every row up to its month; those of its last month that come late are unready but for the last file."""
    late = _chosen(block, dirty, "late_corrections") & bool(_correctable(dirty.rows))
    parts = []
    for file, drop in enumerate(drops):
        row = np.flatnonzero(month <= drop.last)
        unready = late[row] & (month[row] == drop.last) & (file < len(drops) - 1)
        parts.append(_copies(row, np.full(len(row), file), np.where(unready, UNREADY, AS_IT_IS)))
    return stack(parts)


def _by_month(block: Block, source: Source, dirty: Dirty, drops: Sequence[Drop], month: Ints) -> Table:
    """Each row in its month, some of them unready, and the first year once more; corrections and deletions where a month isn't replaced."""
    months = sum(drop.kind == "month" for drop in drops)
    every = np.arange(len(month))
    again = np.full(len(month), -1)
    for file in range(months, len(drops)):
        again = np.where((month >= drops[file].first) & (month <= drops[file].last), file, again)
    late = _chosen(block, dirty, "late_corrections") & (month < months - 1) & bool(_correctable(dirty.rows))
    wrong = _chosen(block, dirty, "deleted_records") & ~late & (month < months - 1) & bool(_key_to_change(dirty.rows))
    if source.sends == "months":
        late, wrong = late & (again >= 0), np.zeros_like(wrong)
    parts = [_copies(every, month, np.where(late, UNREADY, AS_IT_IS)), _copies(every[again >= 0], again[again >= 0], AS_IT_IS)]
    parts += [_copies(row, file, AS_IT_IS) for row, file in _finished_later(dirty.rows, block.setting.span, month, late)]
    if source.sends != "months":
        wait = stream(block.setting.seed, f"waits of {dirty.rows.contract}", block.number).integers(1, LONGEST_WAIT + 1, len(month))
        corrected = np.minimum(np.maximum(month + wait, _last_month(dirty.rows, block.setting.span)), months - 1)
        parts.append(_copies(every[late], corrected[late], AS_IT_IS))
        parts.append(_copies(every[wrong], month[wrong], WRONG))
        parts.append(_copies(every[wrong], month[wrong] + 1, TAKEN_BACK))
    return stack(parts)


def _finished_later(rows: Rows, span: Span, month: Ints, late: Bools) -> list[tuple[Ints, Ints]]:
    """Rows that are sent again in a later month than their first, once another of their dates is known, each time with the month."""
    names = list(figures("sending")["known_later"].get(rows.contract, ()))
    each = [_month_of(_days(rows, name, -NEVER), span) for name in names]
    found = []
    for at, later in enumerate(each):
        new = (later > month) & ~late & ~np.any([later == other for other in each[:at]], axis=0)
        found.append((np.flatnonzero(new), later[new]))
    return found


def _last_month(rows: Rows, span: Span) -> Ints:
    """The month in which the last date of each row is known."""
    names = figures("sending")["known_later"].get(rows.contract, ())
    each = [_month_of(_days(rows, name, -NEVER), span) for name in names]
    found: Ints = np.maximum.reduce([np.zeros(len(rows.day), dtype=np.int64), *each])
    return found


def _known_by(dirty: Dirty, day: Ints) -> Dirty:
    """The rows as known on the last day of their file's months: what lies later isn't there yet, nor are faults in it."""
    rows = dirty.rows
    columns, faults, unfinished = dict(rows.columns), dirty.faults, np.zeros(len(day), dtype=np.bool_)
    for name, beside in figures("sending")["known_later"].get(rows.contract, {}).items():
        later = _days(rows, name, -NEVER) > day
        for other, value in {name: "", **beside}.items():
            if other in columns:
                columns[other] = _put(columns[other], later, value)
        faults = np.where(later, faults & ~_faults_in(rows, {name, *beside}), faults)
        unfinished |= later
    return Dirty(replace(rows, columns=columns), np.where(unfinished, faults | bit("unfinished"), faults))


def _faults_in(rows: Rows, names: set[str]) -> int:
    """The kinds that would be put into one of these columns; a row that is there twice is so all the same."""
    held = ((each, each.names(rows.contract, rows.columns)) for each in kinds() if each.name not in DUPLICATES)
    return sum(bit(each.name) for each, columns in held if columns and names & {*columns})


def _as_what(rows: Rows, what: Ints) -> Rows:
    """The rows, those that are unready without the value that comes later, wrong ones under a key of their own."""
    columns = dict(rows.columns)
    for name in _correctable(rows):
        columns[name] = _blanked(columns[name], what == UNREADY)
    contract = contract_of(rows.contract)
    for name in _key_to_change(rows):
        columns[name] = np.where(what >= WRONG, np.char.add("W", columns[name]), columns[name])
    if contract.deleted_by and (what == TAKEN_BACK).any():
        before = columns.get(contract.deleted_by.field, np.full(len(what), ""))
        columns[contract.deleted_by.field] = np.where(what == TAKEN_BACK, contract.deleted_by.codes[0], before)
    return replace(rows, columns=columns)


def _blanked(column: np.ndarray, which: Bools) -> np.ndarray:
    return _put(column, which, "")


def _put(column: np.ndarray, which: Bools, value: str) -> np.ndarray:
    """The column with a value at those rows; nothing where it is blank."""
    made = column.astype(np.promote_types(column.dtype, f"U{max(len(value), 1)}")) if column.dtype.kind == "U" else column.copy()
    made[which] = {"M": np.datetime64("NaT"), "i": MISSING}.get(column.dtype.kind, value)
    return made


def _correctable(rows: Rows) -> list[str]:
    """The one column whose values may come late: of money, else of codes, else of words; none where there is no such."""
    contract = contract_of(rows.contract)
    able = [field for field in contract.fields if field.name in rows.columns and may_be_missing(contract, field)]
    order = (FieldType.MONEY, FieldType.CODE, FieldType.TEXT, FieldType.INTEGER)
    return [field.name for kind in order for field in able if field.type is kind][:1]


def _key_to_change(rows: Rows) -> list[str]:
    """The column of the key under which a wrong record stands, where the contract has deletions and such a column."""
    contract = contract_of(rows.contract)

    def fits(field: ContractField) -> bool:
        return field.name in contract.key and not field.identifier and field.type is FieldType.TEXT and field.name in rows.columns

    return [field.name for field in contract.fields if fits(field)][:1] if contract.deleted_by else []


def _lists(dirty: Dirty, drops: Sequence[Drop]) -> Sent:
    """In the list of each day what had begun by then and hadn't ended by the list before."""
    start, end = _lasting(dirty.rows)
    parts = []
    for file, drop in enumerate(drops):
        before = drops[file - 1].day if file else -NEVER
        row = np.flatnonzero((start <= drop.day) & (end > before))
        parts.append(_copies(row, np.full(len(row), file), AS_IT_IS))
    copies = stack(parts)
    day = np.array([drop.day for drop in drops])[copies["file"]]
    return Sent(Dirty(_as_known(only(dirty.rows, copies["row"]), day), dirty.faults[copies["row"]]), copies["file"])


def _lasting(rows: Rows) -> tuple[Ints, Ints]:
    """From when to when each record of a list is in it: from its latest start to its latest end."""
    start, end = np.full(len(rows.day), -NEVER), np.full(len(rows.day), -NEVER)
    ends = 0
    for name, column in _dates(rows).items():
        days, known = column.astype(np.int64), ~np.isnat(column)
        if _is_end(name):
            end, ends = np.maximum(end, np.where(known, days, NEVER)), ends + 1
        else:
            start = np.where(known, np.maximum(start, days), start)
    return start, end if ends else np.full(len(rows.day), NEVER)


def _dates(rows: Rows) -> Table:
    """The columns that say from when to when."""
    dated_by = contract_of(rows.contract).dated_by
    return {name: rows.columns[name] for name in rows.columns if name.startswith("START_DATE") or name == dated_by or _is_end(name)}


def _is_end(name: str) -> bool:
    return name.startswith("END_DATE")


def _as_known(rows: Rows, day: Ints) -> Rows:
    """The rows of the registration list as known on a day: an end that is more than a day off isn't known yet."""
    if rows.contract != "register":
        return rows
    columns = dict(rows.columns)
    for name, column in _dates(rows).items():
        if _is_end(name):
            columns[name] = _blanked(column, ~np.isnat(column) & (column.astype(np.int64) > day + 1))
    return replace(rows, columns=columns)

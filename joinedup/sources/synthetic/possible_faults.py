"""Which rows can have each kind of fault, so that a reader can find it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Ints
from joinedup.sources.synthetic.fault_kinds import contract_of
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.households import WOMAN
from joinedup.sources.synthetic.rows import MISSING, Rows
from joinedup.sources.synthetic.seasons import NEVER


def confused_with(block: Block) -> Ints:
    """For each person one whose number may stand on their record: the head of the household or, for the head, anybody registered here."""
    people = block.people
    first = np.unique(people.household, return_index=True)[1][people.household]
    own = np.arange(len(first))
    here = np.flatnonzero(~people.outside)
    return np.where((first != own) & ~people.care_home & ~people.outside, first, here[(own * 7919 + 13) % len(here)])


def _has_ended(block: Block, rows: Rows, names: list[str]) -> Bools:
    found: Bools = rows.whole & ~np.isnat(rows.columns[names[1]])
    return found


def _is_going_on(block: Block, rows: Rows, names: list[str]) -> Bools:
    """On the registration list, where some practice of the place has closed."""
    some_closed = (block.setting.practices.closed < block.setting.span.end - 1).any()
    return ~rows.whole & bool(some_closed)


def _survived_long(block: Block, rows: Rows, names: list[str]) -> Bools:
    """Of someone who died, with room for the whole record between the death and the end."""
    ends = [rows.columns[name].astype(np.int64) for name in names]
    ends = [np.where(np.isnat(rows.columns[name]), rows.day, end) for name, end in zip(names, ends, strict=True)]
    length = np.max(ends, axis=0) - rows.day
    found: Bools = rows.whole & (rows.died < NEVER) & (rows.died + 40 + length < block.setting.span.end)
    return found


def _is_missing(block: Block, rows: Rows, names: list[str]) -> Bools:
    found: Bools = np.isnat(rows.columns[names[0]])
    return found


def _is_whole(block: Block, rows: Rows, names: list[str]) -> Bools:
    return rows.whole | (rows.contract == "register")


def _of_another_age(block: Block, rows: Rows, names: list[str]) -> Bools:
    """Whose number would be confused with that of somebody born in another month, so that it can be told."""
    month = block.people.born.astype("datetime64[D]").astype("datetime64[M]")
    found: Bools = (month != month[confused_with(block)])[rows.person]
    return found


def _is_a_twin(block: Block, rows: Rows, names: list[str]) -> Bools:
    """Whose other is on the registration list too, being of one household."""
    found: Bools = ((block.people.twin >= 0) & ~block.people.outside)[rows.person]
    return found


def _has_another_form(forms: str) -> Callable[[Block, Rows, list[str]], Bools]:
    def has(block: Block, rows: Rows, names: list[str]) -> Bools:
        known = np.array(list(figures("dirt")[forms]))
        found: Bools = np.any([np.isin(rows.columns[name], known) for name in names], axis=0)
        return found

    return has


def _is_a_grown_woman(block: Block, rows: Rows, names: list[str]) -> Bools:
    """Most of those who change their name do so on marrying."""
    people = block.people
    changed = (people.sex == WOMAN) & (people.ages(block.setting.span.end) > 22) & (block.former_family_names != block.names.family)
    found: Bools = changed[rows.person]
    return found


def _has_a_number(block: Block, rows: Rows, names: list[str]) -> Bools:
    found: Bools = rows.columns["NHS_NUMBER"] != ""
    return found


def _has_a_key(block: Block, rows: Rows, names: list[str]) -> Bools:
    """The record has a name, so that a later row can be seen to be about it; and it has the value that is to be corrected."""
    key = rows.columns.get(contract_of(rows.contract).key[0])
    if key is None:
        return np.zeros(len(rows.person), dtype=np.bool_)
    empty = np.isnat(key) if key.dtype.kind == "M" else key == (MISSING if key.dtype.kind == "i" else "")
    found: Bools = ~empty
    return found


POSSIBLE: dict[str, Callable[[Block, Rows, list[str]], Bools]] = {
    "end_before_start": _has_ended,
    "closed_practice": _is_going_on,
    "activity_after_death": _survived_long,
    "null_date": _is_missing,
    "impossible_date": _is_whole,
    "another_number": _of_another_age,
    "twins_number": _is_a_twin,
    "nickname": _has_another_form("nicknames"),
    "transliteration": _has_another_form("transliterations"),
    "former_family_name": _is_a_grown_woman,
    "wrong_check_digit": _has_a_number,
    "spaced_number": _has_a_number,
    "exact_duplicate": _has_a_key,
    "resubmission": _has_a_key,
}
"""For kinds that not every row can have: which rows can."""

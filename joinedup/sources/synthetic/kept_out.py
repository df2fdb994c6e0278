"""What the law keeps out of a record, in invented rows: restricted codes, put in and counted, and records that are flagged as sensitive."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from joinedup.sources.contract import contracts
from joinedup.sources.restricted import held_in, legal_codes, restricted_list
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Table, Texts
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.rows import Rows
from joinedup.sources.synthetic.streams import stream


@dataclass(frozen=True, slots=True)
class KeptOut:
    """One entry per row of a file that holds any restricted code, in the order of rows."""

    line: Ints
    """From 1, below the header."""
    person: Ints
    """Whom the row is about, counted through the whole place."""
    rejected: Bools
    """Whether the row is about what is restricted; else the codes stand beside others."""
    codes: Ints
    """How many fields hold one."""


def with_restricted_codes(block: Block, rows: Rows) -> Rows:
    """The rows, some of which are about what the law restricts, and some of which have such a code beside others."""
    told = figures("kept_out")
    about = [each for each in told["rows"] if each["contract"] == rows.contract]
    beside = [each for each in told["beside"] if each["contract"] == rows.contract]
    if not (about or beside):
        return rows
    columns, luck = dict(rows.columns), stream(block.setting.seed, f"restricted codes in {rows.contract}", block.number)
    age = block.people.age_on(rows.person, rows.day)
    free = rows.whole.copy()
    for each in about:
        fits = _fits(columns, each["where"], each["ages"], age) & free & (luck.random(len(free)) < each["share"])
        free &= ~fits
        for name, value in each["put"].items():
            columns[name] = _with(columns[name], fits, value)
    for each in beside:
        name = max(name for name in columns if name.startswith(each["column"]))
        fits = _fits(columns, {name: ""}, each["ages"], age) & (luck.random(len(free)) < each["share"])
        columns[name] = _with(columns[name], fits, each["code"])
    return replace(rows, columns=columns)


def _fits(columns: Table, where: Mapping[str, str], ages: list[int], age: Floats) -> Bools:
    found: Bools = (age >= ages[0]) & (age < ages[1])
    for name, value in where.items():
        found &= columns[name] == value
    return found


def _with(column: np.ndarray, which: Bools, value: str | None) -> np.ndarray:
    """The column with a value, or none, at those rows."""
    if value is None:
        return np.where(which, np.nan, column)
    made = column.astype(np.promote_types(column.dtype, f"U{max(len(value), 1)}"))
    made[which] = value
    return made


def restricted_fields(rows: Rows, at: Ints, written: Collection[str]) -> tuple[Bools, Ints]:
    """Of each of those rows: whether it is about what is restricted, and how many of its fields hold such a code."""
    about, codes = np.zeros(len(at), dtype=np.bool_), np.zeros(len(at), dtype=np.int64)
    for name, held in held_in(rows.contract).items():
        if name in rows.columns and name in written:
            values, which = np.unique(rows.columns[name][at], return_inverse=True)
            found = np.array([is_restricted(str(value), held.systems) for value in values], dtype=np.bool_)[which]
            codes += found
            about |= found & (held.drops == "row")
    return about & ~_taking_out(rows, at, written), codes


def _taking_out(rows: Rows, at: Ints, written: Collection[str]) -> Bools:
    """Which rows say that their record is to be taken out, and stay for that without their codes."""
    deletes = contracts()[rows.contract].deleted_by
    if deletes is None or deletes.field not in written or deletes.field not in rows.columns:
        return np.zeros(len(at), dtype=np.bool_)
    found: Bools = np.isin(rows.columns[deletes.field][at], deletes.codes)
    return found


@cache
def is_restricted(value: str, systems: tuple[str, ...]) -> bool:
    """Whether a value is a code of the list, or in systems that are ordered by their signs one below such a code."""
    bare = value.replace(".", "").replace(" ", "")
    ordered = {name for name, system in restricted_list().systems.items() if system.hierarchical}
    return any(
        bare == each.code or (each.system in ordered and bare.startswith(each.code)) for each in legal_codes() if each.system in systems
    )


def sensitive_flags(block: Block, person: Ints, protected: Ints) -> Texts:
    """What the registration list says of each row's person: S for some, the most of the `protected` among them; blank for all others."""
    told = figures("kept_out")["flagged"]
    chance = np.full(len(block.people.sex), told["others"])
    chance[protected] = told["protected"]
    flagged = stream(block.setting.seed, "sensitive records", block.number).random(len(chance)) < chance
    return np.where(flagged, "S", "")[person]

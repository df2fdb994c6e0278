"""Legally restricted codes: which they are, and that they never enter the record.

What a row is about decides: where its main code is restricted the row is rejected, where a code beside others is the field is
blanked. Both happen before a row is looked at for anything else, in the landing's own encrypted working tables. Nothing tells
which code it was, nor in which row: counts by file are all that stays.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Literal

import pyarrow as pa

from joinedup.engine.files_lines import Connection
from joinedup.engine.specs import Frozen, read_yaml
from joinedup.findings import Finding, Severity
from joinedup.place.model import CodeSystem, RestrictedCode
from joinedup.sources.accounts import FileAccount
from joinedup.sources.contract import ContractSpec
from joinedup.sources.rejected_keys import keep_keys
from joinedup.sources.rows import deletes_sql

RESTRICTED = "restricted-code"
"""The rule by which such rows are rejected."""
REASON = "the row is about what the law keeps out of shared records"
FEW = 10
"""Fewer rows or fields than this are told as few, more by the ten: a file of one practice may be of one person. (Our choice, 2026.)"""
LISTED = pa.schema([("system", pa.string()), ("code", pa.string()), ("hierarchical", pa.bool_()), ("meaning", pa.string())])
APOSTROPHE = "''"
"""One, as it stands in a text of SQL."""
RANGE = re.compile(r"(.*?)(\d+) to (.*?)(\d+)")


class SystemOfCodes(Frozen):
    """How the codes of a system are compared."""

    hierarchical: bool
    means: str


class Held(Frozen):
    """Of which systems the codes of some fields are, and what goes where one is restricted."""

    systems: tuple[CodeSystem, ...]
    drops: Literal["row", "field"]


class RestrictedList(Frozen):
    """What `restricted_codes.yml` says of the list of codes beside it."""

    title: str
    version: str
    owner: str
    source: str
    about: str
    not_covered: tuple[str, ...]
    """What the law restricts, or may, and the list lets pass."""
    own_list: str
    """How a place brings a list of its own."""
    systems: dict[CodeSystem, SystemOfCodes]
    kinds: dict[str, str]
    """Kind -> the law that restricts it."""
    held_in: dict[str, dict[str, Held]]


class ListedCode(RestrictedCode):
    """A code of the list that comes with the package."""

    kind: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """How many rows of a file were rejected, and how many fields of others blanked."""

    rows: int = 0
    fields: int = 0


@cache
def restricted_list() -> RestrictedList:
    """What is said of the list, and which fields of which contracts hold such codes."""
    content = read_yaml("restricted_codes.yml", (files("joinedup.sources") / "restricted_codes.yml").read_text(encoding="utf-8"))
    return RestrictedList(**content)


@cache
def legal_codes() -> tuple[ListedCode, ...]:
    """The codes of the list, which no place can take away."""
    text = (files("joinedup.sources") / "restricted_codes.csv").read_text(encoding="utf-8")
    return tuple(ListedCode(**row) for row in csv.DictReader(text.splitlines()))


@cache
def held_in(contract: str) -> Mapping[str, Held]:
    """The fields of a contract that hold such codes, by name."""
    written = restricted_list().held_in.get(contract, {})
    return {name: held for names, held in written.items() for part in names.split(", ") for name in _named(part)}


def _named(part: str) -> Iterator[str]:
    """A field, or all of `DIAG_02 to DIAG_20`."""
    found = RANGE.fullmatch(part)
    if found is None:
        yield part
        return
    stem, first, _, last = found.groups()
    width = len(first) if first.startswith("0") else 0
    yield from (f"{stem}{number:0{width}d}" for number in range(int(first), int(last) + 1))


def keep_restricted(con: Connection, further: Sequence[RestrictedCode]) -> None:
    """Nothing; the temp table `restricted_code` has the codes of the list and what the place adds, with the meaning that some have."""
    systems = restricted_list().systems
    every = {(code.system, code.code): None for code in further} | {(code.system, code.code): code.meaning for code in legal_codes()}
    columns = [[system for system, _ in every], [code for _, code in every], [systems[system].hierarchical for system, _ in every]]
    con.register("listed_codes", pa.table([*columns, [*every.values()]], schema=LISTED))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE restricted_code AS
        SELECT DISTINCT system, {_bare("code")} AS code, hierarchical, upper({_bare("meaning")}) AS meaning FROM listed_codes
    """)
    con.unregister("listed_codes")


def _bare(value: str) -> str:
    """What is compared of a code, as SQL: nothing of points, blanks, quotes, nor of a meaning behind a bar, as SNOMED CT writes it."""
    return f"""translate(split_part({value}, '|', 1), '. "{APOSTROPHE}', '')"""


def drop_restricted(con: Connection, contract: ContractSpec, file_id: int) -> Dropped:
    """How much of a file's staged rows was dropped: rows rejected and counted as such, fields blanked.

    A row that takes out a record keeps its key and loses its codes.
    """
    held = held_in(contract.contract)
    found = _find(con, contract, held, file_id) if held else frozenset()
    if not found:
        return Dropped()
    there = [name for name in held if contract.landed(name) in found]
    rows = _reject(con, contract, [name for name in there if held[name].drops == "row"], file_id)
    return Dropped(rows, sum(_blank(con, contract, name, file_id) for name in there))


def _find(con: Connection, contract: ContractSpec, held: Mapping[str, Held], file_id: int) -> frozenset[str]:
    """The fields in which a file holds a restricted code; the temp table `restricted_value` has them as they are written, by field."""
    con.execute("CREATE OR REPLACE TEMP TABLE restricted_value (field VARCHAR, value VARCHAR)")
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, each in held.items():
        groups.setdefault(each.systems, []).append(contract.landed(name))
    for systems, names in groups.items():
        pairs = ", ".join(f"{{'field': '{name}', 'value': {name}}}" for name in names)
        of_systems = ", ".join(f"'{system}'" for system in systems)
        con.execute(f"""
            INSERT INTO restricted_value
            WITH given AS (
                SELECT DISTINCT said.field AS field, said.value AS value
                FROM (SELECT unnest([{pairs}]) AS said FROM staged_{contract.contract} WHERE file_id = {file_id})
                WHERE said.value IS NOT NULL
            ),
            bare AS (SELECT DISTINCT value, {_bare("value")} AS code FROM given),
            listed AS (SELECT * FROM restricted_code WHERE system IN ({of_systems})),
            found AS (
                SELECT b.value FROM bare b JOIN listed r ON b.code = r.code OR (r.hierarchical AND starts_with(b.code, r.code))
                UNION SELECT b.value FROM bare b JOIN listed r ON ltrim(b.code, '0') = ltrim(r.code, '0') WHERE NOT r.hierarchical
                UNION SELECT b.value FROM bare b JOIN listed r ON upper(b.code) = r.meaning
            )
            SELECT field, value FROM given SEMI JOIN found USING (value)
        """)
    return frozenset(field for (field,) in con.execute("SELECT DISTINCT field FROM restricted_value").fetchall())


def _is_restricted(name: str) -> str:
    return f"coalesce({name} IN (SELECT value FROM restricted_value WHERE field = '{name}'), false)"


def _reject(con: Connection, contract: ContractSpec, names: Sequence[str], file_id: int) -> int:
    """How many rows of a file were about something restricted; they are rejected."""
    if not names:
        return 0
    about = " OR ".join(_is_restricted(contract.landed(name)) for name in names)
    which = f"FROM staged_{contract.contract} WHERE file_id = {file_id} AND ({about}) AND NOT {deletes_sql(contract)}"
    con.execute(f"INSERT INTO staged_rejected SELECT file_id, source_row, ?, ? {which}", [RESTRICTED, REASON])
    keep_keys(con, contract, which, restricted=True)
    [(rows,)] = con.execute(f"DELETE {which}").fetchall()
    return int(rows)


def _blank(con: Connection, contract: ContractSpec, name: str, file_id: int) -> int:
    """How many rows of a file lost the value of a field, since it was a restricted code."""
    field = contract.landed(name)
    which = f"file_id = {file_id} AND {_is_restricted(field)}"
    [(rows,)] = con.execute(f"UPDATE staged_{contract.contract} SET {field} = NULL WHERE {which}").fetchall()
    return int(rows)


def restricted_finding(file: str, dropped: Dropped) -> list[Finding]:
    """That a file brought restricted codes, by no more than roughly how many, and in which rows never."""
    if not (dropped.rows or dropped.fields):
        return []
    message = (
        f"it holds codes that the law keeps out of shared records: {roughly(dropped.rows, 'row')} rejected and "
        f"{roughly(dropped.fields, 'code')} of other rows blanked; ask for an extract without them, as the source should not send them"
    )
    return [Finding(file, RESTRICTED, message, severity=Severity.WARNING, endangers="counts of what such care is part of")]


def for_others(account: FileAccount) -> FileAccount:
    """The account of a file as anybody but who landed it may have it.

    Rows that were rejected as restricted are outside of it, and of them and of blanked codes no more is told than roughly how many: a
    total that holds them would tell exactly. What it says twice is the same.
    """
    rows = account.rejected_by.get(RESTRICTED, 0)
    return replace(
        account,
        rows_read=account.rows_read - rows,
        rejected=account.rejected - rows,
        rejected_by={rule: count for rule, count in account.rejected_by.items() if rule != RESTRICTED},
        kept_out=account.kept_out or _rounded(rows),
        blanked_codes=_rounded(account.blanked_codes),
    )


def _rounded(count: int) -> int:
    """Nothing, half of what counts as few, or to the ten."""
    return FEW // 2 if 0 < count < FEW else round(count, -1)


def roughly(count: int, what: str) -> str:
    """A count that tells of nobody: none, fewer than ten, or to the ten."""
    if not count:
        return f"no {what}"
    return f"fewer than {FEW} {what}s" if count < FEW else f"about {round(count, -1):,} {what}s"

"""Small staged tables by hand: what landing would have staged from a few rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from joinedup.engine.duck import connect
from joinedup.findings import Finding
from joinedup.identity.linking import NO_MATCHING, link
from joinedup.identity.staged import SourceFile, Staged
from joinedup.kept.identity_register import IdentityRegister, open_register
from joinedup.kept.keys import Keys, derived_keys
from joinedup.place.model import Linking
from joinedup.sources.contract import contracts

KEYS = derived_keys(hashlib.sha256(b"only for tests").digest())
ARROW = {"date": pa.date32(), "integer": pa.int32(), "decimal": pa.float64(), "money": pa.int64()}


def nhs_number(person: int, first: int = 999_000_000) -> str:
    """The invented NHS number of the person-th person; numbers whose check digit would be ten are passed over."""
    told, numbers = _numbers_from(first)
    while len(told) <= person:
        told.append(next(numbers))
    return told[person]


@cache
def _numbers_from(first: int) -> tuple[list[str], Iterator[str]]:
    """The numbers that were asked for so far, in order, and those after them."""
    return [], (f"{digits}{check}" for digits in count(first) if (check := _check_digit(digits)) < 10)


def _check_digit(digits: int) -> int:
    return (11 - sum(int(digit) * weight for digit, weight in zip(str(digits), range(10, 1, -1), strict=True)) % 11) % 11


Rows = Sequence[Mapping[str, Any]]


@dataclass
class Linked:
    """What linking made of some rows."""

    con: duckdb.DuckDBPyConnection
    findings: list[Finding]

    def rows(self, contract: str) -> list[tuple[Any, ...]]:
        """(linked_by, person_id) in the order of file and row."""
        query = "SELECT linked_by, person_id FROM link WHERE contract = ? ORDER BY file_id, source_row"
        return self.con.execute(query, [contract]).fetchall()

    def statuses(self, contract: str) -> list[str]:
        return [row[0] for row in self.rows(contract)]

    def people(self, contract: str) -> list[int | None]:
        return [row[1] for row in self.rows(contract)]

    def landed_people(self) -> list[tuple[Any, ...]]:
        return self.con.execute("SELECT birth_month, linked_by FROM landed_person ORDER BY birth_month, linked_by").fetchall()

    def rules(self) -> set[str]:
        return {finding.rule for finding in self.findings}


def stage(
    con: duckdb.DuckDBPyConnection, sources: Mapping[str, tuple[str, Rows]], namespaces: Mapping[str, str], senders: Mapping[str, str] = {}
) -> list[SourceFile]:
    """The files, one for each source (name -> contract, rows); their rows are staged in the connection."""
    files = [
        SourceFile(number, name, contract, f"{name}.csv", namespaces.get(name, name), senders.get(name, name))
        for number, (name, (contract, _)) in enumerate(sources.items())
    ]
    for contract in {file.contract for file in files}:
        fields = contracts()[contract].fields
        rows = [
            {**row, "file_id": file.file_id, "source_row": row.get("source_row", place)}
            for file in files
            if file.contract == contract
            for place, row in enumerate(sources[file.source][1], start=1)
        ]
        types = {field.landed: ARROW.get(str(field.type), pa.string()) for field in fields}
        schema = pa.schema([("file_id", pa.int32()), ("source_row", pa.int64()), *types.items()])
        assert all(set(row) <= set(schema.names) for row in rows), rows
        con.register("staged_rows", pa.Table.from_pylist(rows, schema=schema))
        con.execute(f"CREATE OR REPLACE TEMP TABLE staged_{contract} AS SELECT * FROM staged_rows")
        con.unregister("staged_rows")
    con.execute("CREATE OR REPLACE TEMP TABLE staged_rejected(file_id INTEGER, source_row BIGINT, rule VARCHAR, reason VARCHAR)")
    return files


def linked(
    folder: Path | IdentityRegister,
    sources: Mapping[str, tuple[str, Rows]],
    *,
    landing_id: str = "first",
    namespaces: Mapping[str, str] = {},
    senders: Mapping[str, str] = {},
    invented: bool = True,
    keys: Keys = KEYS,
    linking: Linking | None = None,
) -> Linked:
    """What linking makes of these sources, on a register in `folder`."""
    register = folder if isinstance(folder, IdentityRegister) else open_register(folder / "identity.sqlite")
    con = connect(threads=1)
    files = stage(con, sources, namespaces, senders)
    with register.landing(landing_id, keys) as entry:
        findings = link(Staged(con, files), entry, invented=invented, linking=linking or NO_MATCHING)
    if register is not folder:
        register.close()
    return Linked(con, findings)

"""A landed store of K times the people of another: its landed tables K times over, with everybody's keys shifted in each copy.

Copies are people of their own: their person_ids lie anywhere among the others, as those of a real landing do, and the numbers of their
records, rows and spells are used by nobody else. Files, practices, areas and providers stay the same, so each holds K times as many.
The identity register is not copied; a build doesn't need it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from joinedup.engine.objects import sha256_of
from joinedup.engine.parts import Part, digest_of
from joinedup.engine.store import Store
from joinedup.sources.landed import LandedTable, LandingRecord, publish_landing, read_landing

NUMBERS = frozenset(
    {
        "activity_id",
        "appointment_id",
        "attendkey",
        "cad_number",
        "call_number",
        "care_contact_identifier",
        "care_package_identifier",
        "case_ref",
        "entry_id",
        "epikey",
        "event_reference",
        "hospital_provider_spell_identifier",
        "patient_pathway_identifier",
        "personal_budget_identifier",
        "pregnancy_identifier",
        "prescription_id",
        "service_request_identifier",
        "susspellid",
    }
)
"""Columns that hold the number of a record, or of what several records belong to."""
ACCOUNTS = frozenset({"landed_file", "linkage_rate", "linkage_spread", "linkage_truth"})
"""Tables that count rows and people: their counts are K times as high."""
AS_THEY_ARE = frozenset({"linkage_run", "linkage_weight"})
POSITIVE = 63
"""Bits of a person_id, which is a BIGINT and never negative."""


def replicate(source: Store, target: Store, times: int, *, memory: str = "2GB") -> LandingRecord:
    """The landing of `target`, which then holds the people of `source` so many times over."""
    landing = read_landing(source)
    target.create()
    name = f"{landing.landing_id}-x{times}"
    folder = target.landed / name
    folder.mkdir(mode=0o700)
    with duckdb.connect(config={"memory_limit": memory, "temp_directory": str(target.tmp)}) as connection:
        many = Many(connection, source, target, folder, times, _most_rows(connection, landing, source))
        tables = {table: many.of(table, landed) for table, landed in landing.tables.items()}
    record = landing.model_copy(update={"landing_id": name, "tables": tables, "signature": f"{landing.signature}-x{times}"})
    publish_landing(target, record)
    return record


def _most_rows(connection: duckdb.DuckDBPyConnection, landing: LandingRecord, source: Store) -> int:
    """How far source rows are shifted from copy to copy: more than any file has."""
    paths = [str(source.root / file) for file in landing.tables["landed_file"].files]
    [(most,)] = connection.execute("SELECT max(rows_read) + 1 FROM read_parquet(?)", [paths]).fetchall()
    return int(most)


@dataclass(frozen=True, slots=True)
class Many:
    """What is needed to write tables so many times over."""

    connection: duckdb.DuckDBPyConnection
    source: Store
    target: Store
    folder: Path
    times: int
    shift: int

    def of(self, table: str, landed: LandedTable) -> LandedTable:
        """One table, in as many files as it was in."""
        if not landed.parts:
            return LandedTable(**self.file(table, landed.file, f"{table}.parquet"))
        parts = tuple(self.part(table, part) for part in landed.parts)
        return LandedTable(parts=parts, digest=digest_of(parts), rows=sum(part.rows for part in parts))

    def part(self, table: str, part: Part) -> Part:
        """One part, of the files that it was of."""
        file = self.file(table, part.file, f"{table}.{part.value}.parquet")
        return Part(value=part.value, of_files=part.of_files, size=(self.target.root / file["file"]).stat().st_size, **file)

    def file(self, table: str, file: str, name: str) -> dict[str, Any]:
        """One file, copy after copy."""
        read, write = self.source.root / file, self.folder / name
        described = self.connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(read)]).fetchall()
        copies = 1 if table in ACCOUNTS | AS_THEY_ARE else self.times
        selects = [
            f"SELECT {', '.join(self.value(table, column, kind, k) for column, kind, *_ in described)} FROM read_parquet('{read}')"
            for k in range(copies)
        ]
        self.connection.execute(f"COPY ({' UNION ALL '.join(selects)}) TO '{write}' (FORMAT parquet, COMPRESSION zstd)")
        write.chmod(0o600)
        [(rows,)] = self.connection.execute("SELECT count(*) FROM read_parquet(?)", [str(write)]).fetchall()
        return {"file": str(write.relative_to(self.target.root)), "digest": sha256_of(write), "rows": rows}

    def value(self, table: str, column: str, kind: str, copy: int) -> str:
        """A column of one copy, as SQL."""
        if table in ACCOUNTS and kind in {"BIGINT", "DOUBLE"}:
            return f'CAST("{column}" * {self.times} AS {kind}) AS "{column}"'
        if copy and column == "person_id":
            return f'xor("{column}", {_mask(copy)}) AS "{column}"'
        if copy and column == "source_row":
            return f'"{column}" + {copy * self.shift} AS "{column}"'
        return f'"{column}" || \'-{copy}\' AS "{column}"' if copy and column in NUMBERS else f'"{column}"'


def _mask(copy: int) -> int:
    """The bits in which person_ids of one copy differ from those of the first."""
    return int.from_bytes(hashlib.sha256(f"copy {copy}".encode()).digest()[:8]) >> (64 - POSITIVE)

"""A landed store of K times the people of another: its landed tables K times over, with everybody's keys shifted in each copy.

Copies are people of their own: their person_ids lie anywhere among the others, as those of a real landing do, and the numbers of their
records, rows and spells are used by nobody else. Files, practices, areas and providers stay the same, so each holds K times as many.
The identity register is not copied; a build doesn't need it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import duckdb

from joinedup.engine.objects import sha256_of
from joinedup.engine.store import Store
from joinedup.sources.landed import LandedTable, LandingRecord, publish_landing, read_landing

NUMBERS = frozenset(
    "activity_id appointment_id attendkey cad_number call_number care_contact_identifier care_package_identifier case_ref entry_id epikey "
    "event_reference hospital_provider_spell_identifier patient_pathway_identifier personal_budget_identifier pregnancy_identifier "
    "prescription_id service_request_identifier susspellid".split()
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
        shift = _most_rows(connection, landing, source)
        tables = {
            table: _replicated(connection, table, source.root / landed.file, folder / f"{table}.parquet", times, shift, target)
            for table, landed in landing.tables.items()
        }
    record = landing.model_copy(update={"landing_id": name, "tables": tables, "signature": f"{landing.signature}-x{times}"})
    publish_landing(target, record)
    return record


def _most_rows(connection: duckdb.DuckDBPyConnection, landing: LandingRecord, source: Store) -> int:
    """How far source rows are shifted from copy to copy: more than any file has."""
    path = str(source.root / landing.tables["landed_file"].file)
    [(most,)] = connection.execute("SELECT max(rows_read) + 1 FROM read_parquet(?)", [path]).fetchall()
    return int(most)


def _replicated(  # noqa: PLR0913, PLR0917 - from where to where, and how
    connection: duckdb.DuckDBPyConnection, table: str, read: Path, write: Path, times: int, shift: int, target: Store
) -> LandedTable:
    """One table, copy after copy, as one file."""
    described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(read)]).fetchall()
    columns = {name: kind for name, kind, *_ in described}
    copies = times if table not in ACCOUNTS | AS_THEY_ARE else 1
    selects = [f"SELECT {', '.join(_shifted(table, columns, k, times, shift))} FROM read_parquet('{read}')" for k in range(copies)]
    connection.execute(f"COPY ({' UNION ALL '.join(selects)}) TO '{write}' (FORMAT parquet, COMPRESSION zstd)")
    write.chmod(0o600)
    [(rows,)] = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(write)]).fetchall()
    return LandedTable(file=str(write.relative_to(target.root)), digest=sha256_of(write), rows=rows)


def _shifted(table: str, columns: dict[str, str], copy: int, times: int, shift: int) -> Iterator[str]:
    """The columns of one copy, as SQL."""
    for name, kind in columns.items():
        yield f'{_value(table, name, kind, copy, times, shift)} AS "{name}"'


def _value(table: str, name: str, kind: str, copy: int, times: int, shift: int) -> str:  # noqa: PLR0913, PLR0917 - what decides it
    if table in ACCOUNTS and kind in {"BIGINT", "DOUBLE"}:
        return f'CAST("{name}" * {times} AS {kind})'
    if copy == 0:
        return f'"{name}"'
    if name == "person_id":
        return f'xor("{name}", {_mask(copy)})'
    if name == "source_row":
        return f'"{name}" + {copy * shift}'
    return f"\"{name}\" || '-{copy}'" if name in NUMBERS else f'"{name}"'


def _mask(copy: int) -> int:
    """The bits in which person_ids of one copy differ from those of the first."""
    return int.from_bytes(hashlib.sha256(f"copy {copy}".encode()).digest()[:8]) >> (64 - POSITIVE)

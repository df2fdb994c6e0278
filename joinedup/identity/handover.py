"""What leaves the trusted host: landed tables of every contract's fields that identify nobody, each row with its person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from joinedup.engine.duck import as_written
from joinedup.engine.engines import ROWS_IN_GROUP
from joinedup.engine.files_lines import literal
from joinedup.engine.objects import sha256_of
from joinedup.engine.parts import Part, digest_of
from joinedup.engine.results import schema
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store, move_into_place
from joinedup.identity.staged import Staged, without_values
from joinedup.sources.accounts import FileAccount
from joinedup.sources.contract import ContractSpec
from joinedup.sources.landed import LandedTable, landing_specs
from joinedup.sources.parting import parts_of


def write_landed(  # noqa: PLR0913 - what it is made from and where it goes, each by its name
    staged: Staged,
    accounts: Mapping[int, FileAccount],
    contracts: Mapping[str, ContractSpec],
    store: Store,
    folder: Path,
    *,
    as_at: date,
) -> dict[str, LandedTable]:
    """Every landed table, written into `folder` of the store; a contract without a source gives an empty one.

    Rows stand in the order of files and of the rows in them, people by their id. Before it the rows are linked and counted. Accounts are
    given by the numbers that files have in staging, and say which they have from now on.
    """
    described = landing_specs()
    number = _number_sql(accounts)
    staged.con.register(
        "landed_file", pa.Table.from_pylist([asdict(each) for each in accounts.values()], schema=schema(described["landed_file"]))
    )
    queries = {
        "landed_file": "SELECT * FROM landed_file ORDER BY file_id",
        "landed_person": "SELECT * FROM landed_person ORDER BY person_id",
        "linkage_rate": "SELECT * FROM linkage_rate ORDER BY contract, source, characteristic, group_value",
        "linkage_spread": "SELECT * FROM linkage_spread ORDER BY characteristic, group_value",
        "linkage_truth": "SELECT * FROM linkage_truth ORDER BY decided_by, characteristic, group_value",
        "linkage_run": "SELECT * FROM linkage_run ORDER BY figure",
        "linkage_weight": "SELECT * FROM linkage_weight ORDER BY comparison, level",
        "superseded": f"SELECT * REPLACE ({number}) FROM staged_superseded ORDER BY file_id, source_row",
        "rejected": f"SELECT * REPLACE ({number}) FROM staged_rejected ORDER BY file_id, source_row",
    }
    with _in_order(staged.con):
        tables = {name: _write(staged, described[name], query, store, folder / f"{name}.parquet") for name, query in queries.items()}
        for contract in contracts.values():
            spec = contract.landed_spec()
            if contract.contract not in staged.columns:
                tables[spec.table] = _write_empty(spec, store, folder / f"{spec.table}.parquet")
                continue
            query, path = _rows_sql(contract.contract, spec, staged, number), folder / f"{spec.table}.parquet"
            parts = parts_of((account for account in accounts.values() if account.contract == contract.contract), as_at)
            tables[spec.table] = _in_parts(staged, spec, query, store, path, parts) if parts else _write(staged, spec, query, store, path)
    return tables


def _number_sql(accounts: Mapping[int, FileAccount]) -> str:
    """The number that a file keeps, from the one that it has in staging."""
    return f"{[accounts[at].file_id if at in accounts else None for at in range(1, max(accounts) + 1)]}[file_id] AS file_id"


def _rows_sql(contract: str, spec: TableSpec, staged: Staged, number: str) -> str:
    """The query of a contract's landed rows: the columns of its landed table and no other."""
    there = {"person_id", "linked_by", *staged.columns[contract]}
    columns = [column.name if column.name in there else f"NULL AS {column.name}" for column in spec.columns]
    columns[columns.index("file_id")] = number
    return f"SELECT {', '.join(columns)} FROM linked_{contract}"


def _write(staged: Staged, spec: TableSpec, query: str, store: Store, path: Path) -> LandedTable:
    """The table of the query, on disk under its final name, with the types that its declaration says."""
    rows = _copy(staged, spec, query, store.tmp / path.name)
    move_into_place(store.tmp / path.name, path)
    return LandedTable(file=str(path.relative_to(store.root)), digest=sha256_of(path), rows=rows)


def _write_empty(spec: TableSpec, store: Store, path: Path) -> LandedTable:
    """A table without rows, on disk under its final name: most of those of a place with few sources."""
    pq.write_table(schema(spec).empty_table(), store.tmp / path.name, compression="zstd")
    move_into_place(store.tmp / path.name, path)
    return LandedTable(file=str(path.relative_to(store.root)), digest=sha256_of(path), rows=0)


def _in_parts(  # noqa: PLR0913, PLR0917 - as `_write`, and the files of each part
    staged: Staged, spec: TableSpec, query: str, store: Store, path: Path, parts: Mapping[str, Sequence[FileAccount]]
) -> LandedTable:
    """The table of the query in parts. It is written as a whole first, from which each part reads only its own row groups."""
    whole, found = store.tmp / path.name, []
    _copy(staged, spec, query, whole)
    for value, own in parts.items():
        part = path.with_name(f"{path.stem}.{value}.parquet")
        ids = ", ".join(str(account.file_id) for account in own)
        own_rows = f"FROM read_parquet({literal(str(whole))}) WHERE file_id IN ({ids}) ORDER BY file_id, source_row"
        rows = _copy(staged, spec, own_rows, store.tmp / part.name)
        move_into_place(store.tmp / part.name, part)
        file = str(part.relative_to(store.root))
        told = {"size": part.stat().st_size, "rows": rows, "of_files": tuple(account.file_id for account in own)}
        found.append(Part(value=value, file=file, digest=sha256_of(part), **told))
    whole.unlink()
    return LandedTable(parts=tuple(found), digest=digest_of(found), rows=sum(part.rows for part in found))


def _copy(staged: Staged, spec: TableSpec, query: str, path: Path) -> int:
    """How many rows the file at `path` has then: those of the query, in its order."""
    columns = ", ".join(f"CAST({column.name} AS {column.type}) AS {column.name}" for column in spec.columns)
    with without_values(f"writing {spec.table}"):
        [(rows,)] = staged.con.execute(
            f"COPY (SELECT {as_written(spec.names)} FROM (SELECT {columns} FROM ({query}))) TO {literal(str(path))} "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS_IN_GROUP})"
        ).fetchall()
    return int(rows)


@contextmanager
def _in_order(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Joins as they are written: the staged rows pass by the claims in their own order, which nothing then has to sort."""
    con.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
    try:
        yield
    finally:
        con.execute("RESET disabled_optimizers")


def count_linked(staged: Staged) -> None:
    """Nothing; the temp table `link_count` has for each contract, file and way of linking its rows, and those of them with a person.

    Every row is looked up once for it, and no more for what is told of files and contracts.
    """
    staged.con.execute("""
        CREATE OR REPLACE TEMP TABLE link_count AS
        SELECT contract, file_id, linked_by, count(*) AS row_count, count(person_id) AS linked FROM link GROUP BY ALL
    """)


def links_by_contract(staged: Staged) -> dict[str, dict[str, int]]:
    """Contract -> how its rows were linked, or why not -> rows, once they are counted."""
    counts = staged.con.execute("SELECT contract, linked_by, sum(row_count)::BIGINT FROM link_count GROUP BY ALL ORDER BY ALL").fetchall()
    return {contract: {how: rows for which, how, rows in counts if which == contract} for contract in staged.columns}


def counts_by_file(staged: Staged) -> dict[int, tuple[int, int]]:
    """File -> its rows that are loaded, and those of them with a person, once they are counted."""
    counts = staged.con.execute("SELECT file_id, sum(row_count)::BIGINT, sum(linked)::BIGINT FROM link_count GROUP BY file_id").fetchall()
    return {file_id: (loaded, linked) for file_id, loaded, linked in counts}

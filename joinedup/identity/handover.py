"""What leaves the trusted host: landed tables of every contract's fields that identify nobody, each row with its person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import duckdb
import pyarrow as pa

from joinedup.engine.engines import ROWS_IN_GROUP
from joinedup.engine.objects import sha256_of
from joinedup.engine.results import schema
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store, move_into_place
from joinedup.identity.staged import Staged, without_values
from joinedup.sources.accounts import FileAccount
from joinedup.sources.contract import ContractSpec
from joinedup.sources.landed import LandedTable, landing_specs


def write_landed(
    staged: Staged, accounts: Sequence[FileAccount], contracts: Mapping[str, ContractSpec], store: Store, folder: Path
) -> dict[str, LandedTable]:
    """Every landed table, written into `folder` of the store; a contract without a source gives an empty one.

    Rows stand in the order of files and of the rows in them, people by their id. Before it the rows are linked and counted.
    """
    described = landing_specs()
    staged.con.register("landed_file", pa.Table.from_pylist([asdict(each) for each in accounts], schema=schema(described["landed_file"])))
    queries = {
        "landed_file": "SELECT * FROM landed_file ORDER BY file_id",
        "landed_person": "SELECT * FROM landed_person ORDER BY person_id",
        "linkage_rate": "SELECT * FROM linkage_rate ORDER BY contract, source, characteristic, group_value",
        "linkage_spread": "SELECT * FROM linkage_spread ORDER BY characteristic, group_value",
        "linkage_truth": "SELECT * FROM linkage_truth ORDER BY decided_by, characteristic, group_value",
        "linkage_run": "SELECT * FROM linkage_run ORDER BY figure",
        "linkage_weight": "SELECT * FROM linkage_weight ORDER BY comparison, level",
        "superseded": "SELECT * FROM staged_superseded ORDER BY file_id, source_row",
        "rejected": "SELECT * FROM staged_rejected ORDER BY file_id, source_row",
    }
    specs = {name: described[name] for name in queries}
    for contract in contracts.values():
        spec = contract.landed_spec()
        specs[spec.table], queries[spec.table] = spec, _rows_sql(contract.contract, spec, staged)
    with _in_order(staged.con):
        return {name: _write(staged, specs[name], query, store, folder / f"{name}.parquet") for name, query in queries.items()}


def _rows_sql(contract: str, spec: TableSpec, staged: Staged) -> str:
    """The query of a contract's landed rows: the columns of its landed table and no other."""
    if contract not in staged.columns:
        return f"SELECT {', '.join(f'NULL AS {column.name}' for column in spec.columns)} WHERE false"
    there = {"person_id", "linked_by", *staged.columns[contract]}
    columns = [column.name if column.name in there else f"NULL AS {column.name}" for column in spec.columns]
    return f"SELECT {', '.join(columns)} FROM linked_{contract}"


def _write(staged: Staged, spec: TableSpec, query: str, store: Store, path: Path) -> LandedTable:
    """The table of the query, on disk under its final name, with the types that its declaration says."""
    being_written = store.tmp / path.name
    columns = ", ".join(f"CAST({column.name} AS {column.type}) AS {column.name}" for column in spec.columns)
    where = str(being_written).replace("'", "''")
    with without_values(f"writing {spec.table}"):
        [(rows,)] = staged.con.execute(
            f"COPY (SELECT {columns} FROM ({query})) TO '{where}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS_IN_GROUP})"
        ).fetchall()
    move_into_place(being_written, path)
    return LandedTable(file=str(path.relative_to(store.root)), digest=sha256_of(path), rows=rows)


@contextmanager
def _in_order(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Joins as they are written: the staged rows pass by the claims in their own order, which nothing then has to sort."""
    con.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
    try:
        yield
    finally:
        con.execute("RESET disabled_optimizers")


def links_by_contract(staged: Staged) -> dict[str, dict[str, int]]:
    """Contract -> how its rows were linked, or why not -> rows."""
    counts = staged.con.execute("SELECT contract, linked_by, count(*) FROM link GROUP BY ALL ORDER BY ALL").fetchall()
    return {contract: {how: rows for which, how, rows in counts if which == contract} for contract in staged.columns}


def counts_by_file(staged: Staged) -> dict[int, tuple[int, int]]:
    """File -> its rows that are loaded, and those of them with a person."""
    counts = staged.con.execute("SELECT file_id, count(*), count(person_id) FROM link GROUP BY file_id").fetchall()
    return {file_id: (loaded, linked) for file_id, loaded, linked in counts}

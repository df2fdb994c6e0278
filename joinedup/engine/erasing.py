"""Rows of single people in Parquet files: found by reading no more columns than are asked for, and taken out of files that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from joinedup.engine.duck import connect
from joinedup.engine.engines import ROWS_IN_GROUP

PERSON = "person_id"


def has_people(path: Path) -> bool:
    """Whether a Parquet file has rows of people by their id."""
    return PERSON in pq.read_schema(path).names


def rows_of_people(path: Path, ids: pa.Array, columns: Sequence[str]) -> pa.Table:
    """The rows of some people in a file: the columns asked for, in the order of the file."""
    listed = ", ".join(str(int(each)) for each in ids.to_pylist()) or "NULL"
    con = connect()
    try:
        return con.sql(f"SELECT {', '.join(columns)} FROM {_read(path)} WHERE {PERSON} IN ({listed})").to_arrow_table()
    finally:
        con.close()


def write_without(path: Path, ids: pa.Array, out: Path, *, spill: Path) -> int:
    """How many rows the new file `out` has: those of `path` in their order, without the rows of some people."""
    listed = ", ".join(str(int(each)) for each in ids.to_pylist()) or "NULL"
    con = connect(spill=spill)
    try:
        rest = f"SELECT * FROM {_read(path)} WHERE {PERSON} IS NULL OR {PERSON} NOT IN ({listed})"
        [(rows,)] = con.execute(
            f"COPY ({rest}) TO {_quoted(out)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS_IN_GROUP})"
        ).fetchall()
    finally:
        con.close()
    return int(rows)


def _read(path: Path) -> str:
    return f"read_parquet({_quoted(path)})"


def _quoted(path: Path) -> str:
    text = str(path).replace("'", "''")
    return f"'{text}'"

"""Sorting what is far larger than memory: split by ranges of the column that it is sorted by first, each range sorted by itself.

DuckDB's own sort writes rows to disk as they lie in memory, which takes twenty times the room of the same rows as Parquet, and merges them
again and again as they outgrow its memory. Where the two meet, and why there: docs/explanation/scale.md.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from joinedup.engine.engines import ROWS_IN_GROUP

ROWS_IN_RANGE = 1_500_000
"""About 0.6 GB of the widest table while it is sorted, so that two at a time have room in a build's 2 GB."""
MOST_RANGES = 96
"""DuckDB keeps as many files open, and 100 at most, while it splits."""
RANGE = "range of rows"


def write_in_ranges(connection: duckdb.DuckDBPyConnection, query: str, order: Sequence[str], path: Path) -> None:
    """Nothing; `path` is a Parquet file of the query's rows, ordered, nulls first. It doesn't depend on where ranges end."""
    cuts = _cuts(connection, query, order[0])
    if not cuts:
        write_at_once(connection, query, order, path)
        return
    split = path.with_suffix(".ranges")
    try:
        connection.execute(
            f"COPY (SELECT *, {_range(order[0], cuts)} AS \"{RANGE}\" FROM ({query}) AS result) TO '{_quoted(split)}' "
            f'(FORMAT parquet, COMPRESSION snappy, PARTITION_BY ("{RANGE}"))'
        )
        _write(path, _groups(_sorted(connection, split, len(cuts) + 1, order)))
    finally:
        shutil.rmtree(split, ignore_errors=True)


def write_following(connection: duckdb.DuckDBPyConnection, query: str, followed: str, order: Sequence[str], path: Path) -> None:
    """The same of a query that passes on the rows of a table in that order: nothing is split, as each range is asked for alone.

    The table lies in the order of the column, and so do others that are joined by it: of each only the row groups of a range are read.
    """
    cuts = _cuts(connection, f'SELECT "{order[0]}" FROM "{followed}"', order[0])
    _write(path, _groups(_asked(connection, query, cuts, order)))


def _asked(connection: duckdb.DuckDBPyConnection, query: str, cuts: Sequence[int], order: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of all ranges, in order."""
    for number in range(len(cuts) + 1):
        bounds = [f'"{order[0]}" {sign} {cuts[at]}' for sign, at in ((">=", number - 1), ("<", number)) if 0 <= at < len(cuts)]
        inside = " AND ".join(bounds) or "TRUE"
        rows = inside if number else f'{inside} OR "{order[0]}" IS NULL'
        ordered = connection.sql(f"SELECT * FROM ({query}) AS result WHERE {rows} ORDER BY {_by(order)}")
        reader = ordered.to_arrow_reader(ROWS_IN_GROUP)
        if not number:
            yield pa.RecordBatch.from_pylist([], schema=reader.schema)  # where there are no rows at all, there are columns
        yield from reader


def write_at_once(connection: duckdb.DuckDBPyConnection, query: str, order: Sequence[str], path: Path) -> None:
    """The same by one sort of DuckDB's."""
    connection.execute(
        f"COPY (SELECT * FROM ({query}) AS result ORDER BY {_by(order)}) TO '{_quoted(path)}' "
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS_IN_GROUP})"
    )


def _by(order: Sequence[str]) -> str:
    return ", ".join(f'"{column}" NULLS FIRST' for column in order)


def _cuts(connection: duckdb.DuckDBPyConnection, query: str, column: str) -> list[int]:
    """Values between which about as many rows lie; none where all rows are one range."""
    at = ", ".join(f"{each / MOST_RANGES:.6f}" for each in range(1, MOST_RANGES))
    [(rows, quantiles)] = connection.execute(f'SELECT count(*), approx_quantile("{column}", [{at}]) FROM ({query}) AS result').fetchall()
    ranges = min(MOST_RANGES, ceil(rows / ROWS_IN_RANGE))
    wanted = [round(each * MOST_RANGES / ranges) - 1 for each in range(1, ranges)]
    return sorted({quantiles[each] for each in wanted}) if quantiles else []


def _range(column: str, cuts: Sequence[int]) -> str:
    """The number of the range that a row is in, as SQL; rows without a value come first."""
    cases = [f'WHEN "{column}" >= {cut} THEN {number}' for number, cut in reversed(list(enumerate(cuts, 1)))]
    return f"CASE {' '.join(cases)} ELSE 0 END"


def _sorted(connection: duckdb.DuckDBPyConnection, split: Path, ranges: int, order: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of all ranges, in order."""
    folders = {int(folder.name.rpartition("=")[2]): folder for folder in split.iterdir()}
    for number in range(ranges):
        if number in folders:
            files = f"read_parquet('{_quoted(folders[number])}/*.parquet', hive_partitioning = false)"
            yield from connection.sql(f"SELECT * FROM {files} ORDER BY {_by(order)}").to_arrow_reader(ROWS_IN_GROUP)
            shutil.rmtree(folders[number])


def _groups(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The same rows in sets of a row group, so that where ranges end leaves no trace in the file."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows >= ROWS_IN_GROUP:
            table = pa.Table.from_batches(held)
            whole = rows - rows % ROWS_IN_GROUP
            yield table.slice(0, whole)
            held, rows = table.slice(whole).to_batches(), rows - whole
    if held:
        yield pa.Table.from_batches(held)


def _write(path: Path, tables: Iterator[pa.Table]) -> None:
    writer: pq.ParquetWriter | None = None
    try:
        for table in tables:
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=3)
            writer.write_table(table, row_group_size=ROWS_IN_GROUP)
    finally:
        if writer is not None:
            writer.close()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")

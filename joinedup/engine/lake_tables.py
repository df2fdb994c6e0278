"""A table of a lake as one file of the store."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from joinedup.engine.engines import ROWS_IN_GROUP
from joinedup.engine.lake import Lake, LakeTable
from joinedup.errors import StoreProblem


def joined(lake: Lake, table: LakeTable, path: Path) -> None:
    """Nothing; `path` holds the rows of the table's files, one file after the other, and never more of them in memory than a row group.

    StoreProblem where they aren't as many as Spark counted when it wrote them.
    """
    if len(table.files) == 1:
        lake.files.fetch(table.files[0], path)
        rows = int(pq.read_metadata(path).num_rows)
    else:
        rows = _one_after_the_other(lake, table, path)
    if rows != table.rows:
        raise StoreProblem(f"{lake.files.root} gave {rows} rows of {path.stem}, and Spark wrote {table.rows}: some of its files are gone")


def _one_after_the_other(lake: Lake, table: LakeTable, path: Path) -> int:
    """How many rows were written."""
    rows, waiting = 0, list[pa.RecordBatch]()
    batches = _batches(lake, table, path.with_suffix(".part"))
    first = next(batches)
    with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        for batch in chain([first], batches):
            waiting, rows = [*waiting, batch], rows + batch.num_rows
            waiting = _whole_groups_written(writer, waiting)
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting), row_group_size=ROWS_IN_GROUP)
    return rows


def _batches(lake: Lake, table: LakeTable, part: Path) -> Iterator[pa.RecordBatch]:
    """The rows of each file in turn, which lies in `part` meanwhile; of files without any rows, none."""
    try:
        for name in table.files:
            lake.files.fetch(name, part)
            with pq.ParquetFile(part) as file:
                yield from file.iter_batches(ROWS_IN_GROUP)
    finally:
        part.unlink(missing_ok=True)


def _whole_groups_written(writer: pq.ParquetWriter, waiting: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """The rows that wait for more: groups are whole, so that the same rows give the same file, however many files they came in."""
    if sum(batch.num_rows for batch in waiting) < ROWS_IN_GROUP:
        return waiting
    rows = pa.Table.from_batches(waiting)
    whole = rows.num_rows - rows.num_rows % ROWS_IN_GROUP
    writer.write_table(rows.slice(0, whole).combine_chunks(), row_group_size=ROWS_IN_GROUP)
    rest: list[pa.RecordBatch] = rows.slice(whole).to_batches()
    return rest

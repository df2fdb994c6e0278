"""Counting keys that stand on more than one row of a file, without a query that groups all of them: by the order that its rows lie in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from joinedup.engine.engines import ROWS_IN_GROUP
from joinedup.engine.parts import Lying
from joinedup.engine.specs import ColumnType, TableSpec

MOST_NUMBERS = 16_000_000
"""Keys of one number that are sorted in memory, which takes 0.3 GB of so many; of more, DuckDB counts them in less."""
MANY_FALLS = 100
"""Where fewer than one number in so many is less than the one before, they are runs in order, which a merging sort only merges."""


def repeated_in(spec: TableSpec, lying: Sequence[Lying]) -> int | None:
    """How many keys have more than one row in a table's files together; None where that takes a query.

    The same keys lie next to each other where rows are ordered by the key and nothing else; a key of one number without nulls is sorted.
    """
    paths = [path for path in lying if isinstance(path, Path)]
    if len(paths) < len(lying):
        return None
    # Not-a-number differs from itself, so keys that are fractions are left to a query, too.
    columns = [column for column in spec.columns if column.name in spec.key]
    if len(paths) == 1 and set(spec.order) == set(spec.key) and all(column.type is not ColumnType.DOUBLE for column in columns):
        return _repeated_beside(paths[0], spec.order)
    if [(column.type, column.required) for column in columns] != [(ColumnType.BIGINT, True)]:
        return None
    few = sum(pq.read_metadata(path).num_rows for path in paths) <= MOST_NUMBERS
    return _repeated_numbers(paths, spec.key[0]) if few else None


def _repeated_beside(path: Path, key: Sequence[str]) -> int:
    """Of rows in the order of the key: how many keys have a row that the row before has too, each counted once."""
    repeated, before, within = 0, None, False
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(ROWS_IN_GROUP, columns=list(key)):
            rows = pa.Table.from_batches([batch] if before is None else [before, batch]).combine_chunks()
            same = np.concatenate([[within], _like_the_row_before(rows)])
            repeated += int(np.count_nonzero(same[1:] & ~same[:-1]))
            before, within = rows.slice(rows.num_rows - 1).to_batches()[0], bool(same[-1])
    return repeated


def _like_the_row_before(rows: pa.Table) -> np.ndarray:
    """Of each row but the first, whether it is the one before; a null is like a null."""
    same = np.ones(max(rows.num_rows - 1, 0), dtype=bool)
    for column in rows.columns:
        if not same.any():
            break
        here, there = column.slice(1), column.slice(0, rows.num_rows - 1)
        equal = pc.equal(here, there)
        if column.null_count:
            equal = pc.coalesce(equal, pc.and_(pc.is_null(here), pc.is_null(there)))
        same &= equal.to_numpy()
    return same


def _repeated_numbers(paths: Sequence[Path], key: str) -> int:
    """Of rows in any order, and of files in any order."""
    numbers = np.concatenate([pq.read_table(path, columns=[key], partitioning=None)[key].to_numpy() for path in paths])
    falls = np.count_nonzero(numbers[1:] < numbers[:-1])
    if falls:
        numbers.sort(kind="stable" if falls < len(numbers) // MANY_FALLS else "quicksort")
    same = np.concatenate([[False], numbers[1:] == numbers[:-1]])
    return int(np.count_nonzero(same[1:] & ~same[:-1]))

"""Whether two tables hold the same rows, in whatever order and from whichever engine."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

EMPTY = {"string": "", "bool": False, "int32": 0, "int64": 0, "double": 0.0}


def row_hash(table: pa.Table) -> str:
    """A hash of the rows, the same for the same rows in any order; fractions count by every bit."""
    rows = _sorted(table)
    digest = hashlib.sha256(repr([(name, str(rows[name].type)) for name in rows.column_names]).encode())
    for column in rows.columns:
        digest.update(pc.is_valid(column).to_numpy().tobytes())
        digest.update(_bytes(column.combine_chunks()))
    return digest.hexdigest()


def _bytes(column: pa.Array) -> bytes:
    """The values of a column, nulls as if empty: what lies under a null is anybody's guess."""
    if pa.types.is_string(column.type):
        filled = pc.fill_null(column, "")
        lengths = pc.binary_length(filled).to_numpy()
        text = filled.buffers()[2]
        return bytes(lengths.tobytes()) + (b"" if text is None else text.to_pybytes()[: int(lengths.sum())])
    if pa.types.is_temporal(column.type):
        column = column.cast(pa.int32()).cast(pa.int64()) if pa.types.is_date32(column.type) else column.cast(pa.int64())
    filled = pc.fill_null(column, EMPTY[str(column.type)])
    return bytes(filled.to_numpy(zero_copy_only=False).tobytes())


def same_rows(one: pa.Table, other: pa.Table, tolerance: float = 1e-9) -> list[str]:
    """How two tables differ, a line each, as counts; none when they hold the same rows, fractions to `tolerance`."""
    columns = [(name, str(one[name].type)) for name in one.column_names], [(name, str(other[name].type)) for name in other.column_names]
    if columns[0] != columns[1]:
        return [f"columns differ: {sorted(set(columns[0]) ^ set(columns[1])) or 'their order'}"]
    if one.num_rows != other.num_rows:
        return [f"{one.num_rows} rows and {other.num_rows} rows"]
    left, right = _sorted(one), _sorted(other)
    counts = {name: _differing(left[name].combine_chunks(), right[name].combine_chunks(), tolerance) for name in left.column_names}
    return [f"{name} differs in {count} rows" for name, count in counts.items() if count]


def _differing(one: pa.Array, other: pa.Array, tolerance: float) -> int:
    nulls = pc.not_equal(pc.is_null(one), pc.is_null(other))
    if pa.types.is_floating(one.type):
        pair = (pc.fill_null(one, 0.0).to_numpy(), pc.fill_null(other, 0.0).to_numpy())
        values = pa.array(~np.isclose(*pair, rtol=tolerance, atol=tolerance, equal_nan=True))
    else:
        values = pc.fill_null(pc.not_equal(one, other), False)
    return int(pc.sum(pc.or_(nulls, values)).as_py() or 0)


def _sorted(table: pa.Table) -> pa.Table:
    """The rows in an order of their own: by all columns, fractions last, for they may differ in their last digits."""
    fractions = [name for name in table.column_names if pa.types.is_floating(table[name].type)]
    exact = [name for name in table.column_names if name not in fractions]
    if not table.column_names:
        return table
    return table.take(pc.sort_indices(table, sort_keys=[(name, "ascending") for name in exact + fractions]))

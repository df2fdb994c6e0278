"""Rows compared whatever their order."""

from __future__ import annotations

import random
from datetime import date

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from joinedup.engine.rows import row_hash, same_rows

ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-5, 5),
        st.none() | st.text("aé", max_size=2),
        st.none() | st.dates(date(1900, 1, 1)),
        st.none() | st.booleans(),
    )
)


def table_of(rows: list[tuple[object, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * 4
    kinds = (pa.int64(), pa.string(), pa.date32(), pa.bool_())
    return pa.table({name: pa.array(values, type=kind) for name, kind, values in zip("nsdb", kinds, columns, strict=True)})


@given(ROWS, st.randoms(use_true_random=False))
def test_order_and_chunks_do_not_count(rows: list[tuple[object, ...]], chance: random.Random) -> None:
    other = list(rows)
    chance.shuffle(other)
    half = len(other) // 2
    mixed = pa.concat_tables([table_of(other[:half]), table_of(other[half:])])
    assert row_hash(table_of(rows)) == row_hash(mixed)
    assert same_rows(table_of(rows), mixed) == []


@given(ROWS, ROWS)
def test_equal_hashes_mean_equal_rows(one: list[tuple[object, ...]], other: list[tuple[object, ...]]) -> None:
    equal = sorted(one, key=repr) == sorted(other, key=repr)
    assert (row_hash(table_of(one)) == row_hash(table_of(other))) == equal
    assert (same_rows(table_of(one), table_of(other)) == []) == equal


def test_what_differs_is_counted_by_column() -> None:
    one = pa.table({"id": [1, 2, 3], "s": ["a", None, "c"], "x": [1.0, 2.0, None]})
    other = pa.table({"id": [3, 2, 1], "s": ["c", "b", "a"], "x": [None, 2.0 + 1e-12, 1.1]})
    assert same_rows(one, other) == ["s differs in 1 rows", "x differs in 1 rows"]
    assert same_rows(one, one.slice(1)) == ["3 rows and 2 rows"]
    assert same_rows(one, one.drop(["x"])) == ["columns differ: [('x', 'double')]"]
    assert same_rows(one, one.select(["s", "id", "x"])) == ["columns differ: their order"]


def test_fractions_within_the_tolerance_are_the_same() -> None:
    one, other = pa.table({"x": [0.1 + 0.2, 1e15]}), pa.table({"x": [0.3, 1e15 + 1]})
    assert same_rows(one, other) == []
    assert same_rows(one, other, tolerance=1e-17) == ["x differs in 2 rows"]
    assert row_hash(one) != row_hash(other)

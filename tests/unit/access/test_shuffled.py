"""Rows laid aside and given in the order of their pseudonyms: what order they came in doesn't show, nor in how many parts they lay."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from joinedup.access import shuffled
from joinedup.access.shuffled import MOST_PARTS, ROWS_A_PART

SCHEMA = pa.schema([("person_id", pa.int64()), ("starts", pa.date32()), ("word", pa.string())])
IDS = st.integers(0, 2**63 - 1)
ROWS = st.lists(st.tuples(IDS, st.integers(0, 20_000), st.one_of(st.none(), st.sampled_from(["a", "b"]))), max_size=60)


def table(rows: list[tuple[int, int, str | None]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([], [], [])
    return pa.table([pa.array(list(column), kind) for column, kind in zip(columns, SCHEMA.types, strict=True)], schema=SCHEMA)


@given(rows=ROWS, cuts=st.integers(1, 7), parts=st.sampled_from([1, 2, 3, 64, MOST_PARTS]))
@settings(max_examples=25, deadline=None)
def test_the_order_is_that_of_pseudonyms_whatever_order_rows_came_in(
    rows: list[tuple[int, int, str | None]], cuts: int, parts: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        laid = shuffled.shuffled(Path(name) / "rows", SCHEMA, parts * ROWS_A_PART)
        for at in range(0, len(rows), cuts):
            laid.add(table(rows[at : at + cuts]))
        sets = list(laid.closed().sets())
        found = pa.concat_tables(sets) if sets else SCHEMA.empty_table()
        assert found.equals(table(rows).sort_by([(each, "ascending") for each in SCHEMA.names]))


def test_parts_are_of_one_size_and_never_more_than_may_be_open(tmp_path: Path) -> None:
    laid = shuffled.shuffled(tmp_path / "rows", SCHEMA, 13_000_000)
    laid.add(table([(secrets.randbelow(2**63), 1, "a") for _ in range(20_000)]))
    sizes = [rows.num_rows for rows in laid.closed().sets()]
    assert len(sizes) == MOST_PARTS, "130 parts, and the next power of two"
    assert max(sizes) < 2.5 * 20_000 / MOST_PARTS
    assert shuffled.shuffled(tmp_path / "many", SCHEMA, 10**12).bits == 8


def test_only_its_owner_enters_what_is_laid_aside_and_nothing_is_laid_twice(tmp_path: Path) -> None:
    shuffled.shuffled(tmp_path / "rows", SCHEMA, 10)
    assert (tmp_path / "rows").stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        shuffled.shuffled(tmp_path / "rows", SCHEMA, 10)

"""Keys that stand on more than one row are counted by the order of rows as a query that groups them counts them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import joinedup.engine.keys as keys
from joinedup.engine.keys import repeated_in
from joinedup.engine.making import make
from joinedup.engine.on_duckdb import DuckEngine
from joinedup.engine.parts import AmendedFile
from joinedup.engine.results import repeated_sql
from joinedup.engine.store import Store
from joinedup.errors import SqlError

from .made_up import table

COLUMNS = {"person": "BIGINT", "kind": "STRING", "day": "DATE", "n": "BIGINT"}
ROWS = """
SELECT
    CASE WHEN i % 11 > 0 THEN i // 7 END AS person,
    CASE WHEN i % 3 > 0 THEN 'kind ' || (i % 2) END AS kind,
    CASE WHEN i % 5 > 0 THEN DATE '2026-01-01' + CAST(i % 4 AS INTEGER) END AS day,
    i AS n
FROM range(130000) AS t(i)
"""


def counted(spec: object, path: Path) -> tuple[int | None, int]:
    """By the order of rows, and by the query."""
    query = repeated_sql(spec, '"').replace('"made"', f"'{path}'")  # type: ignore[arg-type]
    [(wanted,)] = duckdb.execute(query).fetchall()
    return repeated_in(spec, [path]), wanted  # type: ignore[arg-type]


@pytest.mark.parametrize("rows_at_a_time", [50_000, 1_000, 3])
def test_keys_in_order_are_counted_over_the_ends_of_sets_with_nulls_as_one_value(
    rows_at_a_time: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "ROWS_IN_GROUP", rows_at_a_time)
    for limit in (130_000, 2_000, 1, 0) if rows_at_a_time > 3 else (2_000,):
        spec = table("made", COLUMNS, key=["kind", "person", "day"], sort=["person"])
        by = ", ".join(f'"{name}" NULLS FIRST' for name in spec.order)
        path = tmp_path / f"{limit}.parquet"
        duckdb.execute(f"COPY (SELECT * FROM ({ROWS} LIMIT {limit}) ORDER BY {by}) TO '{path}' (FORMAT parquet)")
        found, wanted = counted(spec, path)
        assert found == wanted
        assert (wanted > 0) == (limit >= 2_000)


@pytest.mark.parametrize(("values", "wanted"), [("i", 0), ("i // 3", 43_333), ("hash(i) % 100000", None)])
def test_a_key_of_one_number_is_counted_in_any_order(values: str, wanted: int | None, tmp_path: Path) -> None:
    path = tmp_path / "made.parquet"
    duckdb.execute(f"COPY (SELECT CAST({values} AS BIGINT) AS n, i % 5 AS x FROM range(130000) AS t(i)) TO '{path}' (FORMAT parquet)")
    spec = table("made", {"n": "BIGINT", "x": "BIGINT"}, key=["n"], sort=["x", "n"], required=["n"])
    found, by_query = counted(spec, path)
    assert found == by_query
    assert wanted in (None, found)


def test_a_key_of_one_number_is_counted_over_all_files(tmp_path: Path) -> None:
    spec, paths = table("made", {"n": "BIGINT"}, key=["n"], required=["n"]), [tmp_path / "even.parquet", tmp_path / "third.parquet"]
    for path, step in zip(paths, (2, 3), strict=True):
        duckdb.execute(f"COPY (SELECT i AS n FROM range(0, 60000, {step}) AS t(i)) TO '{path}' (FORMAT parquet)")
    assert [repeated_in(spec, [path]) for path in paths] == [0, 0]
    assert repeated_in(spec, paths) == 10_000


def test_what_the_order_does_not_tell_is_left_to_a_query(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "made.parquet"
    duckdb.execute(f"COPY ({ROWS}) TO '{path}' (FORMAT parquet)")
    several = table("made", COLUMNS, key=["n", "day"], sort=["person"])
    assert repeated_in(several, [path]) is None
    assert repeated_in(table("made", {"n": "DOUBLE"}, key=["n"]), [path]) is None
    number = table("made", COLUMNS, key=["n"], sort=["person"], required=["n"])
    assert repeated_in(table("made", COLUMNS, key=["n"], sort=["person"]), [path]) is None
    assert repeated_in(number, [path]) == 0
    assert repeated_in(number, [path, AmendedFile(path, path)]) is None
    monkeypatch.setattr(keys, "MOST_NUMBERS", 129_999)
    assert repeated_in(number, [path]) is None


@pytest.mark.parametrize("sort", [["n"], ["person"]], ids=["in order", "by something else"])
def test_a_table_of_many_rows_with_a_key_twice_is_refused_with_how_many(sort: list[str], tmp_path: Path) -> None:
    store = Store(tmp_path).create()
    sql = f"SELECT * FROM ({ROWS}) UNION ALL SELECT * FROM ({ROWS}) WHERE n IN (7, 129999)"
    spec = table("made", COLUMNS, key=["n"], sort=sort, required=["n"], sql=sql)
    engine = DuckEngine.started(tmp_path)
    with pytest.raises(SqlError, match=r"made holds 2 keys \(n\) with more than one row"):
        make(spec, engine, store, store.objects / "made.parquet")
    engine.close()

"""Sorting in ranges gives the rows that one sort gives, whatever the ranges."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import joinedup.engine.on_duckdb as on_duckdb
import joinedup.engine.ranges as ranges
from joinedup.build import all_specs
from joinedup.engine.on_duckdb import DuckEngine
from joinedup.engine.ranges import write_in_ranges
from joinedup.engine.results import result_columns

MADE = """
SELECT
    CASE WHEN i % 50 = 0 THEN NULL ELSE CAST(hash(i % 30000) >> 1 AS BIGINT) END AS person_id,
    CASE WHEN i % 7 = 0 THEN NULL ELSE DATE '2024-01-01' + CAST(i % 700 AS INTEGER) END AS starts,
    i AS activity_id,
    CASE WHEN i % 3 = 0 THEN 'Prescription item of some length' END AS service
FROM range(100000) AS t(i)
"""
ORDER = ("person_id", "starts", "activity_id")


def written(folder: Path, query: str = MADE) -> Path:
    folder.mkdir()
    with duckdb.connect(config={"threads": 2}) as connection:
        write_in_ranges(connection, query, ORDER, folder / "rows.parquet")
    assert [path.name for path in folder.iterdir()] == ["rows.parquet"]
    return folder / "rows.parquet"


def test_rows_are_those_of_one_sort_and_the_file_tells_nothing_of_ranges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "ROWS_IN_RANGE", 60_000)
    two = written(tmp_path / "two")
    monkeypatch.setattr(ranges, "ROWS_IN_RANGE", 9_000)
    many = written(tmp_path / "many")
    expected = duckdb.sql(f"SELECT * FROM ({MADE}) ORDER BY {', '.join(f'{column} NULLS FIRST' for column in ORDER)}").to_arrow_table()
    assert pq.read_table(many).equals(expected)
    assert many.read_bytes() == two.read_bytes()
    footer = pq.read_metadata(many)
    assert [footer.row_group(group).num_rows for group in range(footer.num_row_groups)] == [20_480] * 4 + [18_080]
    assert footer.row_group(0).column(0).statistics.null_count == 2_000


@pytest.mark.parametrize(
    "query", [f"SELECT * FROM ({MADE}) LIMIT 0", f"SELECT * REPLACE (CAST(NULL AS BIGINT) AS person_id) FROM ({MADE})"]
)
def test_no_rows_and_rows_of_one_value_are_written_too(query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "ROWS_IN_RANGE", 9_000)
    rows = pq.read_table(written(tmp_path / "rows", query))
    assert rows.num_rows == duckdb.sql(f"SELECT count(*) FROM ({query})").fetchall()[0][0]
    assert rows.column_names == ["person_id", "starts", "activity_id", "service"]


def test_a_table_that_reads_much_is_written_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = all_specs()["may_use"].model_copy(update={"sql": "SELECT * FROM given"})
    columns = {column.name: pa.array([3, 1, 2]) if column.name == "person_id" else pa.array([True] * 3) for column in spec.columns}
    pq.write_table(pa.table(columns), tmp_path / "given.parquet")
    monkeypatch.setattr(on_duckdb, "LARGE", 1)
    engine = DuckEngine.started(tmp_path)
    engine.show("given", tmp_path / "given.parquet")
    assert engine.is_large(spec)
    engine.beside().write(spec, result_columns(spec, engine.types(spec), engine.quote), tmp_path / "rows.parquet")
    engine.close()
    assert pq.read_table(tmp_path / "rows.parquet")["person_id"].to_pylist() == [1, 2, 3]

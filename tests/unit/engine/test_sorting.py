"""Rows that follow another table's are made range by range, and texts are numbers while they are sorted: the rows are those of one sort."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

import joinedup.engine.narrow as narrow
import joinedup.engine.on_duckdb as on_duckdb
import joinedup.engine.ranges as ranges
from joinedup.engine.checks import table_findings
from joinedup.engine.narrow import passes_on
from joinedup.engine.on_duckdb import DuckEngine
from joinedup.engine.results import result_columns
from joinedup.engine.specs import TableSpec
from joinedup.errors import StoreProblem

from .made_up import table

COLUMNS = {"person": "BIGINT", "id": "BIGINT", "kind": "STRING", "place": "STRING", "words": "STRING", "none": "STRING"}
ROWS = """
SELECT
    CASE WHEN i % 9 > 0 THEN CAST(hash(i) % 5000 AS BIGINT) END AS person,
    i AS id,
    'a kind, it''s ' || (i % 7) AS kind,
    CASE WHEN i % 5 > 0 THEN 'place ' || (i % 400) END AS place,
    'words that are nobody else''s ' || i AS words,
    CAST(NULL AS VARCHAR) AS none
FROM range(60000) AS t(i)
"""
SORTED = "SELECT * FROM lying ORDER BY person NULLS FIRST, id"
LYING = table("lying", COLUMNS, key=["id"], sort=["person"])
PASSED = table("passed", COLUMNS, key=["id"], sort=["person"], sql="SELECT * FROM lying WHERE id % 3 > 0")


def engine_with(tmp_path: Path, *files: str) -> DuckEngine:
    """An engine that shows `lying`, a file a query."""
    engine = DuckEngine.started(tmp_path)
    paths = [tmp_path / f"lying-{number}.parquet" for number in range(len(files))]
    for path, query in zip(paths, files, strict=True):
        duckdb.execute(f"COPY (WITH lying AS ({ROWS}) {query}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 20480)")
    engine.show("lying", paths)
    return engine


def write(engine: DuckEngine, spec: TableSpec, path: Path) -> list[str]:
    """What the engine was asked to copy, in SQL."""
    asked: list[str] = []

    class Listening:
        def __getattr__(self, name: str) -> object:
            return getattr(connection, name)

        def execute(self, sql: str, *values: object) -> object:
            asked.append(sql)
            return connection.execute(sql, *values)

    connection = engine.connection
    engine.connection = Listening()  # type: ignore[assignment]
    engine.write(spec, result_columns(spec, engine.types(spec), engine.quote), path)
    engine.connection = connection
    return [sql for sql in asked if sql.startswith("COPY")]


@pytest.mark.parametrize("rows_in_range", [100_000, 9_000, 1_000])
@pytest.mark.parametrize("files", [(SORTED,), (f"{SORTED} LIMIT 30000", f"{SORTED} LIMIT 30000 OFFSET 30000")], ids=["one file", "parts"])
def test_a_table_that_follows_another_is_made_range_by_range_with_the_rows_of_one_sort(
    rows_in_range: int, files: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_with(tmp_path, *files)
    [_] = write(engine, PASSED, tmp_path / "sorted.parquet")
    monkeypatch.setattr(on_duckdb, "NARROW", 1)
    monkeypatch.setattr(ranges, "ROWS_IN_RANGE", rows_in_range)
    assert not write(engine, PASSED.model_copy(update={"follows": "lying"}), tmp_path / "ranges.parquet")
    engine.close()
    made = pq.ParquetFile(tmp_path / "ranges.parquet")
    assert made.read().equals(pq.read_table(tmp_path / "sorted.parquet"))
    assert [made.metadata.row_group(group).num_rows for group in range(2)] == [20_480, 19_520]


def test_where_ranges_end_leaves_no_trace_and_no_rows_give_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_with(tmp_path, SORTED)
    monkeypatch.setattr(on_duckdb, "NARROW", 1)
    following = PASSED.model_copy(update={"follows": "lying"})
    for rows_in_range in (30_000, 2_000):
        monkeypatch.setattr(ranges, "ROWS_IN_RANGE", rows_in_range)
        write(engine, following, tmp_path / f"{rows_in_range}.parquet")
    write(engine, following.model_copy(update={"sql": "SELECT * FROM lying WHERE id < 0"}), tmp_path / "none.parquet")
    engine.close()
    assert (tmp_path / "30000.parquet").read_bytes() == (tmp_path / "2000.parquet").read_bytes()
    assert pq.read_table(tmp_path / "none.parquet").num_rows == 0
    assert pq.read_schema(tmp_path / "none.parquet").names == list(COLUMNS)


def test_texts_are_numbers_while_they_are_sorted_and_the_rows_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_with(tmp_path, "SELECT * FROM lying ORDER BY hash(id)")
    write(engine, PASSED, tmp_path / "long.parquet")
    monkeypatch.setattr(on_duckdb, "LONG", 1)
    monkeypatch.setattr(on_duckdb, "NARROW", 1)
    [copy] = write(engine, PASSED, tmp_path / "narrow.parquet")
    write(engine, PASSED, tmp_path / "again.parquet")
    engine.close()
    assert 'CAST("kind" AS ENUM' in copy
    assert 'CAST("place" AS ENUM' in copy
    assert 'CAST("place" AS VARCHAR)' in copy
    assert 'CAST("words"' not in copy
    assert 'CAST("none"' not in copy
    short, long = (pq.ParquetFile(tmp_path / f"{name}.parquet") for name in ("narrow", "long"))
    assert short.schema_arrow.equals(long.schema_arrow)
    assert short.read().equals(long.read())
    assert [short.metadata.row_group(group).num_rows for group in range(2)] == [20_480, 19_520]
    assert short.metadata.row_group(0).column(2).statistics.min == "a kind, it's 0"
    assert len({(tmp_path / f"{name}.parquet").read_bytes() for name in ("narrow", "again", "long")}) == 1


def test_where_even_the_list_of_texts_is_too_long_rows_are_sorted_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LONG", "NARROW"):
        monkeypatch.setattr(on_duckdb, name, 1)
    monkeypatch.setattr(narrow, "MANY_SEEN", 1)
    engine = engine_with(tmp_path, "SELECT * FROM lying")
    [copy] = write(engine, PASSED, tmp_path / "rows.parquet")
    engine.close()
    assert "ENUM" not in copy
    assert pq.read_table(tmp_path / "rows.parquet").num_rows == 40_000


def test_what_cant_be_sorted_for_want_of_memory_is_sorted_in_ranges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*_: object) -> str:
        raise duckdb.OutOfMemoryException

    engine = engine_with(tmp_path, "SELECT * FROM lying")
    write(engine, PASSED, tmp_path / "sorted.parquet")
    monkeypatch.setattr(DuckEngine, "ordered", out_of_memory)
    monkeypatch.setattr(ranges, "ROWS_IN_RANGE", 9_000)
    write(engine, PASSED, tmp_path / "ranges.parquet")
    by_text = PASSED.model_copy(update={"sort": ("words",)})
    with pytest.raises(StoreProblem, match="passed needs more memory"):
        write(engine, by_text, tmp_path / "refused.parquet")
    engine.close()
    assert pq.read_table(tmp_path / "ranges.parquet").equals(pq.read_table(tmp_path / "sorted.parquet"))


@pytest.mark.parametrize(
    ("sql", "passes"),
    [
        ("SELECT a FROM given WHERE a > 1 UNION ALL SELECT b FROM given LEFT JOIN other ON c = d", True),
        ("SELECT max(a) AS a FROM given", False),
        ("SELECT a FROM given GROUP BY a", False),
        ("SELECT DISTINCT a FROM given", False),
        ("SELECT row_number() OVER (ORDER BY a NULLS FIRST) AS a FROM given", False),
    ],
)
def test_a_query_that_sums_groups_or_ranks_isnt_asked_twice(sql: str, passes: bool) -> None:
    assert passes_on(PASSED.model_copy(update={"sql": sql})) is passes


def test_a_table_that_cant_follow_what_it_is_said_to_is_refused() -> None:
    other = PASSED.model_copy(update={"follows": "others"})
    finding = next(found for found in table_findings({"lying": LYING, "passed": other}) if found.rule == "follows")
    assert finding.message.startswith("passed is said to follow others, which it doesn't read; name a table of its .sql")
    unsorted = {"lying": LYING.model_copy(update={"sort": ()}), "passed": PASSED.model_copy(update={"follows": "lying"})}
    finding = next(found for found in table_findings(unsorted) if found.rule == "follows")
    assert "passed is ordered by person, id and lying, which it is said to follow, by id" in finding.message
    right = {"lying": LYING, "passed": PASSED.model_copy(update={"follows": "lying"})}
    assert not [found for found in table_findings(right) if found.rule == "follows"]

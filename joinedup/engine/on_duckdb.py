"""Portable SQL on DuckDB, inside this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from joinedup.engine.duck import BUILD_MEMORY, as_written, connect
from joinedup.engine.engines import ROWS_IN_GROUP, Shown, Step
from joinedup.engine.lying import NO_FILES, Files, files_lying, rows_sql
from joinedup.engine.measuring import EngineMeasured
from joinedup.engine.narrow import passes_on, sorted_query, texts_of
from joinedup.engine.order import inputs_of
from joinedup.engine.parts import AmendedFile
from joinedup.engine.ranges import write_following, write_in_ranges
from joinedup.engine.results import Found
from joinedup.engine.specs import ColumnType, TableSpec
from joinedup.errors import SqlError, StoreProblem

PORTABLE_NAMES = {"VARCHAR": "STRING", '"NULL"': "NULL"}

# Their messages hold names from the SQL; the others' may hold a value of somebody's row, so only their kind is told.
OF_THE_SQL = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.SyntaxException)


LARGE = 3_500_000_000
"""Bytes of Parquet that a table reads from which on it is sorted in ranges: of ten million people. Below, DuckDB's own sort costs less."""
NARROW = 60_000_000
"""Bytes from which on rows that are passed on one by one have numbers in place of texts while they are sorted: else they don't fit into
memory."""
LONG = 16_000_000
"""Bytes from which on a table is put together before it is sorted. The sort of what comes from several tables one after another takes all
memory and doesn't spill, while that of one table does (DuckDB 2.0: eight million activities of six tables need 2.5 GB so, else 0.5 GB)."""

EVERYTHING, IN_SHORT = "['*']", "['query.*', 'system.*']"
"""What a query profile holds. In short it has no operators, and costs a query next to nothing."""

MOST_DESCRIBED = 4096
DESCRIBED: dict[tuple[str | None, frozenset[tuple[str, str]]] | None, Found] = {}
"""Of a query and the columns of all that it reads: the columns that it gives. To have DuckDB find them out takes time in each build,
and they depend on nothing else."""


class DuckEngine:
    """An in-memory DuckDB that spills below the store's tmp."""

    name = "duckdb"
    quote = '"'

    def __init__(self, connection: duckdb.DuckDBPyConnection, lying: dict[str, Files] | None = None) -> None:
        self.connection = connection
        self.lying = {} if lying is None else lying
        self.lying_here: dict[str, Files] = {}
        """What was shown in files."""

    @classmethod
    def started(cls, tmp: Path, *, threads: int | None = None) -> DuckEngine:
        """A new database."""
        return cls(connect(spill=tmp / "duckdb", threads=threads, usual=BUILD_MEMORY))

    def show(self, table: str, source: Shown, *, here: bool = False) -> None:
        """Nothing; SQL then finds the Parquet file, all of several, or the rows under the name `table`; with `here` in this thread only."""
        if isinstance(source, pa.Table):
            name = f"{table} given here" if here else table
            (self.lying_here if here else self.lying)[table] = NO_FILES
            self.connection.register(name, source)
            if here:  # registering doesn't hide a table that others see
                self.connection.execute(f'CREATE OR REPLACE TEMP VIEW "{table}" AS SELECT * FROM "{name}"')
        else:
            lying = [source] if isinstance(source, Path | AmendedFile) else source
            (self.lying_here if here else self.lying)[table] = files_lying(lying)
            if not here:  # what was shown before under this name would hide the files
                self.connection.unregister(table)
                self.connection.execute(f'DROP VIEW IF EXISTS temp."{table}"')
            self.connection.execute(f'CREATE OR REPLACE {"TEMP " if here else ""}VIEW "{table}" AS {rows_sql(lying)}')

    def types(self, spec: TableSpec) -> Found:
        """The columns that a table's query gives. They are those of the last time where it reads the same columns from files."""
        read = {name: self.lying_here.get(name) or self.lying.get(name) for name in inputs_of(spec)}
        schemas = frozenset((name, schema) for name, files in read.items() if files for schema in files.schemas)
        known = (spec.sql, schemas) if all(files and files.schemas for files in read.values()) else None
        if known in DESCRIBED:
            return DESCRIBED[known]
        with _told(spec):
            described = self.connection.execute(f"DESCRIBE {spec.sql}").fetchall()
        found = [(name, PORTABLE_NAMES.get(kind, kind)) for name, kind, *_ in described]
        if known is not None:
            if len(DESCRIBED) >= MOST_DESCRIBED:
                DESCRIBED.clear()
            DESCRIBED[known] = found
        return found

    def rows(self, spec: TableSpec, sql: str) -> pa.Table:
        """The rows of a query that is asked about a table."""
        with _told(spec):
            return self.connection.sql(sql).to_arrow_table()

    def result(self, spec: TableSpec, columns: Sequence[str]) -> pa.Table:
        """The rows of `columns` of a table's query."""
        return self.rows(spec, f"SELECT {', '.join(columns)} FROM (\n{spec.sql}\n) AS result")

    def plan(self, spec: TableSpec) -> list[Step]:
        """How DuckDB would run a table's query: the last step first."""
        with _told(spec):
            [(_, written)] = self.connection.execute(f"EXPLAIN (FORMAT json) {spec.sql}").fetchall()
        return [step for node in json.loads(written) for step in _steps(node, 0)]

    def write(self, spec: TableSpec, columns: Sequence[str], path: Path) -> EngineMeasured:
        """What it cost; `path` is a Parquet file of `columns` of the table's query, sorted as the table says."""
        if spec.follows and self.reads(spec) >= NARROW:
            with _told(spec):
                write_following(self.connection, _selected(spec, columns), spec.follows, spec.order, path)
            return EngineMeasured()
        if not self.is_large(spec):
            try:
                return measured_of(self.write_profiled(spec, columns, path, IN_SHORT))
            except StoreProblem as problem:
                if not (self.has_ranges(spec) and isinstance(problem.__context__, duckdb.OutOfMemoryException)):
                    raise
        with _told(spec):
            write_in_ranges(self.connection, _typed(spec, columns), spec.order, path)
        return EngineMeasured()

    def is_large(self, spec: TableSpec) -> bool:
        """Whether a table may be so large that it is sorted in ranges at once, and not only where its sort doesn't fit into memory."""
        return self.has_ranges(spec) and self.reads(spec) >= LARGE

    @staticmethod
    def has_ranges(spec: TableSpec) -> bool:
        """Whether the column that a table is sorted by first is a number."""
        return any(column.name == spec.order[0] and column.type == ColumnType.BIGINT for column in spec.columns)

    def reads(self, spec: TableSpec) -> int:
        """How many bytes of Parquet a table reads, as far as they are in files."""
        return sum(sum(self.files_of(name)) for name in inputs_of(spec))

    def files_of(self, table: str) -> Sequence[int]:
        """The bytes of each file in which a table lies; none where it isn't in files."""
        found = self.lying_here.get(table) or self.lying.get(table)
        return () if found is None else found.sizes

    def write_profiled(self, spec: TableSpec, columns: Sequence[str], path: Path, metrics: str = EVERYTHING) -> dict[str, Any]:
        """The same with DuckDB's profile of the query, the whole of it or in short."""
        with _told(spec):
            query = self.ordered(spec, columns)
            with self.profiled(metrics) as profile:
                self.connection.execute(
                    f"COPY ({query}) TO {_text(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS_IN_GROUP})"
                )
                return profile()

    def ordered(self, spec: TableSpec, columns: Sequence[str]) -> str:
        """A table's query with its rows in order, put so that the sort takes little memory."""
        query, by = _typed(spec, columns), ", ".join(f'"{column}" NULLS FIRST' for column in spec.order)
        if self.reads(spec) < LONG:
            return f"{query} ORDER BY {by}"
        plain = _selected(spec, columns)
        texts = texts_of(self.connection, spec, plain) if self.reads(spec) >= NARROW and passes_on(spec) else {}
        return sorted_query(spec, plain, texts, by) if texts else f"WITH made AS MATERIALIZED ({query}) SELECT * FROM made ORDER BY {by}"

    @contextmanager
    def profiled(self, metrics: str) -> Iterator[Callable[[], dict[str, Any]]]:
        """What gives DuckDB's own profile of the last query that was run meanwhile."""
        self.connection.execute(f"SET enable_profiling = 'no_output'; SET tracked_metrics = {metrics}")
        try:
            yield lambda: json.loads(self.connection.get_profiling_information("json"))
        finally:
            self.connection.execute("PRAGMA disable_profiling")

    def stop(self) -> None:
        """Nothing; a query that runs in another thread ends soon, with an error."""
        self.connection.interrupt()

    def beside(self) -> DuckEngine:
        """The same database for another thread."""
        return DuckEngine(self.connection.cursor(), self.lying)

    def close(self) -> None:
        """Nothing; the database is gone with its last connection."""
        self.connection.close()


def _typed(spec: TableSpec, columns: Sequence[str]) -> str:
    """A table's query, its columns of the types that are declared."""
    return f"SELECT {as_written(spec.names)} FROM ({_selected(spec, columns)}) AS typed"


def _selected(spec: TableSpec, columns: Sequence[str]) -> str:
    return f"SELECT {', '.join(columns)} FROM (\n{spec.sql}\n) AS result"


def measured_of(profile: Mapping[str, Any]) -> EngineMeasured:
    """What a query profile says of a query as a whole."""
    query, system = profile.get("query", {}), profile.get("system", {})
    return EngineMeasured(
        thread_seconds=_rounded(query.get("cpu_time")),
        rows_read=query.get("total_rows_scanned"),
        peak_memory=system.get("peak_buffer_memory"),
        spilled=system.get("peak_temp_dir_size"),
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _steps(node: dict[str, Any], depth: int) -> Iterator[Step]:
    yield Step(
        depth, node["name"], {name: value if isinstance(value, str) else ", ".join(value) for name, value in node["extra_info"].items()}
    )
    for child in node["children"]:
        yield from _steps(child, depth + 1)


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


@contextmanager
def _told(spec: TableSpec) -> Iterator[None]:
    """Turns what DuckDB says about a table into one sentence."""
    try:
        yield
    except OF_THE_SQL as error:
        raise SqlError(f"{spec.sql_file}: DuckDB can't run it: {str(error).splitlines()[0]}") from error
    except duckdb.OutOfMemoryException:
        raise StoreProblem(
            f"{spec.table} needs more memory, or room to spill, than DuckDB has; free some, or build with --engine spark"
        ) from None
    except duckdb.IOException as error:
        raise StoreProblem(f"{spec.table} can't be made: {_disk(str(error))}") from None
    except duckdb.Error as error:
        kind = type(error).__name__
        raise SqlError(
            f"{spec.sql_file}: DuckDB stopped with {kind}; look for a CAST, sum or division that some value doesn't fit"
        ) from None


def _disk(said: str) -> str:
    """What DuckDB says of a file, without its path."""
    if "no space left" in said.lower():
        return "the disk is full; free some space and run it again"
    return "a file of the store can't be written or read; check who may, and that none is damaged (--verify)"

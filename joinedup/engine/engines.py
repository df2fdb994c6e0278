"""What an engine does, whichever it is: shows tables to SQL, runs SQL as it is written, and writes the rows to Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pyarrow as pa

from joinedup.engine.results import Found
from joinedup.engine.specs import TableSpec
from joinedup.errors import SqlError

ROWS_IN_GROUP = 49_152
"""Rows in a row group: at most 50,000, and a multiple of the 2,048 that DuckDB writes at a time."""


class Engine(Protocol):
    """DuckDB or Spark. What goes wrong with a table is an SqlError or StoreProblem that holds no value of anybody's row."""

    name: str
    quote: str
    """The sign around a name."""

    @property
    def software(self) -> str:
        """The engine's own name and version."""

    def show(self, table: str, source: Path | pa.Table) -> None:
        """Nothing; SQL then finds the Parquet file or the rows under the name `table`."""

    def types(self, spec: TableSpec) -> Found:
        """The columns that a table's query gives."""

    def rows(self, spec: TableSpec, sql: str) -> pa.Table:
        """The rows of a query that is asked about a table."""

    def write(self, spec: TableSpec, columns: str, path: Path) -> None:
        """Nothing; `path` is a Parquet file of `columns` of the table's query, sorted as the table says."""

    def beside(self) -> Engine:
        """The same engine for another thread: it shows the same tables."""

    def close(self) -> None:
        """Nothing; what the engine held is let go."""


def open_engine(name: str, tmp: Path, *, threads: int | None = None) -> Engine:
    """The engine of that name, "duckdb" or "spark", which spills below `tmp` only; SqlError for another name."""
    if name == "duckdb":
        from joinedup.engine.on_duckdb import DuckEngine  # noqa: PLC0415 - an engine starts only when it is used

        return DuckEngine.started(tmp, threads=threads)
    if name == "spark":
        from joinedup.engine.on_spark import SparkEngine  # noqa: PLC0415 - an engine starts only when it is used

        return SparkEngine.started(tmp, threads=threads)
    raise SqlError(f"there is no engine {name}; choose duckdb or spark")

"""What an engine does, whichever it is: shows tables to SQL, runs SQL as it is written, and writes the rows to Parquet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

import pyarrow as pa

from joinedup.engine.cluster import Cluster
from joinedup.engine.measuring import EngineMeasured
from joinedup.engine.parts import Lying, RowsOfPeople
from joinedup.engine.results import Found
from joinedup.engine.specs import TableSpec
from joinedup.errors import SqlError

if TYPE_CHECKING:
    from joinedup.engine.lake import Lake

ROWS_IN_GROUP = 20_480
"""Rows in a row group, a multiple of the 2,048 that DuckDB writes at a time.

Of 770,000 activities one person's are read in 6.8 ms of processor, against 14.6 ms with groups of 50,000; a scan takes a sixth longer and
the file is 2% larger. With 10,000 it would be 3.5 ms, two fifths and 6%, and the footer of a place of millions would take more to read.
"""


PACKAGES = {"duckdb": "duckdb", "spark": "pyspark"}
IN_PARTS = frozenset({"duckdb"})
"""Engines that make a table part by part, from files shown to one thread alone; Spark divides a whole table itself."""


Shown: TypeAlias = "Lying | Sequence[Lying] | RowsOfPeople | pa.Table"
"""What SQL may find under the name of a table."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an engine's plan by the engine's own name, with what it says of it; it takes what the deeper steps below it give."""

    depth: int
    name: str
    said: Mapping[str, str]


class Engine(Protocol):
    """DuckDB or Spark. What goes wrong with a table is an SqlError or StoreProblem that holds no value of anybody's row."""

    name: str
    quote: str
    """The sign around a name."""

    def show(self, table: str, source: Shown, *, here: bool = False) -> None:
        """Nothing; SQL then finds the Parquet file, all of several, or the rows under the name `table`.

        With `here` only the SQL of this thread does, whatever the name means to others, where the engine is one of `IN_PARTS`.
        """

    def types(self, spec: TableSpec) -> Found:
        """The columns that a table's query gives."""

    def rows(self, spec: TableSpec, sql: str) -> pa.Table:
        """The rows of a query that is asked about a table."""

    def result(self, spec: TableSpec, columns: Sequence[str]) -> pa.Table:
        """The rows of `columns` of a table's query."""

    def plan(self, spec: TableSpec) -> list[Step]:
        """How the engine would run a table's query: the last step first."""

    def write(self, spec: TableSpec, columns: Sequence[str], path: Path) -> EngineMeasured:
        """What it cost; `path` is a Parquet file of `columns` of the table's query, sorted as the table says."""

    def stop(self) -> None:
        """Nothing; a query of this engine that runs in another thread ends soon, with an error."""

    def beside(self) -> Engine:
        """The same engine for another thread: it shows the same tables."""

    def close(self) -> None:
        """Nothing; what the engine held is let go."""


def software_of(engine: str) -> str:
    """The name and version of the software behind an engine, which needn't start for it; SqlError for another name."""
    if engine not in PACKAGES:
        raise SqlError(f"there is no engine {engine}; choose {' or '.join(PACKAGES)}")
    try:
        return f"{engine} {version(PACKAGES[engine])}"
    except PackageNotFoundError as error:
        raise SqlError(f"{engine} is not installed: install joinedup[{engine}], or choose --engine duckdb") from error


def open_engine(name: str, tmp: Path, *, threads: int | None = None, cluster: Cluster | None = None, lake: Lake | None = None) -> Engine:
    """The engine of that name, which spills below `tmp` only on this machine; Spark runs on a cluster and a lake where told."""
    if name == "duckdb":
        from joinedup.engine.on_duckdb import DuckEngine  # noqa: PLC0415 - an engine starts only when it is used

        return DuckEngine.started(tmp, threads=threads)
    from joinedup.engine.on_spark import SparkEngine  # noqa: PLC0415 - an engine starts only when it is used

    return SparkEngine.started(tmp, threads=threads, cluster=cluster, lake=lake)

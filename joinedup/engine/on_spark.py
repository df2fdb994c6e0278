"""Portable SQL on Apache Spark, word for word the same as on DuckDB."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as of

from joinedup.engine.cluster import Cluster
from joinedup.engine.engines import ROWS_IN_GROUP, Shown, Step
from joinedup.engine.lake import Lake
from joinedup.engine.lake_tables import joined
from joinedup.engine.lying import paths_of
from joinedup.engine.measuring import EngineMeasured
from joinedup.engine.order import inputs_of
from joinedup.engine.parts import AmendedFile
from joinedup.engine.results import ARROW, Found
from joinedup.engine.spark_measuring import measured
from joinedup.engine.spark_session import session
from joinedup.engine.specs import ColumnType, TableSpec
from joinedup.errors import SqlError, StoreProblem

PORTABLE_NAMES = {
    "int": "INTEGER",
    "bigint": "BIGINT",
    "smallint": "SMALLINT",
    "tinyint": "TINYINT",
    "timestamp_ntz": "TIMESTAMP",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "void": "NULL",
}

STEP = re.compile(r"([ :+|-]*)(?:\*\(\d+\) )?(\w+)(.*)")
"""A line of a plan: three signs for each step that comes after it, what it is, and of what."""

SPARK_NAMES = {ColumnType.TIMESTAMP: "TIMESTAMP_NTZ"}

PARTITIONS = "spark.sql.shuffle.partitions"
ROWS_IN_TASK, FEWEST_TASKS, MOST_TASKS = 250_000, 2, 2_000
"""Of all tables together, for each task of a join; adaptive execution then joins tasks that got few."""
ROWS_IN_FILE = 500_000
"""Of all that a table reads: up to here it is written by one task, which takes no job to find out where to part it."""


class SparkEngine:
    """A Spark session on this machine or a cluster, or beside the one that already runs in this process.

    With a lake, what SQL finds lies there, workers write results there, and each is fetched to the store when it is whole.
    """

    name = "spark"
    quote = "`"

    def __init__(self, session: SparkSession, tmp: Path, cluster: Cluster, lake: Lake | None = None, *, own: bool) -> None:
        self.session, self.tmp, self.cluster, self.lake, self.own = session, tmp, cluster, lake, own
        self.rows_of: dict[str, int] = {}
        """How many rows each table has that SQL finds in files."""
        self._asked: tuple[str, DataFrame] | None = None
        """The query that Spark looked at last, and what it made of it: its types are asked for before its rows."""
        self.group = f"joinedup-{uuid4().hex}"
        """What Spark knows the jobs of this engine by."""

    @classmethod
    def started(cls, tmp: Path, *, threads: int | None = None, cluster: Cluster | None = None, lake: Lake | None = None) -> SparkEngine:
        """A session beside the running one, or a new one; this process keeps all its files below `tmp`."""
        cluster = cluster or Cluster()
        spark, own = session(tmp, cluster, threads or 2)
        if lake is None and not spark.sparkContext.master.startswith("local"):
            raise SqlError(
                f"Spark runs on {spark.sparkContext.master}, whose workers don't reach the files of this machine: name a place that all "
                "reach with --lake, such as s3a://bucket/joinedup"
            )
        return cls(spark, tmp, cluster, lake, own=own)

    def show(self, table: str, source: Shown, *, here: bool = False) -> None:
        """Nothing; SQL then finds the Parquet file, all of several, or the rows under the name `table`."""
        if isinstance(source, pa.Table):
            shown = self.session.createDataFrame(source)
        else:
            files = paths_of([source] if isinstance(source, Path | AmendedFile) else source)  # its own tables are whole, none amended
            lie = [address for file in files for address in self._lies(file)]
            shown = self.session.read.schema(_columns(files[0])).parquet(*lie)  # or Spark runs a job to find them
            self.rows_of[table] = sum(pq.read_metadata(file).num_rows for file in files)
            self._spread()
        shown.createOrReplaceTempView(table)
        self.forget()

    def forget(self) -> None:
        """Nothing; queries are looked at anew, since what they find may be another."""
        self._asked = None

    def _spread(self) -> None:
        """Nothing; joins and groups are spread over as many tasks as all rows need, unless the place says how many."""
        if self.lake is not None and PARTITIONS not in self.cluster.settings:
            tasks = sum(self.rows_of.values()) // ROWS_IN_TASK
            self.session.conf.set(PARTITIONS, str(min(max(tasks, FEWEST_TASKS), MOST_TASKS)))

    def _lies(self, source: Path) -> list[str]:
        """Where Spark reads a file of the store."""
        if self.lake is None:
            return [f"file://{source.resolve()}"]  # of %20 Hadoop makes no blank
        return self.lake.addresses(self.lake.brought(source))

    def types(self, spec: TableSpec) -> Found:
        """The columns that a table's query gives."""
        with _told(spec):
            fields = self._query(spec).schema.fields
        return [(field.name, _portable(field.dataType.simpleString())) for field in fields]

    def rows(self, spec: TableSpec, sql: str) -> pa.Table:
        """The rows of a query that is asked about a table."""
        with _told(spec):
            return self.session.sql(sql).toArrow()

    def result(self, spec: TableSpec, columns: Sequence[str]) -> pa.Table:
        """The rows of `columns` of a table's query."""
        with _told(spec):
            return self._query(spec).selectExpr(*columns).toArrow()

    def plan(self, spec: TableSpec) -> list[Step]:
        """How Spark would run a table's query: the last step first."""
        with _told(spec):
            [(written,)] = self.session.sql(f"EXPLAIN {spec.sql}").collect()
        lines = written.split("\n\n")[0].splitlines()[1:]
        return [Step(len(found[1]) // 3, found[2], {"details": found[3].strip()}) for found in map(STEP.fullmatch, lines) if found]

    def write(self, spec: TableSpec, columns: Sequence[str], path: Path) -> EngineMeasured:
        """What it cost; `path` is a Parquet file as `Engine` says."""
        with _told(spec), self.group_of_jobs(spec):
            if self.lake is None:
                self._write_here(spec, columns, path)
            else:
                self._write_there(spec, columns, path, self.lake)
            return measured(self.session, self.group)

    @contextmanager
    def group_of_jobs(self, spec: TableSpec) -> Iterator[None]:
        """Spark tells the jobs that are run meanwhile, by this thread, from those of other tables."""
        context = self.session.sparkContext
        context.setJobGroup(self.group, spec.table)
        try:
            yield
        finally:
            context.setLocalProperty("spark.jobGroup.id", None)

    def _write_here(self, spec: TableSpec, columns: Sequence[str], path: Path) -> None:
        folder = path.with_suffix(".spark")
        one = self._query(spec).selectExpr(*columns).coalesce(1)
        _write(one.sortWithinPartitions(*_ordered(spec)), f"file://{folder.resolve()}")
        next(folder.glob("part-*.parquet")).replace(path)

    def _write_there(self, spec: TableSpec, columns: Sequence[str], path: Path, lake: Lake) -> None:
        """Workers write one file of few rows, several of many, each person's in one of them; together they are `path` in the store."""
        attempt, counted = lake.attempt(path.stem), Observation()
        ordered = _ordered(spec)
        result = self._query(spec).selectExpr(*columns)
        if sum(self.rows_of.get(name, 0) for name in inputs_of(spec)) <= ROWS_IN_FILE:
            result = result.coalesce(1)
        else:
            result = result.repartitionByRange(*(ordered[:1] if spec.order[0] == "person_id" else ordered))
        _write(result.sortWithinPartitions(*ordered).observe(counted, of.count(of.lit(1)).alias("rows")), lake.address(attempt))
        joined(lake, lake.finish(path, attempt, counted.get["rows"]), path)

    def stop(self) -> None:
        """Nothing; what the session runs ends soon, with an error."""
        self.session.sparkContext.cancelJobGroup(self.group)

    def beside(self) -> SparkEngine:
        """The same session: Spark spreads the work itself."""
        other = SparkEngine(self.session, self.tmp, self.cluster, self.lake, own=False)
        other.rows_of = self.rows_of
        return other

    def close(self) -> None:
        """Nothing; a session that this engine started is stopped."""
        if self.own:
            self.session.stop()

    def _query(self, spec: TableSpec) -> DataFrame:
        assert spec.sql is not None
        if self._asked is None or self._asked[0] != spec.sql:
            self._asked = spec.sql, self.session.sql(spec.sql)
        return self._asked[1]


def _columns(path: Path) -> str:
    """The columns of a Parquet file, as Spark declares them."""
    types = {arrow: name for name, arrow in ARROW.items()}
    return ", ".join(f"`{field.name}` {SPARK_NAMES.get(types[field.type], types[field.type])}" for field in pq.read_schema(path))


def _ordered(spec: TableSpec) -> list[Column]:
    return [of.col(column).asc_nulls_first() for column in spec.order]


def _write(rows: DataFrame, address: str) -> None:
    rows.write.option("compression", "zstd").option("parquet.block.row.count.limit", ROWS_IN_GROUP).parquet(address)


def _portable(kind: str) -> str:
    return PORTABLE_NAMES.get(kind, kind.upper())


logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)  # else each error is written to stderr with all its frames


@contextmanager
def _told(spec: TableSpec) -> Iterator[None]:
    """Turns what Spark says about a table into one sentence."""
    try:
        yield
    except AnalysisException as error:
        raise SqlError(f"{spec.sql_file}: Spark can't run it: {_first_line(error)}") from error
    except (PySparkException, Py4JJavaError) as error:
        raise _stopped(spec, error) from None


def _first_line(error: AnalysisException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "it says no more")


def _stopped(spec: TableSpec, error: PySparkException | Py4JJavaError) -> SqlError | StoreProblem:
    """Runtime errors may hold a value of somebody's row, so only their kind is told."""
    if "No space left" in str(error):
        return StoreProblem(f"{spec.table} can't be made: the disk is full; free some space and run it again")
    kind = (error.getCondition() if isinstance(error, PySparkException) else None) or type(error).__name__
    return SqlError(f"{spec.sql_file}: Spark stopped with {kind}; look for a CAST, sum or division that some value doesn't fit")

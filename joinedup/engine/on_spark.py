"""Portable SQL on Apache Spark, word for word the same as on DuckDB."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.errors import AnalysisException, PySparkException, PySparkRuntimeError
from pyspark.sql import DataFrame, SparkSession

from joinedup.engine.engines import ROWS_IN_GROUP, Step
from joinedup.engine.measuring import EngineMeasured
from joinedup.engine.results import ARROW, Found
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

SETTINGS = {
    # SQL means what it means on DuckDB.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    # One machine, small tables: the work is in starting tasks, not in doing them.
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.driver.memory": "2g",
    # Nothing listens beyond this machine, and nothing but the result is shown.
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}

QUIET = """rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %m%n
"""


class SparkEngine:
    """A Spark session on this machine, or the one that already runs in this process."""

    name = "spark"
    quote = "`"

    def __init__(self, session: SparkSession, tmp: Path, *, own: bool) -> None:
        self.session, self.tmp, self.own = session, tmp, own

    @classmethod
    def started(cls, tmp: Path, *, threads: int | None = None) -> SparkEngine:
        """The running session, or a new one that keeps all its files below `tmp`."""
        running = SparkSession.getActiveSession()
        if running is not None:
            return cls(running, tmp, own=False)
        try:
            return cls(_session(tmp / "spark", threads or 2), tmp, own=True)
        except PySparkRuntimeError as error:
            raise SqlError("Spark can't start: install Java 17 or later, or choose --engine duckdb") from error

    def show(self, table: str, source: Path | Sequence[Path] | pa.Table) -> None:
        """Nothing; SQL then finds the Parquet file, all of several, or the rows under the name `table`."""
        if isinstance(source, pa.Table):
            shown = self.session.createDataFrame(source)
        else:
            files = [source] if isinstance(source, Path) else list(source)
            shown = self.session.read.schema(_columns(files[0])).parquet(*map(str, files))  # or Spark runs a job to find them
        shown.createOrReplaceTempView(table)

    def types(self, spec: TableSpec) -> Found:
        """The columns that a table's query gives."""
        with _told(spec):
            fields = self._query(spec).schema.fields
        return [(field.name, _portable(field.dataType.simpleString())) for field in fields]

    def rows(self, spec: TableSpec, sql: str) -> pa.Table:
        """The rows of a query that is asked about a table."""
        with _told(spec):
            return self.session.sql(sql).toArrow()

    def plan(self, spec: TableSpec) -> list[Step]:
        """How Spark would run a table's query: the last step first."""
        with _told(spec):
            [(written,)] = self.session.sql(f"EXPLAIN {spec.sql}").collect()
        lines = written.split("\n\n")[0].splitlines()[1:]
        return [Step(len(found[1]) // 3, found[2], {"details": found[3].strip()}) for found in map(STEP.fullmatch, lines) if found]

    def write(self, spec: TableSpec, columns: Sequence[str], path: Path) -> EngineMeasured:
        """Nothing of what it cost, which Spark tells of whole sessions; `path` is a Parquet file as `Engine` says."""
        folder = path.with_suffix(".spark")
        with _told(spec):
            result = self._query(spec).selectExpr(*columns)
            ordered = [result[column].asc_nulls_first() for column in spec.order]
            one = result.coalesce(1).sortWithinPartitions(*ordered)
            one.write.option("compression", "zstd").option("parquet.block.row.count.limit", ROWS_IN_GROUP).parquet(str(folder))
        next(folder.glob("part-*.parquet")).replace(path)
        return EngineMeasured()

    def stop(self) -> None:
        """Nothing; what the session runs ends soon, with an error."""
        self.session.sparkContext.cancelAllJobs()

    def beside(self) -> SparkEngine:
        """The same session: Spark spreads the work itself."""
        return SparkEngine(self.session, self.tmp, own=False)

    def close(self) -> None:
        """Nothing; a session that this engine started is stopped."""
        if self.own:
            self.session.stop()

    def _query(self, spec: TableSpec) -> DataFrame:
        assert spec.sql is not None
        return self.session.sql(spec.sql)


def _columns(path: Path) -> str:
    """The columns of a Parquet file, as Spark declares them."""
    types = {arrow: name for name, arrow in ARROW.items()}
    return ", ".join(f"`{field.name}` {SPARK_NAMES.get(types[field.type], types[field.type])}" for field in pq.read_schema(path))


def _session(tmp: Path, threads: int) -> SparkSession:
    tmp.mkdir(parents=True, exist_ok=True)
    logging = tmp / "log4j2.properties"
    logging.write_text(QUIET, encoding="ascii")
    builder = SparkSession.builder.master(f"local[{threads}]").appName("joinedup")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    builder = builder.config("spark.local.dir", str(tmp)).config("spark.sql.warehouse.dir", str(tmp / "warehouse"))
    return builder.config("spark.driver.extraJavaOptions", f"-Dlog4j2.configurationFile=file:{logging}").getOrCreate()


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

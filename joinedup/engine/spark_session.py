"""Spark sessions: the one that runs already, or a new one on this machine or a cluster, set so that SQL means what it means on DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException, PySparkRuntimeError
from pyspark.sql import SparkSession

from joinedup.engine.cluster import PINNED, Cluster
from joinedup.errors import SqlError

ALWAYS = {
    "spark.driver.memory": "2g",
    # Nothing listens that nobody asked for, and nothing but the result is shown.
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
ON_THIS_MACHINE = {
    # Nothing listens beyond this machine.
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
SMALL = {
    # One machine and small tables, all of them in files of this machine: the work is in starting tasks, not in doing them.
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
}
LARGE = {
    # Plans are mended by what each step turned out to give; small steps have one task and each file of a result about 64 MB to write.
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": "64m",
}

QUIET = """rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %m%n
"""


def settings_of(cluster: Cluster) -> dict[str, str]:
    """Every setting of a session: ours, then what the place says, then what it can't say."""
    ours = ALWAYS | (ON_THIS_MACHINE if cluster.on_this_machine else {}) | (LARGE if cluster.lake else SMALL)
    return {**ours, **cluster.settings, **PINNED}


def session(tmp: Path, cluster: Cluster, threads: int) -> tuple[SparkSession, bool]:
    """A session, and whether it was started here; SqlError where none can be.

    One that runs already, as in a notebook or a job of a platform, is used where no master is named: beside it, under settings of its own.
    """
    running = SparkSession.getActiveSession()
    if running is not None:
        where = _master_of(running)
        if cluster.master in ("", where):
            return _beside(running, cluster), False
        raise SqlError(
            f"a session of Spark on {where} runs in this process, which can't have another on {cluster.master}: "
            "end it, or leave the master out"
        )
    try:
        return _started(tmp / "spark", cluster, threads), True
    except PySparkRuntimeError as error:
        raise SqlError("Spark can't start: install Java 17 or later, or choose --engine duckdb") from error
    except Py4JError as error:
        raise SqlError(
            f"Spark can't start on {cluster.master or 'this machine'}: look whether its master answers, has the same version of Spark and "
            "reaches this machine (spark.driver.host)"
        ) from error


def _master_of(running: SparkSession) -> str:
    """Where a session runs; SqlError of one of Spark Connect, whose driver is elsewhere."""
    try:
        return str(running.sparkContext.master)
    except (PySparkException, AttributeError) as error:
        raise SqlError(
            "the session that runs here is one of Spark Connect, which keeps from joinedup what it needs: use a cluster for a single user, "
            "or a job, where the driver is this process"
        ) from error


def _beside(running: SparkSession, cluster: Cluster) -> SparkSession:
    """A session of the same Spark whose settings and names are its own."""
    beside = running.newSession()
    _set(beside, {**(LARGE if cluster.lake else {}), **cluster.settings, **PINNED})  # whether it is SMALL its own settings say
    return beside


def _set(session: SparkSession, settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        if name.startswith("spark.sql.") and session.conf.isModifiable(name):
            session.conf.set(name, value)


def _started(tmp: Path, cluster: Cluster, threads: int) -> SparkSession:
    tmp.mkdir(parents=True, exist_ok=True)
    logging = tmp / "log4j2.properties"
    logging.write_text(QUIET, encoding="ascii")
    builder = SparkSession.builder.master(cluster.master or f"local[{threads}]").appName("joinedup")
    of_this_machine = {"spark.local.dir": str(tmp), "spark.sql.warehouse.dir": str(tmp / "warehouse")}
    for name, value in (of_this_machine | settings_of(cluster)).items():
        builder = builder.config(name, value)
    return builder.config("spark.driver.extraJavaOptions", f"-Dlog4j2.configurationFile=file:{logging}").getOrCreate()

"""Sessions of Spark: beside the one that runs, under settings of their own, and none where SQL would mean something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.engine.cluster import PINNED, Cluster
from joinedup.engine.engines import Engine
from joinedup.engine.spark_names import known_settings, meant
from joinedup.engine.spark_session import settings_of
from joinedup.errors import SqlError

SHUFFLE = "spark.sql.shuffle.partitions"
FAR = Cluster("spark://127.0.0.1:9", "file:///nowhere")


def test_what_makes_rows_the_same_stands_whatever_a_place_says() -> None:
    said = Cluster(settings=dict.fromkeys(PINNED, "something else"))
    assert {name: settings_of(said)[name] for name in PINNED} == PINNED


def test_a_cluster_has_more_than_one_task_and_mends_its_plans() -> None:
    settings = settings_of(Cluster("spark://head:7077", "s3a://bucket/x", {"spark.executor.memory": "8g"}))
    assert "spark.sql.shuffle.partitions" not in settings, "it is set by rows, when they are known"
    assert settings["spark.sql.adaptive.enabled"] == "true"
    assert settings["spark.executor.memory"] == "8g"
    assert "spark.driver.host" not in settings, "workers must reach the driver"
    assert settings_of(FAR)["spark.driver.host"] == "127.0.0.1"
    assert settings_of(Cluster())["spark.sql.shuffle.partitions"] == "1"


@pytest.mark.spark
def test_a_running_session_is_used_and_stays_as_it_is(spark_engine: Engine, tmp_path: Path) -> None:
    from joinedup.engine.on_spark import SparkEngine

    running = spark_engine.session  # type: ignore[attr-defined]
    running.conf.set("spark.sql.ansi.enabled", "false")
    running.conf.set("spark.sql.session.timeZone", "Europe/London")
    try:
        engine = SparkEngine.started(tmp_path, cluster=Cluster(settings={"spark.sql.autoBroadcastJoinThreshold": "1m", SHUFFLE: "7"}))
        assert {name: engine.session.conf.get(name) for name in PINNED} == PINNED
        assert engine.session.conf.get("spark.sql.autoBroadcastJoinThreshold") == "1m"
        assert engine.session.conf.get(SHUFFLE) == "7"
        assert running.conf.get("spark.sql.ansi.enabled") == "false"
        engine.session.sql("SELECT 1 AS one").createOrReplaceTempView("only_here")
        assert not running.catalog.tableExists("only_here")
        engine.close()
        assert running.sql("SELECT 2 AS two").collect()[0].two == 2
    finally:
        for name, value in PINNED.items():
            running.conf.set(name, value)


@pytest.mark.spark
def test_one_process_has_no_session_on_two_clusters(spark_engine: Engine, tmp_path: Path) -> None:
    from joinedup.engine.on_spark import SparkEngine

    with pytest.raises(SqlError, match=r"on local\[2\] runs in this process, which can't have another on spark://127\.0\.0\.1:9"):
        SparkEngine.started(tmp_path, cluster=FAR)
    assert SparkEngine.started(tmp_path, cluster=Cluster("local[2]")).own is False


@pytest.mark.spark
def test_every_setting_of_sql_that_spark_lists_is_known(spark_engine: Engine) -> None:
    """And so are ours: the list is of the version that is installed."""
    from joinedup.engine.on_spark import SparkEngine

    assert isinstance(spark_engine, SparkEngine)
    listed = {row[0] for row in spark_engine.session.sql("SET -v").collect() if row[0].startswith("spark.")}
    assert {name for name in listed if "test" not in name} - known_settings() == set()
    assert {name for name in settings_of(Cluster()) if meant(name)} == set()

"""Both engines, in which SQL finds nothing but what a test has shown: Spark is started once, and forgets what it was shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from joinedup.engine.engines import Engine, open_engine

ENGINES = (
    pytest.param("duckdb", id="duckdb"),
    pytest.param("spark", id="spark", marks=pytest.mark.spark),
)


@pytest.fixture
def duck_engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine("duckdb", tmp_path / "duckdb")
    yield engine
    engine.close()


FOR_FEW_ROWS = {
    # To compile them would be a fifth of the work; the whole example is built with what is compiled.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # A plan of each query is written down for a page that nobody opens; in full it is a tenth of the work.
    "spark.sql.ui.explainMode": "simple",
    # The few rows that a test shows are one task of each join, not two.
    "spark.sql.leafNodeDefaultParallelism": "1",
}
"""What Spark is spared in queries of a few rows; none of it changes what a query means."""


@pytest.fixture(scope="session")
def running_spark(java: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Spark, which starts once in a process; what is started while it runs has a session of its own beside it."""
    from joinedup.engine.on_spark import SparkEngine

    engine = open_engine("spark", tmp_path_factory.mktemp("spark"))
    assert isinstance(engine, SparkEngine)
    for name, value in FOR_FEW_ROWS.items():
        engine.session.conf.set(name, value)
    yield engine
    engine.close()


@pytest.fixture
def spark_engine(running_spark: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The session that all tests share, without what any of the others showed to it."""
    from joinedup.engine.on_spark import SparkEngine

    assert isinstance(running_spark, SparkEngine)
    shown: set[str] = set()
    show = running_spark.show

    def noted(table: str, *given: Any, **named: Any) -> None:
        shown.add(table)
        show(table, *given, **named)

    monkeypatch.setattr(running_spark, "show", noted)
    yield running_spark
    for table in shown:
        running_spark.session.catalog.dropTempView(table)
    running_spark.rows_of.clear()
    running_spark.forget()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """DuckDB, then Spark."""
    named: Engine = request.getfixturevalue("duck_engine" if request.param == "duckdb" else "spark_engine")
    return named

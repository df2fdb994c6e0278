"""Both engines, each started once for all cases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from joinedup.engine.engines import Engine, open_engine

ENGINES = (
    pytest.param("duckdb", id="duckdb"),
    pytest.param("spark", id="spark", marks=pytest.mark.spark),
)


@pytest.fixture(scope="session")
def duck_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = open_engine("duckdb", tmp_path_factory.mktemp("duckdb"))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def spark_engine(java: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = open_engine("spark", tmp_path_factory.mktemp("spark"))
    yield engine
    engine.close()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """DuckDB, then Spark."""
    named: Engine = request.getfixturevalue("duck_engine" if request.param == "duckdb" else "spark_engine")
    return named

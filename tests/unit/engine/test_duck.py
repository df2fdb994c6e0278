"""The connection: the same on every machine, nothing fetched, nothing left outside the store."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from joinedup.engine.duck import connect
from joinedup.errors import StoreProblem


def setting(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    return str(connection.execute("SELECT value FROM duckdb_settings() WHERE name = ?", [name]).fetchall()[0][0])


def test_nothing_is_fetched_at_run_time() -> None:
    connection = connect()
    assert [setting(connection, f"auto{what}_known_extensions") for what in ("load", "install")] == ["false", "false"]
    with pytest.raises(duckdb.Error):
        connection.execute("LOAD spatial")


def test_the_clock_of_the_machine_has_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    connection = connect()
    assert setting(connection.cursor(), "TimeZone") == "UTC"


def test_a_name_is_never_a_python_variable() -> None:
    connection, people = connect(), connect().sql("SELECT 1 AS n")
    assert people is not None
    with pytest.raises(duckdb.CatalogException):
        connection.execute("SELECT n FROM people")


def test_it_spills_where_it_is_told_or_not_at_all(tmp_path: Path) -> None:
    assert setting(connect(spill=tmp_path / "spill", threads=1, memory_limit="1GB"), "temp_directory") == str(tmp_path / "spill")
    assert setting(connect(), "temp_directory") == ""
    assert setting(connect(threads=1), "threads") == "1"


def test_it_uses_as_many_threads_as_the_machine_has_or_as_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOINEDUP_THREADS", "3")
    assert setting(connect(), "threads") == "3"
    assert setting(connect(threads=2), "threads") == "2"
    monkeypatch.delenv("JOINEDUP_THREADS")
    usual = duckdb.connect(":memory:").execute("SELECT value FROM duckdb_settings() WHERE name = 'threads'").fetchall()
    assert [(setting(connect(), "threads"),)] == usual
    for said in ("0", "-1", "many", "٣"):
        monkeypatch.setenv("JOINEDUP_THREADS", said)
        with pytest.raises(StoreProblem, match="no number of threads"):
            connect()

"""A DuckDB connection whose settings don't depend on the machine, and that leaves nothing outside the store."""

from __future__ import annotations

from pathlib import Path

import duckdb

PINNED: dict[str, str | bool | int | float | list[str]] = {
    # Nothing is fetched at run time: a build makes no network call.
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    # Dates, sorting and arithmetic mean the same on every machine, and as on Spark.
    "default_null_order": "NULLS_LAST",
    "default_order": "ASC",
    "integer_division": False,
    # A name in SQL is a table, never a Python variable that happens to be called so.
    "python_enable_replacements": False,
}


def connect(*, spill: Path | None = None, threads: int | None = None, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """A new in-memory database. It spills to `spill`, a folder in the store; without one it doesn't spill at all.

    `threads` and `memory_limit` ("4GB") are DuckDB's own where they are not given: all cores, and 80% of the
    machine's memory for each process.
    """
    settings = dict(PINNED)
    settings["temp_directory"] = "" if spill is None else str(spill)
    if threads is not None:
        settings["threads"] = threads
    if memory_limit is not None:
        settings["memory_limit"] = memory_limit
    connection = duckdb.connect(":memory:", config=settings)
    connection.execute("SET GLOBAL TimeZone = 'UTC'")  # belongs to an extension, so it can't be set before connecting
    return connection

"""A DuckDB connection whose settings don't depend on the machine, and that leaves nothing outside the store."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from weakref import WeakSet

import duckdb

from joinedup.errors import StoreProblem

MEMORY = "JOINEDUP_MEMORY"
USUAL_MEMORY = 4 * 1000**3
"""Bytes that DuckDB may hold before it writes to disk, unless `JOINEDUP_MEMORY` says otherwise; the process takes up to a half more."""
BUILD_MEMORY = 2 * 1000**3
"""The same for a build, whose process is to stay under 3 GB however large the place: what it sorts goes to disk and back at little cost."""
THREADS = "JOINEDUP_THREADS"
"""How many cores a connection uses at once, for a machine that others use too; all of them where it isn't said."""
SHARE_OF_DUCKDBS = 0.5
"""Of DuckDB's own limit, which is 80% of the machine or container: the most that is taken on a small one."""
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


ENCRYPTED = "SET force_mbedtls_unsafe = true; SET temp_file_encryption = true"
"""What doesn't fit into memory is encrypted on its way to disk, under a key that ends with the connection.

"Unsafe" is DuckDB's word for its bundled source of such keys where files are to last; these are wiped when the work ends.
"""

OPEN: WeakSet[duckdb.DuckDBPyConnection] = WeakSet()
"""The connections of this process that somebody still has."""


def stop_queries() -> None:
    """Nothing; what this process's connections run ends soon, with an error. Cursors go on, for whoever has one stops it."""
    for connection in [*OPEN]:
        with suppress(duckdb.Error):  # it is closed
            connection.interrupt()


def connect(
    *, spill: Path | None = None, threads: int | None = None, memory_limit: str | None = None, usual: int = USUAL_MEMORY
) -> duckdb.DuckDBPyConnection:
    """A new in-memory database. It spills to `spill`, a folder in the store; without one it doesn't spill at all.

    `threads` are what `JOINEDUP_THREADS` says where they are not given, and without that all cores. `memory_limit` is what
    `JOINEDUP_MEMORY` says ("8GB"): without that the `usual` one, or two fifths of what DuckDB sees of the machine or container where that
    is less, so that memory doesn't grow with the place. What doesn't fit goes to `spill`; without one DuckDB's own limit is the only one.
    StoreProblem for a setting that is no amount of memory, or no number of threads.
    """
    settings = dict(PINNED)
    settings["temp_directory"] = "" if spill is None else str(spill)
    threads = threads or _threads_asked(os.environ.get(THREADS))
    if threads:
        settings["threads"] = threads
    connection = duckdb.connect(":memory:", config=settings)
    OPEN.add(connection)
    connection.execute("SET GLOBAL TimeZone = 'UTC'")  # belongs to an extension, so it can't be set before connecting
    if memory_limit is not None or spill is not None:
        _limit_memory(connection, memory_limit or os.environ.get(MEMORY), usual)
    return connection


@cache
def of_process() -> duckdb.DuckDBPyConnection:
    """A database of one thread that this process keeps, for what is asked some hundred times of few rows: opening one takes as long.

    Each question takes a cursor of its own, which closes with it.
    """
    return connect(threads=1)


def connect_encrypted(spill: Path | None, *, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """A new in-memory database that spills encrypted, for rows that say who somebody is.

    `spill` is its own: DuckDB refuses to begin encrypting beside files that another connection has written.
    """
    connection = connect(spill=spill, memory_limit=memory_limit)
    connection.execute(ENCRYPTED)
    return connection


def _threads_asked(asked: str | None) -> int | None:
    """The number that a setting names; None where there is none."""
    if not asked:
        return None
    if not (asked.isascii() and asked.isdigit() and int(asked)):
        raise StoreProblem(f"{THREADS} is {asked!r}, which is no number of threads; write for example 4, or leave it out")
    return int(asked)


def as_written(columns: Iterable[str]) -> str:
    """Columns to select for a file that says the same of each, whatever others hold.

    As it knows from all that it reads whether some column has nulls, DuckDB marks it so in every file, also of a part whose own rows are
    the same as before. So that a new month leaves the others' bytes alone, each column may have nulls in all files.
    """
    return ", ".join(f'CASE WHEN "{name}" IS NOT NULL THEN "{name}" END AS "{name}"' for name in columns)


def _limit_memory(connection: duckdb.DuckDBPyConnection, asked: str | None, usual: int) -> None:
    """Nothing; the connection keeps to what was asked, or to the usual limit."""
    try:
        if asked:
            connection.execute("SET memory_limit = ?", [asked])
            return
        [(all_of_it,)] = connection.execute("SELECT parse_formatted_bytes(current_setting('memory_limit'))").fetchall()
        connection.execute("SET memory_limit = ?", [f"{min(usual, int(all_of_it * SHARE_OF_DUCKDBS))}B"])
    except duckdb.Error as problem:
        raise StoreProblem(f"{MEMORY} is {asked!r}, which is no amount of memory; write for example 8GB, or leave it out") from problem

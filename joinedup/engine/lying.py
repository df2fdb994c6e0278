"""Where rows lie, as DuckDB and Arrow read them: files, and files of which some people's rows no longer count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from joinedup.engine.parts import AmendedFile, Lying, RowsOfPeople

PERSON = "person_id"


def rows_sql(lying: Sequence[Lying] | RowsOfPeople) -> str:
    """A query for all rows, as DuckDB takes it."""
    if isinstance(lying, RowsOfPeople):
        return (
            f"SELECT own.* FROM ({rows_sql(lying.lying)}) AS own SEMI JOIN read_parquet({_text(lying.people)}) AS people "
            f"ON own.{PERSON} IS NOT DISTINCT FROM people.{PERSON}"
        )
    plain = [path for each in lying for path in _whole(each)]
    found = [f"SELECT * FROM read_parquet([{', '.join(map(_text, plain))}])"] if plain else []
    return " UNION ALL ".join([*found, *(_counting(each) for each in lying if isinstance(each, AmendedFile))])


def _whole(each: Lying) -> Iterable[Path]:
    """The files of which all rows count."""
    if isinstance(each, AmendedFile):
        return () if each.instead is None else (each.instead,)
    return (each,)


def _counting(each: AmendedFile) -> str:
    return (
        f"SELECT own.* FROM read_parquet({_text(each.path)}) AS own ANTI JOIN read_parquet({_text(each.void)}) AS void "
        f"ON own.{PERSON} IS NOT DISTINCT FROM void.{PERSON}"
    )


@dataclass(frozen=True, slots=True)
class Files:
    """Where a table lies in files: how many bytes each has, and the different columns that they have."""

    sizes: tuple[int, ...]
    schemas: frozenset[str]
    """None where a file can't be read, or there is none."""


NO_FILES = Files((), frozenset())
"""Of rows in memory."""


def files_lying(lying: Sequence[Lying] | RowsOfPeople) -> Files:
    """What the files of a table are."""
    paths = [path for path in paths_of(lying) if path.exists()]
    states = [path.stat() for path in paths]
    schemas = [_schema(path, state.st_mtime_ns, state.st_size) for path, state in zip(paths, states, strict=True)]
    return Files(tuple(state.st_size for state in states), frozenset() if "" in schemas else frozenset(schemas))


@lru_cache(maxsize=4096)
def _schema(path: Path, _modified: int, _size: int) -> str:
    """The columns of a Parquet file in words; empty where it isn't one."""
    try:
        return str(pq.read_schema(path).remove_metadata())
    except (OSError, pa.ArrowException):
        return ""


def paths_of(lying: Iterable[Lying] | RowsOfPeople) -> list[Path]:
    """The files of rows, whether or not all of them count."""
    if isinstance(lying, RowsOfPeople):
        return paths_of(lying.lying)
    return [path for each in lying for path in ((each.path, *_whole(each)) if isinstance(each, AmendedFile) else (each,))]


def void_of(each: AmendedFile) -> pa.Array:
    """The people whose rows in a file don't count."""
    return pq.read_table(each.void, partitioning=None)[PERSON].combine_chunks()


def counting(rows: pa.Table, void: pa.Array) -> pa.Table:
    """The rows of people that aren't void."""
    return rows.filter(pc.invert(pc.is_in(rows[PERSON], value_set=void)))


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"

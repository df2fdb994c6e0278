"""Where rows lie, as DuckDB and Arrow read them: files, and files of which some people's rows no longer count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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

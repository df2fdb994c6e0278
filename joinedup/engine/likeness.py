"""What the text columns of a Parquet file look like: how many of their values are of which kind. No value leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from joinedup.engine.duck import connect
from joinedup.errors import StoreProblem


@dataclass(frozen=True, slots=True)
class Likeness:
    """A kind of value: which of the different values of a column are of it, among which it is looked for, and how many are too many.

    `matches` and `among` are DuckDB's SQL over the text `value`, and `compact`, which is that without spaces and hyphens.
    """

    name: str
    matches: str
    among: str = "true"
    least: int = 1
    """Fewer different values than these may be chance."""
    share: float = 0.0
    """And so may a smaller share of those among which it is looked for."""


@dataclass(frozen=True, slots=True)
class Like:
    """A column of which too many values are of a kind."""

    column: str
    likeness: str
    found: int
    """Different values."""
    among: int


def text_columns(path: Path) -> list[str]:
    """The columns of a Parquet file that hold text, in its order; StoreProblem when it is none."""
    return [field.name for field in _schema(path) if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]


def column_names(path: Path) -> list[str]:
    """All columns of a Parquet file, in its order; StoreProblem when it is none."""
    return list(_schema(path).names)


def _schema(path: Path) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except (OSError, pa.ArrowInvalid):
        raise StoreProblem(f"{path} is missing or is no Parquet file; land again, or have it handed over again") from None


def likenesses(tables: Sequence[Sequence[Path]], kinds: Sequence[Likeness], spill: Path) -> list[list[Like]]:
    """For each of the tables, each in one file or several, the columns that look like one of the kinds.

    Each different value counts once, however many rows have it.
    """
    with closing(connect(spill=spill)) as con:
        return [_in_files(con, paths, kinds) for paths in tables]


def _in_files(con: duckdb.DuckDBPyConnection, paths: Sequence[Path], kinds: Sequence[Likeness]) -> list[Like]:
    """The same of one table, in the order of its columns. All are looked at by one query, for making it ready is what takes time."""
    columns = text_columns(paths[0])
    if not columns or not any(pq.read_metadata(path).num_rows for path in paths):
        return []
    values = " UNION ALL ".join(
        f'SELECT {at} AS place, trim("{column}") AS value FROM read_parquet($paths) WHERE "{column}" IS NOT NULL'
        for at, column in enumerate(columns)
    )
    counts = ", ".join(f"count(*) FILTER ({kind.among}), count(*) FILTER (({kind.among}) AND ({kind.matches}))" for kind in kinds)
    compact = f"SELECT *, replace(replace(value, ' ', ''), '-', '') AS compact FROM (SELECT DISTINCT place, value FROM ({values}))"
    try:
        files = {"paths": [str(path) for path in paths]}
        rows = con.execute(f"SELECT place, {counts} FROM ({compact}) GROUP BY place ORDER BY place", files).fetchall()
    except duckdb.Error as error:
        raise StoreProblem(f"{paths[0]} can't be looked into ({type(error).__name__}); land again, or have it handed over again") from None
    return [like for place, *numbers in rows for like in _too_many(columns[place], numbers, kinds)]


def _too_many(column: str, numbers: Sequence[int], kinds: Sequence[Likeness]) -> Iterator[Like]:
    """What a column looks like, from how many of its values are looked at and match, for each of the kinds."""
    for kind, among, matching in zip(kinds, numbers[::2], numbers[1::2], strict=True):
        if matching >= max(kind.least, 1) and matching >= kind.share * among:
            yield Like(column, kind.name, matching, among)

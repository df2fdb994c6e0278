"""What the text columns of a Parquet file look like: how many of their values are of which kind. No value leaves."""

from __future__ import annotations

from collections.abc import Sequence
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


def likenesses(path: Path, kinds: Sequence[Likeness], spill: Path) -> list[Like]:
    """The columns of the file that look like one of the kinds. Each different value counts once, however many rows have it."""
    columns = text_columns(path)
    if not columns:
        return []
    counts = ", ".join(f"count(*) FILTER ({kind.among}), count(*) FILTER (({kind.among}) AND ({kind.matches}))" for kind in kinds)
    con = connect(spill=spill)
    found: list[Like] = []
    try:
        for column in columns:
            distinct = f'SELECT DISTINCT trim("{column}") AS value FROM read_parquet($path) WHERE "{column}" IS NOT NULL'
            values = f"SELECT value, replace(replace(value, ' ', ''), '-', '') AS compact FROM ({distinct})"
            [row] = con.execute(f"SELECT {counts} FROM ({values})", {"path": str(path)}).fetchall()
            for place, kind in enumerate(kinds):
                among, matching = row[2 * place], row[2 * place + 1]
                if matching >= max(kind.least, 1) and matching >= kind.share * among:
                    found.append(Like(column, kind.name, matching, among))
    except duckdb.Error as error:
        raise StoreProblem(f"{path} can't be looked into ({type(error).__name__}); land again, or have it handed over again") from None
    finally:
        con.close()
    return found

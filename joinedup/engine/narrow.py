"""Sorting rows that are a third as long: each text is meanwhile the number of its place in a list of all that its column holds.

Rows of the widest table take 390 bytes with their texts and 110 so, and what doesn't fit into memory goes to disk a third as often. They
are texts again before they are written: DuckDB writes its own coded columns in bytes that differ from run to run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import duckdb
from sqlglot import exp

from joinedup.engine.duck import as_written
from joinedup.engine.parse import parse
from joinedup.engine.specs import ColumnType, TableSpec

SEEN = 100_000
"""Rows that are looked at first: a column that has many texts in them isn't coded, as the list of all would be long."""
MANY_SEEN = 1_000
MANY = 3_000
"""Texts of a column from which on it is sorted as it is."""
Texts = Mapping[str, Sequence[str]]
"""Column -> every text that it holds, in order."""


def passes_on(spec: TableSpec) -> bool:
    """Whether a query passes rows on one by one, so that asking it twice costs little: nothing is summed, grouped or ranked."""
    if spec.follows:
        return True
    return not any(tree.find(exp.AggFunc, exp.Group, exp.Window, exp.Distinct) for tree in parse(spec.sql or "").trees)


def texts_of(connection: duckdb.DuckDBPyConnection, spec: TableSpec, query: str) -> Texts:
    """What the columns hold that few texts are in; none where even their list doesn't fit into memory."""
    strings = [column.name for column in spec.columns if column.type is ColumnType.STRING]
    if not strings:
        return {}
    seen = connection.execute(f"SELECT {', '.join(map(_counted, strings))} FROM (FROM ({query}) LIMIT {SEEN})").fetchall()[0]
    few = [name for name, count in zip(strings, seen, strict=True) if count < MANY_SEEN]
    with suppress(duckdb.OutOfMemoryException):
        if few:
            [found] = connection.execute(f"SELECT {', '.join(map(_listed, few))} FROM ({query})").fetchall()
            return {name: texts for name, texts in zip(few, found, strict=True) if texts and len(texts) < MANY}
    return {}


def sorted_query(spec: TableSpec, query: str, texts: Texts, order: str) -> str:
    """A query for the rows of another, in order."""
    short = ", ".join(_coded(name, texts[name]) if name in texts else f'"{name}"' for name in spec.names)
    full = ", ".join(f'CAST("{name}" AS VARCHAR) AS "{name}"' if name in texts else f'"{name}"' for name in spec.names)
    rows = f"WITH made AS MATERIALIZED (SELECT {short} FROM ({query})) SELECT * FROM made ORDER BY {order}"
    return f"SELECT {as_written(spec.names)} FROM (SELECT {full} FROM ({rows}))"


def _counted(name: str) -> str:
    return f'approx_count_distinct("{name}")'


def _listed(name: str) -> str:
    return f'list_sort(list(DISTINCT "{name}") FILTER ("{name}" IS NOT NULL))'


def _coded(name: str, texts: Sequence[str]) -> str:
    quoted = ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
    return f'CAST("{name}" AS ENUM ({quoted})) AS "{name}"'

"""Columns that a query names and nothing it reads has, with the nearest that there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from sqlglot import exp

from joinedup.engine.parse import line_of, parse
from joinedup.engine.sources_of import Source, outputs, sources_of
from joinedup.engine.specs import TableSpec
from joinedup.findings import Finding


def misspelt(sql: str, file: str, specs: Mapping[str, TableSpec]) -> list[Finding]:
    """A finding for each column that isn't there, on its line; none where a table is read that isn't known, since nothing can be said."""
    found = [
        Finding(file, "unknown-column", message, line=line_of(column))
        for tree in parse(sql).trees
        for column in tree.find_all(exp.Column)
        if not isinstance(column.this, exp.Star) and (message := _fault(column, specs))
    ]
    return list(dict.fromkeys(found))


def _fault(column: exp.Column, specs: Mapping[str, TableSpec]) -> str:
    """What is wrong with a column where it stands; nothing where it is there, or where that can't be told."""
    name, alias = column.name.lower(), column.table.lower()
    seen: dict[str, Source] = {}
    for select in _scopes(column):
        sources = sources_of(select, specs)
        within = {alias: sources[alias]} if alias in sources else {} if alias else sources
        if any(source.columns is None or name in source.columns for source in within.values()):
            return ""
        if not alias and name in outputs(select):
            return ""
        seen = seen or within or ({} if alias else sources)
        if alias in sources:
            break
    if alias and not seen:
        return _no_such_source(column, specs)
    return _no_such_column(column, seen) if seen else ""


def _scopes(column: exp.Column) -> Iterator[exp.Select]:
    """The SELECTs whose tables a column may be of, from the innermost; one in a WITH sees nothing around it."""
    node: exp.Expression | None = column
    while node is not None and not isinstance(node, exp.CTE):
        if isinstance(node, exp.Select):
            yield node
        node = node.parent


def _no_such_column(column: exp.Column, seen: Mapping[str, Source]) -> str:
    names = sorted({name for source in seen.values() for name in source.columns or ()})
    tables = " or ".join(sorted({source.name for source in seen.values()}))
    return f"{column.name} is no column of {tables}{_nearest(column.name, names)}"


def _no_such_source(column: exp.Column, specs: Mapping[str, TableSpec]) -> str:
    names = sorted({name for select in _scopes(column) for name in sources_of(select, specs)})
    return f"{column.table}.{column.name}: {column.table} is nothing that is read here{_nearest(column.table, names)}"


def _nearest(name: str, names: list[str]) -> str:
    near = get_close_matches(name.lower(), names, n=1, cutoff=0.0)
    return f"; the nearest is {near[0]}: write that, or another that it has" if near else ""

"""What a column is made from: the columns of other tables, read off its SQL, and so back to what came from outside.

Two things make a value: the columns that its expression names, and which rows there are: what is joined, grouped and filtered by.
A table that is only looked up (LEFT JOIN by its key, or by a day in its period) makes no row, so it stands behind the columns that
use it and behind no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from sqlglot import exp

from joinedup.engine.parse import inputs_of_sql, parse
from joinedup.engine.specs import TableSpec

ROWS = ""
"""Stands in the place of a column for which rows a table has."""
PERIOD = {"starts", "ends"}
"""The columns that say from when and until when a row holds."""


class ColumnOf(NamedTuple):
    """A column of a table, or with the column `ROWS` which rows it has."""

    table: str
    column: str


Columns = frozenset[ColumnOf]
NOTHING: Columns = frozenset()


@dataclass(frozen=True)
class MadeOf:
    """What one query makes: each column's sources, what decides its rows, by which columns rows are unique, and columns of one value."""

    columns: Mapping[str, Columns]
    rows: Columns
    unique_by: frozenset[str] | None = None
    constants: Mapping[str, str] = field(default_factory=dict)


def made_of(spec: TableSpec, specs: Mapping[str, TableSpec]) -> MadeOf:
    """What a derived table is made of, in columns of the tables that it reads itself."""
    assert spec.sql is not None
    read = {name: specs[name] for name in inputs_of_sql(spec.sql) & specs.keys()}
    keys = {name: (tuple(column.name for column in each.columns), frozenset(each.key)) for name, each in read.items()}
    return _made_of(spec.sql, _Known(keys))


def noted(made: MadeOf) -> dict[str, tuple[str, ...]]:
    """The same in words for a manifest: each column's sources as table.column, and under `ROWS` what decides the rows."""
    every = {**made.columns, ROWS: made.rows}
    return {name: tuple(sorted(f"{each.table}.{each.column}" for each in sources)) for name, sources in every.items()}


def read_noted(columns: Mapping[str, Iterable[str]], constants: Mapping[str, str]) -> MadeOf:
    """What a manifest says that a table is made of."""
    read = {name: frozenset(ColumnOf(*each.split(".", 1)) for each in sources) for name, sources in columns.items()}
    return MadeOf({name: sources for name, sources in read.items() if name != ROWS}, read.get(ROWS, NOTHING), None, constants)


def columns_behind(specs: Mapping[str, TableSpec], table: str, column: str) -> tuple[ColumnOf, ...]:
    """The columns of landed, place and reference tables that a column is made from, and those that decide which rows there are."""
    known = {name: made_of(spec, specs) for name, spec in specs.items() if spec.derived}
    return tuple(sorted(each for each in behind(known, table, (column,)) if each.table not in known))


def behind(known: Mapping[str, MadeOf], table: str, columns: Iterable[str], only: Mapping[str, str] | None = None) -> set[ColumnOf]:
    """Every column, of derived tables too, that stands behind some columns of a table, itself among them.

    `only` names values of columns, such as one measure: a table of which such a column has another value alone is left out.
    """
    waiting = [ColumnOf(table, each) for each in (*columns, ROWS)]
    found: set[ColumnOf] = set()
    while waiting:
        each = waiting.pop()
        made = known.get(each.table)
        if each in found or (made is not None and _another(made, only or {})):
            continue
        found.add(each)
        if made is not None:
            waiting += made.rows if each.column == ROWS else made.columns.get(each.column, NOTHING)
            waiting.append(ColumnOf(each.table, ROWS))
    return found


def _another(made: MadeOf, only: Mapping[str, str]) -> bool:
    return any(made.constants.get(name, value) != value for name, value in only.items())


class _Known:
    """The columns and keys of tables, to be compared by what they are, not which object, so that a query's answer is kept."""

    def __init__(self, tables: Mapping[str, tuple[tuple[str, ...], frozenset[str]]]) -> None:
        self.tables = tables
        self._hash = hash(frozenset(tables.items()))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and self.tables == other.tables


@lru_cache(maxsize=1024)
def _made_of(sql: str, known: _Known) -> MadeOf:
    tree = parse(sql).trees[0]
    return _query(tree, _Names(known, {}, None))


@dataclass(frozen=True)
class _Source:
    """One thing that a query reads: what it is made of, and what joining it brings; `lookup` when it makes and loses no row."""

    made: MadeOf
    on: exp.Expression | None = None
    lookup: bool = False


@dataclass(frozen=True)
class _Names:
    """What names mean inside a query: tables, the queries named before it, the sources of its FROM, and those of the query around it."""

    known: _Known
    ctes: Mapping[str, MadeOf]
    around: _Names | None
    sources: Mapping[str, _Source] = field(default_factory=dict)

    def table(self, name: str) -> MadeOf:
        """A query named before, or a table."""
        if name in self.ctes:
            return self.ctes[name]
        columns, key = self.known.tables.get(name, ((), frozenset()))
        return MadeOf({each: frozenset({ColumnOf(name, each)}) for each in columns}, frozenset({ColumnOf(name, ROWS)}), key)

    def find(self, column: exp.Column) -> tuple[_Names, str] | None:
        """In which query a column's source stands and what it is called there; None for a name of the query's own."""
        name, of = column.name.lower(), column.table.lower()
        for alias, source in self.sources.items():
            if alias == of or (not of and name in source.made.columns):
                return self, alias
        return self.around.find(column) if self.around is not None else None


def _query(node: exp.Expression, names: _Names) -> MadeOf:
    """What a SELECT, a UNION of them, or one in brackets is made of."""
    clause = node.args.get("with_")
    for cte in clause.expressions if clause is not None else ():
        names = _Names(names.known, {**names.ctes, cte.alias.lower(): _query(cte.this, names)}, names.around)
    if isinstance(node, exp.SetOperation):
        return _together(_query(node.left, names), _query(node.right, names))
    if isinstance(node, exp.Subquery):
        return _query(node.this, names)
    if isinstance(node, exp.Select):
        return _select(node, names)
    return MadeOf({alias.name.lower(): NOTHING for alias in node.find_all(exp.TableAlias)}, NOTHING)


def _together(left: MadeOf, right: MadeOf) -> MadeOf:
    """Two queries one below the other: columns by their place, named as in the first."""
    columns = {name: left.columns[name] | other for name, other in zip(left.columns, right.columns.values(), strict=False)}
    given = zip(left.columns, right.columns, strict=False)
    constants = {name: left.constants[name] for name, other in given if left.constants.get(name, 0) == right.constants.get(other, 1)}
    return MadeOf(columns, left.rows | right.rows, None, constants)


def _select(node: exp.Select, names: _Names) -> MadeOf:
    names = _Names(names.known, names.ctes, names.around, _sources(node, names))
    deciding = [part for part in (node.args.get(each) for each in ("where", "having", "group", "qualify")) if part is not None]
    held = {alias for alias, source in names.sources.items() if not source.lookup}
    rows: Columns = NOTHING.union(*(_needed(alias, names) for alias in held), *(_columns(part, names) for part in deciding))
    columns: dict[str, Columns] = {}
    constants: dict[str, str] = {}
    for place, each in enumerate(node.expressions):
        if isinstance(each, exp.Star):
            columns |= {name: made | NOTHING for source in names.sources.values() for name, made in source.made.columns.items()}
            continue
        name, value = _name(each) or f"#{place}", each.unalias()
        name = f"#{place}" if name in columns else name
        columns[name] = _columns(value, names)
        if isinstance(value, exp.Literal) and value.is_string:
            constants[name] = value.name
    return MadeOf(columns, rows, _unique_by(node, columns), constants)


def _name(each: exp.Expression) -> str:
    """What a column of a query is called; empty where only its place names it, as in the second part of a UNION."""
    return each.alias_or_name.lower() if isinstance(each, exp.Alias | exp.Column) else ""


def _sources(node: exp.Select, names: _Names) -> dict[str, _Source]:
    """What FROM and its joins name, by alias."""
    clause, found = node.args.get("from_"), {}
    if clause is not None:
        found[clause.this.alias_or_name.lower()] = _Source(_source(clause.this, names))
    for join in node.args.get("joins") or ():
        made, alias, on = _source(join.this, names), join.this.alias_or_name.lower(), join.args.get("on")
        found[alias] = _Source(made, on, lookup=join.side == "LEFT" and on is not None and _by_key(made, alias, on))
    return found


def _source(node: exp.Expression, names: _Names) -> MadeOf:
    if isinstance(node, exp.Table):
        return names.table(node.name.lower())
    if isinstance(node, exp.Values):
        alias = node.args.get("alias")
        return MadeOf({each.name.lower(): NOTHING for each in (alias.columns if alias is not None else ())}, NOTHING)
    return _query(node, names)


def _by_key(made: MadeOf, alias: str, on: exp.Expression) -> bool:
    """Whether a join finds at most one row of what it joins: it names all by which that is unique, or all but one of it and a day.

    What holds from one day to another ([starts, ends)) holds once on each day.
    """
    equal, bounded = (_compared(on, alias, kinds) for kinds in ((exp.EQ,), (exp.LT, exp.LTE, exp.GT, exp.GTE)))
    if made.unique_by is None:
        return False
    return len(made.unique_by - equal) <= (1 if bounded >= PERIOD else 0)


def _compared(on: exp.Expression, alias: str, kinds: tuple[type[exp.Expression], ...]) -> set[str]:
    """The columns of a source that a join's condition compares so."""
    sides = [side for each in on.find_all(*kinds) if each.find_ancestor(exp.Or) is None for side in (each.left, each.right)]
    return {side.name.lower() for side in sides if isinstance(side, exp.Column) and side.table.lower() == alias}


def _unique_by(node: exp.Select, columns: Mapping[str, Columns]) -> frozenset[str] | None:
    """The columns by which the rows of a query are unique, where it groups by them or gives each once."""
    if node.args.get("distinct") is not None:
        return frozenset(columns)
    group = node.args.get("group")
    if group is None or any(group.args.get(each) for each in ("grouping_sets", "cube", "rollup")):
        return None
    given = {each.unalias().sql(): each.alias_or_name.lower() for each in node.expressions}
    named = [given.get(each.sql()) or given.get(each.name) for each in group.expressions]
    return frozenset(name for name in named if name) if all(named) else None


def _needed(alias: str, names: _Names) -> Columns:
    """What decides the rows that a source brings: its own, what it is joined by, and what that looks up."""
    source = names.sources[alias]
    return source.made.rows | (_columns(source.on, names, without=alias) if source.on is not None else NOTHING)


def _columns(node: exp.Expression, names: _Names, without: str = "") -> Columns:
    """The columns that an expression is made from, with what decides the rows of tables that it looks up and of queries inside it."""
    found: Columns = NOTHING
    for each in _outer(node):
        if isinstance(each, exp.Column):
            found |= _column(each, names, without)
        elif isinstance(each, exp.Query):
            inner = _query(each, _Names(names.known, names.ctes, names))
            found |= inner.rows.union(*inner.columns.values())
    return found


def _column(column: exp.Column, names: _Names, without: str) -> Columns:
    at = names.find(column)
    if at is None:
        return NOTHING
    where, alias = at
    source = where.sources[alias]
    made = source.made.columns.get(column.name.lower(), NOTHING)
    return made | (_needed(alias, where) if source.lookup and alias != without else NOTHING)


def _outer(node: exp.Expression) -> Iterable[exp.Expression]:
    """Columns and queries of an expression; not what stands inside those queries, which has names of its own."""
    if isinstance(node, exp.Column | exp.Query):
        yield node
        return
    for child in node.iter_expressions():
        yield from _outer(child)

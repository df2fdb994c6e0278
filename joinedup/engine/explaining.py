"""What a table reads and gives, and what makes its grain: for somebody who reads its SQL for the first time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp

from joinedup.engine.order import inputs_of
from joinedup.engine.parse import parse
from joinedup.engine.results import Found
from joinedup.engine.specs import Column, TableSpec


@dataclass(frozen=True, slots=True)
class Read:
    """A table that is read: what it is, and which of its columns are used, as far as the text tells."""

    spec: TableSpec
    columns: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Where its rows come from."""
        if self.spec.derived:
            return "made by SQL"
        return "reference data" if self.spec.csv is not None else "landed, or of the place"


@dataclass(frozen=True, slots=True)
class Given:
    """A column that is given: its name, type and meaning, and where it comes from when it is passed on as it is."""

    name: str
    type: str
    meaning: str
    unit: str | None = None
    required: bool = False
    passed_on: str = ""


def reads_of(spec: TableSpec, specs: Mapping[str, TableSpec]) -> list[Read]:
    """The tables that a table's SQL reads, by name."""
    trees = parse(spec.sql or "").trees
    known = {name: specs[name] for name in sorted(inputs_of(spec) & specs.keys())}
    used = {name: {column for tree in trees for table, column in _columns_used(tree, known) if table == name} for name in known}
    return [Read(each, tuple(column.name for column in each.columns if column.name.lower() in used[name])) for name, each in known.items()]


def _columns_used(tree: exp.Expression, known: Mapping[str, TableSpec]) -> Iterator[tuple[str, str]]:
    """Tables and columns that are used, by lower-case names."""
    for column in tree.find_all(exp.Column):
        table = _table_of(column, known)
        if table is not None:
            yield table, column.name.lower()


def _table_of(column: exp.Column, known: Mapping[str, TableSpec]) -> str | None:
    """The known table that a column is of, where its SELECT leaves no doubt; one without a table's name may be of an outer SELECT."""
    select = column.find_ancestor(exp.Select)
    while select is not None:
        sources = _sources(select)
        name = column.name.lower()
        if column.table:
            if column.table.lower() in sources:
                table = sources[column.table.lower()] or ""
                return table if table in known and _has(known[table], name) else None
        else:
            having = [table for table in sources.values() if table is None or table not in known or _has(known[table], name)]
            if having:
                return having[0] if len(set(having)) == 1 and having[0] in known else None
        select = select.find_ancestor(exp.Select)
    return None


def _sources(select: exp.Select) -> dict[str, str | None]:
    """What a SELECT reads, by the name it has there: a table's name, or None for what isn't a table."""
    clause = select.args.get("from_")
    parts = [clause.this] if clause is not None else []
    parts += [join.this for join in select.args.get("joins") or []]
    ctes = {cte.alias.lower() for cte in select.root().find_all(exp.CTE)}
    named: dict[str, str | None] = {}
    for part in parts:
        plain = isinstance(part, exp.Table) and part.name.lower() not in ctes
        named[part.alias_or_name.lower()] = part.name.lower() if plain else None
    return named


def _has(spec: TableSpec, name: str) -> bool:
    return any(column.name.lower() == name for column in spec.columns)


def gives_of(spec: TableSpec, specs: Mapping[str, TableSpec], found: Found = ()) -> list[Given]:
    """The columns that a table gives: as its .yml says, or without one as an engine `found` them."""
    from_where = dict(_passed_on(spec, specs))
    if not spec.columns:
        return [_found(name, kind, from_where.get(name.lower())) for name, kind in found]
    return [
        Given(column.name, str(column.type), column.meaning, column.unit, column.required, _called(from_where.get(column.name.lower())))
        for column in spec.columns
    ]


def _found(name: str, kind: str, source: tuple[str, Column] | None) -> Given:
    if source is None:
        return Given(name, kind, "")
    return Given(name, kind, source[1].meaning, source[1].unit, passed_on=_called(source))


def _called(source: tuple[str, Column] | None) -> str:
    return "" if source is None else f"{source[0]}.{source[1].name}"


def _passed_on(spec: TableSpec, specs: Mapping[str, TableSpec]) -> Iterator[tuple[str, tuple[str, Column]]]:
    """Columns of the last SELECT that are a known table's column and nothing else."""
    known = {name: specs[name] for name in inputs_of(spec) & specs.keys()}
    for tree in parse(spec.sql or "").trees:
        for given in tree.expressions if isinstance(tree, exp.Select) else ():
            column = given.unalias()
            table = _table_of(column, known) if isinstance(column, exp.Column) else None
            if table is not None:
                source = next(each for each in known[table].columns if each.name.lower() == column.name.lower())
                yield given.alias_or_name.lower(), (table, source)


def grain_reason(spec: TableSpec, specs: Mapping[str, TableSpec]) -> str:
    """What in the SQL makes it one row per key, in a sentence; or that nothing in it does, as far as can be seen."""
    trees, key = parse(spec.sql or "").trees, {name.lower() for name in spec.key}
    tree = trees[0] if len(trees) == 1 else None
    if isinstance(tree, exp.Select):
        group = tree.args.get("group")
        if group is not None and _group_names(tree, group) and _group_names(tree, group) <= key:
            return f"the last GROUP BY is by {', '.join(sorted(_group_names(tree, group)))}, so no key can come twice"
        if group is None and not tree.args.get("joins"):
            if tree.args.get("distinct") is not None and {column.alias_or_name.lower() for column in tree.expressions} <= key:
                return "SELECT DISTINCT of the key alone, so no key can come twice"
            return _of_one_table(tree, key, specs)
    return UNPROMISED


UNPROMISED = "nothing in the text promises it, so it hangs on what is joined and chosen: the count below decides"


def _of_one_table(tree: exp.Select, key: set[str], specs: Mapping[str, TableSpec]) -> str:
    """Whether each row is one of a single table with that key."""
    sources = list(_sources(tree).values())
    table = sources[0] if len(sources) == 1 else None
    if table is None or table not in specs:
        return UNPROMISED
    names = {
        given.unalias().name.lower(): given.alias_or_name.lower() for given in tree.expressions if isinstance(given.unalias(), exp.Column)
    }
    theirs = {names.get(name.lower(), "") for name in specs[table].key}
    return f"each row is one of {table}, whose key it has, so no key can come twice" if theirs <= key else UNPROMISED


def grouped_by(spec: TableSpec) -> tuple[str, ...]:
    """The columns given that the last GROUP BY is by; none where it can't be told."""
    trees = parse(spec.sql or "").trees
    tree = trees[0] if len(trees) == 1 else None
    group = tree.args.get("group") if isinstance(tree, exp.Select) else None
    return () if group is None else tuple(sorted(_group_names(tree, group)))


def _group_names(tree: exp.Select, group: exp.Expression) -> set[str]:
    """The names of what is grouped by, among the columns given; none where it can't be told, as with grouping sets."""
    given = {given.unalias(): given.alias_or_name.lower() for given in tree.expressions}
    if any(group.args.get(name) for name in ("grouping_sets", "rollup", "cube", "all")):
        return set()
    names = {given.get(each, each.name.lower() if isinstance(each, exp.Column) else "") for each in group.expressions}
    return set() if "" in names else names

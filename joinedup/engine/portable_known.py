"""What a fix may know of a query's columns: only what holds wherever the name stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from joinedup.engine.parse import inputs_of_sql, parse
from joinedup.engine.specs import ColumnType, TableSpec

MAKE_NULLS = (exp.GroupingSets, exp.Rollup, exp.Cube, exp.Lag, exp.Lead, exp.Pivot)


@dataclass(frozen=True, slots=True)
class Known:
    """Types by column name, columns that never hold a null, and what each star stands for, by where it stands."""

    types: Mapping[str, ColumnType] = field(default_factory=dict)
    never_null: frozenset[str] = frozenset()
    stars: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, sql: str, reads: Mapping[str, TableSpec]) -> Known:
        """What the tables that a query reads tell; nothing where one of them is unknown, or rows of several queries are put together."""
        trees = parse(sql).trees
        read = inputs_of_sql(sql)
        if len(trees) != 1 or not read or read - reads.keys():
            return cls()
        tree, specs = trees[0], [reads[name] for name in sorted(read)]
        stars = dict(_stars(tree, reads))
        if tree.find(exp.SetOperation) is not None:
            return cls(stars=stars)
        own = _own_names(tree)
        types: dict[str, set[ColumnType]] = {}
        for spec in specs:
            for column in spec.columns:
                types.setdefault(column.name.lower(), set()).add(column.type)
        settled = {name: kinds.copy().pop() for name, kinds in types.items() if len(kinds) == 1 and name not in own}
        return cls(settled, _never_null(tree, specs) & settled.keys(), stars)


def _own_names(tree: exp.Expression) -> set[str]:
    """Names that the query gives to something else than a column of that name."""
    aliases = {
        a.alias.lower() for a in tree.find_all(exp.Alias) if not (isinstance(a.this, exp.Column) and a.this.name.lower() == a.alias.lower())
    }
    return aliases | {column.name.lower() for alias in tree.find_all(exp.TableAlias) for column in alias.args.get("columns") or ()}


def _never_null(tree: exp.Expression, specs: Iterable[TableSpec]) -> frozenset[str]:
    """Columns that are required in each table that has them; none where an outer join or the like could bring nulls in."""
    outer = any((join.args.get("side") or "").upper() for join in tree.find_all(exp.Join))
    if outer or tree.find(*MAKE_NULLS) is not None:
        return frozenset()
    required = {column.name.lower() for spec in specs for column in spec.columns if column.required}
    return frozenset(required - {column.name.lower() for spec in specs for column in spec.columns if not column.required})


def _stars(tree: exp.Expression, reads: Mapping[str, TableSpec]) -> Iterable[tuple[int, tuple[str, ...]]]:
    """Where each star stands that is all the columns of one table, and which these are."""
    ctes = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for select in tree.find_all(exp.Select):
        source = select.args.get("from_")
        tables = [source.this] if source is not None else []
        joins = select.args.get("joins") or []
        tables += [join.this for join in joins]
        named = {table.alias_or_name.lower(): table.name.lower() for table in tables if isinstance(table, exp.Table)}
        for star in select.expressions:
            if isinstance(star, exp.Star):
                name, place = (tables[0].name.lower() if len(tables) == 1 and named else ""), star.meta.get("start")
            elif isinstance(star, exp.Column) and isinstance(star.this, exp.Star):
                name, place = named.get(star.table.lower(), ""), star.this.meta.get("start")
            else:
                continue
            if place is not None and name in reads and name not in ctes:
                yield place, tuple(column.name for column in reads[name].columns)

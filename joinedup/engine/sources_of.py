"""What each SELECT reads, by the name it has there: columns and key, of tables, of common table expressions and of queries in brackets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from joinedup.engine.specs import TableSpec


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that is read: what it is called, its columns, and those that tell its rows apart; None where the text doesn't tell."""

    name: str
    columns: tuple[str, ...] | None
    key: frozenset[str] | None


def sources_of(select: exp.Select, specs: Mapping[str, TableSpec]) -> dict[str, Source]:
    """What a SELECT reads, by alias, in small letters."""
    clause = select.args.get("from_")
    parts = [clause.this] if clause is not None else []
    parts += [join.this for join in select.args.get("joins") or []]
    return {part.alias_or_name.lower(): source_of(part, specs) for part in parts}


def source_of(part: exp.Expression, specs: Mapping[str, TableSpec]) -> Source:
    """One part of a FROM or JOIN."""
    if isinstance(part, exp.Subquery):
        return _of_query(part.alias_or_name, part.this, specs)
    name = part.name.lower()
    if isinstance(part, exp.Table):
        for cte in part.root().find_all(exp.CTE):
            if cte.alias.lower() == name:
                return _of_query(name, cte.this, specs)
        if name in specs:
            return Source(name, tuple(each.lower() for each in specs[name].names), frozenset(each.lower() for each in specs[name].key))
    return Source(name, None, None)


def _of_query(name: str, query: exp.Expression, specs: Mapping[str, TableSpec]) -> Source:
    if isinstance(query, exp.SetOperation):
        first = _of_query(name, query.this, specs)
        apart = frozenset(first.columns) if query.args.get("distinct") and first.columns else None
        return Source(name, first.columns, apart)
    if not isinstance(query, exp.Select) or query.is_star:
        return Source(name, None, None)
    return Source(name, outputs(query), unique_by(query, specs))


def outputs(query: exp.Select) -> tuple[str, ...]:
    """The names of the columns that a SELECT gives."""
    return tuple(each.alias_or_name.lower() for each in query.expressions)


def unique_by(query: exp.Select, specs: Mapping[str, TableSpec]) -> frozenset[str] | None:
    """The columns given that tell the rows of a SELECT apart; None where the text doesn't promise any.

    Those of its GROUP BY, all of a SELECT DISTINCT, or the key of the first table read when nothing that is joined can give it more rows.
    """
    given = {_plain(each.unalias()): each.alias_or_name.lower() for each in query.expressions}
    group = query.args.get("group")
    if group is not None:
        return _all_given([_plain(each) for each in group.expressions], given)
    if query.args.get("distinct") is not None:
        return frozenset(outputs(query))
    if all(each.find(exp.AggFunc) and not each.find(exp.Window) for each in query.expressions):
        return frozenset()  # one row in all
    clause = query.args.get("from_")
    if clause is None or any(at_fault(query, join, specs) for join in query.args.get("joins") or []):
        return None
    first = source_of(clause.this, specs)
    return None if first.key is None else _all_given([name for name in first.key if name not in pinned(query, clause.this, ())], given)


def _all_given(names: list[str], given: Mapping[str, str]) -> frozenset[str] | None:
    found = [given.get(name) for name in names]
    return None if None in found else frozenset(name for name in found if name is not None)


def _plain(node: exp.Expression) -> str:
    """A column by its bare name, anything else by its text."""
    return node.name.lower() if isinstance(node, exp.Column) else str(node)


def at_fault(query: exp.Select, join: exp.Join, specs: Mapping[str, TableSpec]) -> Source | None:
    """What a join reads, where it may have several rows for one of those before it; None where its key forbids that."""
    right = source_of(join.this, specs)
    if right.key is not None and right.key <= pinned(query, join.this, conditions_of(join)):
        return None
    return right


def pinned(query: exp.Select, part: exp.Expression, conditions: tuple[exp.Expression, ...]) -> frozenset[str]:
    """The columns of a part that are held to one value, by equality with a value or with a column of another part."""
    alias, where = part.alias_or_name.lower(), query.args.get("where")
    found: set[str] = set()
    for condition in (*conditions, *(_parts_of(where.this) if where is not None else ())):
        if isinstance(condition, exp.EQ):
            for one, other in ((condition.left, condition.right), (condition.right, condition.left)):
                if _is_of(one, alias) and not any(_is_of(each, alias) for each in other.find_all(exp.Column)):
                    found.add(one.name.lower())
    using = part.parent.args.get("using") if isinstance(part.parent, exp.Join) else None
    return frozenset(found | {each.name.lower() for each in using or ()})


def _is_of(node: exp.Expression, alias: str) -> bool:
    return isinstance(node, exp.Column) and node.table.lower() == alias


def conditions_of(join: exp.Join) -> tuple[exp.Expression, ...]:
    """What a join demands all of."""
    on = join.args.get("on")
    return () if on is None else _parts_of(on)


def _parts_of(condition: exp.Expression) -> tuple[exp.Expression, ...]:
    """What a condition demands all of."""
    bare = condition.unnest()
    return tuple(bare.flatten()) if isinstance(bare, exp.And) else (bare,)

"""Why a query may give several rows where one is wanted: the join at fault, as far as the text and the keys of what it reads tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from joinedup.engine.parse import line_of, parse
from joinedup.engine.sources_of import Source, at_fault, conditions_of, pinned, source_of, sources_of, unique_by
from joinedup.engine.specs import TableSpec


@dataclass(frozen=True, slots=True)
class Multiplies:
    """What may give more rows than one for a key: on which line, and what to do about it, in a sentence."""

    line: int | None
    message: str


def multiplies(sql: str, key: Sequence[str], specs: Mapping[str, TableSpec]) -> Multiplies | None:
    """The first join, or else what the last SELECT reads, that may repeat a key; None where the text promises one row for each."""
    for tree in parse(sql).trees:
        if not isinstance(tree, exp.Select):
            message = "it puts the rows of several SELECTs together, which may have the same key: put a GROUP BY around them"
            return Multiplies(line_of(tree), message) if isinstance(tree, exp.SetOperation) else None
        apart = unique_by(tree, specs)
        if apart is not None and apart <= {name.lower() for name in key}:
            return None
        return next(_joins(tree, specs), None) or _first(tree, key, specs)
    return None


def _joins(tree: exp.Select, specs: Mapping[str, TableSpec]) -> Iterator[Multiplies]:
    """The joins that may multiply, of the last SELECT and then of the queries that it reads."""
    for select in [tree, *(each for each in tree.find_all(exp.Select) if each is not tree)]:
        if select.args.get("group") is None and select.args.get("distinct") is None and not select.find_ancestor(exp.Exists):
            for join in select.args.get("joins") or []:
                found = at_fault(select, join, specs)
                if found is not None:
                    yield Multiplies(line_of(join), _said(select, join, found))


def _said(select: exp.Select, join: exp.Join, found: Source) -> str:
    by = sorted(pinned(select, join.this, conditions_of(join)))
    joined = f"joined by {', '.join(by)} alone" if by else "joined by nothing that it has one row for"
    if found.key is None:
        return (
            f"the join of {found.name} is at fault, {joined}: it may hold that more than once; GROUP BY it in {found.name}, or write EXISTS"
        )
    more = ", ".join(sorted(found.key - set(by)))
    return (
        f"the join of {found.name} is at fault, {joined}: it has a row for each {', '.join(sorted(found.key))}; "
        f"join by {more} too, GROUP BY {', '.join(by) or 'the key'} in a WITH before it, or write EXISTS (SELECT 1 FROM {found.name} …)"
    )


def _first(tree: exp.Select, key: Sequence[str], specs: Mapping[str, TableSpec]) -> Multiplies | None:
    clause = tree.args.get("from_")
    if clause is None or tree.args.get("group") is not None:
        return None
    first = source_of(clause.this, specs)
    if first.key is None:
        return None
    more = ", ".join(sorted(first.key - {name.lower() for name in key}))
    message = f"{first.name} is at fault, which has a row for each {', '.join(sorted(first.key))}; GROUP BY {', '.join(key)}"
    return Multiplies(line_of(clause), f"{message}, since {more} may differ") if more and sources_of(tree, specs) else None

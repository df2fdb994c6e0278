"""What a rule of portable SQL is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from joinedup.engine.kinds import Names, Shape, names_in


@dataclass(frozen=True, slots=True)
class Refusal:
    """What isn't portable, what to write instead, and where; without a line the node's own is taken."""

    rule: str
    message: str
    line: int | None = None
    span: tuple[int, int] | None = None
    """Where in the text it begins, and where what follows it does; None where only the line is known."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a query besides one of its nodes."""

    names: Names
    keys: frozenset[str] | None
    """Columns that are part of some key, by every name they have here; None when no table is known."""
    columns: frozenset[str] | None = None
    """The columns of all tables read; None when no table is known."""
    givers: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Each name that the query gives to something, in lower case, and the `id` of each part that gives it."""

    @classmethod
    def of(cls, tree: exp.Expression, reads: tuple[Shape, ...]) -> Context:
        """The context of a query over the tables it reads."""
        if not reads:
            return cls(names_in(tree, reads), None)
        columns = frozenset(column.name.lower() for table in reads for column in table.columns)
        return cls(names_in(tree, reads), _key_names(tree, reads), columns, _givers(tree))


Rule = Callable[[exp.Expression, Context], Iterable[Refusal]]


def _key_names(tree: exp.Expression, reads: tuple[Shape, ...]) -> frozenset[str]:
    """The columns of the keys of the tables read, by these and by all names that the query gives them."""
    keys = {column.lower() for spec in reads for column in spec.key}
    renamed = {(alias.this.name.lower(), alias.alias.lower()) for alias in tree.find_all(exp.Alias) if isinstance(alias.this, exp.Column)}
    while found := {new for old, new in renamed if old in keys} - keys:
        keys |= found
    return frozenset(keys)


def _givers(tree: exp.Expression) -> dict[str, frozenset[int]]:
    """As `Context.givers`, found once for a query: each of its WHEREs asks."""
    found: dict[str, set[int]] = {}
    for alias in tree.find_all(exp.Alias, exp.TableAlias):
        columns = [alias.alias] if isinstance(alias, exp.Alias) else [column.name for column in alias.args.get("columns") or ()]
        for name in columns:
            found.setdefault(name.lower(), set()).add(id(alias.parent))
    return {name: frozenset(parents) for name, parents in found.items()}

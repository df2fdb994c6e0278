"""What kind of value an SQL expression gives, as far as the text tells: enough to see where the engines would differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple

from sqlglot import exp

from joinedup.engine.specs import Column, ColumnType


class Kind(Enum):
    """A number that may have a fraction, a whole one, text, a date, true or false, or anything else (what can't be told)."""

    FRACTION = "fraction"
    WHOLE = "whole"
    TRUTH = "truth"
    TEXT = "text"
    DATE = "date"
    OTHER = "other"


class Shape(NamedTuple):
    """What is known of a table that a query reads."""

    key: tuple[str, ...]
    columns: tuple[Column, ...]


Names = Mapping[str, frozenset[Kind]]

OF_TYPE = {
    ColumnType.DOUBLE: Kind.FRACTION,
    ColumnType.STRING: Kind.TEXT,
    ColumnType.DATE: Kind.DATE,
    ColumnType.INTEGER: Kind.WHOLE,
    ColumnType.BIGINT: Kind.WHOLE,
    ColumnType.BOOLEAN: Kind.TRUTH,
}
OF_CAST = {
    "DOUBLE": Kind.FRACTION,
    "FLOAT": Kind.FRACTION,
    "DECIMAL": Kind.FRACTION,
    "TEXT": Kind.TEXT,
    "VARCHAR": Kind.TEXT,
    "DATE": Kind.DATE,
    "INT": Kind.WHOLE,
    "BIGINT": Kind.WHOLE,
    "BOOLEAN": Kind.TRUTH,
}
FRACTIONS = (exp.Div, exp.Avg, exp.Median, exp.Sqrt)
TEXTS = (exp.DPipe, exp.Left, exp.Right, exp.Substring, exp.Replace, exp.Upper, exp.Lower, exp.Trim, exp.Pad)
COUNTS = (exp.Count, exp.Extract, exp.Length, exp.RowNumber, exp.Rank, exp.DenseRank)
TRUTHS = (
    exp.Boolean, exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.In, exp.Between, exp.Exists,
    exp.Like, exp.NullSafeEQ, exp.NullSafeNEQ, exp.LogicalOr, exp.LogicalAnd,
)  # fmt: skip
OF_ITSELF = ((FRACTIONS, Kind.FRACTION), (TEXTS, Kind.TEXT), (COUNTS, Kind.WHOLE), (TRUTHS, Kind.TRUTH))
"""What is of one kind, whatever it is made of."""
OF_FIRST = (exp.Window, exp.Filter, exp.Paren, exp.Neg, exp.Abs, exp.Sum, exp.Min, exp.Max, exp.Lag, exp.Lead, exp.Nullif, exp.Alias)
OF_ALL = (exp.Add, exp.Sub, exp.Mul, exp.Mod, exp.Coalesce, exp.Least, exp.Greatest)


def names_in(tree: exp.Expression, reads: Iterable[Shape]) -> Names:
    """The kinds that each column name of a query may have: from the tables it reads, and from its own aliases."""
    names: dict[str, frozenset[Kind]] = {}
    for spec in reads:
        for column in spec.columns:
            _add(names, column.name, OF_TYPE.get(column.type, Kind.OTHER))
    aliases = list(tree.find_all(exp.Alias))
    while any(_add(names, alias.alias, kind_of(alias.this, names)) for alias in aliases):
        pass  # an alias of an alias of a fraction is a fraction
    return names


def _add(names: dict[str, frozenset[Kind]], name: str, kind: Kind) -> bool:
    """Whether it was news."""
    known = names.get(name.lower(), frozenset())
    names[name.lower()] = known | {kind}
    return kind not in known


def kind_of(node: exp.Expression, names: Names) -> Kind:
    """The kind of one expression. A name that stands for a fraction anywhere counts as a fraction."""
    if isinstance(node, exp.Cast):
        return OF_CAST.get(node.to.this.name, Kind.OTHER)
    of_itself = next((kind for classes, kind in OF_ITSELF if isinstance(node, classes)), None)
    if of_itself is not None:
        return of_itself
    if isinstance(node, exp.Literal):
        return Kind.TEXT if node.is_string else Kind.WHOLE if node.this.isdigit() else Kind.FRACTION
    if isinstance(node, exp.Column):
        return _together(names.get(node.name.lower(), frozenset()))
    kind = _together({kind_of(part, names) for part in _parts(node)})
    return Kind.OTHER if kind is Kind.DATE and isinstance(node, exp.Sub) else kind


def _parts(node: exp.Expression) -> list[exp.Expression]:
    """The parts of an expression whose kind is its own."""
    if isinstance(node, OF_FIRST):
        return [node.this]
    if isinstance(node, OF_ALL):
        return [node.this, *([node.expression] if "expression" in node.args else []), *node.expressions]
    if isinstance(node, exp.Case):
        results = [branch.args["true"] for branch in node.args["ifs"]] + [node.args.get("default")]
        return [result for result in results if result is not None and not isinstance(result, exp.Null)]
    if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select):
        return [*node.this.expressions[:1]]
    return []


def _together(kinds: Iterable[Kind]) -> Kind:
    found = set(kinds)
    if Kind.FRACTION in found:
        return Kind.FRACTION
    return found.pop() if len(found) == 1 else Kind.OTHER

"""The rules of portable SQL for values of two kinds side by side: what one engine makes alike by itself the other may not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlglot import exp

from joinedup.engine.kinds import Kind, kind_of
from joinedup.engine.portable_context import Context, Refusal, Rule

NUMBERS = frozenset({Kind.WHOLE, Kind.FRACTION})


def with_kinds(rule: Rule) -> Rule:
    """A rule of one construct, and that what it brings together is of one kind."""

    def both(node: exp.Expression, context: Context) -> Iterator[Refusal]:
        yield from rule(node, context)
        yield from mixed_rule(node, context)

    return both


def with_condition(rule: Rule) -> Rule:
    """A rule of one construct, and that what it asks is true or false."""

    def both(node: exp.Expression, context: Context) -> Iterator[Refusal]:
        yield from rule(node, context)
        yield from condition_rule(node, context)

    return both


def mixed_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of text, numbers, dates and truth values that are compared, added or put into one column."""
    for beside in _beside(node):
        kinds = {kind_of(each, context.names) for each in beside}
        if Kind.TEXT in kinds and kinds & NUMBERS:
            yield Refusal(
                "text-as-number",
                "the engines read text as numbers differently, or not at all; write '10' beside text, and 10 beside a number, "
                "or CAST(floor(CAST(x AS DOUBLE)) AS INTEGER)",
            )
        if {Kind.TEXT, Kind.DATE} <= kinds:
            yield Refusal("text-as-date", "the engines read text as dates differently (2024); write DATE '2026-03-31'")
        if Kind.TRUTH in kinds and kinds & {*NUMBERS, Kind.TEXT, Kind.DATE}:
            yield Refusal(
                "truth-as-number", "Spark takes no truth value for a number or text; write CASE WHEN b THEN 1 ELSE 0 END, or b alone"
            )


def _beside(node: exp.Expression) -> Iterable[list[exp.Expression]]:
    """The values that have to be of one kind, set by set."""
    if isinstance(node, exp.SetOperation):
        return [list(pair) for pair in zip(node.this.selects, node.expression.selects, strict=False)]
    if isinstance(node, exp.Case):
        asked = [node.this, *(branch.this for branch in node.args["ifs"])] if node.this is not None else []
        return [asked, [*(branch.args["true"] for branch in node.args["ifs"]), *_there(node.args.get("default"))]]
    if isinstance(node, exp.Between):
        return [[node.this, node.args["low"], node.args["high"]]]
    return [[node.this, *_there(node.args.get("expression")), *node.expressions]]


def _there(node: exp.Expression | None) -> list[exp.Expression]:
    return [] if node is None else [node]


def compared_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of rows that are compared, and of values of two kinds."""
    if isinstance(node.this, exp.Tuple) or isinstance(node.expression, exp.Tuple):
        yield Refusal("row-values", "(a, b) = (1, 2) compares a struct, on DuckDB alone; write a = 1 AND b = 2")
    yield from mixed_rule(node, context)


def condition_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of numbers and text where true or false is asked for."""
    asked = [node.this, node.args.get("expression")] if isinstance(node, exp.And | exp.Or) else [node.this]
    if isinstance(node, exp.If) and isinstance(node.parent, exp.Case) and node.parent.this is not None:
        return
    if any(each is not None and kind_of(each, context.names) in (*NUMBERS, Kind.TEXT) for each in asked):
        yield Refusal("condition", "DuckDB alone takes a number for a condition; write n <> 0")


def number_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of sums and means of what is no number."""
    if kind_of(node.this, context.names) in (Kind.TEXT, Kind.DATE, Kind.TRUTH):
        yield Refusal("no-number", "sums and means are of numbers on both engines; write count(*) FILTER (WHERE b), or CAST(x AS DOUBLE)")

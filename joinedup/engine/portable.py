"""The linter of portable SQL: what runs the same, word for word, on DuckDB and on Spark; the rest is refused.

What is allowed was run on both engines and gave equal answers (tests/unit/engine/test_portable_answers.py). What is
named here as refused gives different answers, or runs on one engine only; whatever has no name here is refused too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from sqlglot import exp

from joinedup.engine.kinds import Shape
from joinedup.engine.parse import WORDS_OF, Parsed, line_at, line_of, parse, span_of
from joinedup.engine.portable_context import Context, Refusal
from joinedup.engine.portable_rules import RULES
from joinedup.engine.portable_tokens import token_refusals
from joinedup.engine.portable_words import CONSTRUCTS, ON_THE_LIST
from joinedup.engine.specs import TableSpec
from joinedup.findings import Finding


def findings_of(sql: str, file: str, reads: Mapping[str, TableSpec] | None = None) -> list[Finding]:
    """Everything in `sql` that isn't portable, in the order of its lines.

    With the tables that it `reads`, the types and keys of their columns are known and more can be seen.
    """
    found = {Finding(file, refusal.rule, refusal.message, line=refusal.line) for refusal in refusals_of(sql, reads)}
    return sorted(found, key=lambda finding: (finding.line or 0, finding.rule, finding.message))


def refusals_of(sql: str, reads: Mapping[str, TableSpec] | None = None) -> list[Refusal]:
    """The same, each with its place in the text, in the order of the text."""
    return list(_refusals(sql, tuple(Shape(spec.key, spec.columns) for spec in (reads or {}).values())))


@lru_cache(maxsize=1024)
def _refusals(sql: str, reads: tuple[Shape, ...]) -> tuple[Refusal, ...]:
    parsed = parse(sql)
    found = list(dict.fromkeys([*token_refusals(parsed.tokens), *_tree_refusals(parsed, reads)]))
    told = [refusal for refusal in found if not (refusal.rule == "type" and _said_within(refusal, found))]
    return tuple(sorted(told, key=lambda refusal: (refusal.line or 0, refusal.span or (0, 0), refusal.rule, refusal.message)))


def _said_within(refusal: Refusal, found: Iterable[Refusal]) -> bool:
    """Whether the type of a CAST is told already, by its own name or by the sign that makes it."""
    begin, end = refusal.span or (0, 0)
    return any(other.rule in ("text-type", "type-name", "double-colon") and other.span and begin <= other.span[0] <= end for other in found)


def _tree_refusals(parsed: Parsed, reads: tuple[Shape, ...]) -> Iterator[Refusal]:
    if parsed.fault is not None:
        yield Refusal(
            "syntax", f"this can't be read as SQL: {parsed.fault}; correct it, or write it in the portable subset", parsed.fault_line
        )
    elif len(parsed.trees) != 1 or not isinstance(parsed.trees[0], exp.Query):
        yield Refusal("one-select", "a table's file holds one SELECT and nothing else; move the rest to a table of its own", 1)
    else:
        context = Context.of(parsed.trees[0], reads)
        for node in parsed.trees[0].walk(prune=lambda node: type(node) not in RULES):
            yield from (_placed(refusal, node, parsed) for refusal in _node_refusals(node, context))


def _node_refusals(node: exp.Expression, context: Context) -> Iterable[Refusal]:
    rule = RULES.get(type(node))
    return _unknown(node) if rule is None else rule(node, context)


def _placed(refusal: Refusal, node: exp.Expression, parsed: Parsed) -> Refusal:
    """A refusal with the place of the node that it is of."""
    span = refusal.span or span_of(node, parsed)
    line = line_at(parsed.sql, span[0]) if span is not None and type(node) in WORDS_OF else line_of(node)
    return replace(refusal, line=refusal.line or line, span=span)


def _unknown(node: exp.Expression) -> Iterator[Refusal]:
    """What isn't on the list, except functions called by name: their names are judged as words."""
    name = type(node).__name__
    if isinstance(node, exp.Func) and "line" in node.meta:
        return
    what, instead = CONSTRUCTS.get(name, (name, ON_THE_LIST))
    yield Refusal("not-portable", f"{what} isn't portable; {instead}")

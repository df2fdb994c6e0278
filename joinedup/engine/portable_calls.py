"""Mending calls of functions: a call that one engine alone knows, or both by another name, written as both read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from joinedup.engine.parse import TokenType
from joinedup.engine.portable_known import Known
from joinedup.engine.portable_text import Edit, Text
from joinedup.engine.portable_values import TIME_UNITS, UNITS
from joinedup.engine.specs import ColumnType

Fixer = Callable[[Text, int, Known], list[Edit]]

RENAMED = {
    "ifnull": "coalesce",
    "nvl": "coalesce",
    "substr": "substring",
    "len": "length",
    "char_length": "length",
    "character_length": "length",
    "ceiling": "ceil",
    "ucase": "upper",
    "lcase": "lower",
    "mean": "avg",
}
"""Names of one function that both engines also know by the other name."""

PARTS = {
    "year": "year", "quarter": "quarter", "month": "month", "week": "week", "weekofyear": "week", "day": "day", "dayofmonth": "day",
    "hour": "hour", "minute": "minute",
}  # fmt: skip


def call(text: Text, at: int, known: Known) -> list[Edit]:
    """A call of a function that is written otherwise on both engines."""
    word = text.word(at).lower()
    if text.kind(at + 1) is not TokenType.L_PAREN:
        return []
    if word in RENAMED:
        return [text.instead(at, RENAMED[word])]
    for words, fixer in CALLS:
        if word in words:
            return fixer(text, at, known)
    return []


def _part(text: Text, at: int, known: Known) -> list[Edit]:
    """year(d) as extract(year FROM d)."""
    [*arguments] = text.arguments(at + 1)
    return [text.instead(at, "extract"), text.after(at + 1, f"{PARTS[text.word(at).lower()]} FROM ")] if len(arguments) == 1 else []


def _date_part(text: Text, at: int, known: Known) -> list[Edit]:
    """date_part('year', d) as extract(year FROM d)."""
    arguments = text.arguments(at + 1)
    if len(arguments) != 2 or text.kind(at + 2) is not TokenType.STRING or text.word(at + 2).upper() not in UNITS | TIME_UNITS:
        return []
    return [text.instead(at, "extract"), text.instead(at + 2, text.word(at + 2).lower()), text.instead(at + 3, " FROM")]


def _if(text: Text, at: int, known: Known) -> list[Edit]:
    """if(a, b, c) as CASE WHEN a THEN b ELSE c END."""
    arguments = text.arguments(at + 1)
    if len(arguments) != 3:
        return []
    ends = [last + 1 for _, last in arguments]
    edits = [Edit(text.start(at), text.end(at + 1), "CASE WHEN ")]
    edits += [text.instead(end, word + ("" if text.spaced(end) else " ")) for end, word in zip(ends, (" THEN", " ELSE"), strict=False)]
    return [*edits, text.instead(ends[-1], " END")]


def _starts_with(text: Text, at: int, known: Known) -> list[Edit]:
    """starts_with(a, 'x') as (a LIKE 'x%')."""
    arguments = text.arguments(at + 1)
    if len(arguments) != 2 or arguments[1][0] != arguments[1][1]:
        return []
    prefix = text.source(arguments[1][0])
    plain = text.kind(arguments[1][0]) is TokenType.STRING and len(prefix) > 2 and prefix[0] == "'" and not set("%_\\") & set(prefix)
    if not plain:
        return []
    return [*_operator(text, at, " LIKE"), Edit(text.end(arguments[1][0]) - 1, text.end(arguments[1][0]) - 1, "%")]


def _mod(text: Text, at: int, known: Known) -> list[Edit]:
    """mod(a, b) as (a % b)."""
    return _operator(text, at, " %") if len(text.arguments(at + 1)) == 2 else []


def _operator(text: Text, at: int, sign: str) -> list[Edit]:
    """A call of two arguments as these with a sign between, in the call's own brackets."""
    edits = [text.instead(at, "")]
    for first, last in text.arguments(at + 1):
        if not text.is_operand(first, last):
            edits += [Edit(text.start(first), text.start(first), "("), text.after(last, ")")]
    comma = text.arguments(at + 1)[0][1] + 1
    return [*edits, text.instead(comma, sign + ("" if text.spaced(comma) else " "))]


def _days(text: Text, at: int, known: Known) -> list[Edit]:
    """date_diff('day', a, b) as CAST(b - a AS INTEGER), where a and b are columns that hold dates."""
    arguments = text.arguments(at + 1)
    if len(arguments) == 3 and text.source(arguments[0][0]).lower() == "'day'":
        begins, ends = arguments[1:]
    elif len(arguments) == 2 and text.word(at).lower() == "datediff":
        ends, begins = arguments  # Spark's own
    else:
        return []
    names = [text.column(*each) for each in (ends, begins)]
    if any(name is None or known.types.get(name) is not ColumnType.DATE for name in names):
        return []
    until, since = (text.written(*each) for each in (ends, begins))
    close = text.closing(at + 1)
    return [Edit(text.start(at), text.end(close), f"CAST({until} - {since} AS INTEGER)")] if text.uncommented(at, close) else []


CALLS: tuple[tuple[Iterable[str], Fixer], ...] = (
    (PARTS, _part),
    (("date_part", "datepart"), _date_part),
    (("if", "iff"), _if),
    (("starts_with", "startswith", "prefix"), _starts_with),
    (("mod",), _mod),
    (("date_diff", "datediff"), _days),
)

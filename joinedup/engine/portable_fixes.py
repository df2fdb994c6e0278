"""Mending SQL that isn't portable where that can't change what it means: signs and words are replaced, all else stays as written.

Safe is what gives the same rows as before on each engine that ran it before, and runs on both afterwards. Where the engines
differ without a word, as for NULLS FIRST, only a person knows which of both was meant, and nothing is changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from joinedup.engine.parse import TokenType, line_at, parse
from joinedup.engine.portable import refusals_of
from joinedup.engine.portable_calls import Fixer, call
from joinedup.engine.portable_context import Refusal
from joinedup.engine.portable_known import Known
from joinedup.engine.portable_text import Edit, Text, edited
from joinedup.engine.portable_values import TIME_UNITS, UNITS
from joinedup.engine.portable_words import PLAIN_TYPES, TYPE_NAMES
from joinedup.engine.specs import ColumnType, TableSpec

MOST = 1000
"""Fixes of one file: what would go on longer goes round in circles."""

MOST_IN_SETS = 4
TEXT_NAMES = {"VARCHAR", "TEXT", "NVARCHAR"}
"""Not CHAR and its kin: to some that is one letter."""
CAST_TO = TEXT_NAMES | PLAIN_TYPES | TYPE_NAMES.keys() | {"DECIMAL", "FLOAT", "REAL"}


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing that was mended: on which line of the text as it then was, what stands there now, and all of that line."""

    rule: str
    line: int
    now: str
    shown: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """SQL after mending: its text, what was mended, and what still isn't portable."""

    sql: str
    fixes: tuple[Fix, ...]
    left: tuple[Refusal, ...]


def fixed(sql: str, reads: Mapping[str, TableSpec] | None = None) -> Fixed:
    """The SQL with everything mended that can be without a change of meaning; the linter has seen the result."""
    fixes: list[Fix] = []
    while len(fixes) < MOST:
        refusals = refusals_of(sql, reads)
        step = next((step for refusal in refusals if (step := _step(sql, refusal, refusals, reads)) is not None), None)
        if step is None:
            return Fixed(sql, tuple(fixes), tuple(refusals))
        fix, sql = step
        fixes.append(fix)
    return Fixed(sql, tuple(fixes), tuple(refusals_of(sql, reads)))


def fixable(sql: str, refusal: Refusal, reads: Mapping[str, TableSpec] | None = None) -> Fix | None:
    """What --fix would make of one refusal, or None where a person must decide."""
    step = _step(sql, refusal, refusals_of(sql, reads), reads)
    return None if step is None else step[0]


def _step(sql: str, refusal: Refusal, refusals: Iterable[Refusal], reads: Mapping[str, TableSpec] | None) -> tuple[Fix, str] | None:
    """One fix and the text after it, which has fewer refusals of its rule and not more in all."""
    fixer, parsed = FIXERS.get(refusal.rule), parse(sql)
    if fixer is None or refusal.span is None or parsed.fault is not None:
        return None
    text = Text(sql, parsed.tokens)
    edits = fixer(text, text.at(refusal.span[0]), Known.of(sql, reads or {}))
    if not edits:
        return None
    after = edited(sql, edits)
    before, left = Counter(each.rule for each in refusals), Counter(each.rule for each in refusals_of(after, reads))
    if left[refusal.rule] >= before[refusal.rule] or left.total() > before.total():
        return None
    if refusal.rule in SAME_TREE and parse(after).trees != parsed.trees:
        return None  # a sign binds tighter, or less tight, than it was taken to
    begin, end = min(edit.start for edit in edits), max(edit.end for edit in edits)
    now = after[begin : end + len(after) - len(sql)]
    line = line_at(sql, begin)
    return Fix(refusal.rule, line, now, after.split("\n")[line - 1].strip()), after


def _text_type(text: Text, at: int, known: Known) -> list[Edit]:
    """VARCHAR and TEXT, without a length, which DuckDB doesn't keep to."""
    alone = text.kind(at + 1) is TokenType.R_PAREN
    return [text.instead(at, "STRING")] if alone and text.word(at).upper() in TEXT_NAMES else []


def _double_colon(text: Text, at: int, known: Known) -> list[Edit]:
    """x::t as CAST(x AS t), where x is a name, a value, a call or a bracket."""
    first = text.operand_before(at)
    plain_type = text.word(at + 1).upper() in CAST_TO
    more = text.word(at + 2).upper() in {"(", "[", "WITH", "WITHOUT", "PRECISION", "ARRAY", "."}
    if first is None or not plain_type or more:
        return []
    return [
        Edit(text.start(first), text.start(first), "CAST("),
        Edit(text.end(at - 1), text.start(at + 1), " AS "),
        text.after(at + 1, ")"),
    ]


def _type_name(text: Text, at: int, known: Known) -> list[Edit]:
    """A type by the name that both engines know. A length is left to a person."""
    word = " ".join(text.word(at).upper().split())
    return [text.instead(at, TYPE_NAMES[word])] if word in TYPE_NAMES and text.kind(at + 1) is TokenType.R_PAREN else []


def _sign(sign: str) -> Fixer:
    """One sign or word for another."""

    def fixer(text: Text, at: int, known: Known) -> list[Edit]:
        return [text.instead(at, sign)]

    return fixer


def _is_null(text: Text, at: int, known: Known) -> list[Edit]:
    """ISNULL and NOTNULL as IS NULL and IS NOT NULL."""
    return [text.instead(at, {"ISNULL": "IS NULL", "NOTNULL": "IS NOT NULL"}.get(text.word(at).upper(), ""))]


def _count(text: Text, at: int, known: Known) -> list[Edit]:
    """count() as count(*)."""
    return [text.after(at + 1, "*")] if text.word(at).lower() == "count" and text.kind(at + 1) is TokenType.L_PAREN else []


def _filter(text: Text, at: int, known: Known) -> list[Edit]:
    """FILTER (a) as FILTER (WHERE a)."""
    return [text.after(at + 1, "WHERE ")]


def _where(text: Text, at: int, known: Known) -> list[Edit]:
    """WHERE (a) as WHERE a."""
    return [Edit(text.end(at), text.start(at + 2), " "), text.instead(at + 3, "")] if text.uncommented(at, at + 3) else []


def _extract(text: Text, at: int, known: Known) -> list[Edit]:
    """extract('year' FROM d) as extract(year FROM d)."""
    quoted = text.kind(at) is TokenType.STRING and text.word(at).upper() in UNITS | TIME_UNITS
    return [text.instead(at, text.word(at).lower())] if quoted and text.word(at - 2).lower() == "extract" else []


def _with(text: Text, at: int, known: Known) -> list[Edit]:
    """AS MATERIALIZED as AS."""
    while at < len(text.tokens) and text.word(at).upper() != "MATERIALIZED":
        at += 1
    first = at - 1 if text.word(at - 1).upper() == "NOT" else at
    return [Edit(text.end(first - 1), text.end(at), "")] if at < len(text.tokens) and text.word(first - 1).upper() == "AS" else []


def _semicolon(text: Text, at: int, known: Known) -> list[Edit]:
    """The one at the end."""
    return [text.instead(at, "")] if text.kind(at) is TokenType.SEMICOLON and at == len(text.tokens) - 1 else []


def _sum(text: Text, at: int, known: Known) -> list[Edit]:
    """The sum of a column as CAST(sum(x) AS …) of the type that the column has."""
    arguments = text.arguments(at + 1) if text.kind(at + 1) is TokenType.L_PAREN else []
    column = text.column(*arguments[0]) if len(arguments) == 1 else None
    kind = known.types.get(column or "")
    if text.word(at).lower() != "sum" or kind not in (ColumnType.INTEGER, ColumnType.BIGINT, ColumnType.DOUBLE):
        return []
    last = text.closing(at + 1)
    for word in ("FILTER", "OVER"):
        if text.word(last + 1).upper() == word:
            if text.kind(last + 2) is not TokenType.L_PAREN:
                return []
            last = text.closing(last + 2)
    wanted = "DOUBLE" if kind is ColumnType.DOUBLE else "BIGINT"
    return [Edit(text.start(at), text.start(at), "CAST("), text.after(last, f" AS {wanted})")]


def _null_order(text: Text, at: int, known: Known) -> list[Edit]:
    """NULLS LAST after a column that never holds a null, so that it changes nothing."""
    last = at
    while text.word(last + 1) == "." and last + 2 < len(text.tokens):
        last += 2
    if text.column(at, last) not in known.never_null:
        return []
    return [text.after(last + 1 if text.word(last + 1).upper() in ("ASC", "DESC") else last, " NULLS LAST")]


def _star(text: Text, at: int, known: Known) -> list[Edit]:
    """SELECT * of one table, or t.*, as the names of its columns."""
    star = at + 2 if text.word(at + 1) == "." else at
    columns = known.stars.get(text.start(star), ())
    if text.word(star) != "*" or not columns or text.word(star + 1).upper() in ("EXCLUDE", "EXCEPT", "REPLACE", "RENAME", "LIKE", "("):
        return []
    prefix = f"{text.source(star - 2)}." if text.word(star - 1) == "." else ""
    first = star - 2 if prefix else star
    return [Edit(text.start(first), text.end(star), ", ".join(prefix + column for column in columns))]


def _sets(text: Text, at: int, known: Known) -> list[Edit]:
    """GROUP BY ROLLUP or CUBE of columns as GROUPING SETS."""
    while at > 0 and text.word(at).lower() not in ("rollup", "cube"):
        at -= 1
    arguments = text.arguments(at + 1) if text.kind(at + 1) is TokenType.L_PAREN else []
    if at < 1 or text.kind(at - 1) is not TokenType.GROUP_BY or not arguments or len(arguments) > MOST_IN_SETS:
        return []
    close = text.closing(at + 1)
    if text.word(close + 1) == "," or any(text.column(*each) is None for each in arguments) or not text.uncommented(at, close):
        return []
    names = [text.written(*each) for each in arguments]
    sets = [names[:many] for many in range(len(names), -1, -1)] if text.word(at).lower() == "rollup" else _subsets(names)
    written = ", ".join(f"({', '.join(each)})" for each in sets)
    return [Edit(text.start(at), text.end(close), f"GROUPING SETS ({written})")]


def _subsets(names: list[str]) -> list[list[str]]:
    if not names:
        return [[]]
    rest = _subsets(names[1:])
    return [[names[0], *each] for each in rest] + rest


FIXERS: dict[str, Fixer] = {
    "text-type": _text_type,
    "double-colon": _double_colon,
    "one-select": _semicolon,
    "type-name": _type_name,
    "null-safe": _sign("IS NOT DISTINCT FROM"),
    "is-null": _is_null,
    "like-sign": _sign("LIKE"),
    "comma": _sign(""),
    "count": _count,
    "filter": _filter,
    "where-bracket": _where,
    "extract": _extract,
    "with": _with,
    "function": call,
    "sum": _sum,
    "null-order": _null_order,
    "star": _star,
    "not-portable": _sets,
}
SAME_TREE = {"double-colon", "null-safe", "is-null", "like-sign", "comma", "filter"}
"""Rules whose fixes are read as the same query by a parser that knows both ways to write it."""

__all__ = ["FIXERS", "Fix", "Fixed", "fixable", "fixed"]

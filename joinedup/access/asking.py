"""What may be asked of a table: columns that its .yml declares, and conditions as column, operator and value. There is no SQL in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import reduce
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from joinedup.errors import Refused

Operator: TypeAlias = str
COMPARE: Mapping[str, Callable[[pc.Expression, Any], pc.Expression]] = {
    "=": lambda field, value: field == value,
    "!=": lambda field, value: field != value,
    "<": lambda field, value: field < value,
    "<=": lambda field, value: field <= value,
    ">": lambda field, value: field > value,
    ">=": lambda field, value: field >= value,
}
OPERATORS = (*COMPARE, "in", "is missing", "is given")
MOST_VALUES = 1_000
LONGEST = 200
MOST_NAMED = 20
"""Names that a refusal lists."""
WORDS = {"true": True, "false": False}
CONDITION = re.compile(r"\s*([a-z_][a-z0-9_]*)\s*(<=|>=|!=|=|<|>|\bin\b|\bis missing\b|\bis given\b)\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on a column; `value` is a list for `in`, and nothing for `is missing` and `is given`."""

    column: str
    operator: Operator
    value: Any = None

    def __str__(self) -> str:
        said = "" if self.value is None else ", ".join(map(str, self.value)) if isinstance(self.value, tuple) else str(self.value)
        return f"{self.column} {self.operator} {said}".strip()


Asked: TypeAlias = Condition | tuple[Any, ...]


def condition(asked: Asked) -> Condition:
    """A condition from (column, operator, value) or (column, operator); Refused where it is none."""
    if isinstance(asked, Condition):
        return asked
    if not isinstance(asked, tuple) or len(asked) not in (2, 3) or not all(isinstance(part, str) for part in asked[:2]):
        raise Refused('a condition is a column, an operator and a value, as in ("starts", ">=", "2025-04-01"), not text to be run')
    value = asked[2] if len(asked) == 3 else None
    return Condition(asked[0], asked[1], tuple(value) if isinstance(value, list | set | frozenset) else value)


def parsed(text: str) -> Condition:
    """A condition as the command line has it: "starts >= 2025-04-01", "sector in acute;community", "ends is missing"."""
    found = CONDITION.fullmatch(text)
    if found is None:
        raise Refused(f"{_cut(text)!r} is not a condition: write a column, one of {', '.join(OPERATORS)}, and a value")
    column, operator, value = found.groups()
    if operator in ("is missing", "is given"):
        return Condition(column, operator, value or None)
    return Condition(column, operator, tuple(part.strip() for part in value.split(";")) if operator == "in" else value.strip())


def named(asked: str, known: Iterable[str], what: str) -> str:
    """The name, if it is known; Refused with the nearest one otherwise."""
    names = list(known)
    if asked in names:
        return asked
    near = get_close_matches(str(asked), names, n=1)
    few = ", ".join(names) if len(names) <= MOST_NAMED else f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
    hint = f"; the nearest is {near[0]}" if near else f"; there are {few}"
    raise Refused(f"{_cut(str(asked))!r} is not {what}{hint}")


def expression(conditions: Sequence[Condition], types: Mapping[str, pa.DataType]) -> pc.Expression | None:
    """All conditions together, each value of its column's type; None when there is none. Refused where one doesn't fit."""
    parts = [_expression(each, types[named(each.column, types, "a column to ask by")]) for each in conditions]
    return reduce(lambda one, other: one & other, parts) if parts else None


def _expression(asked: Condition, kind: pa.DataType) -> pc.Expression:
    field = pc.field(asked.column)
    operator = named(asked.operator, OPERATORS, "an operator")
    if operator in ("is missing", "is given"):
        if asked.value is not None:
            raise Refused(f"{asked.column} {operator} takes no value; leave it out")
        return field.is_null() if operator == "is missing" else field.is_valid()
    if operator == "in":
        values = asked.value if isinstance(asked.value, tuple) else (asked.value,)
        if not 0 < len(values) <= MOST_VALUES:
            raise Refused(f"{asked.column} in takes 1 to {MOST_VALUES} values, found {len(values)}")
        return field.isin(pa.array([_typed(asked.column, value, kind) for value in values], kind))
    return COMPARE[operator](field, pa.scalar(_typed(asked.column, asked.value, kind), kind))


def _typed(column: str, value: object, kind: pa.DataType) -> object:
    """The value as one of the column's type; Refused, with what is expected, where it is none."""
    try:
        return pa.scalar(_read(value, kind), kind).as_py()
    except (ValueError, TypeError, OverflowError, pa.ArrowException):
        raise Refused(f"{column} is compared with {_expected(kind)}, found {_cut(str(value))!r}") from None


def _read(value: object, kind: pa.DataType) -> object:
    if value is None or (isinstance(value, str) and len(value) > LONGEST):
        raise ValueError
    if pa.types.is_date(kind):
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    if pa.types.is_boolean(kind):
        return value if isinstance(value, bool) else WORDS[str(value).lower()] if str(value).lower() in WORDS else _no()
    if pa.types.is_integer(kind):
        return int(str(value)) if not isinstance(value, bool | float) else _no()
    if pa.types.is_floating(kind):
        return float(str(value))
    return value if isinstance(value, str) else _no()


def _no() -> object:
    raise ValueError


def _expected(kind: pa.DataType) -> str:
    if pa.types.is_date(kind):
        return "a date, such as 2025-04-01"
    if pa.types.is_boolean(kind):
        return "true or false"
    return "a whole number" if pa.types.is_integer(kind) else "a number" if pa.types.is_floating(kind) else "text"


def _cut(text: str) -> str:
    """The text, not longer than a line and without what can't be seen."""
    shown = "".join(letter if letter.isprintable() else "·" for letter in text)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"

"""The rules of portable SQL for values: numbers, dates, text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from joinedup.engine.kinds import Kind, kind_of
from joinedup.engine.portable_context import Context, Refusal
from joinedup.engine.portable_mixed import number_rule

TYPES = {"TEXT", "INT", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"}
WHOLE_TYPES = {"INT", "BIGINT"}
UNITS = {"YEAR", "QUARTER", "MONTH", "WEEK", "DAY"}
TIME_UNITS = {"HOUR", "MINUTE"}
TRUNCATED = {"YEAR", "QUARTER", "MONTH", "WEEK"}
INTERVALS = {"YEAR", "MONTH"}
PASSED_ON = (
    exp.Paren, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Coalesce, exp.Nullif, exp.Case, exp.If, exp.Least, exp.Greatest, exp.Abs,
    exp.Filter, exp.Window, exp.Min, exp.Max,
)  # fmt: skip
SETTLED = (exp.Cast, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In, exp.Div, exp.Mod, exp.Is)
GREATEST = 2**63 - 1
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
ISO_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")


def literal_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of decimal numbers, which are neither whole nor DOUBLE."""
    if not node.is_string and node.this.isdigit() and int(node.this) > GREATEST:
        yield Refusal("number", f"{node.this} is too great for BIGINT, and of another type on each engine; write a smaller number")
    if node.is_string or "." not in node.this or "e" in node.this.lower():
        return
    holder = node.parent
    while isinstance(holder, exp.Paren | exp.Neg):
        holder = holder.parent
    if not (isinstance(holder, exp.Cast) and holder.to.this.name == "DOUBLE"):
        yield Refusal(
            "decimal", f"the engines divide and round the decimal number {node.this} differently; write CAST({node.this} AS DOUBLE)"
        )


def division_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of a division whose divisor may be zero."""
    divisor = node.expression
    while isinstance(divisor, exp.Paren | exp.Cast | exp.Neg):
        divisor = divisor.this
    whole = isinstance(divisor, exp.Literal) and not divisor.is_string
    if not (isinstance(divisor, exp.Nullif) or (whole and float(divisor.this) != 0)):
        yield Refusal(
            "division", "one engine stops at a division by zero and the other doesn't; divide by nullif(…, 0) or by a number other than 0"
        )


def root_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of a square root of what may be negative."""
    if not isinstance(node.this, exp.Abs):
        yield Refusal(
            "square-root",
            "the root of a negative number is NaN, no null and no number; write sqrt(abs(x)), in a CASE where x may be negative",
        )


def cast_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of types that one engine doesn't know, and of conversions that differ."""
    wanted = node.args["to"].this.name
    if wanted not in TYPES:
        yield Refusal(
            "type",
            f"{_spelled(wanted)} isn't a type on both engines; write one of STRING, INTEGER, BIGINT, DOUBLE, BOOLEAN, DATE, TIMESTAMP",
        )
    elif isinstance(node, exp.TryCast):
        yield from _try_cast(wanted)
    else:
        yield from _cast_of(node.this, wanted, kind_of(node.this, context.names))


def _spelled(wanted: str) -> str:
    return "a list or struct" if wanted in ("ARRAY", "LIST", "STRUCT", "MAP") else wanted


def _try_cast(wanted: str) -> Iterator[Refusal]:
    if wanted not in ("DOUBLE", "TEXT"):
        yield Refusal(
            "try-cast",
            "the engines take different texts for whole numbers, dates and times (1.5, 1e2, 2024); "
            "land the column as its type, or write CAST(floor(TRY_CAST(x AS DOUBLE)) AS INTEGER)",
        )


def _cast_of(value: exp.Expression, wanted: str, kind: Kind) -> Iterator[Refusal]:
    if wanted in WHOLE_TYPES and kind is Kind.FRACTION:
        yield Refusal(
            "number-to-integer", "DuckDB rounds a fraction and Spark cuts it; write CAST(floor(x) AS INTEGER) or CAST(round(x) AS INTEGER)"
        )
    elif wanted in WHOLE_TYPES and kind is Kind.TEXT:
        yield Refusal("text-to-integer", "DuckDB rounds the text 1.5 and Spark stops; write CAST(floor(CAST(x AS DOUBLE)) AS INTEGER)")
    elif wanted == "TEXT" and kind is Kind.FRACTION:
        yield Refusal("number-to-text", "the engines write fractions differently; leave it a number, and format it where it is shown")
    elif wanted == "BOOLEAN" and not isinstance(value, exp.Null):
        yield Refusal("boolean", "the engines take different texts for true; write a condition, such as x = 'Y'")
    elif wanted in ("DATE", "TIMESTAMP") and isinstance(value, exp.Literal):
        yield from _date_literal(value, ISO_DATE if wanted == "DATE" else ISO_TIMESTAMP)


def _date_literal(value: exp.Expression, form: re.Pattern[str]) -> Iterator[Refusal]:
    if not form.fullmatch(str(value.this)):
        yield Refusal(
            "date-literal",
            f"{value.this} isn't written as both engines read it; write DATE '2026-03-31' or TIMESTAMP '2026-03-31 10:00:00'",
        )


def joined_text_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of fractions within text."""
    if Kind.FRACTION in (kind_of(node.this, context.names), kind_of(node.expression, context.names)):
        yield Refusal("number-to-text", "the engines write fractions differently; leave it a number, and format it where it is shown")


def sum_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of a sum that no CAST gives a type, or of what is no number."""
    yield from number_rule(node, context)
    if not _settled(node):
        yield Refusal(
            "sum", "DuckDB's sum of whole numbers reaches the file as a fraction; write CAST(sum(x) AS BIGINT), or AS DOUBLE for fractions"
        )


def whole_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of floor, ceil and round where their differing types would show."""
    if isinstance(node, exp.Round) and node.args.get("decimals"):
        yield Refusal("round", "the engines round 1.005 to two digits differently; write round(x), and round further where it is shown")
    if not _settled(node):
        name = type(node).__name__.lower()
        yield Refusal(
            "floor",
            f"{name}() is a fraction on DuckDB and a whole number on Spark; write CAST({name}(x) AS INTEGER), AS BIGINT or AS DOUBLE",
        )


def _settled(node: exp.Expression) -> bool:
    """Whether what a number is computed into has a type of its own: a CAST, a comparison, a division."""
    holder = node.parent
    while isinstance(holder, PASSED_ON):
        holder = holder.parent
    return isinstance(holder, SETTLED)


def arithmetic_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of a date with an interval that no CAST makes a date again, and of days that no CAST makes a number."""
    if isinstance(node, exp.Sub) and {kind_of(node.this, context.names), kind_of(node.expression, context.names)} == {Kind.DATE}:
        yield from _days(node)
    if not (isinstance(node.this, exp.Interval) or isinstance(node.expression, exp.Interval)):
        return
    holder = node.parent
    while isinstance(holder, exp.Paren | exp.Add | exp.Sub):
        holder = holder.parent
    if not isinstance(holder, exp.Cast):
        yield Refusal("interval", "a date with an interval is a timestamp on DuckDB; write CAST(d + INTERVAL 1 MONTH AS DATE)")


def _days(node: exp.Expression) -> Iterator[Refusal]:
    holder = node.parent
    while isinstance(holder, exp.Paren):
        holder = holder.parent
    if not isinstance(holder, exp.Cast):
        yield Refusal("days", "a date less a date is a number on DuckDB and an interval on Spark; write CAST(b - a AS INTEGER)")


def count_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of count() of nothing."""
    if node.this is None and not node.expressions:
        yield Refusal("count", "count() is DuckDB's own; write count(*)")


def median_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of a median of text or dates."""
    if kind_of(node.this, context.names) in (Kind.TEXT, Kind.DATE):
        yield Refusal("median", "Spark has a median of numbers alone; number the rows with row_number() OVER (…) and take the middle one")


def grouping_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of grouping() of several columns."""
    if len(node.expressions) > 1:
        yield Refusal("grouping", "Spark's grouping() takes one column; write grouping(a) * 2 + grouping(b)")


def interval_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of intervals that aren't a written number of months or years.

    DuckDB 2.0 takes 30 days for one month: of d - INTERVAL 1 MONTH and d - INTERVAL 30 DAY in one query it works out the first only.
    """
    unit = node.args.get("unit")
    if not (isinstance(node.this, exp.Literal) and unit is not None and unit.name.upper() in INTERVALS):
        yield Refusal(
            "interval", "an interval is one whole number of months or years; write INTERVAL 1 MONTH, and add days as d + 7 or d + n"
        )


def date_trunc_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of date_trunc to anything but a date."""
    if node.args["unit"].name.upper() not in TRUNCATED:
        yield Refusal("date-trunc", "date_trunc takes 'year', 'quarter', 'month' or 'week' here")
    if not (isinstance(node.parent, exp.Cast) and node.parent.to.this.name == "DATE"):
        yield Refusal("date-trunc", "date_trunc gives a timestamp; write CAST(date_trunc('month', d) AS DATE)")


def extract_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of the parts of a date that the engines number differently."""
    unit = node.this.name.upper()
    if isinstance(node.this, exp.Literal):
        yield Refusal("extract", f"the quotes around '{node.this.name}' are DuckDB's own; write extract(year FROM d)")
        return
    if unit in UNITS | TIME_UNITS:
        return
    instead = {
        "EPOCH": "count days as CAST(b - a AS INTEGER)",
        "DOW": "count days since a Monday: CAST(d - DATE '2000-01-03' AS INTEGER) % 7",
        "DAYOFWEEK": "count days since a Monday: CAST(d - DATE '2000-01-03' AS INTEGER) % 7",
        "ISODOW": "count days since a Monday: CAST(d - DATE '2000-01-03' AS INTEGER) % 7",
    }.get(unit, "extract year, quarter, month, week, day, hour or minute")
    yield Refusal("extract", f"extract({unit.lower()}) differs between the engines; {instead}")


def like_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of patterns that aren't a written prefix."""
    pattern = node.expression
    if not (isinstance(pattern, exp.Literal) and pattern.is_string and pattern.this and pattern.this[0] not in "%_"):
        yield Refusal(
            "like",
            "LIKE takes a written prefix here, as in a LIKE 'A0%'; map other codes to what they mean in a table, and join on equality",
        )


def cut_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of positions and lengths in left, right, substring and lpad that aren't written numbers from 1 up."""
    if isinstance(node, exp.Pad) and node.args.get("fill_pattern") is None:
        yield Refusal("lpad", "without what to fill up with it is Spark's own; write lpad(x, 3, ' ')")
    numbers = [node.args.get("start"), node.args.get("length")] if isinstance(node, exp.Substring) else [node.expression]
    if any(number is not None and not _from_one(number) for number in numbers):
        yield Refusal("text-position", "the engines differ for positions below 1; write the position and length as numbers from 1 up")


def _from_one(number: exp.Expression) -> bool:
    return isinstance(number, exp.Literal) and not number.is_string and number.this.isdigit() and int(number.this) >= 1


def trim_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of trimming anything but plain spaces from both ends."""
    if node.expression is None:
        yield Refusal(
            "trim", "DuckDB's trim takes no-break and other spaces off too, and Spark's the plain ones alone; write trim(BOTH ' ' FROM x)"
        )
    elif node.args.get("position") != "BOTH" or node.expression.name != " ":
        yield Refusal("trim", "trim takes plain spaces off both ends here; write trim(BOTH ' ' FROM x), and replace() for other characters")


def alias_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of money that has a fraction."""
    if node.alias.lower().endswith("_pence") and kind_of(node.this, context.names) is Kind.FRACTION:
        yield Refusal("money", f"{node.alias} would be a fraction; money is whole pence: write CAST(round(x) AS BIGINT)")

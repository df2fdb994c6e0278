"""What the values of a column look like: their shapes, how dates are written, and what kind of thing they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from joinedup.engine import files_values as values
from joinedup.engine.files_lines import Connection, quoted
from joinedup.sources.contract import ContractSpec
from joinedup.sources.naming_people import common_names

EARLIEST_YEAR, LATEST_YEAR = 1800, 2199
STYLES_OF = 500
"""Distinct values by which the style of dates is told."""
MOSTLY, SOME, TRACE = 0.8, 0.2, 0.02
"""Shares of a column's values: it holds a thing, it may hold it, it holds a trace of it."""
BIRTHS = timedelta(days=15 * 365)
"""Dates whose middle nine tenths lie further apart are dates of birth rather than of events; ours."""
STYLES = (*ContractSpec.model_fields["date_styles"].default, *values.MONTH_FIRST)
TWO_DIGIT_STYLES = (
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%b-%y",
    "%d-%m-%y",
    "%y%m%d",
    "%d.%m.%y",
    "%d %b %y",
    "%d/%m/%Y %I:%M %p",
    "%d/%m/%y %H:%M",
    "%b %d %Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
)
"""Ways to write a date that landing reads only where sources.yml says so."""
SHAPES = {
    "ten": "regexp_full_match(n, '\\d{10}')",
    "postcode": "regexp_full_match(upper(v), '[A-Z]{1,2}\\d[A-Z\\d]? *\\d[A-Z]{2}')",
    "email": "contains(v, '@')",
    "phone": "regexp_full_match(n, '(\\+44|0)[1237]\\d{8,9}')",
    "street": "regexp_matches(v, '^\\d+[A-Za-z]?,? [A-Z][a-z]+ ')",
    "lsoa": "regexp_full_match(upper(v), '[EW]01\\d{6}')",
    "practice": "regexp_full_match(upper(v), '[A-Z]\\d{5}|INV\\d\\d')",
    "icd": "regexp_full_match(upper(v), '[A-TV-Z]\\d{2}(\\.?[\\dX][\\dX]?)?[AD*+]?')",
    "snomed": "regexp_full_match(v, '\\d{6,18}')",
    "whole": "regexp_full_match(v, '[+-]?(\\d{1,3}(,\\d{3})+|\\d{1,15})(\\.0*)?')",
    "number": "regexp_full_match(v, '-?£?-?(\\d{1,3}(,\\d{3})+|\\d*)(\\.\\d+)?') AND regexp_matches(v, '\\d')",
    "time": "regexp_full_match(v, '\\d{1,2}:\\d{2}(:\\d{2}(\\.\\d+)?)?')",
    "long": "length(v) > 40 OR length(v) - length(replace(v, ' ', '')) >= 5",
    "capital": "regexp_full_match(v, '[A-Z][a-z''-]+( [A-Z][a-z''-]+)?')",
    "code": "length(v) <= 20 AND NOT contains(v, ' ')",
    "zero": "regexp_full_match(v, '0\\d+')",
    "dateish": "regexp_full_match(v, '\\d{8}|\\d{6}|\\d{1,4}[-/. ](\\d{1,2}|[A-Za-z]{3,9})[-/. ]\\d{2,4}([ T].*)?"
    "|\\d{1,2}[A-Za-z]{3,9}\\d{2,4}|[A-Za-z]{3,9} \\d{1,2},? \\d{4}')",
}
"""What a value v may look like; n is the value without spaces and hyphens."""


def shapes_of(con: Connection, at: int) -> dict[str, float]:
    """The share of a column's values that has each shape."""
    shares = ", ".join(f"avg(CASE WHEN {sql} THEN 1.0 ELSE 0.0 END) AS {quoted(name)}" for name, sql in SHAPES.items())
    digits = " + ".join(f"{11 - place} * CAST(substring(n, {place}, 1) AS INTEGER)" for place in range(1, 11))
    check = f"CASE WHEN regexp_full_match(n, '\\d{{10}}') AND n <> repeat(left(n, 1), 10) THEN ({digits}) % 11 = 0 ELSE false END"
    names = values.values_sql(sorted(common_names()))
    sql = f"""
        SELECT {shares}, avg(CASE WHEN {check} THEN 1.0 ELSE 0.0 END) AS nhs, avg(length(v)) AS length,
            avg(CASE WHEN split_part(replace(lower(v), ',', ' '), ' ', 1) IN {names} THEN 1.0 ELSE 0.0 END) AS known_name
        FROM (SELECT c{at} AS v, translate(c{at}, ' -', '') AS n FROM looked_at WHERE c{at} IS NOT NULL)
    """
    result = con.execute(sql)
    columns = [column[0] for column in result.description]
    return {name: float(share or 0) for name, share in zip(columns, result.fetchall()[0], strict=True)}


def date_style(con: Connection, at: int, shapes: Mapping[str, float]) -> tuple[str, float]:
    """How the dates of a column are written, and the share of its values that are dates so written."""
    if shapes["dateish"] < SOME:
        return "", 0.0
    every = con.execute(f"SELECT DISTINCT c{at} FROM looked_at WHERE c{at} IS NOT NULL ORDER BY 1 LIMIT {STYLES_OF}").fetchall()
    style = max((*STYLES, *TWO_DIGIT_STYLES), key=lambda style: sum(_written_so(value, style) for (value,) in every))
    likely = f"coalesce({values.likely_date_sql(values.date_sql('v', [style]))}, false)"
    share = con.execute(
        f"SELECT avg(CASE WHEN {likely} THEN 1.0 ELSE 0.0 END) FROM (SELECT c{at} AS v FROM looked_at WHERE c{at} IS NOT NULL)"
    ).fetchall()[0][0]
    return style, float(share or 0)


def _written_so(value: str, style: str) -> bool:
    """Whether a value is a date so written."""
    try:
        return EARLIEST_YEAR <= datetime.strptime(value.strip(), style).year <= LATEST_YEAR
    except ValueError:
        return False


def kind_of(shapes: Mapping[str, float], dates: float, distinct: int, filled: int) -> tuple[str, float]:
    """What a column holds, and the share of its values that do."""
    if dates >= MOSTLY / 2 and dates >= shapes["time"]:
        return "date", dates
    if shapes["time"] >= MOSTLY:
        return "time", shapes["time"]
    digits = max(shapes["whole"], shapes["snomed"])
    if digits >= MOSTLY and (shapes["zero"] >= SOME or shapes["length"] > 7):
        return "code", digits
    if shapes["whole"] >= MOSTLY:
        return "whole number", shapes["whole"]
    if shapes["number"] >= MOSTLY:
        return "number", shapes["number"]
    return ("code", shapes["code"]) if shapes["code"] >= MOSTLY and shapes["length"] <= 14 else ("text", 1.0)


def births(con: Connection, at: int, style: str) -> float:
    """1 where the middle nine tenths of a column's dates lie further apart than those of events do."""
    read = values.date_sql(f"c{at}", [style])
    early, late = con.execute(f"""
        SELECT quantile_disc(r, 0.05), quantile_disc(r, 0.95)
        FROM (SELECT {read} AS r FROM looked_at) WHERE {values.likely_date_sql("r")} AND r > DATE '1900-01-01'
    """).fetchall()[0]
    return float(isinstance(early, date) and late - early > BIRTHS)

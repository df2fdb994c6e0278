"""The SQL of measure_fine, written from lines whose tables and columns were checked when they were read.

Numbers, dates and true or false stand in it as they are; texts are rows of measure_value.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from joinedup.engine.specs import ColumnType
from joinedup.outcomes.measure_lines import PEOPLE, Condition, Line

KEYS = (
    "month",
    "practice_code",
    "neighbourhood_id",
    "pcn_code",
    "ward_code",
    "deprivation_fifth",
    "sex",
    "ethnic_group",
    "segment_id",
    "age_band_order",
    "provider_code",
)
OF_PERSON = ("ward_code", "deprivation_fifth", "sex", "ethnic_group", "segment_id")
EMPTY = """\
SELECT
    CAST(NULL AS STRING) AS line_id, m.month, CAST(NULL AS STRING) AS practice_code, CAST(NULL AS STRING) AS neighbourhood_id,
    CAST(NULL AS STRING) AS pcn_code,
    w.ward_code, w.deprivation_fifth, w.sex, w.ethnic_group, w.segment_id,
    CAST(NULL AS INTEGER) AS age_band_order, CAST(NULL AS STRING) AS provider_code, CAST(NULL AS BIGINT) AS each_amount,
    CAST(0 AS BIGINT) AS events, CAST(0 AS BIGINT) AS amount, CAST(NULL AS BIGINT) AS amount_squares
FROM place_year_month AS m
INNER JOIN measure_person AS w ON w.year_starts = m.year_starts
WHERE FALSE
"""


def fine_sql(lines: Mapping[str, Line]) -> str:
    """The counts of all lines at the finest grain: a CTE for each table that they read, and a SELECT for each line."""
    if not lines:
        return EMPTY
    tables = sorted({line.table for line in lines.values()})
    ctes = [people_cte(lines) if table == PEOPLE else _events(table, lines) for table in tables]
    return "WITH " + ",\n".join(ctes) + "\n" + "\nUNION ALL\n".join(_counted(name, line) for name, line in lines.items()) + "\n"


def _columns(table: str, lines: Mapping[str, Line]) -> list[str]:
    """The table's own columns that its lines ask for, beyond the keys."""
    asked = {name for line in lines.values() if line.table == table for name in (*(c.column for c in line.conditions), line.amount) if name}
    return sorted(asked - set(KEYS))


def _events(table: str, lines: Mapping[str, Line]) -> str:
    own = "".join(f",\n        e.{name}" for name in _columns(table, lines))
    person = "".join(f"        w.{name},\n" for name in OF_PERSON)
    return f"""\
of_{table} AS (
    SELECT
        m.month,
        e.practice_code,
        e.neighbourhood_id,
        n.code AS pcn_code,
{person}\
        CASE WHEN e.age >= 90 THEN 18 ELSE CAST(floor(e.age / 5) AS INTEGER) END AS age_band_order,
        e.provider_code{own}
    FROM {table} AS e
    INNER JOIN place_year_month AS m ON m.month = CAST(date_trunc('month', e.on_date) AS DATE)
    LEFT JOIN measure_person AS w ON w.person_id = e.person_id AND w.year_starts = m.year_starts
    LEFT JOIN place_neighbourhood AS n ON n.neighbourhood_id = e.neighbourhood_id
)"""


def people_cte(lines: Mapping[str, Line]) -> str:
    """People's days by month: somebody's age is that of the first of the month, as births are known by month."""
    flags = [name for name in _columns(PEOPLE, lines) if name not in ("age", "person_days")]
    own = "".join(f",\n        y.{name}" for name in flags)
    joined = "\n    LEFT JOIN person_year AS y ON y.person_id = s.person_id AND y.year_starts = m.year_starts" if flags else ""
    person = "".join(f"        w.{name},\n" for name in OF_PERSON)
    passed = "".join(f", {name}" for name in flags)
    return f"""\
there AS (
    SELECT
        m.month,
        s.practice_code,
        s.neighbourhood_id,
        n.code AS pcn_code,
{person}\
        CAST(NULL AS STRING) AS provider_code,
        CAST(floor((
            (extract(YEAR FROM m.month) - extract(YEAR FROM p.birth_month)) * 12
            + extract(MONTH FROM m.month) - extract(MONTH FROM p.birth_month)
        ) / 12) AS INTEGER) AS age,
        CAST(least(s.ends, m.month_end) - greatest(s.starts, m.month) AS INTEGER) AS person_days{own}
    FROM counted_spell AS s
    INNER JOIN person AS p ON p.person_id = s.person_id
    CROSS JOIN place_year_month AS m
    LEFT JOIN measure_person AS w ON w.person_id = s.person_id AND w.year_starts = m.year_starts
    LEFT JOIN place_neighbourhood AS n ON n.neighbourhood_id = s.neighbourhood_id{joined}
    WHERE coalesce(s.starts < m.month_end, TRUE) AND coalesce(m.month < s.ends, TRUE)
),
of_people AS (
    SELECT
        month, practice_code, neighbourhood_id, pcn_code, {", ".join(OF_PERSON)}, provider_code, age,
        CASE WHEN age >= 90 THEN 18 ELSE CAST(floor(age / 5) AS INTEGER) END AS age_band_order,
        person_days{passed}
    FROM there
)"""


def _counted(name: str, line: Line) -> str:
    keys = ", ".join(f"e.{key}" for key in KEYS)
    conditions = [holds(name, condition) for condition in line.conditions]
    amount = f"e.{line.amount}" if line.amount else None
    if amount and line.table != PEOPLE:
        conditions.append(f"{amount} IS NOT NULL")
    where = "\nWHERE " + "\n    AND ".join(conditions) if conditions else ""
    each = f"CAST({amount} AS BIGINT)" if line.each and amount else "CAST(NULL AS BIGINT)"
    squares = amount and line.table != PEOPLE and not line.amount.endswith("_pence") if line.amount else None
    total = f"CAST(sum({amount}) AS BIGINT)" if amount else "count(*)"
    square = f"CAST(sum(CAST({amount} AS BIGINT) * {amount}) AS BIGINT)" if squares else ("CAST(NULL AS BIGINT)" if amount else "count(*)")
    grouped = f"{keys}, {amount}" if line.each else keys
    return f"""\
SELECT
    '{name}' AS line_id, {keys}, {each} AS each_amount,
    count(*) AS events, {total} AS amount, {square} AS amount_squares
FROM of_{line.table} AS e{where}
GROUP BY {grouped}"""


def holds(name: str, condition: Condition, of: str = "e") -> str:
    """One condition, as SQL, on the columns of a table by its alias."""
    column = f"{of}.{condition.column}"
    if condition.begins or (condition.values and condition.type is ColumnType.STRING):
        return _is_listed(name, condition, column)
    if condition.type is ColumnType.BOOLEAN:
        either = [column if value else f"NOT {column}" for value in condition.values]
        return either[0] if len(either) == 1 else f"({' OR '.join(either)})"
    if condition.values:
        listed = [_literal(value) for value in condition.values]
        return f"{column} = {listed[0]}" if len(listed) == 1 else f"{column} IN ({', '.join(listed)})"
    limits = [(">=", condition.least), ("<", condition.below)]
    return " AND ".join(f"{column} {sign} {_literal(value)}" for sign, value in limits if value is not None)


def _is_listed(name: str, condition: Condition, column: str) -> str:
    """Texts are looked up in measure_value, those that only begin so by as many letters."""
    lengths = sorted({len(text) for text in condition.begins}) or [0]
    asked = [f"left({column}, {length})" if length else column for length in lengths]
    found = [
        f"EXISTS (SELECT v.text_value FROM measure_value AS v"
        f" WHERE v.line_id = '{name}' AND v.column_name = '{condition.column}' AND v.text_value = {text})"
        for text in asked
    ]
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})"


def _literal(value: object) -> str:
    return f"DATE '{value}'" if isinstance(value, date) else str(value)

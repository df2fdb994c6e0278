"""What the linter lets through gives the same answers on both engines: nulls, negative numbers, month ends, leap days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from joinedup.engine.cases import same_value
from joinedup.engine.engines import Engine
from joinedup.engine.portable import findings_of
from joinedup.engine.portable_fixes import fixed
from joinedup.engine.portable_lessons import Example, examples, is_query, query
from joinedup.engine.portable_words import FUNCTIONS
from joinedup.engine.rows import same_rows

from .made_up import rows, table

THING = table(
    "thing", {"id": "INTEGER", "n": "BIGINT", "i": "INTEGER", "x": "DOUBLE", "s": "STRING", "d": "DATE", "e": "DATE", "b": "BOOLEAN"}
)
THINGS = rows(
    THING,
    (1, 7, 3, 2.5, "  Ann Lee ", date(2024, 1, 31), date(2024, 2, 29), True),
    (2, -7, -3, -2.5, "M17.1", date(2024, 2, 29), date(2025, 2, 28), False),
    (3, 0, 0, 0.0, "", date(2023, 12, 31), date(2023, 12, 31), None),
    (4, None, None, None, None, None, None, None),
    (5, 9_007_199_254_740_993, 20_000, 1e-9, "é€𝄞 long", date(1900, 2, 28), date(2100, 3, 1), True),
    (6, -1, 1, -0.4999, "a_b%c", date(2000, 2, 29), date(1999, 3, 31), False),
)

# Each gives one value a row. What stands after the arrow is the answer for rows 1, 2 and 4 where it is worth saying.
VALUES = {
    "n + i": (10, -10, None),
    "n - i * 2": (1, -1, None),
    "CAST(floor(x) AS INTEGER)": (2, -3, None),
    "CAST(ceil(x) AS INTEGER)": (3, -2, None),
    "CAST(round(x) AS BIGINT)": (3, -3, None),
    "CAST(floor(CAST(n AS DOUBLE) / 2) AS BIGINT)": (3, -4, None),
    "n % 3": (1, -1, None),
    "n / 2": (3.5, -3.5, None),
    "n / nullif(i, 0)": (7 / 3, 7 / 3, None),
    "abs(i) + abs(x)": (5.5, 5.5, None),
    "-i": (-3, 3, None),
    "sqrt(abs(x + i))": (5.5**0.5, 5.5**0.5, None),
    "x * CAST(0.1 AS DOUBLE)": (0.25, -0.25, None),
    "least(i, 1, n)": (1, -7, 1),
    "greatest(i, n)": (7, -3, None),
    "coalesce(n, i, -1)": (7, -7, -1),
    "nullif(i, 3)": (None, -3, None),
    "CASE WHEN n > 0 THEN 'more' WHEN n < 0 THEN 'less' ELSE 'neither' END": ("more", "less", "neither"),
    "CASE i WHEN 3 THEN 1 WHEN -3 THEN 2 END": (1, 2, None),
    "CAST(i AS BIGINT)": (3, -3, None),
    "CAST(b AS INTEGER)": (1, 0, None),
    "CAST(i AS STRING) || '-' || s": ("3-  Ann Lee ", "-3-M17.1", None),
    "coalesce(s, '') || 'x'": ("  Ann Lee x", "M17.1x", "x"),
    "trim(BOTH ' ' FROM s)": ("Ann Lee", "M17.1", None),
    "upper(trim(BOTH ' ' FROM s))": ("ANN LEE", "M17.1", None),
    "lower(s)": ("  ann lee ", "m17.1", None),
    "length(s)": (10, 5, None),
    "left(s, 3)": ("  A", "M17", None),
    "right(s, 2)": ("e ", ".1", None),
    "substring(s, 2, 3)": (" An", "17.", None),
    "substring(s, 4)": ("nn Lee ", ".1", None),
    "replace(s, '.', '')": ("  Ann Lee ", "M171", None),
    "lpad(CAST(abs(i) AS STRING), 4, '0')": ("0003", "0003", None),
    "s LIKE 'M17%'": (False, True, None),
    "s IN ('M17.1', 'x')": (False, True, None),
    "s NOT IN ('M17.1', 'x')": (True, False, None),
    "n BETWEEN -7 AND 6": (False, True, None),
    "n IS NULL OR b IS NOT NULL": (True, True, True),
    "NOT b": (False, True, None),
    "b AND n > 0": (True, False, None),
    "n IS NOT DISTINCT FROM i": (False, False, True),
    "n IS DISTINCT FROM 7": (False, True, True),
    "s < 'a'": (True, True, None),
    "CAST(e - d AS INTEGER)": (29, 365, None),
    "d + 1": (date(2024, 2, 1), date(2024, 3, 1), None),
    "d - 60": (date(2023, 12, 2), date(2023, 12, 31), None),
    "d + i": (date(2024, 2, 3), date(2024, 2, 26), None),
    "CAST(d + INTERVAL 1 MONTH AS DATE)": (date(2024, 2, 29), date(2024, 3, 29), None),
    "CAST(d - INTERVAL 1 MONTH AS DATE)": (date(2023, 12, 31), date(2024, 1, 29), None),
    "CAST(d + INTERVAL 1 YEAR AS DATE)": (date(2025, 1, 31), date(2025, 2, 28), None),
    "d - 30": (date(2024, 1, 1), date(2024, 1, 30), None),
    "extract(year FROM d) * 100 + extract(month FROM d)": (202401, 202402, None),
    "extract(quarter FROM e)": (1, 1, None),
    "extract(week FROM d)": (5, 9, None),
    "extract(day FROM e)": (29, 28, None),
    "CAST(date_trunc('month', e) AS DATE)": (date(2024, 2, 1), date(2025, 2, 1), None),
    "CAST(date_trunc('quarter', d) AS DATE)": (date(2024, 1, 1), date(2024, 1, 1), None),
    "CAST(date_trunc('year', d) AS DATE)": (date(2024, 1, 1), date(2024, 1, 1), None),
    "CAST(date_trunc('week', d) AS DATE)": (date(2024, 1, 29), date(2024, 2, 26), None),
    "CAST(d - DATE '2000-01-03' AS INTEGER) % 7": (2, 3, None),
    "make_date(2024, 2, 29)": (date(2024, 2, 29), date(2024, 2, 29), date(2024, 2, 29)),
    "d >= DATE '2024-02-01' AND d < DATE '2024-03-01'": (False, True, None),
    "CAST(d AS STRING)": ("2024-01-31", "2024-02-29", None),
    "CAST(CAST(d AS STRING) AS DATE)": (date(2024, 1, 31), date(2024, 2, 29), None),
    "CAST(floor(TRY_CAST(left(s, 1) AS DOUBLE)) AS INTEGER)": (None, None, None),
    "extract(hour FROM CAST(CAST(d AS STRING) || ' 10:11:12' AS TIMESTAMP)) + extract(minute FROM TIMESTAMP '2024-02-29 10:11:12')": (
        21,
        21,
        None,
    ),
    "EXISTS (SELECT 1 FROM thing AS other WHERE other.id = thing.id + 1)": (True, True, True),
    "(SELECT max(other.n) FROM thing AS other)": (9_007_199_254_740_993,) * 3,
}

QUERIES = {
    "aggregates": """SELECT b, count(*) AS c, count(n) AS cn, count(DISTINCT left(s, 1)) AS cd,
        CAST(sum(n) AS BIGINT) AS sn, CAST(sum(x) AS DOUBLE) AS sx,
        min(d) AS mi, max(s) AS ma, avg(i) AS av, median(x) AS me, bool_or(n > 0) AS bo, bool_and(n > 0) AS ba,
        count(*) FILTER (WHERE n < 0) AS cf, CAST(sum(i) FILTER (WHERE n > 100) AS BIGINT) AS sf
        FROM thing GROUP BY b""",
    "an aggregate of nothing": """SELECT count(*) AS c, CAST(sum(n) AS BIGINT) AS s, max(d) AS m, median(n) AS me, bool_or(b) AS bo
        FROM thing WHERE id > 99""",
    "grouping sets": """SELECT b, extract(year FROM d) AS y, count(*) AS c, grouping(b) AS g FROM thing
        GROUP BY GROUPING SETS ((b, extract(year FROM d)), (b), ())""",
    "running sums and ranks": """SELECT id, row_number() OVER (PARTITION BY b ORDER BY n DESC NULLS LAST, id NULLS LAST) AS r,
        rank() OVER (ORDER BY b NULLS FIRST) AS k, dense_rank() OVER (ORDER BY b NULLS LAST) AS dk,
        lag(s) OVER (ORDER BY id NULLS LAST) AS l, lead(n, 2, -1) OVER (ORDER BY id NULLS LAST) AS le,
        CAST(sum(n) OVER (PARTITION BY b ORDER BY id NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS sm,
        max(d) OVER (ORDER BY id NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS m, count(*) OVER (PARTITION BY b) AS c
        FROM thing""",
    "joins": """SELECT a.id, b.id AS other, c.id AS third FROM thing AS a LEFT JOIN thing AS b ON b.i = a.id AND b.d < a.e
        FULL JOIN (SELECT thing.id + 4 AS id FROM thing) AS c ON c.id = a.id""",
    "every pair": "SELECT a.id, b.id AS other FROM thing AS a CROSS JOIN thing AS b WHERE a.n < b.n",
    "joins by one name": "SELECT id, a.n, b.s FROM thing AS a JOIN thing AS b USING (id)",
    "not there": """SELECT id FROM thing AS a WHERE NOT EXISTS (SELECT 1 FROM thing AS b WHERE b.n = -a.n)
        AND a.id NOT IN (SELECT c.id FROM thing AS c WHERE c.id > 4)""",
    "sets": "SELECT left(s, 1) AS v FROM thing UNION SELECT 'é' UNION ALL SELECT 'M' EXCEPT SELECT 'a'",
    "both": "SELECT b FROM thing INTERSECT SELECT b FROM thing WHERE id > 1",
    "distinct": "SELECT DISTINCT b, n > 0 AS p FROM thing",
    "values": """SELECT v.code, v.label, thing.id FROM (VALUES ('M', 'bone'), ('a', CAST(NULL AS STRING))) AS v(code, label)
        LEFT JOIN thing ON left(thing.s, 1) = v.code""",
    "having": "SELECT b, count(*) AS c FROM thing GROUP BY b HAVING count(*) > 1 AND sum(i) > -9",
    "steps": """WITH one AS (SELECT id, n FROM thing), two AS (SELECT one.id, one.n + 1 AS n FROM one WHERE one.n > 0)
        SELECT two.id, two.n FROM two""",
}


def scalar_query() -> str:
    columns = ",\n".join(f"{value} AS v{index}" for index, value in enumerate(VALUES))
    return f"SELECT thing.id,\n{columns}\nFROM thing"


def test_every_allowed_function_is_tried() -> None:
    words = {word for text in (*VALUES, *QUERIES.values()) for word in text.replace("(", " ( ").lower().split()}
    assert sorted(FUNCTIONS - words) == []


@pytest.mark.parametrize("sql", [scalar_query(), *QUERIES.values()], ids=["values of a row", *QUERIES])
def test_what_is_tried_passes_the_linter(sql: str) -> None:
    assert findings_of(sql, "tried.sql", {"thing": THING}) == []


def test_values_are_the_expected_ones(engine: Engine) -> None:
    engine.show("thing", THINGS)
    found = {row["id"]: row for row in engine.rows(THING, scalar_query()).to_pylist()}
    wrong = {
        value: got
        for index, (value, expected) in enumerate(VALUES.items())
        if (got := tuple(found[row][f"v{index}"] for row in (1, 2, 4))) != expected
    }
    assert wrong == {}


@pytest.mark.spark
@pytest.mark.parametrize("sql", [scalar_query(), *QUERIES.values()], ids=["values of a row", *QUERIES])
def test_spark_agrees_with_duckdb(sql: str, duck_engine: Engine, spark_engine: Engine) -> None:
    duck_engine.show("thing", THINGS)
    spark_engine.show("thing", THINGS)
    duck, spark = duck_engine.rows(THING, sql), spark_engine.rows(THING, sql)
    assert duck.column_names == spark.column_names
    assert duck.num_rows > 0
    assert same_rows(duck, spark.cast(duck.schema)) == []


LOAN = examples().table
LOANS = rows(LOAN, *examples().rows)
PORTABLE = list(dict.fromkeys(each.portable for each in examples().examples))


def answer(engine: Engine, sql: str) -> pa.Table | None:
    """What an engine gives, or None where it gives nothing."""
    try:
        return engine.rows(LOAN.model_copy(update={"sql": sql}), sql)
    except Exception:  # whatever an engine says of SQL that is refused
        return None


def same_type(one: pa.DataType, other: pa.DataType) -> bool:
    whole = pa.types.is_integer(one) and pa.types.is_integer(other)
    return whole or one == other or pa.null() in (one, other)


def values(table: pa.Table) -> list[list[object]]:
    """The rows, in an order of their own."""
    return sorted(([plain(value) for value in row.values()] for row in table.to_pylist()), key=repr)


def plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


def what_comes_of(sql: str, duck: Engine, spark: Engine) -> str:
    """Whether a query runs, and alike, in the words of the lessons."""
    one, other = answer(duck, sql), answer(spark, sql)
    if one is None or other is None:
        return "neither" if one is other else "spark" if one is None else "duckdb"
    found, expected = values(one), values(other)
    alike = len(found) == len(expected) and all(map(same_type, one.schema.types, other.schema.types))
    pairs = [pair for a, b in zip(found, expected, strict=False) for pair in zip(a, b, strict=True)]
    return "alike" if alike and all(same_value(*pair) for pair in pairs) else "differ"


@pytest.mark.spark
def test_lessons_say_rightly_what_comes_of_what_is_refused(duck_engine: Engine, spark_engine: Engine) -> None:
    duck_engine.show("loan", LOANS)
    spark_engine.show("loan", LOANS)
    wrong = {
        each.refused: came
        for each in examples().examples
        if (came := what_comes_of(query(each.refused), duck_engine, spark_engine)) != each.runs
    }
    assert wrong == {}


@pytest.mark.spark
def test_what_lessons_say_to_write_gives_the_same_on_both_engines(duck_engine: Engine, spark_engine: Engine) -> None:
    duck_engine.show("loan", LOANS)
    spark_engine.show("loan", LOANS)
    written = [each for each in PORTABLE if not is_query(each)]
    all_values = f"SELECT loan_id, {', '.join(f'{value} AS v{at}' for at, value in enumerate(written))} FROM loan"
    assert what_comes_of(all_values, duck_engine, spark_engine) == "alike"
    assert {each for each in PORTABLE if is_query(each) and what_comes_of(each, duck_engine, spark_engine) != "alike"} == set()


def test_what_is_mended_gives_on_duckdb_what_it_gave(duck_engine: Engine) -> None:
    duck_engine.show("loan", LOANS)
    for each in (each for each in examples().examples if each.mended and each.runs != "spark" and each.runs != "neither"):
        before, after = answer(duck_engine, query(each.refused)), answer(duck_engine, mended(each))
        assert before is not None, each
        assert after is not None, each
        assert values(before) == values(after), each


def mended(example: Example) -> str:
    return fixed(query(example.refused), {"loan": LOAN}).sql

"""What the linter refuses, where it points, and what it says to write instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinedup.engine.parse import inputs_of_sql
from joinedup.engine.portable import findings_of, refusals_of

from .made_up import table

REFUSED = {
    # different answers on the two engines, silently
    "SELECT CAST(x / 2 AS INTEGER) AS v FROM t": ("number-to-integer", "CAST(floor(x) AS INTEGER)"),
    "SELECT CAST(avg(x) AS BIGINT) AS v FROM t": ("number-to-integer", "CAST(round(x) AS INTEGER)"),
    "SELECT CAST(1.5 AS INTEGER) AS v": ("number-to-integer", "floor"),
    "WITH a AS (SELECT x / 2 AS half FROM t), b AS (SELECT half AS h FROM a) SELECT CAST(h AS INTEGER) AS v FROM b": (
        "number-to-integer",
        "floor",
    ),
    "SELECT CAST('12' AS INTEGER) AS v": ("text-to-integer", "CAST(floor(CAST(x AS DOUBLE)) AS INTEGER)"),
    "SELECT concat(a, b) AS v FROM t": ("function", "a || b"),
    "SELECT extract(dow FROM d) AS v FROM t": ("extract", "% 7"),
    "SELECT extract(epoch FROM d) AS v FROM t": ("extract", "CAST(b - a AS INTEGER)"),
    "SELECT round(x, 2) AS v FROM t": ("round", "round(x)"),
    "SELECT CAST(d - INTERVAL 30 DAY AS DATE) AS v FROM t": ("interval", "d + 7"),
    "SELECT 1.0 / 3 AS v": ("decimal", "CAST(1.0 AS DOUBLE)"),
    "SELECT TRY_CAST(s AS INTEGER) AS v FROM t": ("try-cast", "CAST(floor(TRY_CAST(x AS DOUBLE)) AS INTEGER)"),
    "SELECT TRY_CAST(s AS DATE) AS v FROM t": ("try-cast", "land the column"),
    "SELECT left(s, -1) AS v FROM t": ("text-position", "from 1 up"),
    "SELECT substring(s, 0, 2) AS v FROM t": ("text-position", "from 1 up"),
    "SELECT substring(s, n) AS v FROM t": ("text-position", "from 1 up"),
    "SELECT CAST(x / 2 AS STRING) AS v FROM t": ("number-to-text", "where it is shown"),
    "SELECT 'a' || x / 2 AS v FROM t": ("number-to-text", "where it is shown"),
    "SELECT CAST(s AS BOOLEAN) AS v FROM t": ("boolean", "x = 'Y'"),
    "SELECT hash(a) AS v FROM t": ("function", "join on the columns"),
    "SELECT 'a\\b' AS v FROM t": ("backslash", "table of codes"),
    "SELECT a ^ b AS v FROM t": ("power", "x * x"),
    # types that reach the file differently
    "SELECT sum(n) AS v FROM t": ("sum", "CAST(sum(x) AS BIGINT)"),
    "SELECT coalesce(sum(n) FILTER (WHERE n > 1), 0) AS v FROM t": ("sum", "CAST(sum(x) AS BIGINT)"),
    "SELECT floor(x) AS v FROM t": ("floor", "CAST(floor(x) AS INTEGER)"),
    "SELECT d + INTERVAL 1 MONTH AS v FROM t": ("interval", "CAST(d + INTERVAL 1 MONTH AS DATE)"),
    "SELECT date_trunc('month', d) AS v FROM t": ("date-trunc", "CAST(date_trunc('month', d) AS DATE)"),
    "SELECT CAST(date_trunc('day', d) AS DATE) AS v FROM t": ("date-trunc", "'month'"),
    "SELECT CAST(d + INTERVAL (n) MONTH AS DATE) AS v FROM t": ("interval", "INTERVAL 1 MONTH"),
    "SELECT x / 2 AS cost_pence FROM t": ("money", "CAST(round(x) AS BIGINT)"),
    "SELECT CAST(x AS DECIMAL(10, 2)) AS v FROM t": ("type", "DOUBLE"),
    "SELECT CAST(x AS FLOAT) AS v FROM t": ("type", "DOUBLE"),
    "SELECT CAST(d AS TIMESTAMPTZ) AS v FROM t": ("type", "TIMESTAMP"),
    # rows or ties in an order of the engine's own
    "SELECT n FROM t ORDER BY n": ("null-order", "NULLS LAST"),
    "SELECT row_number() OVER (PARTITION BY n ORDER BY m DESC) AS v FROM t": ("null-order", "NULLS LAST"),
    "SELECT row_number() OVER (PARTITION BY n) AS v FROM t": ("window-order", "ORDER BY"),
    "SELECT lag(n) OVER (ORDER BY upper(s) NULLS LAST) AS v FROM t": ("window-order", "column of the key"),
    "SELECT max(n) OVER (ORDER BY m NULLS LAST) AS v FROM t": ("frame", "ROWS BETWEEN"),
    "SELECT max(n) OVER (ORDER BY m NULLS LAST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS v FROM t": ("frame", "ROWS BETWEEN"),
    "SELECT row_number() OVER (ORDER BY m NULLS LAST ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS v FROM t": ("frame", "leave out ROWS"),
    "SELECT max(n) OVER w AS v FROM t WINDOW w AS (PARTITION BY m)": ("window", "OVER (…)"),
    "SELECT n FROM t LIMIT 5": ("not-portable", "row_number()"),
    "SELECT n FROM t ORDER BY n NULLS LAST LIMIT 5 OFFSET 2": ("not-portable", "row_number()"),
    "SELECT any_value(n) AS v FROM t": ("function", "row_number()"),
    "SELECT first(n) AS v FROM t": ("function", "row_number()"),
    "SELECT last_value(n) OVER (ORDER BY m NULLS LAST ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS v FROM t": ("function", "row_number()"),
    "SELECT n FROM t TABLESAMPLE (10 PERCENT)": ("not-portable", "take all rows"),
    "SELECT random() AS v FROM t": ("function", "made again"),
    "SELECT current_date AS v": ("not-portable", "as-at date"),
    "SELECT current_timestamp AS v": ("not-portable", "as-at date"),
    "SELECT now() AS v": ("function", "as-at date"),
    # an error on one engine, or on some rows
    "SELECT n / m AS v FROM t": ("division", "nullif(…, 0)"),
    "SELECT n % 0 AS v FROM t": ("division", "nullif(…, 0)"),
    "SELECT n / coalesce(m, 0) AS v FROM t": ("division", "nullif(…, 0)"),
    "SELECT DATE '2024-1-5' AS v": ("date-literal", "DATE '2026-03-31'"),
    # one engine's own words
    "SELECT CAST(n AS VARCHAR) AS v FROM t": ("text-type", "STRING"),
    "SELECT CAST(n AS text) AS v FROM t": ("text-type", "STRING"),
    "SELECT n::BIGINT AS v FROM t": ("double-colon", "CAST"),
    "SELECT t.n FROM t ANTI JOIN u ON t.n = u.n": ("semi-join", "NOT EXISTS"),
    "SELECT t.n FROM t LEFT SEMI JOIN u ON t.n = u.n": ("semi-join", "WHERE EXISTS"),
    "SELECT t.n FROM t ASOF JOIN u ON t.n >= u.n": ("join", "JOIN … ON"),
    "SELECT t.n FROM t NATURAL JOIN u": ("join", "JOIN … ON"),
    "SELECT t.n FROM t, u": ("join", "CROSS JOIN"),
    "SELECT n FROM t QUALIFY row_number() OVER (ORDER BY n NULLS LAST) = 1": ("not-portable", "WHERE of the next"),
    "SELECT date_diff('day', a, b) AS v FROM t": ("function", "CAST(b - a AS INTEGER)"),
    "SELECT strftime(d, '%Y') AS v FROM t": ("function", "extract()"),
    "SELECT strptime(s, '%Y') AS v FROM t": ("function", "land the column"),
    "SELECT to_date(s) AS v FROM t": ("function", "land the column"),
    "SELECT regexp_matches(s, 'a') AS v FROM t": ("function", "LIKE"),
    "SELECT s ILIKE 'a%' AS v FROM t": ("not-portable", "upper(a)"),
    "SELECT s LIKE '%a' AS v FROM t": ("like", "prefix"),
    "SELECT s LIKE u.pattern AS v FROM t JOIN u ON t.n = u.n": ("like", "join on equality"),
    "SELECT [1, 2] AS v": ("not-portable", "one value a row"),
    "SELECT {'a': 1} AS v": ("not-portable", "one value a row"),
    "SELECT s[1] AS v FROM t": ("not-portable", "one value a row"),
    "SELECT unnest(n) AS v FROM t": ("function", "one value a row"),
    "SELECT * FROM t": ("star", "name each column"),
    "SELECT t.* FROM t": ("star", "name each column"),
    "SELECT * EXCLUDE (n) FROM t": ("star", "name each column"),
    "FROM t SELECT n": ("from-first", "SELECT … FROM"),
    "FROM t": ("star", "name each column"),
    "SELECT DISTINCT ON (n) n, m FROM t": ("distinct-on", "row_number()"),
    "SELECT starts_with(s, 'a') AS v FROM t": ("function", "LIKE"),
    "SELECT frobnicate(s) AS v FROM t": ("function", "run alike"),
    "SELECT n // 2 AS v FROM t": ("whole-division", "floor"),
    "SELECT n & 1 AS v FROM t": ("not-portable", "run alike"),
    "SELECT n FROM t GROUP BY ALL": ("group", "name the columns"),
    "SELECT n FROM t GROUP BY ROLLUP (n)": ("not-portable", "GROUPING SETS"),
    "SELECT n FROM t UNION BY NAME SELECT n FROM u": ("union", "same order"),
    "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a) SELECT n FROM a": ("recursive", "calendar"),
    'SELECT "n" FROM t': ("name", "small letters"),
    "SELECT n FROM 'file.parquet'": ("name", "small letters"),
    "SELECT n FROM read_parquet('file.parquet')": ("function", "has a .yml"),
    "SELECT n FROM other.t": ("table", "plain name"),
    "SELECT ? AS v": ("not-portable", "table of parameters"),
    "SELECT count(DISTINCT a, b) AS v FROM t": ("distinct", "SELECT DISTINCT a, b"),
    "SELECT trim(s) AS v FROM t": ("trim", "trim(BOTH ' ' FROM x)"),
    "SELECT trim(LEADING ' ' FROM s) AS v FROM t": ("trim", "trim(BOTH ' ' FROM x)"),
    "SELECT lpad(s, 3) AS v FROM t": ("lpad", "lpad(x, 3, ' ')"),
    "SELECT upper(s) IN ('a', 10) AS v FROM t": ("text-as-number", "'10' beside text"),
    "SELECT upper(s) BETWEEN 1 AND 9 AS v FROM t": ("text-as-number", "'10' beside text"),
    "SELECT CASE upper(s) WHEN 'a' THEN 1 WHEN 10 THEN 2 END AS v FROM t": ("text-as-number", "'10' beside text"),
    "SELECT CASE WHEN b THEN 1 ELSE 'x' END AS v FROM t": ("text-as-number", "'10' beside text"),
    "SELECT coalesce(upper(s), 0) AS v FROM t": ("text-as-number", "'10' beside text"),
    "SELECT 1 + '1' AS v FROM t": ("text-as-number", "'10' beside text"),
    "SELECT count(*) AS v FROM t UNION ALL SELECT upper(s) FROM t": ("text-as-number", "'10' beside text"),
    "SELECT DATE '2026-03-31' < '2026' AS v FROM t": ("text-as-date", "write DATE"),
    "SELECT (n > 1) + 1 AS v FROM t": ("truth-as-number", "CASE WHEN b THEN 1"),
    "SELECT avg(n > 1) AS v FROM t": ("no-number", "count(*) FILTER"),
    "SELECT (n, m) = (1, 2) AS v FROM t": ("row-values", "a = 1 AND b = 2"),
    "SELECT n FROM t WHERE length(s) AND n > 1": ("condition", "n <> 0"),
    "SELECT count(*) FILTER (WHERE length(s)) AS v FROM t": ("condition", "n <> 0"),
    "SELECT trim(BOTH 'x' FROM s) AS v FROM t": ("trim", "replace()"),
    # not one SELECT
    "SELECT n FROM t;": ("one-select", "semicolon"),
    "SELECT n FROM t; SELECT m FROM t": ("one-select", "one SELECT"),
    "DELETE FROM t": ("one-select", "one SELECT"),
    "": ("one-select", "one SELECT"),
    "CREATE TABLE v AS SELECT 1 AS n": ("one-select", "one SELECT"),
    f"SELECT {'(' * 2000}1{')' * 2000} AS v": ("syntax", "nested too deeply"),
    "SELECT n FROM": ("syntax", "can't be read"),
    "SELECT 'n": ("syntax", "can't be read"),
    "SELECT {{ n }} FROM t": ("not-portable", "one value a row"),
}

ALLOWED = """-- Comments, /* of both kinds */ are for readers.
WITH numbered AS (
    SELECT
        t.person_id,
        t.d,
        row_number() OVER (PARTITION BY t.person_id ORDER BY t.d DESC NULLS LAST, t.source_row NULLS LAST) AS n
    FROM t
    LEFT JOIN u ON u.code = t.code AND u.starts <= t.d AND t.d < coalesce(u.ends, DATE '9999-12-31')
    WHERE NOT EXISTS (SELECT 1 FROM closed AS c WHERE c.code = t.code) AND t.code LIKE 'M17%'
)
SELECT
    person_id,
    count(*) FILTER (WHERE n > 1) AS repeats,
    CAST(sum(n) AS BIGINT) AS total,
    CAST(round(CAST(sum(n) AS DOUBLE) / nullif(count(*), 0)) AS BIGINT) AS mean_pence,
    CAST(0.5 AS DOUBLE) * avg(n) AS half,
    1.5e0 AS three_halves,
    CAST(date_trunc('month', max(d)) AS DATE) AS month
FROM numbered
GROUP BY GROUPING SETS ((person_id), ())
"""


@pytest.mark.parametrize(("sql", "told"), REFUSED.items(), ids=[sql[:60] for sql in REFUSED])
def test_refused_with_what_to_write_instead(sql: str, told: tuple[str, str]) -> None:
    rule, instead = told
    findings = findings_of(sql, "busy.sql")
    assert rule in {finding.rule for finding in findings}
    assert any(instead in finding.message for finding in findings if finding.rule == rule)
    assert all(finding.file == "busy.sql" and (finding.line == 1 or rule == "syntax") for finding in findings)


def test_allowed() -> None:
    assert findings_of(ALLOWED, "fine.sql") == []


def test_each_finding_points_at_its_line() -> None:
    sql = "SELECT\n    n,\n    concat(a, b) AS v,\n    n / m AS w\nFROM t\nWHERE s::DATE IS NULL\nORDER BY\n    n"
    assert [(finding.line, finding.rule) for finding in findings_of(sql, "x.sql")] == [
        (3, "function"), (4, "division"), (6, "double-colon"), (8, "null-order"),
    ]  # fmt: skip


def test_words_alone_are_found_on_their_line() -> None:
    sql = "WITH a AS (SELECT n FROM t)\nSELECT n,\n    CASE WHEN n = 1 THEN current_date END AS d\nFROM a\nWHERE n > ?\nGROUP BY ALL"
    found = {refusal.line: sql[slice(*(refusal.span or (0, 0)))] for refusal in refusals_of(sql)}
    assert found == {3: "current_date", 5: "?", 6: "GROUP BY"}


def test_types_of_the_tables_read_are_known() -> None:
    reads = {"t": table("t", {"id": "BIGINT", "x": "DOUBLE", "s": "STRING", "n": "BIGINT"})}
    sql = "SELECT CAST({} AS INTEGER) AS v FROM t"
    assert [f.rule for f in findings_of(sql.format("x"), "x.sql", reads)] == ["number-to-integer"]
    assert [f.rule for f in findings_of(sql.format("coalesce(max(x), 0)"), "x.sql", reads)] == ["number-to-integer"]
    assert [f.rule for f in findings_of(sql.format("s"), "x.sql", reads)] == ["text-to-integer"]
    assert findings_of(sql.format("n"), "x.sql", reads) == []
    assert findings_of(sql.format("round(x)"), "x.sql", reads) == []


def test_names_that_select_gives_are_not_for_its_own_where() -> None:
    reads = {"t": table("t", {"id": "BIGINT", "n": "BIGINT"})}
    for sql, told in {
        "SELECT n + 1 AS m FROM t WHERE m > 1": ["where-alias"],
        "SELECT n + 1 AS n FROM t WHERE n > 1": [],
        "WITH a AS (SELECT n + 1 AS m FROM t) SELECT m * 2 AS m FROM a WHERE m > 1": [],
        "SELECT n + 1 AS m FROM t WHERE EXISTS (SELECT 1 FROM t AS u WHERE u.n = t.n)": [],
        "SELECT n + 1 AS m FROM (VALUES (1, 2)) AS v(n, m) WHERE m > 1": [],
        "SELECT n + 1 AS m, count(*) FILTER (WHERE n > 1) AS c FROM t GROUP BY n HAVING count(*) > 1": [],
    }.items():
        assert [f.rule for f in findings_of(sql, "x.sql", reads)] == told, sql
    assert findings_of("SELECT n + 1 AS m FROM t WHERE m > 1", "x.sql") == []


def test_ties_are_broken_by_a_column_of_a_key() -> None:
    reads = {"t": table("t", {"id": "BIGINT", "n": "BIGINT"})}
    sql = """WITH a AS (SELECT id AS visit, id AS first, n FROM t), b AS (SELECT visit AS last, first, n FROM a)
        SELECT row_number() OVER (ORDER BY n NULLS LAST, {} NULLS LAST) AS v FROM b"""
    assert findings_of(sql.format("last"), "x.sql", reads) == findings_of(sql.format("first"), "x.sql", reads) == []
    assert [f.rule for f in findings_of(sql.format("n"), "x.sql", reads)] == ["window-order"]


WORDS = [
    "SELECT", "FROM", "WHERE", "a", "b", "t", "(", ")", ",", "*", "+", "/", "::", ".", "'x'", "1", "1.5", "NULL", "CASE", "WHEN",
    "END", "AS", "WITH", "UNION", "GROUP", "BY", "ORDER", "OVER", "NOT", "IN", "JOIN", "ON", "CAST", "DATE", ";", "{", "[", "\\",
    "é",
]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS)))
def test_any_text_is_read_without_an_error(words: list[str]) -> None:
    sql = " ".join(["SELECT a", *words])
    assert all(finding.message for finding in findings_of(sql, "x.sql"))
    assert all(name == name.lower() for name in inputs_of_sql(sql))

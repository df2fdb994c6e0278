"""What --fix mends, what it leaves to a person, and that it never changes an answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from joinedup.engine.duck import connect
from joinedup.engine.portable import refusals_of
from joinedup.engine.portable_fixes import FIXERS, fixed
from joinedup.engine.portable_known import Known

from .made_up import rows, table

THING = table(
    "thing",
    {"id": "INTEGER", "n": "BIGINT", "i": "INTEGER", "x": "DOUBLE", "s": "STRING", "d": "DATE", "e": "DATE", "b": "BOOLEAN"},
    required=["id"],
)
READS = {"thing": THING}
THINGS = rows(
    THING,
    (1, 7, 3, 2.5, "  Ann Lee ", date(2024, 1, 31), date(2024, 2, 29), True),
    (2, -7, -3, -2.5, "M17.1", date(2024, 2, 29), date(2025, 2, 28), False),
    (3, 0, 0, 0.0, "", date(2023, 12, 31), date(2023, 12, 31), None),
    (4, None, None, None, None, None, None, None),
    (5, 12, 12, 12.0, "M1", date(1900, 2, 28), date(2100, 3, 1), True),
)

MENDED = {
    "SELECT -1::BIGINT AS v FROM thing": "SELECT -CAST(1 AS BIGINT) AS v FROM thing",
    "SELECT (n + i)::TEXT::STRING AS v FROM thing": "SELECT CAST(CAST((n + i) AS STRING) AS STRING) AS v FROM thing",
    "SELECT thing.n::INT8 AS v FROM thing": "SELECT CAST(thing.n AS BIGINT) AS v FROM thing",
    "SELECT max(n)::BIGINT AS v -- of all ::\nFROM thing": "SELECT CAST(max(n) AS BIGINT) AS v -- of all ::\nFROM thing",
    "SELECT if(b,if(n > 0, 1, 2),3) AS v FROM thing":
        "SELECT CASE WHEN b THEN CASE WHEN n > 0 THEN 1 ELSE 2 END ELSE 3 END AS v FROM thing",
    "SELECT starts_with(s || 'x', 'M1') AS v FROM thing": "SELECT ((s || 'x') LIKE 'M1%') AS v FROM thing",
    "SELECT mod(n + 1, 2) * 3 AS v FROM thing": "SELECT ((n + 1) % 2) * 3 AS v FROM thing",
    "SELECT sum(t.n) FILTER (WHERE b) OVER (PARTITION BY b) AS v FROM thing AS t":
        "SELECT CAST(sum(t.n) FILTER (WHERE b) OVER (PARTITION BY b) AS BIGINT) AS v FROM thing AS t",
    "SELECT t.*, u.n AS m FROM thing AS t JOIN thing AS u USING (id)":
        "SELECT t.id, t.n, t.i, t.x, t.s, t.d, t.e, t.b, u.n AS m FROM thing AS t JOIN thing AS u USING (id)",
    "SELECT lag(s) OVER (ORDER BY id) AS v FROM thing WHERE n ISNULL": "SELECT lag(s) OVER (ORDER BY id) AS v FROM thing WHERE n IS NULL",
    "SELECT rank() OVER (ORDER BY id DESC) AS v FROM thing": "SELECT rank() OVER (ORDER BY id DESC NULLS LAST) AS v FROM thing",
    "SELECT b, i, count() AS v FROM thing GROUP BY CUBE(b, i)":
        "SELECT b, i, count(*) AS v FROM thing GROUP BY GROUPING SETS ((b, i), (b), (i), ())",
    "SELECT datediff('day', d, thing.e) AS v FROM thing;": "SELECT CAST(thing.e - d AS INTEGER) AS v FROM thing",
    "SELECT id FROM thing WHERE (b)\nORDER BY id": "SELECT id FROM thing WHERE b\nORDER BY id NULLS LAST",
}  # fmt: skip

LEFT = [
    "SELECT DATE '2024-01-01'::STRING AS v FROM thing",
    "SELECT CASE WHEN b THEN 1 END::STRING AS v FROM thing",
    "SELECT count(*) FILTER (WHERE b)::BIGINT AS v FROM thing",
    "SELECT n::DECIMAL(10, 2) AS v FROM thing",
    "SELECT n::INTEGER[] AS v FROM thing",
    "SELECT CAST(s AS VARCHAR(3)) AS v FROM thing",
    "SELECT CAST(s AS CHAR) AS v FROM thing",
    "SELECT concat(s, 'x') AS v FROM thing",
    "SELECT starts_with(s, 'a_b') AS v FROM thing",
    "SELECT starts_with(s, i) AS v FROM thing",
    "SELECT rank() OVER (ORDER BY n) AS v FROM thing",
    "SELECT rank() OVER (ORDER BY u.id) AS v FROM thing AS t LEFT JOIN thing AS u ON u.n = t.id",
    "WITH a AS (SELECT max(n) AS id FROM thing) SELECT rank() OVER (ORDER BY id) AS v FROM a",
    "SELECT date_diff('month', d, e) AS v FROM thing",
    "SELECT date_diff('day', CAST(d AS TIMESTAMP), e) AS v FROM thing",
    "WITH a AS (SELECT CAST(d AS TIMESTAMP) AS d, e FROM thing) SELECT date_diff('day', d, e) AS v FROM a",
    "WITH a AS (SELECT n / 2 AS n FROM thing) SELECT sum(n) AS v FROM a",
    "SELECT sum(n + i) AS v FROM thing",
    "SELECT sum(n) AS v FROM thing JOIN elsewhere ON elsewhere.id = thing.id",
    "SELECT * FROM thing JOIN thing AS u ON thing.id = u.id",
    "SELECT * EXCLUDE (n) FROM thing",
    "SELECT n, i FROM thing GROUP BY n, ROLLUP (i)",
    "SELECT n AS v FROM thing; SELECT 1",
    'SELECT "n" AS v FROM thing',
]


@pytest.mark.parametrize(("sql", "mended"), MENDED.items(), ids=[sql[:50] for sql in MENDED])
def test_mended(sql: str, mended: str) -> None:
    found = fixed(sql, READS)
    assert found.sql == mended
    assert found.fixes


@pytest.mark.parametrize("sql", LEFT, ids=[sql[:50] for sql in LEFT])
def test_left_to_a_person(sql: str) -> None:
    found = fixed(sql, READS)
    assert (found.sql, found.fixes) == (sql, ())
    assert found.left


def test_nothing_is_known_of_the_columns_of_several_queries_together() -> None:
    assert Known.of("SELECT n FROM thing UNION ALL SELECT x FROM thing", READS).types == {}


@pytest.fixture(scope="module")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    spill: Path = tmp_path_factory.mktemp("spill")
    connection = connect(spill=spill, threads=1)
    connection.register("thing", THINGS)
    yield connection
    connection.close()


NUMBERS = ["n", "i", "x", "thing.n", "1", "-2", "12", "NULL", "( n )", "n /* ::x */"]
TEXTS = ["s", "'M1'", "''", "thing.s", "'a::b, (c)'"]
DATES = ["d", "e", "thing.d", "DATE '2024-02-29'"]
NUMBER_OF = [
    "({0} + {1})", "{0} - {1}", "-{0}", "ifnull({0}, {1})", "nvl( {0},{1} )", "coalesce({0}, {1})", "if({0} > {1}, {0}, {1})",
    "mod({0}, 3)",
    "mod({0} + {1}, 3)", "{0}::BIGINT", "{0}::DOUBLE", "{0}::INT4 + {1}", "CAST({0} AS BIGINT)", "CAST({0} AS FLOAT8)", "abs({0})",
    "CASE WHEN {0} ISNULL THEN {1} ELSE {0} END", "CASE WHEN {0} IS NOT DISTINCT FROM {1} THEN 1 ELSE 2 END",
]  # fmt: skip
TEXT_OF = [
    "substr({0}, 1, 2)",
    "ucase({0})",
    "{0} || {1}",
    "{0}::VARCHAR",
    "{0}::TEXT || {1}",
    "CAST({0} AS VARCHAR)",
    "if({0} = {1}, {0}, {1})",
    "ifnull({0}, {1})",
]
NUMBER_OF_TEXT = [
    "len({0})",
    "char_length({0})",
    "length({0})::BIGINT",
    "if(starts_with({0}, 'M1'), 1, 0)",
    "if(prefix({0} || {1}, 'M'), 1, 0)",
]
NUMBER_OF_DATE = [
    "year({0})",
    "week({0})",
    "date_part('month', {0})",
    "extract('day' FROM {0})",
    "date_diff('day', {0}, {1})",
    "datediff('day', {0}, {1}) + 1",
]
QUERIES = [
    "SELECT id, {0} AS v, {1} AS w FROM thing", "SELECT id, {0} AS v FROM thing WHERE {1} NOTNULL;", "SELECT id, {0} AS v, FROM thing",
    "SELECT b, sum(n) AS v, count() AS w, sum(i) FILTER (b) AS f FROM thing WHERE {0} > {1} GROUP BY ROLLUP (b)",
    "SELECT id, sum(x) OVER (PARTITION BY b) AS v, row_number() OVER (ORDER BY id DESC) AS r FROM thing WHERE {0} <= {1}",
    "WITH a AS MATERIALIZED (SELECT * FROM thing) SELECT id, {0} AS v FROM a AS thing ORDER BY id, {1}",
    "SELECT thing.*, {0} AS v FROM thing WHERE (b)", "SELECT id, {0} AS v FROM thing WHERE n = ANY (SELECT n FROM thing) OR {1} > 2",
]  # fmt: skip


def built(leaves: list[str], patterns: list[str]) -> st.SearchStrategy[str]:
    """Expressions in one another."""
    return st.recursive(
        st.sampled_from(leaves),
        lambda inner: st.builds(lambda pattern, a, b: pattern.format(a, b), st.sampled_from(patterns), inner, inner),
        max_leaves=4,
    )


texts, dates = built(TEXTS, TEXT_OF), st.sampled_from(DATES)
of_text = st.builds(lambda pattern, a, b: pattern.format(a, b), st.sampled_from(NUMBER_OF_TEXT), texts, texts)
of_date = st.builds(lambda pattern, a, b: pattern.format(a, b), st.sampled_from(NUMBER_OF_DATE), dates, dates)
numbers = st.one_of(built(NUMBERS, NUMBER_OF), of_text, of_date)
queries = st.builds(lambda query, a, b: query.format(a, b), st.sampled_from(QUERIES), numbers, numbers)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(queries)
def test_what_is_mended_answers_as_before(duck: duckdb.DuckDBPyConnection, sql: str) -> None:
    mended = fixed(sql, READS)
    assert mended.sql != sql or not mended.fixes
    assert len(mended.left) <= len(refusals_of(sql, READS))
    assert fixed(mended.sql, READS).sql == mended.sql
    if not mended.fixes:
        return
    try:
        before = duck.execute(sql.rstrip(";")).fetchall()
    except duckdb.Error:
        assume(False)
    assert sorted(map(repr_of, before)) == sorted(map(repr_of, duck.execute(mended.sql).fetchall()))


def repr_of(row: tuple[object, ...]) -> str:
    return repr([float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value for value in row])


@given(
    st.lists(
        st.sampled_from([*MENDED, *LEFT, "::", "(", ")", ",", "'", "nvl(", "if(", " AS v", "--", "/*", "é", "\n", "CAST(", "ROLLUP ("]),
        max_size=4,
    )
)
@settings(max_examples=100, deadline=None)
def test_any_text_is_mended_without_an_error(parts: list[str]) -> None:
    found = fixed(" ".join(parts), READS)
    assert {each.rule for each in found.fixes} <= set(FIXERS)

"""SQL of tables that is refused: each with its rule and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.gauntlet.case import Case, expect
from benchmarks.gauntlet.ground import Ground
from joinedup.engine.order import order
from joinedup.engine.specs import TableSpec
from joinedup.errors import SqlError

WHOSE = {"owner": "nobody", "source": "made up"}
REFUSED = {
    "number-to-integer": ("a number cut to an integer", "SELECT CAST(x / 2 AS INTEGER) AS v FROM t"),
    "function": ("a function of one engine", "SELECT date_diff('day', a, b) AS v FROM t"),
    "division": ("a division without a guard", "SELECT n / m AS v FROM t"),
    "null-order": ("an order that says nothing of nulls", "SELECT row_number() OVER (PARTITION BY n ORDER BY m DESC) AS v FROM t"),
    "double-colon": ("a cast by colons", "SELECT n::BIGINT AS v FROM t"),
    "text-type": ("text under one engine's name", "SELECT CAST(n AS VARCHAR) AS v FROM t"),
    "star": ("every column", "SELECT * FROM t"),
    "semi-join": ("an anti join", "SELECT t.n FROM t ANTI JOIN u ON t.n = u.n"),
    "money": ("money as a fraction", "SELECT x / 2 AS cost_pence FROM t"),
    "recursive": ("a recursive query", "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a) SELECT n FROM a"),
    "not-portable": ("today's date", "SELECT current_date AS v"),
    "name": ("a file read past the landing", "SELECT n FROM 'landed.parquet'"),
}
"""Rule -> what is refused by it, and such SQL."""


def cases() -> Iterator[Case]:
    """A case for each kind of SQL that is refused, and for tables in a circle."""
    for rule, (broken, sql) in REFUSED.items():
        expected = f"joinedup sql ends with 3 and says {rule}, with what to write instead"
        yield Case(f"sql/{rule}", f"SQL with {broken}", expected, partial(_refused, rule, sql), ("record: unportable .sql",))
    yield Case(
        "sql/broken",
        "SQL that can't be read",
        "joinedup sql ends with 3",
        partial(_refused, "", "SELECT FROM WHERE"),
        ("record: unportable .sql",),
    )
    yield Case("sql/cyclic", "two tables that read each other", "an error that names both", _cyclic, ("record: cyclic .sql",))


def _refused(rule: str, sql: str, ground: Ground) -> str:
    """What `joinedup sql` says of the file."""
    path = ground.work / "refused.sql"
    path.write_text(sql + "\n", encoding="utf-8")
    return ground.cli("sql", path).ended(3, rule)


def _cyclic(ground: Ground) -> str:
    """What the ordering of tables says."""
    both = {name: _table(name, f"SELECT n FROM {other}") for name, other in (("first_one", "second_one"), ("second_one", "first_one"))}
    try:
        order(both)
    except SqlError as error:
        expect("first_one" in str(error) and "second_one" in str(error), str(error))
        return str(error)
    expect(False, "they were put in an order")
    return ""


def _table(name: str, sql: str) -> TableSpec:
    columns = [{"name": "n", "type": "BIGINT", "meaning": "a number"}]
    return TableSpec.model_validate(
        {"table": name, "title": name, "grain": "one row per number", "key": ["n"], "columns": columns, "sql": sql} | WHOSE
    )

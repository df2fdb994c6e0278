"""The order of tables, as their SQL tells it."""

from __future__ import annotations

import pytest

from joinedup.engine.order import inputs_of, order
from joinedup.engine.specs import TableSpec
from joinedup.errors import SqlError

from .made_up import table


def derived(name: str, sql: str) -> TableSpec:
    return table(name, {"id": "BIGINT"}, sql=sql)


def by_name(*specs: TableSpec) -> dict[str, TableSpec]:
    return {spec.table: spec for spec in specs}


def test_inputs_are_the_tables_read_and_no_ctes() -> None:
    sql = """WITH Busy AS (SELECT id FROM Visit), calm AS (SELECT id FROM busy WHERE EXISTS (SELECT 1 FROM ward))
        SELECT BUSY.id FROM BUSY JOIN calm ON calm.id = busy.id WHERE busy.id IN (SELECT id FROM bed) -- FROM nowhere"""
    assert inputs_of(derived("x", sql)) == {"visit", "ward", "bed"}


def test_a_cte_may_have_the_name_of_the_table_it_reads() -> None:
    assert inputs_of(derived("x", "WITH visit AS (SELECT id FROM visit WHERE id > 1) SELECT id FROM visit")) == {"visit"}


def test_a_cte_inside_hides_a_table_only_inside() -> None:
    sql = "SELECT id FROM (WITH ward AS (SELECT 1 AS id) SELECT id FROM ward) AS w WHERE id IN (SELECT id FROM ward)"
    assert inputs_of(derived("x", sql)) == {"ward"}


def test_each_after_what_it_reads() -> None:
    specs = by_name(
        derived("a", "SELECT id FROM b JOIN c USING (id)"),
        derived("b", "SELECT id FROM C"),
        derived("c", "SELECT id FROM visit"),
        table("visit", {"id": "BIGINT"}),
    )
    assert [spec.table for spec in order(specs)] == ["c", "b", "a"]


def test_an_unknown_table_is_named_with_its_nearest() -> None:
    specs = by_name(derived("busy", "SELECT id FROM vists"), table("visit", {"id": "BIGINT"}))
    with pytest.raises(SqlError, match=r"busy.sql: busy reads the table vists, which nobody makes; the nearest known table is visit"):
        order(specs)


def test_a_circle_is_named() -> None:
    specs = by_name(
        derived("a", "SELECT id FROM b"), derived("b", "SELECT id FROM c"), derived("c", "SELECT id FROM a"), derived("d", "SELECT 1 AS id")
    )
    with pytest.raises(
        SqlError, match=r"in a circle: (a reads b reads c reads a|b reads c reads a reads b|c reads a reads b reads c);"
    ) as caught:
        order(specs)
    assert [finding.rule for finding in caught.value.findings] == ["cycle"]


def test_a_table_that_reads_itself() -> None:
    with pytest.raises(SqlError, match="in a circle: a reads a;"):
        order(by_name(derived("a", "SELECT id FROM A")))

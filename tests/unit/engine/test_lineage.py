"""What a column is made from, against answers written by hand, and for every table there is."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from joinedup.build import all_specs
from joinedup.engine.lineage import ROWS, ColumnOf, MadeOf, behind, columns_behind, made_of, noted, read_noted
from joinedup.engine.specs import Column, ColumnType, TableSpec


def table(name: str, columns: str, sql: str | None = None, key: str = "") -> TableSpec:
    """A table of whole numbers."""
    made = tuple(Column(name=each, type=ColumnType.BIGINT, meaning="") for each in columns.split())
    return TableSpec(table=name, title=name, grain="", key=tuple((key or columns).split()), columns=made, owner="", source="", sql=sql)


GIVEN = {
    each.table: each
    for each in (
        table("visit", "id person day cost", key="id"),
        table("person", "id born died", key="id"),
        table("price", "kind year pence", key="kind year"),
    )
}


def made(sql: str, columns: str = "a b") -> MadeOf:
    return made_of(table("made", columns, sql), GIVEN)


def said(columns: frozenset[ColumnOf]) -> str:
    return " ".join(noted(MadeOf({"a": columns}, frozenset()))["a"])


CASES = {
    "an expression names its columns": ("SELECT v.cost + v.day AS a FROM visit AS v", "visit.cost visit.day", "visit."),
    "what is filtered and grouped by decides the rows": (
        "SELECT count(*) AS a FROM visit WHERE cost > 0 GROUP BY person",
        "",
        "visit. visit.cost visit.person",
    ),
    "a query named before is seen through": (
        "WITH once AS (SELECT person, max(day) AS last FROM visit GROUP BY person) SELECT last AS a FROM once",
        "visit.day",
        "visit. visit.person",
    ),
    "what is looked up by its key stands behind the columns that use it": (
        "SELECT v.cost AS a, p.born AS b FROM visit AS v LEFT JOIN person AS p ON p.id = v.person",
        "visit.cost",
        "visit.",
    ),
    "a join by part of a key makes rows": (
        "SELECT v.cost AS a FROM visit AS v LEFT JOIN price AS p ON p.year = v.day",
        "visit.cost",
        "price. price.year visit. visit.day",
    ),
    "an inner join loses rows": (
        "SELECT v.cost AS a FROM visit AS v INNER JOIN person AS p ON p.id = v.person",
        "visit.cost",
        "person. person.id visit. visit.person",
    ),
    "a query inside sees the one around it": (
        "SELECT v.cost AS a FROM visit AS v WHERE NOT EXISTS (SELECT 1 AS one FROM person AS p WHERE p.id = v.person AND p.died < v.day)",
        "visit.cost",
        "person. person.died person.id visit. visit.day visit.person",
    ),
    "columns of a union go by their place": (
        "SELECT person AS a, 1 AS b FROM visit UNION ALL SELECT id, 2 FROM person",
        "person.id visit.person",
        "person. visit.",
    ),
    "a window is part of its expression": (
        "SELECT row_number() OVER (PARTITION BY person ORDER BY day NULLS LAST) AS a FROM visit",
        "visit.day visit.person",
        "visit.",
    ),
    "what is looked up and then filtered by decides the rows": (
        "SELECT v.cost AS a FROM visit AS v LEFT JOIN person AS p ON p.id = v.person WHERE p.died IS NULL",
        "visit.cost",
        "person. person.died person.id visit. visit.person",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_sources_of_a_column(name: str) -> None:
    sql, column, rows = CASES[name]
    found = made(sql)
    assert said(found.columns["a"]) == column
    assert said(found.rows) == rows


def test_what_a_looked_up_column_needs_is_behind_it() -> None:
    found = made("SELECT v.cost AS a, p.born AS b FROM visit AS v LEFT JOIN person AS p ON p.id = v.person")
    assert said(found.columns["b"]) == "person. person.born person.id visit.person"


def test_a_column_of_one_value_is_known_and_narrows_what_is_behind() -> None:
    specs = GIVEN | {
        "first": table("first", "what n", "SELECT 'first' AS what, count(*) AS n FROM visit"),
        "second": table("second", "what n", "SELECT 'second' AS what, count(*) AS n FROM person"),
        "both": table("both", "what n", "SELECT what, n FROM first UNION ALL SELECT what, n FROM second"),
    }
    known = {name: made_of(spec, specs) for name, spec in specs.items() if spec.derived}
    assert known["first"].constants == {"what": "first"}
    assert known["both"].constants == {}
    assert {each.table for each in behind(known, "both", ["n"], {"what": "first"})} == {"both", "first", "visit"}
    assert {each.table for each in columns_behind(specs, "both", "n")} == {"visit", "person"}


def test_what_a_manifest_keeps_is_read_as_it_was() -> None:
    found = made("SELECT 'x' AS a, p.born AS b FROM visit AS v LEFT JOIN person AS p ON p.id = v.person")
    again = read_noted(noted(found), found.constants)
    assert (again.columns, again.rows, again.constants) == (found.columns, found.rows, found.constants)


@pytest.fixture(scope="module")
def specs() -> Mapping[str, TableSpec]:
    return all_specs()


def test_every_column_of_every_table_has_sources_that_there_are(specs: Mapping[str, TableSpec]) -> None:
    for name, spec in specs.items():
        if spec.derived:
            found = made_of(spec, specs)
            assert {column.name for column in spec.columns} <= found.columns.keys(), name
            for each in frozenset().union(found.rows, *found.columns.values()):
                assert each.column == ROWS or each.column in {column.name for column in specs[each.table].columns}, (name, each)


@pytest.mark.parametrize(
    ("of", "column", "there", "not_there"),
    [
        ("area_deprivation", "people", "place_area.deprivation_fifth landed_register.lsoa_of_residence", "published_cost. place_area.ward"),
        ("area_cost", "cost_pence", "published_cost.published_pence price_index.", "urgent_care_sensitive."),
        ("admission", "urgent_care_sensitive", "urgent_care_sensitive.code_prefix landed_apc.admimeth", "published_cost."),
    ],
)
def test_what_stands_behind_published_tables(specs: Mapping[str, TableSpec], of: str, column: str, there: str, not_there: str) -> None:
    found = {f"{each.table}.{each.column}" for each in columns_behind(specs, of, column)}
    assert [each for each in there.split() if not any(one.startswith(each) for one in found)] == []
    assert [each for each in not_there.split() if any(one.startswith(each) for one in found)] == []

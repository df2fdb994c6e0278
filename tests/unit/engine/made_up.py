"""Made-up tables for the tests of the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from joinedup.engine.builder import InputFile, write_input
from joinedup.engine.results import schema
from joinedup.engine.specs import Column, TableSpec
from joinedup.engine.store import Store


def column(name: str, kind: str, *, required: bool = False) -> Column:
    return Column(name=name, type=kind, meaning=f"the {name}", required=required)


def table(name: str, columns: Mapping[str, str], *, key: Iterable[str] = ("id",), required: Iterable[str] = (), **more: Any) -> TableSpec:
    """A table by its columns' names and types."""
    declared = tuple(column(each, kind, required=each in set(required)) for each, kind in columns.items())
    said = {"title": name, "grain": "one row per thing", "owner": "a tester", "source": "made up"} | more
    return TableSpec(table=name, key=tuple(key), columns=declared, **said)


def rows(spec: TableSpec, *values: tuple[Any, ...]) -> pa.Table:
    """Rows of a table, typed as it declares."""
    names = [each.name for each in spec.columns]
    return pa.Table.from_pylist([dict(zip(names, value, strict=True)) for value in values], schema=schema(spec))


VISIT = table("visit", {"id": "BIGINT", "person": "BIGINT", "day": "DATE", "cost_pence": "BIGINT"}, required=["id"])
BUSY = table(
    "busy",
    {"person": "BIGINT", "visits": "BIGINT", "cost_pence": "BIGINT"},
    key=["person"],
    required=["person"],
    sql="""SELECT person, count(*) AS visits, CAST(sum(cost_pence) AS BIGINT) AS cost_pence
FROM visit
WHERE person IS NOT NULL
GROUP BY person""",
)
TOTAL = table(
    "total",
    {"visits": "BIGINT", "mean_visits": "DOUBLE"},
    key=["visits"],
    sql="SELECT CAST(sum(visits) AS BIGINT) AS visits, avg(visits) AS mean_visits\nFROM busy",
)
SPECS = {spec.table: spec for spec in (VISIT, BUSY, TOTAL)}


def visits(store: Store, *values: tuple[Any, ...]) -> dict[str, InputFile]:
    """The one input of the made-up tables."""
    return {"visit": write_input(rows(VISIT, *values), VISIT, store)}

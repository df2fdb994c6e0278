"""What is wrong with tables before any row is read."""

from __future__ import annotations

from joinedup.engine.checks import check_tables
from joinedup.engine.specs import Case

from .made_up import BUSY, SPECS, TOTAL, VISIT, column, table

CASED = {name: spec.model_copy(update={"cases": (Case(name="none"),)}) for name, spec in SPECS.items()}


def test_nothing() -> None:
    assert check_tables(CASED) == []


def test_everything_at_once() -> None:
    nameless = VISIT.model_copy(update={"columns": (*VISIT.columns, column("ward", "STRING").model_copy(update={"meaning": " "}))})
    fraction = table("fraction", {"id": "BIGINT", "cost_pence": "DOUBLE"})
    lost = BUSY.model_copy(update={"sql": "SELECT concat(a) AS person FROM nowhere", "cases": ()})
    found = check_tables(CASED | {"visit": nameless, "fraction": fraction, "busy": lost})
    assert [(finding.where, finding.rule) for finding in found] == [
        ("busy.sql", "unknown-table"),
        ("busy.sql:1", "function"),
        ("fraction.yml", "money"),
        ("visit.yml", "meaning"),
        ("busy.yml", "cases"),
    ]


def test_types_of_the_tables_read_are_known() -> None:
    mean = table("mean", {"m": "INTEGER"}, key=["m"], sql="SELECT CAST(mean_visits AS INTEGER) AS m FROM total", cases=[Case(name="none")])
    assert [finding.rule for finding in check_tables({"total": TOTAL.model_copy(update={"sql": None}), "mean": mean})] == [
        "number-to-integer"
    ]

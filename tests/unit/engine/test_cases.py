"""Cases: what they compare, and what they say of a difference."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from joinedup.engine.cases import run_case
from joinedup.engine.engines import Engine
from joinedup.engine.specs import Case
from joinedup.errors import SqlError

from .made_up import BUSY, SPECS, TOTAL, table

DAY = date(2026, 1, 31)
GIVEN = {"visit": [{"id": 1, "person": 7, "cost_pence": 250}, {"id": 2, "person": 7}, {"id": 3, "person": 8, "day": DAY}]}
RIGHT = [{"person": 8, "visits": 1, "cost_pence": None}, {"person": 7, "visits": 2, "cost_pence": 250}]


def said(engine: Engine, expect: list[dict[str, Any]], given: dict[str, list[dict[str, Any]]] | None = None) -> list[str]:
    return run_case(BUSY, Case(name="few", given=GIVEN if given is None else given, expect=expect), SPECS, engine)


def test_equal_in_any_order(engine: Engine) -> None:
    assert said(engine, RIGHT) == []


def test_only_the_columns_named_are_compared(engine: Engine) -> None:
    assert said(engine, [{"person": 7}, {"person": 8}]) == []


def test_rows_are_counted_as_often_as_they_stand(engine: Engine) -> None:
    assert said(engine, [{"visits": 1}, {"visits": 1}]) == ["missing:    visits: 1", "unexpected: visits: 2"]


def test_tables_not_given_are_empty(engine: Engine) -> None:
    assert said(engine, [], given={}) == []
    assert said(engine, [{"person": 7}], given={}) == ["missing:    person: 7"]


def test_nothing_expected_and_something_found(duck_engine: Engine) -> None:
    assert said(duck_engine, [])[0].startswith("unexpected: person: ")


def test_a_case_leaves_nothing_for_the_next(duck_engine: Engine) -> None:
    assert said(duck_engine, RIGHT) == []
    assert said(duck_engine, [], given={"visit": []}) == []


def test_fractions_to_nine_digits(engine: Engine) -> None:
    case = {"given": {"busy": [{"visits": 1}, {"visits": 1}, {"visits": 2}]}}
    assert run_case(TOTAL, Case(name="x", expect=[{"mean_visits": 1.333333333333}], **case), SPECS, engine) == []
    assert len(run_case(TOTAL, Case(name="x", expect=[{"mean_visits": 1.3333333}], **case), SPECS, engine)) == 2


def test_what_the_yml_declares_holds_of_the_columns_named(duck_engine: Engine) -> None:
    loose = BUSY.model_copy(
        update={"sql": "SELECT person, count(*) AS visits, max(cost_pence) AS cost_pence FROM visit GROUP BY person, id"}
    )
    case = Case(name="x", given=GIVEN, expect=[{"person": 7}, {"person": 7}, {"person": 8}])
    assert run_case(loose, case, SPECS, duck_engine) == ["busy holds 1 keys (person) with more than one row; it is one row per thing"]
    nobody = Case(name="x", given={"visit": [{"id": 1}]}, expect=[{"person": None}])
    assert run_case(loose, nobody, SPECS, duck_engine)[0].startswith("busy.person is required and holds 1 nulls")
    other = table("busy", {"person": "BIGINT", "visits": "BIGINT"}, key=["person"], sql=BUSY.sql)
    assert run_case(other, case, SPECS, duck_engine) == [
        "busy gives cost_pence where nothing is declared; make the .sql and the .yml agree"
    ]


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ({"given": {"vist": []}}, "the case 'x' gives vist, which busy doesn't read"),
        ({"given": {"visit": [{"persn": 1}]}}, "the case 'x' names visit.persn, which isn't a column"),
        ({"expect": [{"persn": 1}]}, "the case 'x' names busy.persn, which isn't a column"),
        ({"given": {"visit": [{"person": "seven"}]}}, r"gives visit.person a value that isn't a BIGINT \(in YAML, text needs quotes"),
        ({"given": {"visit": [{"day": 3.5}]}}, r"gives visit.day a value that isn't a DATE"),
    ],
)
def test_a_malformed_case(duck_engine: Engine, case: dict[str, Any], said: str) -> None:
    with pytest.raises(SqlError, match=said):
        run_case(BUSY, Case(name="x", **case), SPECS, duck_engine)

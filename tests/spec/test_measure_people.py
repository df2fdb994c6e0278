"""Conditions on the people that measures are out of, text among them, as measure_exposure counts them, on both engines."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from joinedup.build import all_specs
from joinedup.engine.cases import run_case
from joinedup.engine.engines import Engine
from joinedup.engine.order import inputs_of
from joinedup.engine.specs import Case
from joinedup.outcomes.cell_sql import exposure_sql
from joinedup.outcomes.measure_definition import STANDARD, MeasureDefinition
from joinedup.outcomes.measure_keys import Source, cuts_of, sources_of
from joinedup.outcomes.measure_lines import countable, lines_of
from joinedup.outcomes.measure_tables import measure_inputs
from joinedup.periods import add_months
from tests.unit.papers.measure_fixtures import definition

SPECS = all_specs()
YEAR = date(2025, 4, 1)
MONTHS = [add_months(YEAR, at) for at in range(13)]
PEOPLE = [(1, "1", 1980), (2, "2", 1980), (3, "1", 2015), (4, None, 1950)]


def people_of(measures: list[MeasureDefinition]) -> list[Source]:
    """The passes over people that measures need."""
    return [each for each in sources_of(*cuts_of(measures, countable())) if each.kind == "people"]


@pytest.mark.parametrize(
    ("people", "days"),
    [
        ({}, 4 * 365),
        ({"sex": "1"}, 2 * 365),
        ({"sex": ["1", "2"]}, 3 * 365),
        ({"sex": {"begins": ["1"]}}, 2 * 365),
        ({"sex": "1", "age": {"from": 18}}, 365),
    ],
)
def test_people_by_a_condition_on_text(people: dict[str, Any], days: int, engine: Engine) -> None:
    measure = definition("some", title="Some", out_of={"people": people}, areas=["place"])
    lines = lines_of(measure, STANDARD, countable())
    assert lines is not None
    assert lines.out_of is not None
    spec = SPECS["measure_exposure"].model_copy(update={"sql": exposure_sql(people_of([measure]))})
    inputs = measure_inputs([measure], countable())
    given: dict[str, list[dict[str, Any]]] = {
        "person": [{"person_id": who, "birth_month": date(born, 1, 1), "sex": sex} for who, sex, born in PEOPLE],
        "counted_spell": [{"person_id": who, "practice_code": "P", "neighbourhood_id": "north"} for who, _, _ in PEOPLE],
        "measure_person": [{"person_id": who, "year_starts": YEAR, "sex": sex} for who, sex, _ in PEOPLE],
        "place_year_month": [
            {"month": month, "month_end": end, "year_starts": YEAR, "days": (end - month).days} for month, end in pairwise(MONTHS)
        ],
        **{name: inputs[name].to_pylist() for name in ("measure_cut", "measure_value")},
    }
    expect = [
        {"line_id": lines.out_of.id, "month": month, "area_type": "place", "area_id": "place"}
        | {"breakdown": "all", "group_value": "all", "person_days": days // 365 * (end - month).days}
        for month, end in pairwise(MONTHS)
    ]
    read = inputs_of(spec)
    case = Case(name="people", given={name: rows for name, rows in given.items() if name in read}, expect=expect)
    assert run_case(spec, case, SPECS | {"measure_exposure": spec}, engine) == []

"""Every measure's cases on both engines."""

from __future__ import annotations

import pytest

from joinedup.build import all_specs
from joinedup.engine.engines import Engine
from joinedup.engine.specs import Case
from joinedup.outcomes.measure_cases import run_measure_case
from joinedup.outcomes.measure_definition import GIVEN, MeasureDefinition
from joinedup.outcomes.measure_folder import definitions

SPECS = all_specs()
CASES = [pytest.param(measure, case, id=f"{measure.id}: {case.name}") for measure in definitions() for case in measure.cases]


@pytest.mark.parametrize(("measure", "case"), CASES)
def test_case(measure: MeasureDefinition, case: Case, engine: Engine) -> None:
    assert run_measure_case(measure, case, SPECS, engine) == []


def test_every_measure_that_counts_has_a_case() -> None:
    assert [measure.id for measure in definitions() if not measure.cases and measure.form not in GIVEN] == []

"""Every table's cases on both engines; every table described, portable and in an order."""

from __future__ import annotations

import pytest

from joinedup.build import all_specs
from joinedup.engine.cases import run_case
from joinedup.engine.checks import check_tables
from joinedup.engine.engines import Engine
from joinedup.engine.order import order
from joinedup.engine.specs import Case, TableSpec

SPECS = all_specs()
CASES = [pytest.param(spec, case, id=f"{spec.table}: {case.name}") for spec in SPECS.values() if spec.derived for case in spec.cases]


@pytest.mark.parametrize(("spec", "case"), CASES)
def test_case(spec: TableSpec, case: Case, engine: Engine) -> None:
    assert run_case(spec, case, SPECS, engine) == []


def test_every_table_is_portable_ordered_and_described_with_cases() -> None:
    assert [f"{finding.where}: {finding.message}" for finding in check_tables(SPECS)] == []
    assert len(order(SPECS)) == sum(spec.derived for spec in SPECS.values())

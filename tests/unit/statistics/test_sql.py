"""The statements: their cases on both engines, portable, and equal to the numpy functions over many groups."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from joinedup.engine.cases import run_case
from joinedup.engine.engines import Engine
from joinedup.engine.order import inputs_of
from joinedup.engine.portable import findings_of
from joinedup.engine.results import schema
from joinedup.engine.specs import Case, TableSpec
from joinedup.statistics.control import xmr
from joinedup.statistics.rates import rate, wilson
from joinedup.statistics.signals import signals
from joinedup.statistics.sql import STATEMENTS, described, parameters, statement
from joinedup.statistics.standardised import european_standard_bands, standardised_rate

ABOUT = {"owner": "statistics", "source": "statements.yml"}
INPUTS = {each["table"]: TableSpec(**each, **ABOUT) for each in described()["inputs"]}
SPECS = INPUTS | {each["table"]: TableSpec(**each, **ABOUT, sql=statement(each["table"])) for each in described()["statements"]}
CASES = [pytest.param(SPECS[name], case, id=f"{name}: {case.name}") for name in STATEMENTS for case in SPECS[name].cases]
LEVELS = (0.95, 0.998)


@pytest.mark.parametrize(("spec", "case"), CASES)
def test_case(spec: TableSpec, case: Case, engine: Engine) -> None:
    assert run_case(spec, case, SPECS, engine) == []


def test_every_statement_is_portable_and_described() -> None:
    assert tuple(SPECS)[len(INPUTS) :] == STATEMENTS
    for name in STATEMENTS:
        assert [finding.message for finding in findings_of(SPECS[name].sql, name, INPUTS)] == []
        assert inputs_of(SPECS[name]) <= INPUTS.keys()
    with pytest.raises(ValueError, match="choose one of rates"):
        statement("medians")


def ran(engine: Engine, name: str, **given: dict) -> dict[str, np.ndarray]:
    """The columns of a statement over these rows (columns by name), in the order of its key."""
    spec = SPECS[name]
    rows = {table: pa.Table.from_pylist(rows, schema(INPUTS[table])) for table, rows in parameters(LEVELS, per=1000).items()}
    rows |= {
        table: pa.table({c.name: columns.get(c.name) for c in INPUTS[table].columns}, schema(INPUTS[table]))
        for table, columns in given.items()
    }
    for table in inputs_of(spec):
        engine.show(table, rows[table])
    found = engine.result(spec, list(spec.names)).cast(schema(spec)).sort_by([(column, "ascending") for column in spec.key])
    return {column: np.array(found[column].to_pylist(), dtype=object if column == "reason" else None) for column in found.column_names}


def nullable(numbers: np.ndarray) -> list[float | None]:
    return [None if np.isnan(number) else float(number) for number in numbers.ravel()]


def names(count: int) -> list[str]:
    return [f"{number:05}" for number in range(count)]


def assert_equal(found: dict[str, np.ndarray], estimates) -> None:
    for name in ("lower", "upper"):
        np.testing.assert_allclose(found[name].astype(float), getattr(estimates, name).ravel(), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(found["value"].astype(float), np.repeat(estimates.value, len(LEVELS)), rtol=1e-12)
    assert found["reason"].tolist() == np.repeat(estimates.reason, len(LEVELS)).tolist()


def counts(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts and denominators with zeros, missing and impossible ones among them."""
    of = rng.integers(0, 300, count).astype(float)
    events = np.floor(of * rng.random(count) ** 2)
    for numbers in (events, of):
        numbers[rng.random(count) < 0.05] = np.nan
        numbers[rng.random(count) < 0.05] = 0
        numbers[rng.random(count) < 0.03] = -1
    return events, of


def test_rates_and_proportions_equal_numpys(engine: Engine) -> None:
    events, of = counts(np.random.default_rng(7), 2000)
    counted = {"group_id": names(2000), "events": nullable(events), "denominator": nullable(of)}
    assert_equal(ran(engine, "rates", counted=counted), rate(events, of, per=1000, confidence=LEVELS))
    assert_equal(ran(engine, "proportions", counted=counted), wilson(events, of, per=1000, confidence=LEVELS))


def test_standardised_rates_equal_numpys(engine: Engine) -> None:
    rng = np.random.default_rng(8)
    events = rng.poisson(rng.choice([0.2, 2, 20], (300, 1)), (300, 19)).astype(float)
    squares = events + rng.integers(0, 3, events.shape)
    people = rng.integers(100, 900, events.shape).astype(float)
    for numbers, value in ((events, np.nan), (people, 0), (people, np.nan), (events, -1)):
        numbers[rng.random(events.shape) < 0.002] = value
    events[7], people[8] = np.nan, np.nan
    bands = list(european_standard_bands())
    banded = {"group_id": np.repeat(names(300), 19).tolist(), "band": bands * 300}
    banded |= {"events": nullable(events), "population": nullable(people), "squares": nullable(squares)}
    assert_equal(
        ran(engine, "standardised_rates", banded=banded), standardised_rate(events, people, squares=squares, per=1000, confidence=LEVELS)
    )


def test_control_charts_equal_numpys(engine: Engine) -> None:
    rng = np.random.default_rng(9)
    values = rng.integers(0, 12, (300, 30)).astype(float)
    values[:150] += np.where(rng.random((150, 1)) < 0.5, np.arange(30) * rng.choice([-0.5, 0.5, 2], (150, 1)), 0)
    values[rng.random(values.shape) < 0.05] = np.nan
    values[5], values[6, 1:], values[7] = np.nan, np.nan, 4
    rebased = rng.random(values.shape) < 0.03
    rebased[:, 0] = False
    charted = {"chart_id": np.repeat(names(300), 30).tolist(), "position": list(range(30)) * 300}
    charted |= {"value": nullable(values), "rebased": rebased.ravel().tolist()}
    found = ran(engine, "control_charts", charted=charted)
    limits = xmr(values, rebased=rebased)
    for name in ("mean", "lower", "upper", "moving_range"):
        np.testing.assert_allclose(found[name].astype(float), getattr(limits, name).ravel(), rtol=1e-12, atol=1e-12)
    marked = signals(values, limits)
    assert found["reason"].tolist() == limits.reason.ravel().tolist()
    for row, rule in enumerate(marked.rules):
        assert found[rule.id].tolist() == marked.found[row].ravel().tolist(), rule.id
        assert marked.found[row].any(), rule.id

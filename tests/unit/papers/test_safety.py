"""The hazard log: each control names living tests, and risks follow from the published matrix."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from joinedup.papers.safety import RISK, Estimate, HazardLog, hazard_log, table

NEEDED = {
    "wrong-person-shown",
    "false-merge",
    "missed-link",
    "stale-shown-as-current",
    "absence-read-as-none",
    "protected-address-shown",
    "opt-out-ignored",
    "deceased-contacted",
}


def living(path: Path) -> frozenset[str]:
    """The tests that a module defines, and that nothing skips or expects to fail."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    dead = ("skip", "xfail")
    return frozenset(f.name for f in functions if not any(word in ast.dump(mark) for mark in f.decorator_list for word in dead))


def named() -> Iterator[tuple[str, str]]:
    for hazard in hazard_log().hazards:
        for control in hazard.controls:
            for test in control.tests:
                yield hazard.id, test


@pytest.mark.parametrize(("hazard", "test"), sorted(set(named())))
def test_each_control_names_a_living_test(root: Path, hazard: str, test: str) -> None:
    file, _, name = test.partition("::")
    assert (root / file).is_file(), f"{hazard}: {file} is gone"
    assert name in living(root / file), f"{hazard}: {file} has no test {name}"


def test_every_hazard_that_must_be_there_is_and_has_a_control_that_is_tested() -> None:
    log = hazard_log()
    assert {hazard.id for hazard in log.hazards} >= NEEDED
    for hazard in log.hazards:
        assert any(control.tests for control in hazard.controls), hazard.id


def test_a_control_without_a_test_says_that_it_is_a_procedure() -> None:
    for hazard in hazard_log().hazards:
        for control in hazard.controls:
            assert control.tests or control.text.endswith("(Procedure.)"), f"{hazard.id}: {control.text}"


def test_risks_are_those_of_the_guidances_matrix() -> None:
    """NHS England, guidance to DCB0129 and DCB0160, risk matrix: it rises with severity and with likelihood."""
    log = hazard_log()
    assert log.risk(Estimate(severity="minor", likelihood="very low")) == 1
    assert log.risk(Estimate(severity="catastrophic", likelihood="very high")) == 5
    assert log.risk(Estimate(severity="considerable", likelihood="medium")) == 3
    rows = [RISK[likelihood] for likelihood in log.likelihoods]
    assert all(list(row) == sorted(row) for row in rows)
    assert all(list(column) == sorted(column) for column in zip(*rows, strict=True))


def test_controls_that_make_it_worse_and_words_that_are_none_are_refused() -> None:
    log = hazard_log().model_dump(mode="json")
    first = next(each for each in log["hazards"] if each["id"] == "invented-read-as-real")
    for change in ({"before": first["after"], "after": first["before"]}, {"after": {"severity": "awful", "likelihood": "low"}}):
        with pytest.raises(ValidationError):
            HazardLog.model_validate(log | {"hazards": [first | change]})


def test_the_table_has_a_row_for_each_hazard() -> None:
    made = table(hazard_log())
    assert len(made.rows) == len(hazard_log().hazards)
    assert made.csv({"place": "here"}).count("\n") == len(hazard_log().hazards) + 1


def test_what_the_documentation_holds_is_the_log_itself(root: Path) -> None:
    assert (root / "docs" / "safety" / "hazards.yml").read_text() == (root / "joinedup" / "papers" / "hazards.yml").read_text()

"""Variants that change one part of a measure alone, and cases that tell in their own words what differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.build import all_specs
from joinedup.findings import Finding
from joinedup.outcomes.measure_check import check_measures
from joinedup.outcomes.measure_folder import FOLDER as MEASURES
from joinedup.outcomes.measure_folder import read_definitions
from joinedup.outcomes.measure_variants import one_sided

SPECS = all_specs()
PACKAGE = Path(one_sided.__code__.co_filename).parent

MEASURE = """\
measure: by_ambulance
title: Older people who come by ambulance
why: Help at home in the first hours can spare the journey.
definition: Of attendances of people of 80 and over the share that came by ambulance.
kind: outcome
form: proportion
count: {event: attendance, where: {kind: "emergency department", by_ambulance: true, age: {from: 80}}}
out_of: {event: attendance, where: {kind: "emergency department", by_ambulance: [true, false], age: {from: 80}}}
per: 100
unit: "% of attendances"
polarity: lower is better
needs: {register: [], ecds: []}
variants:
  - {id: over_65, title: 65 and over, where: {age: {from: 65}}BELOW}
  - {id: on_foot, title: On foot, where: {by_ambulance: false}}
source: A board, 2026
owner: frailty lead
valid_from: 2026-04-01
cases:
  - name: Somebody of 80, and somebody of 70
    given:
      attendance:
        - {event_id: 1, person_id: 1, on_date: 2025-05-01, kind: emergency department, by_ambulance: true, age: 80}
        - {event_id: 2, person_id: 2, on_date: 2025-05-02, kind: emergency department, by_ambulance: true, age: 70}
    expect:
      - {part: count, events: 1}
      - {part: out_of, variant: over_65, events: 2}
"""


def _checked(folder: Path, below: str) -> list[Finding]:
    (folder / MEASURES).mkdir()
    (folder / MEASURES / "by_ambulance.yml").write_text(MEASURE.replace("BELOW", below), encoding="utf-8")
    return check_measures(folder, SPECS)


def test_a_variant_of_the_count_alone_is_told_with_what_to_write(tmp_path: Path) -> None:
    one, case = sorted(_checked(tmp_path, ""), key=lambda finding: finding.rule, reverse=True)
    assert (one.rule, one.line) == ("measure-one-sided", 14)
    assert "over_65 has another age in the count than in what it is out of, which stays from: 80" in one.message
    assert "write out_of: {where: {age: ...}}" in one.message
    assert case.rule == "measure-case"
    assert "part and variant: out_of of over_65, events: 2" in case.message


def test_a_variant_of_both_parts_is_in_order(tmp_path: Path) -> None:
    assert _checked(tmp_path, ", out_of: {where: {age: {from: 65}}}") == []


def test_no_variant_of_the_package_changes_one_part_alone() -> None:
    found, _ = read_definitions(PACKAGE, "package")
    assert len(found) > 30
    assert [finding for each in found for finding in one_sided(each)] == []


@pytest.mark.parametrize("people", [{}, {"age": {"from": "80"}}])
def test_people_are_told_as_people(people: dict[str, object]) -> None:
    found, _ = read_definitions(PACKAGE, "package")
    measure, spot = next(each for each in found if each[0].id == "emergency_admissions_under_18")
    variant = measure.variants[0].model_copy(update={"out_of": measure.variants[0].out_of.model_copy(update={"people": people or None})})
    said = one_sided((measure.model_copy(update={"variants": (variant,)}), spot))
    assert [("out_of: {people: {age: ...}}" in finding.message) for finding in said] == ([] if people else [True])

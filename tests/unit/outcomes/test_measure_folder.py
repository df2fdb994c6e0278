"""Measures of a place folder: read, held against the tables, and every fault with its line and the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.build import all_specs
from joinedup.outcomes.measure_check import check_measures
from joinedup.outcomes.measure_definition import STANDARD
from joinedup.outcomes.measure_folder import definitions
from joinedup.outcomes.measure_lines import every_line, lines_of

GOOD = """\
measure: long_ones
title: Long stays
why: They do people no good.
definition: Emergency admissions of 14 nights or more, of those that ended.
kind: process
form: proportion
count: {event: admission, where: {emergency: true, stay_nights: {from: 14}, point_of_delivery: {begins: [Non]}}}
out_of: {event: admission, where: {emergency: true, stay_nights: {from: 0}}}
per: 100
unit: per cent
polarity: lower is better
variants:
  - {id: week, title: A week, where: {stay_nights: {from: 7}}}
source: made for a test
owner: nobody
valid_from: 2026-04-01
cases:
  - name: Long ones alone
    given:
      admission:
        - {event_id: 1, person_id: 1, on_date: 2025-05-09, emergency: true, stay_nights: 14, point_of_delivery: Non-elective inpatient}
        - {event_id: 2, person_id: 1, on_date: 2025-05-09, emergency: true, stay_nights: 13, point_of_delivery: Non-elective inpatient}
        - {event_id: 3, person_id: 1, on_date: 2025-05-09, emergency: true, point_of_delivery: Non-elective inpatient}
    expect:
      - {part: count, events: 1}
      - {part: out_of, events: 2}
      - {part: count, variant: week, events: 2}
"""


def found(tmp_path: Path, text: str, name: str = "long_ones") -> list[tuple[str, int | None, str]]:
    (tmp_path / "measures").mkdir(exist_ok=True)
    (tmp_path / "measures" / f"{name}.yml").write_text(text, encoding="utf-8")
    return [(each.rule, each.line, each.message) for each in check_measures(tmp_path, all_specs())]


def test_a_measure_whose_case_holds_has_no_finding(tmp_path: Path) -> None:
    assert found(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("written", "instead", "rule", "line", "said"),
    [
        ("stay_nights: {from: 14}", "stay_night: {from: 14}", "measure-definition", 7, "nearest is stay_nights"),
        ("count: {event: admission", "count: {event: admision", "measure-definition", 7, "nearest is admission"),
        ("form: proportion", "form: proportoin", "wrong-value", 6, "'proportion'"),
        (
            "emergency: true, stay_nights: {from: 14}",
            "emergency: perhaps, stay_nights: {from: 14}",
            "measure-definition",
            7,
            "true or false",
        ),
        ("stay_nights: {from: 7}", "stay_nights: {since: 7}", "measure-definition", 13, "write from, below or begins"),
        ("form: proportion", "form: mean", "wrong-value", 1, "count.amount"),
        ("valid_from: 2026-04-01", "valid_from: 2026-04-01\nvalid_to: 2026-04-01", "measure-valid", 17, "isn't after valid_from"),
        ("- {part: count, events: 1}", "- {part: count, events: 7}", "measure-case", 18, "Long ones alone"),
    ],
)
def test_a_fault_has_its_line_and_says_what_to_write(tmp_path: Path, written: str, instead: str, rule: str, line: int, said: str) -> None:
    assert written in GOOD
    ((is_rule, at, message),) = found(tmp_path, GOOD.replace(written, instead, 1))
    assert is_rule == rule
    assert said in message
    assert rule == "wrong-value" or at == line


def test_a_name_other_than_the_file_and_a_stray_file_are_found(tmp_path: Path) -> None:
    assert [rule for rule, _, _ in found(tmp_path, GOOD, "other")] == ["measure-name"]
    (tmp_path / "measures" / "notes.docx").write_text("x", encoding="utf-8")
    (tmp_path / "measures" / "other.md").write_text("x", encoding="utf-8")
    assert sorted(rule for rule, _, _ in found(tmp_path, GOOD, "other")) == ["measure-name", "unknown-file"]


def test_a_place_measure_takes_the_place_of_the_package(tmp_path: Path) -> None:
    found(tmp_path, GOOD.replace("long_ones", "emergency_admissions"), "emergency_admissions")
    named = {measure.id: measure for measure in definitions(tmp_path)}
    assert named["emergency_admissions"].title == "Long stays"
    assert named["emergency_admissions"].origin == "place"


def test_lines_that_say_the_same_are_one_and_others_are_not() -> None:
    specs = all_specs()
    measures = definitions()
    people = {
        lines.out_of.id
        for each in measures
        if (lines := lines_of(each, STANDARD, specs)) and lines.out_of and lines.out_of.table == "people"
    }
    assert 1 <= len(people) < len(measures)
    whole = every_line(measures, specs)
    assert all(line.id == name for name, line in whole.items())

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


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("valid_from: 2025-04-01", "valid_from: 2026-04-01\nversion: 2", "versions 1 and 2, both valid from 2026-04-01: keep one"),
        (
            "valid_from: 2025-04-01\nvalid_to: 2026-10-01",
            "valid_from: 2026-04-01\nversion: 2",
            "both valid from 2026-04-01 to 2026-10-01: keep one",
        ),
        ("valid_from: 2025-04-01\nvalid_to: 2026-04-01", "valid_from: 2026-04-01\nversion: 2", "keep the later one, in long_ones.yml"),
    ],
)
def test_two_versions_of_a_measure_are_found(tmp_path: Path, first: str, second: str, said: str) -> None:
    found(tmp_path, GOOD.replace("valid_from: 2026-04-01", first), "long_ones_old")
    messages = {rule: message for rule, _, message in found(tmp_path, GOOD.replace("valid_from: 2026-04-01", second))}
    assert set(messages) == {"measure-name", "measure-twice"}
    assert said in messages["measure-twice"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("rules: nelsson", "there is no rule set nelsson; the nearest is nelson"),
        ("needs: {apcc: []}", "there is no contract apcc; the nearest is apc"),
        ("needs: {apc: [diagnoses]}", "of apc nothing is judged that is called diagnoses; the nearest is diagnosis"),
        ("needs: {ecds: [diagnosis]}", "of ecds nothing is judged that is called diagnosis; there are none: leave it out"),
        ("needs: {apc: []}\ninstead: {apc: discharge_redy}", "the nearest is discharge_ready"),
        ("needs: {apc: []}\ninstead: {ecds: discharge_ready}", "instead names ecds"),
    ],
)
def test_rule_sets_contracts_and_fields_that_there_are_none_of(tmp_path: Path, written: str, said: str) -> None:
    ((rule, line, message),) = found(tmp_path, GOOD.replace("source: made", f"{written}\nsource: made"))
    assert rule == "measure-definition"
    assert line is not None
    assert said in message


@pytest.mark.parametrize("form", ["published", "survey"])
def test_values_that_somebody_else_made_are_refused_with_what_to_do_and_have_no_empty_page(tmp_path: Path, form: str) -> None:
    start, end = GOOD.index("count: {"), GOOD.index("per: 100")
    written = GOOD[:start] + GOOD[end : GOOD.index("variants:")] + GOOD[GOOD.index("source: made") : GOOD.index("cases:")]
    told = found(tmp_path, written.replace("form: proportion", f"form: {form}"))
    (message,) = [message for rule, line, message in told if rule == "measure-definition" and line == 6]
    assert message.startswith(f"{form} values, which somebody else made, aren't read yet")
    assert "count it of events" in message


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

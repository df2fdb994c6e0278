"""Definitions of conditions: what the package ships, what a place may change, and what is said of a slip."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.build import all_specs
from joinedup.engine.checks import check_tables
from joinedup.errors import PlaceError
from joinedup.findings import Finding
from joinedup.place.folder import read_place
from joinedup.population.code_lists import read_code_lists
from joinedup.population.condition_tables import rules, tables
from joinedup.population.conditions import FOLDER, REGISTER, check_conditions, known, read_conditions, read_file

HEAD = "owner: me\nsource: me\nconditions:\n"
OWN = """  - condition: gout
    title: Gout
    kind: long-term condition
    long_term: true
    known_by: general practice
    evidence:
      - {list: own, settings: [general practice, medication], needed: 2, look_back: 90}
    ends:
      - {list: own, groups: [gout_over], settings: [general practice]}
"""
CODES = "system,code,group,term\nRead v2,C34..,gout,Gout\nRead v2,21Z..,gout_over,Over\n"
SAID = "title: Own\nversion: '1'\nvalid_from: 2026-07-01\nowner: me\nreview_by: 2027-07-01\nlicence: none\nsource: me\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a code list of its own."""
    (tmp_path / "codelists").mkdir()
    (tmp_path / "codelists" / "own.yml").write_text(SAID)
    (tmp_path / "codelists" / "own.csv").write_text(CODES)
    return tmp_path


def findings(folder: Path, text: str) -> list[Finding]:
    (folder / "conditions.yml").write_text(HEAD + text)
    return read_conditions(folder)[1]


def test_what_is_shipped_is_sound() -> None:
    found, _ = read_conditions()
    assert read_file(FOLDER, known(read_code_lists()[0]))[1] == []
    assert len(found) == len({each.condition for each in found}) >= 46
    assert sum(each.long_term for each in found) >= 24
    assert all(each.known_by in {rule["setting"] for rule in rules([each])} for each in found)
    assert [fault for fault in check_tables(all_specs()) if fault.file.startswith("condition")] == []


def test_every_group_of_its_lists_is_of_use() -> None:
    used = {(rule["list_id"], rule["group_id"]) for rule in rules(read_conditions()[0])}
    lists = {each.list_id: each.groups for each in read_code_lists()[0]}
    mine = {name for name, _ in used} - {"activity", "register"}
    assert mine <= set(lists)
    assert {(name, group) for name in mine for group in lists[name]} <= used


def test_a_place_brings_its_own_and_changes_one(folder: Path) -> None:
    text = OWN + OWN.replace("condition: gout", "condition: asthma").replace("settings", "groups: [gout], settings", 1)
    assert findings(folder, text) == []
    found = {each.condition: each for each in read_conditions(folder)[0]}
    assert list(found)[-1] == "gout"
    assert found["asthma"].evidence[0].list_id == "own"
    told = [tuple(rule.values()) for rule in rules([found["gout"]])]
    assert told == [
        ("gout", "evidence", "own", "gout", "general practice", 1, 2, 90, False),
        ("gout", "evidence", "own", "gout", "medication", 1, 2, 90, False),
        ("gout", "end", "own", "gout_over", "general practice", 1, 1, None, False),
    ]


def test_what_lasts_is_told_by_an_activity_or_the_list(folder: Path) -> None:
    lasting = "      - {activity: Nursing care, settings: [adult social care]}\n      - {register: care home}\n    why: x\n"
    assert (
        findings(
            folder, OWN.replace("known_by: general practice", "known_by: registration list").split("      - {list", maxsplit=1)[0] + lasting
        )
        == []
    )
    [found] = [each for each in read_conditions(folder)[0] if each.condition == "gout"]
    assert [(rule["list_id"], rule["group_id"], rule["setting"], rule["lasts"]) for rule in rules([found])] == [
        ("activity", "Nursing care", "adult social care", True),
        ("register", "care home", REGISTER, True),
    ]


@pytest.mark.parametrize(
    ("slip", "right", "rule", "line", "said"),
    [
        ("list: owm", "list: own", "unknown-list", 10, "gout names 'owm', which is no code list (did you mean own?)"),
        ("groups: [gout_ower]", "groups: [gout_over]", "unknown-group", 12, "(did you mean gout_over?)"),
        ("settings: [general practise,", "settings: [general practice,", "unknown-setting", 10, "(did you mean general practice?)"),
        ("known_by: general practise", "known_by: general practice", "unknown-setting", 8, "(did you mean general practice?)"),
        ("longterm:", "long_term:", "unknown-key", 7, "(did you mean long_term?)"),
        ("needed: 4", "needed: 2", "wrong-value", 10, "3 is the most"),
        ("kind: illness", "kind: long-term condition", "wrong-value", 6, "where one of 'long-term condition'"),
        ("look_back: never", "look_back: 90", "wrong-value", 10, "where a whole number is expected"),
        ("condition: record_known", "condition: gout", "name-taken", 4, "as another column of people's years is"),
        ("condition: attendances", "condition: gout", "name-taken", 4, "as another column of people's years is"),
        ("condition: long_term_conditions", "condition: gout", "name-taken", 4, "as another column of people's years is"),
        ("condition: gp_record", "condition: gout", "name-taken", 4, "as another column of people's years is"),
        ("condition: order", "condition: gout", "name-taken", 4, "a word of SQL"),
        ("condition: kidney-disease", "condition: gout", "name-taken", 4, "whose column is that of kidney_disease"),
        (
            "known_by: maternity",
            "known_by: general practice",
            "nobody-decides",
            8,
            "so that it is never known: name one of general practice",
        ),
    ],
)
def test_a_slip_is_told_by_file_and_line_with_the_nearest_name(
    folder: Path, slip: str, right: str, rule: str, line: int, said: str
) -> None:
    assert right in OWN
    found = findings(folder, OWN.replace(right, slip, 1))
    assert (found[0].file, found[0].rule, found[0].line) == ("conditions.yml", rule, line)
    assert said in found[0].message


def test_an_activity_that_nobody_knows_and_a_second_definition_are_told(folder: Path) -> None:
    wrong = OWN.replace("list: own, settings: [general practice, medication]", "activity: Nursing car, settings: [adult social care]")
    assert [each.rule for each in findings(folder, wrong)] == ["unknown-activity"]
    assert [each.rule for each in findings(folder, OWN + OWN)] == ["repeated-condition"]
    both = OWN.replace("list: own, settings", "list: own, activity: Nursing care, settings", 1)
    assert "one of list, activity and register" in findings(folder, both)[0].message


def test_a_file_whose_conditions_nothing_would_read_is_told(folder: Path) -> None:
    (folder / "conditions.yml").write_text("owner: x\nsource: y\ncondition:\n  - {condition: gout}\n", encoding="utf-8")
    assert [(each.line, each.rule) for each in check_conditions(folder)] == [(3, "unknown-key"), (1, "value-missing")]


def test_two_names_of_one_column_are_told_and_one_is_kept(folder: Path) -> None:
    both = OWN.replace("condition: gout", "condition: gout-flare") + OWN.replace("condition: gout", "condition: gout_flare")
    both = both.replace("settings: [general practice, medication]", "groups: [gout], settings: [general practice, medication]")
    assert [each.rule for each in findings(folder, both)] == ["name-taken"]
    assert [each.condition for each in read_conditions(folder)[0] if "flare" in each.condition] == ["gout-flare"]


def test_tables_are_refused_where_a_definition_cannot_be_used(root: Path, folder: Path) -> None:
    place = read_place(root / "places" / "calderdale").model_copy(update={"folder": folder})
    findings(folder, OWN.replace("list: own", "list: owm", 1))
    with pytest.raises(PlaceError, match=r"conditions\.yml:10: gout names 'owm'"):
        tables(place)
    findings(folder, OWN)
    assert "gout" in tables(place)["condition_about"].column("condition_id").to_pylist()


def test_a_list_of_the_place_that_lacks_a_group_of_the_package_is_told(folder: Path) -> None:
    (folder / "codelists" / "airways.yml").write_text(SAID)
    (folder / "codelists" / "airways.csv").write_text("system,code,group,term\nRead v2,H33..,asthma,Asthma\nRead v2,H3...,copd,Airways\n")
    [fault] = check_conditions(folder)
    assert (fault.file, fault.rule) == ("codelists/airways.csv", "missing-group")
    assert "has no group asthma_resolved, which the condition asthma asks for" in fault.message
    own = OWN.replace("condition: gout", "condition: asthma").replace("settings", "groups: [gout], settings", 1)
    assert findings(folder, own) == []

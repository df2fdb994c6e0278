"""What sources.yml says that can't be."""

from __future__ import annotations

from joinedup.engine.duck import connect
from joinedup.findings import Severity
from joinedup.sources.contract import contracts
from joinedup.sources.mapping import mapping_findings, with_usable_styles
from tests.unit.sources.extracts import source


def said(**more: object) -> list[tuple[str, str]]:
    con = connect(threads=1)
    return [(finding.rule, finding.message) for finding in mapping_findings(con, source("apc", **more), contracts())]


def test_nothing_to_say_of_a_sound_source() -> None:
    sound = {
        "rename": {"X": "ADMIDATE"},
        "values": {"SEX": {"M": "1", "U": ""}},
        "null_values": {"*": ("?",)},
        "date_formats": {"admidate": "%d.%m.%Y"},
    }
    assert said(**sound, constants={"PROCODE3": "RWY"}) == []


def test_an_unknown_contract() -> None:
    (finding,) = mapping_findings(connect(threads=1), source("outpatients"), contracts())
    assert (finding.rule, finding.severity) == ("unknown-contract", Severity.ERROR)
    assert f"write one of {', '.join(contracts())}" in finding.message


def test_fields_that_the_contract_does_not_have() -> None:
    found = said(rename={"A": "B"}, values={"C": {}}, constants={"D": "1"}, date_formats={"E": "%Y-%m"}, null_values={"F": ("x",)})
    assert [rule for rule, _ in found] == ["unknown-field"] * 5
    assert [message.split("names ")[1].split(",")[0] for _, message in found] == [
        "B under rename", "C under values", "D under constants", "E under date_formats", "F under null_values",
    ]  # fmt: skip


def test_values_outside_the_list_of_codes() -> None:
    found = said(values={"SEX": {"M": "male"}}, constants={"CLASSPAT": "7"})
    assert [rule for rule, _ in found] == ["unknown-code", "unknown-code"]
    assert "gives SEX the value male" in found[0][1]


def test_a_date_format_for_something_that_is_no_date() -> None:
    assert [rule for rule, _ in said(date_formats={"SEX": "%m/%Y"})] == ["not-a-date-field"]


def test_a_date_format_that_can_not_be_read() -> None:
    unreadable = source("apc", date_formats={"ADMIDATE": "%d/%m/%Y"}).model_copy(update={"date_format": "%Q"})
    con = connect(threads=1)
    assert [finding.rule for finding in mapping_findings(con, unreadable, contracts())] == ["unknown-date-format"]
    usable = with_usable_styles(con, unreadable)
    assert (usable.date_format, usable.date_formats) == (None, {"ADMIDATE": "%d/%m/%Y"})

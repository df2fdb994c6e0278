"""Columns found whatever their case, order and other names, and what is said of the rest."""

from __future__ import annotations

from joinedup.engine.files_text import plain
from joinedup.findings import Severity
from joinedup.sources.columns import match
from joinedup.sources.contract import contracts
from tests.unit.sources.extracts import source

NEEDED = ("NHS_NUMBER", "EPIKEY", "ADMIDATE", "ADMIMETH")


def matched(*names: str, **more: object):
    return match(contracts()["apc"], source("apc", **more), [plain(name) for name in names], "apc.csv")


def said(found, rule: str) -> list[str]:
    return [finding.message for finding in found.findings if finding.rule == rule]


def test_names_match_in_any_case_with_spaces_quotes_and_a_byte_order_mark() -> None:
    found = matched("\ufeff nhs number ", '"EpiKey"', " Admidate", "ADMIMETH\t")
    assert found.at == {"NHS_NUMBER": 0, "EPIKEY": 1, "ADMIDATE": 2, "ADMIMETH": 3}


def test_order_does_not_matter() -> None:
    assert matched(*reversed(NEEDED)).at == {name: 3 - place for place, name in enumerate(NEEDED)}


def test_other_names_of_real_extracts() -> None:
    found = matched("PSEUDO_HESID", "EPIKEY", "ADMIDATE", "ADMIMETH", "DIAG_4_01", "PROVSPNOPS", "OPERTN_4_24")
    assert {"SOURCE_PSEUDONYM": 0, "DIAG_01": 4, "SUSSPELLID": 5, "OPERTN_24": 6}.items() <= found.at.items()


def test_extra_columns_are_left_out_and_named() -> None:
    found = matched(*NEEDED, "FYEAR", "", "PARTYEAR")
    assert found.extra == ("FYEAR", "column 6", "PARTYEAR")
    assert said(found, "extra-columns") == ["has columns that the contract doesn't know, and that are left out: FYEAR, column 6, PARTYEAR"]
    assert {finding.severity for finding in found.findings} == {Severity.WARNING}


def test_missing_columns_are_named_but_not_those_that_identify() -> None:
    found = matched(*NEEDED)
    (message,) = said(found, "missing-columns")
    assert "SUSSPELLID" in message
    assert "and 61 more" in message
    assert "PERSON_FAMILY_NAME" not in message
    assert "PERSON_FAMILY_NAME" in found.missing


def test_a_file_needs_its_required_columns() -> None:
    found = matched("NHS_NUMBER", "EPIKEY", "ADMIDATE", "METHOD")
    (refusal,) = [finding for finding in found.findings if finding.severity is Severity.ERROR]
    assert (refusal.rule, refusal.file) == ("missing-column", "apc.csv")
    assert "no column ADMIMETH" in refusal.message
    assert "it has METHOD" in refusal.message


def test_a_file_needs_something_to_tell_people_by() -> None:
    found = matched("EPIKEY", "ADMIDATE", "ADMIMETH")
    assert said(found, "missing-column") == [
        "has neither NHS_NUMBER nor SOURCE_PSEUDONYM, so nobody in it can be told from anybody else: ask for one of them"
    ]


def test_a_constant_stands_for_a_column() -> None:
    found = matched("NHS_NUMBER", "EPIKEY", "ADMIDATE", constants={"ADMIMETH": "21"})
    assert not [finding for finding in found.findings if finding.severity is Severity.ERROR]
    assert "ADMIMETH" not in found.missing


def test_a_repeated_column_is_found_and_the_first_used() -> None:
    found = matched(*NEEDED, "SEX", "Sex")
    assert (found.at["SEX"], found.repeated) == (4, {"SEX": 5})


def test_a_rename_goes_before_the_names_of_the_contract() -> None:
    found = matched(*NEEDED, "LSOA11", "LSOA01", rename={"lsoa01": "LSOA11"})
    assert found.at["LSOA11"] == 5
    assert said(found, "column-not-used") == []


def test_of_two_names_for_one_field_the_contracts_own_is_used() -> None:
    found = matched(*NEEDED, "DIAG_4_01", "DIAG_01")
    assert found.at["DIAG_01"] == 5
    assert said(found, "column-not-used") == ["DIAG_4_01 also stands for DIAG_01, and DIAG_01 is used: rename the one you want"]


def test_renames_and_constants_that_do_nothing() -> None:
    found = matched(*NEEDED, rename={"LSOA01": "LSOA11"}, constants={"EPIKEY": "1"})
    assert said(found, "rename-not-found") == ["has no column LSOA01, which sources.yml renames to LSOA11"]
    assert said(found, "constant-not-used") == ["has a column for EPIKEY, so the constant in sources.yml isn't used: take one of them out"]


def test_names_of_a_line_that_is_no_header_are_not_repeated() -> None:
    found = matched("9990000018", "Bagwash", "1950-01-01")
    assert [finding.rule for finding in found.findings] == ["missing-column"]
    assert "BAGWASH" not in found.findings[0].message.upper()

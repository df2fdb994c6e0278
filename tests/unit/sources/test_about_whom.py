"""Rows of one record are known as such when the identifiers of its person change from file to file, and of two people never."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from joinedup.sources.contract import contracts
from tests.unit.sources.extracts import NUMBERS, Staged, counts, source, staged

A, B, C = NUMBERS[:3]
REST = {
    "cld": {"EVENT_TYPE": "SERVICE", "EVENT_START_DATE": "2024-06-10", "SERVICE_TYPE": "LONG TERM SUPPORT: PRISON"},
    "children_social_care": {"RECORD_TYPE": "CLA", "START_DATE": "2024-06-10", "LEGAL_STATUS": "C1"},
    "community_activity": {"ACTIVITY_DATE": "2024-06-10"},
    "deaths": {"REG_DATE_OF_DEATH": "2024-06-10"},
    "discharge_ready": {
        "ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER": "RWY",
        "START_DATE_HOSPITAL_PROVIDER_SPELL": "2024-06-10",
        "DISCHARGE_READY_DATE": "2024-06-12",
    },
    "opt_out": {"OPT_OUT_KIND": "NATIONAL", "OPT_OUT_FROM": "2024-06-10"},
    "protected_person": {"PROTECTED_FROM": "2024-06-10"},
    "staff_person": {"ACCOUNT": "account", "STAFF_FROM": "2024-06-10"},
    "register": {"GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION": "Y00001", "START_DATE_GMP_PATIENT_REGISTRATION": "2024-06-10"},
}
"""Contract -> what a row of it holds beside its person."""
BY_PERSON = sorted(name for name, contract in contracts().items() if contract.key[0] == "NHS_NUMBER")
OWN = {name: next(level for level in contracts()[name].same_person.known_by if level != "NHS_NUMBER") for name in REST}
BY_NAME = [name for name in BY_PERSON if contracts()[name].same_person.by_name]
RECORDS = [name for name in BY_PERSON if contracts()[name].same_person.record]
ANN = {"PERSON_BIRTH_DATE": "2009-01-02", "PERSON_FAMILY_NAME": "Poe", "PERSON_GIVEN_NAME": "Ann"}
BORN = {"PERSON_BIRTH_DATE": "2009-01-02"}
Row = dict[str, str]


def sent(folder: Path, contract: str, *files: list[Row]) -> Staged:
    """What landing makes of a file for each list of rows, which say who they are about."""
    content = {f"{at}.csv": _written([REST[contract] | row for row in rows]) for at, rows in enumerate(files, 1)}
    return staged(folder, content, source(contract, tuple(content)))


def _written(rows: list[Row]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(dict.fromkeys(name for row in rows for name in row)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def numbers(found: Staged) -> list[tuple[int, int, int, int]]:
    """Rows read, loaded, superseded and rejected of each file; that they add up."""
    accounts = [counts(file) for file in found.staging.files]
    assert all(read == loaded + superseded + rejected for read, loaded, superseded, rejected in accounts)
    return accounts


LATER_ONE, BOTH = [(1, 0, 1, 0), (1, 1, 0, 0)], [(1, 1, 0, 0), (1, 1, 0, 0)]


def each(folder: Path, names: Sequence[str], rows: Callable[[str], Sequence[Row]]) -> dict[str, list[tuple[int, int, int, int]]]:
    """Contract -> rows read, loaded, superseded and rejected of its files, of which each has one of the rows that are made for it."""
    content = {
        f"{name}_{at}.csv": _written([REST[name] | {"NHS_NUMBER": ""} | row]) for name in names for at, row in enumerate(rows(name), 1)
    }
    found = staged(folder, content, *(source(name, f"{name}_*.csv") for name in names))
    numbers(found)
    return {name: [counts(file) for file in found.staging.files if file.contract == name] for name in names}


def test_each_contract_about_persons_is_tried_and_states_by_what_they_are_known() -> None:
    assert set(REST) == set(BY_PERSON), "a contract whose key begins with a person says same_person, and is tried here: add it to REST"
    for name in BY_PERSON:
        contract = contracts()[name]
        fields = {field.name for field in contract.fields}
        assert "NHS_NUMBER" in contract.same_person.known_by
        assert {*contract.same_person.known_by} | {contract.same_person.record or "NHS_NUMBER"} <= fields, name
        assert "same_person" in contract.model_fields_set, f"{name} doesn't say by what its persons are known"


@pytest.mark.parametrize("change", [("", A), (A, ""), (B, A)], ids=["added", "taken out", "corrected"])
def test_a_number_that_changes_beside_the_sources_own(tmp_path: Path, change: tuple[str, str]) -> None:
    found = each(tmp_path, list(REST), lambda name: [{OWN[name]: "P1", "NHS_NUMBER": number, **BORN} for number in change])
    assert found == dict.fromkeys(REST, LATER_ONE)


@pytest.mark.parametrize("change", [("", A), (A, ""), (B, A), ("9990000019", A)], ids=["added", "taken out", "corrected", "mistyped"])
def test_full_name_and_birth_tell_it_where_a_source_has_no_number_of_its_own(tmp_path: Path, change: tuple[str, str]) -> None:
    found = each(tmp_path, BY_NAME, lambda _: [{"NHS_NUMBER": number, **ANN} for number in change])
    assert found == dict.fromkeys(BY_NAME, LATER_ONE)


def test_names_never_end_an_objection_or_a_registration(tmp_path: Path) -> None:
    names = ("opt_out", "protected_person", "register", "staff_person")
    assert each(tmp_path, names, lambda _: [{"NHS_NUMBER": number, **ANN} for number in (B, A)]) == dict.fromkeys(names, BOTH)


@pytest.mark.parametrize("before", [{"NHS_NUMBER": B}, {"SOURCE_PSEUDONYM": "P1"}])
def test_the_number_of_the_record_tells_it_too(tmp_path: Path, before: Row) -> None:
    def rows(name: str) -> list[Row]:
        number = {contracts()[name].same_person.record or "": "E7"}
        return [before | number | BORN, {"NHS_NUMBER": A} | number | BORN]

    assert each(tmp_path, RECORDS, rows) == dict.fromkeys(RECORDS, LATER_ONE)


def test_numbers_of_records_that_are_counted_anew_for_each_person_tell_nothing(tmp_path: Path) -> None:
    first = [{"NHS_NUMBER": number, "EVENT_REFERENCE": "1"} for number in (A, B)]
    found = sent(tmp_path, "cld", first, [{"NHS_NUMBER": C, "EVENT_REFERENCE": "1"}])
    assert numbers(found) == [(2, 2, 0, 0), (1, 1, 0, 0)]


def test_pseudonyms_that_a_supplier_gives_anew(tmp_path: Path) -> None:
    names = [name for name in BY_NAME if OWN[name] == "SOURCE_PSEUDONYM"]
    found = each(tmp_path, names, lambda _: [{"SOURCE_PSEUDONYM": own, "NHS_NUMBER": A, **BORN} for own in ("P1", "Q1", "A1")])
    assert found == {name: [(1, 0, 1, 0), (1, 0, 1, 0), (1, 1, 0, 0)] for name in names}


@pytest.mark.parametrize("births", [("2009-01-02", "2008-03-04"), ("", "")], ids=["two births", "no births"])
def test_two_people_under_one_wrong_number_stay(tmp_path: Path, births: tuple[str, str]) -> None:
    def rows(name: str) -> list[Row]:
        return [{OWN[name]: f"P{at}", "NHS_NUMBER": A, "PERSON_BIRTH_DATE": born} for at, born in enumerate(births)]

    assert each(tmp_path, BY_NAME, rows) == dict.fromkeys(BY_NAME, BOTH)


def test_two_people_under_one_wrong_number_are_told(tmp_path: Path) -> None:
    rows = [{"SOURCE_PSEUDONYM": own, "NHS_NUMBER": A, **BORN} for own in ("P1", "P2")]
    together = sent(tmp_path / "together", "cld", rows)
    assert numbers(together) == [(2, 2, 0, 0)]
    assert together.only("same-number-apart").count == 2
    apart = sent(tmp_path / "apart", "cld", rows[:1], [rows[1] | {"PERSON_BIRTH_DATE": "2008-03-04"}])
    assert numbers(apart) == BOTH
    assert (apart.only("same-number-apart").file, apart.only("same-number-apart").count) == ("2.csv", 1)


def test_twins_of_one_number_and_birth_are_told_apart_by_what_the_hospital_calls_them(tmp_path: Path) -> None:
    rows = [{"LOCAL_PATIENT_IDENTIFIER": f"L{at}", "NHS_NUMBER": A, **BORN} for at in (1, 2)]
    assert numbers(sent(tmp_path, "discharge_ready", rows[:1], rows[1:])) == BOTH


def test_a_number_alone_is_of_the_one_person_whom_the_source_has_with_it(tmp_path: Path) -> None:
    known, alone = {"SOURCE_PSEUDONYM": "P1", "NHS_NUMBER": A, **BORN}, {"NHS_NUMBER": A, **BORN}
    assert numbers(sent(tmp_path / "one", "cld", [known], [alone])) == LATER_ONE
    other = {"SOURCE_PSEUDONYM": "P2", "NHS_NUMBER": A, "PERSON_BIRTH_DATE": "1950-01-01"}
    assert numbers(sent(tmp_path / "two", "cld", [known, other], [alone])) == [(2, 1, 1, 0), (1, 1, 0, 0)]
    stranger = {"NHS_NUMBER": A, "PERSON_BIRTH_DATE": "1960-01-01"}
    assert numbers(sent(tmp_path / "none", "cld", [known], [stranger])) == BOTH


def test_a_number_that_one_file_gives_to_several_people_is_no_number_of_a_person(tmp_path: Path) -> None:
    rows = [
        {"SOURCE_PSEUDONYM": "1", "NHS_NUMBER": number, "PERSON_BIRTH_DATE": born}
        for number, born in ((A, "1950-01-01"), (B, "1960-01-01"))
    ]
    assert numbers(sent(tmp_path, "community_activity", rows, rows[:1])) == [(2, 1, 1, 0), (1, 1, 0, 0)]


def test_a_placeholder_names_nobody_by_itself(tmp_path: Path) -> None:
    rows = [{"NHS_NUMBER": "0000000000", "PERSON_BIRTH_DATE": born} for born in ("1950-01-01", "1960-01-01")]
    assert numbers(sent(tmp_path, "cld", rows, [rows[0], rows[1] | {"DEMENTIA": "Y"}])) == [(2, 0, 2, 0), (2, 2, 0, 0)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (2, 1, 0)])
def test_whom_rows_are_about_does_not_depend_on_the_order_of_files(tmp_path: Path, order: tuple[int, ...]) -> None:
    files = [[{"SOURCE_PSEUDONYM": "P1", **BORN}], [{"SOURCE_PSEUDONYM": "P1", "NHS_NUMBER": A, **BORN}], [{"NHS_NUMBER": A, **BORN}]]
    found = sent(tmp_path, "cld", *(files[at] for at in order))
    assert [loaded for _, loaded, _, _ in numbers(found)] == [0, 0, 1]


CORRECTED = {
    "cld": "EVENT_START_DATE",
    "community_activity": "ACTIVITY_DATE",
    "deaths": "REG_DATE_OF_DEATH",
    "discharge_ready": "START_DATE_HOSPITAL_PROVIDER_SPELL",
}


def test_a_first_day_that_is_corrected_later(tmp_path: Path) -> None:
    def rows(name: str) -> list[Row]:
        record = contracts()[name].same_person.record
        row = {"NHS_NUMBER": A, **BORN} | ({record: "E7"} if record else {})
        return [row, row | {CORRECTED[name]: "2024-06-11"}]

    assert each(tmp_path, list(CORRECTED), rows) == dict.fromkeys(CORRECTED, LATER_ONE)


def test_a_stay_that_begins_after_the_other_has_ended_is_another(tmp_path: Path) -> None:
    row = {"NHS_NUMBER": A, **BORN, "EVENT_REFERENCE": "E7"}
    found = sent(tmp_path, "cld", [row | {"EVENT_END_DATE": "2024-06-14"}], [row | {"EVENT_START_DATE": "2024-07-01"}])
    assert numbers(found) == BOTH


def test_two_deaths_under_one_number_are_of_two_people_when_their_births_differ(tmp_path: Path) -> None:
    rows = [
        {"NHS_NUMBER": A, "PERSON_BIRTH_DATE": born, "REG_DATE_OF_DEATH": day}
        for born, day in (("1950-01-01", "2024-06-10"), ("1951-01-01", "2024-06-11"))
    ]
    assert numbers(sent(tmp_path, "deaths", rows[:1], rows[1:])) == BOTH


@pytest.mark.parametrize("contract", ["register", "opt_out"])
def test_who_gets_a_number_is_on_the_lists_all_along(tmp_path: Path, contract: str) -> None:
    rest = REST[contract] | {"SOURCE_PSEUDONYM": "P1", **BORN}
    content = {"l_2025-01-01.csv": _written([rest]), "l_2025-02-01.csv": _written([rest | {"NHS_NUMBER": A}])}
    found = staged(tmp_path, content, source(contract, "l_*.csv", sends="snapshot", file_name="l_{day:%Y-%m-%d}.csv"))
    assert numbers(found) == LATER_ONE
    assert found.rows(contract, "nhs_number, listed_from, listed_to") == [(1, A, None, None)]


def test_a_number_of_a_session_that_comes_again_with_the_next_months_list_is_another_session(tmp_path: Path) -> None:
    row = {"NHS_NUMBER": A, **BORN, "ACTIVITY_ID": "7"}
    assert numbers(sent(tmp_path, "community_activity", [row], [row | {"ACTIVITY_DATE": "2024-07-08"}])) == BOTH


def test_a_placement_whose_first_day_may_have_been_corrected_is_told(tmp_path: Path) -> None:
    row = {"SOURCE_PSEUDONYM": "K1", "NHS_NUMBER": A, **BORN}
    found = sent(tmp_path / "open", "children_social_care", [row], [row | {"START_DATE": "2024-06-17"}])
    assert numbers(found) == BOTH
    assert (found.only("overlaps-earlier").file, found.only("overlaps-earlier").count) == ("2.csv", 1)
    moved = sent(tmp_path / "closed", "children_social_care", [row | {"END_DATE": "2024-06-17"}], [row | {"START_DATE": "2024-06-17"}])
    assert "overlaps-earlier" not in moved.rules

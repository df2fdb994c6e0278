"""Rows of the registration list without a usable number: the same person from landing to landing, whatever moves around them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from joinedup.kept.identity_register import IdentityRegister, open_register
from tests.unit.identity.people import linked

MAY, JUNE = date(1950, 5, 4), date(1950, 6, 4)
LONG_AGO, THEN, NOW = date(1990, 1, 1), date(2020, 1, 1), date(2025, 6, 1)
PRACTICE, START, END = (
    "general_medical_practice_code_patient_registration",
    "start_date_gmp_patient_registration",
    "end_date_gmp_patient_registration",
)


def listed(born: date | None = MAY, sex: str = "1", home: str = "E01000001", practice: str = "B84001", **more: Any) -> dict[str, Any]:
    at = {PRACTICE: practice, START: LONG_AGO, "lsoa_of_residence": home}
    return {"person_birth_date": born, "person_stated_gender_code": sex, **at, **more}


@pytest.fixture
def register() -> Iterator[IdentityRegister]:
    opened = open_register("sqlite://")
    yield opened
    opened.close()


def landed(register: IdentityRegister, landing_id: str, *rows: dict[str, Any]) -> list[int | None]:
    found = linked(register, {"list": ("register", rows)}, landing_id=landing_id)
    assert set(found.statuses("register")) <= {"register_row"}
    people = found.people("register")
    found.con.close()
    return people


def test_the_order_of_rows_changes_no_id(register: IdentityRegister) -> None:
    rows = [listed(), listed(sex="2"), listed(JUNE), listed(home="E01000002"), listed(practice="B84002")]
    first = landed(register, "first", *rows)
    assert len(set(first)) == len(rows)
    assert landed(register, "second", *reversed(rows)) == first[::-1]
    assert landed(register, "third", *rows[2:]) == first[2:]
    assert landed(register, "fourth", *rows, listed(None))[:5] == first


def test_another_practice_start_or_home_is_no_other_person(register: IdentityRegister) -> None:
    [first, other] = landed(register, "first", listed(), listed(JUNE))
    assert landed(register, "second", listed(JUNE), listed(practice="B84002", **{START: NOW})) == [other, first]
    assert landed(register, "third", listed(practice="B84002", **{START: THEN}), listed(JUNE)) == [first, other]
    moved = listed(practice="B84002", home="E01000009", **{START: THEN})
    assert landed(register, "fourth", moved) == [first]
    assert landed(register, "fifth", listed(practice="B84001"), listed(JUNE, practice="B84003")) == [first, other]


def test_another_sex_alone_is_no_other_person(register: IdentityRegister) -> None:
    first = landed(register, "first", listed(), listed(JUNE), listed(JUNE, sex="2"))
    assert landed(register, "second", listed(sex="2"), listed(JUNE), listed(JUNE, sex="2")) == first


def test_where_several_agree_nobody_is_taken_for_another(register: IdentityRegister) -> None:
    first = landed(register, "first", listed(), listed())
    second = landed(register, "second", listed(practice="B84002"), listed(practice="B84003"))
    assert not set(first) & set(second)
    third = landed(register, "third", listed(), listed(), listed())
    assert third[:2] == first
    assert third[2] not in {*first, *second}
    assert landed(register, "fourth", listed()) == first[:1], "of rows that say the very same ids may change places"


def test_registrations_that_follow_one_another_are_one_persons(register: IdentityRegister) -> None:
    before = listed(**{END: THEN})
    [first, again] = landed(register, "first", before, listed(practice="B84002", **{START: THEN}))
    assert first == again
    beside = landed(register, "second", listed(JUNE, **{END: NOW}), listed(JUNE, practice="B84002", **{START: THEN}))
    assert len(set(beside)) == 2
    assert landed(register, "third", listed(practice="B84002", **{START: THEN})) == [first]


def test_who_has_a_name_keeps_the_id_at_another_practice_and_home(register: IdentityRegister) -> None:
    name = {"person_given_name": "Ann", "person_family_name": "Planted"}
    [first] = landed(register, "first", listed(**name))
    [moved] = landed(register, "second", listed(home="E01000002", practice="B84002", sex="2", **name, **{START: NOW}))
    assert moved == first
    assert landed(register, "third", listed(JUNE, **name)) != [first]


A_ROW = st.builds(
    listed,
    born=st.sampled_from([MAY, JUNE, None]),
    sex=st.sampled_from(["1", "2"]),
    home=st.sampled_from(["E01000001", "E01000002"]),
    practice=st.sampled_from(["B84001", "B84002"]),
)


@given(rows=st.lists(A_ROW, min_size=1, max_size=6), more=st.lists(A_ROW, max_size=2), seed=st.integers(0, 99))
@settings(max_examples=12, deadline=None)
def test_ids_change_places_only_among_rows_that_say_the_same(rows: list[Any], more: list[Any], seed: int) -> None:
    register = open_register("sqlite://")
    first = landed(register, "first", *rows)
    assert len(set(first)) == len(rows)
    shuffled = rows[:]
    random.Random(seed).shuffle(shuffled)
    second = landed(register, "second", *shuffled)

    def by_content(given: list[Any], ids: list[int | None]) -> dict[str, set[int | None]]:
        return {str(row): {person for other, person in zip(given, ids, strict=True) if other == row} for row in given}

    assert by_content(rows, first) == by_content(shuffled, second)
    third = landed(register, "third", *more, *shuffled)
    assert set(second) <= set(third), "whoever comes takes nobody's id"
    assert len(set(third)) == len(third)
    register.close()

"""Superseded numbers: rows follow them to the number in use, and nothing that could make two people one is followed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from joinedup.kept.identity_register import open_register
from tests.unit.identity.people import linked, nhs_number

A, B, C, D = (nhs_number(number) for number in range(1, 5))
MAY, JUNE = date(1950, 5, 4), date(1950, 6, 4)


def row(number: str, born: date | None = MAY) -> dict[str, Any]:
    return {"nhs_number": number, "person_birth_date": born}


def replaced(old: str, new: str) -> dict[str, Any]:
    return {"superseded_nhs_number": old, "nhs_number": new, "person_birth_date": MAY}


def sources(pairs: list[tuple[str, str]], hospital: list[dict[str, Any]], register: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "list": ("register", register),
        "hospital": ("apc", hospital),
        "changes": ("superseded_number", [replaced(old, new) for old, new in pairs]),
    }


def test_a_row_follows_its_number_to_the_one_in_use(tmp_path: Path) -> None:
    found = linked(tmp_path, sources([(A, B)], [row(A), row(B), row(A, JUNE)], [row(B)]))
    [person] = found.people("register")
    assert found.people("apc") == [person, person, None]
    assert found.statuses("apc") == ["nhs_number", "nhs_number", "birth_date_disagrees"]
    assert found.people("superseded_number") == [person]


def test_numbers_are_followed_through_several_replacements(tmp_path: Path) -> None:
    found = linked(tmp_path, sources([(B, C), (A, B), (C, D)], [row(A), row(B), row(C)], [row(D)]))
    assert found.people("apc") == found.people("register") * 3


def test_without_the_list_they_are_two_people(tmp_path: Path) -> None:
    found = linked(tmp_path, {"list": ("register", [row(B)]), "hospital": ("apc", [row(A)])})
    assert found.people("apc") != found.people("register")


def test_a_number_that_several_replace_is_not_followed(tmp_path: Path) -> None:
    found = linked(tmp_path, sources([(A, B), (A, C)], [row(A)], [row(B), row(C)]))
    assert "superseded-by-several" in found.rules()
    assert found.people("apc")[0] not in found.people("register")


@pytest.mark.parametrize("pairs", [[(A, B), (B, A)], [(A, B), (B, C), (C, A)], [(A, B), (B, C), (C, B)]])
def test_a_circle_is_found_and_not_followed(pairs: list[tuple[str, str]], tmp_path: Path) -> None:
    found = linked(tmp_path, sources(pairs, [row(A)], [row(D)]))
    assert "superseded-in-a-circle" in found.rules()
    assert found.statuses("apc") == ["nhs_number_alone"] or found.statuses("apc") == ["nhs_number"]
    assert found.people("apc")[0] not in found.people("register")


def test_two_people_of_the_list_are_never_made_one(tmp_path: Path) -> None:
    found = linked(tmp_path, sources([(A, B)], [row(A), row(B, JUNE)], [row(A), row(B, JUNE)]))
    assert "superseded-and-in-use" in found.rules()
    ann, ben = found.people("register")
    assert ann != ben
    assert found.people("apc") == [ann, ben]


def test_a_chain_ends_before_a_replacement_that_the_list_contests(tmp_path: Path) -> None:
    """A became B; that B became C is wrong, for the list has both: A's rows are B's, not C's."""
    found = linked(tmp_path, sources([(A, B), (B, C)], [row(A), row(C, JUNE)], [row(B), row(C, JUNE)]))
    assert found.people("apc") == found.people("register")
    assert len(set(found.people("register"))) == 2


def test_two_rows_of_the_list_with_one_date_of_birth_are_one_person(tmp_path: Path) -> None:
    found = linked(tmp_path, sources([(A, B)], [], [row(A), row(B)]))
    assert len(set(found.people("register"))) == 1


@pytest.mark.parametrize("pair", [(A, "123"), ("123", A), (A, A)])
def test_numbers_that_can_not_be_one_are_left_alone(pair: tuple[str, str], tmp_path: Path) -> None:
    found = linked(tmp_path, sources([pair], [row(A)], [row(A)]))
    assert found.people("apc") == found.people("register")


def test_who_is_known_keeps_the_id(tmp_path: Path) -> None:
    """Landed under the old number first; under the new one, and later without the list, the id is the same."""
    register = open_register(tmp_path / "identity.sqlite")
    [first] = linked(register, {"list": ("register", [row(A)])}, landing_id="first").people("register")
    second = linked(register, sources([(A, B)], [row(A)], [row(B)]), landing_id="second")
    third = linked(register, {"list": ("register", [row(B)])}, landing_id="third")
    assert second.people("register") == second.people("apc") == third.people("register") == [first]
    register.close()


def test_a_superseded_number_of_a_real_person_is_rejected_in_an_invented_place(tmp_path: Path) -> None:
    real = nhs_number(1, first=400_000_000)
    found = linked(tmp_path, sources([(real, B)], [], [row(B)]))
    assert "nhs-number-of-a-real-person" in found.rules()
    assert found.rows("superseded_number") == []

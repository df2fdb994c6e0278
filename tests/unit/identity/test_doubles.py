"""People of the list without a number who may be somebody known by number: asked about, never joined without an answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from joinedup.identity.review import Reviewer
from joinedup.kept.answers import give_answer
from joinedup.kept.identity_register import IdentityRegister, open_register
from joinedup.place.model import Linking
from tests.unit.identity.people import KEYS, Linked, linked, nhs_number

ANN = nhs_number(1)
MAY, JUNE = date(1950, 5, 4), date(1950, 6, 4)
PRACTICE = "general_medical_practice_code_patient_registration"
NAMED = {"person_family_name": "Planted", "person_given_name": "Ann", "person_birth_date": MAY, PRACTICE: "B84001"}
AT_HOME = {"person_birth_date": MAY, "person_stated_gender_code": "2", "lsoa_of_residence": "E01000001", PRACTICE: "B84001"}


@pytest.fixture
def register() -> Iterator[IdentityRegister]:
    opened = open_register("sqlite://")
    yield opened
    opened.close()


def landed(register: IdentityRegister, landing_id: str, *rows: dict[str, Any]) -> Linked:
    return linked(register, {"list": ("register", rows)}, landing_id=landing_id, linking=Linking())


def answer(register: IdentityRegister, said: str) -> None:
    for account in ("cas", "dee"):
        with register.connected(KEYS, writes=True) as connection:
            give_answer(connection, 1, Reviewer(account, "coordinator", (account,)), said, "other")


@pytest.mark.parametrize("said", ["same", "different"])
def test_who_agrees_in_names_and_birth_date_is_asked_about_and_counts_as_two_until_answered(register: IdentityRegister, said: str) -> None:
    rows = [NAMED | {"nhs_number": ANN}, NAMED | {"person_family_name": "PLANTTED", PRACTICE: "B84002"}]
    first = landed(register, "first", *rows)
    assert first.statuses("register") == ["nhs_number", "register_row"]
    [finding] = [finding for finding in first.findings if finding.rule == "may-count-twice"]
    assert (finding.count, finding.rows) == (1, (2,))
    answer(register, said)
    second = landed(register, "second", *rows)
    ann, other = second.people("register")
    assert (ann == other) == (said == "same")
    assert second.statuses("register")[1] == ("confirmed" if said == "same" else "register_row")
    assert "may-count-twice" not in second.rules()
    assert len(second.landed_people()) == (1 if said == "same" else 2)


def test_without_a_name_all_else_must_agree_and_nobody_elses(register: IdentityRegister) -> None:
    known = AT_HOME | {"nhs_number": ANN}
    assert "may-count-twice" in landed(register, "first", known, AT_HOME).rules()
    for at, other in enumerate([{"person_birth_date": JUNE}, {PRACTICE: "B84002"}, {"lsoa_of_residence": "E01000002"}]):
        assert "may-count-twice" not in landed(register, f"other {at}", known, AT_HOME | other).rules()
    twins = landed(register, "twins", known, AT_HOME, AT_HOME)
    assert "may-count-twice" not in twins.rules()
    assert len(set(twins.people("register"))) == 3

"""Who asks: what the staff file makes of an account, and for whom each door opens."""

from __future__ import annotations

import os
import pwd
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from joinedup.access import caller as callers
from joinedup.access.caller import OPENS, Caller, Scope, caller_for, may_ask
from joinedup.errors import Refused
from joinedup.place.model import Place

from .conftest import a_place


def staff(account: str = "ann", role: str = "analyst", kind: str = "place", of: str | None = None, **changes: Any) -> Any:
    row = {"account": account, "name": "Ann", "role": role, "scope_kind": kind, "scope_id": of, "starts": None, "ends": None}
    return SimpleNamespace(**(row | changes))


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the staff file says; a test may change it between two calls."""
    rows: list[Any] = []
    monkeypatch.setattr(callers, "staff_now", lambda place: tuple(rows))
    return rows


@pytest.fixture
def real() -> Place:
    return a_place(invented=False)


def test_without_a_row_somebody_is_the_public(real: Place, listed: list[Any]) -> None:
    assert caller_for(real, "planning", account="ann") == Caller("ann", "ann", "public", "planning")
    for door in OPENS:
        with pytest.raises(Refused, match="no row in force"):
            may_ask(real, caller_for(real, "planning", account="ann"), door)


def test_invented_people_may_be_looked_at_by_whoever_has_no_row(listed: list[Any]) -> None:
    place = a_place()
    assert caller_for(place, "planning", account="ann").role == "analyst"
    assert caller_for(place, "direct care", account="ann").role == "care_team"
    listed.append(staff(ends=date(2020, 1, 1)))
    assert caller_for(place, "planning", account="ann").role == "public", "whose row has ended has a row"


def test_a_row_counts_from_its_first_day_up_to_its_end(real: Place, listed: list[Any]) -> None:
    listed.append(staff(starts=date(2026, 1, 1), ends=date(2026, 2, 1)))
    roles = [
        caller_for(real, "planning", account="ann", on=date(*day)).role
        for day in ((2025, 12, 31), (2026, 1, 1), (2026, 1, 31), (2026, 2, 1))
    ]
    assert roles == ["public", "analyst", "analyst", "public"]


def test_of_several_roles_the_one_that_fits_the_purpose_counts_and_its_scopes_add_up(real: Place, listed: list[Any]) -> None:
    listed += [
        staff(),
        staff(role="coordinator", kind="neighbourhood", of="west"),
        staff(role="coordinator", kind="neighbourhood", of="north"),
    ]
    assert caller_for(real, "payment", account="ann").role == "analyst"
    asked = caller_for(real, "direct care", account="ann")
    assert (asked.role, asked.scope) == ("coordinator", Scope("neighbourhood", ("north", "west")))


def test_a_role_that_ended_or_changed_since_counts_at_once(real: Place, listed: list[Any]) -> None:
    listed.append(staff())
    asked = caller_for(real, "planning", account="ann")
    may_ask(real, asked, "records")
    listed[0] = staff(role="board")
    with pytest.raises(Refused, match="now makes ann board"):
        may_ask(real, asked, "records")
    listed[0] = staff(ends=date.today())
    with pytest.raises(Refused, match="no row in force"):
        may_ask(real, asked, "records")


def test_a_caller_made_by_hand_is_believed_no_more_than_the_file(real: Place, listed: list[Any]) -> None:
    listed.append(staff(role="care_team", kind="practice", of="ZZ0000"))
    with pytest.raises(Refused, match="not analyst"):
        may_ask(real, Caller("ann", "Ann", "analyst", "planning"), "records")
    with pytest.raises(Refused, match="for practice ZZ0000, not care_team for place"):
        may_ask(real, Caller("ann", "Ann", "care_team", "direct care"), "people")


@pytest.mark.parametrize(
    ("role", "door", "purpose"),
    [
        ("analyst", "people", "planning"),
        ("analyst", "records", "direct care"),
        ("care_team", "records", "planning"),
        ("care_team", "people", "planning"),
        ("finance", "records", "planning"),
        ("ig_lead", "people", "direct care"),
        ("board", "aggregates", "payment"),
    ],
)
def test_a_purpose_must_fit_role_and_door(real: Place, listed: list[Any], role: str, door: callers.Door, purpose: str) -> None:
    listed.append(staff(role=role))
    with pytest.raises(Refused, match=f"{door} .* {role}.*the door opens to"):
        may_ask(real, caller_for(real, purpose, account="ann"), door)


def test_a_purpose_that_nothing_is_shared_for_is_refused(real: Place) -> None:
    with pytest.raises(Refused, match="'curiosity' is not a purpose"):
        caller_for(real, "curiosity")


def test_the_account_is_that_of_the_operating_system_whatever_the_environment_says(real: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert caller_for(real, "planning").account == pwd.getpwuid(os.geteuid()).pw_name
    monkeypatch.setattr(callers.os, "geteuid", lambda: 4_000_000)
    assert caller_for(real, "planning").account == "4000000"

"""Who asks: what the staff file makes of an account, and for whom each door opens."""

from __future__ import annotations

import os
import pwd
from datetime import date
from pathlib import Path

import pytest

from joinedup.access import caller as callers
from joinedup.access.caller import OPENS, Caller, Scope, caller_for, may_ask
from joinedup.access.disclosure import still_agreed
from joinedup.errors import Refused
from joinedup.place.model import Place
from tests.agreements import agreement, shared

from .conftest import a_place

HEAD = "account,name,role,scope_kind,scope_id,starts,ends"


class Staff:
    """A staff file that a test may change between two calls."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "staff.csv"

    def says(self, *rows: str) -> None:
        self.path.write_text("\n".join([HEAD, *rows]) + "\n")


@pytest.fixture
def staff(tmp_path: Path) -> Staff:
    return Staff(tmp_path)


@pytest.fixture
def real(tmp_path: Path) -> Place:
    return a_place(invented=False, folder=tmp_path)


def test_without_a_row_somebody_is_the_public(real: Place) -> None:
    assert caller_for(real, "planning", account="ann") == Caller("ann", "ann", "public", "planning")
    for door in OPENS:
        with pytest.raises(Refused, match="no row in force"):
            may_ask(real, caller_for(real, "planning", account="ann"), door)


def test_invented_people_may_be_looked_at_by_whoever_has_no_row(tmp_path: Path, staff: Staff) -> None:
    place = a_place(folder=tmp_path)
    assert caller_for(place, "planning", account="ann").role == "analyst"
    assert caller_for(place, "direct care", account="ann").role == "care_team"
    staff.says("ann,Ann,analyst,place,,,2020-01-01")
    assert caller_for(place, "planning", account="ann").role == "public", "whose row has ended has a row"


def test_a_row_counts_from_its_first_day_up_to_its_end(real: Place, staff: Staff) -> None:
    staff.says("ann,Ann,analyst,place,,2026-01-01,2026-02-01")
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1))
    assert [caller_for(real, "planning", account="ann", on=day).role for day in days] == ["public", "analyst", "analyst", "public"]


def test_a_row_says_of_whom(real: Place, staff: Staff) -> None:
    staff.says("ann,Ann,coordinator,neighbourhood,west;north,,")
    asked = caller_for(real, "direct care", account="ann")
    assert (asked.actor, asked.role, asked.scope) == ("Ann", "coordinator", Scope("neighbourhood", ("west", "north")))
    may_ask(real, asked, "people")


def test_a_role_that_ended_or_changed_since_counts_at_once(real: Place, staff: Staff) -> None:
    staff.says("ann,Ann,analyst,place,,,")
    asked = caller_for(real, "planning", account="ann")
    may_ask(real, asked, "records")
    staff.says("ann,Ann,board,place,,,")
    with pytest.raises(Refused, match="now makes ann board"):
        may_ask(real, asked, "records")
    staff.says(f"ann,Ann,analyst,place,,,{date.today()}")
    with pytest.raises(Refused, match="no row in force"):
        may_ask(real, asked, "records")
    staff.says()
    with pytest.raises(Refused, match="no row in force"):
        may_ask(real, asked, "records")


def test_a_staff_file_that_cant_be_read_gives_nobody_a_role(real: Place, staff: Staff) -> None:
    staff.says("ann,Ann,analyst,place,,,")
    asked = caller_for(real, "planning", account="ann")
    staff.says("ann,Ann,king,place,,,")
    with pytest.raises(Refused, match="nobody has a role"):
        may_ask(real, asked, "records")
    staff.says("ann,Ann,analyst,place,,,", "ann,Ann,board,place,,,")
    with pytest.raises(Refused, match="2 rows in force for ann"):
        may_ask(real, asked, "records")


def test_a_caller_made_by_hand_is_believed_no_more_than_the_file(real: Place, staff: Staff) -> None:
    staff.says("ann,Ann,care_team,practice,ZZ0000,,")
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
def test_a_purpose_must_fit_role_and_door(real: Place, staff: Staff, role: str, door: callers.Door, purpose: str) -> None:
    staff.says(f"ann,Ann,{role},place,,,")
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


def test_an_agreement_that_ended_since_the_build_shuts_what_it_opened(real: Place) -> None:
    agreed = agreement(sources=("apc",), purposes=("planning", "direct care"), ends=date(2026, 7, 1))
    place = real.model_copy(update=shared(real, agreed))
    built = {"uses": {"planning": ["apc"], "direct care": ["apc"], "research": []}}
    still_agreed(place, built, "planning", date(2026, 6, 30))
    still_agreed(place, built, "research", date(2026, 7, 1))
    for purpose in ("planning", "direct care"):
        with pytest.raises(Refused, match="no agreement is in force today"):
            still_agreed(place, built, purpose, date(2026, 7, 1))


@pytest.mark.parametrize("kind", ["device", "pipe", "folder"])
def test_what_stands_in_place_of_the_staff_file_is_neither_waited_for_nor_read_for_ever(real: Place, kind: str) -> None:
    """Put there after the place was read: nobody has a role, and no door hangs."""
    file = real.folder / "staff.csv"
    caller_for(real, "planning", account="analyst")
    file.unlink(missing_ok=True)
    {"device": lambda: file.symlink_to("/dev/zero"), "pipe": lambda: os.mkfifo(file), "folder": file.mkdir}[kind]()
    with pytest.raises(Refused, match="nobody has a role"):
        caller_for(real, "planning", account="analyst")

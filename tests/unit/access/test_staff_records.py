"""Records of people who work for the partners: nobody's own, a colleague's for a reason in words, and each look marked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from joinedup.access.caller import Caller, caller_for
from joinedup.access.people import People, open_people
from joinedup.access.sought import Found, by_number
from joinedup.access.unusual import of_staff
from joinedup.errors import Refused
from joinedup.kept.protected import forget_in_lists, people_in_lists, protect, protected_by_hand
from joinedup.kept.staff import FILE, is_own, keep_staff

from .conftest import SPECS, Built, Landed, a_place, built, table_of
from .test_records import Seen

COLLEAGUE, OWN = 205, 206
REASON = "on ward 4 today, discharge plan"


@pytest.fixture(scope="module")
def fell(tmp_path_factory: pytest.TempPathFactory, landed: Landed) -> Built:
    staff = {"person_id": [COLLEAGUE, OWN], "linked_by": ["nhs_number"] * 2, "file_id": [3] * 2, "source_row": [1, 2]}
    tables = {"landed_staff_person": table_of(SPECS["landed_staff_person"], staff)}
    return built(tmp_path_factory.mktemp("staff"), a_place(folder=tmp_path_factory.mktemp("folder")), landed | tables)


@pytest.fixture
def log() -> Seen:
    return Seen()


@pytest.fixture
def carer(fell: Built) -> Caller:
    carer = caller_for(fell.place, "direct care", reason=REASON)
    keep_staff(fell.store.kept, [(OWN, carer.account), (COLLEAGUE, "ann")])
    return carer


@pytest.fixture
def opened(fell: Built, carer: Caller, log: Seen) -> People:
    return open_people(fell.store, fell.place, carer, None, log)


def test_a_list_leaves_them_out_and_says_how_many(opened: People, carer: Caller) -> None:
    shown = opened.listed(carer)
    assert not {COLLEAGUE, OWN} & set(shown.rows["person_id"].to_pylist())
    assert "2 people who work for the partners are not in the list: look at each by person_id, and say why in a sentence" in shown.notes


def test_a_colleague_is_shown_for_a_reason_in_words_and_the_look_is_marked(opened: People, carer: Caller, log: Seen) -> None:
    assert opened.person(carer, COLLEAGUE).rows.num_rows == 1
    opened.rows(carer, COLLEAGUE, "activity")
    with pytest.raises(Refused, match="works for a partner"):
        opened.person(replace(carer, reason="ward"), COLLEAGUE)
    assert [each.what for each in log.looks] == ["person, staff record", "activity, staff record", "person, staff record, refused"]
    assert {each.people for each in log.looks} == {(COLLEAGUE,)}


def test_nobody_sees_their_own(fell: Built, opened: People, carer: Caller, log: Seen) -> None:
    for look in (lambda: opened.person(carer, OWN), lambda: opened.rows(carer, OWN, "activity")):
        with pytest.raises(Refused, match="their own record"):
            look()
    assert [each.what for each in log.looks] == ["person, own record, refused", "activity, own record, refused"]
    found = open_people(fell.store, fell.place, carer, None, log, seeks=lambda sought: Found((OWN,), "mark"))
    with pytest.raises(Refused, match="their own record"):
        found.found(carer, by_number("9990000018"))


def test_a_search_that_finds_a_colleague_is_marked(fell: Built, carer: Caller, log: Seen) -> None:
    door = open_people(fell.store, fell.place, carer, None, log, seeks=lambda sought: Found((COLLEAGUE,), "mark"))
    assert door.found(carer, by_number("9990000018")).rows.num_rows == 1
    with pytest.raises(Refused, match="works for a partner"):
        door.found(replace(carer, reason="ward"), by_number("9990000018"))
    assert [each.what for each in log.looks] == [
        "search by NHS number mark, staff record",
        "search by NHS number mark, staff record, refused",
    ]


def test_the_report_names_looks_at_colleagues_and_at_ones_own(fell: Built) -> None:
    day = datetime(2026, 2, 2, tzinfo=UTC).date()
    what = ["person, staff record", "activity, staff record", "person", "person, own record, refused"]
    looks = {"what": what, "people": [[1], [1], [2], [3]], "account": ["ann"] * 4, "role": ["care_team"] * 4, "day": [day] * 4}
    found = {(each.rule, each.person_id, each.reason) for each in of_staff(pa.table(looks))}
    assert found == {
        ("a colleague's record", 1, "looked at, or asked for, somebody who works for a partner 2 times"),
        ("own record", 3, "asked for its own record, and was refused"),
    }


def test_accounts_are_kept_private_and_as_the_last_landing_had_them(fell: Built) -> None:
    kept = fell.store.kept
    keep_staff(kept, [(1, "ann"), (2, "bob, the second")])
    assert is_own(kept, 2, "bob, the second")
    assert not is_own(kept, 1, "bob, the second")
    assert (kept / FILE).stat().st_mode & 0o777 == 0o600
    keep_staff(kept, [])
    assert not is_own(kept, 1, "ann")


def test_whoever_was_erased_is_in_neither_list(tmp_path: Path) -> None:
    keep_staff(tmp_path, [(1, "ann"), (2, "bob")])
    for person in (1, 3):
        protect(tmp_path, person, "carol")
    forget_in_lists(tmp_path, lambda ids: {1} & set(ids.to_pylist()))
    assert sorted(people_in_lists(tmp_path).to_pylist()) == [2, 3]
    assert protected_by_hand(tmp_path) == {3}
    assert is_own(tmp_path, 2, "bob")
    forget_in_lists(tmp_path / "nothing", lambda ids: ids.to_pylist())

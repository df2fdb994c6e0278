"""The people door: whom it shows to whom, what it leaves out and says so, and what it logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from joinedup.access import people as door
from joinedup.access.caller import Caller, Scope, caller_for
from joinedup.access.people import TABLES, VERIFIED, People, open_people
from joinedup.access.scoping import in_scope, people_of
from joinedup.access.sought import ByName, ByNumber, Found, by_name, by_number
from joinedup.errors import JoinedupError, Refused
from tests.agreements import agreement

from .conftest import Built, Landed, a_place, built
from .test_records import HEAD, Seen, objecting

OBJECTS = 77
"""Who objects to the shared record."""


@pytest.fixture(scope="session")
def fell(tmp_path_factory: pytest.TempPathFactory, landed: Landed) -> Built:
    """The place; every third admission is linked by probability, one attendance in five isn't verified by its source."""
    apc, ecds = landed["landed_apc"], landed["landed_ecds"]
    return built(
        tmp_path_factory.mktemp("people"),
        a_place(folder=tmp_path_factory.mktemp("folder")),
        landed
        | {
            "landed_apc": linked(apc, lambda row: "probability" if row % 3 == 0 else "nhs_number"),
            "landed_ecds": linked(ecds, lambda row: "source_pseudonym" if row % 5 == 0 else "confirmed"),
            "landed_opt_out": objecting({OBJECTS: "SHARED RECORD"}),
        },
    )


def linked(table: pa.Table, how: Callable[[int], str]) -> pa.Table:
    values = [how(row) if person is not None else "no_number" for row, person in enumerate(table["person_id"].to_pylist())]
    return table.set_column(table.column_names.index("linked_by"), "linked_by", pa.array(values))


@pytest.fixture
def log() -> Seen:
    return Seen()


@pytest.fixture
def carer(fell: Built) -> Caller:
    return caller_for(fell.place, "direct care", reason="ward round")


@pytest.fixture
def opened(fell: Built, carer: Caller, log: Seen) -> People:
    return open_people(fell.store, fell.place, carer, log=log)


def scoped(fell: Built, folder: Path, row: str) -> tuple[Any, Caller]:
    """The place with a staff file of one row, and whom it makes of ann."""
    place = fell.place.model_copy(update={"folder": folder})
    (folder / "staff.csv").write_text(HEAD + row + "\n")
    return place, caller_for(place, "direct care", account="ann", reason="ward round")


def with_most(fell: Built, table: str) -> int:
    """Somebody with rows of a table, some of them linked by probability."""
    rows = [row for row in fell.rows(table) if row["linked_by"] == "probability" and row["person_id"] not in (None, OBJECTS)]
    return int(rows[0]["person_id"])


@pytest.mark.parametrize("table", ["activity", "diagnosis", "discharge_delay"])
def test_rows_that_are_not_linked_for_sure_are_left_out_and_counted(fell: Built, opened: People, carer: Caller, table: str) -> None:
    person = with_most(fell, table)
    shown = opened.rows(carer, person, table)
    own = [row for row in fell.rows(table) if row["person_id"] == person]
    assert shown.rows.num_rows == sum(row["linked_by"] in VERIFIED for row in own)
    assert set(shown.rows["linked_by"].to_pylist()) <= VERIFIED
    assert sum(shown.not_shown.values()) == len(own) - shown.rows.num_rows > 0
    assert any(
        note.startswith(f"{shown.not_shown['probability']:,} row") and note.endswith("not shown: linked by probability")
        for note in shown.notes
    )


def test_a_reason_is_needed(fell: Built, opened: People, carer: Caller) -> None:
    for reason in ("", "  ", "x"):
        with pytest.raises(Refused, match="needs a reason"):
            opened.rows(replace(carer, reason=reason), 1, "activity")


def test_each_look_is_logged_with_whom_it_is_at(opened: People, carer: Caller, log: Seen) -> None:
    shown = opened.rows(carer, 5, "activity")
    assert [(each.door, each.what, each.people, each.rows, each.reason, each.purpose) for each in log.looks] == [
        ("people", "activity", (5,), shown.rows.num_rows, "ward round", "direct care")
    ]
    listed = opened.listed(carer)
    assert log.looks[-1].people == tuple(listed.rows["person_id"].to_pylist())


def test_what_cant_be_logged_isnt_shown(fell: Built, carer: Caller) -> None:
    broken = open_people(fell.store, fell.place, carer, log=Seen(fails=True))
    for asked in (lambda: broken.rows(carer, 5, "activity"), lambda: broken.person(carer, 5), lambda: broken.listed(carer)):
        with pytest.raises(OSError, match="full"):
            asked()


def test_who_objects_to_the_shared_record_is_not_told_from_nobody(opened: People, carer: Caller, log: Seen) -> None:
    said = []
    for person in (OBJECTS, 10**9):
        with pytest.raises(Refused) as refused:
            opened.rows(carer, person, "activity")
        said.append(str(refused.value))
    assert said[0] == said[1]
    assert [(each.what, each.people, each.rows) for each in log.looks] == [
        ("activity, refused", (OBJECTS,), 0),
        ("activity, refused", (10**9,), 0),
    ]
    assert OBJECTS not in opened.listed(carer).rows["person_id"].to_pylist()


def test_people_of_another_neighbourhood_or_practice_are_not_shown(fell: Built, tmp_path: Path, log: Seen) -> None:
    listed = {row["person_id"]: row for row in fell.rows("listed_person")}
    west = next(person for person, row in listed.items() if row["neighbourhood_id"] == "west" and person != OBJECTS)
    north = next(person for person, row in listed.items() if row["neighbourhood_id"] == "north" and person != OBJECTS)
    place, ann = scoped(fell, tmp_path, "ann,Ann,coordinator,neighbourhood,west,,")
    opened = open_people(fell.store, place, ann, log=log)
    assert opened.person(ann, west).rows["neighbourhood_id"].to_pylist() == ["west"]
    for asked in (lambda: opened.person(ann, north), lambda: opened.rows(ann, north, "activity")):
        with pytest.raises(Refused, match="in your scope"):
            asked()
    assert log.looks[-1].what == "activity, refused"
    assert set(opened.listed(ann).rows["neighbourhood_id"].to_pylist()) == {"west"}
    assert opened.listed(ann, "north").rows.num_rows == 0, "within narrows a scope and never widens it"
    with pytest.raises(Refused, match="ask again"):
        opened.person(replace(ann, scope=Scope()), north)


@pytest.mark.parametrize(
    "scope", [Scope(), Scope("practice", ("ZZ0000",)), Scope("neighbourhood", ("north", "west")), Scope("service", ("trust",))]
)
def test_a_scope_is_the_same_for_one_and_for_all(fell: Built, opened: People, scope: Scope) -> None:
    everyone = [row["person_id"] for row in fell.rows("person")]
    of_all = people_of(opened.reader, fell.place, scope, "direct care")
    members = set(everyone if of_all is None else of_all.to_pylist())
    assert members
    for person in everyone[::17]:
        assert in_scope(opened.reader, fell.place, scope, person, "direct care") == (person in members)


def test_the_dead_are_flagged(fell: Built, opened: People, carer: Caller) -> None:
    shown = opened.listed(carer).rows
    dead = {row["person_id"] for row in fell.rows("person") if row["death_date"]} - {OBJECTS}
    assert set(shown.filter(shown["deceased"])["person_id"].to_pylist()) == dead
    assert shown["deceased"].null_count == 0
    one = opened.person(carer, min(dead)).rows.to_pylist()[0]
    assert one["deceased"] is True
    assert isinstance(one["death_date"], date)


def test_of_protected_people_practice_and_address_are_withheld_and_it_is_said(
    fell: Built, opened: People, carer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [row["person_id"] for row in fell.rows("listed_person") if row["person_id"] != OBJECTS]
    monkeypatch.setattr(door, "protected_people", lambda reader: pa.array([listed[0]], pa.int64()))
    shown = replace(opened, names=names).person(carer, listed[0])
    row = shown.rows.to_pylist()[0]
    assert all(row[name] is None for name in ("practice_code", "neighbourhood_id", "area_code", "care_home", "postcode"))
    assert row["family_name"] == "Name"
    assert "practice, address and who gives care withheld: the person's details are protected" in shown.notes
    other = opened.person(carer, listed[1])
    assert other.rows["practice_code"].null_count == 0
    assert not other.protected


def names(person_ids: pa.Array) -> pa.Table:
    """What a register would say of anyone."""
    return pa.table({"person_id": person_ids, "nhs_number": [f"999{n:07}" for n in person_ids.to_pylist()]}).append_column(
        "family_name", pa.array(["Name"] * len(person_ids))
    ).append_column("postcode", pa.array(["ZZ99 3WZ"] * len(person_ids)))  # fmt: skip


def test_names_come_from_the_register_where_there_is_a_key_and_else_a_note_says_so(fell: Built, opened: People, carer: Caller) -> None:
    without = opened.person(carer, 5)
    assert "nhs_number" not in without.rows.column_names
    assert any("by pseudonym" in note for note in without.notes)
    with_key = open_people(fell.store, fell.place, carer, names, Seen()).person(carer, 5)
    assert with_key.rows.column_names[:4] == ["person_id", "nhs_number", "family_name", "postcode"]
    assert with_key.rows["nhs_number"].to_pylist() == ["9990000005"]
    assert not any("by pseudonym" in note for note in with_key.notes)


def test_how_old_each_partners_data_are_and_what_is_missing_travels_along(opened: People, carer: Caller) -> None:
    notes = opened.rows(carer, 5, "referral").notes
    assert "Fell Trust, Admitted patient care: data to 2026-03-31" in notes
    assert any(note.startswith("nothing is known of Adult social care") for note in notes)


def test_unknown_stays_unknown(fell: Built, opened: People, carer: Caller) -> None:
    shown = opened.listed(carer).rows
    assert pc.all(pc.is_null(shown["care_home"])).as_py(), "nobody said who lives in a care home, and nobody is said not to"
    assert shown["sex"].null_count > 0


@pytest.mark.parametrize("role", ["analyst", "commissioner", "finance", "ig_lead", "board", "safety_officer"])
def test_other_roles_see_nobody(fell: Built, tmp_path: Path, role: str) -> None:
    place, ann = scoped(fell, tmp_path, f"ann,Ann,{role},place,,,")
    with pytest.raises(Refused, match="people are not given to"):
        open_people(fell.store, place, ann, log=Seen())


def test_a_role_that_ended_a_minute_ago_sees_nobody(fell: Built, tmp_path: Path) -> None:
    place, ann = scoped(fell, tmp_path, "ann,Ann,care_team,place,,,")
    opened = open_people(fell.store, place, ann, log=Seen())
    assert opened.person(ann, 5).rows.num_rows == 1
    (tmp_path / "staff.csv").write_text(HEAD + f"ann,Ann,care_team,place,,,{date.today()}\n")
    for asked in (lambda: opened.person(ann, 5), lambda: opened.listed(ann), lambda: opened.rows(ann, 5, "activity")):
        with pytest.raises(Refused, match="no row in force"):
            asked()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=st.text(), within=st.text(), reason=st.text())
def test_no_text_is_ever_run(opened: People, carer: Caller, table: str, within: str, reason: str) -> None:
    said = ""
    for asked in (lambda: opened.rows(carer, 5, table), lambda: opened.listed(replace(carer, reason=reason), within)):
        try:
            asked()
        except JoinedupError as error:
            said += str(error)
    assert "\n" not in said


def test_a_source_that_may_not_be_used_for_care_shows_nothing(build_again: Callable[..., Built], landed: Landed, log: Seen) -> None:
    planning = agreement(id="planning", sources=("apc", "register", "deaths"), purposes=("planning",))
    place = a_place(agreements=(agreement(sources=("ecds",)), planning))
    again = build_again(place)
    carer = caller_for(place, "direct care", reason="ward round")
    opened = open_people(again.store, place, carer, log=log)
    person = next(row["person_id"] for row in again.rows("activity") if row["file_id"] == 2 and row["person_id"])
    shown = opened.rows(carer, person, "activity")
    assert set(shown.rows["file_id"].to_pylist()) <= {3}
    assert "nothing of apc is shown: no agreement lets it be used for direct care" in shown.notes
    assert opened.rows(carer, person, "discharge_delay").rows.num_rows == 0
    everyone = opened.listed(carer).rows
    for name in ("deceased", "death_date", "practice_code"):
        assert everyone[name].null_count == everyone.num_rows > 0, "of a list and a deaths extract that aren't agreed nothing is known"
    assert opened.listed(carer, "ZZ0000").rows.num_rows == 0
    for scope in (Scope("practice", ("ZZ0000",)), Scope("neighbourhood", ("north",))):
        assert len(people_of(opened.reader, place, scope, "direct care") or ()) == 0
    of_service = set((people_of(opened.reader, place, Scope("service", ("trust",)), "direct care") or pa.array([])).to_pylist())
    assert of_service <= {row["person_id"] for row in again.rows("activity") if row["file_id"] == 3}


def test_a_service_scope_has_nobody_by_likeness_alone(fell: Built, opened: People) -> None:
    sure = {row["person_id"] for row in fell.rows("activity") if row["provider_code"] == "RX1" and row["linked_by"] in VERIFIED}
    likely = {row["person_id"] for row in fell.rows("activity") if row["provider_code"] == "RX1"} - {None}
    members = people_of(opened.reader, fell.place, Scope("service", ("trust",)), "direct care")
    assert members is not None
    assert set(members.to_pylist()) == sure
    assert sure < likely, "the test needs people whom likeness alone would let in"


def test_a_death_that_is_only_likely_is_neither_hidden_nor_a_fact(tmp_path: Path, landed: Landed, log: Seen) -> None:
    deaths = linked(landed["landed_deaths"], lambda row: "probability" if row < 10 else "nhs_number")
    place = a_place()
    again = built(tmp_path / "store", place, landed | {"landed_deaths": deaths})
    carer = caller_for(place, "direct care", reason="ward round")
    opened = open_people(again.store, place, carer, log=log)
    likely, sure, living = deaths["person_id"][0].as_py(), deaths["person_id"][20].as_py(), 200
    shown = opened.person(carer, likely)
    row = shown.rows.to_pylist()[0]
    assert (row["deceased"], row["death_date"]) == (None, None)
    assert row["possible_death"] == deaths["reg_date_of_death"][0].as_py()
    assert any(note.startswith("a death record may be this person's") for note in shown.notes)
    assert [opened.person(carer, each).rows["deceased"].to_pylist() for each in (sure, living)] == [[True], [False]]
    assert sum(note.startswith("a death record may be that of 10 of these people") for note in opened.listed(carer).notes) == 1
    died = dict(zip(deaths["person_id"].to_pylist(), deaths["reg_date_of_death"].to_pylist(), strict=True))
    ends = {row["person_id"]: row["ends"] for row in again.rows("registration") if row["person_id"] == likely}
    assert ends.get(likely) != died[likely], "and it ends no registration"


def test_pages_follow_one_another_and_have_everyone_once(opened: People, carer: Caller, log: Seen) -> None:
    everyone = opened.listed(carer).rows["person_id"].to_pylist()
    seen: list[int] = []
    after, pages = None, 0
    while pages == 0 or after is not None:
        page = opened.listed(carer, after=after, most=97)
        seen += page.rows["person_id"].to_pylist()
        assert log.looks[-1].people == tuple(page.rows["person_id"].to_pylist())
        after, pages = page.after, pages + 1
    assert seen == everyone == sorted(everyone)
    assert pages == -(-len(everyone) // 97)
    for most in (0, 2_001):
        with pytest.raises(Refused, match="a page holds"):
            opened.listed(carer, most=most)


def test_protected_people_are_not_found_by_where_they_are(
    fell: Built, opened: People, carer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [row for row in fell.rows("listed_person") if row["practice_code"] == "ZZ0000" and row["person_id"] != OBJECTS]
    hidden = listed[0]["person_id"]
    assert hidden in opened.listed(carer, "ZZ0000").rows["person_id"].to_pylist()
    monkeypatch.setattr(door, "protected_people", lambda reader: pa.array([hidden], pa.int64()))
    again = replace(opened)
    for within in ("ZZ0000", listed[0]["neighbourhood_id"]):
        assert hidden not in again.listed(carer, within).rows["person_id"].to_pylist()
    assert hidden in again.listed(carer).rows["person_id"].to_pylist()


def test_somebody_is_found_by_number_or_name_within_scope_and_neither_is_logged(fell: Built, tmp_path: Path, log: Seen) -> None:
    listed = {row["person_id"]: row["neighbourhood_id"] for row in fell.rows("listed_person") if row["person_id"] != OBJECTS}
    west, north = (next(person for person, where in listed.items() if where == area) for area in ("west", "north"))
    place, ann = scoped(fell, tmp_path, "ann,Ann,coordinator,neighbourhood,west,,")
    known = {"9990000018": (west,), "9990000026": (north,), "9990000034": (OBJECTS,)}

    def seeks(sought: ByNumber | ByName) -> Found:
        return Found(known.get(sought.number, ()) if isinstance(sought, ByNumber) else (west, north), "a1b2")

    opened = open_people(fell.store, place, ann, names, log, seeks=seeks)
    assert opened.found(ann, by_number("999 000 0018")).rows["person_id"].to_pylist() == [west]
    assert opened.found(ann, by_name("Planted", date(1950, 1, 1))).rows["person_id"].to_pylist() == [west], "who is elsewhere is left out"
    said = []
    for number in ("9990000026", "9990000034", "9990000042"):
        with pytest.raises(Refused) as refused:
            opened.found(ann, by_number(number))
        said.append(str(refused.value))
    assert len(set(said)) == 1, "elsewhere, objecting and unknown are one answer"
    assert [each.what for each in log.looks] == [
        "search by NHS number a1b2",
        "search by name and date of birth a1b2",
        *["search by NHS number a1b2, refused"] * 3,
    ]
    assert [each.people for each in log.looks[2:]] == [(north,), (OBJECTS,), ()]
    assert not any(part in str((log.looks, by_number("9990000018"), said)) for part in ("999000", "PLANTED", "1950"))
    with pytest.raises(Refused, match="with its key"):
        replace(opened, seeks=None).found(ann, by_number("9990000018"))


@pytest.mark.parametrize("typed", ["", "999000001", "9990000019", "99900000180", "999000001x", "1111111111", "٩٩٩٠٠٠٠٠١٨", "' OR 1=1 --"])
def test_what_is_no_nhs_number_is_refused_and_not_repeated(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        by_number(typed)
    assert not typed or typed not in str(refused.value)


def test_every_table_has_what_the_door_needs(fell: Built, opened: People) -> None:
    for table in TABLES:
        assert {"person_id", "linked_by"} <= set(opened.reader.table(table).column_names)


@pytest.mark.parametrize("given", [None, True, float("nan"), 1.5, "7", "1 OR 1=1", [7]])
def test_what_is_no_person_id_is_refused_and_not_repeated(opened: People, carer: Caller, given: object) -> None:
    for asked in (lambda: opened.person(carer, given), lambda: opened.rows(carer, given, "activity")):  # type: ignore[arg-type]
        with pytest.raises(Refused, match="a whole number") as refused:
            asked()
        assert repr(given) not in str(refused.value)

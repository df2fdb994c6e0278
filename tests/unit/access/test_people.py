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
from joinedup.errors import JoinedupError, Refused

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
    of_all = people_of(opened.reader, fell.place, scope)
    members = set(everyone if of_all is None else of_all.to_pylist())
    assert members
    for person in everyone[::17]:
        assert in_scope(opened.reader, fell.place, scope, person) == (person in members)


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
    assert "practice and address withheld: the person's details are protected" in shown.notes
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


def test_a_source_that_may_not_be_used_for_care_shows_nothing(
    fell: Built, opened: People, carer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = opened.reader.rows
    monkeypatch.setattr(
        opened.reader, "rows", lambda name, *rest: rows(name, *rest).slice(0, 0) if name == "file_use" else rows(name, *rest)
    )
    person = next(row["person_id"] for row in fell.rows("activity") if row["linked_by"] in VERIFIED)
    assert opened.rows(carer, person, "activity").rows.num_rows == 0


def test_every_table_has_what_the_door_needs(fell: Built, opened: People) -> None:
    for table in TABLES:
        assert {"person_id", "linked_by"} <= set(opened.reader.table(table).column_names)

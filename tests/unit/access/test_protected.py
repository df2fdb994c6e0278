"""People whose details are protected: whatever tells where they are is planted, and looked for in everything that the doors give."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from joinedup.access import people as door
from joinedup.access.caller import Caller, Scope, caller_for
from joinedup.access.coarse import WHEN
from joinedup.access.people import TABLES, People, open_people
from joinedup.access.protected import TELLS_WHERE, protected_in, protected_people
from joinedup.access.records import PERSON, Records, open_records, specs
from joinedup.access.scoping import in_scope, people_of
from joinedup.engine.reader import Reader
from joinedup.errors import Refused, StoreProblem
from joinedup.identity.review import compared, without_where
from joinedup.kept.protected import FILE, protect, protected_by_hand
from joinedup.place.model import Membership, Practice
from joinedup.sources.landed import LandedTable, LandingRecord, publish_landing

from .conftest import SPECS, Built, Landed, a_place, built, table_of
from .test_records import Seen

HIDDEN, FLAGGED, ELSE = 105, 106, 107
"""Who is on the list of protected people, whom the registration list flags, and who is neither."""
PRACTICE, AREA, PROVIDER = "ZZ0099", "E01999999", "RXH"
"""Where these two alone are registered, live and go."""
PLANTED = (PRACTICE, AREA, PROVIDER, "north", "Practice 99")


def with_values(table: pa.Table, people: tuple[int, ...], **values: Any) -> pa.Table:
    """The table with other values in the rows of some people."""
    ids = table["person_id"].to_pylist()
    for name, value in values.items():
        column = [value if person in people else old for person, old in zip(ids, table[name].to_pylist(), strict=True)]
        table = table.set_column(table.column_names.index(name), name, pa.array(column, table.schema.field(name).type))
    return table


@pytest.fixture(scope="module")
def fell(tmp_path_factory: pytest.TempPathFactory, landed: Landed) -> Built:
    both = (HIDDEN, FLAGGED)
    register = with_values(
        landed["landed_register"],
        both,
        general_medical_practice_code_patient_registration=PRACTICE,
        lsoa_of_residence=AREA,
        start_date_gmp_patient_registration=date(2012, 1, 1),
        end_date_gmp_patient_registration=None,
    )
    tables = {
        "landed_register": with_values(register, (FLAGGED,), sensitive_flag="S"),
        "landed_apc": with_values(landed["landed_apc"].slice(0, 1400), (), procode3=None),
        "landed_protected_person": table_of(
            SPECS["landed_protected_person"],
            {"person_id": [HIDDEN], "linked_by": ["probability"], "file_id": [3], "source_row": [1]},
        ),
    }
    apc = tables["landed_apc"].to_pydict()
    apc["person_id"][:4] = [HIDDEN, FLAGGED, HIDDEN, FLAGGED]
    apc["linked_by"][:4] = ["nhs_number"] * 4
    tables["landed_apc"] = pa.table(apc, schema=tables["landed_apc"].schema)
    tables["landed_apc"] = with_values(tables["landed_apc"], both, procode3=PROVIDER)
    base = a_place()
    place = a_place(
        folder=tmp_path_factory.mktemp("folder"),
        practices=(*base.practices, Practice(code=PRACTICE, name="Practice 99")),
        memberships=(*base.memberships, Membership(practice=PRACTICE, neighbourhood="north")),
    )
    return built(tmp_path_factory.mktemp("protected"), place, landed | tables)


@pytest.fixture
def log() -> Seen:
    return Seen()


@pytest.fixture
def carer(fell: Built) -> Caller:
    return caller_for(fell.place, "direct care", reason="ward round")


@pytest.fixture
def opened(fell: Built, carer: Caller, log: Seen) -> People:
    return open_people(fell.store, fell.place, carer, names, log)


@pytest.fixture
def records(fell: Built, log: Seen) -> Records:
    return open_records(fell.store, fell.place, caller_for(fell.place, "planning"), log)


def names(person_ids: pa.Array) -> pa.Table:
    return pa.table({"person_id": person_ids, "family_name": ["Name"] * len(person_ids), "postcode": ["ZZ99 9ZZ"] * len(person_ids)})


def test_the_list_and_the_flag_both_protect(fell: Built) -> None:
    assert protected_people(Reader(fell.store)).to_pylist() == [HIDDEN, FLAGGED]
    assert {row["practice_code"] for row in fell.rows("listed_person") if row["person_id"] in (HIDDEN, FLAGGED)} == {PRACTICE}  # planted
    assert {row["provider_code"] for row in fell.rows("activity") if row["person_id"] == HIDDEN and row["sector"] == "acute"} >= {PROVIDER}


@pytest.mark.parametrize("person", [HIDDEN, FLAGGED])
def test_nothing_that_the_people_door_gives_tells_where_they_are(opened: People, carer: Caller, person: int, log: Seen) -> None:
    shown = [opened.person(carer, person), *(opened.rows(carer, person, table) for table in TABLES)]
    given = [str(each.rows.to_pydict()) + str(each.notes[:2]) for each in shown]
    assert [word for word in (*PLANTED, "ZZ99 9ZZ") for text in given if word in text] == []
    assert all(each.protected for each in shown)
    assert any(each.rows.num_rows for each in shown[1:])
    assert all(each.rows[name].null_count == each.rows.num_rows for each in shown for name in TELLS_WHERE if name in each.rows.column_names)
    assert not any(word in str(looks) for looks in log.looks for word in PLANTED)


def test_ids_of_activity_join_and_tell_no_file(fell: Built, opened: People, carer: Caller) -> None:
    own = {row["activity_id"] for row in fell.rows("activity") if row["person_id"] == HIDDEN}
    activity, diagnosis = (set(opened.rows(carer, HIDDEN, table).rows["activity_id"].to_pylist()) for table in ("activity", "diagnosis"))
    assert not activity & own
    assert diagnosis <= activity


def test_in_a_list_they_stand_without_a_place_and_it_is_said(opened: People, carer: Caller) -> None:
    shown = opened.listed(carer)
    rows = {row["person_id"]: row for row in shown.rows.to_pylist()}
    for person in (HIDDEN, FLAGGED):
        assert [name for name in TELLS_WHERE if rows[person].get(name) is not None] == []
    assert PRACTICE not in str(shown.rows.to_pydict())
    assert shown.protected


@pytest.mark.parametrize("table", sorted(specs()))
def test_nothing_that_the_records_door_gives_tells_where_they_are(fell: Built, records: Records, table: str) -> None:
    planning = caller_for(fell.place, "planning")
    own = [column.name for column in specs()[table].columns]
    columns = [name for name in dict.fromkeys([*own, "practice_code", "neighbourhood_id", "area_code"]) if is_asked(records, table, name)]
    given = records.rows(
        planning, table, columns=[name for name in columns if name not in {"sex", "ethnic_group", "care_home", "birth_month", *WHEN}]
    )
    assert given.num_rows or table == "referral"
    assert [word for word in (PRACTICE, AREA, PROVIDER) if word in str(given.to_pydict())] == []


def is_asked(records: Records, table: str, name: str) -> bool:
    from joinedup.access.records import STAYS

    own = {column.name for column in specs()[table].columns}
    return name not in STAYS and (name in own or name in PERSON)


WHERE = {"practice_code": PRACTICE, "area_code": AREA, "provider_code": PROVIDER, "provider_now": PROVIDER, "neighbourhood_id": "north"}


@pytest.mark.parametrize(("column", "value"), WHERE.items())
def test_a_condition_never_finds_them_by_where_they_are(fell: Built, log: Seen, column: str, value: str) -> None:
    planning = caller_for(fell.place, "planning")
    everyone = open_records(fell.store, fell.place, planning, log).rows(planning, "activity", columns=["person_id"])
    found = {}
    for operator in ("=", "!="):
        door = open_records(fell.store, fell.place, planning, log)
        try:
            found[operator] = door.rows(planning, "activity", columns=["person_id"], where=[(column, operator, value)]).num_rows
        except Refused:
            found[operator] = 0
    true = [row for row in fell.rows("activity") if row["person_id"] in (HIDDEN, FLAGGED)]
    assert true
    assert sum(found.values()) <= everyone.num_rows - len(true)


@pytest.mark.parametrize("scope", [Scope("practice", (PRACTICE,)), Scope("neighbourhood", ("north",))])
def test_of_a_practice_or_area_they_are_not(fell: Built, scope: Scope) -> None:
    reader = Reader(fell.store)
    of_scope = people_of(reader, fell.place, scope, "direct care")
    assert of_scope is not None
    assert not {HIDDEN, FLAGGED} & set(of_scope.to_pylist())
    assert not in_scope(reader, fell.place, scope, HIDDEN, "direct care")


def test_a_partner_that_is_a_practice_doesnt_find_them_by_its_code(fell: Built) -> None:
    partners = tuple(replace_code(partner, PROVIDER) for partner in fell.place.partners)
    hospital = fell.place.model_copy(update={"partners": partners})
    practice = hospital.model_copy(update={"practices": (*hospital.practices, Practice(code=PROVIDER, name="A practice"))})
    scope, reader = Scope("service", ("trust",)), Reader(fell.store)
    for place, there in ((hospital, True), (practice, False)):
        found = people_of(reader, place, scope, "direct care")
        assert found is not None
        assert (HIDDEN in found.to_pylist()) is there
        assert in_scope(reader, place, scope, HIDDEN, "direct care") is there


def replace_code(partner: Any, code: str) -> Any:
    return partner.model_copy(update={"code": code})


def test_who_is_protected_by_hand_is_at_once_also_where_a_door_is_open(fell: Built, opened: People, carer: Caller) -> None:
    assert opened.person(carer, ELSE).rows["practice_code"].null_count == 0
    try:
        protect(fell.store.kept, ELSE, "ann")
        shown = opened.person(carer, ELSE)
        assert shown.protected
        assert shown.rows["practice_code"].null_count == 1
        protect(fell.store.kept, ELSE, "ann", ends=True)
        assert not opened.person(carer, ELSE).protected
    finally:
        (fell.store.kept / FILE).unlink()


def test_who_a_newer_landing_protects_is_before_anything_is_built(fell: Built, opened: People, carer: Caller, tmp_path: Path) -> None:
    folder = fell.store.landed / "l2"
    folder.mkdir()
    pq.write_table(pa.table({"person_id": pa.array([ELSE, None], pa.int64())}), folder / "landed_protected_person.parquet")
    flags = {"person_id": pa.array([108, 109, 110], pa.int64()), "sensitive_flag": ["S", "U", None]}
    pq.write_table(pa.table(flags), folder / "landed_register.parquet")
    names_of = ("landed_protected_person", "landed_register")
    tables = {name: LandedTable(file=f"landed/l2/{name}.parquet", digest="", rows=2) for name in names_of}
    when = datetime(2026, 4, 3, tzinfo=UTC)
    record = LandingRecord(landing_id="l2", landed_at=when, software="t", signature="s", key_fingerprint="k", tables=tables, files=())
    try:
        publish_landing(fell.store, record)
        assert protected_people(Reader(fell.store)).to_pylist() == [HIDDEN, FLAGGED, ELSE, 108]
        assert protected_in(fell.store).tolist() == [HIDDEN, FLAGGED, ELSE, 108]
        assert opened.person(carer, ELSE).protected
    finally:
        (fell.store.landed / "current.json").unlink()


def test_what_was_said_by_hand_holds_by_its_last_row_and_unread_nobody_is_shown(tmp_path: Path) -> None:
    assert protected_by_hand(tmp_path) == frozenset()
    for person, ends in ((1, False), (2, False), (1, True), (2, False)):
        protect(tmp_path, person, "ann", ends=ends)
    assert protected_by_hand(tmp_path) == {2}
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    (tmp_path / FILE).write_bytes(b"at,person_id\nx,y\n")
    with pytest.raises(StoreProblem, match="nobody is shown"):
        protected_by_hand(tmp_path)


def test_in_a_review_neither_side_tells_where() -> None:
    where = {"r_postcode": "ZZ99 9ZZ", "p_postcode": "ZZ99 9ZY", "p_practice": PRACTICE, "r_source": "gp of ZZ0099"}
    said = {**where, "p_family": "Name", "r_family": "Nam"}
    assert "Practice" in str(compared(said))
    shown = without_where(said)
    assert "ZZ" not in str(shown)
    assert [each.label for each in compared(shown)] == ["Family name"]


def test_a_look_that_was_refused_tells_nothing_and_is_logged(
    opened: People, carer: Caller, log: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "may_enter", lambda *_: None)
    with pytest.raises(Refused, match="nobody of that person_id"):
        opened.person(replace(carer, scope=Scope("practice", (PRACTICE,))), HIDDEN)
    assert [(each.what, each.people) for each in log.looks] == [("person, refused", (HIDDEN,))]

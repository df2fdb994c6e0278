"""The records door: what leaves, what stays, who is left out, and what happens to whoever asks for too much."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from joinedup.access import sieve as door
from joinedup.access.asking import OPERATORS, Condition, condition, parsed
from joinedup.access.caller import Caller, caller_for
from joinedup.access.pseudonyms import Release
from joinedup.access.records import FEWEST, MARKS, STAYS, TABLES, Records, may_leave, open_records
from joinedup.errors import JoinedupError, Refused
from joinedup.place.model import Place

from .conftest import SPECS, Built, Landed, a_place, built, table_of

OBJECTORS = range(100, 400)
HEAD = "account,name,role,scope_kind,scope_id,starts,ends\n"


class Seen:
    """A log that keeps what is appended, or fails."""

    def __init__(self, fails: bool = False) -> None:
        self.looks: list[Any] = []
        self.fails = fails

    def append(self, looks: Any) -> None:
        if self.fails:
            raise OSError("full")
        self.looks.extend(looks)


def objecting(people: dict[int, str]) -> pa.Table:
    return table_of(
        SPECS["landed_opt_out"],
        {
            "person_id": list(people),
            "linked_by": ["nhs_number"] * len(people),
            "file_id": [9] * len(people),
            "source_row": range(1, len(people) + 1),
            "opt_out_kind": list(people.values()),
        },
    )


@pytest.fixture(scope="session")
def place_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("folder")


@pytest.fixture(scope="session")
def fell(tmp_path_factory: pytest.TempPathFactory, landed: Landed, place_folder: Path) -> Built:
    """The place, with people who object to planning and research."""
    opt_outs = objecting(dict.fromkeys(OBJECTORS, "NATIONAL"))
    return built(tmp_path_factory.mktemp("records"), a_place(folder=place_folder), landed | {"landed_opt_out": opt_outs})


@pytest.fixture
def log() -> Seen:
    return Seen()


@pytest.fixture
def planning(fell: Built) -> Caller:
    return caller_for(fell.place, "planning", reason="annual plan")


@pytest.fixture
def opened(fell: Built, planning: Caller, log: Seen) -> Records:
    return open_records(fell.store, fell.place, planning, log)


def test_by_default_a_birth_year_sex_neighbourhood_and_fifth_and_nothing_finer(opened: Records, planning: Caller, fell: Built) -> None:
    rows = opened.rows(planning, "activity")
    assert rows.num_rows > 1000
    assert rows.column_names[:5] == ["person_id", "birth_year", "sex", "neighbourhood_id", "deprivation_fifth"]
    assert not {"birth_month", "area_code", "practice_code", "death_date", *STAYS} & set(rows.column_names)
    linked = [row for row in fell.rows("activity") if row["person_id"] is not None and row["person_id"] not in OBJECTORS]
    assert rows.num_rows == len(linked)
    years = {row["person_id"]: row["birth_month"] and row["birth_month"].year for row in fell.rows("person")}
    assert sorted(map(str, rows["birth_year"].to_pylist())) == sorted(str(years[row["person_id"]]) for row in linked)


def test_pseudonyms_are_the_releases_own(fell: Built, opened: Records, planning: Caller) -> None:
    activity, diagnosis = (opened.rows(planning, name, columns=["person_id", "activity_id"]) for name in ("activity", "diagnosis"))
    both = {row["person_id"] for row in fell.rows("activity")} & {row["person_id"] for row in fell.rows("diagnosis")} - {*OBJECTORS, None}
    assert len(set(diagnosis["person_id"].to_pylist()) & set(activity["person_id"].to_pylist())) == len(both), "tables of one release join"
    another = open_records(fell.store, fell.place, planning, Seen()).rows(planning, "activity", columns=["activity_id"])
    true = {row["person_id"] for row in fell.rows("person")}
    ours, theirs = (set(table["person_id"].to_pylist()) for table in (activity, another))
    assert len(ours) == len(theirs)
    assert not ours & theirs
    assert not ours & true
    assert not set(activity["activity_id"].to_pylist()) & {row["activity_id"] for row in fell.rows("activity")}
    assert "key" not in repr(opened.release)


def test_pseudonyms_of_different_things_differ_and_missing_stays_missing() -> None:
    release = Release()
    ids = pa.chunked_array([[1, None, 2**62, 1]], pa.int64())
    people, activities = (release.pseudonyms(ids, of).to_pylist() for of in ("person_id", "activity_id"))
    assert people[0] == people[3] != people[2]
    assert people[1] is None
    assert people[0] != activities[0]
    assert min(people[0], people[2]) >= 0


@pytest.mark.parametrize("table", TABLES)
def test_birth_month_small_area_and_sex_never_leave_together(opened: Records, planning: Caller, table: str) -> None:
    with pytest.raises(Refused, match=r"never leave together; ask for birth_year instead of birth_month, or for neighbourhood_id"):
        opened.rows(planning, table, columns=["birth_month", "area_code", "sex"])
    with pytest.raises(Refused, match="never leave together"):
        opened.rows(planning, table, columns=["birth_month", "area_code"], where=[("sex", "=", "1")])
    with pytest.raises(Refused, match="never leave together"):
        opened.rows(planning, table, columns=["sex"], where=[("birth_month", "=", "1950-01-01"), ("area_code", "=", "E01000001")])
    with pytest.raises(Refused, match="birth_month and area_code together would single people out"):
        opened.rows(planning, table, columns=["birth_month", "area_code"])


@pytest.mark.parametrize("fine", ["birth_month", "area_code"])
def test_beside_birth_month_or_small_area_one_mark_leaves_at_most(fine: str) -> None:
    for mark in MARKS:
        may_leave({fine, mark, "birth_year", "neighbourhood_id", "starts"})
        for other in MARKS - {mark}:
            with pytest.raises(Refused, match="never leave together"):
                may_leave({fine, mark, other})
    may_leave({*MARKS, "birth_year", "neighbourhood_id", "deprivation_fifth"})


def test_nor_one_after_another_in_one_release(opened: Records, planning: Caller) -> None:
    opened.rows(planning, "person", columns=["birth_month", "sex"])
    with pytest.raises(Refused, match="with what this release gave already"):
        opened.rows(planning, "person", columns=["area_code"])


def test_who_objects_is_in_no_row_for_that_purpose(fell: Built, opened: Records, planning: Caller) -> None:
    research = caller_for(fell.place, "research")
    given = open_records(fell.store, fell.place, research, Seen()).rows(research, "person")
    assert given.num_rows == 900 - len(OBJECTORS) == opened.rows(planning, "person").num_rows
    payment = caller_for(fell.place, "payment")
    assert open_records(fell.store, fell.place, payment, Seen()).rows(payment, "person").num_rows == 900


def test_a_file_that_may_not_be_used_for_the_purpose_gives_no_row(fell: Built, planning: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = open_records(fell.store, fell.place, planning, Seen())
    table = opened.reader.table

    def without(name: str, columns: Any = None) -> pa.Table:
        found = table(name, columns)
        return (
            found.set_column(found.column_names.index("planning"), "planning", pa.array([False] * found.num_rows))
            if name == "file_use"
            else found
        )

    monkeypatch.setattr(opened.reader, "table", without)
    assert opened.rows(planning, "activity").num_rows == 0


def test_of_protected_people_nothing_tells_where_they_are(
    fell: Built, opened: Records, planning: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = pa.array([row["person_id"] for row in fell.rows("person")], pa.int64())
    monkeypatch.setattr(door, "protected_people", lambda reader: everyone)
    rows = opened.rows(planning, "person", columns=["area_code", "practice_code", "neighbourhood_id", "birth_year"])
    assert rows["area_code"].null_count == rows["practice_code"].null_count == rows["neighbourhood_id"].null_count == rows.num_rows
    assert rows["birth_year"].null_count < rows.num_rows


def test_conditions_are_columns_operators_and_values(opened: Records, planning: Caller, fell: Built) -> None:
    where = [("starts", ">=", date(2025, 4, 1)), ("point_of_delivery", "in", ["Day case", "Emergency care"]), ("sex", "=", "2")]
    rows = opened.rows(planning, "activity", columns=["starts", "point_of_delivery", "sex"], where=where)
    assert rows.num_rows > FEWEST
    assert min(rows["starts"].to_pylist()) >= date(2025, 4, 1)
    assert set(rows["point_of_delivery"].to_pylist()) <= {"Day case", "Emergency care"}
    assert set(rows["sex"].to_pylist()) == {"2"}
    open_still = opened.rows(planning, "activity", columns=["starts", "ends"], where=[("ends", "is given")])
    assert open_still["ends"].null_count == 0


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("starts", ">=", "yesterday"), "starts is compared with a date, such as 2025-04-01, found 'yesterday'"),
        (("units", "=", "one"), "units is compared with a whole number"),
        (("accrues", "=", 1), "true or false"),
        (("start", "=", "x"), "the nearest is starts"),
        (("starts", "like", "2025%"), "'like' is not an operator"),
        (("person_id", "=", 7), "nothing is asked by it"),
        (("file_id", "=", 1), "is not a column of activity to ask by"),
        ("starts = 1", "not text to be run"),
        (("sector", "in", []), "takes 1 to 1000 values, found 0"),
        (("ends", "is missing", 3), "takes no value"),
    ],
)
def test_a_condition_that_is_none_is_refused_with_what_is_expected(opened: Records, planning: Caller, asked: Any, says: str) -> None:
    with pytest.raises(Refused, match=re.escape(says)):
        opened.rows(planning, "activity", where=[asked])


def test_conditions_as_the_command_line_has_them() -> None:
    assert parsed("starts >= 2025-04-01") == Condition("starts", ">=", "2025-04-01")
    assert parsed("sector in acute; community") == Condition("sector", "in", ("acute", "community"))
    assert parsed("ends is missing") == Condition("ends", "is missing")
    assert condition(("sector", "in", ["a"])) == Condition("sector", "in", ("a",))
    with pytest.raises(Refused, match="is not a condition"):
        parsed("drop table activity")


def test_rows_of_fewer_than_ten_people_are_refused(opened: Records, planning: Caller, fell: Built, log: Seen) -> None:
    row = next(row for row in fell.rows("activity") if row["person_id"] is not None and row["ready_on"])
    one = [("starts", "=", row["starts"]), ("ends", "=", row["ends"]), ("provider_code", "=", row["provider_code"])]
    one += [("ready_on", "=", row["ready_on"]), ("admission_method", "=", row["admission_method"] or "21")]
    for asked in (one, [("starts", "<", "1900-01-01")]):  # nobody and a few look alike, or asking would tell who has what
        log.looks.clear()
        with pytest.raises(Refused, match="fewer than 10 people"):
            opened.rows(planning, "activity", where=asked)
        assert [(each.rows, each.what[:19]) for each in log.looks] == [(0, "refused as too few,")]


def test_rows_leave_in_the_order_of_what_they_hold(opened: Records, planning: Caller) -> None:
    """Not in that of the record, by which two releases could be laid beside one another."""
    rows = opened.rows(planning, "activity", columns=["starts", "sector"])
    held = list(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    assert held == sorted(held)


@pytest.mark.parametrize("column", [*sorted(STAYS), "nhs_number", "person_birth_date"])
def test_what_stays_in_the_build_is_refused(opened: Records, planning: Caller, column: str) -> None:
    with pytest.raises(Refused, match=f"{column}.*(never leaves|is not a column that may leave)"):
        opened.rows(planning, "person" if "date" in column or "seen" in column else "activity", columns=[column])


def test_people_by_year_leave_with_months_instead_of_days(opened: Records, planning: Caller, fell: Built) -> None:
    given = opened.rows(planning, "person_year")
    assert not {"person_days", "last_on", "age", "age_band_order", "practice_code", "area_code"} & set(given.column_names)
    assert {"birth_year", "neighbourhood_id", "year_starts", "person_months", "last_month", "died", "cost_pence"} <= set(given.column_names)
    held = opened.reader.table("person_year", ["person_id", "year_starts", "person_days", "last_on", "cost_pence"]).to_pylist()
    assert given.num_rows == len(held), "who objects to planning is in no row of it"
    expected = sorted((round(row["person_days"] * 12 / 365.25), row["last_on"].replace(day=1), row["cost_pence"] or -1) for row in held)
    found = given.select(["person_months", "last_month", "cost_pence"]).to_pylist()
    assert sorted((row["person_months"], row["last_month"], row["cost_pence"] or -1) for row in found) == expected
    whole = opened.rows(planning, "person_year", columns=["year_starts"], where=[("person_months", "=", "12")])
    assert whole.num_rows == sum(row["person_months"] == 12 for row in found) > 0


def test_months_of_people_join_their_years_and_have_the_same_cost(opened: Records, planning: Caller) -> None:
    months = opened.rows(planning, "person_month_sector", columns=["month", "sector", "cost_pence"])
    years = opened.rows(planning, "person_year", columns=["year_starts", "cost_pence"])
    assert set(months["person_id"].to_pylist()) <= set(years["person_id"].to_pylist())
    assert pc.sum(months["cost_pence"]).as_py() == pc.sum(years["cost_pence"]).as_py() > 0


@pytest.mark.parametrize(("column", "says"), [("last_on", "last_month"), ("person_days", "person_months"), ("age", "birth_year")])
def test_days_of_a_year_are_refused_with_what_to_ask_instead(opened: Records, planning: Caller, column: str, says: str) -> None:
    with pytest.raises(Refused, match=f"{column} never leaves the build.*ask for {says} instead"):
        opened.rows(planning, "person_year", columns=[column])
    with pytest.raises(Refused, match=f"'{column}' is not a column of person_year"):
        opened.rows(planning, "person_year", where=[(column, "is given")])


@pytest.mark.parametrize("table", ["person_year", "person_month_sector"])
def test_people_by_year_leave_for_planning_alone(fell: Built, table: str) -> None:
    research = caller_for(fell.place, "research", reason="a study")
    with pytest.raises(Refused, match="it leaves for planning alone, not for research"):
        open_records(fell.store, fell.place, research, Seen()).rows(research, table)


@pytest.mark.parametrize("mark", ["died", "last_month", "person_months"])
def test_when_a_life_ended_is_a_mark_beside_birth_month_and_small_area(opened: Records, planning: Caller, mark: str) -> None:
    opened.rows(planning, "person_year", columns=["area_code", mark])
    with pytest.raises(Refused, match="never leave together"):
        opened.rows(planning, "person_year", columns=["area_code", mark, "sex"])


@pytest.mark.parametrize("table", ["landed_person", "landed_register", "objection", "may_use", "../manifest", "person; DROP TABLE person"])
def test_other_tables_are_refused(opened: Records, planning: Caller, table: str) -> None:
    with pytest.raises(Refused, match="is not a table of the records door"):
        opened.rows(planning, table)


def test_a_query_is_logged_before_rows_are_given(fell: Built, opened: Records, planning: Caller, log: Seen) -> None:
    rows = opened.rows(planning, "activity", columns=["starts"], where=[("sector", "=", "acute")])
    assert [(each.door, each.what, each.rows, each.purpose, each.reason, each.people) for each in log.looks] == [
        ("records", "activity: person_id, starts; where sector = acute", rows.num_rows, "planning", "annual plan", ())
    ]
    broken = open_records(fell.store, fell.place, planning, Seen(fails=True))
    with pytest.raises(OSError, match="full"):
        broken.rows(planning, "activity")


def a_scoped(place: Place, folder: Path, row: str, purpose: str = "planning") -> Caller:
    (folder / "staff.csv").write_text(HEAD + row + "\n")
    return caller_for(place, purpose, account="ann")


def test_a_scope_gives_its_own_people_alone(fell: Built, place_folder: Path, tmp_path: Path) -> None:
    place = fell.place.model_copy(update={"folder": tmp_path})
    ann = a_scoped(place, tmp_path, "ann,Ann,analyst,neighbourhood,west,,")
    rows = open_records(fell.store, place, ann, Seen()).rows(ann, "person", columns=["neighbourhood_id"])
    assert set(rows["neighbourhood_id"].to_pylist()) == {"west"}
    ann = a_scoped(place, tmp_path, "ann,Ann,analyst,practice,ZZ0000;ZZ0001,,")
    rows = open_records(fell.store, place, ann, Seen()).rows(ann, "person", columns=["practice_code"])
    assert set(rows["practice_code"].to_pylist()) == {"ZZ0000", "ZZ0001"}
    wider = replace(ann, scope=replace(ann.scope, ids=("ZZ0000", "ZZ0001", "ZZ0002")))
    with pytest.raises(Refused, match="ask again"):
        open_records(fell.store, place, wider, Seen())


def test_a_role_that_ends_shuts_an_open_door(fell: Built, tmp_path: Path) -> None:
    place = fell.place.model_copy(update={"folder": tmp_path})
    ann = a_scoped(place, tmp_path, "ann,Ann,analyst,place,,,")
    opened = open_records(fell.store, place, ann, Seen())
    assert opened.rows(ann, "person").num_rows
    (tmp_path / "staff.csv").write_text(HEAD + "ann,Ann,analyst,place,,,2026-01-01\n")
    with pytest.raises(Refused, match="no row in force"):
        opened.rows(ann, "person")


@pytest.mark.parametrize(
    ("role", "purpose"), [("care_team", "planning"), ("board", "planning"), ("finance", "planning"), ("analyst", "direct care")]
)
def test_other_roles_and_purposes_get_no_rows(fell: Built, tmp_path: Path, role: str, purpose: str) -> None:
    place = fell.place.model_copy(update={"folder": tmp_path})
    ann = a_scoped(place, tmp_path, f"ann,Ann,{role},place,,,", purpose)
    with pytest.raises(Refused, match="records are"):
        open_records(fell.store, place, ann, Seen())


VALUES = st.one_of(st.text(), st.integers(), st.none(), st.lists(st.text()))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.one_of(st.sampled_from(TABLES), st.text()),
    column=st.text(),
    by=st.one_of(st.just("sector"), st.text()),
    operator=st.one_of(st.sampled_from(OPERATORS), st.text()),
    value=VALUES,
)
def test_no_text_is_ever_run(opened: Records, planning: Caller, table: str, column: str, by: str, operator: str, value: Any) -> None:
    """Whatever is asked, rows come, or the door says in one sentence why not."""
    for asked in ({"columns": [column]}, {"where": [(by, operator, value)]}):
        said = ""
        try:
            opened.rows(planning, table, **asked)
        except JoinedupError as error:
            said = str(error)
        assert len(said) < 600
        assert "\n" not in said


@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", "acute'; DROP TABLE activity; --", "read_csv('/etc/passwd')", "${HOME}", "%s", "acute\x00"]
)
def test_sql_as_a_value_is_a_value(opened: Records, planning: Caller, text: str) -> None:
    if text.isprintable():
        with pytest.raises(Refused, match="fewer than 10 people"):
            opened.rows(planning, "activity", where=[("sector", "=", text)])
    with pytest.raises(Refused):
        opened.rows(planning, "activity", columns=[text])

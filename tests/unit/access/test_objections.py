"""Whole builds in which some people object and some sources are agreed for some purposes only: who counts, and where."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from joinedup.access.aggregates import open_aggregates
from joinedup.access.caller import caller_for
from joinedup.errors import NothingPublished, PlaceError
from joinedup.land import land
from tests.agreements import agreement, shared
from tests.unit.identity.people import KEYS

from .conftest import AS_AT, CONTRACTS, SPECS, Built, Landed, a_place, table_of

EVERYONE = {"listed_person", "neighbourhood_spell", "may_use"}
"""Tables that hold whoever objects, too: for people's own care, and to count who objects."""
LAYERS = ("population", "outcomes", "money")
MAY_READ = {
    "neighbourhood_spell": {"listed_person", "counted_spell"},
    "listed_person": {"registered_person", "opted_out"},
    "registration": {"neighbourhood_spell", "belonging_spell", "data_quality"},
    "activity": {
        *("place_activity", "package_year_days", "condition_evidence", "data_quality", "area_file"),
        *("condition_basis", "year_contract"),  # how far an extract reaches
        *("care_package", "person_status"),  # of place_activity's rows, when they end and what service it was
    },
    "spell": {"place_spell", "year_contract", "data_quality"},
    "diagnosis": {
        *("listed_code_entry", "code_count", "score_basis"),
        *("admission", "discharge"),  # of the spells in place_activity and place_spell
    },
    "coded_field": {"listed_code_entry", "code_count"},
    "landed_gp_medication": {"listed_code_entry", "code_count", "person_medicines", "score_basis", "practice_year"},
    "landed_register": {"data_quality", "area_file"},
}
"""Which tables that count may read what holds whoever objects: they leave them out, or count what the data are like."""
NATIONAL, SHARED, PRACTICE, ENDED, TO_COME, BOTH = range(1, 7)


def counting_tables() -> Iterator[tuple[str, str]]:
    """The tables of the layers that count, with their SQL."""
    for name, spec in SPECS.items():
        if spec.sql and spec.path and {*spec.path.parts} & {*LAYERS}:
            yield name, spec.sql


def objections() -> pa.Table:
    """Everyone whose id ends so objects so; one objection has no person."""
    rows: list[tuple[int | None, str, date | None, date | None]] = []
    for person in range(1, 901):
        kind = person % 10
        if kind in (NATIONAL, BOTH):
            rows.append((person, "NATIONAL", None, None))
        if kind in (SHARED, BOTH):
            rows.append((person, "SHARED RECORD", AS_AT, None))
        if kind == PRACTICE:
            rows.append((person, "TYPE 1", date(2021, 6, 1), date(2026, 4, 1)))
        if kind == ENDED:
            rows.append((person, "NATIONAL", date(2021, 6, 1), AS_AT))
        if kind == TO_COME:
            rows.append((person, "NATIONAL", date(2026, 4, 1), None))
    rows.append((None, "SHARED RECORD", None, None))
    people, kinds, starts, ends = zip(*rows, strict=True)
    columns = {"person_id": people, "opt_out_kind": kinds, "opt_out_from": starts, "opt_out_to": ends}
    return table_of(
        SPECS["landed_opt_out"],
        columns | {"file_id": [9] * len(rows), "source_row": range(1, len(rows) + 1), "linked_by": ["x"] * len(rows)},
    )


@pytest.fixture(scope="module")
def objecting(tmp_path_factory: pytest.TempPathFactory, landed: Landed) -> Built:
    from .conftest import built

    return built(tmp_path_factory.mktemp("objecting"), a_place(), landed | {"landed_opt_out": objections()})


def test_who_objects_to_planning_is_in_no_table_that_counts(objecting: Built) -> None:
    out = {person for person in range(1, 901) if person % 10 in (NATIONAL, SHARED, TO_COME, BOTH)}
    looked = 0
    for name, _ in counting_tables():
        spec = SPECS[name]
        if "person_id" in [column.name for column in spec.columns] and name not in EVERYONE:
            assert not out & {row["person_id"] for row in objecting.rows(name)}, name
            looked += 1
    assert looked >= 5
    listed = {row["person_id"] for row in objecting.rows("listed_person")}
    assert out & listed
    assert {row["person_id"] for row in objecting.rows("registered_person")} == listed - out
    people = sum(row["people"] for row in objecting.rows("area_population") if row["area_type"] == "place")
    assert people == len(listed - out)


def test_what_each_objection_keeps_back(objecting: Built) -> None:
    may = {
        row["person_id"] % 10: tuple(row[name] for name in ("direct_care", "planning", "payment", "research"))
        for row in objecting.rows("may_use")
    }
    assert may[NATIONAL] == (True, False, True, False)
    assert may[SHARED] == may[BOTH] == (False, False, False, False)
    assert may[PRACTICE] == may[ENDED] == may[0] == (True, True, True, True)
    assert may[TO_COME] == may[NATIONAL]
    practice = {row["person_id"] % 10 for row in objecting.rows("may_use") if not row["practice_planning"]}
    assert practice == {NATIONAL, SHARED, PRACTICE, TO_COME, BOTH}


def test_who_is_left_out_is_counted_and_the_unlinked_are_told(objecting: Built) -> None:
    listed = [row["person_id"] % 10 for row in objecting.rows("listed_person")]
    rows = [row for row in objecting.rows("opted_out") if row["area_type"] == "place"]

    def removed(purpose: str, kind: str) -> tuple[int, int]:
        found = [row for row in rows if (row["purpose"], row["kind"]) == (purpose, kind)]
        return sum(row["registered"] for row in found), sum(row["removed"] for row in found)

    assert removed("planning", "any") == (len(listed), sum(kind in (NATIONAL, SHARED, TO_COME, BOTH) for kind in listed))
    assert removed("payment", "any") == (len(listed), sum(kind in (SHARED, BOTH) for kind in listed))
    assert removed("research", "national") == (len(listed), sum(kind in (NATIONAL, TO_COME, BOTH) for kind in listed))
    assert removed("planning", "type 1") == (len(listed), listed.count(PRACTICE))
    of_files = sum(row["records"] for row in objecting.rows("area_file") if (row["counted"], row["area_type"]) == ("people", "place"))
    assert of_files == len(objecting.rows("registered_person")) < len(listed)
    quality = {row["rule"]: (row["found"], row["out_of"]) for row in objecting.rows("data_quality")}
    assert quality["objection-unlinked"] == (1, objections().num_rows)


def test_only_tables_that_leave_them_out_read_what_holds_whoever_objects() -> None:
    for name, sql in counting_tables():
        read = set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", sql))
        wrong = {each for each in read & MAY_READ.keys() if name not in MAY_READ[each]}
        assert not wrong, f"{name} reads {wrong}: read counted_spell, registered_person or place_activity, which leave out who objects"


def test_a_source_agreed_for_care_alone_is_counted_nowhere_and_its_measures_are_missing(build_again: Callable[..., Built]) -> None:
    others = tuple(name for name in CONTRACTS if name != "apc")
    care = agreement(id="care", sources=("apc",), purposes=("direct care",))
    again = build_again(a_place(agreements=(agreement(sources=others), care)))
    assert {row["point_of_delivery"] for row in again.rows("area_cost")} <= {"Emergency care", "Same day emergency care"}
    opened = open_aggregates(again.store, again.place, caller_for(again.place, "planning"))
    stays = [row for row in opened.measures().to_pylist() if row["measure_id"] in opened.specs]
    assert {(row["events"], row["numerator"], row["value"]) for row in stays} == {(None, None, None)}
    assert any(row["file_id"] == 2 for row in again.rows("activity")), "it is in the record"
    assert {row["source"] for row in again.rows("file_use") if row["direct_care"] and not row["planning"]} == {"apc"}


def test_without_a_list_for_planning_there_is_no_denominator_and_nothing_is_counted(build_again: Callable[..., Built]) -> None:
    care = agreement(id="care", sources=("register",), purposes=("direct care",))
    again = build_again(a_place(agreements=(agreement(sources=CONTRACTS[1:]), care)))
    assert again.rows("registered_person") == again.rows("place_activity") == again.rows("area_population") == []
    assert again.rows("listed_person")


def test_a_landing_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    from joinedup.engine.store import Store
    from joinedup.sources.landed import read_landing

    place, store = a_place(invented=False), Store(tmp_path / "store")
    ended = agreement(sources=CONTRACTS, ends=date(2021, 1, 1))
    for refused in (place.model_copy(update={"has_sharing": False}), place.model_copy(update=shared(place, ended))):
        with pytest.raises(PlaceError, match=r"sharing\.yml is missing|no agreement is in force for 4 sources"):
            land(refused, tmp_path, store, KEYS)
    with pytest.raises(NothingPublished):
        read_landing(store)

"""Linking by verified NHS number: who decides, what is no evidence, and that nobody holds two numbers."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from joinedup.identity.verifying import LINKED_BY, NOT_LINKED_BY
from joinedup.kept.identity_register import identifiers_of, open_register
from tests.unit.identity.people import KEYS, linked, nhs_number

ANN, BEN, CAT = nhs_number(1), nhs_number(2), nhs_number(3)
MAY, JUNE = date(1950, 5, 4), date(1950, 6, 4)


def row(number: str | None = None, born: date | None = None, **more: Any) -> dict[str, Any]:
    return {"nhs_number": number, "person_birth_date": born, **more}


def traced(number: str, born: date | None = None) -> dict[str, Any]:
    return row(number, born, nhs_number_status_indicator_code="01")


def test_the_list_decides_by_date_of_birth(tmp_path: Path) -> None:
    found = linked(
        tmp_path,
        {
            "list": ("register", [row(ANN, MAY)]),
            "hospital": (
                "apc",
                [row(ANN, MAY), row(ANN, JUNE), row(ANN), traced(ANN), row(ANN, None, mydob="051950"), row(ANN, None, mydob="61950")],
            ),
        },
    )
    assert found.statuses("register") == ["nhs_number"]
    assert found.statuses("apc") == [
        "nhs_number",
        "birth_date_disagrees",
        "no_birth_date",
        "nhs_number_traced",
        "nhs_number",
        "birth_date_disagrees",
    ]
    [ann] = found.people("register")
    assert found.people("apc") == [ann, None, None, ann, ann, None]
    assert found.rules() == {"birth-date-disagrees", "no-birth-date"}
    assert [(f.file, f.count, f.rows) for f in found.findings] == [("hospital.csv", 2, (2, 6)), ("hospital.csv", 1, (3,))]


def test_numbers_are_read_with_spaces_and_hyphens(tmp_path: Path) -> None:
    spaced = f" {ANN[:3]} {ANN[3:6]} {ANN[6:]} "
    found = linked(
        tmp_path, {"list": ("register", [row(ANN, MAY)]), "ed": ("ecds", [row(spaced, MAY), row(f"{ANN[:3]}-{ANN[3:6]}-{ANN[6:]}", MAY)])}
    )
    assert found.people("ecds") == found.people("register") * 2


@pytest.mark.parametrize(
    "number", [ANN[:-1] + str((int(ANN[-1]) + 1) % 10), "9999999999", "0000000000", ANN[:-1], ANN + "0", "NULL", "½", "999\x1f"]
)
def test_numbers_that_can_not_be_one(tmp_path: Path, number: str) -> None:
    found = linked(tmp_path, {"hospital": ("apc", [row(number, MAY)]), "other": ("ecds", [row(number, MAY)])})
    assert found.rows("apc") == found.rows("ecds") == [("invalid_number", None)]


def test_an_objection_is_believed_by_the_number_alone(tmp_path: Path) -> None:
    objection = {**row(ANN, None), "opt_out_kind": "NATIONAL"}
    found = linked(tmp_path, {"list": ("register", [row(ANN, MAY)]), "spine": ("opt_out", [objection])})
    assert found.people("opt_out") == found.people("register")
    assert found.statuses("opt_out") == ["nhs_number_alone"]


def test_an_objection_holds_for_its_number_whatever_the_date_of_birth(tmp_path: Path) -> None:
    objections = [
        {**row(ANN, JUNE), "opt_out_kind": "NATIONAL"},
        {**row(ANN, MAY), "opt_out_kind": "TYPE 1"},
        row("12345", MAY),
        row(None, MAY),
    ]
    found = linked(tmp_path, {"list": ("register", [row(ANN, MAY)]), "spine": ("opt_out", objections)})
    [ann] = found.people("register")
    assert found.rows("opt_out") == [("nhs_number_alone", ann), ("nhs_number", ann), ("invalid_number", None), ("no_number", None)]
    assert {(f.rule, f.rows) for f in found.findings} == {("objection-in-doubt", (1,)), ("objection-of-nobody", (3, 4))}


def test_an_objection_holds_for_a_number_with_two_dates_of_birth(tmp_path: Path) -> None:
    found = linked(tmp_path, {"list": ("register", [row(ANN, MAY), row(ANN, JUNE)]), "spine": ("opt_out", [row(ANN, MAY), row(ANN)])})
    assert found.statuses("opt_out") == ["nhs_number_alone"] * 2
    assert found.rules() == {"birth-dates-differ-on-the-list", "objection-in-doubt"}


def test_an_objection_in_doubt_gives_nobody_a_month_of_birth(tmp_path: Path) -> None:
    sources = {
        "hospital": ("apc", [row(ANN, JUNE)]),
        "ed": ("ecds", [row(ANN, JUNE)]),
        "spine": ("opt_out", [row(ANN, MAY), row(BEN, MAY)]),
    }
    found = linked(tmp_path, sources)
    assert found.statuses("opt_out") == ["nhs_number_alone"] * 2
    assert found.landed_people() == [(JUNE.replace(day=1), "nhs_number"), (None, "nhs_number_alone")]
    assert [f.rows for f in found.findings if f.rule == "objection-in-doubt"] == [(1,)]


def test_a_missing_number_is_no_number(tmp_path: Path) -> None:
    assert linked(tmp_path, {"hospital": ("apc", [row(None, MAY)])}).rows("apc") == [("no_number", None)]


def test_who_is_not_registered_needs_a_second_source(tmp_path: Path) -> None:
    found = linked(
        tmp_path,
        {
            "hospital": ("apc", [row(ANN, MAY), row(BEN, MAY), row(CAT, MAY), row(CAT, JUNE)]),
            "ed": ("ecds", [row(ANN, MAY), row(ANN, JUNE), row(BEN, JUNE)]),
        },
    )
    assert found.statuses("apc") == ["nhs_number", "birth_date_disagrees", "birth_date_disagrees", "birth_date_disagrees"]
    assert found.statuses("ecds") == ["nhs_number", "birth_date_disagrees", "birth_date_disagrees"]


def test_two_extracts_of_one_partner_are_one_partners_word(tmp_path: Path) -> None:
    sources: Any = {"apc": ("apc", [row(ANN, MAY), row(BEN, MAY)]), "ed": ("ecds", [row(ANN, MAY)]), "council": ("cld", [row(BEN, MAY)])}
    found = linked(tmp_path, sources, senders={"apc": "trust", "ed": "trust"})
    assert found.statuses("apc") == ["nhs_number_alone", "nhs_number"]
    assert found.statuses("ecds") == ["nhs_number_alone"]
    assert found.statuses("cld") == ["nhs_number"]
    assert found.people("apc")[0] == found.people("ecds")[0]


def test_of_two_dates_that_of_more_partners_is_believed(tmp_path: Path) -> None:
    sources: Any = {
        "apc": ("apc", [row(ANN, JUNE)]),
        "ed": ("ecds", [row(ANN, JUNE)]),
        "council": ("cld", [row(ANN, MAY)]),
        "deaths": ("deaths", [row(ANN, MAY)]),
    }
    found = linked(tmp_path, sources, senders={"apc": "trust", "ed": "trust"})
    assert found.statuses("apc") == found.statuses("ecds") == ["birth_date_disagrees"]
    assert found.statuses("cld") == found.statuses("deaths") == ["nhs_number"]


def test_one_source_alone_is_said_to_be(tmp_path: Path) -> None:
    found = linked(tmp_path, {"hospital": ("apc", [row(ANN, MAY), row(ANN, MAY), traced(ANN)]), "ed": ("ecds", [traced(ANN)])})
    assert found.statuses("apc") == ["nhs_number_alone", "nhs_number_alone", "nhs_number_traced"]
    assert len({*found.people("apc"), *found.people("ecds")}) == 1


def test_month_of_birth_confirms_a_date_but_two_dates_in_it_stay_disputed(tmp_path: Path) -> None:
    month = row(ANN, None, mydob="051950")
    found = linked(tmp_path, {"hospital": ("apc", [month]), "ed": ("ecds", [row(ANN, MAY)])})
    assert found.statuses("apc") == found.statuses("ecds") == ["nhs_number"]
    found = linked(
        tmp_path,
        {"hospital": ("apc", [month]), "one": ("ecds", [row(ANN, MAY)]), "two": ("deaths", [row(ANN, date(1950, 5, 5))])},
        landing_id="second",
    )
    assert {*found.statuses("apc"), *found.statuses("ecds"), *found.statuses("deaths")} == {"birth_date_disagrees"}


@pytest.mark.parametrize("written", ["011801", "131950", "19500501", "05/1950", "&", "001950"])
def test_months_of_birth_that_are_none(tmp_path: Path, written: str) -> None:
    assert linked(tmp_path, {"hospital": ("apc", [row(ANN, None, mydob=written)])}).statuses("apc") == ["no_birth_date"]


def test_most_sources_decide_for_who_is_not_registered(tmp_path: Path) -> None:
    found = linked(tmp_path, {"a": ("apc", [row(ANN, MAY)]), "b": ("ecds", [row(ANN, MAY)]), "c": ("deaths", [row(ANN, JUNE)])})
    assert [*found.statuses("apc"), *found.statuses("ecds"), *found.statuses("deaths")] == [
        "nhs_number",
        "nhs_number",
        "birth_date_disagrees",
    ]


def test_a_list_that_contradicts_itself_is_believed_in_neither(tmp_path: Path) -> None:
    found = linked(tmp_path, {"list": ("register", [row(ANN, MAY), row(ANN, JUNE)]), "hospital": ("apc", [row(ANN, MAY), traced(ANN)])})
    assert found.statuses("register") == ["register_row", "register_row"]
    assert len(set(found.people("register"))) == 2
    assert found.rows("apc") == [("birth_date_disagrees", None)] * 2
    assert "birth-dates-differ-on-the-list" in found.rules()


def test_rows_of_the_list_without_a_usable_number_are_people_of_their_own(tmp_path: Path) -> None:
    ann = {"person_given_name": "ANN", "general_medical_practice_code_patient_registration": "X1"}
    twin = {"general_medical_practice_code_patient_registration": "X1"}
    found = linked(
        tmp_path,
        {
            "list": (
                "register",
                [row(None, MAY, **ann), row(None, MAY, **ann), row("1", MAY, **ann), row(None, MAY, **twin), row(None, MAY, **twin)],
            )
        },
    )
    assert found.statuses("register") == ["register_row"] * 5
    people = found.people("register")
    assert None not in people
    assert people[0] == people[1]
    assert len(set(people)) == 4


def test_a_number_on_the_list_needs_a_date_of_birth_or_a_trace(tmp_path: Path) -> None:
    found = linked(tmp_path, {"list": ("register", [row(ANN), traced(BEN)]), "hospital": ("apc", [row(ANN, MAY), row(BEN, MAY)])})
    assert found.statuses("register") == ["register_row", "nhs_number_traced"]
    assert found.statuses("apc") == ["nhs_number_alone", "nhs_number_alone"]
    assert found.people("apc")[0] != found.people("register")[0]
    assert found.people("apc")[1] == found.people("register")[1]
    assert "no-birth-date-on-the-list" in found.rules()


def test_pseudonyms_link_within_their_namespace(tmp_path: Path) -> None:
    one, two = {"source_pseudonym": "A1"}, {"source_pseudonym": " A2 "}
    sources: Any = {"apc23": ("apc", [one, two]), "apc24": ("apc", [one]), "ed": ("ecds", [one, {"source_pseudonym": " "}])}
    found = linked(tmp_path, sources, namespaces={"apc23": "hes", "apc24": "hes"})
    assert found.statuses("apc") == ["source_pseudonym"] * 3
    assert found.statuses("ecds") == ["source_pseudonym", "no_number"]
    first, second, again = found.people("apc")
    assert first == again
    assert len({first, second, found.people("ecds")[0]}) == 3


def test_a_number_goes_before_a_pseudonym(tmp_path: Path) -> None:
    found = linked(
        tmp_path,
        {
            "list": ("register", [row(ANN, MAY)]),
            "hospital": ("apc", [row(ANN, MAY, source_pseudonym="A"), row("123", MAY, source_pseudonym="A")]),
        },
    )
    assert found.statuses("apc") == ["nhs_number", "source_pseudonym"]


def test_real_numbers_are_rejected_in_an_invented_place(tmp_path: Path) -> None:
    real = nhs_number(1, first=400_000_000)
    found = linked(tmp_path, {"list": ("register", [row(real, MAY), row(ANN, MAY)])})
    assert found.con.execute("SELECT source_row FROM staged_register").fetchall() == [(2,)]
    assert found.con.execute("SELECT source_row, rule FROM staged_rejected").fetchall() == [(1, "nhs-number-of-a-real-person")]
    assert found.statuses("register") == ["nhs_number"]
    assert real not in found.findings[0].message


@pytest.mark.parametrize(("first", "rejected"), [(999_000_000, False), (998_999_990, False), (900_000_000, False), (899_999_990, True)])
def test_invented_people_have_numbers_that_begin_with_9(first: int, rejected: bool, tmp_path: Path) -> None:
    found = linked(tmp_path, {"list": ("register", [row(nhs_number(1, first=first), MAY), row(ANN, MAY)])})
    assert ("nhs-number-of-a-real-person" in found.rules()) == rejected


def test_test_patients_are_rejected_in_a_real_place(tmp_path: Path) -> None:
    real = nhs_number(1, first=400_000_000)
    found = linked(tmp_path, {"hospital": ("apc", [row(real, MAY), row(ANN, MAY)])}, invented=False)
    assert found.con.execute("SELECT source_row, rule FROM staged_rejected").fetchall() == [(2, "nhs-number-of-a-test-patient")]
    assert found.statuses("apc") == ["nhs_number_alone"]


def test_birth_month_is_the_lists_else_the_most_frequent_else_the_earliest(tmp_path: Path) -> None:
    pseudonym = {"source_pseudonym": "A"}
    births = [date(1960, 3, 3), date(1960, 2, 2), date(1960, 2, 9), date(1960, 3, 4), None]
    found = linked(
        tmp_path,
        {
            "list": ("register", [row(ANN, MAY), row(None, None, person_given_name="NOBODY")]),
            "hospital": ("apc", [row(ANN, None, mydob="051950"), *({**pseudonym, "person_birth_date": born} for born in births)]),
        },
    )
    assert found.landed_people() == [(date(1950, 5, 1), "nhs_number"), (date(1960, 2, 1), "source_pseudonym"), (None, "register_row")]
    sources: Any = {
        "list": ("register", [{**pseudonym, "person_birth_date": JUNE}]),
        "hospital": ("apc", [{**pseudonym, "person_birth_date": MAY}] * 2),
    }
    found = linked(tmp_path, sources, landing_id="second", namespaces={"list": "one", "hospital": "one"})
    assert found.landed_people() == [(date(1950, 6, 1), "source_pseudonym")]


def test_the_strongest_way_of_linking_names_the_person(tmp_path: Path) -> None:
    found = linked(tmp_path, {"hospital": ("apc", [traced(ANN), row(ANN, MAY)]), "ed": ("ecds", [row(BEN, MAY)])})
    assert sorted(by for _, by in found.landed_people()) == ["nhs_number_alone", "nhs_number_traced"]


def test_a_person_keeps_the_id_when_sources_come_and_dates_are_corrected(tmp_path: Path) -> None:
    register = open_register(tmp_path / "identity.sqlite")
    first = linked(register, {"hospital": ("apc", [row(ANN, MAY)])})
    second = linked(
        register, {"list": ("register", [row(BEN, MAY), row(ANN, JUNE)]), "hospital": ("apc", [row(ANN, JUNE)])}, landing_id="second"
    )
    assert first.people("apc") == second.people("apc") == second.people("register")[1:]


def test_only_new_or_changed_identifiers_are_kept(tmp_path: Path) -> None:
    register = open_register(tmp_path / "identity.sqlite")
    rows = [row(ANN, MAY, person_family_name="PLANTED"), row(BEN, MAY)]
    people = linked(register, {"list": ("register", rows)}).people("register")
    for landing_id in ("second", "third"):
        rows = [rows[0], {**rows[1], "person_family_name": "CHANGED"}]
        linked(register, {"list": ("register", rows), "hospital": ("apc", [row("12", MAY)])}, landing_id=landing_id)
    kept = identifiers_of(register, KEYS, pa.array(people)).select(
        ["person_id", "nhs_number", "person_family_name", "person_birth_date", "landing_id"]
    )
    expected = [(people[0], ANN, "PLANTED", MAY, "first"), (people[1], BEN, None, MAY, "first"), (people[1], BEN, "CHANGED", MAY, "second")]
    assert Counter(tuple(row.values()) for row in kept.to_pylist()) == Counter(expected)


def test_a_name_that_comes_back_is_the_latest_again(database: Path | str) -> None:
    register = open_register(database)
    for landing_id, name in enumerate(["PLANTED", "WRONG", "PLANTED", "PLANTED"]):
        rows = [row(ANN, MAY, person_family_name=name), row(BEN, MAY, person_family_name="SAME")]
        people = linked(register, {"list": ("register", rows)}, landing_id=str(landing_id)).people("register")
    kept = [entry for entry in identifiers_of(register, KEYS, pa.array(people)).to_pylist() if entry["person_id"] == people[0]]
    assert [(entry["person_family_name"], entry["landing_id"]) for entry in kept] == [("PLANTED", "0"), ("WRONG", "1"), ("PLANTED", "2")]
    register.close()


def test_of_several_versions_in_one_landing_the_latest_stands_last(tmp_path: Path) -> None:
    register = open_register(tmp_path / "identity.sqlite")
    when = "start_date_gmp_patient_registration"
    rows = [row(ANN, MAY, person_family_name=name, **{when: date(year, 1, 1)}) for name, year in (("NEW", 2020), ("OLD", 1990))]
    for landing_id in ("first", "second"):
        [person, _] = linked(register, {"list": ("register", rows)}, landing_id=landing_id).people("register")
    assert identifiers_of(register, KEYS, pa.array([person]))["person_family_name"].to_pylist() == ["OLD", "NEW"]
    back = [*rows, row(ANN, MAY, person_family_name="OLD", **{when: date(2024, 1, 1)})]
    linked(register, {"list": ("register", back)}, landing_id="third")
    assert identifiers_of(register, KEYS, pa.array([person]))["person_family_name"].to_pylist() == ["OLD", "NEW", "NEW", "OLD"]


DATES = st.sampled_from([None, MAY, JUNE])
A_ROW = st.fixed_dictionaries(
    {
        "nhs_number": st.sampled_from([None, ANN, BEN, CAT, "bad", nhs_number(1, first=400_000_000)]),
        "person_birth_date": DATES,
        "nhs_number_status_indicator_code": st.sampled_from([None, "01", "02"]),
        "source_pseudonym": st.sampled_from([None, None, "P", "Q"]),
    }
)
SOURCES = st.tuples(st.lists(A_ROW, max_size=5), st.lists(A_ROW, max_size=5), st.lists(A_ROW, max_size=5))
QUICKLY = settings(max_examples=20, deadline=None)


def by_row(rows: tuple[list[Any], ...], order: random.Random | None = None) -> dict[tuple[str, int], tuple[Any, ...]]:
    """(source, row) -> (how it was linked, person), whatever order files and rows are read in."""
    named = [
        (name, [{**row, "source_row": place} for place, row in enumerate(part, 1)])
        for name, part in zip(("register", "apc", "ecds"), rows, strict=True)
    ]
    if order is not None:
        order.shuffle(named)
        for _, part in named:
            order.shuffle(part)
    found = linked(open_register("sqlite://"), {name: (name, part) for name, part in named})
    return {
        (contract, source_row): rest
        for contract, source_row, *rest in found.con.execute("SELECT contract, source_row, linked_by, person_id, born FROM link").fetchall()
    }


@given(rows=SOURCES, seed=st.integers(0, 100))
@QUICKLY
def test_properties_of_linking(rows: tuple[list[Any], ...], seed: int) -> None:
    links = by_row(rows)
    usable = [(name, place, r) for name, part in zip(("register", "apc", "ecds"), rows, strict=True) for place, r in enumerate(part, 1)]
    in_range = [(name, place) for name, place, r in usable if r["nhs_number"] != nhs_number(1, first=400_000_000)]
    assert sorted(links) == sorted(in_range), "every row that was not rejected has exactly one status"
    for status, person, _ in links.values():
        assert status in (LINKED_BY if person is not None else NOT_LINKED_BY)
    numbers: dict[int, set[str]] = {}
    for name, place, r in usable:
        status, person, _ = links.get((name, place), ("", None, None))
        if status.startswith("nhs_number"):
            numbers.setdefault(person, set()).add(r["nhs_number"])
    assert all(len(held) == 1 for held in numbers.values()), "a person never holds two verified numbers"
    assert len({min(held) for held in numbers.values()}) == len(numbers), "nor has one number two people"
    assert by_row(rows, random.Random(seed)) == links, "the order of files and rows changes nothing"


def test_rows_that_say_nothing_keep_their_ids_in_any_order() -> None:
    nobody = {"nhs_number": None, "person_birth_date": None, "nhs_number_status_indicator_code": None, "source_pseudonym": None}
    rows: tuple[list[Any], ...] = ([nobody] * 5, [], [])
    first = by_row(rows)
    assert len({person for _, person, _ in first.values()}) == 5
    assert all(by_row(rows, random.Random(seed)) == first for seed in range(5))


@given(rows=SOURCES)
@QUICKLY
def test_sex_is_no_evidence(rows: tuple[list[Any], ...]) -> None:
    listed, hospital, emergency = rows
    as_male = (
        [{**r, "person_stated_gender_code": "1"} for r in listed],
        [{**r, "sex": "1"} for r in hospital],
        [{**r, "stated_gender": "1"} for r in emergency],
    )
    as_other = (
        [{**r, "person_stated_gender_code": "2"} for r in listed],
        [{**r, "sex": "9"} for r in hospital],
        [{**r, "stated_gender": "X"} for r in emergency],
    )
    assert by_row(as_male) == by_row(as_other)


def test_a_default_date_of_birth_on_the_list_costs_no_link(tmp_path: Path) -> None:
    ann = nhs_number(1)
    rows = {"list": ("register", [traced(ann, date(1900, 1, 1))]), "hospital": ("apc", [row(ann, MAY)])}
    result = linked(tmp_path, rows)
    assert result.people("apc") == result.people("register")
    assert result.statuses("register") == ["nhs_number_traced"]

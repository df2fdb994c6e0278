"""General practice, medicines, urgent calls and objections: as many as published, at sound times, true to their contracts."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from joinedup.engine.duck import connect
from joinedup.engine.files_text import plain
from joinedup.place.model import Source
from joinedup.sources.columns import known_names
from joinedup.sources.contract import contracts
from joinedup.sources.contract_cases import EXPECTED
from joinedup.sources.landing import stage
from joinedup.sources.synthetic import gp_appointment, gp_medication, gp_record, opt_out, urgent_call
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.figures import columns, figures
from joinedup.sources.synthetic.needs import conditions
from joinedup.sources.synthetic.primary_care import fifth_of, patients
from joinedup.sources.synthetic.rows import MISSING, Rows
from joinedup.sources.synthetic.seasons import YEAR
from joinedup.sources.synthetic.setting import setting_of
from joinedup.sources.synthetic.sheets import header, sheet, text
from joinedup.sources.synthetic.targets import targets_of
from tests.unit.sources import extracts
from tests.unit.sources.synthetic.places import FILES, changing_place, plain_place

MAKERS: dict[str, Callable[[Block], Rows]] = {
    "gp_record": gp_record.rows,
    "gp_appointment": gp_appointment.rows,
    "gp_medication": gp_medication.rows,
    "urgent_call": urgent_call.rows,
    "opt_out": opt_out.rows,
}
PRACTICES = ("gp_record", "gp_appointment", "gp_medication")
SOURCES = (*FILES, *(Source(name=name, partner="board", contract=name, files=(f"{name}.csv",)) for name in MAKERS))
HISTORY = ("gp_record", "opt_out")
"""What also tells of the time before the span."""


@pytest.fixture(scope="module", params=[(plain_place, 3), (changing_place, 4)], ids=["plain", "changing"])
def block(request: pytest.FixtureRequest) -> Block:
    """10,000 people of a place whose practices and 111 provider send all of it."""
    place, seed = request.param
    return Block(setting_of(place(sources=SOURCES), 10_000, seed), 0)


@pytest.fixture(scope="module")
def made(block: Block) -> dict[str, Rows]:
    """The rows of each contract."""
    return {name: maker(block) for name, maker in MAKERS.items()}


def person_years(block: Block) -> float:
    start, end = patients(block)
    return float((end - start).sum() / YEAR)


def shares(values: np.ndarray) -> dict[str, float]:
    names, counts = np.unique(values, return_counts=True)
    return {str(name): count / len(values) for name, count in zip(names, counts, strict=True)}


@pytest.mark.parametrize("name", MAKERS)
def test_nothing_before_birth_or_after_death_or_outside_the_span(name: str, made: dict[str, Rows], block: Block) -> None:
    rows, people, span = made[name], block.people, block.setting.span
    assert len(rows.person) > 500
    assert (rows.day < span.end).all()
    assert name in HISTORY or (rows.day >= span.start).all()
    born, died = people.born[rows.person], people.died[rows.person]
    for field in contracts()[name].fields:
        if field.type == "date" and field.name in rows.columns and field.name not in ("PERSON_BIRTH_DATE", "PROCESSING_PERIOD_DATE"):
            day = rows.columns[field.name]
            there = ~np.isnat(day)
            number = day[there].astype(np.int64)
            assert (number >= born[there]).all(), field.name
            assert (number < span.end).all(), field.name
            assert field.name in ("RECORD_DATE", "OPT_OUT_TO") or (number <= died[there]).all(), field.name


@pytest.mark.parametrize("name", [*PRACTICES, "opt_out"])
def test_only_patients_of_the_place_while_they_are_its_patients(name: str, made: dict[str, Rows], block: Block) -> None:
    rows, people = made[name], block.people
    assert not people.outside[rows.person].any()
    if name in PRACTICES:
        assert (rows.day < people.left[rows.person]).all()
        assert name in HISTORY or (rows.day >= people.joined[rows.person]).all()


@pytest.mark.parametrize("name", MAKERS)
def test_rows_satisfy_their_contract(name: str, made: dict[str, Rows], block: Block, tmp_path: Path) -> None:
    place, rows = block.setting.place, made[name]
    [target] = [
        each for each in targets_of(place, block.setting.span, (*MAKERS, "register", "apc", "ecds", "deaths")) if each.source.name == name
    ]
    assert set(rows.columns) <= {field.name for field in contracts()[name].fields}
    (tmp_path / target.file).write_bytes(header(target) + text(target, sheet(target, rows, target.rows(rows))))
    con = connect(threads=1)
    staging = stage(con, place.model_copy(update={"sources": (target.source,)}), tmp_path)
    con.close()
    assert [finding for finding in staging.findings if finding.rule not in EXPECTED] == []
    [account] = staging.files
    assert account.loaded == account.rows_read == len(rows.person)


def test_the_same_people_give_the_same_rows(made: dict[str, Rows], block: Block) -> None:
    again = Block(block.setting, 0)
    for name, maker in MAKERS.items():
        for column, values in maker(again).columns.items():
            assert np.array_equal(values, made[name].columns[column], equal_nan=values.dtype.kind in "fM"), column


def test_appointments_are_as_many_as_published(made: dict[str, Rows], block: Block) -> None:
    # Appointments in General Practice (NHS England, 2023-24): 350 million for 63 million patients
    rows = made["gp_appointment"]
    assert len(rows.person) / person_years(block) == pytest.approx(5.6, rel=0.06)
    mode, status, staff = (shares(rows.columns[name]) for name in ("APPT_MODE", "APPT_STATUS", "HCP_TYPE"))
    assert mode["Face-to-Face"] == pytest.approx(0.66, abs=0.03)
    assert mode["Telephone"] == pytest.approx(0.25, abs=0.02)
    assert 0.038 < status["DNA"] < 0.052
    assert staff["GP"] == pytest.approx(0.445, abs=0.01)
    same_day = rows.columns["BOOKED_DATE"] == rows.columns["APPOINTMENT_DATE"]
    assert same_day.mean() == pytest.approx(0.44, abs=0.02)


def test_appointments_are_on_weekdays_and_more_of_them_in_october(made: dict[str, Rows]) -> None:
    day = made["gp_appointment"].day
    weekday = np.bincount((day + 3) % 7, minlength=7) / len(day)
    assert weekday[0] > weekday[1] > weekday[4] > 0.15
    assert weekday[5] + weekday[6] < 0.01
    month = np.bincount(day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12, minlength=12)
    assert month[9] == month.max()


def test_nobody_is_busy_who_did_not_come(made: dict[str, Rows]) -> None:
    told = made["gp_appointment"].columns
    assert (told["ACTUAL_DURATION"][told["APPT_STATUS"] != "Attended"] == MISSING).all()
    minutes = told["ACTUAL_DURATION"][told["ACTUAL_DURATION"] != MISSING]
    assert 9 < np.median(minutes) < 14


def test_the_ill_and_the_old_come_oftener(made: dict[str, Rows], block: Block) -> None:
    counts = np.bincount(made["gp_appointment"].person, minlength=len(block.people.sex))
    start, end = patients(block)
    here = end - start > 300
    ages, ill = block.people.ages(start), block.people.conditions.sum(axis=1) >= 2
    assert counts[here & (ages > 70)].mean() > 1.6 * counts[here & (ages > 20) & (ages < 40)].mean()
    middle = here & (ages > 50) & (ages < 65)
    assert counts[middle & ill].mean() > 1.15 * counts[middle & ~ill].mean()


def test_medicines_cost_what_is_published(made: dict[str, Rows], block: Block) -> None:
    # Prescription Cost Analysis, England, 2023/24: about 20 items a patient at about 9 pounds
    rows = made["gp_medication"]
    items = rows.columns["ITEM_COUNT"].sum()
    assert items / person_years(block) == pytest.approx(20, rel=0.1)
    assert 8 < rows.columns["NIC"].sum() / items / 100 < 10
    assert len(rows.person) / person_years(block) < 8


def test_repeats_come_every_twelve_weeks_and_only_to_those_who_have_the_condition(made: dict[str, Rows], block: Block) -> None:
    rows = made["gp_medication"]
    metformin = rows.columns["PAID_BNF_CODE"] == "0601022B0"
    person, day = rows.person[metformin], rows.day[metformin]
    assert block.people.conditions[person, conditions()["diabetes"]].all()
    following = np.flatnonzero(person[1:] == person[:-1])
    assert len(following) > 300
    assert (day[following + 1] - day[following] == figures("gp_medication")["every"]).all()


def test_no_person_has_one_medicine_twice_for_two_conditions(made: dict[str, Rows]) -> None:
    plan = columns("gp_medication", "repeats")
    assert len(np.unique(plan["code"])) < len(plan["code"])  # else this shows nothing
    rows = made["gp_medication"]
    bisoprolol = rows.columns["PAID_BNF_CODE"] == "0204000H0"
    days = np.stack([rows.person[bisoprolol], rows.day[bisoprolol]], axis=1)
    assert len(np.unique(days, axis=0)) == len(days)


def test_coded_entries_are_few_enough_and_each_condition_has_one(made: dict[str, Rows], block: Block) -> None:
    rows, people = made["gp_record"], block.people
    assert 1.5 < len(rows.person) / person_years(block) < 4
    start, end = patients(block)
    table = columns("gp_record", "entries")
    for name, at in conditions().items():
        row = int(np.flatnonzero(table["entry"] == name)[0])
        codes = [table["snomed"][row], table["read"][row]]
        if name == "cancer":
            men = int(np.flatnonzero(table["entry"] == "cancer_of_men")[0])
            codes += [table["snomed"][men], table["read"][men]]
        coded = np.bincount(rows.person[np.isin(rows.columns["CODE"], codes)], minlength=len(people.sex))
        assert np.array_equal(coded > 0, people.conditions[:, at] & (start < end)), name
        assert coded.max() == 1


def test_reviews_come_after_the_condition_was_coded(made: dict[str, Rows]) -> None:
    rows = made["gp_record"]
    code = rows.columns["CODE"]
    first = np.full(rows.person.max() + 1, 2**31)
    diabetes = np.isin(code, ("44054006", "C10F."))
    first[rows.person[diabetes]] = rows.day[diabetes]
    sugar = np.isin(code, ("999791000000106", "42W5."))
    assert sugar.sum() > 500
    assert (rows.day[sugar] >= first[rows.person[sugar]]).all()


def test_a_practice_writes_one_system_and_both_are_written(made: dict[str, Rows]) -> None:
    told = made["gp_record"].columns
    table = columns("gp_record", "entries")
    single = np.append(table["read_term"][table["snomed"] == ""], table["snomed_term"][table["read"] == ""])
    spoken = np.char.startswith(told["TERM"], "Main spoken language") | np.isin(told["TERM"], single)
    by_practice = {practice: set(told["CODE_SYSTEM"][(told["PRACTICE"] == practice) & ~spoken]) for practice in np.unique(told["PRACTICE"])}
    assert all(len(systems) == 1 for systems in by_practice.values())
    assert set.union(*by_practice.values()) == {"SNOMED CT", "Read v2"}
    assert set(told["CODE_SYSTEM"][np.char.startswith(told["TERM"], "Main spoken language")]) <= {"Read v2"}
    assert (told["CODE"] != "").all()


def test_values_are_those_of_people(made: dict[str, Rows]) -> None:
    told = made["gp_record"].columns
    pressure = told["UNIT"] == "mmHg"
    assert 125 < told["VALUE1_CONDITION"][pressure].mean() < 142
    assert (told["VALUE1_CONDITION"][pressure] > told["VALUE2_CONDITION"][pressure]).all()
    assert np.isnan(told["VALUE2_CONDITION"][~pressure]).all()
    mass = told["VALUE1_CONDITION"][told["UNIT"] == "kg/m2"]
    assert 26 < mass.mean() < 30


def test_smoking_and_frailty_are_as_common_as_published(made: dict[str, Rows], block: Block) -> None:
    rows = made["gp_record"]
    code = rows.columns["CODE"]
    of = {name: np.unique(rows.person[np.isin(code, codes)]) for name, codes in {
        "smoker": ("77176002", "137R."), "smoked": ("8517006", "137S."), "never": ("266919005", "1371.")
    }.items()}  # fmt: skip
    everyone = sum(len(who) for who in of.values())
    assert len(set(np.concatenate(list(of.values())))) == everyone  # nobody is two of them
    assert len(of["smoker"]) / everyone == pytest.approx(0.13, abs=0.03)  # Adult smoking habits in the UK 2022: 12.9%
    frail = {name: np.isin(code, codes).sum() for name, codes in {
        "mild": ("925791000000100", "2Jd0."), "moderate": ("925831000000107", "2Jd1."), "severe": ("925861000000102", "2Jd2.")
    }.items()}  # fmt: skip
    assert frail["mild"] > 2 * frail["moderate"] > 4 * frail["severe"] > 0


def test_concept_numbers_have_their_check_digit() -> None:
    table = columns("gp_record", "entries")
    assert [str(name) for name, number in zip(table["entry"], table["snomed"], strict=True) if number and not verhoeff(str(number))] == []
    assert {len(str(code)) for code in (*table["read"], *columns("gp_record", "languages")["read"]) if code} == {5}
    assert ((table["snomed"] != "") | (table["read"] != "")).all()
    assert verhoeff("2363")  # Verhoeff, Error detecting decimal codes, 1969: the check digit of 236 is 3
    assert not verhoeff("2364")


def verhoeff(number: str) -> bool:
    """Whether the last digit is the check digit of the others, by Verhoeff's scheme over the symmetries of the pentagon."""
    found = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit)
        for _ in range(place % 8):
            value = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[value]
        turn, flip = found % 5, found >= 5
        other, mirrored = value % 5, value >= 5
        found = ((turn - other if flip else turn + other) % 5) + (5 if flip != mirrored else 0)
    return found == 0


def test_calls_are_as_many_as_published(made: dict[str, Rows], block: Block) -> None:
    # Integrated urgent care aggregate data collection, England, 2023-24 (NHS England)
    rows = made["urgent_call"]
    inside = ~block.people.outside[rows.person]
    assert inside.sum() / person_years(block) == pytest.approx(0.3, rel=0.12)
    group = shares(rows.columns["NHS_ENGLAND_MDS_FINAL_DX_GROUP"])
    assert 0.10 < group["Ambulance dispatched"] < 0.17
    assert 0.09 < group["Recommended to attend A&E"] < 0.15
    assert group["Recommended to attend primary and community care"] > 0.5
    weekend = ((rows.day + 3) % 7 >= 5).mean()
    assert 0.33 < weekend < 0.42


def test_calls_before_an_attendance_end_before_it(made: dict[str, Rows], block: Block) -> None:
    rows, held = made["urgent_call"], block.attendances
    led = ~rows.whole
    assert 200 < led.sum() < 0.35 * len(led)
    attended = set(zip(held.person.tolist(), (held.arrived // 1440).tolist(), strict=True))
    pairs = zip(rows.person[led].tolist(), rows.day[led].tolist(), strict=True)
    assert all((person, day) in attended or (person, day + 1) in attended for person, day in pairs)


def test_objections_are_as_many_as_published_and_more_where_people_are_better_off(made: dict[str, Rows], block: Block) -> None:
    rows = made["opt_out"]
    start, end = patients(block)
    here = start < end
    people = len(here)
    who = {
        kind: np.isin(np.arange(people), rows.person[rows.columns["OPT_OUT_KIND"] == kind])
        for kind in ("National", "Type 1", "Shared record")
    }
    assert who["National"][here].mean() == pytest.approx(0.052, abs=0.01)  # National data opt-out (NHS England, 2024): 5.4%
    assert who["Type 1"][here].mean() == pytest.approx(0.05, abs=0.01)
    assert 0.005 < who["Shared record"][here].mean() < 0.02
    fifth = fifth_of(block)
    any_kind = who["National"] | who["Type 1"]
    assert any_kind[here & (fifth >= 3)].mean() > 1.3 * any_kind[here & (fifth <= 1)].mean()
    assert (who["National"] & who["Type 1"])[here].mean() > 3 * who["National"][here].mean() * who["Type 1"][here].mean()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "listed", "known"),
    [
        (
            "urgent_call",
            "nhs111_columns.json",
            {"CASEREF", "FINAL_DX_CODE", "FINAL_SYMPTOM_GROUP", "GP_SURGERY_ID", "999_CAD_NUMBER", "SEX"},
        ),
        ("gp_medication", "medicines_dispensed_primary_care_columns.json", {"POSTCODE", "GENDER", "STUDY_ID", "DEATH_NOTIFICATION_STATUS"}),
    ],
)
def test_names_of_the_published_column_lists_are_known(name: str, listed: str, known: set[str], shared: Path) -> None:
    content = json.loads((shared / "open-data" / "extracts" / "column_lists" / listed).read_text())
    published = {plain(column["name"]) for table in content["tables"] for column in table["tableSchema"]["columns"]}
    assert known <= published & set(known_names(contracts()[name], extracts.source(name)))


def test_a_file_with_commas_in_its_terms_is_quoted(made: dict[str, Rows], block: Block) -> None:
    [target] = [
        each
        for each in targets_of(block.setting.place, block.setting.span, (*MAKERS, "register", "apc", "ecds", "deaths"))
        if each.source.name == "gp_record"
    ]
    rows = made["gp_record"]
    lines = (header(target) + text(target, sheet(target, rows, target.rows(rows)))).decode().splitlines()
    assert {len(line) for line in csv.reader(lines)} == {len(target.fields)}

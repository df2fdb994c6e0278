"""Spells, attendances and deaths: in order for each person, and as many as published."""

from __future__ import annotations

import numpy as np
import pytest

from joinedup.sources.contract import contracts
from joinedup.sources.synthetic import apc, deaths, ecds, register
from joinedup.sources.synthetic.admissions import BIRTH, DAY_CASE, DELIVERY, EMERGENCY, PLANNED
from joinedup.sources.synthetic.attendances import MINUTES_A_DAY
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools
from joinedup.sources.synthetic.rows import MISSING
from joinedup.sources.synthetic.seasons import NEVER, months_of
from joinedup.sources.synthetic.setting import setting_of
from tests.unit.sources.synthetic.places import plain_place

MAKERS = {"register": register.rows, "apc": apc.rows, "ecds": ecds.rows, "deaths": deaths.rows}


def test_nobody_is_in_hospital_twice_at_once(block: Block) -> None:
    spells = block.spells
    same = spells.person[1:] == spells.person[:-1]
    assert (spells.out[:-1][same] < spells.day[1:][same]).all()


def test_nothing_happens_before_birth_or_after_death_or_outside_the_span(block: Block) -> None:
    people, spells, held, span = block.people, block.spells, block.attendances, block.setting.span
    assert (spells.day >= np.maximum(people.born[spells.person], span.start)).all()
    assert (spells.day <= np.minimum(people.died[spells.person], span.end - 1)).all()
    assert ((spells.out <= people.died[spells.person]) | (spells.out >= NEVER)).all()
    assert ((spells.ready <= spells.out) | (spells.ready >= NEVER)).all()
    day = held.arrived // MINUTES_A_DAY
    assert (day >= np.maximum(people.born[held.person], span.start)).all()
    assert (day <= np.minimum(people.died[held.person], span.end - 1)).all()
    assert (held.departed >= held.arrived).all()


def test_who_is_admitted_from_the_department_is_admitted_on_the_day_of_the_decision(block: Block) -> None:
    held, spells = block.attendances, block.spells
    led = held.spell >= 0
    assert led.sum() == (spells.method == "21").sum() > 1_000
    assert (held.decided[led] // MINUTES_A_DAY == spells.day[held.spell[led]]).all()
    assert (held.person[led] == spells.person[held.spell[led]]).all()


def test_a_death_in_hospital_ends_a_spell_or_an_attendance(block: Block) -> None:
    people, spells, dead = block.people, block.spells, block.deaths
    assert set(spells.person[spells.died]) == set(dead.person[dead.in_spell])
    assert (spells.out[spells.died] == people.died[spells.person[spells.died]]).all()
    at_the_door = dead.person[(dead.place == "hospital") & ~dead.in_spell]
    assert sorted(block.attendances.person[block.attendances.died]) == sorted(at_the_door)


def test_births_and_deliveries_belong_to_a_household(block: Block) -> None:
    people, spells = block.people, block.spells
    babies, mothers = spells.person[spells.kind == BIRTH], spells.person[spells.kind == DELIVERY]
    assert len(babies) > 100
    assert set(people.household[mothers]) <= set(people.household[babies])
    assert (spells.day[spells.kind == BIRTH] == people.born[babies]).all()
    ages = people.age_on(mothers, spells.day[spells.kind == DELIVERY])
    assert ((ages > 14) & (ages < 51)).all()


@pytest.mark.parametrize("contract", MAKERS)
def test_rows_use_only_fields_and_codes_of_the_contract(contract: str, block: Block) -> None:
    fields = {field.name: field for field in contracts()[contract].fields}
    rows = MAKERS[contract](block)
    assert set(rows.columns) <= set(fields)
    for name, column in rows.columns.items():
        if fields[name].codes:
            assert set(np.unique(column)) - {""} <= set(fields[name].codes), name
        if fields[name].required:
            missing = np.isnat(column) if column.dtype.kind == "M" else column == ""
            assert not missing.any(), name


@pytest.mark.parametrize("contract", MAKERS)
def test_keys_name_one_row(contract: str, block: Block) -> None:
    rows = MAKERS[contract](block)
    key = np.stack([rows.columns[name].astype(str) for name in contracts()[contract].key], axis=1)
    assert len(np.unique(key, axis=0)) == len(key)


@pytest.mark.parametrize("contract", MAKERS)
def test_a_place_of_one_person_has_rows_of_the_same_kind(contract: str, plain_block: Block) -> None:
    few = MAKERS[contract](Block(setting_of(plain_place(), 1, 1), 0))
    many = MAKERS[contract](plain_block)
    assert {name: column.dtype.kind for name, column in few.columns.items()} == {
        name: column.dtype.kind for name, column in many.columns.items()
    }


def test_episodes_fill_their_spell(block: Block) -> None:
    rows = apc.rows(block).columns
    spell, order = rows["SUSSPELLID"], rows["EPIORDER"]
    following = order[1:] == order[:-1] + 1
    same = spell[1:] == spell[:-1]
    assert (following == same).all()
    assert (rows["EPISTART"][1:][same] == rows["EPIEND"][:-1][same]).all()
    assert (rows["EPISTART"][order == 1] == rows["ADMIDATE"][order == 1]).all()
    last = rows["SPELEND"] == "Y"
    assert (rows["EPIEND"][last] == rows["DISDATE"][last]).all()
    assert (rows["FINAL_PRICE"][order > 1] == MISSING).all()
    assert (order > 1).sum() > 200


def test_falls_have_a_cause_that_is_a_secondary_code_too(block: Block) -> None:
    rows = apc.rows(block).columns
    caused = rows["CAUSE"] != ""
    secondary = np.stack([rows[f"DIAG_{place:02d}"] for place in range(2, 10)], axis=1)
    assert (secondary[caused] == rows["CAUSE"][caused][:, None]).any(axis=1).all()
    hip = rows["DIAG_01"] == "S720"
    assert hip.sum() > 5
    assert np.char.startswith(rows["CAUSE"][hip], "W").all()


# How often things should happen, per 1,000 people and year: Hospital Admitted Patient Care Activity and Hospital Accident & Emergency
# Activity 2022-23 (NHS England), National Cost Collection 2024-25, births and deaths 2021 (Office for National Statistics), all England.
PUBLISHED = {
    "emergency admissions": (90, 112),
    "planned admissions": (105, 140),
    "attendances": (350, 450),
    "births": (9, 13),
    "deaths": (8.5, 11.5),
}


def years_lived(block: Block) -> float:
    people, span = block.people, block.setting.span
    start, end = np.maximum(people.joined, span.start), np.minimum(people.gone, span.end)
    return float(np.maximum(end - start, 0)[~people.outside].sum() / 365.25)


def test_things_happen_as_often_as_published(plain_block: Block) -> None:
    people, spells, held = plain_block.people, plain_block.spells, plain_block.attendances
    here = ~people.outside[spells.person]
    found = {
        "emergency admissions": (here & (spells.kind == EMERGENCY)).sum(),
        "planned admissions": (here & np.isin(spells.kind, [PLANNED, DAY_CASE])).sum(),
        "attendances": (~people.outside[held.person]).sum(),
        "births": (~people.outside & (people.born >= plain_block.setting.span.start)).sum(),
        "deaths": (people.died < NEVER).sum(),
    }
    for name, (least, most) in PUBLISHED.items():
        assert least < found[name] / years_lived(plain_block) * 1000 < most, name


def emergencies(block: Block) -> Bools:
    """The finished emergency spells of people of the place."""
    spells = block.spells
    return (spells.kind == EMERGENCY) & (spells.out < NEVER) & ~block.people.outside[spells.person]


def test_emergency_admissions_rise_in_age_as_a_j(plain_block: Block) -> None:
    people, spells = plain_block.people, plain_block.spells
    ages = people.age_on(spells.person, spells.day)[emergencies(plain_block)]
    lived = people.ages(plain_block.setting.span.end - 365)[~people.outside]
    starts = [0, 2, 10, 45, 75, 120]
    rates = np.histogram(ages, starts)[0] / np.histogram(lived, starts)[0]
    assert rates[0] > 2 * rates[2]
    assert rates[1] < rates[0]
    assert rates[2] < rates[3] < rates[4]


def test_emergency_admissions_rise_with_deprivation(plain_block: Block) -> None:
    people, spells, areas = plain_block.people, plain_block.spells, plain_block.setting.areas
    fifth = areas.fifth[people.area]
    counts = np.bincount(fifth[spells.person[emergencies(plain_block)]], minlength=5) / np.bincount(fifth[~people.outside], minlength=5)
    assert counts[:2].mean() > 1.15 * counts[3:].mean()


def test_stays_are_long_for_few(plain_block: Block) -> None:
    spells = plain_block.spells
    nights = (spells.out - spells.day)[emergencies(plain_block)]
    assert 5.5 < nights.mean() < 8
    assert 0.25 < (nights == 0).mean() < 0.45
    assert np.median(nights) < nights.mean() / 2


def test_one_long_stay_in_ten_waits_after_the_patient_is_ready(plain_block: Block) -> None:
    spells = plain_block.spells
    long = emergencies(plain_block) & (spells.out - spells.day >= 7) & (spells.ready < NEVER)
    assert 0.07 < (spells.ready < spells.out)[long].mean() < 0.15


def urgent_care_sensitive(block: Block) -> Bools:
    """Urgent-care-sensitive spells, by the codes of indicator 127b (NHS England, CCG IAF Technical Annex 2018/19, printed page 92)."""
    spells = block.spells
    ages = block.people.age_on(spells.person, spells.day)

    def starts(*codes: str) -> Bools:
        return np.any([np.char.startswith(spells.cause, code) for code in codes], axis=0)

    falls = np.char.startswith(spells.outside_cause, "W0") | np.char.startswith(spells.outside_cause, "W1")
    chest_and_lungs = starts("J40", "J41", "J42", "J43", "J44", "R072", "R073", "R074", "I20", "I80", "I81", "I82")
    others = starts("F", "R10", "L03", "T830", "E10", "E11", "E12", "E13", "E14", "E15", "E161", "E162", "N390", "G40", "G41", "S00")
    return chest_and_lungs | others | (starts("R50") & (ages < 7)) | (falls & (ages >= 75))


def test_a_fifth_to_a_quarter_of_emergencies_are_urgent_care_sensitive(plain_block: Block) -> None:
    assert 0.19 < urgent_care_sensitive(plain_block)[emergencies(plain_block)].mean() < 0.27


def test_some_still_wait_at_the_end() -> None:
    settings = [setting_of(plain_place(), 40_000, seed) for seed in (1, 2)]  # two in 40,000 are usual, so that none there is no wonder
    waiting = [
        (block.spells.ready < NEVER) & (block.spells.out >= NEVER) for each in settings for block in (Block(each, n) for n in range(4))
    ]
    assert 0 < np.concatenate(waiting).sum() < 40


def test_lungs_fail_in_winter(plain_block: Block) -> None:
    spells = plain_block.spells
    month = months_of(spells.day)
    lungs = np.char.startswith(spells.cause, "J")
    winter, summer = np.isin(month, [11, 0, 1]), np.isin(month, [5, 6, 7])
    assert (lungs & winter).sum() > 1.5 * (lungs & summer).sum()


def test_planned_care_rests_at_weekends(plain_block: Block) -> None:
    spells = plain_block.spells
    planned = np.isin(spells.kind, [PLANNED, DAY_CASE])
    weekend = (spells.day + 3) % 7 >= 5
    assert weekend[planned].mean() < 0.06
    assert 0.2 < weekend[spells.kind == EMERGENCY].mean() < 0.3


def test_places_of_death_are_as_published() -> None:
    """In hospital 44 of a hundred, at home 28, in a care home 21: palliative care profiles for England, rounded, within nine."""
    setting = setting_of(plain_place(), 30_000, 1)
    place = np.concatenate([Block(setting, number).deaths.place for number in range(3)])
    for name, share in {"hospital": 0.44, "home": 0.28, "care_home": 0.21}.items():
        assert abs((place == name).mean() - share) < 0.09, name


def test_average_prices_are_near_the_national_average_costs(plain_block: Block) -> None:
    """National Cost Collection 2024-25: emergency care 280, day case 1,077, long emergency stay 5,417 pounds."""
    attended = ecds.rows(plain_block).columns["FINAL_PRICE"]
    rows = apc.rows(plain_block).columns
    paid = rows["FINAL_PRICE"] != MISSING
    day_case = paid & (rows["CLASSPAT"] == "2")
    long = paid & np.isin(rows["ADMIMETH"], ["21", "22"]) & (rows["DISDATE"] - rows["ADMIDATE"] >= np.timedelta64(2))
    assert abs(attended[attended != MISSING].mean() / 100 - 280) < 28
    assert abs(rows["FINAL_PRICE"][day_case].mean() / 100 - 1_077) < 60
    assert abs(rows["FINAL_PRICE"][long].mean() / 100 - 5_417) < 900
    assert 0.92 < (attended != MISSING).mean() < 0.98

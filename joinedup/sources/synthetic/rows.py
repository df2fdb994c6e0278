"""Rows of an extract before they are written: the contract's columns as arrays, who each row is about and where it goes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Table, Texts, pick_named, take
from joinedup.sources.synthetic.figures import columns, figures
from joinedup.sources.synthetic.names import postcodes
from joinedup.sources.synthetic.seasons import dates
from joinedup.sources.synthetic.streams import stream

MISSING = -1
"""In a column of whole numbers or pence: nothing."""


USE_NEW_NUMBERS = ("register", "superseded_number")
"""Contracts whose keepers learn of a new NHS number on its day."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one contract for one block of people. Text '' , a date that is not a time and MISSING mean missing."""

    contract: str
    person: Ints
    source: Ints
    """The position of the row's source among the place's sources."""
    day: Ints
    """The day that decides between a source's files."""
    columns: Table
    died: Ints
    """The day that the person died; NEVER for most."""
    whole: Bools
    """Whether the row is the whole of a record with an end, so that it may be moved in time without harm to others."""
    spoiled: dict[str, Bools] = field(default_factory=dict)
    """By date column, the rows whose date is written as one that doesn't exist."""


def only(rows: Rows, which: Bools | Ints) -> Rows:
    """Those of the rows, in that order."""
    return Rows(
        contract=rows.contract,
        person=rows.person[which],
        source=rows.source[which],
        day=rows.day[which],
        columns=take(rows.columns, which),
        died=rows.died[which],
        whole=rows.whole[which],
        spoiled=take(rows.spoiled, which),
    )


def record_numbers(block: Block, leading: int, count: int) -> Ints:
    """Numbers of records of one kind: no two alike in a place."""
    return leading * 10**11 + (block.number + 1) * 10**6 + np.arange(count)


def identity(block: Block, contract: str, person: Ints, day: Ints) -> Table:
    """Who each row is about, as known on a day: number, date of birth, names, address."""
    people, stays = block.people, block.stays
    stay = stays.on(person, day)
    in_use = block.nhs_numbers[person]
    number = in_use if contract in USE_NEW_NUMBERS else block.former_numbers.on(person, day, in_use)
    household = people.household[person] + 17 * stays.address[stay] + block.number * 1009
    return {
        "NHS_NUMBER": number.astype("U12"),
        "NHS_NUMBER_STATUS_INDICATOR_CODE": np.full(len(person), "01"),
        "PERSON_BIRTH_DATE": dates(people.born[person]),
        "PERSON_FAMILY_NAME": block.names.family[person],
        "PERSON_GIVEN_NAME": block.names.given[person],
        "POSTCODE_OF_USUAL_ADDRESS": postcodes(stays.area[stay], household),
    }


def patient(block: Block, contract: str, person: Ints, day: Ints, lsoa: str = "LSOA_OF_RESIDENCE") -> Table:
    """Who each row is about, as known on a day, with gender, ethnic category, practice and small area as most data sets call them."""
    return identity(block, contract, person, day) | {
        "PERSON_STATED_GENDER_CODE": block.people.sex[person].astype("U1"),
        "ETHNIC_CATEGORY": ethnic_category(block, contract, person),
        "GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION": practice_on(block, contract, person, day),
        lsoa: area_on(block, person, day),
    }


def practice_on(block: Block, contract: str, person: Ints, day: Ints) -> Texts:
    """The practice that a hospital has on its record; a few are not known to it."""
    stay = block.stays.on(person, day)
    unknown = stream(block.setting.seed, f"practice known to {contract}", block.number).random(len(person)) < 0.012
    code = block.setting.practices.code
    return np.where(unknown, code[-1], code[block.stays.practice[stay]])


def area_on(block: Block, person: Ints, day: Ints) -> Texts:
    """The code of the area that each person lives in on a day."""
    return block.setting.areas.code[block.stays.area[block.stays.on(person, day)]]


def ethnic_category(block: Block, contract: str, person: Ints) -> Texts:
    """The ethnic category that the extract's keeper has recorded: a person's own, not stated or not known."""
    told = figures("ethnic_groups")["not_recorded"]
    rng = stream(block.setting.seed, f"ethnic category in {contract}", block.number)
    drawn = pick_named(rng, {"": 1 - sum(told.values())} | told, len(block.people.sex))
    own = columns("ethnic_groups")["code"][block.people.ethnic]
    return np.where(drawn == "", own, drawn)[person]


def padded(numbers: Ints, width: int) -> Texts:
    """Each number in so many digits, with zeros in front."""
    found: Texts = np.strings.slice((10**width + numbers).astype(f"U{width + 1}"), 1, width + 1)
    return found


def local_number(block: Block, person: Ints, hospital: Ints) -> Texts:
    """The number that a hospital itself knows each person by."""
    number = (block.nhs_numbers[person] * 7919 + hospital * 104_729) % 9_999_991
    return np.char.add("H", padded(number, 7))


def hospital_codes(block: Block, hospital: Ints) -> tuple[Texts, Texts]:
    """Each hospital's code and that of its one site."""
    code = np.array([*block.setting.hospitals.code, ""])[hospital]
    return code, np.char.add(code, "01")


def sources_of(block: Block, contract: str, spread: Ints) -> Ints:
    """The source that each row goes to, where a contract's sources share it out by `spread`."""
    mine = [at for at, source in enumerate(block.setting.place.sources) if source.contract == contract]
    return np.array(mine, dtype=np.int64)[spread % len(mine)] if mine else np.full(len(spread), -1)


def provider_codes(block: Block, source: Ints) -> Texts:
    """The code of the partner that sends each row's source; blank where the place gives none, and where nobody sends the row."""
    place = block.setting.place
    codes = {partner.id: partner.code or "" for partner in place.partners}
    return np.array([*(codes.get(each.partner, "") for each in place.sources), ""])[source]


def partner_ways(block: Block, contract: str, name: str) -> Floats:
    """For each of the place's sources a factor that its partner has, of those figures; one for the first that sends the contract."""
    place, told = block.setting.place, figures("providers")[name]
    partners = list(dict.fromkeys(source.partner for source in place.sources if source.contract == contract))
    drawn = {partner: stream(block.setting.seed, f"{partner}: {name}") for partner in partners[1:]}
    own = {
        partner: rng.uniform(*told) if isinstance(told, list) else float(np.exp(told * np.clip(rng.standard_normal(), -2, 2)))
        for partner, rng in drawn.items()
    }
    return np.array([*(own.get(source.partner, 1.0) for source in place.sources), 1.0])


def clock(minutes: Ints) -> Texts:
    """The time of day, HH:MM, of moments in minutes since some midnight."""
    of_day = np.array([f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(1440)])
    return of_day[minutes % 1440]

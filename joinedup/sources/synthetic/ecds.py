"""Rows of the Emergency Care Data Set: one per attendance."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.attendances import MINOR, MINUTES_A_DAY, Attendances
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Ints, Table, pick_named
from joinedup.sources.synthetic.figures import columns, figures
from joinedup.sources.synthetic.rows import (
    MISSING,
    Rows,
    area_on,
    clock,
    ethnic_category,
    hospital_codes,
    identity,
    local_number,
    practice_on,
    record_numbers,
)
from joinedup.sources.synthetic.seasons import NEVER, dates
from joinedup.sources.synthetic.streams import stream


def rows(block: Block) -> Rows:
    """The attendances of everyone in a block."""
    held, hospital = block.attendances, block.attendance_hospitals
    person, day = held.person, held.arrived // MINUTES_A_DAY
    code, site = hospital_codes(block, hospital)
    rng = stream(block.setting.seed, "sources of attendances", block.number)
    fields = identity(block, "ecds", person, day) | {
        "LOCAL_PATIENT_IDENTIFIER": local_number(block, person, hospital),
        "EPIKEY": record_numbers(block, 6, len(person)).astype("U12"),
        "STATED_GENDER": block.people.sex[person].astype("U1"),
        "ETHNIC_CATEGORY": ethnic_category(block, "ecds", person),
        "PRACTICE_CODE_PATIENT_REGISTRATION": practice_on(block, "ecds", person, day),
        "LSOA_2011": area_on(block, person, day),
        "PROVIDER_CODE": code,
        "SITE": site,
    }
    fields |= _times(held) | _care(block, held) | {"FINAL_PRICE": _pence(block, held)}
    return Rows(
        contract="ecds",
        person=person,
        source=block.setting.hospitals.source(rng, "ecds", hospital),
        day=day,
        columns=fields,
        died=block.people.died[person],
        whole=(held.spell < 0) & ~held.died,
    )


def _times(held: Attendances) -> Table:
    found: Table = {}
    moments = {"ARRIVAL": held.arrived, "DECIDED_TO_ADMIT": held.decided, "DEPARTURE": held.departed}
    for name, minutes in moments.items():
        found[f"{name}_DATE"] = dates(np.where(minutes < 0, NEVER, minutes // MINUTES_A_DAY))
        found[f"{name}_TIME"] = np.where(minutes < 0, "", clock(minutes))
    return found


def _care(block: Block, held: Attendances) -> Table:
    told = figures("attendances")
    rng = stream(block.setting.seed, "emergency care", block.number)
    size = len(held.person)
    admitted = held.spell >= 0
    where, status = told["destination"], told["status"]
    home = np.where(block.people.care_home[held.person], where["care_home"], where["home"])
    ward = pick_named(rng, {where["ward"]: 0.85, where["short_stay"]: 0.15}, size)
    category = pick_named(rng, told["category"], size)
    return {
        "DEPARTMENT_TYPE": held.department,
        "ARRIVAL_MODE": held.mode,
        "ATTENDANCE_CATEGORY": np.where(admitted | held.died, "1", category),
        "ATTENDANCE_SOURCE": pick_named(rng, told["source_of_attendance"], size),
        "ACUITY": columns("attendances", "acuity")["code"][held.acuity],
        "CHIEF_COMPLAINT": held.complaint,
        "DIAGNOSIS_CODE_1": np.where(held.left, "", held.diagnosis),
        "DISCHARGE_DESTINATION": np.where(held.died, where["mortuary"], np.where(admitted, ward, home)),
        "DISCHARGE_STATUS": np.where(held.died, status["died"], np.where(held.left, status["left"], status["complete"])),
    }


def _pence(block: Block, held: Attendances) -> Ints:
    """What each attendance costs the commissioner; MISSING for some."""
    told = figures("attendances")
    rng = stream(block.setting.seed, "prices of attendances", block.number)
    pounds = columns("attendances", "acuity")["pounds"][held.acuity] * np.where(
        held.department == MINOR, told["urgent_treatment_centre"]["pounds"], 1.0
    )
    noise = np.exp(told["price_spread"] * rng.standard_normal(len(pounds)) - told["price_spread"] ** 2 / 2)
    return np.where(rng.random(len(pounds)) < told["price_missing"], MISSING, np.rint(pounds * noise * 100)).astype(np.int64)

"""Rows of discharges and ready dates: one per stay of a night or more in which the patient became ready to leave."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.admissions import EMERGENCY, PLANNED
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Ints, Table, pick, pick_named
from joinedup.sources.synthetic.figures import columns, figures
from joinedup.sources.synthetic.rows import Rows, area_on, hospital_codes, identity, local_number, practice_on, record_numbers
from joinedup.sources.synthetic.seasons import NEVER, dates
from joinedup.sources.synthetic.streams import stream

SPELL = 7
"""The leading digit of the numbers of spells."""
OLD = 75


def rows(block: Block) -> Rows:
    """The ready dates of everyone in a block, the same as on the record of the spell where that has one."""
    spells = block.spells
    rng = stream(block.setting.seed, "discharge ready dates", block.number)
    stayed = np.minimum(spells.out, block.setting.span.end) > spells.day
    sent = np.isin(spells.kind, (EMERGENCY, PLANNED)) & stayed & (spells.fit < NEVER)
    missing = (1 - figures("discharge_ready")["sent"]) * block.setting.hospitals.ways.ready_date_missing[spells.hospital]
    at = np.flatnonzero(sent & (rng.random(len(sent)) >= missing))
    person, day, hospital = spells.person[at], spells.day[at], block.spell_hospitals[at]
    code, site = hospital_codes(block, hospital)
    fields = identity(block, "discharge_ready", person, day) | {
        "LOCAL_PATIENT_IDENTIFIER": local_number(block, person, hospital),
        "HOSPITAL_PROVIDER_SPELL_IDENTIFIER": record_numbers(block, SPELL, len(spells.person)).astype("U12")[at],
        "PERSON_STATED_GENDER_CODE": block.people.sex[person].astype("U1"),
        "GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION": practice_on(block, "discharge_ready", person, day),
        "LSOA_2011": area_on(block, person, day),
        "ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER": code,
        "ORGANISATION_SITE_IDENTIFIER_OF_TREATMENT": site,
        "START_DATE_HOSPITAL_PROVIDER_SPELL": dates(day),
        "DISCHARGE_READY_DATE": dates(spells.fit[at]),
        "DISCHARGE_DATE_HOSPITAL_PROVIDER_SPELL": dates(spells.out[at]),
    }
    old = block.people.age_on(person, day) >= OLD
    return Rows(
        contract="discharge_ready",
        person=person,
        source=block.setting.hospitals.source(rng, "discharge_ready", hospital),
        day=day,
        columns=fields | _delay(rng, spells.fit[at] < np.minimum(spells.out[at], block.setting.span.end), old),
        died=block.people.died[person],
        whole=(spells.out[at] < NEVER) & ~spells.died[at],
    )


def _delay(rng: np.random.Generator, waits: Bools, old: Bools) -> Table:
    """Why those who wait do so and who has to act; what everyone leaves to."""
    told, listed = figures("discharge_ready"), columns("discharge_ready", "reasons")
    size = len(waits)
    at: Ints = np.where(old, pick(rng, listed["older"].astype(float), size), pick(rng, listed["younger"].astype(float), size))
    known = waits & (rng.random(size) < told["reason_told"])
    return {
        "DISCHARGE_DELAY_REASON": np.where(known, listed["code"][at], ""),
        "RESPONSIBLE_BODY": np.where(known, listed["body"][at], ""),
        "DISCHARGE_PATHWAY": np.where(known, listed["pathway"][at], pick_named(rng, told["pathway"], size)),
    }

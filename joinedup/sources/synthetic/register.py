"""Rows of the registration list: one per person, practice registration and address."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.kept_out import sensitive_flags
from joinedup.sources.synthetic.protected_person import protections
from joinedup.sources.synthetic.rows import Rows, ethnic_category, identity, sources_of
from joinedup.sources.synthetic.seasons import NEVER, dates


def rows(block: Block) -> Rows:
    """The registrations of everyone who was registered in the place on some day of the span."""
    stays, people, setting = block.stays, block.people, block.setting
    at = np.flatnonzero(stays.practice < setting.practices.inside)
    person = stays.person[at]
    protected, _, ended = protections(block)
    known = np.maximum(stays.registered[at], stays.moved_in[at])
    fields = identity(block, "register", person, known) | {
        "PERSON_STATED_GENDER_CODE": people.sex[person].astype("U1"),
        "ETHNIC_CATEGORY": ethnic_category(block, "register", person),
        "GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION": setting.practices.code[stays.practice[at]],
        "START_DATE_GMP_PATIENT_REGISTRATION": dates(stays.registered[at]),
        "END_DATE_GMP_PATIENT_REGISTRATION": _known_ends(block, stays.deregistered[at]),
        "LSOA_OF_RESIDENCE": setting.areas.code[stays.area[at]],
        "START_DATE_RESIDENCE": dates(stays.moved_in[at]),
        "END_DATE_RESIDENCE": _known_ends(block, stays.moved_out[at]),
        "CARE_HOME_INDICATOR": np.where(people.care_home[person], "Y", "N"),
        "SENSITIVE_FLAG": sensitive_flags(block, person, protected[~ended]),
    }
    return Rows(
        contract="register",
        person=person,
        source=sources_of(block, "register", stays.practice[at]),
        day=np.full(len(at), setting.span.start),
        columns=fields,
        died=people.died[person],
        whole=stays.deregistered[at] < NEVER,
    )


def _known_ends(block: Block, ends: np.ndarray) -> np.ndarray:
    """Ends as dates; one after the span isn't known yet."""
    return dates(np.where(ends > block.setting.span.end, NEVER, ends))

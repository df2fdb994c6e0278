"""Rows of the waiting list: one per pathway under a referral to treatment clock, as it stands at the end."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.outpatient import pathway_numbers, referring_organisation
from joinedup.sources.synthetic.rows import Rows, hospital_codes, local_number, patient
from joinedup.sources.synthetic.seasons import NEVER, dates
from joinedup.sources.synthetic.streams import stream

PROCEDURE_PRIORITY = {"1": "4", "2": "3", "3": "2"}
"""How soon someone on the list for admission should be treated, by the priority of the referral."""


def rows(block: Block) -> Rows:
    """The pathways of everyone in a block that were open in the span."""
    paths = block.pathways
    at = np.flatnonzero(paths.clock & (paths.stopped >= block.setting.span.start))
    person, day, hospital = paths.person[at], paths.referred[at], paths.hospital[at]
    code, _ = hospital_codes(block, hospital)
    rng = stream(block.setting.seed, "sources of pathways", block.number)
    to_admit = paths.decided[at] < NEVER
    soon = np.select([paths.priority[at] == name for name in PROCEDURE_PRIORITY], list(PROCEDURE_PRIORITY.values()), "")
    fields = patient(block, "waiting_list", person, day, "LSOA_2011") | {
        "LOCAL_PATIENT_IDENTIFIER": local_number(block, person, hospital),
        "PATIENT_PATHWAY_IDENTIFIER": pathway_numbers(block)[at],
        "ORGANISATION_IDENTIFIER_PATIENT_PATHWAY_IDENTIFIER_ISSUER": code,
        "ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER": code,
        "SOURCE_OF_REFERRAL_FOR_OUT_PATIENTS": paths.source[at],
        "REFERRING_ORGANISATION_CODE": referring_organisation(block, person, day, paths.source[at], code),
        "REFERRAL_REQUEST_RECEIVED_DATE": dates(day),
        "PRIORITY_TYPE_CODE": paths.priority[at],
        "ACTIVITY_TREATMENT_FUNCTION_CODE": paths.function[at],
        "WAITING_LIST_TYPE": np.where(to_admit, "IRTT", "ORTT"),
        "REFERRAL_TO_TREATMENT_PERIOD_START_DATE": dates(day),
        "REFERRAL_TO_TREATMENT_PERIOD_END_DATE": dates(paths.stopped[at]),
        "REFERRAL_TO_TREATMENT_PERIOD_STATUS": paths.status[at],
        "FIRST_APPOINTMENT_DATE": dates(paths.first[at]),
        "DECIDED_TO_ADMIT_DATE": dates(paths.decided[at]),
        "PROCEDURE_PRIORITY_CODE": np.where(to_admit, soon, ""),
    }
    return Rows(
        contract="waiting_list",
        person=person,
        source=block.setting.hospitals.source(rng, "waiting_list", hospital),
        day=day,
        columns=fields,
        died=block.people.died[person],
        whole=paths.stopped[at] < NEVER,
    )

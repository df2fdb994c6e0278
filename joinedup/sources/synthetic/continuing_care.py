"""Rows of continuing care: one per package, as they stand on the last day, and per request that was refused."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Ints, pick_named
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.packages import Packages, packages_of
from joinedup.sources.synthetic.rows import MISSING, Rows, patient, provider_codes, record_numbers, sources_of
from joinedup.sources.synthetic.seasons import NEVER, dates
from joinedup.sources.synthetic.streams import stream

PACKAGE = 26
"""What the numbers of packages begin with."""


def rows(block: Block) -> Rows:
    """The packages of everyone in a block."""
    held = packages_of(block)
    person = held.person
    began = held.start < NEVER
    day = np.where(began, held.start, held.decided)
    source = sources_of(block, "continuing_care", np.zeros(len(person), dtype=np.int64))
    died = block.people.died[person]
    number = record_numbers(block, PACKAGE, len(person)).astype("U13")
    review, outcome = _reviews(block, held)
    fields = patient(block, "continuing_care", person, day) | {
        "ORGANISATION_IDENTIFIER_CODE_OF_COMMISSIONER": provider_codes(block, source),
        "SERVICE_REQUEST_IDENTIFIER": np.char.add("R", number),
        "SERVICE_REQUEST_RECEIVED_DATE": dates(held.asked),
        "ELIGIBILITY_ROUTE": held.route,
        "ELIGIBILITY_DECISION_DATE_NHS_CONTINUING_HEALTHCARE": dates(held.decided),
        "ELIGIBILITY_DECISION_OUTCOME_NHS_CONTINUING_HEALTHCARE": np.where(began, "ELIGIBLE", "NOT ELIGIBLE"),
        "CARE_PACKAGE_IDENTIFIER": number,
        "CARE_PACKAGE_TYPE": held.kind,
        "CARE_PACKAGE_SETTING": held.setting,
        "START_DATE_CARE_PACKAGE": dates(held.start),
        "END_DATE_CARE_PACKAGE": dates(held.last),
        "END_REASON_CARE_PACKAGE": np.where(
            held.last >= NEVER,
            "",
            np.where(held.last >= died - 1, "DIED", np.where(held.last >= block.people.left[person] - 1, "MOVED", "NOT ELIGIBLE")),
        ),
        "CARE_PACKAGE_WEEKLY_COST": np.where(began, held.pence, MISSING),
        "PERSONAL_HEALTH_BUDGET_INDICATOR": np.where(began, np.where(held.budget, "Y", "N"), ""),
        "LAST_REVIEW_DATE": dates(review),
        "CARE_PACKAGE_REVIEW_ELIGIBILITY_OUTCOME_NHS_CONTINUING_HEALTHCARE": outcome,
    }
    return Rows(
        contract="continuing_care",
        person=person,
        source=source,
        day=day,
        columns=fields,
        died=died,
        whole=np.zeros(len(person), dtype=np.bool_),
    )


def _reviews(block: Block, held: Packages) -> tuple[Ints, np.ndarray]:
    """The latest review of each package, and what it found; NEVER and nothing before the first."""
    told = figures("continuing_care")["review"]
    rng = stream(block.setting.seed, "reviews of packages", block.number)
    size = len(held.person)
    until = np.minimum(held.last, block.setting.span.end - 1)
    lasted = np.where(held.start < NEVER, until - held.start, 0)
    due = np.where(lasted >= told["first"], until - rng.integers(0, told["every"], size), NEVER)
    due = np.where(due < NEVER, np.maximum(due, held.start + told["first"]), NEVER)
    return due, np.where(due < NEVER, pick_named(rng, told["outcome"], size), "")

"""Rows of adult social care client level data: one per event."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic import needs
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Ints, Table, Texts, pick_named
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.rows import Rows, area_on, ethnic_category, identity, padded, practice_on, record_numbers, sources_of
from joinedup.sources.synthetic.seasons import dates
from joinedup.sources.synthetic.social_care import CARER, SERVICE, TEXTS, events_of, living_in
from joinedup.sources.synthetic.streams import stream

REFERENCE = 41
"""What the numbers of events begin with."""


def rows(block: Block) -> Rows:
    """The events of everyone in a block, one submission that covers the span."""
    events = events_of(block)
    person, start, setting = events["person"], events["start"], block.setting
    size = len(person)
    known = np.maximum(start, setting.span.start)
    fields = identity(block, "cld", person, known) | {
        "LA_CODE": np.full(size, setting.place.district_code or ""),
        "REPORTING_PERIOD_START_DATE": dates(np.full(size, setting.span.start)),
        "REPORTING_PERIOD_END_DATE": dates(np.full(size, setting.span.end - 1)),
        "GP_PRACTICE_CODE": practice_on(block, "cld", person, known),
        "LSOA_2021": area_on(block, person, known),
        "GENDER": np.array(["UNKNOWN", "MALE", "FEMALE"])[block.people.sex[person]],
        "ETHNICITY": ethnic_category(block, "cld", person),
        "DATE_OF_DEATH": dates(block.people.died[person]),
        "EVENT_TYPE": events["EVENT_TYPE"],
        "EVENT_REFERENCE": record_numbers(block, REFERENCE, size).astype("U13"),
        "EVENT_START_DATE": dates(start),
        "EVENT_END_DATE": dates(events["last"]),
        "UNIT_COST": events["UNIT_COST"],
        "PLANNED_UNITS_PER_WEEK": events["PLANNED_UNITS_PER_WEEK"],
    }
    fields |= {name: events[name] for name in TEXTS} | _person_details(block, events)
    return Rows(
        contract="cld",
        person=person,
        source=sources_of(block, "cld", person),
        day=start,
        columns=fields,
        died=block.people.died[person],
        whole=events["EVENT_TYPE"] != SERVICE,
    )


def _person_details(block: Block, events: Table) -> Table:
    """Why the person needs support, where they live, who cares for them, and who gives the service."""
    told, people, person = figures("cld"), block.people, events["person"]
    rng = stream(block.setting.seed, "social care: details", block.number)
    usual, home = (pick_named(rng, told[name], len(people.sex)) for name in ("reason", "at_home"))
    has = {name: people.conditions[:, needs.conditions()[name]] for name in ("learning_disability", "dementia", "severe_mental_illness")}
    reason = np.select(
        list(has.values()), ["LEARNING DISABILITY SUPPORT", "SUPPORT WITH MEMORY AND COGNITION", "MENTAL HEALTH SUPPORT"], usual
    )[person]
    in_a_home = people.care_home[person]
    lives = living_in(block.life.support[person])
    cared_for = np.bincount(people.household, block.life.carer)[people.household] - block.life.carer > 0
    carer = events["CLIENT_TYPE"] == CARER
    return {
        "PRIMARY_SUPPORT_REASON": np.where(carer, "SOCIAL SUPPORT: SUPPORT TO UNPAID CARER", reason),
        "ACCOMMODATION_STATUS": np.where(in_a_home, np.where(lives == "", "REGISTERED CARE HOME", lives), home[person]),
        "HAS_UNPAID_CARER": np.where(carer, "", np.where(cared_for[person], "YES", "NO")),
        "AUTISM_SPECTRUM_DISORDER_ASD": np.where(block.life.autism[person], "YES", "NO"),
        "DEMENTIA": np.where(has["dementia"][person], "YES", "NO"),
        "PROVIDER_CQC_LOCATION_ID": _provider(block, events),
    }


def _provider(block: Block, events: Table) -> Texts:
    """The invented location that gives each service: the home, or one of a few agencies for an area; blank for money and equipment."""
    told, people, person = figures("cld"), block.people, events["person"]
    home: Ints = told["homes_from"] + (people.household[person] * 7 + block.number) % 60
    agency = 1 + people.area[person] % told["agencies"]
    number = np.where(people.care_home[person], home, agency)
    none = (events["EVENT_TYPE"] != SERVICE) | np.isin(
        events["SERVICE_COMPONENT"], ["DIRECT PAYMENT", "EQUIPMENT", "OTHER UNPAID CARER SUPPORT"]
    )
    return np.where(none, "", np.char.add("INV-", padded(number, 3)))

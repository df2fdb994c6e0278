"""Rows of the Community Services Data Set: one per contact of a community service."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Floats, Ints, Table, Texts, pick_named
from joinedup.sources.synthetic.figures import columns, figures
from joinedup.sources.synthetic.happenings import window
from joinedup.sources.synthetic.life import NURSING
from joinedup.sources.synthetic.referrals import Contacts, contacts_of, drawn_by_service, of_rows, office_hours, on_working_days
from joinedup.sources.synthetic.rows import MISSING, Rows, local_number, partner_ways, patient, provider_codes, record_numbers, sources_of
from joinedup.sources.synthetic.seasons import dates
from joinedup.sources.synthetic.streams import stream

CONTACT, REFERRAL = 21, 22
"""What the numbers of these records begin with."""
LOCAL = 50
"""Added to the position of a source, for the numbers that its sender knows people by."""


def rows(block: Block) -> Rows:
    """The contacts of everyone in a block."""
    told = figures("csds")
    held, activity, minutes = _with_reviews(block, contacts_of(block, "csds", told["services"], told["months"]))
    person, day = held.person, held.day
    source = sources_of(block, "csds", held.service)
    attendance = _attendance(block, held)
    came = np.isin(attendance, ["5", "6"])
    fields = patient(block, "csds", person, day) | {
        "LOCAL_PATIENT_IDENTIFIER": local_number(block, person, source + LOCAL),
        "ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER": provider_codes(block, source),
        "SERVICE_REQUEST_IDENTIFIER": (REFERRAL * 10**11 + (block.number + 1) * 10**6 + held.referral).astype("U13"),
        "REFERRAL_REQUEST_RECEIVED_DATE": dates(held.referred),
        "PRIORITY_TYPE_CODE": np.where(of_rows(told["services"], "wait")[held.service, 0] < 3, "2", "1"),
        "SERVICE_OR_TEAM_TYPE_REFERRED_TO_COMMUNITY_CARE": of_rows(told["services"], "team")[held.service],
        "CARE_CONTACT_IDENTIFIER": record_numbers(block, CONTACT, len(person)).astype("U13"),
        "CARE_CONTACT_DATE": dates(day),
        "CARE_CONTACT_TIME": office_hours(stream(block.setting.seed, "times of community contacts", block.number), len(person)),
        "CLINICAL_CONTACT_DURATION_OF_CARE_CONTACT": np.where(came, minutes, MISSING),
        "CONSULTATION_TYPE": np.where(held.order == 0, "01", "02"),
        "ATTENDANCE_STATUS": attendance,
        "GROUP_THERAPY_INDICATOR": np.full(len(person), "N"),
        "COMMUNITY_CARE_ACTIVITY_TYPE_CODE": np.where(came, activity, ""),
        "CARE_CONTACT_COST": np.where(came, _pence(block, held), MISSING),
    }
    return Rows(
        contract="csds",
        person=person,
        source=source,
        day=day,
        columns=fields | _where(block, held),
        died=block.people.died[person],
        whole=np.ones(len(person), dtype=np.bool_),
    )


def _with_reviews(block: Block, held: Contacts) -> tuple[Contacts, Texts, Ints]:
    """The contacts with health visitors' reviews of every child, what was done in each, and for how many minutes."""
    told = figures("csds")
    services = told["services"]
    rng = stream(block.setting.seed, "what community services do", block.number)
    first, later = (drawn_by_service(rng, services, name, held.service) for name in ("first", "later"))
    longer = partner_ways(block, "csds", "contact")[sources_of(block, "csds", held.service)]
    usual = longer * of_rows(services, "minutes")[held.service] * np.exp(0.35 * rng.standard_normal(len(held.person)))
    minutes = np.clip(np.rint(usual / 5) * 5, 5, 240).astype(np.int64)
    reviews, activity, lasting = _reviews(block, rng)
    visiting = list(of_rows(services, "team")).index("16")
    size, last = len(reviews["person"]), int(held.referral.max(initial=-1)) + 1
    child, referral = np.unique(reviews["person"], return_inverse=True)
    order = np.arange(size) - np.searchsorted(reviews["person"], child)[referral]
    every = Contacts(
        person=np.concatenate([held.person, reviews["person"]]),
        service=np.concatenate([held.service, np.full(size, visiting)]),
        referral=np.concatenate([held.referral, last + referral]),
        referred=np.concatenate([held.referred, block.people.born[reviews["person"]]]),
        day=np.concatenate([held.day, reviews["day"]]),
        order=np.concatenate([held.order, order]),
        booked=np.concatenate([held.booked, np.full(size, 4)]),
    )
    return every, np.concatenate([np.where(held.order == 0, first, later), activity]), np.concatenate([minutes, lasting])


def _reviews(block: Block, rng: np.random.Generator) -> tuple[Table, Texts, Ints]:
    """Health visitors' reviews in the span, by child and day."""
    told = columns("csds", "reviews")
    people = block.people
    start, end = window(block.setting, people)
    young = np.flatnonzero((people.born > block.setting.span.start - 1000) & ~people.outside)
    child = np.repeat(young, len(told["day"]))
    kind = np.tile(np.arange(len(told["day"])), len(young))
    after = np.maximum(told["day"][kind] + told["spread"][kind] * np.clip(rng.standard_normal(len(kind)), -2, 2), 5)
    day = on_working_days(people.born[child] + np.rint(after).astype(np.int64))
    seen = (rng.random(len(kind)) < told["share"][kind]) & (day >= start[child]) & (day < end[child])
    lasting = np.rint(told["minutes"][kind] / 5 * np.exp(0.25 * rng.standard_normal(len(kind)))).astype(np.int64) * 5
    return {"person": child[seen], "day": day[seen]}, told["activity"][kind][seen], lasting[seen]


def _attendance(block: Block, held: Contacts) -> Texts:
    """Whether each contact took place: not always, less in deprived areas, nearly always at home."""
    told = figures("csds")
    rng = stream(block.setting.seed, "attendance of community contacts", block.number)
    missed = told["missed"]
    share: Floats = np.array(missed["fifth"])[block.setting.areas.fifth[block.people.area[held.person]]]
    at_home = of_rows(told["services"], "place")[held.service] == "home"
    misses = rng.random(len(share)) < share * np.where(at_home, missed["at_home"], missed["elsewhere"])
    came = np.where(rng.random(len(share)) < told["late"], "6", "5")
    return np.where(misses, pick_named(rng, missed["as"], len(share)), came)


def _where(block: Block, held: Contacts) -> Table:
    """How and where each contact took place."""
    told = figures("csds")
    services = told["services"]
    rng = stream(block.setting.seed, "places of community contacts", block.number)
    size = len(held.person)
    remote = rng.random(size) < of_rows(services, "remote")[held.service]
    place = np.full(size, "", dtype="U3")
    works = of_rows(services, "place")[held.service]
    for name, shares in told["places"].items():
        here = np.flatnonzero(works == name)
        place[here] = pick_named(rng, shares, len(here))
    homes = told["care_home"]
    nursing = block.life.support[held.person] == NURSING
    in_home = block.people.care_home[held.person] & (place == "A01")
    place = np.where(in_home, np.where(nursing, homes["nursing"], homes["residential"]), place)
    return {
        "CONSULTATION_MECHANISM": np.where(remote, np.where(rng.random(size) < 0.86, "02", "11"), "01"),
        "ACTIVITY_LOCATION_TYPE_CODE": np.where(remote, "", place),
    }


def _pence(block: Block, held: Contacts) -> Ints:
    """What each contact cost, near the published average of its service; MISSING for some."""
    told = figures("csds")
    rng = stream(block.setting.seed, "costs of community contacts", block.number)
    noise = np.exp(told["price_spread"] * rng.standard_normal(len(held.person)) - told["price_spread"] ** 2 / 2)
    pence = np.rint(of_rows(told["services"], "pounds")[held.service] * noise * 100).astype(np.int64)
    missing = told["price_missing"] * partner_ways(block, "csds", "cost_missing")[sources_of(block, "csds", held.service)]
    return np.where(rng.random(len(pence)) < missing, MISSING, pence)

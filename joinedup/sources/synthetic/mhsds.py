"""Rows of mental health services: contacts, stays in hospital and appointments of talking therapies."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic import needs
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Ints, Table, Texts, pick_named, stack, take
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.happenings import window
from joinedup.sources.synthetic.referrals import (
    Contacts,
    contacts_of,
    days_between,
    drawn_by_service,
    lognormal,
    need,
    of_rows,
    office_hours,
    traits_of,
)
from joinedup.sources.synthetic.registrations import WIDE
from joinedup.sources.synthetic.rows import MISSING, Rows, local_number, patient, provider_codes, record_numbers, sources_of
from joinedup.sources.synthetic.seasons import NEVER, YEAR, dates
from joinedup.sources.synthetic.streams import stream

CONTACT, SPELL, REFERRAL = 23, 24, 25
"""What the numbers of these records begin with."""
LOCAL = 70
"""Added to the position of a source, for the numbers that its sender knows people by."""


DEMENTIA = ("F03X", "G309", "F019")


def rows(block: Block) -> Rows:
    """The contacts, stays and appointments of everyone in a block."""
    parts = stack([_contacts(block), _therapies(block), _spells(block)])
    person, day = parts.pop("person"), parts.pop("day")
    source = sources_of(block, "mhsds", np.zeros(len(person), dtype=np.int64))
    number = record_numbers(block, CONTACT, len(person)).astype("U13")
    spell = parts["RECORD_TYPE"] == "SPELL"
    referral = REFERRAL * 10**11 + (block.number + 1) * 10**6 + parts.pop("referral")
    fields = patient(block, "mhsds", person, day) | {
        "LOCAL_PATIENT_IDENTIFIER": local_number(block, person, source + LOCAL),
        "ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER": provider_codes(block, source),
        "SERVICE_REQUEST_IDENTIFIER": np.where(spell, "", referral.astype("U13")),
        "CARE_CONTACT_IDENTIFIER": np.where(spell, "", number),
        "HOSPITAL_PROVIDER_SPELL_IDENTIFIER": np.where(spell, record_numbers(block, SPELL, len(person)).astype("U13"), ""),
    }
    return Rows(
        contract="mhsds",
        person=person,
        source=source,
        day=day,
        columns=fields | parts,
        died=block.people.died[person],
        whole=~spell,
    )


def _contacts(block: Block) -> Table:
    """Contacts of secondary care."""
    told = figures("mhsds")
    services = told["services"]
    held = contacts_of(block, "mhsds", services, told["months"])
    rng = stream(block.setting.seed, "what mental health services do", block.number)
    size = len(held.person)
    came, common = _common(block, rng, held, "CONTACT")
    old_enough = block.people.age_on(held.person, held.day) >= 18
    reason = of_rows(services, "reason")[held.service]
    with_cluster = [each | {"cluster": each["cluster"] or {"": 1.0}} for each in services]
    cluster, diagnosis = (drawn_by_service(rng, with_cluster, name, held.service) for name in ("cluster", "diagnosis"))
    # One cluster and one diagnosis for a referral: that of its first contact in the table.
    first = np.searchsorted(held.referral, held.referral) if size else np.zeros(0, dtype=np.int64)
    coded = {name: (rng.random(size) < share)[first] for name, share in told["coded"].items()}
    remote = rng.random(size) < of_rows(services, "remote")[held.service]
    return common | {
        "PRIMARY_REASON_FOR_REFERRAL_MENTAL_HEALTH": np.where((reason == "04") & (rng.random(size) < 0.4)[first], "05", reason),
        "SERVICE_OR_TEAM_TYPE_REFERRED_TO_MENTAL_HEALTH": of_rows(services, "team")[held.service].astype("U3"),
        "CONSULTATION_MECHANISM": _mechanism(rng, remote),
        "ACTIVITY_LOCATION_TYPE_CODE": np.where(remote, "", _places(rng, of_rows(services, "team")[held.service], size)),
        "CARE_CLUSTER": np.where(coded["cluster"] & old_enough, cluster[first], ""),
        "PRIMARY_DIAGNOSIS_ICD": np.where(coded["diagnosis"], _fitting(block, held.person, diagnosis[first]), ""),
        "APPOINTMENT_TYPE": np.full(size, "", dtype="U2"),
        "PHQ9_SCORE": np.full(size, MISSING),
        "GAD7_SCORE": np.full(size, MISSING),
        "CARE_CONTACT_COST": np.where(came, _pence(rng, of_rows(services, "pounds")[held.service] * 1.0), MISSING),
    }


def _fitting(block: Block, person: Ints, diagnosis: Texts) -> Texts:
    """The diagnoses, where whoever has no dementia or autism has been given one of another kind: a lesser loss of memory, overactivity."""
    dementia = block.people.conditions[person, needs.conditions()["dementia"]]
    found = np.where(np.isin(diagnosis, DEMENTIA) & ~dementia, "F067", diagnosis)
    return np.where((found == "F840") & ~block.life.autism[person], "F900", found)


def _therapies(block: Block) -> Table:
    """Appointments of talking therapies, with scores that fall from one to the next for most."""
    told = figures("mhsds")
    services, therapy = told["talking_therapies"], told["therapy"]
    held = contacts_of(block, "talking therapies", services, told["months"])
    rng = stream(block.setting.seed, "talking therapies", block.number)
    size = len(held.person)
    first = np.searchsorted(held.referral, held.referral) if size else np.zeros(0, dtype=np.int64)
    came, common = _common(block, rng, held, "TALKING THERAPY")
    middle, spread = therapy["improvement"]
    gone = np.clip(middle + spread * rng.standard_normal(size), -0.4, 0.98)[first]
    done = held.order / np.maximum(held.booked - 1, 1)
    scores = {}
    for name, most in (("phq9", 27), ("gad7", 21)):
        mean, around = therapy[name]
        began = np.clip(mean + around * rng.standard_normal(size), 2, most)[first]
        score = np.rint(began * (1 - gone * done) + therapy["noise"] * rng.standard_normal(size)).astype(np.int64)
        scores[f"{name.upper()}_SCORE"] = np.where(came, np.clip(score, 0, most), MISSING)
    remote = rng.random(size) < services[0]["remote"]
    return (
        common
        | {
            "PRIMARY_REASON_FOR_REFERRAL_MENTAL_HEALTH": np.where((rng.random(size) < therapy["depression"])[first], "04", "05"),
            "SERVICE_OR_TEAM_TYPE_REFERRED_TO_MENTAL_HEALTH": np.full(size, "", dtype="U3"),
            "CONSULTATION_MECHANISM": _mechanism(rng, remote),
            "ACTIVITY_LOCATION_TYPE_CODE": np.where(remote, "", pick_named(rng, {"B01": 0.5, "C01": 0.4, "N03": 0.1}, size)),
            "CARE_CLUSTER": np.full(size, "", dtype="U20"),
            "PRIMARY_DIAGNOSIS_ICD": np.full(size, "", dtype="U20"),
            "APPOINTMENT_TYPE": np.where(held.order > 0, "02", np.where((rng.random(size) < 0.7)[first], "03", "01")),
        }
        | scores
        | {"CARE_CONTACT_COST": np.where(came, _pence(rng, np.full(size, float(services[0]["pounds"]))), MISSING)}
    )


def _common(block: Block, rng: np.random.Generator, held: Contacts, kind: str) -> tuple[Bools, Table]:
    """Who came, and what contacts and appointments share."""
    told = figures("mhsds")
    services = told["talking_therapies"] if kind == "TALKING THERAPY" else told["services"]
    size, missed = len(held.person), told["missed"]
    share = missed["share"] * np.array(missed["fifth"])[block.setting.areas.fifth[block.people.area[held.person]]]
    misses = rng.random(size) < share
    came = np.where(rng.random(size) < told["late"], "6", "5")
    minutes = of_rows(services, "minutes")[held.service] * np.exp(0.3 * rng.standard_normal(size))
    never = dates(np.full(size, NEVER))
    return ~misses, {
        "person": held.person,
        "day": held.day,
        "referral": held.referral + (500_000 if kind == "TALKING THERAPY" else 0),
        "RECORD_TYPE": np.full(size, kind, dtype="U15"),
        "REFERRAL_REQUEST_RECEIVED_DATE": dates(held.referred),
        "CARE_CONTACT_DATE": dates(held.day),
        "CARE_CONTACT_TIME": office_hours(rng, size),
        "CLINICAL_CONTACT_DURATION_OF_CARE_CONTACT": np.where(misses, MISSING, np.clip(np.rint(minutes / 5) * 5, 5, 240).astype(np.int64)),
        "ATTENDANCE_STATUS": np.where(misses, pick_named(rng, missed["as"], size), came),
        "START_DATE_HOSPITAL_PROVIDER_SPELL": never,
        "DISCHARGE_DATE_HOSPITAL_PROVIDER_SPELL": never,
        "MENTAL_HEALTH_ADMITTED_PATIENT_CLASSIFICATION_TYPE": np.full(size, "", dtype="U3"),
        "MENTAL_HEALTH_ACT_LEGAL_STATUS_CLASSIFICATION_CODE": np.full(size, "", dtype="U2"),
    }


def _mechanism(rng: np.random.Generator, remote: Bools) -> Texts:
    return np.where(remote, np.where(rng.random(len(remote)) < 0.72, "02", "11"), "01")


def _places(rng: np.random.Generator, team: Texts, size: int) -> Texts:
    """Where people are seen in person: in hospital by liaison teams, at school by schools' teams, else at home or in a clinic."""
    usual = pick_named(rng, {"A01": 0.36, "E01": 0.34, "B01": 0.22, "X01": 0.08}, size)
    return np.where(team == "A11", np.where(rng.random(size) < 0.5, "E04", "E02"), np.where(team == "F01", "L01", usual))


def _pence(rng: np.random.Generator, pounds: np.ndarray) -> Ints:
    told = figures("mhsds")
    noise = np.exp(told["price_spread"] * rng.standard_normal(len(pounds)) - told["price_spread"] ** 2 / 2)
    pence: Ints = np.rint(pounds * noise * 100).astype(np.int64)
    return np.where(rng.random(len(pounds)) < told["price_missing"], MISSING, pence)


def _spells(block: Block) -> Table:
    """Stays in mental health hospitals that touch the span, one at a time for each person."""
    told = figures("mhsds")["spells"]
    rng = stream(block.setting.seed, "stays in mental health hospitals", block.number)
    people, span = block.people, block.setting.span
    start, end = window(block.setting, people)
    earliest = np.maximum(np.maximum(people.joined, people.born + 1), span.start - told["lead"])
    begin = np.where(start == span.start, np.minimum(earliest, start), start)
    person = np.repeat(np.arange(len(begin)), rng.poisson(need(block, told, traits_of(block)) * np.maximum(end - begin, 0) / YEAR))
    day = days_between(rng, begin[person], end[person])
    size = len(person)
    long = rng.random(size) < told["long"]
    nights = np.where(long, lognormal(rng, told["long_nights"], size), lognormal(rng, told["nights"], size))
    out = np.minimum(day + np.maximum(1, np.rint(nights)).astype(np.int64), people.died[person])
    gone = np.minimum(out, people.left[person])
    every: Table = {"person": person, "day": day, "out": np.maximum(gone, day), "long": long}
    every = take(every, (every["out"] >= span.start) & (every["day"] < end[person]))
    every = take(every, np.lexsort((every["day"], every["person"])))
    key = every["person"] * WIDE
    latest = np.maximum.accumulate(key + every["out"]) if len(key) else key
    together = np.concatenate([[False], (key + every["day"])[1:] <= latest[:-1]]) if len(key) else np.zeros(0, dtype=np.bool_)
    return _as_rows(block, rng, take(every, ~together))


def _as_rows(block: Block, rng: np.random.Generator, every: Table) -> Table:
    """What is recorded of stays."""
    told = figures("mhsds")["spells"]
    size, beds = len(every["person"]), told["beds"]
    ages = block.people.age_on(every["person"], every["day"])
    bed = np.where(rng.random(size) < told["intensive"], beds["intensive"], beds["adult"])
    bed = np.where(ages >= 68, beds["old"], np.where(ages < 18, beds["young"], bed))
    bed = np.where(every["long"] & (ages >= 18), pick_named(rng, beds["long"], size), bed)
    status = pick_named(rng, told["legal_status"], size)
    status = np.where(np.isin(bed, list(beds["long"])), pick_named(rng, told["legal_status_long"], size), status)
    until = np.minimum(every["out"], block.setting.span.end)
    names, pounds = np.array(list(told["pounds"])), np.array(list(told["pounds"].values()), dtype=float)
    order = np.argsort(names)
    daily = pounds[order][np.searchsorted(names[order], bed)] if size else np.zeros(0)
    dementia = block.people.conditions[every["person"], needs.conditions()["dementia"]]
    diagnosis = np.where(
        (ages >= 68) & dementia, "F03X", pick_named(rng, {"F200": 0.34, "F319": 0.2, "F329": 0.22, "F603": 0.16, "F109": 0.08}, size)
    )
    nothing = np.full(size, "", dtype="U2")
    return {
        "person": every["person"],
        "day": every["day"],
        "referral": np.arange(size),
        "RECORD_TYPE": np.full(size, "SPELL", dtype="U15"),
        "REFERRAL_REQUEST_RECEIVED_DATE": dates(np.full(size, NEVER)),
        "CARE_CONTACT_DATE": dates(np.full(size, NEVER)),
        "CARE_CONTACT_TIME": np.full(size, "", dtype="U5"),
        "CLINICAL_CONTACT_DURATION_OF_CARE_CONTACT": np.full(size, MISSING),
        "ATTENDANCE_STATUS": nothing,
        "START_DATE_HOSPITAL_PROVIDER_SPELL": dates(every["day"]),
        "DISCHARGE_DATE_HOSPITAL_PROVIDER_SPELL": dates(np.where(every["out"] >= block.setting.span.end, NEVER, every["out"])),
        "MENTAL_HEALTH_ADMITTED_PATIENT_CLASSIFICATION_TYPE": bed,
        "MENTAL_HEALTH_ACT_LEGAL_STATUS_CLASSIFICATION_CODE": status,
        "PRIMARY_REASON_FOR_REFERRAL_MENTAL_HEALTH": nothing,
        "SERVICE_OR_TEAM_TYPE_REFERRED_TO_MENTAL_HEALTH": nothing,
        "CONSULTATION_MECHANISM": nothing,
        "ACTIVITY_LOCATION_TYPE_CODE": nothing,
        "CARE_CLUSTER": nothing,
        "PRIMARY_DIAGNOSIS_ICD": np.where(rng.random(size) < 0.85, diagnosis, ""),
        "APPOINTMENT_TYPE": nothing,
        "PHQ9_SCORE": np.full(size, MISSING),
        "GAD7_SCORE": np.full(size, MISSING),
        "CARE_CONTACT_COST": _pence(rng, daily * np.maximum(until - every["day"], 1)),
    }

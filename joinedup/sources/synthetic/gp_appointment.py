"""Rows of appointments in general practice: one per appointment in a practice's book."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Table, Texts, pick, pick_named
from joinedup.sources.synthetic.figures import columns, figures, points
from joinedup.sources.synthetic.households import WOMAN
from joinedup.sources.synthetic.primary_care import (
    burden,
    calendar_of,
    events,
    fifth_of,
    middle_ages,
    patients,
    practice_of,
    rate,
    without_names,
)
from joinedup.sources.synthetic.rows import MISSING, Rows, area_on, clock, ethnic_category, identity, record_numbers, sources_of
from joinedup.sources.synthetic.seasons import NEVER, dates
from joinedup.sources.synthetic.streams import stream


def rows(block: Block) -> Rows:
    """The appointments of everyone whom a practice of the place has had in the span."""
    people, setting = block.people, block.setting
    rng = stream(setting.seed, "appointments in general practice", block.number)
    person, day = _visits(rng, block)
    practice = practice_of(block, person, day)
    fields = without_names(identity(block, "gp_appointment", person, day)) | {
        "APPOINTMENT_ID": record_numbers(block, 12, len(person)).astype("U13"),
        "PRACTICE_CODE": setting.practices.code[practice],
        "APPOINTMENT_DATE": dates(day),
        "APPOINTMENT_TIME": _times(rng, len(person)),
        "BOOKED_DATE": dates(_booked(rng, block, person, day)),
        "SEX": people.sex[person].astype("U1"),
        "ETHNIC_CATEGORY": ethnic_category(block, "gp_appointment", person),
        "LSOA": area_on(block, person, day),
    }
    return Rows(
        contract="gp_appointment",
        person=person,
        source=sources_of(block, "gp_appointment", practice),
        day=day,
        columns=fields | _held(rng, block, person, day),
        died=people.died[person],
        whole=np.ones(len(person), dtype=np.bool_),
    )


def _visits(rng: np.random.Generator, block: Block) -> tuple[Ints, Ints]:
    """Who has appointments, and when: by age, sex, deprivation and conditions, some people much more often than others."""
    told, life, (start, end) = figures("gp_appointment")["rate"], block.life, patients(block)
    ages = middle_ages(block)
    woman = points(told["woman"], ages)
    of_sex = np.where(block.people.sex == WOMAN, woman, 1 / woman)
    more = (1 + told["anxiety"] * life.anxiety) * (1 + told["palliative"] * (life.palliative_from < NEVER))
    often = rng.gamma(1.5, 1 / 1.5, len(ages))
    per_year = rate(block, told, ages) * of_sex * burden(block, ages, told["condition"]) * more * often
    return events(rng, calendar_of(block, told), start, end, per_year)


def _times(rng: np.random.Generator, size: int) -> Texts:
    """The time of each appointment, on every fifth minute."""
    hour = pick(rng, np.array(figures("gp_appointment")["hour"], dtype=float), size)
    return clock(hour * 60 + 5 * rng.integers(0, 12, size))


def _booked(rng: np.random.Generator, block: Block, person: Ints, day: Ints) -> Ints:
    """The day of booking: often the same, never before birth or joining."""
    told, people = columns("gp_appointment", "booked"), block.people
    drawn = pick(rng, told["share"], len(day))
    ahead = rng.integers(told["from"][drawn], told["to"][drawn] + 1)
    found: Ints = np.minimum(day, np.maximum(day - ahead, np.maximum(people.joined, people.born)[person]))
    return found


def _held(rng: np.random.Generator, block: Block, person: Ints, day: Ints) -> Table:
    """With whom, how, whether it was kept, of which kind and how long."""
    told, size = figures("gp_appointment"), len(person)
    staff = pick_named(rng, told["practitioner"], size)
    mode = _by_staff(rng, staff, told["mode"])
    visit = _visited(rng, block, person, day)
    mode = np.where(visit, "Home Visit", mode)
    status = _status(rng, block, person, day, mode == "Home Visit")
    at_home = np.where(block.people.care_home[person], *told["home_category"])
    return {
        "APPT_MODE": mode,
        "APPT_STATUS": status,
        "HCP_TYPE": staff,
        "NATIONAL_CATEGORY": np.where(visit, at_home, _by_staff(rng, staff, told["category"])),
        "ACTUAL_DURATION": _minutes(rng, staff, status),
    }


def _by_staff(rng: np.random.Generator, staff: Texts, shares: dict[str, dict[str, float]]) -> Texts:
    """One of the names for each appointment, by who gives it."""
    found = np.full(len(staff), "", dtype=f"U{max(len(name) for each in shares.values() for name in each)}")
    for who, names in shares.items():
        here = np.flatnonzero(staff == who)
        found[here] = pick_named(rng, names, len(here))
    return found


def _visited(rng: np.random.Generator, block: Block, person: Ints, day: Ints) -> Bools:
    told, people = figures("gp_appointment")["home_visit"], block.people
    share = np.where(people.care_home[person], told["care_home"], points(told["age"], people.age_on(person, day)))
    found: Bools = rng.random(len(person)) < share
    return found


def _status(rng: np.random.Generator, block: Block, person: Ints, day: Ints, at_home: Bools) -> Texts:
    """Attended, not attended (by age and deprivation, never at home) or never closed."""
    told = figures("gp_appointment")["status"]
    absent = told["not_attended"] * np.array(told["by_fifth"])[fifth_of(block)[person]]
    absent = np.where(at_home, 0.0, absent * points(told["by_age"], block.people.age_on(person, day)))
    luck = rng.random(len(person))
    return np.where(luck < absent, "DNA", np.where(luck < absent + told["unknown"], "Unknown", "Attended"))


def _minutes(rng: np.random.Generator, staff: Texts, status: Texts) -> Ints:
    """How long those took that were kept; MISSING for some."""
    told = figures("gp_appointment")
    usual: Floats = np.select([staff == name for name in told["minutes"]], list(told["minutes"].values()), 10.0)
    drawn = np.clip(np.rint(usual * np.exp(told["minutes_spread"] * rng.standard_normal(len(staff)))), 1, 120)
    missing = (status != "Attended") | (rng.random(len(staff)) < told["minutes_missing"])
    return np.where(missing, MISSING, drawn).astype(np.int64)

"""Rows of maternity services: bookings, contacts before and after birth, and the babies born."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.admissions import DELIVERY, mothers_of
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Ints, Table, Texts, pick_named, stack, take
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.happenings import window
from joinedup.sources.synthetic.households import MAN
from joinedup.sources.synthetic.registrations import WIDE
from joinedup.sources.synthetic.rows import (
    MISSING,
    Rows,
    area_on,
    ethnic_category,
    hospital_codes,
    identity,
    local_number,
    practice_on,
    record_numbers,
)
from joinedup.sources.synthetic.seasons import NEVER, dates
from joinedup.sources.synthetic.streams import stream

BOOKING, CONTACT, BIRTH = "MSD101", "MSD201", "MSD301"
PREGNANCY, RECORD = 34, 35
"""The leading digits of record numbers."""
NONE = -1
WEEK, TERM = 7, 280
CUT = "R182"
"""The operation of a caesarean, as the record of the spell has it."""


def rows(block: Block) -> Rows:
    """The maternity care of everyone in a block."""
    rng = stream(block.setting.seed, "maternity", block.number)
    held = _activities(block, rng)
    paths = block.life.pregnancies
    person, day, at = held["person"], held["day"], held["pregnancy"]
    spell = _deliveries(block)[at] if len(at) else at
    near = block.setting.near(block.people.area[paths.person])
    elsewhere = block.setting.hospitals.pick(rng.random(len(paths.person)), "maternity", near)[at]
    of_spell = block.spell_hospitals[spell] if len(block.spell_hospitals) else elsewhere
    hospital = np.where(spell >= 0, of_spell, elsewhere)
    code, site = hospital_codes(block, hospital)
    earlier = _births_before(block)[at]
    share = np.array(figures("maternity")["complex"])[block.setting.areas.fifth[block.people.area[person]]]
    luck = rng.random(len(paths.person))[at]
    booked = held["kind"] == BOOKING
    fields = identity(block, "maternity", person, day) | {
        "LOCAL_PATIENT_IDENTIFIER": local_number(block, person, hospital),
        "RECORD_TYPE": held["kind"],
        "PREGNANCY_IDENTIFIER": record_numbers(block, PREGNANCY, len(paths.person)).astype("U13")[at],
        "CARE_CONTACT_IDENTIFIER": np.where(held["kind"] == CONTACT, record_numbers(block, RECORD, len(person)).astype("U13"), ""),
        "ETHNIC_CATEGORY": ethnic_category(block, "maternity", person),
        "GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION": practice_on(block, "maternity", person, day),
        "LSOA_2011": area_on(block, person, day),
        "ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER": code,
        "ORGANISATION_SITE_IDENTIFIER_OF_TREATMENT": site,
        "ACTIVITY_DATE": dates(day),
        "GESTATION_LENGTH": np.where(booked | (held["kind"] == BIRTH), day - paths.conceived[at], MISSING),
        "ESTIMATED_DATE_OF_DELIVERY_AGREED": dates(np.where(booked, paths.conceived[at] + TERM, NEVER)),
        "PREVIOUS_LIVE_BIRTHS": np.where(booked, earlier, MISSING),
        "COMPLEX_SOCIAL_FACTORS_INDICATOR": np.where(booked, np.where(luck < share, "Y", "N"), ""),
    }
    return Rows(
        contract="maternity",
        person=person,
        source=block.setting.hospitals.source(rng, "maternity", hospital),
        day=day,
        columns=fields | _contact(rng, held) | _birth(block, rng, held, spell),
        died=block.people.died[person],
        whole=held["kind"] == CONTACT,
    )


def _activities(block: Block, rng: np.random.Generator) -> Table:
    """Bookings, contacts and births in the span, by mother and day."""
    every = stack([_bookings(block, rng), _contacts(block), _births(block)])
    start, end = window(block.setting, block.people)
    there = (every["day"] >= start[every["person"]]) & (every["day"] < end[every["person"]])
    kept = take(every, there)
    return take(kept, np.lexsort((kept["order"], kept["day"], kept["person"])))


def _bookings(block: Block, rng: np.random.Generator) -> Table:
    told, paths = figures("maternity"), block.life.pregnancies
    size = len(paths.person)
    middle, spread = told["booking"]
    usual = np.ceil(middle * np.exp(spread * rng.standard_normal(size))).astype(np.int64)
    late = rng.random(size) < told["late"]["share"]
    day = paths.conceived + np.where(late, rng.integers(told["late"]["days"][0], told["late"]["days"][1], size), usual)
    at = np.flatnonzero(day < np.minimum(paths.born, paths.lost))
    return _rows_of(block, at, day[at], BOOKING)


def _contacts(block: Block) -> Table:
    """Contacts by the week of pregnancy, fewer for women who gave birth before, and visits after the birth."""
    told, paths = figures("maternity"), block.life.pregnancies
    weeks = np.array(told["contacts"])
    before = paths.conceived[:, None] + weeks * WEEK
    wanted = ~(np.isin(weeks, told["first_time_only"])[None, :] & (_births_before(block) > 0)[:, None])
    wanted &= before < np.minimum(paths.born, paths.lost)[:, None]
    days = np.array(told["after_birth"])
    after = np.where(paths.born[:, None] < NEVER, paths.born[:, None] + days, NEVER)
    day, kept = np.concatenate([before, after], axis=1), np.concatenate([wanted, after < NEVER], axis=1)
    at = np.broadcast_to(np.arange(len(paths.person))[:, None], day.shape)
    return _rows_of(block, at[kept], day[kept], CONTACT)


def _births(block: Block) -> Table:
    """One entry per baby, twins and all."""
    paths, people = block.life.pregnancies, block.people
    at = np.flatnonzero(paths.baby >= 0)
    key = paths.person[at] * WIDE + paths.born[at]
    mother = mothers_of(people)
    theirs = np.where(mother >= 0, mother * WIDE + people.born, NONE)
    baby = np.flatnonzero(np.isin(theirs, key) & ~people.outside)
    order = np.argsort(key)
    of = at[order[np.searchsorted(key[order], theirs[baby])]] if len(at) else baby
    baby, of = baby[np.argsort(of, kind="stable")], np.sort(of)
    first = np.searchsorted(of, of)
    made = _rows_of(block, of, paths.born[of], BIRTH)
    return made | {"baby": baby, "order": np.arange(len(of)) - first + 1}


def _rows_of(block: Block, at: Ints, day: Ints, kind: str) -> Table:
    size = len(at)
    return {
        "person": block.life.pregnancies.person[at],
        "pregnancy": at,
        "day": day,
        "kind": np.full(size, kind),
        "baby": np.full(size, NONE),
        "order": np.zeros(size, dtype=np.int64),
    }


def _births_before(block: Block) -> Ints:
    """How many children each pregnancy's mother had before."""
    paths, people = block.life.pregnancies, block.people
    mother = mothers_of(people)
    known = np.flatnonzero(mother >= 0)
    key = np.sort(mother[known] * WIDE + people.born[known] + WIDE // 2)
    first = np.searchsorted(key, paths.person * WIDE)
    found: Ints = np.searchsorted(key, paths.person * WIDE + paths.conceived + WIDE // 2) - first
    return found


def _deliveries(block: Block) -> Ints:
    """The spell in which each pregnancy ended; -1 where it did so at home, or hasn't ended."""
    paths, spells = block.life.pregnancies, block.spells
    at = np.flatnonzero(spells.kind == DELIVERY)
    key = spells.person[at] * WIDE + spells.day[at]
    order = np.argsort(key)
    wanted = paths.person * WIDE + np.minimum(paths.born, WIDE - 1)
    place = np.minimum(np.searchsorted(key[order], wanted), len(key) - 1)
    if not len(key):
        return np.full(len(wanted), NONE)
    found = order[place]
    return np.where(key[found] == wanted, at[found], NONE)


def _contact(rng: np.random.Generator, held: Table) -> Table:
    """Whether contacts took place and how."""
    told = figures("maternity")
    size = len(held["day"])
    attended = np.where(held["kind"] == CONTACT, pick_named(rng, told["attended"], size), np.where(held["kind"] == BOOKING, "5", ""))
    kept = np.isin(attended, ("5", "6"))
    distant = (rng.random(size) < told["distant"]) & (held["kind"] == CONTACT)
    return {"ATTENDED_OR_DID_NOT_ATTEND_CODE": attended, "CONSULTATION_MECHANISM": np.where(kept, np.where(distant, "02", "01"), "")}


def _birth(block: Block, rng: np.random.Generator, held: Table, spell: Ints) -> Table:
    """How each baby was born, its sex, weight and number."""
    told, people = figures("maternity"), block.people
    born, baby = held["kind"] == BIRTH, held["baby"]
    size = len(baby)
    operation: Texts = block.spells.procedure[spell] if len(block.spells.person) else np.full(size, "")
    cut = (spell >= 0) & (operation == CUT)
    mean, spread, a_day = told["weight"]
    early = held["day"] - block.life.pregnancies.conceived[held["pregnancy"]] - TERM
    heavier = np.where(people.sex[baby] == MAN, told["heavier_boys"], 0) if len(people.sex) else 0
    weight = np.clip(mean + a_day * early + heavier + spread * rng.standard_normal(size), 400, 6000)
    return {
        "BIRTH_ORDER": np.where(born, held["order"], MISSING),
        "DELIVERY_METHOD_CODE": np.where(born, np.where(cut, told["caesarean"], pick_named(rng, {"0": 0.93, "1": 0.07}, size)), ""),
        "LIVE_OR_STILL_BIRTH": np.where(born, "1", ""),
        "BIRTH_WEIGHT": np.where(born, weight.astype(np.int64), MISSING),
        "PERSON_PHENOTYPIC_SEX_BABY": np.where(born, people.sex[baby].astype("U1"), ""),
        "NHS_NUMBER_BABY": np.where(born, block.nhs_numbers[baby].astype("U12"), ""),
    }

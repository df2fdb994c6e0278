"""Attendances at emergency departments: those before an emergency admission, those that end in going home, and the deaths between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Texts, band, pick, pick_by_row, pick_named
from joinedup.sources.synthetic.figures import columns, figures, points
from joinedup.sources.synthetic.happenings import happen
from joinedup.sources.synthetic.mortality import Deaths
from joinedup.sources.synthetic.population import People
from joinedup.sources.synthetic.setting import Setting
from joinedup.sources.synthetic.spells import Spells
from joinedup.sources.synthetic.streams import stream

MINUTES_A_DAY = 1440
MAJOR, MINOR = "01", "03"


@dataclass(frozen=True, slots=True)
class Attendances:
    """One entry per attendance; moments are minutes since 1970."""

    person: Ints
    spell: Ints
    """The spell that it led to; -1 for none."""
    arrived: Ints
    decided: Ints
    """Of the decision to admit; -1 for none."""
    departed: Ints
    department: Texts
    acuity: Ints
    """From 0, immediate, to 4, low."""
    mode: Texts
    complaint: Texts
    diagnosis: Texts
    left: Bools
    """Left before treatment."""
    died: Bools
    hospital: Ints
    """The spell's where it led to one; -1 where the place has none."""


def attendances_of(setting: Setting, block: int, people: People, spells: Spells, deaths: Deaths) -> Attendances:
    """The attendances of everyone in a block."""
    rng = stream(setting.seed, "attendances", block)
    admitted = np.flatnonzero(spells.method == "21")
    at_the_door = deaths.person[(deaths.place == "hospital") & ~deaths.in_spell]
    often = np.exp(0.35 * people.frailty - 0.35**2 / 2) * rng.gamma(2.0, 0.5, len(people.sex))  # frail people oftener, a few very often
    home, day = happen(rng, setting, people, "attendance", often)
    person = np.concatenate([spells.person[admitted], home, at_the_door])
    spell = np.concatenate([admitted, np.full(len(home) + len(at_the_door), -1)])
    day = np.concatenate([spells.day[admitted], day, people.died[at_the_door]])
    died = np.arange(len(person)) >= len(admitted) + len(home)
    grave = (spell >= 0) | died
    department = np.where(grave, MAJOR, pick_named(rng, figures("attendances")["department"], len(person)))
    acuity = _acuity(rng, grave, department)
    ages = people.age_on(person, day)
    complaint, diagnosis = _reasons(rng, ages, np.where(spell >= 0, spells.cause[spell] if len(admitted) else "", ""))
    left = ~grave & (rng.random(len(person)) < figures("attendances")["left_before_treatment"])
    earliest = np.maximum(setting.span.start, people.born[person])
    luck = stream(setting.seed, "hospitals of attendances", block).random(len(person))
    hospital = setting.hospitals.pick(luck, "ecds", setting.near(people.area[person]))
    hospital = np.where(spell >= 0, spells.hospital[spell] if len(spells.person) else hospital, hospital)
    usual = _usual_minutes(acuity, department) * setting.hospitals.ways.minutes[hospital]
    arrived, decided, departed = _times(rng, day, earliest, spell >= 0, usual)
    return Attendances(
        person, spell, arrived, decided, departed, department, acuity, _modes(rng, ages, grave), complaint, diagnosis, left, died, hospital
    )


def _acuity(rng: np.random.Generator, grave: Bools, department: Texts) -> Ints:
    rows = columns("attendances", "acuity")
    drawn = np.where(grave, pick(rng, rows["admitted"], len(grave)), pick(rng, rows["not_admitted"], len(grave)))
    return np.where(department == MINOR, np.maximum(drawn, 3), drawn)


def _modes(rng: np.random.Generator, ages: Floats, grave: Bools) -> Texts:
    told = figures("attendances")["arrival"]
    by_ambulance = np.where(grave, points(told["admitted"], ages), points(told["not_admitted"], ages))
    return np.where(rng.random(len(ages)) < by_ambulance, told["ambulance"], pick_named(rng, told["other"], len(ages)))


def _reasons(rng: np.random.Generator, ages: Floats, cause: Texts) -> tuple[Texts, Texts]:
    """Chief complaint and first diagnosis: after the spell's main diagnosis where there is a spell."""
    told, rows = figures("attendances")["admitted_complaints"], columns("attendances", "complaints")
    drawn = pick_by_row(rng, rows["weights"].T[band(ages)])
    complaint, diagnosis = rows["complaint"][drawn], rows["diagnosis"][drawn]
    for letter, (said, found) in told.items():
        here = np.char.startswith(cause, letter)
        complaint, diagnosis = np.where(here, said, complaint), np.where(here, found, diagnosis)
    return complaint, diagnosis


def _usual_minutes(acuity: Ints, department: Texts) -> Floats:
    """The median stay of those who go home."""
    told, rows = figures("attendances"), columns("attendances", "acuity")
    found: Floats = rows["minutes"][acuity] * np.where(department == MINOR, told["urgent_treatment_centre"]["minutes"], 1.0)
    return found


def _times(rng: np.random.Generator, day: Ints, earliest: Ints, admitted: Bools, usual: Floats) -> tuple[Ints, Ints, Ints]:
    """Arrival, decision to admit and departure; who is admitted is admitted on the day of the decision, so may have come the day before."""
    told = figures("attendances")
    size = len(day)
    minute = pick(rng, np.array(told["hour"], dtype=float), size) * 60 + rng.integers(0, 60, size)
    luck = np.exp(told["spread"] * rng.standard_normal(size))
    to_decide = np.minimum(told["minutes_to_decision"] * luck, 720).astype(np.int64)
    crosses = admitted & (minute + to_decide >= MINUTES_A_DAY)
    day_before = crosses & (day > earliest)
    arrived = (day - day_before) * MINUTES_A_DAY + minute
    to_decide = np.where(crosses & ~day_before, np.maximum(MINUTES_A_DAY - 1 - minute, 0), to_decide)
    decided = np.where(admitted, arrived + to_decide, -1)
    after = (told["minutes_from_decision"] * np.exp(told["spread"] * rng.standard_normal(size))).astype(np.int64)
    home = arrived + np.maximum(5, usual * luck).astype(np.int64)
    return arrived, decided, np.where(admitted, decided + after, home)

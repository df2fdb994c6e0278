"""Referrals to services outside hospital, each with a series of contacts; how often follows from age, need and deprivation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from joinedup.sources.synthetic import needs
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Table, Texts, pick, stack, take
from joinedup.sources.synthetic.figures import points
from joinedup.sources.synthetic.happenings import window
from joinedup.sources.synthetic.life import NURSING
from joinedup.sources.synthetic.rows import clock
from joinedup.sources.synthetic.seasons import NEVER, YEAR, growth, months_of, next_working
from joinedup.sources.synthetic.streams import stream

MOST_CONTACTS = 300
"""Of one referral."""
AUGUST = 7


@dataclass(frozen=True, slots=True)
class Contacts:
    """One entry per contact, by referral and day."""

    person: Ints
    service: Ints
    """Its position among the services."""
    referral: Ints
    referred: Ints
    """The day on which the referral was received."""
    day: Ints
    order: Ints
    """0 for the first contact of its referral."""
    booked: Ints
    """How many its referral would have if nothing came between."""


def traits_of(block: Block) -> dict[str, Bools]:
    """What the figures may name as a need: the long-term conditions and what else people's lives hold."""
    people, life = block.people, block.life
    pregnant = np.zeros(len(people.sex), dtype=np.bool_)
    pregnant[life.pregnancies.person] = True
    return {name: people.conditions[:, at] for name, at in needs.conditions().items()} | {
        "autism": life.autism,
        "anxiety": life.anxiety,
        "substance": life.substance,
        "falls": life.falls,
        "palliative": life.palliative_from < NEVER,
        "pregnant": pregnant,
        "carer": life.carer,
        "supported": life.support > 0,
        "nursing_home": life.support == NURSING,
        "care_home": people.care_home,
        "special_needs": life.special_needs > 0,
        "child_in_need": life.child_need > 0,
    }


def need(block: Block, told: Mapping[str, Any], traits: Mapping[str, Bools]) -> Floats:
    """How often in a year each person is referred: by age, deprivation, latent frailty and what they have."""
    people, areas = block.people, block.setting.areas
    start, end = window(block.setting, people)
    ages = people.ages((start + end) // 2)
    spread = told.get("frailty", 0.0)
    found: Floats = points(told["age"], ages) / 1000 * np.exp(spread * people.frailty - spread**2 / 2)
    found = found * np.array(told.get("fifth", [1.0] * 5), dtype=float)[areas.fifth[people.area]]
    for name, factor in told.get("needs", {}).items():
        found = found * np.where(traits[name], factor, 1.0)
    able = traits[told["only"]] & ~people.outside if "only" in told else ~people.outside
    return np.where(able, found, 0.0)


def contacts_of(block: Block, subject: str, services: Sequence[Mapping[str, Any]], months: Mapping[str, Sequence[float]]) -> Contacts:
    """The contacts in the span of everyone in a block, by service; some referrals are older than the span."""
    traits = traits_of(block)
    made: list[Table] = []
    referrals = 0
    for at, told in enumerate(services):
        rng = stream(block.setting.seed, f"{subject}: {told['name']}", block.number)
        person, referred = _referrals(rng, block, told, need(block, told, traits), months[told.get("season", "usual")])
        contacts = _series(rng, block, told, person, referred)
        contacts["referral"] = contacts["referral"] + referrals
        referrals += len(person)
        made.append(contacts | {"service": np.full(len(contacts["person"]), at)})
    return Contacts(**stack(made))


def days_between(rng: np.random.Generator, start: Ints, end: Ints) -> Ints:
    """A day from each start up to each end; the start where there is none."""
    found: Ints = start + (rng.random(len(start)) * np.maximum(end - start, 1)).astype(np.int64)
    return found


def on_working_days(day: Ints) -> Ints:
    """The days, with the next working day for those at a weekend and bank holidays."""
    return next_working(day)


def lognormal(rng: np.random.Generator, told: Sequence[float], size: int) -> Floats:
    """Draws with this median and spread of the log."""
    middle, spread = told
    found: Floats = middle * np.exp(spread * rng.standard_normal(size))
    return found


def of_rows(services: Sequence[Mapping[str, Any]], name: str, otherwise: object = None) -> np.ndarray:
    """One figure of each service."""
    return np.array([each.get(name, otherwise) for each in services])


def drawn_by_service(rng: np.random.Generator, services: Sequence[Mapping[str, Any]], name: str, service: Ints) -> Texts:
    """For each entry one of the names that its service gives shares for under `name`."""
    found = np.full(len(service), "", dtype="U20")
    for at, told in enumerate(services):
        here = np.flatnonzero(service == at)
        shares = told[name]
        found[here] = np.array(list(shares))[pick(rng, np.array(list(shares.values()), dtype=float), len(here))]
    return found


def office_hours(rng: np.random.Generator, size: int) -> Texts:
    """Times of day, HH:MM, on the quarter of an hour, most about noon."""
    hour = np.clip(np.rint(12 + 2.6 * rng.standard_normal(size)), 7, 19).astype(np.int64)
    return clock(hour * 60 + 15 * rng.integers(0, 4, size))


def _referrals(rng: np.random.Generator, block: Block, told: Mapping[str, Any], rate: Floats, months: Sequence[float]) -> tuple[Ints, Ints]:
    """Who is referred, and on which days; from some way before the span for those who were already there."""
    start, end = window(block.setting, block.people)
    lead = told.get("lead", 180)
    there_before = np.maximum(block.people.joined, block.people.born + 1)
    begin = np.where(start == block.setting.span.start, np.maximum(start - lead, np.minimum(there_before, start)), start)
    factor = np.array(months, dtype=float) / np.mean(months)
    trend = told.get("trend", 0.0)
    most = factor.max() * growth(block.setting.span, np.array([block.setting.span.start, block.setting.span.end]), trend).max()
    expected = rate * np.maximum(end - begin, 0) / YEAR * most
    person = np.repeat(np.arange(len(rate)), rng.poisson(expected))
    day = on_working_days(days_between(rng, begin[person], end[person]))
    often = factor[months_of(day)] * growth(block.setting.span, day, trend)
    kept = (rng.random(len(day)) * most < often) & (day < end[person])
    return person[kept], day[kept]


def _series(rng: np.random.Generator, block: Block, told: Mapping[str, Any], person: Ints, referred: Ints) -> Table:
    """The contacts of some referrals: the first after a wait, the others at intervals, up to death, leaving or the span's end."""
    size = len(person)
    wait = np.rint(lognormal(rng, told["wait"], size)).astype(np.int64)
    number = np.clip(np.rint(lognormal(rng, told["contacts"], size)), 1, MOST_CONTACTS).astype(np.int64)
    number = np.where(rng.random(size) < told.get("seen", 1.0), number, 0)
    referral = np.repeat(np.arange(size), number)
    first = np.concatenate([[0], np.cumsum(number)[:-1]]) if size else np.zeros(0, dtype=np.int64)
    order = np.arange(len(referral)) - first[referral]
    gap = np.where(order == 0, wait[referral], np.maximum(1, np.rint(told["every"] * rng.gamma(4.0, 0.25, len(referral)))))
    run = np.cumsum(gap).astype(np.int64)
    before = (run[first[referral]] - gap[first[referral]]).astype(np.int64) if len(referral) else run
    day = referred[referral] + run - before
    day = day if told.get("weekends") else on_working_days(day)
    start, end = window(block.setting, block.people)
    who = person[referral]
    open_ = (months_of(day) != AUGUST) | (rng.random(len(day)) < told.get("in_august", 1.0))
    every: Table = {
        "person": who,
        "referral": referral,
        "referred": referred[referral],
        "day": day,
        "order": order,
        "booked": number[referral],
    }
    return take(every, (day >= start[who]) & (day < end[who]) & open_)

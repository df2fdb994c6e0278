"""Referrals to hospital clinics, the waits that follow them and how these end: in planned admissions, at a clinic or not yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from joinedup.sources.synthetic import needs
from joinedup.sources.synthetic.admissions import DAY_CASE, PLANNED
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Table, Texts, band, pick_by_row, pick_named, stack, take
from joinedup.sources.synthetic.figures import columns, figures, points
from joinedup.sources.synthetic.happenings import happen_as, window
from joinedup.sources.synthetic.households import WOMAN
from joinedup.sources.synthetic.population import People
from joinedup.sources.synthetic.seasons import NEVER, next_working, season
from joinedup.sources.synthetic.setting import Setting
from joinedup.sources.synthetic.spells import Spells
from joinedup.sources.synthetic.streams import stream

ROUTINE, DIED, TURNED_AWAY = "1", "36", "34"
SHORTEST = 7
"""Days of the shortest wait before a planned admission."""


@dataclass(frozen=True, slots=True)
class Pathways:
    """One entry per referral. Days that don't come in the span are NEVER."""

    person: Ints
    spell: Ints
    """The planned spell that it led to; -1 for none."""
    hospital: Ints
    referred: Ints
    first: Ints
    """Of the first appointment that is kept."""
    decided: Ints
    """Of the decision to admit."""
    stopped: Ints
    """Of the clock's stop; NEVER while the person waits."""
    status: Texts
    """Of the referral to treatment period, national code."""
    function: Texts
    priority: Texts
    source: Texts
    """Who referred, national code."""
    clock: Bools
    """Whether a referral to treatment clock runs."""


def pathways_of(setting: Setting, block: int, people: People, spells: Spells) -> Pathways:
    """The referrals of everyone in a block of the span and of as long before it."""
    rng = stream(setting.seed, "pathways", block)
    led = _to_admissions(rng, setting, people, spells)
    every = stack([led, _to_clinics(rng, setting, people)])
    every = take(every, _possible(setting, people, every))
    every = _ended(setting, people, every)
    size = len(every["person"])
    every["source"] = pick_named(rng, figures("pathways")["source_of_referral"], size)
    return Pathways(**take(every, np.lexsort((every["referred"], every["person"]))))


def _to_admissions(rng: np.random.Generator, setting: Setting, people: People, spells: Spells) -> Table:
    """The referrals before planned spells; those of before and after the span are like those in it, as many days away."""
    told = figures("pathways")
    listed = np.flatnonzero(np.isin(spells.kind, (PLANNED, DAY_CASE)) & np.isin(spells.method, ("11", "12")))
    later = listed[window(setting, people)[1][spells.person[listed]] >= setting.span.end]
    like = np.concatenate([listed, later, listed])
    spans = np.repeat([0, 1, -1], [len(listed), len(later), len(listed)])
    spell = np.where(spans == 0, like, -1)
    day = spells.day[like] + spans * (setting.span.end - setting.span.start)
    function, hospital = spells.function[like].astype("U3"), spells.hospital[like]
    elsewhere = _hospitals(rng, setting, people, spells.person[like], function)
    hospital = np.where(spell >= 0, hospital, elsewhere)
    priority, wait = _waits(rng, told["admitted"], setting.hospitals.ways.wait[hospital])
    parts = told["before_admission"]
    return {
        "person": spells.person[like],
        "spell": spell,
        "referred": day - np.maximum(wait, SHORTEST),
        "first": clinic_day(rng, day - wait + _part(rng, wait, parts["first"])),
        "decided": clinic_day(rng, day - wait + _part(rng, wait, parts["decided"])),
        "stopped": day,
        "status": np.full(len(like), "30"),
        "function": function,
        "hospital": hospital,
        "priority": priority,
        "clock": np.ones(len(like), dtype=np.bool_),
    }


def _to_clinics(rng: np.random.Generator, setting: Setting, people: People) -> Table:
    """Referrals that don't lead to an admission: those of the span, and as many of as long before it, of which some still wait."""
    told = figures("pathways")
    calendar = season(setting.span, told["referral"])
    start, end = window(setting, people)
    fifth = np.array(told["referral"]["fifth"])[setting.areas.fifth[people.area]]
    often = points(told["referral"]["age"], people.ages((start + end) // 2)) / 1000 * fifth * np.exp(0.25 * people.frailty - 0.25**2 / 2)
    who, day = happen_as(rng, setting, people, often, calendar)
    who, day = np.concatenate([who, who]), np.concatenate([day, day - (setting.span.end - setting.span.start)])
    at = _functions(rng, people, who, day)
    rows = columns("pathways", "functions")
    hospital = _hospitals(rng, setting, people, who, rows["function"][at])
    priority, wait = _waits(rng, told["priority"], setting.hospitals.ways.wait[hospital])
    clock = (rows["consultant"][at] == 1) & (rng.random(len(who)) < told["under_the_clock"])
    seen_last = rng.random(len(who)) < told["stops_at_first"]
    first = clinic_day(rng, day + np.where(seen_last, wait, _part(rng, wait, told["first_within"])))
    stopped = np.maximum(first, clinic_day(rng, day + wait))
    never = rng.random(len(who)) < told["never_seen"]
    return {
        "person": who,
        "spell": np.full(len(who), -1),
        "referred": day,
        "first": np.where(never, NEVER, first),
        "decided": np.full(len(who), NEVER),
        "stopped": stopped,
        "status": np.where(never, TURNED_AWAY, pick_named(rng, told["stopped_by"], len(who))),
        "function": rows["function"][at],
        "hospital": hospital,
        "priority": priority,
        "clock": clock,
    }


def _hospitals(rng: np.random.Generator, setting: Setting, people: People, who: Ints, function: Texts) -> Ints:
    """The hospital that each referral goes to."""
    return setting.hospitals.pick(rng.random(len(who)), "outpatient", setting.near(people.area[who]), function)


def _waits(rng: np.random.Generator, told: dict[str, list[float]], longer: Floats) -> tuple[Texts, Ints]:
    """The priority of each referral and the days until its wait ends; `longer`: how many times the ordinary ones."""
    size = len(longer)
    priority = pick_named(rng, {name: each[0] for name, each in told.items()}, size)
    middle, spread = (np.select([priority == name for name in told], [each[at] for each in told.values()], 0.0) for at in (1, 2))
    days = np.ceil(longer * middle * np.exp(spread * rng.standard_normal(size)))
    return priority, np.minimum(days, figures("pathways")["longest_wait"]).astype(np.int64)


def _part(rng: np.random.Generator, wait: Ints, within: list[float]) -> Ints:
    """Days that are some part of each wait."""
    least, most = within
    return (wait * (least + (most - least) * rng.random(len(wait)))).astype(np.int64)


def _functions(rng: np.random.Generator, people: People, who: Ints, day: Ints) -> Ints:
    """The position of each referral's treatment function, by age and sex."""
    rows = columns("pathways", "functions")
    weights = rows["weights"].T[band(np.maximum(people.age_on(who, day), 0))]
    for_women = np.isin(rows["function"], figures("pathways")["women_only"])
    return pick_by_row(rng, np.where((people.sex[who] == WOMAN)[:, None], weights, weights * ~for_women[None, :]))


def _possible(setting: Setting, people: People, every: dict[str, Any]) -> Bools:
    """Which referrals can be: of somebody born and there, before the span ends and before the wait does."""
    who, day = every["person"], every["referred"]
    there = people.outside[who] | (people.joined[who] <= day)
    until = np.minimum(np.minimum(people.died[who], people.left[who]), setting.span.end)
    found: Bools = there & (people.born[who] < day) & (day < until) & (every["stopped"] > day)
    return found


def _ended(setting: Setting, people: People, every: Table) -> Table:
    """The referrals as they stand when the span ends: cut off by death or leaving, or still waiting."""
    who = every["person"]
    dead = every["stopped"] > people.died[who]
    away = ~dead & (every["stopped"] >= people.left[who])
    stopped = np.where(dead, people.died[who], np.where(away, people.left[who] - 1, every["stopped"]))
    status = np.where(dead, DIED, np.where(away, TURNED_AWAY, every["status"]))
    last = np.minimum(np.minimum(people.died[who], people.left[who]), setting.span.end)
    seen = every["first"] < last
    waiting = stopped >= setting.span.end
    return every | {
        "first": np.where(seen, every["first"], NEVER),
        "decided": np.where(every["decided"] < last, every["decided"], NEVER),
        "stopped": np.where(waiting, NEVER, np.maximum(stopped, every["referred"])),
        "status": np.where(waiting, np.where(seen, "20", "10"), status),
    }


def clinic_day(rng: np.random.Generator, day: Ints) -> Ints:
    """The day, or the next working day where it falls on a weekend or bank holiday and clinics are closed."""
    opened = next_working(day)
    closed = (opened != day) & (rng.random(day.shape) >= figures("pathways")["weekend"])
    return np.where(closed, opened, day)


def visits_a_year(people: People, ages: Floats) -> dict[str, Floats]:
    """How often each person comes to long-running clinics, by treatment function."""
    told = figures("pathways")
    found: dict[str, Floats] = {function: points(by_age, ages) for function, by_age in told["ageing_clinics"].items()}
    for condition, (function, visits) in told["clinics"].items():
        has = people.conditions[:, needs.conditions()[condition]]
        found[function] = found.get(function, np.zeros(len(ages))) + visits * has
    return found

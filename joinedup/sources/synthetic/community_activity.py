"""Rows of small services: sessions, visits, calls and stays of a wellness service, a hospice, a school hub and charities."""

from __future__ import annotations

from typing import Any

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Ints, Table, pick_named, stack, take
from joinedup.sources.synthetic.figures import figures, points
from joinedup.sources.synthetic.happenings import window
from joinedup.sources.synthetic.rows import MISSING, Rows, area_on, ethnic_category, identity, record_numbers, sources_of
from joinedup.sources.synthetic.seasons import NEVER, YEAR, dates
from joinedup.sources.synthetic.streams import stream

NUMBER = 43
"""What the numbers of activities begin with."""


def rows(block: Block) -> Rows:
    """What everyone in a block came to, or was visited for."""
    told = figures("community_activity")
    parts = [_courses(block, service) for service in told["services"]]
    every = stack([*parts, *_hospice(block), _programmes(block)])
    every = take(every, np.lexsort((every["day"], every["person"])))
    person, day = every["person"], every["day"]
    size = len(person)
    fields = identity(block, "community_activity", person, day) | {
        "SEX": block.people.sex[person].astype("U1"),
        "ETHNIC_CATEGORY": ethnic_category(block, "community_activity", person),
        "LSOA_2021": area_on(block, person, day),
        "PROVIDER_CODE": every["provider"],
        "SERVICE": every["service"],
        "ACTIVITY_ID": record_numbers(block, NUMBER, size).astype("U13"),
        "ACTIVITY_DATE": dates(day),
        "END_DATE": dates(every["last"]),
        "KIND": every["kind"],
    }
    return Rows(
        contract="community_activity",
        person=person,
        source=sources_of(block, "community_activity", np.unique(every["provider"], return_inverse=True)[1]),
        day=day,
        columns=fields | _how_it_went(block, every),
        died=block.people.died[person],
        whole=np.ones(size, dtype=np.bool_),
    )


def _activities(rng: np.random.Generator, told: dict[str, Any], name: str, person: Ints, day: Ints) -> Table:
    """Activities of one service, each on one day."""
    size = len(person)
    return {
        "person": person,
        "day": day,
        "last": np.full(size, NEVER),
        "service": np.full(size, name),
        "provider": np.full(size, told["provider"]),
        "kind": pick_named(rng, told["kinds"], size),
        "minutes": np.maximum(np.rint(told["minutes"] * np.exp(0.25 * rng.standard_normal(size)) / 5) * 5, 5).astype(np.int64),
        "pence": np.rint(told["pounds"] * 100 * np.exp(0.2 * rng.standard_normal(size))).astype(np.int64),
    }


def _sessions(of: Ints, first: Ints, count: Ints, every: int) -> tuple[Ints, Ints]:
    """Who comes when: so many times each, every so many days from the first."""
    at = np.repeat(np.arange(len(of)), count)
    nth = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    return of[at], first[at] + nth * every


def _on_weekdays(day: Ints) -> Ints:
    """The days, those at weekends moved to the Monday."""
    weekday = (day + 3) % 7
    return day + np.where(weekday >= 5, 7 - weekday, 0)


def _there(block: Block, activities: Table) -> Table:
    """The activities on days on which the person can be seen."""
    start, end = window(block.setting, block.people)
    person, day = activities["person"], activities["day"]
    return take(activities, (day >= start[person]) & (day < end[person]))


def _courses(block: Block, told: dict[str, Any]) -> Table:
    """The sessions of those who begin a course of a service."""
    people, setting = block.people, block.setting
    rng = stream(setting.seed, f"small services: {told['name']}", block.number)
    start, end = window(setting, people)
    frail = np.exp(told["frailty"] * people.frailty - told["frailty"] ** 2 / 2)
    rate = points(told["joins"], people.ages((start + end) // 2)) / 1000 * np.array(told["fifth"])[setting.areas.fifth[people.area]] * frail
    expected = np.where(people.outside | people.care_home, 0.0, rate) * (end - start) / YEAR
    who = np.repeat(np.arange(len(expected)), rng.poisson(expected))
    first = _on_weekdays(start[who] + (rng.random(len(who)) * (end - start)[who]).astype(np.int64))
    count = 1 + rng.poisson(told["sessions"] - 1, len(who))
    person, day = _sessions(who, first, count, told["every"])
    return _there(block, _activities(rng, told, told["name"], person, day))


def _hospice(block: Block) -> list[Table]:
    """Contacts of some of those in palliative care, and the stays of those who died there."""
    told, people, deaths = figures("community_activity")["hospice"], block.people, block.deaths
    rng = stream(block.setting.seed, "small services: hospice", block.number)
    start, end = window(block.setting, people)
    first = block.life.palliative_from
    known = (first < end) & (rng.random(len(first)) < told["share"])
    who = np.flatnonzero(known)
    begin = np.maximum(first, start)[who]
    count = np.minimum(1 + rng.poisson(np.maximum(end[who] - begin, 0) / told["every"]), told["most"])
    at = np.repeat(np.arange(len(who)), count)
    day = begin[at] + (rng.random(len(at)) * (end[who] - begin)[at]).astype(np.int64)
    contacts = _activities(rng, told, told["name"], who[at], day)
    died = deaths.person[deaths.place == "hospice"]
    median, spread = told["stay"]
    days = np.ceil(median * np.exp(spread * rng.standard_normal(len(died)))).astype(np.int64)
    last = people.died[died]
    into = np.maximum(last - days, np.minimum(start[died], last))
    stays = _activities(rng, told, told["name"], died, into) | {
        "last": last,
        "kind": np.full(len(died), told["stay_kind"]),
        "minutes": np.full(len(died), MISSING),
        "pence": ((last - into + 1) * told["pounds_a_day"] * 100).astype(np.int64),
    }
    return [_there(block, contacts), take(stays, last < block.setting.span.end)]


def _programmes(block: Block) -> Table:
    """What those who joined a programme came to, from the day on which they joined."""
    told, joined = figures("community_activity")["programme"], block.programmes
    rng = stream(block.setting.seed, "small services: programmes", block.number)
    order, day = _sessions(np.arange(len(joined.person)), joined.day, joined.sessions, told["every"])
    made = _activities(rng, told, "", joined.person[order], day)
    return _there(block, made | {"service": joined.programme[order]})


def _how_it_went(block: Block, every: Table) -> Table:
    """Outcome, length, cost and who sent the person: the same for one person and service."""
    told = figures("community_activity")
    rng = stream(block.setting.seed, "small services: how it went", block.number)
    size = len(every["person"])
    stay = every["last"] < NEVER
    outcome = np.where(stay, "ATTENDED", pick_named(rng, told["outcome"], size))
    missed = (outcome == "DID NOT ATTEND") | (outcome == "CANCELLED")
    together, at = np.unique(np.char.add(np.char.add(every["service"], " "), every["person"].astype("U12")), return_inverse=True)
    referrer = pick_named(rng, told["referrer"], len(together))[at]
    child = block.people.age_on(every["person"], every["day"]) < 18
    blank = missed | (rng.random(size) < told["cost_missing"])
    return {
        "OUTCOME": outcome,
        "DURATION_MINUTES": np.where(missed, MISSING, every["minutes"]),
        "COST": np.where(blank, MISSING, every["pence"]),
        "REFERRED_BY": np.where(child, told["at_school"], referrer),
    }

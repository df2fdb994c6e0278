"""Packages of continuing care: who has one, from when to when, what it costs a week, and whether it is given as a budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Table, Texts, pick_named, stack, take
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.happenings import window
from joinedup.sources.synthetic.life import NURSING
from joinedup.sources.synthetic.referrals import days_between, lognormal, traits_of
from joinedup.sources.synthetic.seasons import NEVER, YEAR
from joinedup.sources.synthetic.streams import stream

ADULT = np.int64(np.ceil(18 * YEAR))


@dataclass(frozen=True, slots=True)
class Packages:
    """One entry per package or refused request."""

    person: Ints
    kind: Texts
    """CHC, FNC, JOINT or CHILD."""
    route: Texts
    """FAST TRACK, STANDARD or nothing."""
    asked: Ints
    decided: Ints
    start: Ints
    """NEVER where it was refused."""
    last: Ints
    """The last day; NEVER while it goes on."""
    setting: Texts
    pence: Ints
    """A week."""
    budget: Bools
    """Given as a personal health budget."""


def packages_of(block: Block) -> Packages:
    """The packages of everyone in a block that touch the span, and requests in it that were refused."""
    parts = [_fast_track(block), _standard(block), _nursing(block), _joint(block, "JOINT"), _joint(block, "CHILD"), _refused(block)]
    every = stack(parts)
    told = figures("continuing_care")["budgets"]["at_home"]
    rng = stream(block.setting.seed, "budgets of packages", block.number)
    name = np.where((every["kind"] == "CHC") & (every["route"] == "FAST TRACK"), "FAST TRACK", every["kind"])
    share = np.select([name == each for each in told], list(told.values()), 0.0)
    at_home = np.isin(every["setting"], ["HOME", "SUPPORTED LIVING"]) & (every["start"] < NEVER)
    return Packages(**every, budget=at_home & (rng.random(len(name)) < share))


def chance(block: Block, told: dict[str, Any]) -> Floats:
    """The share of people like each person who have something, from a base per 1,000 and factors for needs."""
    traits = traits_of(block)
    spread = told.get("frailty", 0.0)
    found: Floats = told["base"] / 1000 * np.exp(spread * block.people.frailty - spread**2 / 2)
    for name, factor in told["needs"].items():
        found = found * np.where(traits[name], factor, 1.0)
    return np.where(block.people.outside, 0.0, np.minimum(found, 0.9))


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long something lasts."""

    mean: float
    """Days so far."""
    from_age: float
    """The age from which one can have it, in years."""
    ended: float
    """The share that ended in the span while the person lived on here."""


def stretch(rng: np.random.Generator, block: Block, who: Ints, lasting: Lasting) -> tuple[Ints, Ints]:
    """The first and last day of what some people have: NEVER where it goes on; else up to death, leaving or some day before."""
    start, end = window(block.setting, block.people)
    people = block.people
    until = np.where(rng.random(len(who)) < lasting.ended, days_between(rng, start[who] + 1, end[who]), end[who])
    able = people.born[who] + np.int64(np.ceil(lasting.from_age * YEAR))
    earliest = np.where(people.joined[who] >= block.setting.span.start, np.maximum(people.joined[who], able), able)
    first = np.maximum(until - 1 - np.rint(rng.exponential(lasting.mean, len(who))).astype(np.int64), earliest)
    return first, np.where(until >= block.setting.span.end, NEVER, until)


def _package(person: Ints, kind: str, route: str, **columns: Ints) -> Table:
    made: Table = {"person": person, "kind": np.full(len(person), kind, dtype="U5"), "route": np.full(len(person), route, dtype="U10")}
    return made | columns


def _asked(rng: np.random.Generator, block: Block, person: Ints, start: Ints, wait: list[float]) -> tuple[Ints, Ints]:
    """The days of request and decision of packages that began on some days."""
    decided = start - rng.integers(0, 8, len(start))
    asked = decided - np.rint(lognormal(rng, wait, len(start))).astype(np.int64)
    return np.maximum(asked, block.people.born[person]), np.maximum(decided, block.people.born[person])


def _fast_track(block: Block) -> Table:
    """For some of those who die, by where they do, and of those near the end of life when the span ends."""
    told = figures("continuing_care")["fast_track"]
    rng = stream(block.setting.seed, "fast track", block.number)
    people, dead, palliative = block.people, block.deaths, block.life.palliative_from < NEVER
    share = np.zeros(len(people.sex))
    by_place = told["by_place_of_death"]
    share[dead.person] = np.select([dead.place == name for name in by_place], list(by_place.values()), 0.1)
    share = share * np.where(palliative, told["palliative"], 1.0)
    alive = (people.died >= block.setting.span.end) & (people.left >= block.setting.span.end)
    share = np.where(alive, np.where(palliative, told["living_on"], 0.0), share)
    person = np.flatnonzero(~people.outside & (rng.random(len(share)) < share))
    until = np.minimum(people.died[person], block.setting.span.end)
    start = until - 1 - np.rint(lognormal(rng, told["days"], len(person))).astype(np.int64)
    start = np.where(people.joined[person] >= block.setting.span.start, np.maximum(start, people.joined[person]), start)
    asked, decided = _asked(rng, block, person, start, told["request_to_start"])
    home = np.where(
        people.care_home[person], "NURSING HOME", pick_named(rng, {"HOME": 0.62, "NURSING HOME": 0.33, "HOSPICE": 0.05}, len(person))
    )
    last = np.where(alive[person], NEVER, np.maximum(until, start))
    every = _package(person, "CHC", "FAST TRACK", asked=asked, decided=decided, start=start, last=last)
    every |= {"setting": home.astype("U16"), "pence": _pence(rng, told["pounds"], len(person))}
    return take(every, (every["start"] < until) & (start - people.born[person] > ADULT))


def _standard(block: Block) -> Table:
    told = figures("continuing_care")["standard"]
    rng = stream(block.setting.seed, "standard continuing healthcare", block.number)
    return _lasting(block, rng, told, "CHC")


def _lasting(block: Block, rng: np.random.Generator, told: dict[str, Any], kind: str) -> Table:
    """Packages that last for years, for some of the people of the right age."""
    people = block.people
    start, end = window(block.setting, people)
    ages = people.age_on(np.arange(len(end)), end)
    right = (ages < 18) & (ages > 1) if kind == "CHILD" else ages > 18.1
    who = np.flatnonzero(right & (end > start + 1) & (rng.random(len(end)) < chance(block, told)))
    first, last = stretch(rng, block, who, Lasting(told["days"], 1 if kind == "CHILD" else 18, told.get("ended", 0.2)))
    homes = told.get("at_home", {"HOME": 1.0})
    place = pick_named(rng, homes, len(who))
    nursing = block.life.support[who] == NURSING
    place = np.where(people.care_home[who] & (kind == "CHC"), np.where(nursing, "NURSING HOME", "RESIDENTIAL HOME"), place).astype("U16")
    pounds = told["pounds"]
    pence = _pence(rng, [1.0, 0.0], len(who))
    for name, each in pounds.items() if isinstance(pounds, dict) else [("", pounds)]:
        drawn = _pence(rng, each, len(who))
        pence = np.where((place == name) | (name == ""), drawn, pence)
    asked, decided = _asked(rng, block, who, first, figures("continuing_care")["request_to_decision"])
    every = _package(who, kind, "STANDARD" if kind == "CHC" else "", asked=asked, decided=decided, start=first, last=last)
    return take(every | {"setting": place, "pence": pence}, last >= first)


def _joint(block: Block, kind: str) -> Table:
    told = figures("continuing_care")[kind.lower()]
    return _lasting(block, stream(block.setting.seed, f"continuing care: {kind}", block.number), told, kind)


def _nursing(block: Block) -> Table:
    """NHS-funded nursing care: most residents of nursing homes."""
    told = figures("continuing_care")["nursing_care"]
    rng = stream(block.setting.seed, "nursing care", block.number)
    people, life = block.people, block.life
    start, end = window(block.setting, people)
    supported = life.support == NURSING
    alone = people.care_home & (life.support == 0)
    share = np.where(supported, told["share"]["nursing_home"], np.where(alone, told["share"]["pays_alone"], 0.0))
    old = people.age_on(np.arange(len(end)), end) > 60
    who = np.flatnonzero(old & ~people.outside & (end > start + 1) & (rng.random(len(share)) < share))
    first, last = stretch(rng, block, who, Lasting(told["days"], 55, 0.0))
    first = np.where(supported[who], np.minimum(np.maximum(first, np.minimum(life.support_from[who], end[who] - 1)), end[who] - 1), first)
    asked, decided = _asked(rng, block, who, first, figures("continuing_care")["request_to_decision"])
    every = _package(who, "FNC", "", asked=asked, decided=decided, start=first, last=last)
    return every | {"setting": np.full(len(who), "NURSING HOME", dtype="U16"), "pence": np.full(len(who), round(told["pounds"] * 100))}


def _refused(block: Block) -> Table:
    """Standard assessments in the span that ended with: not eligible."""
    told = figures("continuing_care")
    rng = stream(block.setting.seed, "refused continuing healthcare", block.number)
    start, end = window(block.setting, block.people)
    weight = chance(block, told["standard"]) * (block.people.age_on(np.arange(len(end)), start) > 18)
    adults = float(((end - start) / YEAR * (weight > 0)).sum())
    expected = weight * (end - start) / max(float((weight * (end - start)).sum()), 1e-9) * adults * told["refused"] / 1000
    person = np.repeat(np.arange(len(end)), rng.poisson(expected))
    decided = days_between(rng, start[person], end[person])
    asked = np.maximum(
        decided - np.rint(lognormal(rng, told["request_to_decision"], len(person))).astype(np.int64), block.people.born[person]
    )
    never = np.full(len(person), NEVER)
    every = _package(person, "CHC", "STANDARD", asked=asked, decided=decided, start=never, last=never.copy())
    return every | {"setting": np.full(len(person), "", dtype="U16"), "pence": np.zeros(len(person), dtype=np.int64)}


def _pence(rng: np.random.Generator, pounds: list[float], size: int) -> Ints:
    found: Ints = (np.rint(lognormal(rng, pounds, size) * 4) * 25).astype(np.int64)
    return found

"""Spells in hospital, without two at once for anybody: until patients are ready, and until they can leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from joinedup.sources.synthetic import admissions
from joinedup.sources.synthetic.admissions import BIRTH, DELIVERY, EMERGENCY
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Table, Texts, stack, take
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.mortality import Deaths
from joinedup.sources.synthetic.population import People
from joinedup.sources.synthetic.registrations import WIDE
from joinedup.sources.synthetic.seasons import NEVER, months_of
from joinedup.sources.synthetic.setting import Setting
from joinedup.sources.synthetic.streams import stream


@dataclass(frozen=True, slots=True)
class Spells:
    """One entry per spell, by person and day."""

    person: Ints
    kind: Ints
    day: Ints
    """Of admission."""
    ready: Ints
    """Ready to be discharged; NEVER where not recorded or not yet ready. Some still wait at the end of the span."""
    fit: Ints
    """Ready to be discharged, whether recorded or not; NEVER for those who die there and those not yet ready."""
    out: Ints
    """Of discharge; NEVER while it goes on at the end of the span."""
    died: Bools
    method: Texts
    cause: Texts
    outside_cause: Texts
    procedure: Texts
    function: Texts
    hospital: Ints
    """-1 where the place has none."""


def spells_of(setting: Setting, block: int, people: People, deaths: Deaths) -> Spells:
    """The spells of everyone in a block."""
    of = (setting, block, people)
    fixed = stack([admissions.last_spells(*of, deaths), *admissions.births(*of)])
    others = stack([admissions.emergencies(*of), admissions.planned(*of), admissions.regular(*of)])
    fixed["hospital"] = _hospitals(setting, people, fixed, stream(setting.seed, "hospitals of last spells and births", block))
    others["hospital"] = _hospitals(setting, people, others, stream(setting.seed, "hospitals of spells", block))
    others["out"] = others["day"] + _nights(setting, others)
    others = _by_person(take(others, ~_overlap(others, fixed)))
    together = _by_person(stack([fixed, take(others, ~_follows_too_soon(others))]))
    return _finished(setting, block, people, together)


def _hospitals(setting: Setting, people: People, spells: Table, rng: np.random.Generator) -> Ints:
    """The hospital of each spell; mother and child are in one."""
    own, of_household = rng.random(len(spells["person"])), rng.random(int(people.household.max(initial=0)) + 1)
    birth = np.isin(spells["kind"], (BIRTH, DELIVERY))
    luck = np.where(birth, of_household[people.household[spells["person"]]], own)
    function = np.where(birth, "", spells["function"])
    return setting.hospitals.pick(luck, "apc", setting.near(people.area[spells["person"]]), function)


def _nights(setting: Setting, spells: Table) -> Ints:
    """The nights of each spell, longer in some hospitals for those who stay any."""
    nights = spells["out"] - spells["day"]
    longer = np.maximum(np.rint(nights * setting.hospitals.ways.stay[spells["hospital"]]), 1).astype(np.int64)
    return np.where((nights > 0) & (spells["out"] < NEVER), longer, nights)


def _by_person(spells: Table) -> Table:
    return take(spells, np.lexsort((spells["kind"], spells["day"], spells["person"])))


def _overlap(spells: Table, fixed: Table) -> Bools:
    """Which spells touch a day of one of the fixed spells of the same person."""
    order = np.argsort(fixed["person"] * WIDE + fixed["day"], kind="stable")
    key = (fixed["person"] * WIDE + fixed["day"])[order]
    before = np.searchsorted(key, spells["person"] * WIDE + spells["out"], side="right") - 1
    found = order[np.maximum(before, 0)] if len(order) else np.zeros(len(before), dtype=np.int64)
    touches: Bools = (
        (before >= 0) & (fixed["person"][found] == spells["person"]) & (fixed["out"][found] >= spells["day"]) if len(order) else before >= 0
    )
    return touches


def _follows_too_soon(spells: Table) -> Bools:
    """Which spells begin before an earlier one of the same person has ended; the table is in order."""
    key = spells["person"] * WIDE + spells["day"]
    latest_out = np.maximum.accumulate(spells["person"] * WIDE + spells["out"])
    return np.concatenate([[False], key[1:] <= latest_out[:-1]]) if len(key) else np.zeros(0, dtype=np.bool_)


def _finished(setting: Setting, block: int, people: People, spells: Table) -> Spells:
    """The spells with waits after patients were ready, cut off at death and left open at the end of the span."""
    rng = stream(setting.seed, "discharges", block)
    ready = spells["out"]
    nights = ready - spells["day"]
    old = people.age_on(spells["person"], spells["day"]) >= 75
    ways = setting.hospitals.ways
    often = ways.delay[spells["hospital"]] * _in_winter(ready)
    waits = np.where((spells["kind"] == EMERGENCY) & ~spells["died"], _waits(rng, nights, old, often), 0)
    out = np.maximum(ready, np.minimum(ready + waits, _day_before_the_next(spells)))
    out = np.minimum(out, people.died[spells["person"]])
    missing = figures("rates")["delay"]["ready_date_missing"] * ways.ready_date_missing[spells["hospital"]]
    recorded = (nights > 0) & ~spells["died"] & (rng.random(len(nights)) >= missing)
    goes_on = out >= setting.span.end
    kept = {name: column for name, column in spells.items() if name != "out"}
    return Spells(
        **kept,
        ready=np.where(recorded & (ready < setting.span.end), np.minimum(ready, out), NEVER),
        fit=np.where(~spells["died"] & (ready < setting.span.end), np.minimum(ready, out), NEVER),
        out=np.where(goes_on, NEVER, out),
    )


def _in_winter(day: Ints) -> Floats:
    """How many times the ordinary share waits that becomes ready on each day: more from December to February, less in the other months."""
    winter = figures("rates")["delay"]["winter"]
    rest = 12 / (9 + 3 * winter)
    found: Floats = np.where(np.isin(months_of(np.minimum(day, NEVER)), (11, 0, 1)), rest * winter, rest)
    return found


def _waits(rng: np.random.Generator, nights: Ints, old: Bools, often: Floats) -> Ints:
    """Nights that patients wait once they are ready: none for most, likelier after a long stay and for the old; `often`: how many times
    the ordinary share does."""
    told = figures("rates")["delay"]
    long_share = told["long_spells"] * np.where(old, 1.25, 0.7)
    share = often * np.where(nights >= told["after"], long_share, np.where(nights > 0, told["short_spells"], 0.0))
    middle, spread = told["nights"]
    length = np.ceil(middle * np.exp(spread * rng.standard_normal(len(nights))))
    return np.where(rng.random(len(nights)) < share, length, 0).astype(np.int64)


def _day_before_the_next(spells: Table) -> Ints:
    """For each spell the day before the same person's next one; the table is in order."""
    same = spells["person"][1:] == spells["person"][:-1]
    following = np.full(len(spells["day"]), NEVER)
    following[:-1] = np.where(same, spells["day"][1:] - 1, NEVER)
    return following

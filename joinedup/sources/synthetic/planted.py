"""What is planted: a neighbourhood that uses less, programmes that work or only seem to, a provider that changes its coding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from joinedup.sources.synthetic import needs
from joinedup.sources.synthetic.admissions import EMERGENCY
from joinedup.sources.synthetic.attendances import MINUTES_A_DAY, Attendances
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Table, Texts, pick, stack, take
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.happenings import window
from joinedup.sources.synthetic.life import Life
from joinedup.sources.synthetic.population import People
from joinedup.sources.synthetic.seasons import NEVER
from joinedup.sources.synthetic.setting import Setting
from joinedup.sources.synthetic.spells import Spells
from joinedup.sources.synthetic.streams import stream


@dataclass(frozen=True, slots=True)
class Programmes:
    """One entry per person who joined a programme, by day; nobody joins two."""

    person: Ints
    programme: Texts
    day: Ints
    """Of enrolment."""
    sessions: Ints
    """How often they came afterwards, at most."""
    kept: Floats
    """The share of later emergency admissions and attendances that still happen."""


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Whom a programme chooses from."""

    people: People
    life: Life
    spells: Spells
    luck: Floats
    """One number for each person."""
    first: Ints
    """The day after which each may join."""
    last: Ints

    def any_day(self) -> Ints:
        """A day between the two for each person."""
        room = np.maximum(self.last - self.first - 1, 0)
        found: Ints = self.first + 1 + (self.luck * room).astype(np.int64)
        return found


def programmes_of(setting: Setting, block: int, people: People, life: Life, spells: Spells) -> Programmes:
    """Who joined which programme, and when. `spells`: as they would have been without any."""
    rng = stream(setting.seed, "programmes", block)
    start, end = window(setting, people)
    free = ~people.outside & ~people.care_home
    parts: list[Table] = []
    for told in figures("planted")["programmes"]:
        first = np.maximum(start, _day(setting, told["begins"]))
        fits, day = FITS[told["who"]](_Candidates(people, life, spells, rng.random(len(start)), first, end - 1))
        joins = free & fits & (day > first) & (day < end - 1) & (rng.random(len(start)) < told["joins"])
        free = free & ~joins
        who = np.flatnonzero(joins)
        least, most = told["sessions"]
        parts.append(
            {
                "person": who,
                "programme": np.full(len(who), told["name"]),
                "day": day[who],
                "sessions": rng.integers(least, most + 1, len(who)),
                "kept": np.full(len(who), float(told["kept"])),
            }
        )
    every = stack(parts)
    return Programmes(**take(every, np.lexsort((every["person"], every["day"]))))


def _day(setting: Setting, share: float) -> int:
    """The day by which so much of the span has gone by."""
    return setting.span.start + round(share * (setting.span.end - setting.span.start))


def _frail(among: _Candidates) -> tuple[Bools, Ints]:
    told = figures("planted")["frail"]
    day = among.any_day()
    need = (among.people.conditions.sum(axis=1) >= told["conditions"]) | among.life.falls
    return (among.people.ages(day) >= told["age"]) & need, day


def _troubled(among: _Candidates) -> tuple[Bools, Ints]:
    day = among.any_day()
    depressed = among.people.conditions[:, needs.conditions()["depression"]]
    adult = among.people.ages(day) >= figures("planted")["troubled"]["age"]
    return adult & (depressed | among.life.anxiety | among.life.substance), day


def _at_their_peak(among: _Candidates) -> tuple[Bools, Ints]:
    """Who has been in hospital so often lately, the first time that it is so once the programme has begun."""
    told = figures("planted")["at_their_peak"]
    spells = among.spells
    at = np.flatnonzero((spells.kind == EMERGENCY) & (spells.out < NEVER) & ~spells.died)
    person, into, out = spells.person[at], spells.day[at], spells.out[at]
    back = told["admissions"] - 1
    often = np.zeros(len(at), dtype=np.bool_)
    often[back:] = (person[back:] == person[: len(at) - back]) & (into[back:] - into[: len(at) - back] <= told["within"])
    least, most = told["joins_after"]
    day = out + least + (among.luck[person] * (most - least)).astype(np.int64)
    often &= day > among.first[person]
    found = np.full(len(among.luck), NEVER)
    np.minimum.at(found, person[often], day[often])
    return found < NEVER, found


FITS: dict[str, Callable[[_Candidates], tuple[Bools, Ints]]] = {"frail": _frail, "troubled": _troubled, "at_their_peak": _at_their_peak}
"""For each sort of people: who fits, and the day on which they would join."""


def without_prevented_spells(setting: Setting, block: int, programmes: Programmes, spells: Spells) -> Spells:
    """The spells that still happen; the last of somebody's life always does."""
    may = (spells.kind == EMERGENCY) & ~spells.died
    luck = stream(setting.seed, "spells that a programme prevents", block).random(len(may))
    still = ~(may & _prevented(programmes, spells.person, spells.day, luck))
    return replace(spells, **{name: getattr(spells, name)[still] for name in Spells.__slots__})


def without_prevented_attendances(setting: Setting, block: int, programmes: Programmes, held: Attendances) -> Attendances:
    """The attendances that still happen, those that led to a spell or to death among them."""
    may = (held.spell < 0) & ~held.died
    luck = stream(setting.seed, "attendances that a programme prevents", block).random(len(may))
    still = ~(may & _prevented(programmes, held.person, held.arrived // MINUTES_A_DAY, luck))
    return replace(held, **{name: getattr(held, name)[still] for name in Attendances.__slots__})


def _prevented(programmes: Programmes, person: Ints, day: Ints, luck: Floats) -> Bools:
    """Which events of these people and days a programme prevents, as luck has it."""
    size = int(max(person.max(initial=0), programmes.person.max(initial=0))) + 1
    joined, kept = np.full(size, NEVER), np.ones(size)
    joined[programmes.person], kept[programmes.person] = programmes.day, programmes.kept
    found: Bools = (day > joined[person]) & (luck >= kept[person])
    return found


@dataclass(frozen=True, slots=True)
class Plan:
    """What is planted in a place as a whole."""

    under_using: int
    """The position of the neighbourhood among those in being; -1 where a place has fewer than two."""
    coding_provider: int
    """The position among the hospitals of the one that changes its coding; -1 where there is none."""
    coding_from: int


def plan_of(setting: Setting) -> Plan:
    """What is planted in a place."""
    rng = stream(setting.seed, "planted")
    near, patients = setting.practices.neighbourhood, setting.practices.epochs[-1].chosen.sum(axis=(0, 1))
    possible = np.unique(near[(near >= 0) & (patients > 0)])
    shares = setting.hospitals.shares("apc")
    return Plan(
        under_using=int(possible[pick(rng, np.ones(len(possible)), 1)[0]]) if len(possible) > 1 else -1,
        coding_provider=int(np.argmax(shares)) if shares.any() else -1,
        coding_from=_day(setting, figures("planted")["coding"]["from"]),
    )

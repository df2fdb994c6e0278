"""Where each person was registered and lived, and when: stays, each with one practice and one address."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from joinedup.sources.synthetic import households
from joinedup.sources.synthetic.areas import pick_home
from joinedup.sources.synthetic.draws import Bools, Ints, Table, pick, stack, take
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.population import People
from joinedup.sources.synthetic.practices import ELSEWHERE, Epoch
from joinedup.sources.synthetic.seasons import NEVER, YEAR
from joinedup.sources.synthetic.setting import Setting
from joinedup.sources.synthetic.streams import stream

WIDE = 2**33  # more than any day, so that person and day make one number


@dataclass(frozen=True, slots=True)
class Stays:
    """One entry per person, practice and address, by person and start; starts are first days, ends are the day that it ended."""

    person: Ints
    practice: Ints
    area: Ints
    address: Ints
    """0 for the household's first address in the span, 1 for its second."""
    registered: Ints
    deregistered: Ints
    moved_in: Ints
    moved_out: Ints

    def on(self, person: Ints, day: Ints) -> Ints:
        """For each person and day the stay that they were in; before their first and after their last, that one."""
        key = self.person * WIDE + np.maximum(self.registered, self.moved_in)
        found = np.searchsorted(key, person * WIDE + day, side="right") - 1
        first = np.searchsorted(self.person, person)
        return np.maximum(found, first)


def stays_of(setting: Setting, block: int, people: People) -> Stays:
    """The stays of everyone in a block."""
    moves = _house_moves(setting, block, people)
    here = _Here(setting, block, people)
    for epoch in setting.practices.epochs:
        here.practices_change(epoch)
        here.people_come(epoch)
        here.people_move(epoch, *moves)
    ended = stack([*here.ended, here.until(np.arange(len(here.practice)), NEVER, NEVER), _outside(setting, block, people)])
    order = np.lexsort((ended["moved_in"], ended["registered"], ended["person"]))
    sorted_ = take(ended, order)
    sorted_["deregistered"] = _earliest(sorted_["deregistered"], sorted_["person"], sorted_["registered"])
    sorted_["moved_out"] = _earliest(sorted_["moved_out"], sorted_["person"], sorted_["moved_in"])
    return Stays(**sorted_)


def _earliest(end: Ints, person: Ints, start: Ints) -> Ints:
    """The earliest end among the entries of one person with one start: those are one registration, or one address."""
    groups = np.unique(person * WIDE + start, return_inverse=True)[1]
    found = np.full(groups.max(initial=-1) + 1, NEVER)
    np.minimum.at(found, groups, end)
    return found[groups]


def _house_moves(setting: Setting, block: int, people: People) -> tuple[Ints, Ints, Bools]:
    """For each person when the household moves within the place (NEVER for most), to which area, and whether it keeps its practice."""
    rng = stream(setting.seed, "moves within", block)
    firsts = np.unique(people.household, return_index=True)[1]
    ages = people.first_age[firsts]
    moves = rng.random(len(firsts)) < households.moving(ages, "within_the_place") * setting.span.years
    day = np.where(moves, rng.integers(setting.span.start + 1, setting.span.end, len(firsts)), NEVER)
    keeps = rng.random(len(firsts)) < figures("households")["keeps_practice"]
    at = people.household
    cells = setting.mix.cell(people.kind[firsts], people.sex[firsts], ages)
    home = pick_home(rng, setting.areas, ages, None if setting.homes is None else setting.homes[cells])
    return day[at], home[at], keeps[at]


class _Here:
    """Where the people of the place are at one moment, as the span goes by; `ended` gathers the stays that are over."""

    def __init__(self, setting: Setting, block: int, people: People) -> None:
        self.practices = setting.practices
        self.rng = stream(setting.seed, "practices", block)
        size = int((~people.outside).sum())  # people from elsewhere come last
        self.first_of_household = np.unique(people.household[:size], return_index=True)[1][people.household[:size]]
        self.first_age = people.first_age[:size]
        self.joined, self.gone = people.joined[:size], people.gone[:size]
        self.practice = np.full(size, -1)
        self.area = people.area[:size].copy()
        self.address = np.zeros(size, dtype=np.int64)
        self.registered = self.joined.copy()
        self.moved_in = np.maximum(self.joined - (self.rng.exponential(2, size) * YEAR).astype(np.int64), people.born[:size])
        self.ended: list[Table] = []

    def until(self, who: Ints, deregistered: Ints | int, moved_out: Ints | int) -> Table:
        """The present stays of some people, with these ends or, where they are gone before, that day."""
        gone = np.where(self.gone[who] >= NEVER, NEVER, self.gone[who])
        return {
            "person": who,
            "practice": self.practice[who],
            "area": self.area[who],
            "address": self.address[who],
            "registered": self.registered[who],
            "deregistered": np.minimum(deregistered, gone),
            "moved_in": self.moved_in[who],
            "moved_out": np.minimum(moved_out, gone),
        }

    def practices_change(self, epoch: Epoch) -> None:
        """Patients of a practice that has closed go to its successor, or to another that is open; a new practice wins some patients."""
        practices = self.practices
        held = (self.practice >= 0) & (self.gone > epoch.start)
        shut = np.flatnonzero(held & ~epoch.open[self.practice])
        heirs = practices.successor[self.practice[shut]]
        good = (heirs >= 0) & epoch.open[np.maximum(heirs, 0)]
        self._register(shut, np.where(good, heirs, practices.pick(self.rng, epoch, self.area[shut], self.first_age[shut])), epoch.start)
        opened = epoch.open & (practices.opened == epoch.start) & ~np.isin(np.arange(practices.inside), practices.successor)
        if opened.any():
            stayed = np.flatnonzero(held & epoch.open[self.practice])
            chosen = practices.pick(self.rng, epoch, self.area[stayed], self.first_age[stayed])
            drawn = opened[chosen]
            self._register(stayed[drawn], chosen[drawn], epoch.start)

    def people_come(self, epoch: Epoch) -> None:
        """Those who join before the epoch ends register: a household with one practice, mostly, no earlier than it opened."""
        come = np.flatnonzero((self.practice < 0) & (self.joined < epoch.end))
        of_household = self.practices.pick(self.rng, epoch, self.area, self.first_age)[self.first_of_household[come]]
        own = self.practices.pick(self.rng, epoch, self.area[come], self.first_age[come])
        self.practice[come] = np.where(self.rng.random(len(come)) < figures("households")["other_practice"], own, of_household)
        self.registered[come] = np.maximum(self.registered[come], self.practices.opened[self.practice[come]])

    def people_move(self, epoch: Epoch, day: Ints, area: Ints, keeps: Bools) -> None:
        """Households that move house in the epoch: to another area, with another practice unless they keep theirs."""
        here = len(self.practice)
        day, area, keeps = day[:here], area[:here], keeps[:here]
        in_epoch = (day >= epoch.start) & (day < epoch.end) & (day < self.gone)
        who = np.flatnonzero(in_epoch & (day > np.maximum(self.registered, self.moved_in)) & (self.practice >= 0))
        chosen = self.practices.pick(self.rng, epoch, area, self.first_age)[self.first_of_household[who]]
        stays = keeps[who] | (chosen == self.practice[who])
        self.ended.append(self.until(who, np.where(stays, NEVER, day[who]), day[who]))
        self.practice[who] = np.where(stays, self.practice[who], chosen)
        self.registered[who] = np.where(stays, self.registered[who], day[who])
        self.area[who], self.address[who], self.moved_in[who] = area[who], 1, day[who]

    def _register(self, who: Ints, practice: Ints, day: int) -> None:
        """Those people change practice on a day, at the same address."""
        self.ended.append(self.until(who, day, NEVER))
        self.practice[who] = practice
        self.registered[who] = day


def _outside(setting: Setting, block: int, people: People) -> Table:
    """People from elsewhere: one stay each, with a practice elsewhere that is not always known."""
    who = np.flatnonzero(people.outside)
    rng = stream(setting.seed, "practices elsewhere", block)
    shares = np.append(np.ones(len(ELSEWHERE)), len(ELSEWHERE) * 0.05)
    long_ago = np.maximum(people.born[who], setting.span.start - 3000)
    never = np.full(len(who), NEVER)
    return {
        "person": who,
        "practice": setting.practices.inside + pick(rng, shares, len(who)),
        "area": people.area[who],
        "address": np.zeros(len(who), dtype=np.int64),
        "registered": long_ago,
        "deregistered": never,
        "moved_in": long_ago,
        "moved_out": never,
    }

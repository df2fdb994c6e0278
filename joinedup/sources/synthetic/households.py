"""Households and who lives in them: kinds of household, fitted so that the ages and sexes of the whole come out right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from joinedup.sources.synthetic.draws import Bools, Floats, Ints, pick
from joinedup.sources.synthetic.figures import columns, figures, points
from joinedup.sources.synthetic.streams import stream

OLDEST = 90  # the last age of the published figures holds everybody older
FIRST_AGES = np.arange(18, 96)
OLD = 65
MAN, WOMAN = 1, 2
FIRST, PARTNER, CHILD, ELDER, OTHER = range(5)


@dataclass(frozen=True, slots=True)
class Mix:
    """How many households there are of each kind, by sex and age of the first person."""

    kinds: tuple[str, ...]
    kind: Ints
    sex: Ints
    age: Ints
    share: Floats
    brings: Floats
    """People of each sex and single year of age, men first, that a household of the cell brings on average."""

    def movers(self) -> Mix:
        """The same, weighted by how often such households move into the place."""
        return replace(self, share=self.share * moving(self.age, "into_the_place"))

    def cell(self, kind: Ints, sex: Ints, first_age: Ints) -> Ints:
        """The cell of households of a kind by the sex and age of their first person."""
        found: Ints = (kind * 2 + sex - MAN) * len(FIRST_AGES) + first_age - FIRST_AGES[0]
        return found

    def homes(self, residents: Floats, starts: Sequence[int], rounds: int = 60) -> Floats:
        """For each cell and area the part of such households that live there, so that ages by area come out as `residents`.

        `residents`: people of each area (rows) by age group; `starts`: the first age of each group. The shares are raised or lowered
        step by step (Richardson and Lucy's way), each cell keeping its share of all households.
        """
        ages = np.tile(np.arange(OLDEST + 1), 2)
        group = np.searchsorted(np.array(starts), ages, side="right") - 1
        brings = np.stack([self.brings[:, group == at].sum(axis=1) for at in range(len(starts))], axis=1)
        have_all = self.share @ brings
        target = residents * (have_all / residents.sum(axis=0))[None, :]
        found = self.share[:, None] * (residents.sum(axis=1) / residents.sum())[None, :]
        for _ in range(rounds):
            ratio = target / np.maximum(found.T @ brings, 1e-12)
            found = found * (brings @ ratio.T) / np.maximum(brings.sum(axis=1), 1e-12)[:, None]
            found *= (self.share / np.maximum(found.sum(axis=1), 1e-300))[:, None]
        shares: Floats = found / np.maximum(found.sum(axis=1), 1e-300)[:, None]
        return shares


@dataclass(frozen=True, slots=True)
class Members:
    """People in households: one entry per person, households one after the other, the first person first."""

    household: Ints
    kind: Ints
    role: Ints
    sex: Ints
    age: Ints
    first_age: Ints
    """The age of the household's first person."""


def moving(ages: Ints, whereto: str) -> Floats:
    """How likely a household whose first person is of that age is to move in a year."""
    return points(figures("households")["moves"][whereto], ages) / 1000


def people_of_england() -> Floats:
    """How many there are of each sex and age, men first: shares of all."""
    told = figures("age_sex")
    ages = np.arange(OLDEST + 1)
    women = points(told["share_female"], ages)
    counts = np.array(told["people"], dtype=float)
    both: Floats = np.concatenate([counts * (1 - women), counts * women])
    return both / float(both.sum())


def fit(target: Floats, seed: int = 0, repeats: int = 60, rounds: int = 80) -> Mix:
    """The mix of households whose members have the target's sexes and ages (as `people_of_england` gives them).

    Each cell of the mix is a kind, sex and age of a first person. What members a cell brings is found by drawing it
    many times; the shares are then raised or lowered step by step towards the target (Richardson and Lucy's way),
    beginning with the published shares of kinds and stopping while it still resembles them.
    """
    mix = _published()
    cells = np.repeat(np.arange(len(mix.share)), repeats)
    drawn = members(stream(seed, "household fit"), mix, cells)
    place = (drawn.sex - 1) * (OLDEST + 1) + np.minimum(drawn.age, OLDEST)
    brings = (
        np.bincount(cells[drawn.household] * len(target) + place, minlength=len(mix.share) * len(target)).reshape(len(mix.share), -1)
        / repeats
    )
    share = mix.share
    for _ in range(rounds):
        have = share @ brings
        share = share * (brings @ (target / np.maximum(have / have.sum(), 1e-9))) / brings.sum(axis=1)
        share = _with_few_care_homes(mix, share, brings)
    return replace(mix, share=share / share.sum(), brings=brings)


def _with_few_care_homes(mix: Mix, share: Floats, brings: Floats) -> Floats:
    """The shares with so many care homes that no more old people live in them than published."""
    old = brings[:, np.tile(np.arange(OLDEST + 1), 2) >= OLD].sum(axis=1)
    homes = mix.kind == mix.kinds.index("care_home")
    there, elsewhere = float(share[homes] @ old[homes]), float(share[~homes] @ old[~homes])
    most = figures("households")["old_people_in_care_homes"]
    return np.where(homes, share * min(1.0, most / (1 - most) * elsewhere / max(there, 1e-12)), share)


def _published() -> Mix:
    told = columns("households")
    kind, sex, age = (grid.ravel() for grid in np.meshgrid(np.arange(len(told["kind"])), [MAN, WOMAN], FIRST_AGES, indexing="ij"))
    density = np.exp(-0.5 * ((age - told["age"][kind]) / told["spread"][kind]) ** 2) / told["spread"][kind]
    women = told["female"][kind]
    return Mix(
        tuple(told["kind"]), kind, sex, age, told["share"][kind] * density * np.where(sex == WOMAN, women, 1 - women), np.zeros((0, 0))
    )


def draw(rng: np.random.Generator, mix: Mix, people: int) -> Members:
    """Households of the mix until there are so many people; the last household may lack members."""
    guess = 30 + 7 * people // 10  # more than enough: the mean household holds more than two
    drawn = members(rng, mix, pick(rng, mix.share, guess), small=people < SMALL)
    return Members(**{name: getattr(drawn, name)[:people] for name in Members.__slots__})


SMALL = 500  # so few people have no care home to themselves


def members(rng: np.random.Generator, mix: Mix, cells: Ints, small: bool = False) -> Members:
    """The people of households of these cells."""
    kind, sex, age = mix.kind[cells], mix.sex[cells], mix.age[cells]
    counts = _counts(rng, mix, kind, small)
    size = counts.sum(axis=1)
    household = np.repeat(np.arange(len(cells)), size)
    place = np.arange(len(household)) - np.repeat(np.cumsum(size) - size, size)
    role = (place[:, None] >= np.cumsum(counts, axis=1)[household]).sum(axis=1)
    nth = place - np.where(
        role > 0, np.take_along_axis(np.cumsum(counts, axis=1)[household], np.maximum(role - 1, 0)[:, None], axis=1)[:, 0], 0
    )
    partner_age = _partner_age(rng, sex, age)
    mother_age = np.where((sex == WOMAN) | (counts[:, PARTNER] == 0), age, partner_age)
    care_home = (kind == mix.kinds.index("care_home"))[household]
    return Members(
        household=household,
        kind=kind[household],
        role=role,
        sex=_sexes(rng, role, nth, sex[household], care_home),
        age=np.select(
            [role == FIRST, role == PARTNER, role == CHILD, role == ELDER],
            [age[household], partner_age[household], _child_ages(rng, mother_age, household, nth), _elder_ages(rng, age, household)],
            _other_ages(rng, age, household, care_home),
        ),
        first_age=age[household],
    )


def _counts(rng: np.random.Generator, mix: Mix, kind: Ints, small: bool) -> Ints:
    """For each household how many of each role it holds."""
    told = figures("households")
    counts = np.zeros((len(kind), 5), dtype=np.int64)
    counts[:, FIRST] = 1
    for at, name in enumerate(mix.kinds):
        here = kind == at
        size = int(here.sum())
        counts[here, PARTNER] = name in {"couple", "couple_with_children", "three_generations"}
        if name in told["children"]:
            counts[here, CHILD] = 1 + pick(rng, np.array(told["children"][name]), size)
        if name in told["adults"]:
            counts[here, OTHER] = 1 + pick(rng, np.array(told["adults"][name]), size)
        if name == "three_generations":
            counts[here, ELDER] = 1 + (rng.random(size) < 0.4)
        if name == "care_home":
            least, most = told["care_home_beds"]
            counts[here, OTHER] = 2 if small else rng.integers(least, most, size)
    return counts


def _partner_age(rng: np.random.Generator, sex: Ints, age: Ints) -> Ints:
    middle, spread = figures("households")["partner_gap"]
    gap: Floats = middle + spread * rng.standard_normal(len(age))
    return np.clip(np.rint(age + np.where(sex == WOMAN, gap, -gap)), 18, 100).astype(np.int64)


def _child_ages(rng: np.random.Generator, mother_age: Ints, household: Ints, nth: Ints) -> Ints:
    """Ages of children at home; where the mother's age allows none so old, any age that it does allow."""
    told = figures("households")
    middle, spread = told["mother_at_first_birth"]
    first_birth = np.clip(middle + spread * rng.standard_normal(len(mother_age)), 16, 44)
    age = mother_age[household] - first_birth[household] - nth * told["years_between_births"]
    oldest = np.clip(mother_age[household] - 17, 1, 24)
    any_age = rng.random(len(household)) * oldest
    return np.where((age >= 0) & (age <= 27), age, any_age).astype(np.int64)


def second_twins(household: Ints, role: Ints, age: Ints) -> Ints:
    """The positions of the second of two children of one household and age, who are therefore twins."""
    same = (household[1:] == household[:-1]) & (age[1:] == age[:-1]) & (role[1:] == CHILD) & (role[:-1] == CHILD)
    return np.flatnonzero(same) + 1


def _elder_ages(rng: np.random.Generator, age: Ints, household: Ints) -> Ints:
    return np.clip(age[household] + 27 + 4 * rng.standard_normal(len(household)), 40, 101).astype(np.int64)


def _other_ages(rng: np.random.Generator, age: Ints, household: Ints, care_home: Bools) -> Ints:
    spread = rng.standard_normal(len(household))
    return np.where(care_home, np.clip(86 + 7.5 * spread, 62, 104), np.clip(age[household] + 4 * spread, 18, 90)).astype(np.int64)


def _sexes(rng: np.random.Generator, role: Ints, nth: Ints, first: Ints, care_home: Bools) -> Ints:
    """Partners are mostly of the other sex, the second elder is of the other sex than the first, the rest come as they come."""
    luck = rng.random(len(role))
    other = MAN + WOMAN - first
    women = np.where(role == CHILD, 0.4875, np.where(care_home, 0.70, 0.48))
    partner = np.where(luck < 0.98, other, first)
    elder = np.where(nth == 0, WOMAN, MAN)
    drawn = np.where(luck < women, WOMAN, MAN)
    return np.select([role == FIRST, role == PARTNER, role == ELDER], [first, partner, elder], drawn)

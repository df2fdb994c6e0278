"""The people of one block: who they are, where they live, what they suffer from, when they come and go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from joinedup.place.model import ETHNIC_GROUPS
from joinedup.sources.synthetic import households, needs
from joinedup.sources.synthetic.areas import pick_home
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Table, pick, pick_by_row, pick_heaviest
from joinedup.sources.synthetic.figures import columns, figures, points
from joinedup.sources.synthetic.households import Members
from joinedup.sources.synthetic.seasons import NEVER, YEAR, season
from joinedup.sources.synthetic.setting import Setting
from joinedup.sources.synthetic.streams import stream


@dataclass(frozen=True, slots=True)
class People:
    """One entry per person: those of the place by household, then those who left it, then people from elsewhere."""

    household: Ints
    kind: Ints
    role: Ints
    first_age: Ints
    sex: Ints
    area: Ints
    """Where they live before any move within the place."""
    ethnic: Ints
    frailty: Floats
    """Latent: standard normal."""
    conditions: Bools
    born: Ints
    died: Ints
    joined: Ints
    """The first day registered in the place, long ago for most."""
    left: Ints
    """The day that they moved out of the place."""
    outside: Bools
    """Lives elsewhere and is registered there."""
    care_home: Bools

    def ages(self, day: Ints | int) -> Floats:
        """Everyone's age on a day, in years."""
        return (day - self.born) / YEAR

    def age_on(self, who: Ints, day: Ints) -> Floats:
        """The age of each of some people on a day of their own, in years."""
        return (day - self.born[who]) / YEAR

    @property
    def twin(self) -> Ints:
        """For each twin the other one; -1 for everybody else."""
        second = np.flatnonzero(
            (self.household[1:] == self.household[:-1])
            & (self.role[1:] == households.CHILD)
            & (self.role[:-1] == households.CHILD)
            & (self.born[1:] == self.born[:-1])
        )
        found = np.full(len(self.born), -1)
        found[second], found[second + 1] = second + 1, second
        return found

    @property
    def gone(self) -> Ints:
        """The day from which they are seen no more: of death, or of leaving."""
        return np.minimum(self.died + 1, self.left)


def people_of(setting: Setting, block: int) -> People:
    """The people of one block."""
    counts, span, seed = setting.counts(block), setting.span, setting.seed
    stay = counts.now + counts.dying
    held = _everyone(setting, block)
    outside = np.arange(len(held.age)) >= stay + counts.leaving
    leaving = (np.arange(len(held.age)) >= stay) & ~outside
    age = np.where(leaving, np.maximum(held.age, 2), held.age)
    area = _homes(setting, block, held, outside)
    fifth = setting.areas.fifth[area]
    rng = stream(seed, "conditions", block)
    frailty = rng.standard_normal(len(age))
    conditions = needs.fall_ill(rng, age, fifth, frailty)
    born = span.end - 1 - (age * YEAR + stream(seed, "birthdays", block).random(len(age)) * (YEAR - 1)).astype(np.int64)
    second = households.second_twins(held.household, held.role, age)
    born[second] = born[second - 1]
    joined = _joined(setting, block, held, born)
    burden = needs.burden(age, frailty, conditions, "death")
    hazard = needs.dying(age, held.sex, fifth) * burden
    died = _died(setting, block, np.where(np.arange(len(age)) < stay, hazard, 0.0), np.maximum(joined, born) + 1)
    return People(
        household=held.household,
        kind=held.kind,
        role=held.role,
        first_age=held.first_age,
        sex=held.sex,
        area=area,
        ethnic=_ethnic_groups(setting, block, held, area),
        frailty=frailty,
        conditions=conditions,
        born=born,
        died=died,
        joined=joined,
        left=_left(setting, block, held, joined, leaving),
        outside=outside,
        care_home=held.kind == setting.mix.kinds.index("care_home"),
    )


def _everyone(setting: Setting, block: int) -> Members:
    """Households of those who stay, of those who leave (as mobile as movers are), and single people from elsewhere."""
    counts = setting.counts(block)
    rng = stream(setting.seed, "households", block)
    parts = [
        households.draw(rng, setting.mix, counts.now + counts.dying),
        households.draw(rng, setting.mix.movers(), counts.leaving),
        households.draw(rng, setting.mix, counts.others),
    ]
    offset, joined = 0, []
    for part in parts:
        joined.append(part.household + offset)
        offset += int(part.household.max(initial=-1)) + 1
    columns_ = {name: np.concatenate([getattr(part, name) for part in parts]) for name in Members.__slots__ if name != "household"}
    return Members(household=np.concatenate(joined), **columns_)


def _homes(setting: Setting, block: int, held: Members, outside: Bools) -> Ints:
    """Each person's area: one for a household."""
    rng = stream(setting.seed, "homes", block)
    firsts = np.unique(held.household, return_index=True)[1]
    cells = setting.mix.cell(held.kind[firsts], held.sex[firsts], held.first_age[firsts])
    home = pick_home(rng, setting.areas, held.first_age[firsts], None if setting.homes is None else setting.homes[cells])
    elsewhere = rng.integers(setting.areas.inside, len(setting.areas.code), len(firsts))
    return np.where(outside, elsewhere[held.household], home[held.household])


def _ethnic_groups(setting: Setting, block: int, held: Members, area: Ints) -> Ints:
    """Each person's ethnic group: the household's for nearly all."""
    told, rows = figures("ethnic_groups"), columns("ethnic_groups")
    rng = stream(setting.seed, "ethnic groups", block)
    firsts = np.unique(held.household, return_index=True)[1]
    by_age = points(told["odds_by_age"], held.first_age[firsts])
    if setting.areas.ethnic is None:
        by_area = np.where(rows["minority"][None, :] == 1, setting.areas.minority[area[firsts]][:, None], 1.0)
    else:
        by_area = _beside_england(setting.areas.ethnic, rows)[np.minimum(area[firsts], setting.areas.inside - 1)]
    weights = rows["share"][None, :] * by_area * np.where(rows["minority"][None, :] == 1, by_age[:, None], 1.0)
    own = pick(rng, rows["share"], len(area))
    differs = rng.random(len(area)) < told["member_of_another_group"]
    return np.where(differs, own, pick_by_row(rng, weights)[held.household])


def _beside_england(ethnic: Floats, rows: Table) -> Floats:
    """For each area and ethnic category, how many times its share of England it has; one for all of a broad group."""
    broad = np.array([next(at for at, held in enumerate(ETHNIC_GROUPS.values()) if code in held) for code in rows["code"]])
    usual = np.bincount(broad, rows["share"], minlength=len(ETHNIC_GROUPS))
    found: Floats = (ethnic / ethnic.sum(axis=1, keepdims=True) / usual[None, :])[:, broad]
    return found


def _joined(setting: Setting, block: int, held: Members, born: Ints) -> Ints:
    """The first day of registration in the place: in the span for households that moved in, weeks after birth for babies, else long ago."""
    span = setting.span
    rng = stream(setting.seed, "moves in", block)
    size = int(held.household.max()) + 1
    firsts = np.unique(held.household, return_index=True)[1]
    recent = rng.random(size) < households.moving(held.first_age[firsts], "into_the_place") * span.years
    long_ago = span.start - 1 - (rng.exponential(11, size) * YEAR).astype(np.int64)
    household = np.where(recent, rng.integers(span.start, span.end, size), long_ago)[held.household]
    own_history = span.start - 1 - (rng.exponential(11, len(born)) * YEAR).astype(np.int64)
    settled = np.where((rng.random(len(born)) < 0.5) & ~recent[held.household], own_history, household)
    after_birth: Ints = np.minimum(born + rng.integers(4, 40, len(born)), span.end - 1)
    return np.maximum(settled, after_birth)


def _left(setting: Setting, block: int, held: Members, joined: Ints, leaving: Bools) -> Ints:
    """The day that households left; never before they came."""
    span = setting.span
    rng = stream(setting.seed, "moves out", block)
    day = rng.integers(span.start + 1, span.end, int(held.household.max()) + 1)[held.household]
    return np.where(leaving, np.minimum(np.maximum(day, joined + 1), span.end), NEVER)


def _died(setting: Setting, block: int, hazard: Floats, earliest: Ints) -> Ints:
    """The day that each person died, for as many as the block is to lose."""
    span = setting.span
    rng = stream(setting.seed, "deaths", block)
    told = figures("rates")["death"]
    chosen = pick_heaviest(rng, np.where(earliest < span.end, hazard, 0.0), setting.counts(block).dying)
    died = np.full(len(hazard), NEVER)
    start = np.maximum(earliest[chosen], span.start)
    died[chosen] = season(span, told).days(rng, start, np.full(len(chosen), span.end))
    return died

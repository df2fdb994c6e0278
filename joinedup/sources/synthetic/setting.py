"""The setting in which invented people live: everything that the place folder fixes, in arrays, the same for every block of people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from joinedup.errors import PlaceError
from joinedup.place.model import AGE_GROUPS, Place
from joinedup.sources.synthetic import households, needs
from joinedup.sources.synthetic.areas import Areas, areas_of
from joinedup.sources.synthetic.draws import Floats, Ints
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.hospitals import Hospitals, hospitals_of
from joinedup.sources.synthetic.nhs_numbers import MOST
from joinedup.sources.synthetic.practices import Practices, anchors_of, practices_of
from joinedup.sources.synthetic.seasons import YEARS, Span, span_to

AGES = tuple(first for first, _ in AGE_GROUPS.values())
"""The first age of each group that small areas are described by."""

BLOCK = 10_000
"""People registered at the end of the span whom one block holds; another number gives other people."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many people one block holds, of each sort."""

    now: int
    """Registered at the end of the span."""
    dying: int
    """Died in the span."""
    leaving: int
    """Left the place in the span."""
    others: int
    """Registered elsewhere, using the same hospitals."""

    @property
    def everyone(self) -> int:
        """All of them."""
        return self.now + self.dying + self.leaving + self.others


@dataclass(frozen=True, slots=True)
class Setting:
    """What every block of people stands on."""

    place: Place
    people: int
    seed: int
    span: Span
    neighbourhoods: tuple[str, ...]
    """Those in being, by id; positions elsewhere are positions here."""
    areas: Areas
    practices: Practices
    hospitals: Hospitals
    mix: households.Mix
    homes: Floats | None
    """For each cell of the mix how likely each area of the place is; None where the place doesn't say who lives where."""
    deaths: float
    """Deaths in the span per person alive at its end."""
    moves: float
    """Moves into the place in the span per person; as many move out."""
    noise: float = 1.0
    """How many times the ordinary rates faults come at."""
    by_end: frozenset[str] = frozenset()
    """Sources that send month by month by the day on which something is over, such as of discharge."""

    @property
    def blocks(self) -> int:
        """How many blocks the people fill."""
        return -(-self.people // BLOCK)

    def counts(self, block: int) -> Counts:
        """How many people of each sort a block holds."""
        return _counts(min(BLOCK, self.people - block * BLOCK), self.deaths, self.moves)

    def near(self, area: Ints) -> Ints:
        """The position of each area's neighbourhood; -1 for areas elsewhere."""
        found: Ints = self.areas.neighbourhood[area]
        return found

    def first_number(self, block: int) -> int:
        """The position of a block's first person among the NHS numbers."""
        return block * _counts(BLOCK, self.deaths, self.moves).everyone


def setting_of(place: Place, people: int, seed: int, *, years: int = YEARS, noise: float = 1.0) -> Setting:
    """The setting for so many people and years, or PlaceError when the place can't hold them."""
    anchors = anchors_of(place)
    areas = areas_of(place, seed, anchors)
    span = span_to(place.as_at, years)
    target, deaths = _with_those_who_die(areas, span)
    mix = households.fit(target)
    setting = Setting(
        place=place,
        people=people,
        seed=seed,
        span=span,
        neighbourhoods=tuple(anchors),
        areas=areas,
        practices=practices_of(place, areas, list(anchors), span),
        hospitals=hospitals_of(place, seed, len(anchors)),
        mix=mix,
        homes=None if areas.aged is None else mix.homes(areas.aged, AGES),
        deaths=deaths,
        moves=float(households.moving(mix.age, "into_the_place") @ mix.share) * span.years,
        noise=noise,
    )
    _enough_numbers(setting)
    return setting


def _counts(now: int, deaths: float, moves: float) -> Counts:
    others = figures("rates")["others"]["per_person"]
    return Counts(now=now, dying=round(now * deaths), leaving=round(now * moves), others=round(now * others))


def _with_those_who_die(areas: Areas, span: Span) -> tuple[Floats, float]:
    """The ages and sexes to draw, so that the published ones remain once some have died; and how many die per survivor."""
    alive = _with_ages_of(areas, households.people_of_england())
    ages = np.tile(np.arange(households.OLDEST + 1), 2)
    ages = np.where(ages == households.OLDEST, 92, ages)  # the mean age of those aged 90 and over
    sex = np.repeat([households.MAN, households.WOMAN], households.OLDEST + 1)
    weights = np.bincount(areas.fifth[: areas.inside], areas.weight[: areas.inside], minlength=5)
    by_fifth = np.stack([needs.dying(ages, sex, np.full(len(ages), fifth)) for fifth in range(5)])
    dying = alive * (weights / weights.sum() @ by_fifth) * span.years
    return (alive + dying) / (alive + dying).sum(), float(dying.sum())


def _with_ages_of(areas: Areas, people: Floats) -> Floats:
    """The shares of people by sex and single year of age, raised and lowered so that the place's own age groups come out."""
    if areas.aged is None:
        return people
    group = np.searchsorted(np.array(AGES), np.tile(np.arange(households.OLDEST + 1), 2), side="right") - 1
    found: Floats = people * (areas.aged.sum(axis=0) / areas.aged.sum() / np.bincount(group, people, minlength=len(AGES)))[group]
    return found


def _enough_numbers(setting: Setting) -> None:
    """PlaceError when there are more people than NHS numbers for them."""
    last = setting.blocks - 1
    wanted = setting.first_number(last) + setting.counts(last).everyone
    if wanted > MOST:
        most = MOST // setting.counts(0).everyone * BLOCK
        raise PlaceError(
            f"{setting.people} people can't be invented: with those who die, leave or live elsewhere they need {wanted} NHS numbers and "
            f"only {MOST} that begin with 9 are kept for them; ask for {most} or fewer"
        )

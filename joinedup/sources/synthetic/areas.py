"""Where people live: the place's small areas or, where it names none, some nameless ones in each neighbourhood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from joinedup.place.model import AGE_GROUPS, ETHNIC_GROUPS, Place, SmallArea
from joinedup.sources.synthetic.draws import Floats, Ints, Texts, pick, pick_by_row
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.streams import stream

AREAS_OF_ENGLAND = 32_844  # lower layer super output areas of 2011, which the Index of Multiple Deprivation 2019 ranks
RESIDENTS = 1_700  # of a small area whose population the place doesn't say: about the mean of mid-2020
NAMELESS = "nameless"
NAMELESS_EACH = 10  # areas drawn for each neighbourhood where the place names none, two of each deprivation fifth
ELSEWHERE = 40  # areas outside the place where others who use its hospitals live

# How much likelier a household whose first person is of that age is to live in each fifth (most deprived first);
# ours, as older people live in better-off areas.
TILT: dict[int, tuple[float, ...]] = {
    0: (1.16, 1.08, 1.0, 0.92, 0.86),
    35: (1.06, 1.02, 1.0, 0.98, 0.96),
    65: (0.72, 0.88, 1.02, 1.14, 1.22),
}


@dataclass(frozen=True, slots=True)
class Areas:
    """The small areas, in arrays; after those of the place come areas elsewhere."""

    code: Texts
    """Blank for an area without a name."""
    fifth: Ints
    """0 is the most deprived."""
    neighbourhood: Ints
    """Its neighbourhood's position among those in being; -1 elsewhere."""
    weight: Floats
    """Residents."""
    home: Floats
    """For each age group of households, how likely each area of the place is."""
    minority: Floats
    """Odds of an ethnic group whose share differs between areas, beside the whole place."""
    aged: Floats | None
    """For each area of the place how many residents it has of each age group; None where the place doesn't say."""
    ethnic: Floats | None
    """The same by broad ethnic group."""

    @property
    def inside(self) -> int:
        """How many lie in the place; the others are elsewhere."""
        return int(self.home.shape[1])


def areas_of(place: Place, seed: int, anchors: Mapping[str, float]) -> Areas:
    """The place's areas. `anchors`: the neighbourhoods in being and the registered patients of their practices."""
    rng = stream(seed, "areas")
    listed = _in_force(place) or _nameless(place, anchors)
    weight = np.array([RESIDENTS if area.population is None else area.population for area in listed], dtype=float)
    weight = weight if weight.sum() > 0 else np.ones(len(listed))
    fifth = np.array([_fifth(area) for area in listed])
    fifth = np.where(fifth < 0, _spread_evenly(rng, len(listed)), fifth)
    odds = np.array(figures("ethnic_groups")["odds_by_fifth"])[fifth]
    spread = figures("ethnic_groups")["spread_between_areas"]
    return Areas(
        code=np.concatenate([["" if area.code == NAMELESS else area.code for area in listed], _elsewhere_codes()]).astype(str),
        fifth=np.concatenate([fifth, np.arange(ELSEWHERE) % 5]),
        neighbourhood=np.concatenate([_neighbourhoods(place, listed, weight, anchors), np.full(ELSEWHERE, -1)]),
        weight=np.concatenate([weight, np.ones(ELSEWHERE)]),
        home=_homes(weight, fifth),
        aged=_residents(place, listed, tuple(AGE_GROUPS)),
        ethnic=_residents(place, listed, tuple(ETHNIC_GROUPS)),
        minority=np.concatenate([odds * np.exp(spread * rng.standard_normal(len(listed))), np.ones(ELSEWHERE)]),
    )


def pick_home(rng: np.random.Generator, areas: Areas, ages: Ints, by_cell: Floats | None = None) -> Ints:
    """An area of the place for each household: by `by_cell`, how likely each area is for it, else by the age of its first person."""
    if by_cell is not None:
        return pick_by_row(rng, by_cell)
    group = np.searchsorted(np.array(list(TILT)), ages, side="right") - 1
    home = np.zeros(len(ages), dtype=np.int64)
    for at in range(len(TILT)):
        mine = group == at
        home[mine] = pick(rng, areas.home[at], int(mine.sum()))
    return home


def _residents(place: Place, listed: list[SmallArea], groups: tuple[str, ...]) -> Floats | None:
    """How many people of each group live in each area, as the place has them published; None unless it has all of them."""
    told: dict[tuple[str, str], int] = {(each.area, each.group): each.people for each in place.area_people}
    counts = [[told.get((area.code, group)) for group in groups] for area in listed]
    if not counts or any(count is None for row in counts for count in row):
        return None
    found = np.array(counts, dtype=float)
    return found if (found.sum(axis=1) > 0).all() else None


def heirs_of(place: Place, neighbourhood: str | None) -> list[str]:
    """The neighbourhoods in being that a neighbourhood is now: itself, those that succeeded it, or none."""
    known = {each.id: each for each in place.neighbourhoods}
    found, todo, seen = [], [neighbourhood], set()
    while todo:
        name = todo.pop(0)
        if name is None or name in seen or name not in known:
            continue
        seen.add(name)
        if in_force(known[name].start, known[name].end, place.as_at):
            found.append(name)
        else:
            todo.extend(known[name].succeeded_by)
    return found


def in_force(start: date | None, end: date | None, day: date) -> bool:
    """Whether something that runs from `start` up to `end` is in force on a day."""
    return (start is None or start <= day) and (end is None or end > day)


def rake(table: Floats, rows: Floats, columns: Floats, rounds: int = 40) -> Floats:
    """The table scaled so that its columns and then its rows sum to these totals, as near as one with its zeros can."""
    table = table.copy()
    columns = columns * rows.sum() / columns.sum()
    for _ in range(rounds):
        table *= (columns / np.maximum(table.sum(axis=0), 1e-12))[None, :]
        table *= (rows / np.maximum(table.sum(axis=1), 1e-12))[:, None]
    return table


def _in_force(place: Place) -> list[SmallArea]:
    return [area for area in place.areas if in_force(area.start, area.end, place.as_at)] or list(place.areas)


def _nameless(place: Place, anchors: Mapping[str, float]) -> list[SmallArea]:
    weights: list[tuple[str | None, float]] = [*anchors.items()] or [(None, NAMELESS_EACH)]
    return [
        SmallArea(code=NAMELESS, population=max(1, round(weight / NAMELESS_EACH)), neighbourhood=name)
        for name, weight in weights
        for _ in range(NAMELESS_EACH)
    ]


def _fifth(area: SmallArea) -> int:
    if area.deprivation_decile is not None:
        return (area.deprivation_decile - 1) // 2
    if area.deprivation_rank is not None:
        return min(4, (area.deprivation_rank - 1) * 5 // AREAS_OF_ENGLAND)
    return -1


def _spread_evenly(rng: np.random.Generator, size: int) -> Ints:
    return rng.permutation(np.arange(size) % 5)


def _elsewhere_codes() -> list[str]:
    """Codes in the form of real ones, of a range that no area has."""
    return [f"E0199{number:04d}" for number in range(ELSEWHERE)]


def _homes(weight: Floats, fifth: Ints) -> Floats:
    tilted = np.array(list(TILT.values()))[:, fifth] * weight
    groups = np.array(
        [0.25, 0.48, 0.27]
    )  # shares of households by age of the first person, England and Wales, rounded; only their balance matters
    return rake(tilted, groups * weight.sum(), weight)


def _neighbourhoods(place: Place, listed: list[SmallArea], weight: Floats, anchors: Mapping[str, float]) -> Ints:
    """Each area's neighbourhood; one that says none joins its neighbours in the list, so that sizes follow the practices."""
    names = list(anchors)
    heirs = [heirs_of(place, area.neighbourhood) for area in listed]
    said = np.array([names.index(found[at % len(found)]) if found else -1 for at, found in enumerate(heirs)], dtype=np.int64)
    silent = np.array([at for at in _along_the_wards(listed) if said[at] < 0], dtype=np.int64)
    if len(silent) and names:
        reached = (np.cumsum(weight[silent]) - weight[silent] / 2) / max(weight[silent].sum(), 1e-9)
        shares = np.cumsum(list(anchors.values()))
        said[silent] = np.minimum(np.searchsorted(shares / shares[-1], reached), len(names) - 1)
    return said


def _along_the_wards(listed: list[SmallArea]) -> list[int]:
    return sorted(range(len(listed)), key=lambda at: (listed[at].ward_code or "", listed[at].code))

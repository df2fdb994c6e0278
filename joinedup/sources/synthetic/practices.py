"""Which practice people register with: one near their area mostly, and one that is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from joinedup.errors import PlaceError
from joinedup.place.model import Place
from joinedup.sources.synthetic.areas import Areas, heirs_of, in_force, rake
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Texts, pick_by_row
from joinedup.sources.synthetic.seasons import NEVER, Span, day_number

NEARBY, ACROSS, ANYWHERE = 1.0, 0.05, 0.4
"""How readily people register with a practice of their neighbourhood, of another, and one that belongs to none."""

ELSEWHERE = tuple(f"ZZ{number:04d}" for number in range(1, 31))
"""Practices of people from elsewhere, by codes that no practice can have."""

NOT_KNOWN = "V81999"

OLD = 65
"""From this age of a household's first person it chooses among practices as old people do, where the place says how old lists are."""

OF_ENGLAND = 0.185
"""The part of people aged 65 and over in England, mid-2020 (Office for National Statistics)."""

SMALL = 0.1
"""The list of a practice that says none, beside the middle list of those that do: most such are safe havens or new."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """A stretch of the span in which the same practices are open."""

    start: int
    end: int
    open: Bools
    chosen: Floats
    """By whether a household is old, then area of the place, then practice: how many register there."""


@dataclass(frozen=True, slots=True)
class Practices:
    """The practices, in arrays; after those of the place come practices elsewhere."""

    code: Texts
    opened: Ints
    closed: Ints
    successor: Ints
    """Its successor's position; -1 where there is none."""
    neighbourhood: Ints
    epochs: tuple[Epoch, ...]

    @property
    def inside(self) -> int:
        """How many belong to the place."""
        return len(self.opened)

    def pick(self, rng: np.random.Generator, epoch: Epoch, area: Ints, first_age: Ints) -> Ints:
        """An open practice for people who live in these areas, in households whose first person is of that age."""
        return pick_by_row(rng, epoch.chosen[(first_age >= OLD).astype(np.int64), area])


def list_sizes(place: Place) -> Floats:
    """The weight of each practice: its list size, a small one where others say theirs and it doesn't, none where it is dormant."""
    known = [practice.list_size for practice in place.practices if practice.list_size]
    unsaid = float(np.median(known)) * SMALL if known else 1.0
    said = [unsaid if practice.list_size is None else practice.list_size for practice in place.practices]
    sizes = np.array([0.0 if practice.status == "dormant" else size for practice, size in zip(place.practices, said, strict=True)])
    return sizes if sizes.sum() > 0 else np.ones(len(sizes))


def neighbourhood_of_practices(place: Place) -> list[str | None]:
    """The neighbourhood in being that each practice belongs to, or last belonged to."""
    last: dict[str, tuple[date, str]] = {}
    for membership in place.memberships:
        start = membership.start or date.min
        if start <= place.as_at and start >= last.get(membership.practice, (date.min, ""))[0]:
            last[membership.practice] = (start, membership.neighbourhood)
    heirs = [heirs_of(place, last[practice.code][1]) if practice.code in last else [] for practice in place.practices]
    return [found[at % len(found)] if found else None for at, found in enumerate(heirs)]


def anchors_of(place: Place) -> dict[str, float]:
    """The neighbourhoods in being, each with the list sizes of its practices."""
    held = dict.fromkeys((each.id for each in place.neighbourhoods if in_force(each.start, each.end, place.as_at)), 0.0)
    sizes = list_sizes(place)
    for at, (practice, name) in enumerate(zip(place.practices, neighbourhood_of_practices(place), strict=True)):
        if name is not None and in_force(practice.opened, practice.closed, place.as_at):
            held[name] += float(sizes[at])
    return held if sum(held.values()) else dict.fromkeys(held, 1.0)


def practices_of(place: Place, areas: Areas, names: list[str], span: Span) -> Practices:
    """The place's practices; PlaceError when on some day of the span none of them is open."""
    codes = [practice.code for practice in place.practices]
    opened = np.array([-NEVER if practice.opened is None else day_number(practice.opened) for practice in place.practices], dtype=np.int64)
    closed = np.array([NEVER if practice.closed is None else day_number(practice.closed) for practice in place.practices], dtype=np.int64)
    near = np.array([-1 if name is None else names.index(name) for name in neighbourhood_of_practices(place)], dtype=np.int64)
    return Practices(
        code=np.array([*codes, *ELSEWHERE, NOT_KNOWN]),
        opened=opened,
        closed=closed,
        successor=np.array([codes.index(practice.succeeded_by) if practice.succeeded_by in codes else -1 for practice in place.practices]),
        neighbourhood=near,
        epochs=_epochs(place, areas, span, (opened, closed), near),
    )


def _epochs(place: Place, areas: Areas, span: Span, opening: tuple[Ints, Ints], near: Ints) -> tuple[Epoch, ...]:
    """The stretches of the span in which the same practices are open. `opening`: the days on which each opened and closed."""
    opened, closed = opening
    changes = np.unique(np.concatenate([opened, closed]))
    starts = np.concatenate([[span.start], changes[(changes > span.start) & (changes < span.end)]])
    sizes = list_sizes(place)
    made = []
    for start, end in zip(starts, [*starts[1:], span.end], strict=True):
        is_open = (opened <= start) & (closed > start)
        if not sizes[is_open].sum():
            day = np.datetime64(int(start), "D")
            raise PlaceError(
                f"no practice of {place.name} with patients is open on {day}: give one an earlier opening or a later closing date in "
                "practices.csv"
            )
        made.append(Epoch(int(start), int(end), is_open, _chosen(areas, near, np.where(is_open, sizes, 0.0), old_shares(place))))
    return tuple(made)


def old_shares(place: Place) -> Floats | None:
    """The part of each list that is aged 65 and over: the mean where a practice doesn't say; None where none does."""
    told = [(each.list_aged_65_over, each.list_size) for each in place.practices]
    known = [old / size for old, size in told if old is not None and size]
    usual = float(np.mean(known)) if known else 0.0
    return np.array([usual if old is None or not size else min(old / size, 1.0) for old, size in told]) if known else None


def _chosen(areas: Areas, near: Ints, sizes: Floats, old: Floats | None) -> Floats:
    home = areas.neighbourhood[: areas.inside, None]
    readiness = np.where(near[None, :] < 0, ANYWHERE, np.where(home == near[None, :], NEARBY, ACROSS)) * (sizes > 0)
    residents = areas.weight[: areas.inside]
    if old is None:
        everyone = rake(readiness, residents, sizes)
        return np.stack([everyone, everyone])
    aged = residents * (OF_ENGLAND if areas.aged is None else areas.aged[:, -1] / areas.aged.sum(axis=1))
    return np.stack([rake(readiness, residents - aged, sizes * (1 - old)), rake(readiness, aged, sizes * old)])

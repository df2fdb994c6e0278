"""Which hospital people go to, by where they live and what for, and how hospitals differ in what they do and write down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from joinedup.place.model import Place, Source
from joinedup.sources.synthetic.draws import Floats, Ints, Texts, pick_by_row
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.streams import stream

KINDS = ("apc", "ecds", "outpatient", "waiting_list", "discharge_ready", "maternity")
"""The contracts whose extracts are a hospital's own."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How each hospital does things, beside the first one; the last entry is that of no hospital."""

    stay: Floats
    """Times the nights of those who stay a night."""
    wait: Floats
    """Times the days of waits."""
    delay: Floats
    """Times the share of those who wait after they are ready to leave."""
    minutes: Floats
    """Times the minutes in the emergency department."""
    coded: Floats
    """The share of further diagnoses that it writes down."""
    ready_date_missing: Floats
    """Times the share of ready dates that it doesn't give."""
    near: Floats
    """By neighbourhood, then hospital: how readily its people go there; the last neighbourhood is elsewhere."""
    seed: int

    def of_function(self, function: Texts) -> Floats:
        """For each treatment function, then hospital: how much of it goes there."""
        seen, where = np.unique(function, return_inverse=True)
        size = len(self.stay) - 1
        each = np.stack([_own(self.seed, f"hospitals for {name}", size, figures("providers")["function"])[:-1] for name in seen])
        found: Floats = each[where]
        return found


@dataclass(frozen=True, slots=True)
class Hospitals:
    """The partners that send extracts of hospital care, in the order of sources.yml."""

    partner: tuple[str, ...]
    code: tuple[str, ...]
    """As the Organisation Data Service gives it; an invented one where the place says none."""
    sources: dict[str, tuple[tuple[int, ...], ...]]
    """By contract, for each hospital, the positions of its sources among the place's sources."""
    ways: Ways

    def shares(self, contract: str) -> Floats:
        """How much of the place's use each has of what such an extract holds."""
        sends = np.array([bool(mine) for mine in self.sources[contract]], dtype=float)
        rank = np.cumsum(sends) - 1
        given = np.array(figures("rates")["by_provider"])
        found: Floats = sends * np.where(rank < len(given), given[np.clip(rank, 0, len(given) - 1).astype(int)], given[-1] / 4)
        return found

    def pick(self, luck: Floats, contract: str, near: Ints, function: Texts | None = None) -> Ints:
        """A hospital for each draw of luck: one that sends such an extract, if any does; likelier one that people of the neighbourhood
        (`near`, -1 for elsewhere) go to, and that does what they come for. -1 where there is none."""
        shares = self.shares(contract)
        if len(shares) < 2:
            return np.full(len(luck), len(shares) - 1)
        weights = (shares if shares.any() else np.ones(len(shares)))[None, :] * self.ways.near[near]
        return pick_by_row(luck, weights if function is None or not len(function) else weights * self.ways.of_function(function))

    def source(self, rng: np.random.Generator, contract: str, hospital: Ints) -> Ints:
        """The source that holds each row: the hospital's own, one of them at random where it has several; -1 where it has none."""
        luck = rng.random(len(hospital))
        found = np.full(len(hospital), -1)
        for at, mine in enumerate(self.sources[contract]):
            if mine:
                here = hospital == at
                found[here] = np.array(mine)[(luck[here] * len(mine)).astype(np.int64)]
        return found


def hospitals_of(place: Place, seed: int, neighbourhoods: int) -> Hospitals:
    """The hospitals of a place."""
    partners = tuple(dict.fromkeys(source.partner for source in place.sources if source.contract in KINDS))
    codes = {partner.id: partner.code for partner in place.partners}
    return Hospitals(
        partner=partners,
        code=tuple(codes.get(partner) or f"ZZ{at:X}" for at, partner in enumerate(partners)),
        sources={kind: tuple(_positions(place.sources, kind, partner) for partner in partners) for kind in KINDS},
        ways=_ways(seed, len(partners), neighbourhoods),
    )


def _ways(seed: int, hospitals: int, neighbourhoods: int) -> Ways:
    told = figures("providers")
    near = [_own(seed, f"hospitals near {name}", hospitals, told["near"])[:-1] for name in range(neighbourhoods)]
    return Ways(
        **{name: _own(seed, f"hospitals: {name}", hospitals, told[name]) for name in ("stay", "wait", "delay", "minutes")},
        **{name: _between(seed, f"hospitals: {name}", hospitals, told[name]) for name in ("coded", "ready_date_missing")},
        near=np.stack([*near, np.ones(hospitals)]),
        seed=seed,
    )


def _own(seed: int, subject: str, size: int, spread: float) -> Floats:
    """A factor for each of so many, one for the first and for none of them."""
    drawn = np.exp(spread * np.clip(stream(seed, subject).standard_normal(size + 1), -2, 2))
    drawn[[0, -1]] = 1.0
    return drawn


def _between(seed: int, subject: str, size: int, within: Sequence[float]) -> Floats:
    """A factor for each of so many within those bounds, one for the first and for none of them."""
    least, most = within
    drawn = least + (most - least) * stream(seed, subject).random(size + 1)
    drawn[[0, -1]] = 1.0
    return drawn


def _positions(sources: Sequence[Source], contract: str, partner: str) -> tuple[int, ...]:
    return tuple(at for at, source in enumerate(sources) if source.contract == contract and source.partner == partner)

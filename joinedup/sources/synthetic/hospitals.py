"""Which hospital people go to: that of the first partner that sends an extract of the kind, mostly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from joinedup.place.model import Place, Source
from joinedup.sources.synthetic.draws import Floats, Ints, pick
from joinedup.sources.synthetic.figures import figures

KINDS = ("apc", "ecds", "outpatient", "waiting_list", "discharge_ready", "maternity")
"""The contracts whose extracts are a hospital's own."""


@dataclass(frozen=True, slots=True)
class Hospitals:
    """The partners that send extracts of hospital care, in the order of sources.yml."""

    partner: tuple[str, ...]
    code: tuple[str, ...]
    """As the Organisation Data Service gives it; an invented one where the place says none."""
    sources: dict[str, tuple[tuple[int, ...], ...]]
    """By contract, for each hospital, the positions of its sources among the place's sources."""

    def shares(self, contract: str) -> Floats:
        """How much of the place's use each has of what such an extract holds."""
        sends = np.array([bool(mine) for mine in self.sources[contract]], dtype=float)
        rank = np.cumsum(sends) - 1
        given = np.array(figures("rates")["by_provider"])
        found: Floats = sends * np.where(rank < len(given), given[np.clip(rank, 0, len(given) - 1).astype(int)], given[-1] / 4)
        return found

    def pick(self, rng: np.random.Generator, contract: str, size: int) -> Ints:
        """A hospital for each of `size`: one that sends such an extract, if any does."""
        shares = self.shares(contract)
        return pick(rng, shares if shares.any() else np.ones(len(shares)), size) if len(shares) else np.full(size, -1)

    def source(self, rng: np.random.Generator, contract: str, hospital: Ints) -> Ints:
        """The source that holds each row: the hospital's own, one of them at random where it has several; -1 where it has none."""
        luck = rng.random(len(hospital))
        found = np.full(len(hospital), -1)
        for at, mine in enumerate(self.sources[contract]):
            if mine:
                here = hospital == at
                found[here] = np.array(mine)[(luck[here] * len(mine)).astype(np.int64)]
        return found


def hospitals_of(place: Place) -> Hospitals:
    """The hospitals of a place."""
    partners = tuple(dict.fromkeys(source.partner for source in place.sources if source.contract in KINDS))
    codes = {partner.id: partner.code for partner in place.partners}
    return Hospitals(
        partner=partners,
        code=tuple(codes.get(partner) or f"ZZ{at:X}" for at, partner in enumerate(partners)),
        sources={kind: tuple(_positions(place.sources, kind, partner) for partner in partners) for kind in KINDS},
    )


def _positions(sources: Sequence[Source], contract: str, partner: str) -> tuple[int, ...]:
    return tuple(at for at, source in enumerate(sources) if source.contract == contract and source.partner == partner)

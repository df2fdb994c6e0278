"""People in a block as the parts of their lives look at them, and how likely each is to have something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from joinedup.sources.synthetic import needs
from joinedup.sources.synthetic.draws import Bools, Floats, Ints
from joinedup.sources.synthetic.figures import figures, points
from joinedup.sources.synthetic.households import WOMAN
from joinedup.sources.synthetic.population import People
from joinedup.sources.synthetic.setting import Setting
from joinedup.sources.synthetic.streams import stream


@dataclass(frozen=True, slots=True)
class Lives:
    """People, with what every part of their lives looks at."""

    setting: Setting
    block: int
    people: People
    ages: Floats
    """On the span's last day, or that on which they died or left."""
    fifth: Ints
    seen: tuple[Ints, Ints]
    """From when to when they can be seen in the span."""

    def stream(self, subject: str) -> np.random.Generator:
        """The random numbers of one subject."""
        return stream(self.setting.seed, subject, self.block)

    def chance(self, told: dict[str, Any], age: str = "age") -> Floats:
        """How likely each person is to have something: by age, and the odds by sex, deprivation, condition and frailty."""
        share = points(told[age], self.ages)
        odds = share / (1 - share) * np.where(self.people.sex == WOMAN, told["woman"], 1.0) * np.array(told["fifth"])[self.fifth]
        for name, factor in told["conditions"].items():
            odds = odds * np.where(self.people.conditions[:, needs.conditions()[name]], factor, 1.0)
        odds = odds * np.exp(told["frailty"] * self.people.frailty)
        found: Floats = odds / (1 + odds)
        return found

    def having(self, subject: str) -> Bools:
        """Who has what the figures of that name tell."""
        return self.having_as(subject, figures("life")[subject])

    def having_as(self, subject: str, told: dict[str, Any]) -> Bools:
        """Who has something, as the figures given tell it."""
        found: Bools = self.stream(subject).random(len(self.ages)) < self.chance(told)
        return found

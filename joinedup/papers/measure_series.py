"""A measure month by month as pages look at it: values with the limits of their control chart, and what each point shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from joinedup.papers.facts import Area

Kind = Literal["common", "better", "worse", "neither"]
"""What a point shows: nothing but chance, or a special cause, by which way is better."""
RULES = {
    "beyond_limits": "beyond the limits",
    "shift": "part of a run on one side of the mean",
    "trend": "part of a run of rises or falls",
    "two_in_three": "one of two in three near a limit",
    "four_in_five": "one of four in five away from the mean",
    "alternating": "part of a run up and down in turn",
    "hugging": "part of a run close to the mean",
    "avoiding": "part of a run away from the mean",
}
"""Rules of control charts in words; a rule not named here is shown by its own name."""


@dataclass(frozen=True, slots=True)
class Point:
    """One month: its value, None where it isn't known; the mean and limits that hold there; and what it shows."""

    month: date
    value: float | None
    mean: float | None
    lower: float | None
    upper: float | None
    kind: Kind = "common"
    side: int = 0
    """1 where the special cause is of high or rising values, -1 of low or falling ones."""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """One control chart: of a measure in an area."""

    area: Area
    points: Sequence[Point]
    variation: str | None
    """What its last point shows, in the words of joinedup.statistics.icons; None where that couldn't be tested."""
    direction: int
    reason: str = ""

    @property
    def known(self) -> list[Point]:
        """The points that have a value."""
        return [point for point in self.points if point.value is not None]

    @property
    def last(self) -> Point | None:
        """The latest point that has a value."""
        return self.known[-1] if self.known else None

    @property
    def special(self) -> bool:
        """Whether its last point shows a special cause."""
        return self.variation is not None and self.variation != "common cause"


def rules_in_words(rules: Sequence[str]) -> str:
    """What made a point special, in words; nothing for one that isn't."""
    return "; ".join(RULES.get(rule, rule.replace("_", " ")) for rule in rules)

"""The rule sets of control charts, as they stand in rule_sets.yml."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict

FILE = Path(__file__).with_name("rule_sets.yml")
DEFAULT = "making_data_count"
Kind = Literal["beyond", "run", "trend", "zone", "alternating", "hugging", "avoiding"]


class Rule(BaseModel):
    """One rule: what it flags, and from how many points on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: Kind
    points: int = 1
    of: int = 1
    sigma: float = 0.0
    up_to: float = float("inf")


class RuleSet(BaseModel):
    """Rules that belong together, with their version and source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    version: str
    source: str
    screened: bool
    """Whether moving ranges above their limit are left out of the mean moving range."""
    minimum: int
    """The least number of points that a chart should have before limits are drawn."""
    rules: tuple[Rule, ...]
    last_point_alarms: dict[int, float]
    """Number of points -> of charts of pure noise, the share whose last point is marked all the same."""

    def false_alarms(self, charts: int, points: int) -> float:
        """How many of so many charts, of so many points each, are expected to have their last point marked when nothing has happened.

        From 40,000 charts of independent normal numbers with limits from all their points, between the sizes tried on a straight line;
        seasons, and points like the one before, make more.
        """
        return charts * float(np.interp(points, list(self.last_point_alarms), list(self.last_point_alarms.values())))


@cache
def rule_sets() -> dict[str, RuleSet]:
    """Every rule set by its id."""
    found = [RuleSet.model_validate(each) for each in yaml.safe_load(FILE.read_text(encoding="utf-8"))]
    return {each.id: each for each in found}


def rule_set(name: str = DEFAULT) -> RuleSet:
    """A rule set by its id; ValueError names those there are."""
    sets = rule_sets()
    if name not in sets:
        raise ValueError(f"there is no rule set {name!r}: choose one of {', '.join(sets)}")
    return sets[name]

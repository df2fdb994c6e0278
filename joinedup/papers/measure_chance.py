"""How many signals to expect of control charts and comparisons where nothing happened: computed by the very rules that the charts use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from joinedup.statistics.control import xmr
from joinedup.statistics.rule_sets import rule_set
from joinedup.statistics.signals import signals

CHARTS = 4_000
"""Charts of chance alone that are made up; the share of them with a signal is then known to within about one percentage point."""
SEED = 20_260_401


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """What chance alone gives, of independent normal values: shares of charts, and points of a chart."""

    at_the_end: float
    """The share of charts whose last point is a special cause."""
    anywhere: float
    """The share of charts with one or more."""
    points: float
    """Points of a chart, on average."""


@cache
def false_alarms(points: int, rules: str) -> FalseAlarms:
    """What a rule set finds in charts of so many points of chance alone, limits from the same points; nothing of fewer than it takes."""
    chosen = rule_set(rules)
    if points < max(chosen.minimum, 2):
        return FalseAlarms(0.0, 0.0, 0.0)
    values = np.random.default_rng(SEED).normal(size=(CHARTS, points))
    special = signals(values, xmr(values, screened=chosen.screened, minimum=chosen.minimum), chosen).special
    return FalseAlarms(float(special[:, -1].mean()), float(special.any(axis=1).mean()), float(special.sum(axis=1).mean()))

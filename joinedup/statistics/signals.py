"""Which points of control charts show special cause variation, and by which rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from joinedup.statistics.control import ControlLimits
from joinedup.statistics.estimates import Floats, floats
from joinedup.statistics.rule_sets import DEFAULT, Rule, RuleSet, rule_set

Flags = npt.NDArray[np.bool_]
Sides = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Signals:
    """For each rule, chart and point: 1 or -1 where the point shows the rule, upwards or downwards, 2 where neither way, else 0."""

    rules: tuple[Rule, ...]
    found: Sides

    @property
    def special(self) -> Flags:
        """Which points (chart, point) show any rule."""
        return np.asarray((self.found != 0).any(axis=0))

    def by(self, rule: str) -> Flags:
        """Which points (chart, point) show this rule."""
        names = [each.id for each in self.rules]
        if rule not in names:
            raise ValueError(f"there is no rule {rule!r} in the set: choose one of {', '.join(names)}")
        return np.asarray(self.found[names.index(rule)] != 0)


@dataclass(frozen=True, slots=True)
class _Charts:
    """Charts without their missing points, so that what stood on either side of one stands together."""

    value: Floats
    side: Sides
    far: Floats
    """How many sigma from the mean; infinite off the mean of a constant series."""
    segment: npt.NDArray[np.int64]
    step: Sides
    """1 where a point is higher than the one before it in its segment, -1 where lower."""


def signals(values: npt.ArrayLike, limits: ControlLimits, rules: RuleSet | str | None = None) -> Signals:
    """The points that show a rule of the set (or its id), Making Data Count's unless another is given, in charts (rows) with these limits.

    Every point of a run, a trend or a row of alternating points is marked, and of a zone rule those that lie in the zone. A missing point
    is passed over: it neither counts nor breaks a run. No rule looks across a rebasing. A point on the mean is on neither side.
    """
    numbers = np.atleast_2d(floats(values))
    known = np.isfinite(numbers) & np.isfinite(limits.mean)
    order = np.argsort(~known, axis=1, kind="stable")
    charts = _together(numbers, known, limits, order)
    chosen = (rules if isinstance(rules, RuleSet) else rule_set(rules or DEFAULT)).rules
    found = np.zeros((len(chosen), *numbers.shape), dtype=np.int8)
    for row, rule in enumerate(chosen):
        np.put_along_axis(found[row], order, _BY_KIND[rule.kind](charts, rule), axis=1)
    return Signals(chosen, found)


def _together(numbers: Floats, known: Flags, limits: ControlLimits, order: npt.NDArray[np.int64]) -> _Charts:
    """The charts with known points first, in order of time; what follows them belongs to no segment."""
    there = np.take_along_axis(known, order, axis=1)
    value, mean, upper = (np.take_along_axis(each, order, axis=1) for each in (numbers, limits.mean, limits.upper))
    segment = np.where(there, np.take_along_axis(limits.segment, order, axis=1), -1)
    away = np.where(there, value - mean, 0.0)
    sigma = (upper - mean) / 3
    far = np.where(away == 0, 0.0, np.abs(away) / np.where(sigma > 0, sigma, 1.0))
    far = np.where((away != 0) & ~(sigma > 0), np.inf, far)
    step = np.zeros(value.shape, dtype=np.int8)
    together = (segment[:, 1:] == segment[:, :-1]) & there[:, 1:]
    step[:, 1:] = np.where(together, np.sign(value[:, 1:] - value[:, :-1]), 0)
    return _Charts(value, np.sign(away).astype(np.int8), far, segment, step)


def _in_a_row(kind: Sides, segment: npt.NDArray[np.int64], least: int) -> Flags:
    """Which points stand in a row of at least so many of one kind within a segment; kind 0 is none."""
    new = np.ones(kind.shape, dtype=bool)
    new[:, 1:] = (kind[:, 1:] != kind[:, :-1]) | (segment[:, 1:] != segment[:, :-1])
    row = np.cumsum(new.ravel()) - 1
    return np.asarray((np.bincount(row)[row] >= least).reshape(kind.shape) & (kind != 0))


def _beyond(charts: _Charts, rule: Rule) -> Sides:
    return np.where(charts.far > rule.sigma, charts.side, 0).astype(np.int8)


def _run(charts: _Charts, rule: Rule) -> Sides:
    return np.where(_in_a_row(charts.side, charts.segment, rule.points), charts.side, 0).astype(np.int8)


def _trend(charts: _Charts, rule: Rule) -> Sides:
    """Steps in a row, and the point that the first of them started from."""
    step = np.where(_in_a_row(charts.step, charts.segment, rule.points - 1), charts.step, 0)
    following = np.zeros_like(step)
    following[:, :-1] = step[:, 1:]
    return np.where(step != 0, step, following).astype(np.int8)


def _zone(charts: _Charts, rule: Rule) -> Sides:
    near = np.where((charts.far > rule.sigma) & (charts.far <= rule.up_to), charts.side, 0)
    found = np.zeros(near.shape, dtype=np.int8)
    for side in (-1, 1):
        inside = near == side
        enough = np.sum([_moved(inside, back) & _same(charts, back) for back in range(rule.of)], axis=0) >= rule.points
        marked = np.any([_moved(np.asarray(enough), -ahead) & _same(charts, -ahead) for ahead in range(rule.of)], axis=0)
        found[inside & marked] = side
    return found


def _moved(flags: npt.NDArray[Any], by: int) -> npt.NDArray[np.int64]:
    """What stands so many points before each point (after it, for a negative number); 0 beyond the end."""
    moved = np.zeros(flags.shape, dtype=np.int64)
    if by >= 0:
        moved[:, by:] = flags[:, : max(flags.shape[1] - by, 0)]
    else:
        moved[:, :by] = flags[:, -by:]
    return moved


def _same(charts: _Charts, by: int) -> npt.NDArray[np.int64]:
    """1 where the point so many before each point belongs to its segment, else 0."""
    return np.asarray(_moved(charts.segment + 1, by) == charts.segment + 1, dtype=np.int64)


def _alternating(charts: _Charts, rule: Rule) -> Sides:
    """Turns in a row, and the two points before the first of them."""
    turn = np.zeros(charts.step.shape, dtype=np.int8)
    turn[:, 1:] = (charts.step[:, 1:] * charts.step[:, :-1]) == -1
    row = _in_a_row(turn, charts.segment, rule.points - 2)
    marked = row | (_moved(row, -1) > 0) | (_moved(row, -2) > 0)
    return (2 * marked).astype(np.int8)


def _hugging(charts: _Charts, rule: Rule) -> Sides:
    near = ((charts.far <= rule.sigma) & (charts.segment >= 0)).astype(np.int8)
    return (2 * _in_a_row(near, charts.segment, rule.points)).astype(np.int8)


def _avoiding(charts: _Charts, rule: Rule) -> Sides:
    away = (charts.far > rule.sigma).astype(np.int8)
    return (2 * _in_a_row(away, charts.segment, rule.points)).astype(np.int8)


_BY_KIND = {
    "beyond": _beyond,
    "run": _run,
    "trend": _trend,
    "zone": _zone,
    "alternating": _alternating,
    "hugging": _hugging,
    "avoiding": _avoiding,
}

"""What the door gave of each measure, as its page, the index and the packs look at it: asked for once, by area, group and month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from joinedup.access.published import evidence_key
from joinedup.errors import Refused
from joinedup.papers.facts import Area, Facts, Row
from joinedup.papers.measure_series import Kind, Point, Series
from joinedup.papers.needs import MeasureDefinition, Variant
from joinedup.statistics.control import xmr
from joinedup.statistics.estimates import normal_quantile
from joinedup.statistics.funnel import funnel_of_proportions, funnel_of_rates
from joinedup.statistics.icons import icons
from joinedup.statistics.inequality import slope_index
from joinedup.statistics.rule_sets import rule_set
from joinedup.statistics.signals import signals

COUNTED = evidence_key("build", "measure_cell")
"""The evidence key of the table that measures are counted in."""
POLARITY = {"higher is better": 1, "lower is better": -1, "neither": 0}
KINDS: dict[int, Kind] = {1: "better", -1: "worse", 0: "neither"}
FUNNELS = {"rate": funnel_of_rates, "proportion": funnel_of_proportions}
"""Forms of measures that a funnel can be drawn of, and by what."""
LEAST_EVENTS = 5.0
"""Events a month on average, of fewer of which months without any are common and a run of them is no change. (A rule of ours; 2026.)"""
FIFTHS = ("1", "2", "3", "4", "5")
Z95 = normal_quantile(0.95)
"""Standard deviations to a limit of 95%."""


@dataclass(frozen=True, slots=True)
class Slope:
    """How much a measure changes from the most to the least deprived, with 95% limits, and the ends of its line."""

    value: float
    lower: float
    upper: float
    ranks: tuple[float, ...]
    ends: tuple[float, float]


@dataclass(frozen=True)
class Measured:
    """One measure of a build."""

    facts: Facts
    definition: MeasureDefinition

    @property
    def id(self) -> str:
        """Its id."""
        return self.definition.id

    @property
    def polarity(self) -> int:
        """1 where higher is better, -1 where lower is, 0 where neither."""
        return POLARITY[self.definition.polarity]

    @property
    def root(self) -> str:
        """The evidence key of all of it: its own where the door answers it, else that of the table that all measures are counted in."""
        return self.id if self.facts.measures_answered else COUNTED

    def key(self, area: Area, *more: object) -> str:
        """The evidence key of its value in an area."""
        return area.why(self.id, *more) if self.facts.measures_answered else COUNTED

    def group_key(self, breakdown: str, group: str) -> str:
        """The evidence key of its value for a group of the place's people."""
        return evidence_key(self.id, "place", "place", breakdown, group) if self.facts.measures_answered else COUNTED

    def of(self, *, area_type: str = "place", breakdown: str = "all", period: str = "year", variant: str = "standard") -> pa.Table | None:
        """A cut; None where the measure doesn't declare it, or the audience may not have it."""
        if (area_type not in self.definition.areas) or (breakdown != "all" and breakdown not in self.definition.breakdowns):
            return None
        with suppress(Refused):
            return self.facts.aggregates.measure(self.id, variant=variant, area_type=area_type, breakdown=breakdown, period=period)
        return None

    @cached_property
    def _widest(self) -> str:
        """The kind of area that pages go by: neighbourhoods beside the place, or the place alone."""
        return "neighbourhood" if "neighbourhood" in self.definition.areas else "place"

    @cached_property
    def years(self) -> Mapping[Area, Sequence[Row]]:
        """Its values by area, the latest year last."""
        return self._by_area(self.years_table)

    @cached_property
    def years_table(self) -> pa.Table | None:
        """The same as the door gave it."""
        return self.facts.measure_years.get(self.id)

    @cached_property
    def months_table(self) -> pa.Table | None:
        """Its values by month, place and neighbourhoods, as the door gave them."""
        return self.of(area_type=self._widest, period="month")

    def _by_area(self, table: pa.Table | None) -> Mapping[Area, Sequence[Row]]:
        known = {area.id: area for area in self.facts.areas}
        found: dict[Area, list[Row]] = {}
        for row in [] if table is None else table.to_pylist():
            area = self.facts.whole if row["area_type"] == "place" else known.get(row["area_id"])
            if area is not None and row["area_type"] != "none":
                found.setdefault(area, []).append(row)
        return {area: sorted(rows, key=lambda row: row["period_start"]) for area, rows in found.items()}

    def latest(self, area: Area) -> Row | None:
        """The row of the latest year; None where there is none."""
        rows = self.years.get(area)
        return rows[-1] if rows else None

    def value(self, area: Area) -> float | None:
        """The value of the latest year; None where it has none."""
        row = self.latest(area)
        return None if row is None else row["value"]

    @property
    def place(self) -> float | None:
        """The place's value of the latest year."""
        return self.value(self.facts.whole)

    def groups(self, breakdown: str) -> Sequence[Row]:
        """The place's rows of the latest year by group, in their order; none where that isn't declared."""
        table = self.groups_table(breakdown)
        return _latest([] if table is None else table.to_pylist())

    def groups_table(self, breakdown: str) -> pa.Table | None:
        """The same of every year, as the door gave it."""
        if breakdown not in self._groups:
            self._groups[breakdown] = self.of(breakdown=breakdown)
        return self._groups[breakdown]

    @cached_property
    def _groups(self) -> dict[str, pa.Table | None]:
        return {}

    @cached_property
    def practices(self) -> Sequence[Row]:
        """Rows of the latest year by practice; none for the public, and where that isn't declared."""
        table = self.practices_table
        return [row for row in _latest([] if table is None else table.to_pylist()) if row["area_type"] == "practice"]

    @cached_property
    def practices_table(self) -> pa.Table | None:
        """The same of every year, as the door gave it."""
        return self.of(area_type="practice") if self.facts.internal else None

    @cached_property
    def funnel(self) -> tuple[float, Sequence[tuple[Row, tuple[float, ...]]]]:
        """The centre of the practices' funnel, and each that has a value with its limits: 95% lower and upper, 99.8% lower and upper."""
        rows = [row for row in self.practices if row["value"] is not None and row["denominator"]]
        if self.definition.form not in FUNNELS or not rows:
            return 0.0, []
        counts, of = (np.array([row[name] for row in rows], dtype=float) for name in ("numerator", "denominator"))
        found = FUNNELS[self.definition.form](counts, of)
        per = self.definition.per
        limits = np.stack([found.lower[:, 0], found.upper[:, 0], found.lower[:, 1], found.upper[:, 1]], axis=1) * per
        return float(found.centre) * per, [
            (row, tuple(each)) for row, each in zip(rows, limits.tolist(), strict=True) if np.isfinite(each).all()
        ]

    @cached_property
    def variants(self) -> Sequence[tuple[Variant, Row | None]]:
        """Each named variant with the place's row of the latest year."""
        return [(variant, self._variant(variant.id)) for variant in self.definition.variants]

    def _variant(self, name: str) -> Row | None:
        table = self.of(variant=name)
        rows = _latest([] if table is None else table.to_pylist())
        return rows[-1] if rows else None

    @cached_property
    def series(self) -> Mapping[Area, Series]:
        """A control chart for the place and each neighbourhood; none where months aren't given."""
        by_area = self._by_area(self.months_table)
        return dict(zip(by_area, charts(list(by_area.items()), self.definition.rules, self.polarity), strict=True)) if by_area else {}

    @cached_property
    def slope(self) -> Slope | None:
        """How it changes over the deprivation fifths; None where one of the five has no value."""
        rows = {row["group_value"]: row for row in self.groups("deprivation")}
        five = [rows[each] for each in FIFTHS if each in rows and rows[each]["value"] is not None]
        if len(five) < len(FIFTHS) or not all(row["denominator"] for row in five):
            return None
        value, people = (np.array([row[name] for row in five], dtype=float) for name in ("value", "denominator"))
        known = all(row["lower"] is not None and row["upper"] is not None for row in five)
        error = np.array([(row["upper"] - row["lower"]) / (2 * Z95) for row in five]) if known else None
        found = slope_index(value, people, error)
        if found.reason.item() is not None:
            return None
        share = people / people.sum()
        ranks = np.cumsum(share) - share / 2
        start = float((share * value).sum() - float(found.value) * (share * ranks).sum())
        return Slope(float(found.value), float(found.lower), float(found.upper), tuple(ranks.tolist()), (start, start + float(found.value)))


def _latest(rows: Sequence[Row]) -> list[Row]:
    """The rows of the latest stretch of time among them, in their order."""
    last = max((row["period_start"] for row in rows), default=None)
    return [row for row in rows if row["period_start"] == last]


def charts(of: Sequence[tuple[Area, Sequence[Row]]], rules: str, polarity: int) -> list[Series]:
    """The control charts of areas, all at once; those of rare events show their values, without limits, and aren't tested."""
    months = sorted({row["period_start"] for _, rows in of for row in rows})
    at = {month: number for number, month in enumerate(months)}
    values, events = (np.full((len(of), len(months)), np.nan) for _ in range(2))
    for number, (_, rows) in enumerate(of):
        for row in rows:
            if row["value"] is not None:
                values[number, at[row["period_start"]]], events[number, at[row["period_start"]]] = row["value"], row["events"]
    known = np.isfinite(events)
    rare = np.where(known, events, 0).sum(axis=1) < LEAST_EVENTS * known.sum(axis=1)
    tested = np.where(rare[:, None], np.nan, values)
    chosen = rule_set(rules)
    limits = xmr(tested, screened=chosen.screened, minimum=chosen.minimum)
    found = signals(tested, limits, chosen)
    told = icons(tested, limits, found, polarity)
    return [
        Series(
            area,
            [
                _point(month, [float(each[number, point]) for each in (values, limits.mean, limits.lower, limits.upper)], shown, polarity)
                for point, month in enumerate(months)
                for shown in [{rule.id: int(found.found[row, number, point]) for row, rule in enumerate(found.rules)}]
            ],
            None if told.variation[number] is None else str(told.variation[number]),
            int(told.direction[number]),
            None if told.assurance[number] is None else str(told.assurance[number]),
            str(told.reason[number] or ""),
        )
        for number, (area, _) in enumerate(of)
    ]


def _point(month: Any, numbers: Sequence[float], shown: Mapping[str, int], polarity: int) -> Point:  # noqa: ANN401 - a date
    """One point; its way is that of the first rule that it shows."""
    value, mean, lower, upper = (None if np.isnan(each) else each for each in numbers)
    rules = tuple(rule for rule, side in shown.items() if side)
    first = shown[rules[0]] if rules else 0
    side = 0 if first == 2 else first
    return Point(month, value, mean, lower, upper, KINDS[side * polarity] if rules else "common", side, rules)


def measured(facts: Facts) -> tuple[Measured, ...]:
    """The measures of the build, in the order of pages."""
    return tuple(Measured(facts, definition) for definition in facts.measure_list)

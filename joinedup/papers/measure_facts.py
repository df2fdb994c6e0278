"""What the door gave of each measure, as its page, the index and the packs look at it: asked for once, by area, group and month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from joinedup.access.measure_charts import FIFTHS, FUNNEL, POLARITY
from joinedup.access.published import evidence_key
from joinedup.errors import Refused
from joinedup.papers.facts import Area, Facts, Row
from joinedup.papers.measure_series import Kind, Point, Series
from joinedup.papers.needs import MeasureDefinition, Variant

COUNTED = evidence_key("build", "measure_cell")
"""The evidence key of the table that measures are counted in."""
KINDS: dict[int, Kind] = {1: "better", -1: "worse", 0: "neither"}


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
    def yearly(self) -> bool:
        """Whether it is counted once a year, so that there are no months to chart."""
        return self.definition.yearly

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
    def chart_table(self) -> pa.Table | None:
        """Its values by month with their control charts, as the door gave them; None of what is counted once a year."""
        with suppress(Refused):
            return None if self.yearly else self.facts.aggregates.measure_chart(self.id, area_type=self._widest)
        return None

    @cached_property
    def inequality(self) -> Row | None:
        """The place's indices of inequality of the latest year; None where it isn't counted by deprivation."""
        if "deprivation" not in self.definition.breakdowns:
            return None
        with suppress(Refused):
            rows = _latest(self.facts.aggregates.measure_inequality(self.id).to_pylist())
            return rows[-1] if rows else None
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

    @property
    def months_table(self) -> pa.Table | None:
        """Its values by month, place and neighbourhoods, as the door gave them."""
        return self.chart_table

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
        """The same of every year, as the door gave it, with its funnel where its form has one."""
        if not self.facts.internal or "practice" not in self.definition.areas:
            return None
        with suppress(Refused):
            return self.facts.aggregates.measure_funnel(self.id)
        return self.of(area_type="practice")

    @cached_property
    def funnel(self) -> tuple[float, Sequence[tuple[Row, tuple[float, ...]]]]:
        """The centre of the practices' funnel, and each that has a value with its limits: 95% lower and upper, 99.8% lower and upper."""
        rows = [row for row in self.practices if row["value"] is not None and row.get("high998") is not None]
        return (rows[0]["centre"] if rows else 0.0), [(row, tuple(row[name] for name in FUNNEL[1:])) for row in rows]

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
        return {area: series(area, rows, self.polarity) for area, rows in self._by_area(self.chart_table).items()}

    @cached_property
    def slope(self) -> Slope | None:
        """How it changes over the deprivation fifths; None where one of the five has no value."""
        row = self.inequality
        if row is None or row["slope"] is None:
            return None
        people = np.array([each["denominator"] for each in self.groups("deprivation") if each["group_value"] in FIFTHS], dtype=float)
        share = people / people.sum()
        ranks, ends = np.cumsum(share) - share / 2, (row["most_deprived"], row["least_deprived"])
        return Slope(row["slope"], row["slope_lower"], row["slope_upper"], tuple(ranks.tolist()), ends)


def _latest(rows: Sequence[Row]) -> list[Row]:
    """The rows of the latest stretch of time among them, in their order."""
    last = max((row["period_start"] for row in rows), default=None)
    return [row for row in rows if row["period_start"] == last]


def series(area: Area, rows: Sequence[Row], polarity: int) -> Series:
    """The control chart of an area from its rows as the door gave them, in order of time."""
    last = rows[-1]
    return Series(area, [_point(row, polarity) for row in rows], last["variation"], last["direction"], last["untested"] or "")


def _point(row: Row, polarity: int) -> Point:
    """One point; its way is that of the first rule that it shows."""
    rules = tuple(row["shows"].split(", ")) if row["shows"] else ()
    kind = KINDS[row["side"] * polarity] if rules else "common"
    return Point(row["period_start"], row["value"], row["centre"], row["low"], row["high"], kind, row["side"], rules)


def measured(facts: Facts) -> tuple[Measured, ...]:
    """The measures of the build, in the order of pages."""
    return tuple(Measured(facts, definition) for definition in facts.measure_list)

"""Measures through the aggregates door: any declared cut, counted then computed; what isn't declared is refused, with what is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.asking import named
from joinedup.access.disclosure import Audience
from joinedup.access.measure_cells import (
    Counts,
    Floats,
    Key,
    Span,
    counts_of,
    keys_of,
    median_of,
    periods_of,
    shares_of,
    spans_of,
)
from joinedup.access.measure_values import TOO_FEW, TOO_LITTLE, Valued, valued
from joinedup.access.measured import LEAST_KNOWN
from joinedup.access.stamp import Stamp
from joinedup.errors import Refused
from joinedup.outcomes.measure_definition import STANDARD, MeasureDefinition
from joinedup.outcomes.measure_lines import PEOPLE, Line, countable, lines_of
from joinedup.statistics.estimates import Reason, compared

PERIODS = ("month", "quarter", "year", "rolling")
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("measure_id", "variant_id", "area_type", "area_id", "area_name", "breakdown", "group_value")),
        ("group_name", pa.string()),
        ("period_start", pa.date32()),
        ("period_end", pa.date32()),
        *((name, pa.float64()) for name in ("events", "numerator", "denominator", "value", "lower", "upper", "lower998", "upper998")),
        ("reason", pa.string()),
        ("comparison", pa.string()),
        ("known_share", pa.float64()),
        ("unit", pa.string()),
    ]
)
Rows = Callable[[str, pc.Expression | None], pa.Table]
"""The rows of a table of the build, logged."""


@dataclass(frozen=True)
class Asked:
    """One cut of one measure."""

    measure: MeasureDefinition
    variant: str
    area_type: str
    breakdown: str
    period: str


@dataclass(frozen=True)
class Computed:
    """What a cut comes to, arrays of cells by stretches."""

    keys: tuple[Key, ...]
    spans: tuple[Span, ...]
    counted: Counts
    denominator: Floats
    values: Valued
    share: Floats
    """How much is known."""


@dataclass(frozen=True)
class MeasureResults:
    """The measures of one build, as the audience may have them."""

    definitions: tuple[MeasureDefinition, ...]
    rows: Rows
    stamp: Stamp
    names: dict[tuple[str, str], str]
    """What areas are called, by kind and id."""
    audience: Audience

    def definition(self, name: str) -> MeasureDefinition:
        """A measure by its id; Refused with the nearest."""
        return {each.id: each for each in self.definitions}[named(name, [each.id for each in self.definitions], "a measure")]

    def asked(self, name: str, variant: str, area_type: str, breakdown: str, period: str) -> Asked:
        """A cut that the measure declares; Refused with what it declares."""
        measure = self.definition(name)
        named(variant, measure.variant_ids, f"a variant of {name}")
        areas: tuple[str, ...] = measure.areas
        groups: tuple[str, ...] = ("all", *measure.breakdowns)
        periods: tuple[str, ...] = PERIODS
        if self.audience == "public":
            areas, groups, periods = measure.public.areas, ("all", *measure.public.breakdowns), measure.public.periods
        for wanted, known, what in ((area_type, areas, "areas"), (breakdown, groups, "breakdowns"), (period, periods, "periods")):
            if wanted not in known:
                to = "may be published by" if self.audience == "public" else "declares"
                raise Refused(
                    f"{name} isn't counted by {wanted}: it {to} the {what} {', '.join(known) or 'none'}; "
                    "rates are made of counts, so what isn't declared can't be had by averaging"
                )
        return Asked(measure, variant, area_type, breakdown, period)

    def table(self, asked: Asked) -> pa.Table:
        """The cut: a row for each area, group and stretch of time, in order; the place beside the areas."""
        computed = self.computed(asked)
        return SCHEMA.empty_table() if computed is None else self._arranged(asked, computed)

    def computed(self, asked: Asked) -> Computed | None:
        """The cut as arrays of cells by stretches; None of a measure that isn't counted here."""
        lines = lines_of(asked.measure, asked.variant, countable())
        if lines is None:
            return None
        count, out_of = self._cells(lines.count, asked), None if lines.out_of is None else self._cells(lines.out_of, asked)
        keys = keys_of([count] if out_of is None else [count, out_of])
        months, spans = self._calendar[0], spans_of(*self._calendar, asked.period)
        periods = periods_of(months, spans)
        known = shares_of(self.rows("measure_known", pc.field("line_id") == lines.count.id), keys, months)
        counted = counts_of(count, keys, months).over(periods)
        share = known @ periods / np.maximum(periods.sum(axis=0), 1)
        denominator = counted.events
        if out_of is not None and lines.out_of is not None:
            denominator, share = self._denominator(asked, lines.out_of, counts_of(out_of, keys, months), known, periods)
        if asked.measure.form == "median":
            none = np.full(counted.events.shape, None, dtype=object)
            none[counted.events == 0] = Reason.NO_EVENTS
            values = Valued(**median_of(count, keys, months, spans), reason=none)
        else:
            values = valued(asked.measure, counted, denominator, _typical(counted, keys))
        return Computed(keys, spans, counted, denominator, values, share)

    @cached_property
    def _calendar(self) -> tuple[list[date], list[date], list[date]]:
        """The months, the day after each, and the first days of years."""
        rows = self.rows("place_year_month", None).sort_by("month")
        return rows["month"].to_pylist(), rows["month_end"].to_pylist(), sorted(set(rows["year_starts"].to_pylist()))

    @cached_property
    def _year_days(self) -> Floats:
        """Of each month how many days its year has."""
        rows = self.rows("place_year_month", None).sort_by("month")
        years, days = np.array(rows["year_starts"].to_pylist()), rows["days"].to_numpy().astype(np.float64)
        return np.array([days[years == year].sum() for year in years], dtype=np.float64)

    def _cells(self, line: Line, asked: Asked) -> pa.Table:
        where = (pc.field("line_id") == line.id) & (pc.field("breakdown") == asked.breakdown)
        where &= pc.field("area_type").isin([asked.area_type, "place", *(["none"] if asked.area_type == "neighbourhood" else [])])
        if line.table != PEOPLE:
            return self.rows("measure_cell", where)
        found = self.rows("measure_exposure", where)
        return found.append_column("amount", found["person_days"])

    def _denominator(self, asked: Asked, line: Line, counts: Counts, known: Floats, periods: Floats) -> tuple[Floats, Floats]:
        """What the measure is out of, and how much of it is known: people's time counts by the share that is known of each month."""
        if line.table != PEOPLE:
            of = counts.events if line.amount is None else counts.amount
            return of @ periods, known @ periods / np.maximum(periods.sum(axis=0), 1)
        per_day = asked.measure.out_of is not None and asked.measure.out_of.time == "day"
        people = counts.amount / (1.0 if per_day else self._year_days)
        whole, part = people @ periods, (people * known) @ periods
        return part, np.divide(part, whole, out=np.ones_like(part), where=whole > 0)

    def _arranged(self, asked: Asked, computed: Computed) -> pa.Table:
        keys, spans, counted, values, share = computed.keys, computed.spans, computed.counted, computed.values, computed.share
        measure, size = asked.measure, len(keys) * len(spans)
        numerator = counted.events if measure.form in ("rate", "proportion") else counted.amount
        reason = self._reasons(measure, values, counted, share)
        without = reason != None  # noqa: E711 - compared element by element
        hidden = without & np.isin(reason, [Reason.SOURCE_MISSING, TOO_LITTLE])
        told = {"events": (counted.events, hidden), "numerator": (numerator, hidden), "denominator": (computed.denominator, hidden)}
        told |= {name: (getattr(values, name), without) for name in ("value", "lower", "upper", "lower998", "upper998")}
        kinds, areas, groups = ([key[at] for key in keys for _ in spans] for at in range(3))
        columns: dict[str, Any] = {
            "measure_id": [measure.id] * size,
            "variant_id": [asked.variant] * size,
            "area_type": kinds,
            "area_id": areas,
            "area_name": [self.names.get((kind, area), area) for kind, area in zip(kinds, areas, strict=True)],
            "breakdown": [asked.breakdown] * size,
            "group_value": groups,
            "group_name": [self.names.get((asked.breakdown, group), group or "not known") for group in groups],
            "period_start": [span.start for _ in keys for span in spans],
            "period_end": [span.end for _ in keys for span in spans],
            "reason": [None if why is None else str(why) for why in reason.ravel()],
            "comparison": self._compared(keys, values, without),
            "known_share": share.ravel(),
            "unit": [measure.unit] * size,
        }
        columns |= {name: _nullable(np.where(out, np.nan, numbers)) for name, (numbers, out) in told.items()}
        made = pa.table({name: pa.array(columns[name], SCHEMA.field(name).type) for name in SCHEMA.names})
        return made.take(self._order(made, asked))

    def _reasons(self, measure: MeasureDefinition, values: Valued, counted: Counts, share: Floats) -> Any:  # noqa: ANN401 - an object array
        """Why there is no value: the source first, then too little known, too few, and what the statistic says."""
        reason = values.reason.copy()
        if measure.minimum:
            reason[counted.events < measure.minimum] = TOO_FEW
        reason[share < LEAST_KNOWN] = TOO_LITTLE
        if measure.lacks(self.stamp.missing_contracts):
            reason[:] = Reason.SOURCE_MISSING
        return reason

    def _compared(self, keys: Sequence[Key], values: Valued, without: Any) -> list[str | None]:  # noqa: ANN401 - an array of flags
        """How each cell compares with the place's of the same group and stretch; None of the place, and of people in no neighbourhood."""
        place = {group: number for number, (kind, _, group) in enumerate(keys) if kind == "place"}
        words: list[str | None] = []
        lower, upper, value = (np.where(without, np.nan, each) for each in (values.lower, values.upper, values.value))
        for number, (kind, _, group) in enumerate(keys):
            if kind in ("place", "none") or group not in place:
                words += [None] * values.value.shape[1]
                continue
            of = value[place[group]]
            words += [compared(low, high, float(mark))[0] for low, high, mark in zip(lower[number], upper[number], of, strict=True)]
        return words

    def _order(self, made: pa.Table, asked: Asked) -> pa.Array:
        """Areas as they are named, the place last; groups in their order; then time."""
        kinds = pc.if_else(pc.equal(made["area_type"], "place"), 2, pc.if_else(pc.equal(made["area_type"], "none"), 1, 0))
        number = [int(each) if each.isdigit() else -1 for each in made["group_value"].to_pylist()]
        given = made.append_column("k", kinds).append_column("g", pa.array(number, pa.int64()))
        keys = [
            ("k", "ascending"),
            ("area_id", "ascending"),
            ("g", "ascending"),
            ("group_value", "ascending"),
            ("period_start", "ascending"),
        ]
        return pc.sort_indices(given, sort_keys=keys)


def _typical(counted: Counts, keys: Sequence[Key]) -> Floats:
    """What an event brings on average in the place, for limits of areas without one, by stretch."""
    place = [number for number, key in enumerate(keys) if key[0] == "place"]
    amount, squares = counted.amount[place].sum(axis=0), counted.squares[place].sum(axis=0)
    return np.asarray(np.divide(squares, amount, out=np.full_like(amount, np.nan), where=amount > 0), dtype=np.float64)


def _nullable(numbers: Floats) -> pa.Array:
    flat = numbers.ravel()
    return pa.array(flat, pa.float64(), mask=np.isnan(flat))


__all__ = ["PERIODS", "SCHEMA", "STANDARD", "Asked", "MeasureResults"]

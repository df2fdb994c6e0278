"""Measures through the aggregates door: any declared cut, counted then computed; what isn't declared is refused, with what is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.asking import named
from joinedup.access.disclosure import Audience
from joinedup.access.measure_cells import Counts, Floats, Key, counts_of, keys_of, periods_of, shares_of, spans_of
from joinedup.access.measure_public import disclosed
from joinedup.access.measure_rows import SCHEMA, Names, rows_of
from joinedup.access.measure_values import Computed, medians, standardised, typical, valued
from joinedup.access.measured import LEAST_KNOWN
from joinedup.access.stamp import Stamp
from joinedup.errors import Refused
from joinedup.outcomes.measure_definition import GIVEN, STANDARD, MeasureDefinition
from joinedup.outcomes.measure_lines import PEOPLE, Line, Lines, countable, lines_of

__all__ = ["PERIODS", "SCHEMA", "STANDARD", "Asked", "MeasureResults"]

PERIODS = ("month", "quarter", "year", "rolling")
MOST_UNKNOWN = 2
"""Months of a year of which too little may be known: without three a whole season may be missing, and rates of the others would
tell of seasons. (A rule of ours; 2026.)"""
LEAVES = ("neighbourhood", "none")
Rows = Callable[[str, pc.Expression | None], pa.Table]
"""The rows of a table of the build."""


@dataclass(frozen=True)
class Asked:
    """One cut of one measure."""

    measure: MeasureDefinition
    variant: str
    area_type: str
    breakdown: str
    period: str
    standardised: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of area that its rows are of: the place is always there, and who is in no neighbourhood beside neighbourhoods."""
        return tuple(dict.fromkeys((self.area_type, "place", *(LEAVES if self.area_type == "neighbourhood" else ()))))

    @property
    def name(self) -> str:
        """What it is called in logs and registers."""
        return f"measure {self.measure.id} {self.variant} by {self.area_type}, {self.breakdown} and {self.period}"


@dataclass(frozen=True)
class MeasureResults:
    """The measures of one build, as the audience may have them."""

    definitions: tuple[MeasureDefinition, ...]
    rows: Rows
    stamp: Stamp
    names: Names
    """What areas and groups are called, by kind and id."""
    audience: Audience

    def definition(self, name: str) -> MeasureDefinition:
        """A measure by its id; Refused with the nearest."""
        return {each.id: each for each in self.definitions}[named(name, [each.id for each in self.definitions], "a measure")]

    def asked(self, name: str, cut: Asked | dict[str, str], *, standard: bool = False) -> Asked:
        """A cut that the measure declares, and of which the audience may have the result; Refused with what it declares."""
        measure = self.definition(name)
        asked = cut if isinstance(cut, Asked) else Asked(measure, **cut, standardised=standard)
        if measure.form in GIVEN:
            raise Refused(f"{name} is of {measure.form} values, which aren't read yet: there is nothing of it to show")
        named(asked.variant, measure.variant_ids, f"a variant of {name}")
        areas: tuple[str, ...] = measure.areas
        groups: tuple[str, ...] = ("all", *measure.breakdowns)
        periods: tuple[str, ...] = ("year",) if measure.yearly else PERIODS
        if asked.area_type not in ("place", *measure.groups_in):
            groups = ("all",)
        to = "declares"
        if self.audience == "public":
            areas, groups = measure.public.areas, ("all", *measure.public.breakdowns)
            periods = tuple(each for each in periods if each in measure.public.periods)
            to = "may be published by"
            if asked.variant != STANDARD or asked.standardised:
                raise Refused(f"of {name} the public may have the measure as defined: what differs from it would tell of few people")
        parts = ((asked.area_type, areas, "areas"), (asked.breakdown, groups, "breakdowns"), (asked.period, periods, "periods"))
        for wanted, known, what in parts:
            if wanted not in known:
                raise Refused(
                    f"{name} can't be had by {wanted}: it {to} the {what} {', '.join(known) or 'none'}"
                    f"{f' of a {asked.area_type}' if what == 'breakdowns' else ''}; "
                    "rates are made of counts, so what isn't declared can't be had by averaging"
                )
        if asked.standardised and (measure.standardised is None or asked.breakdown != "all"):
            raise Refused(f"{name} isn't standardised so: ask for the crude rate, or for areas as a whole where it declares standardised")
        return asked

    def table(self, asked: Asked) -> pa.Table:
        """The cut: a row for each area, group and stretch of time, in order; the place beside the areas."""
        computed = self.computed(asked)
        if computed is None:
            return SCHEMA.empty_table()
        made = rows_of(
            asked.measure,
            computed,
            variant=asked.variant,
            breakdown=asked.breakdown,
            names=self.names,
            stamp=self.stamp,
        )
        return made.filter(pc.field("area_type").isin(asked.kinds))

    def computed(self, asked: Asked) -> Computed | None:
        """The cut as arrays of cells by stretches, as the audience may have it; None of a measure that isn't counted here."""
        lines = lines_of(asked.measure, asked.variant, countable())
        if lines is None:
            return None
        if asked.standardised:
            bands = replace(asked, breakdown=str(asked.measure.standardised))
            return standardised(asked.measure, self._counted(bands, lines))
        computed = self._counted(asked, lines)
        return computed if self.audience == "internal" else disclosed(asked.measure, computed)

    def _counted(self, asked: Asked, lines: Lines) -> Computed:
        count, out_of = self._cells(lines.count, asked), None if lines.out_of is None else self._cells(lines.out_of, asked)
        keys = tuple(sorted({*keys_of([count] if out_of is None else [count, out_of]), *self._always(asked)}))
        months, spans = self._calendar[0], spans_of(*self._calendar, asked.period)
        periods = periods_of(months, spans)
        known = shares_of(self.rows("measure_known", pc.field("line_id") == lines.count.id), keys, months)
        counted = counts_of(count, keys, months).over(periods)
        share = known @ periods / np.maximum(periods.sum(axis=0), 1)
        denominator = counted.events
        if out_of is not None and lines.out_of is not None:
            denominator, share = self._denominator(asked, lines.out_of, counts_of(out_of, keys, months), known, periods)
        if asked.measure.form == "median":
            values = medians(count, keys, months, periods)
        else:
            values = valued(asked.measure, counted, denominator, typical(counted, keys))
        gaps = (known < LEAST_KNOWN).astype(np.float64) @ periods > MOST_UNKNOWN
        return Computed(keys, spans, counted, denominator, values, share, gaps)

    def _always(self, asked: Asked) -> Iterator[Key]:
        """The cells that are told of although nothing was counted in them: the place and its neighbourhoods as wholes."""
        if asked.breakdown == "all":
            kinds = {"place", asked.area_type} & {"place", "neighbourhood"}
            yield from ((kind, area, "all") for kind, area in self.names if kind in kinds)

    @cached_property
    def _months(self) -> pa.Table:
        return self.rows("place_year_month", None).sort_by("month")

    @cached_property
    def _calendar(self) -> tuple[list[date], list[date], list[date]]:
        """The months, the day after each, and the first days of years."""
        rows = self._months
        return rows["month"].to_pylist(), rows["month_end"].to_pylist(), sorted(set(rows["year_starts"].to_pylist()))

    @cached_property
    def _year_days(self) -> Floats:
        """Of each month how many days its year has."""
        years, days = np.array(self._months["year_starts"].to_pylist()), self._months["days"].to_numpy().astype(np.float64)
        return np.array([days[years == year].sum() for year in years], dtype=np.float64)

    def _cells(self, line: Line, asked: Asked) -> pa.Table:
        """The rows of a line; for the public those of neighbourhoods, too, which the place's are made of."""
        leaves = LEAVES if self.audience == "public" and "neighbourhood" in asked.measure.areas else ()
        where = (pc.field("line_id") == line.id) & (pc.field("breakdown") == asked.breakdown)
        where &= pc.field("area_type").isin(list(dict.fromkeys((*asked.kinds, *leaves))))
        if line.table != PEOPLE:
            return self.rows("measure_cell", where)
        found = self.rows("measure_exposure", where)
        return found.append_column("amount", found["person_days"])

    def _denominator(self, asked: Asked, line: Line, counts: Counts, known: Floats, periods: Floats) -> tuple[Floats, Floats]:
        """What the measure is out of, and how much of it is known: people's time counts by the share that is known of each month."""
        by_months = known @ periods / np.maximum(periods.sum(axis=0), 1)
        if line.table != PEOPLE:
            of = counts.events if line.amount is None else counts.amount
            return of @ periods, by_months
        per_day = asked.measure.out_of is not None and asked.measure.out_of.time == "day"
        people = counts.amount / (1.0 if per_day else self._year_days)
        whole, part = people @ periods, (people * known) @ periods
        return part, np.divide(part, whole, out=by_months, where=whole > 0)

"""What a door gave, by area: the few lookups that every figure and page needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa

from joinedup.access.built import Built
from joinedup.access.cell_files import CellFiles
from joinedup.access.changes import Changes
from joinedup.access.cohorts import Cohort
from joinedup.access.journeys import Journey
from joinedup.access.overview import Access
from joinedup.access.published import evidence_key
from joinedup.access.rounding import added
from joinedup.errors import NothingPublished, Refused
from joinedup.findings import Finding
from joinedup.papers.needs import Aggregates, MeasureDefinition, MeasureSpec, Stamp
from joinedup.papers.numbers import day
from joinedup.periods import year_name
from joinedup.place.model import Neighbourhood, Place
from joinedup.place.tables import years

Row = Mapping[str, Any]
NEIGHBOURHOOD = "neighbourhood"
OF_PRACTICES = "primary care"
"""The sector whose activity comes from what general practices hold, and from nothing else."""


@dataclass(frozen=True, slots=True)
class Area:
    """The whole place, one of its neighbourhoods, or those of its people who belong to none."""

    type: str
    id: str
    name: str

    def why(self, name: str, *values: object) -> str:
        """The evidence key of a number about it."""
        return evidence_key(name, self.type, "place" if self.type == "place" else self.id, *values)


@dataclass(frozen=True)
class Facts:
    """The aggregates of a build as pages look at them: rows by area, in the order the door gave them."""

    aggregates: Aggregates
    place: Place

    @property
    def stamp(self) -> Stamp:
        """Which build the numbers are from."""
        return self.aggregates.stamp

    @property
    def internal(self) -> bool:
        """Whether counts are true ones, not for publication."""
        return self.aggregates.audience == "internal"

    @cached_property
    def access(self) -> Access | None:
        """Who looked; None where pages don't say."""
        return self.aggregates.access()

    @cached_property
    def built(self) -> Built | None:
        """How the build was made; None where pages don't say."""
        return self.aggregates.built()

    @cached_property
    def changes(self) -> Changes | None:
        """What changed since the build before; None where pages don't say, or nobody has found out."""
        return self.aggregates.changes()

    @cached_property
    def cell_files(self) -> CellFiles:
        """The files behind single numbers; none where pages don't say."""
        return self.aggregates.cell_files()

    @cached_property
    def whole(self) -> Area:
        """The place itself."""
        return Area("place", self.place.id, self.place.name)

    @cached_property
    def nowhere(self) -> Area:
        """Those whose practice is in no neighbourhood: they count for the place only."""
        return Area("none", "none", f"In no {self.place.word.singular}")

    @cached_property
    def shown(self) -> Sequence[Neighbourhood]:
        """The neighbourhoods that have a page, in the order of pages."""
        return self.aggregates.neighbourhoods()

    @cached_property
    def areas(self) -> tuple[Area, ...]:
        """The same as areas."""
        return tuple(Area("neighbourhood", n.id, n.name) for n in self.shown)

    @cached_property
    def population(self) -> Mapping[Area, list[Row]]:
        """People by age band and sex."""
        return self._by_area(self.aggregates.population())

    @cached_property
    def deprivation(self) -> Mapping[Area, list[Row]]:
        """People by deprivation fifth."""
        return self._by_area(self.aggregates.deprivation())

    def profiled(self, name: str) -> Mapping[Area, list[Row]]:
        """The rows of a table of who lives in an area and what is known of them, by area; none where the build doesn't have it."""
        if name not in self._profiled:
            self._profiled[name] = self._grouped(self.listed(name))
        return self._profiled[name]

    def listed(self, name: str) -> Sequence[Row]:
        """The same rows one after the other, those of practices among them."""
        if name not in self._listed:
            self._listed[name] = tuple(self.aggregates.profiled(name).to_pylist())
        return self._listed[name]

    @cached_property
    def _listed(self) -> dict[str, Sequence[Row]]:
        return {}

    @cached_property
    def _profiled(self) -> dict[str, Mapping[Area, list[Row]]]:
        return {}

    @cached_property
    def activity(self) -> Mapping[Area, list[Row]]:
        """Activities by month and point of delivery."""
        return self._by_area(self.aggregates.activity_by_month())

    @cached_property
    def costs(self) -> Mapping[Area, list[Row]]:
        """Cost by point of delivery."""
        return self._by_area(self.aggregates.costs())

    @cached_property
    def opted_out(self) -> Mapping[Area, list[Row]]:
        """Who is kept back by which objection, from which purpose, by deprivation fifth and age."""
        return self._by_area(self.aggregates.opted_out())

    @cached_property
    def specs(self) -> Mapping[str, MeasureSpec]:
        """The measures in words, by id, in the order shown."""
        return self.aggregates.measure_specs()

    @cached_property
    def measure_list(self) -> Sequence[MeasureDefinition]:
        """The measures that are counted by any cut and that this audience may have, in the order of pages."""
        return [each for each in self.aggregates.measure_list() if each.id in self.measure_years]

    @cached_property
    def measures_answered(self) -> bool:
        """Whether the door tells what stands behind a measure that is counted by any cut, by its own id."""
        with suppress(KeyError):
            return bool(self.measure_list) and bool(self.aggregates.behind(self.measure_list[0].id))
        return False

    @cached_property
    def measure_years(self) -> Mapping[str, pa.Table]:
        """Each of these measures by year, of the place and, where it is counted by them, of neighbourhoods; a build of before has none."""
        found = {}
        for each in self.aggregates.measure_list():
            area = NEIGHBOURHOOD if NEIGHBOURHOOD in each.areas else "place"
            with suppress(Refused, NothingPublished):
                found[each.id] = self.aggregates.measure(each.id, variant="standard", area_type=area, breakdown="all", period="year")
        return found

    @cached_property
    def measure_faults(self) -> Sequence[Finding]:
        """Filters of measures that match nothing; none where pages don't say."""
        return self.aggregates.measure_findings()

    @cached_property
    def measures(self) -> Mapping[tuple[str, Area], Row]:
        """The row of each measure and area."""
        by_area = self._by_area(self.aggregates.measures())
        return {(row["measure_id"], area): row for area, rows in by_area.items() for row in rows}

    @cached_property
    def measure_basis(self) -> Sequence[Row]:
        """Of which months of which providers each measure is known."""
        return tuple(self.aggregates.measure_basis().to_pylist())

    @cached_property
    def cohorts(self) -> Sequence[Cohort]:
        """Each cohort in its latest year, in the order of pages; none where the build has none, or nobody is counted."""
        return tuple(self.aggregates.every_cohort())

    @cached_property
    def code_lists(self) -> Sequence[Row]:
        """The code lists by their titles, for staff; none where the build has none of which it says who uses them."""
        return sorted(self.listed("code_list"), key=lambda row: str(row["title"])) if self.internal and self.listed("code_use") else ()

    @cached_property
    def journeys(self) -> Sequence[Journey]:
        """Years of invented people; none where pages may not show any."""
        return self.aggregates.journeys()

    @cached_property
    def years(self) -> Mapping[date, str]:
        """What the years that people are counted by are called, by their first day."""
        return {year.start: year_name(year) for year in years(self.place.period)}

    def people(self, area: Area) -> int | None:
        """How many people are registered; None where no registration list was read at all, or where it isn't shown."""
        if not self.population[self.whole]:
            return None
        parts = [area] if self.internal or area != self.whole else [*self.areas, self.nowhere]
        return added(row["people"] for part in parts for row in self.population[part])

    def people_of(self, area: Area, sector: str) -> int | None:
        """How many people what a sector does is shared over: of what practices hold those who don't object to its use there."""
        if sector != OF_PRACTICES or not self._practice_people:
            return self.people(area)
        return next((row["people"] for row in self._practice_people.get(area, ())), 0)

    @cached_property
    def _practice_people(self) -> Mapping[Area, list[Row]]:
        return self._by_area(self.aggregates.practice_people())

    @cached_property
    def as_at(self) -> str:
        """The day of the population, in words."""
        return day(self.place.as_at)

    @cached_property
    def period(self) -> str:
        """The twelve months, in words."""
        return f"{day(self.place.period.start)} to {day(self.place.period.last_day)}"

    def _by_area(self, table: pa.Table) -> Mapping[Area, list[Row]]:
        return self._grouped(table.to_pylist())

    def _grouped(self, rows: Sequence[Row]) -> Mapping[Area, list[Row]]:
        known = {area.id: area for area in self.areas}
        alone = {"place": self.whole, "none": self.nowhere}
        grouped: dict[Area, list[Row]] = defaultdict(list)
        for row in rows:
            area = alone.get(row["area_type"]) or known.get(row["area_id"])
            if area is not None:
                grouped[area].append(row)
        return grouped

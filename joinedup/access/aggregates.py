"""The aggregates door: counts, rates and money for groups, stamped with the build that they are from. It shows no person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
from pydantic import TypeAdapter

from joinedup.access.disclosure import may_open
from joinedup.access.measured import with_values
from joinedup.access.stamp import Stamp, stamp_of
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from joinedup.findings import Finding
from joinedup.outcomes.definitions import MeasureSpec, measures
from joinedup.place.model import Neighbourhood, Place
from joinedup.sources.accounts import FileAccount, read_accounts

__all__ = ["Aggregates", "open_aggregates"]


def open_aggregates(store: Store, place: Place, purpose: str = "planning") -> Aggregates:
    """The aggregates of the published build; Refused when they may not be shown, NothingPublished when there is no build."""
    reader = Reader(store)
    may_open(place, reader.manifest.about.get("place", {}), purpose)
    specs = measures()
    return Aggregates(place, reader, stamp_of(reader.manifest, place, specs), specs)


@dataclass(frozen=True)
class Aggregates:
    """What one published build says of a place and its neighbourhoods.

    An area is a pair (area_type, area_id): 'place', each 'neighbourhood' that existed in the period, and 'none', the place's
    people whose practice is in no neighbourhood. Neighbourhoods and none add up to the place.
    """

    place: Place
    reader: Reader
    stamp: Stamp
    specs: Mapping[str, MeasureSpec]

    def neighbourhoods(self) -> tuple[Neighbourhood, ...]:
        """The neighbourhoods that existed on some day of the period, in the order of the place folder."""
        period = self.place.period
        return tuple(
            n for n in self.place.neighbourhoods if (n.start is None or n.start < period.end) and (n.end is None or period.start < n.end)
        )

    def population(self) -> pa.Table:
        """People on the as-at date by area, five-year age band and sex."""
        return self._table("area_population", "area_type", "area_id", "age_band_order", "sex")

    def deprivation(self) -> pa.Table:
        """People on the as-at date by area and national fifth of deprivation (1 is the most deprived; null is not known)."""
        return self._table("area_deprivation", "area_type", "area_id", "deprivation_fifth")

    def activity_by_month(self) -> pa.Table:
        """Activities by area, month and point of delivery, in the 24 months that end with the period."""
        return self._table("area_month", "area_type", "area_id", "sector", "point_of_delivery", "month")

    def costs(self) -> pa.Table:
        """Activities and their cost in pence by area and point of delivery, in the period; how many have a cost, and from where."""
        return self._table("area_cost", "area_type", "area_id", "sector", "point_of_delivery")

    def cost_differences(self) -> pa.Table:
        """The extracts' own costs beside the averages for the same activity, by sector and point of delivery, in the period."""
        return self._table("cost_difference", "sector", "point_of_delivery")

    def measures(self) -> pa.Table:
        """The measures by area: counts, value, 95% limits, how neighbourhoods compare with the place, and why a value is missing."""
        return with_values(self._table("measure_count", "area_type", "area_id"), self.specs, self.stamp)

    def measure_specs(self) -> Mapping[str, MeasureSpec]:
        """The measures in words, by id, in the order in which pages show them."""
        return self.specs

    def files(self) -> tuple[FileAccount, ...]:
        """Every file that the build stands on: what became of its rows, and which months they are of."""
        return read_accounts(self.reader.manifest.about["landing"]["files"])

    def findings(self) -> tuple[Finding, ...]:
        """What was found wrong with the files, and between them and the place, when they were landed."""
        return tuple(TypeAdapter(Finding).validate_python(each) for each in self.reader.manifest.about["landing"]["findings"])

    def quality(self) -> pa.Table:
        """What is counted about the quality of the record: rule, found, out_of, unit, message, endangers."""
        return self._table("data_quality", "rule")

    def _table(self, name: str, *order: str) -> pa.Table:
        """A table of the build in a stated order: the only way out, through which disclosure control will pass."""
        return self.reader.table(name).sort_by([(column, "ascending") for column in order])

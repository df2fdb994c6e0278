"""The part of the aggregates door that gives the measures of the period together: values, what they are known of, how rows were linked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pyarrow as pa

from joinedup.access.disclosure import may_open
from joinedup.access.looking import look
from joinedup.access.measure_basis import basis_of
from joinedup.access.measure_door import MeasureDoor
from joinedup.access.measure_events import LINKAGE, linkage
from joinedup.access.measure_results import SCHEMA
from joinedup.errors import Refused
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.place.model import Neighbourhood

NOT_OF_OVERVIEW = ("variant_id", "breakdown", "group_value", "group_name", "lower998", "upper998")
OVERVIEW = pa.schema([*(SCHEMA.field(name) for name in SCHEMA.names if name not in NOT_OF_OVERVIEW), ("title", pa.string())])
"""What is told of each measure and area."""


class MeasureOverview(MeasureDoor):
    """Measures of one published build side by side."""

    def neighbourhoods(self) -> tuple[Neighbourhood, ...]:
        """The neighbourhoods that existed on some day of the period, in the order of the place folder."""
        period = self.place.period
        return tuple(
            n for n in self.place.neighbourhoods if (n.start is None or n.start < period.end) and (n.end is None or period.start < n.end)
        )

    def measures(self) -> pa.Table:
        """Every measure of the period by neighbourhood: counts, value, 95% limits, comparison with the place, and why it has no value.

        Those that the audience may not have by neighbourhood are of the place alone, and those that it may not have at all aren't there.
        """
        there = {("place", "place"), ("none", "none"), *(("neighbourhood", each.id) for each in self.neighbourhoods())}
        titles = {each.id: each.title for each in self.measure_list()}
        rows = [row for each in self.measure_list() for row in self._of_period(each) if (row["area_type"], row["area_id"]) in there]
        return pa.Table.from_pylist([row | {"title": titles[row["measure_id"]]} for row in rows], schema=OVERVIEW)

    def _of_period(self, measure: MeasureDefinition) -> list[dict[str, Any]]:
        """The rows of a measure of the period, by the widest areas that the audience may have."""
        for area in ("neighbourhood", "place"):
            with suppress(Refused):
                rows = self.measure(measure.id, area_type=area).to_pylist()
                return [row for row in rows if row["period_start"] == self.place.period.start]
        return []

    def measure_basis(self) -> pa.Table:
        """Of which providers and months each measure can be known, and why not; for staff with the provider's part of activity.

        The public is told of the measures of overviews.
        """
        shares = self.audience == "internal"
        of = [each for each in self.measure_list() if shares or each.headline]
        return self._made("measure_basis", lambda: basis_of(of, self.reader.rows, self.place.period, shares=shares))

    def measure_linkage(self) -> pa.Table:
        """How far measures of stays in hospital stand on links by probability, by area; nothing of it for the public."""
        told = self.audience == "internal"
        of = self.measure_list()
        return self._made("measure_linkage", lambda: linkage(of, self.reader.rows, self.place.period) if told else LINKAGE.empty_table())

    def _made(self, name: str, made: Callable[[], pa.Table]) -> pa.Table:
        """A table that is worked out from several of the build, as all audiences may have it; logged before it is given."""
        may_open(self.place, self.reader.manifest.about.get("place", {}), self.caller, self.audience)
        given = made()
        self.log.append([look(self.caller, "aggregates", f"{name}, {self.audience}", self.stamp.build_id, rows=given.num_rows)])
        return given

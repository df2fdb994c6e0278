"""The part of the aggregates door that gives measures: any declared cut, and what a cut shows."""

from __future__ import annotations

from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.caller import Caller
from joinedup.access.disclosure import Audience, may_open
from joinedup.access.looking import Log, look
from joinedup.access.measure_charts import charted, funnelled, refuse_without_funnel, trending, unequal
from joinedup.access.measure_names import area_names
from joinedup.access.measure_results import STANDARD, MeasureResults
from joinedup.access.releasing import Leaving
from joinedup.access.stamp import Stamp
from joinedup.engine.reader import Reader
from joinedup.findings import Finding
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.outcomes.measure_folder import definitions
from joinedup.outcomes.measure_lines import countable, event_tables
from joinedup.outcomes.measure_unmatched import unmatched
from joinedup.place.model import Place


class MeasureDoor:
    """Measures of one published build, to one caller and for one audience. What a cut shows is made of the cut as the audience has it."""

    place: Place
    reader: Reader
    stamp: Stamp
    caller: Caller
    audience: Audience
    log: Log

    def measure_list(self) -> tuple[MeasureDefinition, ...]:
        """The measures that are counted by lines, the place's own among them, in the order of pages."""
        return definitions(self.place.folder)

    def measure(  # noqa: PLR0913 - a cut, each part by its name
        self,
        name: str,
        *,
        variant: str = STANDARD,
        area_type: str = "neighbourhood",
        breakdown: str = "all",
        period: str = "year",
        standardised: bool = False,
    ) -> pa.Table:
        """One cut of a measure, the place beside its areas: counts, value, limits, reason, comparison; Refused where it isn't declared.

        A value's limits are of 95 and of 99.8 per cent. For the public few events are suppressed, and values are made of what is shown.
        """
        may_open(self.place, self.reader.manifest.about.get("place", {}), self.caller, self.audience)
        cut = {"variant": variant, "area_type": area_type, "breakdown": breakdown, "period": period}
        asked = self._results.asked(name, cut, standard=standardised)
        given = self._results.table(asked)
        self.log.append([look(self.caller, "aggregates", f"{asked.name}, {self.audience}", self.stamp.build_id, rows=given.num_rows)])
        if self.audience == "public":
            order = ("area_type", "area_id", "group_value", "period_start")
            Leaving(self.reader.store, self.place, self.caller, self.stamp.build_id).public(asked.name, given, order)
        return given

    def measure_chart(self, name: str, *, variant: str = STANDARD, area_type: str = "neighbourhood", breakdown: str = "all") -> pa.Table:
        """The months of a cut, each with the control chart of its area and group: `measure_charts.charted`. Refused as `measure`."""
        cut = self.measure(name, variant=variant, area_type=area_type, breakdown=breakdown, period="month")
        return charted(cut, self._results.definition(name))

    def measure_funnel(self, name: str, *, variant: str = STANDARD, area_type: str = "practice", period: str = "year") -> pa.Table:
        """Areas of a kind, each with the funnel of its stretch of time: `measure_charts.funnelled`. Refused as `measure`."""
        definition = self._results.definition(name)
        refuse_without_funnel(definition)
        return funnelled(self.measure(name, variant=variant, area_type=area_type, period=period), definition)

    def measure_inequality(self, name: str, *, variant: str = STANDARD, area_type: str = "place", period: str = "year") -> pa.Table:
        """The slope and relative index of inequality of areas: `measure_charts.unequal`. Refused as `measure` by deprivation."""
        return unequal(self.measure(name, variant=variant, area_type=area_type, breakdown="deprivation", period=period))

    def measure_trend(
        self, name: str, *, variant: str = STANDARD, area_type: str = "neighbourhood", breakdown: str = "all", period: str = "year"
    ) -> pa.Table:
        """Whether areas and groups rise or fall by more than chance: `measure_charts.trending`. Refused as `measure`.

        The test is of stretches that don't overlap, so not of rolling years.
        """
        cut = self.measure(name, variant=variant, area_type=area_type, breakdown=breakdown, period=period)
        return trending(cut, self._results.definition(name))

    def measure_findings(self) -> tuple[Finding, ...]:
        """Filters of measures that match no row of what is there; nothing for the public, and of builds without measures."""
        if self.audience != "internal" or not {"measure_cell", *self._named_events()} <= set(self.reader.manifest.tables):
            return ()
        return tuple(unmatched(self.measure_list(), countable(), self._counted_lines(), self.reader.rows))

    def _named_events(self) -> set[str]:
        """The event tables."""
        return set(event_tables(countable()))

    def _counted_lines(self) -> set[str]:
        """The lines of which something was counted."""
        whole = (pc.field("area_type") == "place") & (pc.field("breakdown") == "all")
        return set(self.reader.rows("measure_cell", ["line_id"], whole)["line_id"].to_pylist())

    @cached_property
    def _results(self) -> MeasureResults:
        """The measures of the build; what they read is given to nobody but through `measure`."""
        rows = lambda name, where: self.reader.rows(name, None, where)  # noqa: E731 - said once
        return MeasureResults(self.measure_list(), rows, self.stamp, area_names(self.place), self.audience)

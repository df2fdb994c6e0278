"""The aggregates door: counts, rates and money for groups, stamped with the build that they are from. It shows no person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa
from pydantic import TypeAdapter

from joinedup.access import public
from joinedup.access.behind import Behind, behind_of
from joinedup.access.built import Built, built_of
from joinedup.access.caller import Caller
from joinedup.access.cell_files import CellFiles
from joinedup.access.changes import Changes, kept_changes
from joinedup.access.cohorts import Cohort, cohort_of, cohorts_of, every_cohort
from joinedup.access.disclosure import Audience, may_open
from joinedup.access.journeys import Journey, journeys
from joinedup.access.look_report import belongs_of
from joinedup.access.looking import Log, log_of, look
from joinedup.access.measure_events import files_behind
from joinedup.access.measure_overview import MeasureOverview
from joinedup.access.measured import without_unknown
from joinedup.access.overview import Access, access_of
from joinedup.access.profiled import PROFILED
from joinedup.access.releasing import Leaving
from joinedup.access.scoping import not_agreed
from joinedup.access.stamp import Stamp, rounded_stamp, stamp_of
from joinedup.engine.manifest import manifest_before
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from joinedup.errors import Refused
from joinedup.findings import Finding
from joinedup.kept.access_log import AccessLog
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.outcomes.measure_folder import headlines
from joinedup.place.model import Place
from joinedup.sources.accounts import FileAccount, read_accounts
from joinedup.sources.restricted import for_others

__all__ = ["Aggregates", "open_aggregates"]

Disclosed = Callable[[pa.Table], pa.Table]
AREA_FILE, OF_AREA = "area_file", ("area_type", "area_id")
_FINDING = TypeAdapter(Finding)


def open_aggregates(store: Store, place: Place, caller: Caller, audience: Audience = "internal", log: Log | None = None) -> Aggregates:
    """The aggregates of the published build; Refused when they may not be shown, NothingPublished when there is no build.

    Each table is logged before it is given. `log` is the access log of the store unless another is named.
    """
    reader = Reader(store)
    may_open(place, reader.manifest.about.get("place", {}), caller, audience)
    specs = headlines(place.folder)
    stamp = replace(stamp_of(reader.manifest, place, specs), not_for_planning=not_agreed(reader, "planning"))
    return Aggregates(
        place, reader, stamp if audience == "internal" else rounded_stamp(stamp), specs, caller, audience, log or log_of(store, place)
    )


@dataclass(frozen=True)
class Aggregates(MeasureOverview):
    """What one published build says of a place and its neighbourhoods, to one caller and for one audience.

    An area is a pair (area_type, area_id): 'place', each 'neighbourhood' that existed in the period, and 'none', the place's
    people whose practice is in no neighbourhood. Neighbourhoods and none add up to the place; for the public the place's
    counts are made of theirs as they are shown, and a count that isn't shown is null.
    """

    place: Place
    reader: Reader
    stamp: Stamp
    specs: Mapping[str, MeasureDefinition]
    caller: Caller
    audience: Audience
    log: Log

    def population(self) -> pa.Table:
        """People on the as-at date by area, five-year age band and sex."""
        return self._table("area_population", public.population, "area_type", "area_id", "age_band_order", "sex")

    def deprivation(self) -> pa.Table:
        """People on the as-at date by area and national fifth of deprivation (1 is the most deprived; null is not known)."""
        return self._table("area_deprivation", public.deprivation, "area_type", "area_id", "deprivation_fifth")

    def activity_by_month(self) -> pa.Table:
        """Activities by area, month and point of delivery, in the 24 months that end with the period; null where too little is known."""
        by = ("area_type", "area_id", "sector", "point_of_delivery", "month")
        return without_unknown(self._table("area_month", lambda table: public.by_month(table, self.place.period), *by))

    def costs(self) -> pa.Table:
        """Activities and their cost in pence by area and point of delivery, in the period; how many have a cost, and from where."""
        return self._table("area_cost", public.costs, "area_type", "area_id", "sector", "point_of_delivery")

    def cost_differences(self) -> pa.Table:
        """The extracts' own costs beside the averages for the same activity, by sector and point of delivery, in the period."""
        return self._table("cost_difference", public.cost_differences, "sector", "point_of_delivery")

    def measure_specs(self) -> Mapping[str, MeasureDefinition]:
        """The measures that stand on overviews, by id, in the order of pages."""
        return self.specs

    def files(self) -> tuple[FileAccount, ...]:
        """Every file that the build stands on: what became of its rows, and which months they are of; none for the public."""
        found = read_accounts(self.reader.manifest.about["landing"]["files"]) if self._internal("files") else ()
        return tuple(map(for_others, found))

    def findings(self) -> tuple[Finding, ...]:
        """What was found wrong with the files, and between them and the place, when they were landed; nothing for the public."""
        found = self.reader.manifest.about["landing"]["findings"] if self._internal("findings") else ()
        return tuple(map(_FINDING.validate_python, found))

    def quality(self) -> pa.Table:
        """What is counted about the quality of the record: rule, found, out_of, unit, message, endangers; no row for the public."""
        return self._table("data_quality", lambda table: table.slice(0, 0), "rule")

    def practice_people(self) -> pa.Table:
        """People on the as-at date by area over whom what practices hold is counted: without those who object to that."""
        return self._table("area_practice_people", public.practice_people, "area_type", "area_id")

    def opted_out(self) -> pa.Table:
        """People registered on the as-at date and whom objections keep back, by purpose, kind, area, deprivation fifth and age band.

        For the public one row for each purpose and kind, of the place as a whole.
        """
        order = ("purpose", "kind", "area_type", "area_id", "deprivation_fifth", "age_band_order")
        return self._table("opted_out", public.objections, *order)

    def linked_rows(self) -> pa.Table:
        """How rows are linked by source, characteristic and group; nothing of it for the public."""
        return self._table("linked_rows", lambda table: table.slice(0, 0), "contract", "source", "characteristic", "group_value")

    def link_spread(self) -> pa.Table:
        """Rows that no key links by characteristic and group, and how far they come together in people; nothing of it for the public."""
        return self._table("link_spread", lambda table: table.slice(0, 0), "characteristic", "group_value")

    def link_truth(self) -> pa.Table:
        """Right and wrong links by what decided, characteristic and group; no row where the truth isn't known, and for the public."""
        return self._table("link_truth", lambda table: table.slice(0, 0), "decided_by", "characteristic", "group_value")

    def match_weights(self) -> pa.Table:
        """What agreement between two records is worth; nothing of it for the public."""
        return self._table("match_weight", lambda table: table.slice(0, 0), "comparison", "level")

    def match_figures(self) -> pa.Table:
        """Thresholds and counts of matching; nothing of it for the public."""
        return self._table("match_figure", lambda table: table.slice(0, 0), "figure")

    def cohorts(self) -> pa.Table:
        """The cohorts by year: how many they may be of, are in them, and of how many it isn't known, in the order of pages."""
        return cohorts_of(self._table)

    def cohort(self, name: str, year: date | None = None) -> Cohort:
        """How people come to be in a cohort and how it stands beside the rest, of the year that begins then, or else the latest."""
        return cohort_of(self._table, name, year)

    def built(self) -> Built | None:
        """How the build was made; None for the public. It tells of tables and files, and of nobody."""
        return built_of(self.reader.manifest, self.reader.store) if self.audience == "internal" else None

    def changes(self, since: str = "", until: str = "") -> Changes | None:
        """What was found to have changed since an earlier build, or the one before; None for the public, and where nobody has found out.

        `until` is a later build other than the published one.

        Differences of numbers that are nearly the same would tell the public what is suppressed.
        """
        before = since or self.reader.manifest.before
        if not self._internal("changes"):
            return None
        return kept_changes(self.reader.store, before, until or self.stamp.build_id)

    def behind(self, name: str) -> Behind:
        """What stands behind a measure, a published table or what a landing tells; of files and exact counts nothing for the public."""
        manifest = self.reader.manifest
        before = manifest_before(self.reader.store, manifest) if self.audience == "internal" else None
        measure = {each.id: each for each in self.measure_list()}.get(name)
        return behind_of(manifest, before, self.place, measure, name, self.audience)

    def cell_files(self) -> CellFiles:
        """The files behind single numbers; none for the public, for whom a file may be a few people, and of builds that don't keep it."""
        kept = self.audience == "internal" and AREA_FILE in self.reader.manifest.tables
        table = self._table(AREA_FILE, lambda each: each.slice(0, 0), "counted", *OF_AREA) if kept else pa.table({})
        measures = {each.id: each for each in self.measure_list()} if kept else {}
        behind = lambda name: files_behind(measures[name], self.reader.rows, self.place.period)  # noqa: E731 - as long as it is asked for
        return CellFiles(table, self.files() if kept else (), frozenset(measures), behind)

    def every_cohort(self) -> tuple[Cohort, ...]:
        """Each cohort in its latest year, in the order of pages; none where the build has none, or nobody is counted."""
        return every_cohort(self._table) if "cohort_flow" in self.reader.manifest.tables else ()

    def journeys(self) -> tuple[Journey, ...]:
        """Years of three invented people, chosen by rule; none for the public, of real people, and for who may not have records."""
        if self.audience != "internal" or not self.place.invented:
            return ()
        with suppress(Refused):
            return journeys(self.reader, self.place, self.caller, self.log)
        return ()

    def profiled(self, name: str) -> pa.Table:
        """A table of who lives in an area and what is known of them, by its name in `PROFILED`; without rows where the build has none."""
        of = PROFILED[name]
        manifest = self.reader.manifest
        there = of.table in manifest.tables or of.table in manifest.inputs
        return self._table(of.table, of.disclosed, *of.order) if there else pa.table({})

    def table_of(self, name: str) -> pa.Table:
        """A published table by the name that evidence keys have for it, or all measures."""
        if name in PROFILED:
            return self.profiled(name)
        given: dict[str, Callable[[], pa.Table]] = {
            "measures": self.measures,
            "population": self.population,
            "deprivation": self.deprivation,
            "practice_people": self.practice_people,
            "activity": self.activity_by_month,
            "costs": self.costs,
            "cost_differences": self.cost_differences,
            "measure_basis": self.measure_basis,
            "quality": self.quality,
            "objections": self.opted_out,
            "linked_rows": self.linked_rows,
            "link_spread": self.link_spread,
            "link_truth": self.link_truth,
            "measure_linkage": self.measure_linkage,
            "match_weights": self.match_weights,
            "match_figures": self.match_figures,
        }
        return given[name]()

    def access(self) -> Access | None:
        """Who looked in the last weeks, and whether the log is as it was sealed; None for the public, or where looks are kept elsewhere."""
        if not isinstance(self.log, AccessLog) or not self._internal("access log"):
            return None
        return access_of(self.log, self.place, belongs_of(self.reader.store))

    def _internal(self, what: str) -> bool:
        """Whether true counts are given; logged where they are."""
        may_open(self.place, self.reader.manifest.about.get("place", {}), self.caller, self.audience)
        if self.audience == "internal":
            self.log.append([look(self.caller, "aggregates", f"{what}, internal", self.stamp.build_id)])
        return self.audience == "internal"

    def _table(self, name: str, disclosed: Disclosed, *order: str) -> pa.Table:
        """A table of the build in a stated order, under disclosure control, logged before it is given: the only way out."""
        may_open(self.place, self.reader.manifest.about.get("place", {}), self.caller, self.audience)
        table = self.reader.table(name).sort_by([(column, "ascending") for column in order])
        given = table if self.audience == "internal" else disclosed(table)
        self.log.append([look(self.caller, "aggregates", f"{name}, {self.audience}", self.stamp.build_id, rows=given.num_rows)])
        if self.audience == "public":
            Leaving(self.reader.store, self.place, self.caller, self.stamp.build_id).public(name, given, order)
        return given

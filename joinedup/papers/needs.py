# ruff: noqa: D102 - what an attribute holds stands with its class
"""What pages ask of the aggregates door: the attributes that they read, and nothing else.

`joinedup.access.aggregates` gives values of these shapes; tests give small made-up ones. Tables are Arrow tables; the
columns that pages read are named with each method. An area is an area_type and an area_id: the one 'place', each
'neighbourhood' by its id, and the one 'none' for people whose practice is in no neighbourhood; the place has them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

import pyarrow as pa

from joinedup.access.behind import Behind
from joinedup.access.built import Built
from joinedup.access.cell_files import CellFiles
from joinedup.access.changes import Changes
from joinedup.access.cohorts import Cohort
from joinedup.access.journeys import Journey
from joinedup.access.overview import Access
from joinedup.engine.specs import Case
from joinedup.findings import Finding
from joinedup.place.model import Neighbourhood
from joinedup.sources.accounts import FileAccount


class SourceStamp(Protocol):
    """One partner's extract in the build: up to which day it tells, and what became of its rows."""

    @property
    def source(self) -> str: ...
    @property
    def partner_name(self) -> str: ...
    @property
    def contract(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def sector(self) -> str: ...
    @property
    def data_to(self) -> date | None: ...
    @property
    def rows_read(self) -> int | None: ...
    @property
    def loaded(self) -> int | None: ...
    @property
    def superseded(self) -> int | None: ...
    @property
    def rejected(self) -> int | None: ...
    @property
    def linked(self) -> int | None: ...


class Missing(Protocol):
    """A contract that no source of the place follows, and what on the pages suffers from it, in words."""

    @property
    def contract(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def sector(self) -> str: ...
    @property
    def endangers(self) -> str: ...


class Stamp(Protocol):
    """Which build the numbers are from."""

    @property
    def place(self) -> str: ...
    @property
    def invented(self) -> bool: ...
    @property
    def build_id(self) -> str: ...
    @property
    def built_at(self) -> datetime: ...
    @property
    def version(self) -> str: ...
    @property
    def sources(self) -> Sequence[SourceStamp]: ...
    @property
    def missing(self) -> Sequence[Missing]: ...
    @property
    def register(self) -> str: ...
    @property
    def register_findings(self) -> Sequence[str]: ...


class MeasureSpec(Protocol):
    """A measure in words: what it counts, for whom, in which unit, from which official source, and how that is read."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def definition(self) -> str: ...
    @property
    def reading(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def events(self) -> str: ...
    @property
    def polarity(self) -> str: ...
    @property
    def version(self) -> int: ...


class Variant(Protocol):
    """A measure as another text defines it: what differs, why, and by which source."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def source(self) -> str: ...


class MeasureDefinition(Protocol):
    """A measure that is counted by any cut that it declares."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def definition(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def form(self) -> str: ...
    @property
    def per(self) -> float: ...
    @property
    def unit(self) -> str: ...
    @property
    def polarity(self) -> str: ...
    @property
    def breakdowns(self) -> Sequence[str]: ...
    @property
    def areas(self) -> Sequence[str]: ...
    @property
    def yearly(self) -> bool: ...
    @property
    def rules(self) -> str: ...
    @property
    def variants(self) -> Sequence[Variant]: ...
    @property
    def cases(self) -> Sequence[Case]: ...
    @property
    def source(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def reviewer(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def valid_from(self) -> date: ...
    @property
    def origin(self) -> str: ...


class Aggregates(Protocol):
    """The aggregates of one published build, as its door gives them for one place and purpose."""

    @property
    def stamp(self) -> Stamp: ...
    @property
    def audience(self) -> str:
        """'internal' for true counts; 'public' where a null count is one that isn't shown."""
        ...

    def population(self) -> pa.Table:
        """Columns area_type, area_id, age_band, age_band_order, sex ('1', '2' or null), people: on the as-at date."""
        ...

    def deprivation(self) -> pa.Table:
        """Columns area_type, area_id, deprivation_fifth (1 is the most deprived; null is unknown), people."""
        ...

    def activity_by_month(self) -> pa.Table:
        """Columns area_type, area_id, month, sector, point_of_delivery, activities, known_share: 24 months; null where it isn't known."""
        ...

    def costs(self) -> pa.Table:
        """Columns area_type, area_id, sector, point_of_delivery, activities, costed, cost_pence, constant_pence, from_extract,
        from_unit_cost: a year.
        """
        ...

    def cost_differences(self) -> pa.Table:
        """Columns sector, point_of_delivery, activities, extract_pence, average_pence, ratio: 12 months."""
        ...

    def measures(self) -> pa.Table:
        """Columns measure_id, area_type, area_id, period_start, period_end, events, value, lower, upper, reason, comparison,
        known_share.
        """
        ...

    def measure_list(self) -> Sequence[MeasureDefinition]:
        """The measures, in the order of pages."""
        ...

    def measure(self, name: str, *, variant: str, area_type: str, breakdown: str, period: str) -> pa.Table:
        """Columns area_type, area_id, area_name, group_value, group_name, period_start, period_end, events, numerator, denominator, value,
        lower, upper, lower998, upper998, reason, comparison, known_share; the place beside its areas. Refused where it isn't declared.
        """
        ...

    def measure_findings(self) -> Sequence[Finding]:
        """Filters of measures that match nothing of what is there; none for the public."""
        ...

    def measure_chart(self, name: str, *, area_type: str) -> pa.Table:
        """The months of a cut with centre, low, high, shows, side, variation, direction, untested. Refused as `measure`."""
        ...

    def measure_funnel(self, name: str) -> pa.Table:
        """Practices by year with centre, low, high, low998, high998, position, position998. Refused as `measure`, and of other forms."""
        ...

    def measure_inequality(self, name: str) -> pa.Table:
        """The place by year: slope, relative index and their limits, most_deprived, least_deprived, untested. Refused as `measure`."""
        ...

    def measure_basis(self) -> pa.Table:
        """Columns measure_id, provider_code, month, month_end, known_to, known, why, share: of whom measures can be known, and when."""
        ...

    def neighbourhoods(self) -> Sequence[Neighbourhood]:
        """Those that existed on some day of the period, in the order of pages."""
        ...

    def files(self) -> Sequence[FileAccount]:
        """Every file that the build stands on."""
        ...

    def findings(self) -> Sequence[Finding]:
        """What was found wrong with the files, and between them and the place."""
        ...

    def quality(self) -> pa.Table:
        """Columns rule, unit, found, out_of, message, endangers: what was counted about the quality of the record."""
        ...

    def profiled(self, name: str) -> pa.Table:
        """A table of who lives in an area and what is known of them, named as in `joinedup.access.profiled`; no row where there is none."""
        ...

    def every_cohort(self) -> Sequence[Cohort]:
        """Each cohort in its latest year, in the order of pages; none where the build has none."""
        ...

    def journeys(self) -> Sequence[Journey]:
        """Years of invented people; none for the public, and of real people."""
        ...

    def practice_people(self) -> pa.Table:
        """Columns area_type, area_id, people: those over whom what practices hold is counted."""
        ...

    def opted_out(self) -> pa.Table:
        """Columns purpose, kind, keeps_back, area_type, area_id, deprivation_fifth, age_band, age_band_order, registered, removed."""
        ...

    def linked_rows(self) -> pa.Table:
        """Columns contract, source, characteristic, group_value, row_count, by_key, confirmed, by_probability, unlinked, linked_share."""
        ...

    def match_weights(self) -> pa.Table:
        """Columns comparison, level, label, m, u, weight."""
        ...

    def link_spread(self) -> pa.Table:
        """Columns characteristic, group_value, units, row_count, not_by_key, effective_rows."""
        ...

    def link_truth(self) -> pa.Table:
        """Columns decided_by, characteristic, group_value, correct, wrong, missed, of_strangers, strangers_linked, link_precision,
        recall.
        """
        ...

    def measure_linkage(self) -> pa.Table:
        """Columns measure_id, area_type, area_id, numerator, by_probability, kindred, kindred_unlinked."""
        ...

    def match_figures(self) -> pa.Table:
        """Columns figure, value, meaning."""
        ...

    def built(self) -> Built | None:
        """How the build was made; None where pages don't say."""
        ...

    def changes(self) -> Changes | None:
        """What changed since the build before; None where pages don't say, or nobody has found out."""
        ...

    def cell_files(self) -> CellFiles:
        """The files behind single numbers; none where pages don't say."""
        ...

    def behind(self, name: str) -> Behind:
        """What stands behind a measure, a published table or what a landing tells."""
        ...

    def access(self) -> Access | None:
        """Who looked, and whether the access log is as it was sealed; None where pages don't say."""
        ...

    def measure_specs(self) -> Mapping[str, MeasureSpec]:
        """The measures of overviews by id, in the order in which pages show them."""
        ...

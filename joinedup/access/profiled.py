"""The tables of who lives in an area and what is known of them, by the names of evidence keys; and what the public has of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from joinedup.access import public, public_cohorts
from joinedup.access.cohorts import COHORT_YEAR


@dataclass(frozen=True, slots=True)
class Profiled:
    """One table of the build, in which order its rows are given, and how the public has it."""

    table: str
    order: tuple[str, ...]
    disclosed: Callable[[pa.Table], pa.Table]


def _kept_in(table: pa.Table) -> pa.Table:
    """No row: the public has nothing of it."""
    return table.slice(0, 0)


def _without_counts(table: pa.Table) -> pa.Table:
    """The same without a number of anybody."""
    counts = [name for name in ("people", "records", "expected", "last_day") if name in table.column_names]
    for name in counts:
        at = table.column_names.index(name)
        table = table.set_column(at, name, pa.nulls(len(table), table.schema.field(name).type))
    return table


def _as_it_is(table: pa.Table) -> pa.Table:
    """The same: it is of nobody."""
    return table


AREA = ("area_type", "area_id")
PROFILED: Mapping[str, Profiled] = {
    "ethnic_groups": Profiled("area_ethnic_group", (*AREA, "ethnic_group"), public.population),
    "condition_about": Profiled("condition_about", ("condition_order", "condition_id"), _as_it_is),
    "conditions": Profiled("area_condition", (*AREA, "condition_id"), public.conditions),
    "practices_sent": Profiled("practice_year", ("year_starts", "contract", "practice_code"), _without_counts),
    "frailty": Profiled("area_frailty", (*AREA, "age_group", "frailty"), public.frailty),
    "score_about": Profiled("score_about", ("score_order", "score_id"), _as_it_is),
    "scores": Profiled("area_score", (*AREA, "year_starts", "score_id", "band_order"), public.scores),
    "cohort_flow": Profiled("cohort_flow", (*COHORT_YEAR, "step_order"), public_cohorts.flow),
    "cohort_profile": Profiled("cohort_profile", (*COHORT_YEAR, "characteristic"), public_cohorts.profile),
    "cohort_overlap": Profiled("cohort_overlap", (*COHORT_YEAR, "other_id"), public_cohorts.overlap),
    "cohort_area": Profiled("cohort_area", (*COHORT_YEAR, *AREA, "deprivation_fifth"), public_cohorts.areas),
    "cohort_use": Profiled("cohort_use", (*COHORT_YEAR, "sector"), public_cohorts.use),
    "cohort_spend": Profiled("cohort_spend", ("cohort_id", "sector", "side", "month_from_index"), public_cohorts.spend),
    "cohort_change": Profiled("cohort_change", (*COHORT_YEAR, "change"), public_cohorts.overlap),
    "code_list": Profiled("code_list", ("list_id",), _as_it_is),
    "code_use": Profiled("code_use", ("list_id", "group_id", "system", "code"), _kept_in),
    "code_group_use": Profiled("code_group_use", ("list_id", "group_id", "practice_code"), _kept_in),
    "code_list_effect": Profiled("code_list_effect", ("list_id", "version", "group_id"), _kept_in),
    "code_unmatched": Profiled("code_unmatched", ("contract", "system"), _kept_in),
    "segment_about": Profiled("segment_about", ("model_order", "model_id", "segment_order"), _as_it_is),
    "segments": Profiled("area_segment", (*AREA, "model_id", "year_starts", "segment_id"), public.segments),
    "segment_moves": Profiled("segment_move", ("model_id", "year_starts", "from_segment", "to_segment"), _kept_in),
    "flows": Profiled("area_flow", (*AREA, "sector", "provider_code"), public.flows),
}
"""Name -> table. A build of before there was such a table has no rows of it."""

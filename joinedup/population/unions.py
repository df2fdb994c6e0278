"""The SQL that puts the tables of all cohorts, and segment models, together, written from names that were checked when they were read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from joinedup.engine.specs import TableSpec
from joinedup.population.pairs import CohortHead, Pair
from joinedup.population.segment_sql import segment_about, segment_specs_sql

EVERYBODY = "everybody"


def union_specs(found: Sequence[Pair], specs: Mapping[str, TableSpec]) -> dict[str, TableSpec]:
    """The tables whose SQL is written for the cohorts and segment models that there are."""
    cohorts = [pair for pair in found if pair.kind == "cohorts"]
    written = {"cohort_member": member_sql(cohorts), "cohort_reach": reach_sql(cohorts)}
    written |= segment_specs_sql([pair for pair in found if pair.kind == "segments"])
    return {name: specs[name].model_copy(update={"sql": sql}) for name, sql in written.items()}


def member_sql(cohorts: Sequence[Pair]) -> str:
    """Who passes all steps of each cohort, one SELECT each."""
    return "\nUNION ALL\n".join(map(_members, cohorts)) + "\n"


def _members(pair: Pair) -> str:
    index = "index_on" if pair.has_index else "CAST(NULL AS DATE) AS index_on"
    passed = " AND ".join(step.name for step in pair.columns)
    return f"SELECT '{pair.id}' AS cohort_id, year_starts, person_id, {index}\nFROM {pair.spec.table}\nWHERE {passed}"


def reach_sql(cohorts: Sequence[Pair]) -> str:
    """How many steps people pass in each cohort, one after the other, and whether the next one isn't known."""
    return "\nUNION ALL\n".join(map(_reached, cohorts)) + "\n"


def _reached(pair: Pair) -> str:
    names = [step.name for step in pair.columns]
    stops = "\n".join(f"            WHEN {name} IS NULL OR NOT {name} THEN {at}" for at, name in enumerate(names))
    blank = "\n".join(f"            WHEN {name} IS NULL THEN TRUE\n            WHEN NOT {name} THEN FALSE" for name in names)
    return f"""\
SELECT '{pair.id}' AS cohort_id, year_starts, reached, not_known, count(*) AS people
FROM (
    SELECT
        year_starts,
        CASE
{stops}
            ELSE {len(names)}
        END AS reached,
        CASE
{blank}
            ELSE FALSE
        END AS not_known
    FROM {pair.spec.table}
) AS {pair.id}
GROUP BY year_starts, reached, not_known"""


def pair_tables(found: Sequence[Pair]) -> dict[str, pa.Table]:
    """What pairs say of themselves, as tables for the builder, in the order of their keys."""
    cohorts = sorted((pair for pair in found if pair.kind == "cohorts"), key=lambda pair: pair.id)
    models = [pair for pair in found if pair.kind == "segments"]
    return {"cohort_about": _about(cohorts), "cohort_step": _steps(cohorts), "segment_about": segment_about(models)}


def _about(cohorts: Sequence[Pair]) -> pa.Table:
    rows = [
        {
            "cohort_id": pair.id,
            "cohort_order": pair.head.order,
            "title": pair.head.title,
            "about": " ".join(pair.head.about.split()),
            "index_meaning": (pair.head.index_on or None) if isinstance(pair.head, CohortHead) else None,
            "version": pair.head.version,
            "owner": pair.head.owner,
            "source": pair.head.source,
            "origin": pair.origin,
        }
        for pair in cohorts
    ]
    kinds = dict.fromkeys(("cohort_order", "version"), pa.int32())
    names = ("cohort_id", "cohort_order", "title", "about", "index_meaning", "version", "owner", "source", "origin")
    return pa.Table.from_pylist(rows, pa.schema([pa.field(name, kinds.get(name, pa.string())) for name in names]))


def _steps(cohorts: Sequence[Pair]) -> pa.Table:
    rows = []
    for pair in cohorts:
        rows.append({"cohort_id": pair.id, "step_order": 0, "step": EVERYBODY, "title": "Everybody it may be of"})
        rows += [
            {"cohort_id": pair.id, "step_order": at, "step": step.name, "title": step.title} for at, step in enumerate(pair.columns, 1)
        ]
    kinds = {"step_order": pa.int32()}
    names = ("cohort_id", "step_order", "step", "title")
    return pa.Table.from_pylist(rows, pa.schema([pa.field(name, kinds.get(name, pa.string())) for name in names]))

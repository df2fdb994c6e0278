"""The SQL that puts everybody into a segment of each model, written from names that were checked when the models were read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from joinedup.population.pairs import Pair

ABOUT = pa.schema(
    {
        "model_id": pa.string(),
        "segment_id": pa.string(),
        "segment_order": pa.int32(),
        "title": pa.string(),
        "about": pa.string(),
        "otherwise": pa.bool_(),
        "model_order": pa.int32(),
        "model_title": pa.string(),
        "model_about": pa.string(),
        "version": pa.int32(),
        "owner": pa.string(),
        "source": pa.string(),
        "origin": pa.string(),
    }
)


def segment_specs_sql(models: Sequence[Pair]) -> dict[str, str]:
    """The SQL of the tables that are written for the segment models that there are, by table."""
    rules = [rule for model in models for rule in _rules(model)]
    return {"person_segment": "\nUNION ALL\n".join(map(_people, models)) + "\n", "segment_rule": "\nUNION ALL\n".join(rules) + "\n"}


def _people(model: Pair) -> str:
    """Everybody of every year in the first segment whose rule holds, whether or not the model's own SQL has a row for them."""
    names = [step.name for step in model.columns]
    last = model.head.steps[-1].name
    orders = "\n".join(f"            WHEN m.{name} THEN {at}" for at, name in enumerate(names, 1))
    ids = "\n".join(f"        WHEN {at} THEN '{name}'" for at, name in enumerate(names, 1))
    met = "\n            + ".join(f"CASE WHEN m.{name} THEN 1 ELSE 0 END" for name in names)
    rows = "".join(f"        m.{name},\n" for name in names)
    blank = "\n        + ".join(f"CASE WHEN {name} IS NULL AND segment_order > {at} THEN 1 ELSE 0 END" for at, name in enumerate(names, 1))
    return f"""\
SELECT
    person_id,
    year_starts,
    '{model.id}' AS model_id,
    CASE segment_order
{ids}
        ELSE '{last}'
    END AS segment_id,
    segment_order,
    rules_met,
    {blank} AS rules_not_known,
    left_out
FROM (
    SELECT
        p.person_id,
        p.year_starts,
{rows}        CASE
{orders}
            ELSE {len(names) + 1}
        END AS segment_order,
        {met} AS rules_met,
        m.person_id IS NULL AS left_out
    FROM person_year AS p
    LEFT JOIN {model.spec.table} AS m ON m.person_id = p.person_id AND m.year_starts = p.year_starts
) AS {model.id}"""


def _rules(model: Pair) -> Iterator[str]:
    """How often each rule of a model holds, is not known, and holds for those whom an earlier one takes."""
    names = [step.name for step in model.columns]
    for at, name in enumerate(names):
        earlier = " OR ".join(f"coalesce({before}, FALSE)" for before in names[:at]) or "FALSE"
        yield f"""\
SELECT
    '{model.id}' AS model_id,
    '{name}' AS segment_id,
    year_starts,
    count(*) FILTER (WHERE {name}) AS met,
    count(*) FILTER (WHERE {name} IS NULL) AS not_known,
    count(*) FILTER (WHERE {name} AND ({earlier})) AS taken_before
FROM {model.spec.table}
GROUP BY year_starts"""


def segment_about(models: Sequence[Pair]) -> pa.Table:
    """The segments of all models, as a table for the builder, in the order of its key."""
    rows: list[dict[str, Any]] = [
        {
            "model_id": model.id,
            "segment_id": step.name,
            "segment_order": at,
            "title": step.title,
            "about": " ".join(step.about.split()),
            "otherwise": step.otherwise,
            "model_order": model.head.order,
            "model_title": model.head.title,
            "model_about": " ".join(model.head.about.split()),
            "version": model.head.version,
            "owner": model.head.owner,
            "source": model.head.source,
            "origin": model.origin,
        }
        for model in models
        for at, step in enumerate(model.head.steps, 1)
    ]
    return pa.Table.from_pylist(sorted(rows, key=lambda row: (row["model_id"], row["segment_id"])), ABOUT)

"""What each measure can be known of: which months of which providers, and each provider's usual part of what is counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.measure_events import NOBODY, Rows
from joinedup.outcomes.measure_definition import STANDARD, MeasureDefinition
from joinedup.outcomes.measure_lines import Line, countable, lines_of
from joinedup.periods import Period

SCHEMA = pa.schema(
    [
        ("measure_id", pa.string()),
        ("provider_code", pa.string()),
        ("month", pa.date32()),
        ("month_end", pa.date32()),
        ("way", pa.int32()),
        ("known_to", pa.date32()),
        ("known", pa.bool_()),
        ("why", pa.string()),
        ("share", pa.float64()),
    ]
)


def basis_of(measures: Sequence[MeasureDefinition], rows: Rows, period: Period, *, shares: bool) -> pa.Table:
    """A row for each measure, provider and month of a period: whether it can be known, and why not; `share` null where it isn't asked for.

    Who is named by no one has no row, unless something of theirs is counted.
    """
    told = rows("provider_month", ["contract", "provider_code", "month", "month_end", "known_to"], _within(period)).to_pylist()
    ends = {row["month"]: row["month_end"] for row in told}
    known_to = {(row["contract"], row["provider_code"], row["month"]): row["known_to"] for row in told}
    made: list[dict[str, Any]] = []
    for measure in measures:
        lines = lines_of(measure, STANDARD, countable())
        if lines is None or not lines.count.needs:
            continue
        usual = _shares(lines.count, rows)
        contracts = {way: [contract for one, contract, _ in lines.count.needs if one == way] for way, _, _ in lines.count.needs}
        for row in _months(lines.count, rows, period):
            provider, month = row["provider_code"], row["month"]
            if month not in ends or (provider == NOBODY and not usual.get(NOBODY)):
                continue
            reached = [day for contract in contracts[row["way"]] if (day := known_to.get((contract, provider, month))) is not None]
            of = {"measure_id": measure.id, "month_end": ends[month], "known_to": max(reached, default=None)}
            made.append(row | of | {"share": usual.get(provider, 0.0) if shares and usual else None})
    return pa.Table.from_pylist(made, schema=SCHEMA).sort_by([(name, "ascending") for name in ("measure_id", "provider_code", "month")])


def _within(period: Period) -> pc.Expression:
    return (pc.field("month") >= period.start) & (pc.field("month") < period.end)


def _months(line: Line, rows: Rows, period: Period) -> list[dict[str, Any]]:
    """The months of a line, by provider."""
    found: list[dict[str, Any]] = rows("line_basis", None, (pc.field("line_id") == line.id) & _within(period)).to_pylist()
    return found


def _shares(line: Line, rows: Rows) -> dict[str, float]:
    """Provider -> its part of the place's activities that the contracts of a line tell of; none where there are none."""
    contracts = sorted({contract for _, contract, _ in line.needs})
    where = (pc.field("area_type") == "place") & pc.field("contract").isin(contracts)
    found = rows("activity_share", ["provider_code", "activities_a_month"], where)
    summed = found.group_by("provider_code", use_threads=False).aggregate([("activities_a_month", "sum")]).to_pylist()
    total = sum(row["activities_a_month_sum"] or 0.0 for row in summed)
    return {row["provider_code"]: (row["activities_a_month_sum"] or 0.0) / total for row in summed} if total else {}

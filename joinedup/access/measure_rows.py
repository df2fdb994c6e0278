"""Arrays of a cut as rows: what areas and groups are called, why there is no value, how each compares with the place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.measure_cells import Floats
from joinedup.access.measure_values import Computed
from joinedup.access.measured import ENDS_EARLY, LEAST_KNOWN, TOO_FEW, TOO_LITTLE, source_reason
from joinedup.access.stamp import Stamp
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.statistics.estimates import Reason, compared

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("measure_id", "variant_id", "area_type", "area_id", "area_name", "breakdown", "group_value")),
        ("group_name", pa.string()),
        ("period_start", pa.date32()),
        ("period_end", pa.date32()),
        ("events", pa.int64()),
        *((name, pa.float64()) for name in ("numerator", "denominator", "value", "lower", "upper", "lower998", "upper998")),
        ("reason", pa.string()),
        ("comparison", pa.string()),
        ("known_share", pa.float64()),
        ("unit", pa.string()),
    ]
)
Names = Mapping[tuple[str, str], str]


def rows_of(  # noqa: PLR0913 - what a row says, each by its name
    measure: MeasureDefinition, computed: Computed, *, variant: str, breakdown: str, names: Names, stamp: Stamp
) -> pa.Table:
    """The cut as a table, areas by their id, the place last, groups in their order, then time."""
    keys, spans, values = computed.keys, computed.spans, computed.values
    size = len(keys) * len(spans)
    counted = computed.counted
    reason = _reasons(measure, computed, stamp)
    without = reason != None  # noqa: E711 - compared element by element
    hidden = without & np.isin(reason, [Reason.SOURCE_MISSING, ENDS_EARLY, TOO_LITTLE, Reason.SUPPRESSED])
    numerator = counted.events if measure.form in ("rate", "proportion") else counted.amount
    told = {"events": (counted.events, hidden), "numerator": (numerator, hidden), "denominator": (computed.denominator, hidden)}
    told |= {name: (getattr(values, name), without) for name in ("value", "lower", "upper", "lower998", "upper998")}
    kinds, areas, groups = ([key[at] for key in keys for _ in spans] for at in range(3))
    columns: dict[str, Any] = {
        "measure_id": [measure.id] * size,
        "variant_id": [variant] * size,
        "area_type": kinds,
        "area_id": areas,
        "area_name": [names.get((kind, area), area) for kind, area in zip(kinds, areas, strict=True)],
        "breakdown": [breakdown] * size,
        "group_value": groups,
        "group_name": [names.get((breakdown, group), group.replace("_", " ") or "not known") for group in groups],
        "period_start": [span.start for _ in keys for span in spans],
        "period_end": [span.end for _ in keys for span in spans],
        "reason": [None if why is None else str(why) for why in reason.ravel()],
        "comparison": _compared(computed, without),
        "known_share": computed.share.ravel(),
        "unit": [measure.unit] * size,
    }
    columns |= {name: _nullable(np.where(out, np.nan, numbers)) for name, (numbers, out) in told.items()}
    columns["events"] = columns["events"].cast(pa.int64())
    made = pa.table({name: pa.array(columns[name], SCHEMA.field(name).type) for name in SCHEMA.names})
    return made.take(_order(made))


def _reasons(measure: MeasureDefinition, computed: Computed, stamp: Stamp) -> npt.NDArray[np.object_]:
    """Why there is no value: the source first, then too little known, too few, and what the statistic says."""
    reason = computed.values.reason.copy()
    if measure.minimum:
        reason[computed.counted.events < measure.minimum] = TOO_FEW
    reason[(computed.share < LEAST_KNOWN) | computed.gaps] = TOO_LITTLE
    for number, span in enumerate(computed.spans):
        if why := source_reason(measure, stamp, span.end):
            reason[:, number] = why
    return reason


def _compared(computed: Computed, without: npt.NDArray[np.bool_]) -> list[str | None]:
    """How each cell compares with the place's of the same group and stretch; None of the place, and of people in no neighbourhood."""
    keys, values = computed.keys, computed.values
    place = {group: number for number, (kind, _, group) in enumerate(keys) if kind == "place"}
    against = np.array([place.get(group, -1) if kind not in ("place", "none") else -1 for kind, _, group in keys], dtype=np.int64)
    lower, upper, value = (np.where(without, np.nan, each) for each in (values.lower, values.upper, values.value))
    return list(compared(lower, upper, np.where(against[:, None] >= 0, value[against], np.nan)).ravel())


def _order(made: pa.Table) -> pa.Array:
    """Areas as they are named, people in none and the place last; groups in their order; then time."""
    kinds = pc.if_else(pc.equal(made["area_type"], "place"), 2, pc.if_else(pc.equal(made["area_type"], "none"), 1, 0))
    number = [int(each) if each.isdigit() else -1 for each in made["group_value"].to_pylist()]
    given = made.append_column("kind", kinds).append_column("number", pa.array(number, pa.int64()))
    names = ("kind", "area_id", "number", "group_value", "period_start")
    return pc.sort_indices(given, sort_keys=[(name, "ascending") for name in names])


def _nullable(numbers: Floats) -> pa.Array:
    flat = numbers.ravel()
    return pa.array(flat, pa.float64(), mask=np.isnan(flat))

"""A cut of a measure as the public may have it: few events suppressed, the rest rounded, values made of what is shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from joinedup.access import public
from joinedup.access.measure_cells import Counts, Floats
from joinedup.access.measure_values import Computed, Valued, typical, valued
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.statistics.estimates import Reason

TENTHS, ROUNDING = 10, 1e-9


def disclosed(measure: MeasureDefinition, computed: Computed) -> Computed:
    """The same cells with counts that are rounded or, where few, not known, and the values that these give."""
    shape = computed.counted.events.shape
    told = public.measure_cells(_flat(computed), measure.public.minimum, proportion=measure.form == "proportion")
    events, amount, squares, people = (_floats(told, name).reshape(shape) for name in ("events", "amount", "squares", "denominator"))
    counted = Counts(events, amount, squares)
    if measure.form == "median":
        values = _masked(computed.values, np.isnan(events))
    else:
        values = valued(measure, counted, people, typical(counted, computed.keys))
    reason = values.reason.copy()
    reason[np.isnan(events) | np.isnan(people)] = Reason.SUPPRESSED
    # A share tells of counts by provider: it is given to a tenth, down.
    share = np.floor(TENTHS * computed.share + ROUNDING) / TENTHS
    return Computed(computed.keys, computed.spans, counted, people, replace(values, reason=reason), share, computed.gaps)


def _flat(computed: Computed) -> pa.Table:
    """Cells by stretches as rows."""
    spans = range(len(computed.spans))
    kinds, areas, groups = ([key[at] for key in computed.keys for _ in spans] for at in range(3))
    texts = {"area_type": kinds, "area_id": areas, "group_value": groups}
    columns = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    columns["span"] = pa.array([at for _ in computed.keys for at in spans], pa.int32())
    counted = computed.counted
    numbers = {"events": counted.events, "amount": counted.amount, "squares": counted.squares, "denominator": computed.denominator}
    return pa.table(columns | {name: pa.array(values.ravel(), pa.float64()) for name, values in numbers.items()})


def _floats(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].cast(pa.float64()).to_numpy(), dtype=np.float64)


def _masked(values: Valued, without: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Valued:
    """Values without some of them."""
    low, high, furthest, highest = (
        np.where(without, np.nan, each) for each in (values.lower, values.upper, values.lower998, values.upper998)
    )
    return Valued(np.where(without, np.nan, values.value), low, high, furthest, highest, values.reason)

"""When a measure has no value although something was counted: a source that is missing or ends early, or too little that is known."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.stamp import Stamp
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.statistics.estimates import Reason

LIST = "register"
"""The contract of registration lists, from which the people of every rate come."""
LATE = timedelta(days=31)
"""A registration list that ends more than a month before the period does tells of other people. (A rule of ours; 2026.)"""
LEAST_KNOWN = 0.5
"""Of an area's people over the year, of whom a measure must be known: of fewer the rest might change it. (A rule of ours; 2026.)"""
ENDS_EARLY = "source ends early"
TOO_FEW = "too few"
TOO_LITTLE = "too little known"


def source_reason(measure: MeasureDefinition, stamp: Stamp, period_end: date) -> str | None:
    """Why the sources of a measure can't carry it up to a day; None when they can."""
    if measure.lacks(stamp.missing_contracts):
        return Reason.SOURCE_MISSING
    listed_to = stamp.data_to(LIST)
    return ENDS_EARLY if LIST in measure.needs and listed_to is not None and listed_to + LATE < period_end else None


def without_unknown(months: pa.Table) -> pa.Table:
    """The rows of area_month without the counts of months of which less than half is known: the rest might change them."""
    little = np.asarray(months["known_share"].to_numpy() < LEAST_KNOWN, dtype=bool)
    return months.set_column(months.column_names.index("activities"), "activities", _without(months["activities"], little))


def _without(column: pa.ChunkedArray, out: npt.NDArray[np.bool_]) -> pa.ChunkedArray:
    """The column, null in some rows."""
    return pc.if_else(pa.array(out), pa.scalar(None, column.type), column)

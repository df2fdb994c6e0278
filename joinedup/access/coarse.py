"""People by year and by month as analysts may have them: days of a life are told by the month, and nothing is left of them.

Both tables are made of people and files that may be used for planning, so they leave for that alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.engine.specs import Column, ColumnType, TableSpec
from joinedup.errors import Refused

PLANNED = ("person_year", "person_month_sector")
"""Tables of the population that leave through the records door."""
COARSE: Mapping[str, str] = {"person_months": "person_days", "last_month": "last_on"}
"""What is told by the month, and the column that it is told instead of."""
AGES = ("age", "age_band_order")
"""Ages on a known day: beside the year of birth they tell part of the birthday, so the year of birth is told alone."""
WHEN = frozenset({"born", "died", "joined", "left_place", *COARSE})
"""Columns that tell when a life in the place began or ended."""
DAYS_A_MONTH = 365.25 / 12
NEW = (
    Column(
        name="person_months",
        type=ColumnType.INTEGER,
        unit="months",
        meaning="Days of the year registered with a practice of the place, to the nearest whole month: 12 for all of it",
    ),
    Column(
        name="last_month",
        type=ColumnType.DATE,
        meaning="First day of the month in which the person last belonged to the place in the year: March for most",
    ),
)
ABOUT = (
    "As analysts may have it: months of exposure instead of days, the month instead of the last day, and no age, which birth_year and "
    "year_starts give to the year. "
)


def door_spec(spec: TableSpec) -> TableSpec:
    """What the table is once days are told by the month; the same where it tells of none."""
    kept = tuple(column for column in spec.columns if column.name not in {*COARSE.values(), *AGES})
    if len(kept) == len(spec.columns):
        return spec
    return spec.model_copy(update={"columns": (*kept, *NEW), "about": ABOUT + spec.about})


def for_planning(table: str, purpose: str) -> None:
    """Nothing; Refused where such a table is asked for another purpose than it was made for."""
    if table in PLANNED and purpose != "planning":
        raise Refused(
            f"{table} is made of people who don't object to planning, and of what may be used for it, so it leaves for planning alone, not "
            f"for {purpose}; ask for person and activity, which are looked through for {purpose}"
        )


def read_for(names: Collection[str]) -> set[str]:
    """The columns that are read so that these can be told."""
    return {COARSE[name] for name in names if name in COARSE}


def coarsened(rows: pa.Table, names: Collection[str]) -> pa.Table:
    """The rows with what is asked of them by the month, and without the days that it is told instead of."""
    if "person_months" in names:
        months = np.rint(np.asarray(rows["person_days"].to_numpy(), dtype=np.float64) / DAYS_A_MONTH)
        rows = rows.append_column("person_months", pa.array(months.astype(np.int32)))
    if "last_month" in names:
        rows = rows.append_column("last_month", pc.floor_temporal(rows["last_on"], unit="month").cast(pa.date32()))
    return rows.drop_columns([name for name in COARSE.values() if name in rows.column_names])

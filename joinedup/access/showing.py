"""One table of the aggregates door by what somebody asks: which measure, by what, of which months."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.aggregates import Aggregates
from joinedup.access.asking import named
from joinedup.access.measure_results import STANDARD
from joinedup.access.measured import LEAST_KNOWN
from joinedup.access.rounding import added
from joinedup.errors import Refused

TABLES: Mapping[str, Callable[[Aggregates], pa.Table]] = {
    "population": Aggregates.population,
    "deprivation": Aggregates.deprivation,
    "activity": Aggregates.activity_by_month,
    "costs": Aggregates.costs,
    "measures": Aggregates.measures,
}
MONEY = ("cost_pence", "constant_pence")
COUNTS = ("people", "activities", "costed", *MONEY, "from_extract", "from_unit_cost")
VALUES = "values"
"""How a measure is shown unless something else is asked for."""
KNOWN_SHARE = "known_share"
"""Of a count by month, how much of it is known; where it is too little there is none."""
ORDER_ALONE = ("age_band_order",)
AREA = ("area_type", "area_id")
AREAS = ("place", "neighbourhood", "practice", "pcn", "ward")
MONTHS = re.compile(r"(\d{4})-(0[1-9]|1[0-2])(?:\.\.(\d{4})-(0[1-9]|1[0-2]))?")


def table_of(  # noqa: PLR0913 - what may be asked, each by its name
    door: Aggregates,
    name: str,
    by: Sequence[str] | None = None,
    period: str | None = None,
    *,
    variant: str = "",
    standardised: bool = False,
    view: str = VALUES,
) -> pa.Table:
    """A measure or table, its counts summed by the columns asked for, of the months asked for; Refused where there are none such."""
    if name in {each.id for each in door.measure_list()}:
        if view != VALUES:
            return shown_as(door, name, by, period, view=view, variant=variant or STANDARD, standardised=standardised)
        return measure_of(door, name, by, period, variant=variant or STANDARD, standardised=standardised)
    if variant or standardised or view != VALUES:
        raise Refused(f"{name} has no variants, isn't standardised and has no chart: leave --variant, --standardised and --as out")
    table = TABLES[named(name, [*TABLES, *(each.id for each in door.measure_list()), "people"], "a measure or table to show")](door)
    if period is not None:
        table = _of_months(table, period, name)
    keys = [column for column in table.column_names if column not in (*COUNTS, KNOWN_SHARE)]
    if by is None:
        return table.drop_columns([column for column in ORDER_ALONE if column in table.column_names])
    if "measure_id" in keys:
        return _of_areas(table, by, name)
    return _summed(table, _wanted(by, keys))


def measure_of(  # noqa: PLR0913 - a cut, each part by its name
    door: Aggregates,
    name: str,
    by: Sequence[str] | None = None,
    period: str | None = None,
    *,
    variant: str = STANDARD,
    standardised: bool = False,
) -> pa.Table:
    """A measure by one kind of area and perhaps one characteristic of people; Refused where it declares no such cut."""
    area, group = _cut(name, by or ["neighbourhood"])
    return door.measure(name, variant=variant, area_type=area, breakdown=group, period=period or "year", standardised=standardised)


def shown_as(  # noqa: PLR0913 - a cut, each part by its name
    door: Aggregates,
    name: str,
    by: Sequence[str] | None = None,
    period: str | None = None,
    *,
    view: str,
    variant: str = STANDARD,
    standardised: bool = False,
) -> pa.Table:
    """What a cut of a measure shows: its control charts, funnel, inequality by deprivation, or trend; Refused where there is no such."""
    usual = {"chart": "neighbourhood", "trend": "neighbourhood", "funnel": "practice", "inequality": "place"}
    area, group = _cut(name, by or [usual[named(view, [*usual], "something that a measure can be shown as")]])
    if standardised:
        raise Refused(f"a {view} of {name} is of crude values: leave --standardised out, or ask for the values")
    if group != "all" and view in ("funnel", "inequality"):
        raise Refused(f"a {view} of {name} is by one kind of area, not by {group} too: ask --by {area}")
    if view == "chart":
        if period not in (None, "month"):
            raise Refused(f"a control chart of {name} is by month, not by {period}: leave --period out")
        return door.measure_chart(name, variant=variant, area_type=area, breakdown=group)
    if view == "trend":
        return door.measure_trend(name, variant=variant, area_type=area, breakdown=group, period=period or "year")
    ask = door.measure_funnel if view == "funnel" else door.measure_inequality
    return ask(name, variant=variant, area_type=area, period=period or "year")


def _cut(name: str, by: Sequence[str]) -> tuple[str, str]:
    """The kind of area and the characteristic that are asked for; Refused where there are several of one."""
    asked = list(dict.fromkeys("neighbourhood" if each == "area" else each for each in by))
    areas = [each for each in asked if each in AREAS]
    groups = [each for each in asked if each not in AREAS]
    if len(areas) > 1 or len(groups) > 1:
        raise Refused(f"{name} is given by one kind of area and one characteristic, not by {', '.join(asked)}; ask for them one by one")
    return areas[0] if areas else "place", groups[0] if groups else "all"


def _wanted(by: Sequence[str], keys: Sequence[str]) -> list[str]:
    """The columns to count by; an area is named by two."""
    asked = ["area_id" if each in ("neighbourhood", "area") else each for each in by]
    known = [named(each, [key for key in keys if key not in ("area_type", *ORDER_ALONE)], "something to count by") for each in asked]
    return [*AREA, *(each for each in known if each != "area_id")] if "area_id" in known else known


def _of_areas(table: pa.Table, by: Sequence[str], name: str) -> pa.Table:
    """A measure's rows: a rate can't be summed, so it is by neighbourhood or of the place."""
    if set(by) <= {"neighbourhood", "area"}:
        return table
    if list(by) == ["place"]:
        return table.filter(pc.equal(table["area_type"], "place"))
    raise Refused(f"{name} is given by neighbourhood or for the place, not by {', '.join(by)}; ask --by neighbourhood or --by place")


def _summed(table: pa.Table, by: Sequence[str]) -> pa.Table:
    """The counts by some columns: areas as they are, or where the area isn't asked for all of them together, which are the place.

    Counts of months of which too little is known are left out, and `unknown` says how many.
    """
    if "area_id" not in by:
        table = table.filter(pc.not_equal(table["area_type"], "place"))
    counts = [column for column in COUNTS if column in table.column_names]
    groups: dict[tuple[object, ...], list[int]] = {}
    for row, key in enumerate(zip(*(table[column].to_pylist() for column in by), strict=True) if by else [()] * table.num_rows):
        groups.setdefault(key, []).append(row)
    values = {column: table[column].to_pylist() for column in counts}
    told = pc.greater_equal(table[KNOWN_SHARE], LEAST_KNOWN).to_pylist() if KNOWN_SHARE in table.column_names else [True] * table.num_rows
    made = {column: [_sum(column, [values[column][row] for row in rows if told[row]]) for rows in groups.values()] for column in counts}
    if not all(told):
        made["unknown"] = [sum(not told[row] for row in rows) for rows in groups.values()]
    keys = {column: pa.array([key[at] for key in groups], table.schema.field(column).type) for at, column in enumerate(by)}
    return pa.table(keys | {column: pa.array(numbers, pa.int64()) for column, numbers in made.items()})


def _sum(column: str, values: Sequence[int | None]) -> int | None:
    """A sum by the rules of the audience; of money, what is known, and nothing where nothing is."""
    if column in MONEY:
        known = [value for value in values if value is not None]
        return sum(known) if known else None
    return added(values) if values else None


def _of_months(table: pa.Table, period: str, name: str) -> pa.Table:
    """The rows of some months; Refused where the table isn't by month."""
    found = MONTHS.fullmatch(period)
    if found is None:
        raise Refused("a period is a month or two with dots between, such as 2026-03 or 2025-10..2026-03; write it so")
    if "month" not in table.column_names:
        raise Refused(f"{name} is of the twelve months of the build and not by month; leave --period out, or ask for activity")
    first = date(int(found[1]), int(found[2]), 1)
    last = date(int(found[3]), int(found[4]), 1) if found[3] else first
    month = table["month"]
    return table.filter(pc.and_(pc.greater_equal(month, first), pc.less_equal(month, last)))

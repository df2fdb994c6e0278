"""The tables of the aggregates door as the public may have them.

Each takes a table with true counts and gives one of the same columns. Rows of neighbourhoods, and of people in none, are rounded or
suppressed (null); a row of the place is made of those, so that it tells nothing that they don't.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.rounding import ASSUMED, MOST_ASSUMED, SMALL, Counts, Flags, Floats, nearest, rounded, safe_lines, significant, small
from joinedup.periods import Period

AREA = ("area_type", "area_id")
ROUNDED_TO = 5
"""What counts are rounded to (NHS Digital, 2018)."""
HARMLESS = 100
"""People or activities: of fewer a line that isn't shown counts as nothing in the place's row, of more it hides that row, too."""
TENTHS, ROUNDING = 10, 1e-9
Lines = npt.NDArray[np.int64]


def population(table: pa.Table) -> pa.Table:
    """People by area, age band and sex. The line is the area: its people are also counted by deprivation."""
    table = _complete(table, "people")
    return _with_places(table, "people", _line(table, AREA))


def deprivation(table: pa.Table) -> pa.Table:
    """People by area and fifth of deprivation; the line is the area again."""
    table = _complete(table, "people")
    return _with_places(table, "people", _line(table, AREA))


def frailty(table: pa.Table) -> pa.Table:
    """People by area, age group and frailty; the line is the age group of an area, whose people are told by age."""
    table = _complete(table, "people")
    return _with_places(table, "people", _line(table, (*AREA, "age_group")))


def segments(table: pa.Table) -> pa.Table:
    """People by segment; the line is a model of an area and year, whose people are the same in each. Days and cost are not told."""
    told = ["model_id", "year_starts", *AREA, "segment_id", "people"]
    given = _complete(table.select(told), "people")
    shown = _with_places(given, "people", _line(given, (*AREA, "model_id", "year_starts")))
    for name in (each for each in table.column_names if each not in told):
        shown = shown.append_column(name, pa.nulls(len(shown), table.schema.field(name).type))
    return shown.select(table.column_names)


def scores(table: pa.Table) -> pa.Table:
    """People by band of a score; the line is a score of an area and year. Who has anything, and sums of values, are not told."""
    told = ["score_id", "year_starts", *AREA, "band_order", "band", "people"]
    given = _complete(table.select(told), "people")
    shown = _with_places(given, "people", _line(given, (*AREA, "score_id", "year_starts")))
    for name in (each for each in table.column_names if each not in told):
        shown = shown.append_column(name, pa.nulls(len(shown), table.schema.field(name).type))
    return shown.select(table.column_names)


STANDARDISED = ("people_of_known_age", "standardised_rate", "standardised_variance")
"""Sums over bands of age: beside a rounded count they would tell how old the few are by whom it changes, so they stay with staff."""


def conditions(table: pa.Table) -> pa.Table:
    """People with each condition by area; practices are not told. Who might have it, and how many are expected, are rounded only.

    No standardised rate is told: it moves with each person by the weight of that person's band of age.
    """
    for name in (each for each in STANDARDISED if each in table.column_names):
        at = table.column_names.index(name)
        table = table.set_column(at, name, pa.nulls(len(table), table.schema.field(name).type))
    table = table.filter(pc.not_equal(table["area_type"], "practice"))
    few = small(_whole(table, "people"))
    made = {"people": rounded(_whole(table, "people"))}
    done = _places_of_sums(table, made, ("condition_id",))
    others = {"population": nearest(_whole(table, "population")), "expected": np.where(few, np.nan, nearest(_floats(table, "expected")))}
    return _replaced(done, others)


def flows(table: pa.Table) -> pa.Table:
    """Activities by area, sector and provider. The line is the sector of an area, whose sum is told elsewhere; people are not told."""
    given = _complete(table.drop_columns(["people"]), "activities")
    shown = _with_places(given, "activities", _line(given, (*AREA, "sector")))
    return shown.append_column("people", pa.nulls(len(shown), table.schema.field("people").type)).select(table.column_names)


def practice_people(table: pa.Table) -> pa.Table:
    """People by area over whom what practices hold is counted; the place's are those of the areas that are shown."""
    shown, is_place = rounded(_whole(table, "people")), _is_place(table)
    return _replaced(table, {"people": np.where(is_place, np.nansum(np.where(is_place, 0.0, shown)), shown)})


def objections(table: pa.Table) -> pa.Table:
    """People kept back by objections, of the place as a whole and by purpose and kind only."""
    place = table.filter(pc.field("area_type") == "place")
    summed = place.group_by(["purpose", "kind", "keeps_back"], use_threads=False).aggregate([("registered", "sum"), ("removed", "sum")])
    rows = len(summed)
    counts = {name: rounded(_whole(summed, f"{name}_sum")) for name in ("registered", "removed")}
    with np.errstate(divide="ignore", invalid="ignore"):
        counts["share"] = counts["removed"] / counts["registered"]
    given = {name: summed[name] for name in ("purpose", "kind", "keeps_back")}
    given |= {name: pa.array(["place"] * rows) for name in AREA}
    given |= {name: pa.array(found, from_pandas=True) for name, found in counts.items()}
    given = {name: given.get(name, pa.nulls(rows)) for name in table.column_names}
    return pa.table({name: pc.cast(column, table.schema.field(name).type, safe=False) for name, column in given.items()})


def by_month(table: pa.Table, period: Period) -> pa.Table:
    """Activities by area, month and point of delivery. A line is the months of the period, which cost has together, or those before.

    A count that is unknown is treated as none here, and is taken out behind.
    """
    inside = [period.start <= month < period.end for month in _months(table)]
    lines = _line(table.append_column("inside", pa.array(inside)), (*AREA, "sector", "point_of_delivery", "inside"))
    counts = _whole(table, "activities")
    few = small(np.bincount(lines, weights=counts, minlength=1).astype(np.int64))[lines] if len(lines) else np.zeros(0, dtype=bool)
    # A share tells of counts by provider: it is given to a tenth, down.
    share = np.floor(TENTHS * _floats(table, "known_share") + ROUNDING) / TENTHS
    return _with_places(_replaced(table, {"known_share": share}), "activities", lines, hidden=few)


def costs(table: pa.Table) -> pa.Table:
    """Activities and their cost by area and point of delivery: cost is the mean of one activity, to three figures, times what is shown."""
    activities, costed, pence = (_whole(table, name) for name in ("activities", "costed", "cost_pence"))
    shown = rounded(activities)
    with_cost = np.where(np.isnan(shown) | small(costed), np.nan, np.where(activities - costed <= SMALL, shown, nearest(costed)))
    with np.errstate(divide="ignore", invalid="ignore"):
        money = significant(significant(pence / costed) * with_cost)
        constant = significant(significant(_whole(table, "constant_pence") / costed) * with_cost)
    money, constant = (np.where((costed == 0) & ~np.isnan(with_cost), np.nan, each) for each in (money, constant))
    extract = np.where(_whole(table, "from_unit_cost") <= SMALL, with_cost, rounded(_whole(table, "from_extract")))
    extract = np.where(small(_whole(table, "from_extract")) & ~np.isnan(with_cost), 0, extract)
    rest = with_cost - extract
    extract = np.where((rest > 0) & (rest < 2 * ROUNDED_TO), with_cost, extract)  # a rest of 5 would be shown as so few
    made = {"activities": shown, "costed": with_cost, "cost_pence": money, "constant_pence": constant}
    made |= {"from_extract": extract, "from_unit_cost": with_cost - extract}
    return _places_of_sums(table, made, ("sector", "point_of_delivery"))


def cost_differences(table: pa.Table) -> pa.Table:
    """The extracts' costs beside averages, of points of delivery with more than a few activities; the ratio to two decimals."""
    activities = _whole(table, "activities")
    keep = activities > SMALL
    shown = nearest(activities)
    with np.errstate(divide="ignore", invalid="ignore"):
        money = {name: significant(significant(_whole(table, name) / activities) * shown) for name in ("extract_pence", "average_pence")}
        ratio = np.round(money["extract_pence"] / money["average_pence"], 2)
    made = {"activities": shown, **money, "ratio": np.where(np.isfinite(ratio), ratio, np.nan)}
    return _replaced(table, made).filter(pa.array(keep))


def measure_cells(table: pa.Table, minimum: int, *, proportion: bool) -> pa.Table:
    """One cut of a measure by area, group_value and span: counts rounded or suppressed, the place's made of those of its areas.

    A line is the groups of an area in a stretch of time, whose sum is told elsewhere. Of a proportion neither who is in it nor who isn't
    may be few. Amounts are what one event brings, to three figures, times the events that are shown.
    """
    events, people = _whole(table, "events"), _floats(table, "denominator")
    lines = _line(table, (*AREA, "span"))
    groups = len(set(table["group_value"].to_pylist()))
    few = small(events) | (events < minimum) & (events > 0)
    if groups > 1 and len(events):
        few |= ~safe_lines(events, lines)
    if proportion:
        few |= (people > 0) & ((people <= SMALL) | small(np.round(people - events).astype(np.int64)))
    shown = np.where(few, np.nan, nearest(events))
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(events > 0, significant(_floats(table, "amount") / events) * shown, np.where(few, np.nan, 0.0))
        spread = np.where(events > 0, significant(_floats(table, "squares") / events, 2) * shown, np.where(few, np.nan, 0.0))
    registered = np.where((people > 0) & (people <= SMALL), np.nan, nearest(people))
    made = {"events": shown, "amount": each, "squares": spread, "denominator": registered}
    return (
        _places_of_sums(table, made, ("group_value", "span"))
        if "neighbourhood" in table["area_type"].to_pylist()
        else _replaced(table, made)
    )


def _complete(table: pa.Table, count: str) -> pa.Table:
    """The table with a row of 0 for what an area has none of and another has, so that no row tells by being there."""
    cell = [name for name in table.column_names if name not in (*AREA, count)]
    areas, cells = (list(dict.fromkeys(zip(*(table[name].to_pylist() for name in names), strict=True))) for names in (AREA, cell))
    names = [*AREA, *cell]
    held = dict(zip(zip(*(table[name].to_pylist() for name in names), strict=True), table[count].to_pylist(), strict=True))
    rows = [(*area, *of) for area in areas for of in cells]
    columns = {name: [row[index] for row in rows] for index, name in enumerate(names)} | {count: [held.get(row, 0) for row in rows]}
    return pa.table({name: pa.array(columns[name], table.schema.field(name).type) for name in table.column_names})


def _with_places(table: pa.Table, count: str, lines: Lines, hidden: Flags | None = None) -> pa.Table:
    """Counts rounded, lines that would tell too much left out, and the place's rows made of what is shown."""
    counts, is_place = _whole(table, count), _is_place(table)
    if not len(counts):
        return table
    out = ~safe_lines(counts, lines) | (hidden if hidden is not None else False)
    of_line = np.bincount(lines, weights=counts)[lines]
    shown = np.where(out, np.nan, rounded(counts))
    cells = _line(table, [name for name in table.column_names if name not in (*AREA, count)])
    summed = _sums(shown, cells, ~is_place, out & (of_line < HARMLESS), out & (of_line >= HARMLESS))
    return _replaced(table, {count: np.where(is_place, summed, shown)})


def _places_of_sums(table: pa.Table, made: dict[str, Floats], key: Sequence[str]) -> pa.Table:
    """The place's rows made of what is shown of the areas, amounts grossed up for those whose count isn't."""
    is_place, cells = _is_place(table), _line(table, key)
    if not len(cells):
        return table
    first, nothing = next(iter(made)), np.zeros(len(cells), dtype=bool)
    totals = _sums(made[first], cells, ~is_place, nothing, nothing)
    known = np.bincount(cells, weights=np.where(is_place, 0, np.nan_to_num(made[first])))[cells]
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(known > 0, totals / known, np.where(totals == 0, 1.0, np.nan))
    done = {}
    for name, values in made.items():
        has = np.bincount(cells, weights=~is_place & ~np.isnan(values))[cells] > 0
        amount = np.bincount(cells, weights=np.where(is_place, 0, np.nan_to_num(values)))[cells]
        plain = name in ("denominator", "registered")
        place = totals if name == first else np.where(has, amount if plain else amount * factor, np.nan)
        if name in ("costed", "from_extract", "from_unit_cost"):
            place = nearest(place)
        done[name] = np.where(is_place, place, values)
    return _replaced(table, done)


def _sums(shown: Floats, cells: Lines, leaf: Flags, nothing: Flags, lost: Flags) -> Floats:
    """For each row the sum of what is shown of its cell's leaves, by the rule of `rounding.added`; NaN where too much isn't."""
    size = int(cells.max(initial=-1)) + 1
    known = np.bincount(cells, weights=np.where(leaf, np.nan_to_num(shown), 0), minlength=size)
    hidden = np.bincount(cells, weights=leaf & np.isnan(shown) & ~nothing, minlength=size)
    total = known + ASSUMED * hidden
    lost_cell = np.bincount(cells, weights=leaf & lost, minlength=size) > 0
    fine = (ASSUMED * hidden <= MOST_ASSUMED * total) & ~lost_cell
    return np.where(fine, np.where(hidden > 0, nearest(total), known), np.nan)[cells]


def _line(table: pa.Table, columns: Sequence[str]) -> Lines:
    """Which of the different values of some columns each row has, numbered from 0; missing is a value."""
    numbers: dict[tuple[object, ...], int] = {}
    rows = zip(*(table[name].to_pylist() for name in columns), strict=True)
    return np.array([numbers.setdefault(row, len(numbers)) for row in rows], dtype=np.int64)


def _is_place(table: pa.Table) -> Flags:
    return np.array([kind == "place" for kind in table["area_type"].to_pylist()], dtype=bool)


def _months(table: pa.Table) -> list[date]:
    return list(table["month"].to_pylist())


def _whole(table: pa.Table, name: str) -> Counts:
    """A column of counts; missing is 0."""
    return np.asarray(pc.fill_null(table[name], 0).to_numpy(), dtype=np.int64)


def _floats(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].cast(pa.float64()).to_numpy(), dtype=np.float64)


def _replaced(table: pa.Table, columns: dict[str, Floats]) -> pa.Table:
    """The table with some columns' values replaced, NaN as null, types kept."""
    made = {
        name: pa.array(np.nan_to_num(values), pa.float64(), mask=np.isnan(values)).cast(table.schema.field(name).type, safe=False)
        for name, values in columns.items()
    }
    return pa.table({name: made.get(name, table[name]) for name in table.column_names})

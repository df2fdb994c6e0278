"""The tables of cohorts as the public may have them: 1 to 7 suppressed, the rest rounded to 5, and nothing that tells of those.

Each takes a table with true counts and gives one of the same columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access import public
from joinedup.access.rounding import Floats, rounded, significant, small

HALVES = ("", "rest_")


def flow(table: pa.Table) -> pa.Table:
    """People of each step. Who is out by a step isn't given: it would tell what is suppressed of the next."""
    nothing = np.full(table.num_rows, np.nan)
    return _replaced(table, {"people": rounded(_whole(table, "people")), "out": nothing, "not_known": nothing})


def overlap(table: pa.Table) -> pa.Table:
    """People, rounded one by one."""
    return _replaced(table, {"people": rounded(_whole(table, "people"))})


def profile(table: pa.Table) -> pa.Table:
    """Of a share the counts with and without, where neither is small; of a mean the sum of so many means to three figures."""
    share = np.array([kind == "share" for kind in table["kind"].to_pylist()], dtype=bool)
    made: dict[str, Floats] = {}
    for half in HALVES:
        people, known, total, squares = (_whole(table, f"{half}{name}") for name in ("people", "known", "total", "squares"))
        few = small(known) | (share & (small(total) | small(known - total)))
        shown = np.where(few, np.nan, rounded(known))
        with np.errstate(divide="ignore", invalid="ignore"):
            amount = np.where(share, rounded(total), significant(total / known) * shown)
            spread = np.where(share, rounded(total), significant(squares / known) * shown)
        made |= {f"{half}people": rounded(people), f"{half}known": shown}
        made |= {f"{half}total": np.where(few | ~np.isfinite(amount), np.nan, amount)}
        made |= {f"{half}squares": np.where(few | ~np.isfinite(spread), np.nan, spread)}
    return _replaced(table, made)


def use(table: pa.Table) -> pa.Table:
    """People, users and activities rounded, nothing of fewer than eight users; cost and days by their means to three figures."""
    made: dict[str, Floats] = {}
    for half in HALVES:
        people, days, users, activities, pence = (
            _whole(table, f"{half}{name}") for name in ("people", "person_days", "users", "activities", "cost_pence")
        )
        few = small(people) | small(users) | small(people - users)
        shown, of_whom = rounded(people), np.where(few, np.nan, rounded(users))
        with np.errstate(divide="ignore", invalid="ignore"):
            made[f"{half}person_days"] = np.where(small(people), np.nan, significant(days / people) * shown)
            done = np.where(few | small(activities), np.nan, rounded(activities))
            cost = np.where(activities == 0, 0.0, significant(pence / activities) * done)
        made |= {f"{half}people": shown, f"{half}users": of_whom, f"{half}activities": done}
        made[f"{half}cost_pence"] = np.where(np.isnan(done), np.nan, cost)
    return _replaced(table, {name: np.where(np.isfinite(each), each, np.nan) for name, each in made.items()})


FEWEST_INDEXED = 50
"""Index dates; of fewer a month has too few people for any number of it to be given to the public. (A rule of ours; 2026.)"""


MOST_OF_ONE = 1 / 5
"""Of a month's cost that one person may have brought at most, for it to be given to the public. (A rule of ours; 2026.)"""
SPEND_DIGITS = 2
"""Figures of means by month."""


def spend(table: pa.Table) -> pa.Table:
    """Nothing of a cohort with fewer than fifty index dates, of a month that fewer than eight have anything in, or with one person's cost.

    Who was there is rounded to 5, for the month in which one leaves or dies would show; days and activities are means for each of them, to
    two figures. Cost is besides rounded to a step that is no less than what any one of the cohort cost, so that neither two cohorts that
    are nearly the same nor two releases tell what one person had.
    """
    people, users = _whole(table, "people"), _whole(table, "users")
    observed, cost = (np.asarray(table[name].to_numpy(), dtype=np.float64) for name in ("observed", "cost_pence"))
    there = np.rint(observed).astype(np.int64)
    few = (people < FEWEST_INDEXED) | small(there) | small(users) | small(np.maximum(there - users, 0))
    few |= (users > 0) & (np.asarray(table["largest_pence"].to_numpy(), dtype=np.float64) > MOST_OF_ONE * cost)
    shown = np.where(few, np.nan, rounded(there))
    made = {"people": np.where(people < FEWEST_INDEXED, np.nan, rounded(people)), "observed": shown}
    for name in ("days", "activities", "cost_pence"):
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = significant(np.asarray(table[name].to_numpy(), dtype=np.float64) / observed, SPEND_DIGITS)
        made[name] = np.where(few | ~np.isfinite(mean), np.nan, mean * shown)
    step = _step(np.asarray(table["largest_pence"].to_numpy(), dtype=np.float64))
    made["cost_pence"] = np.where(step > 0, np.round(made["cost_pence"] / np.where(step > 0, step, 1.0)) * step, made["cost_pence"])
    nothing = np.full(table.num_rows, np.nan)
    return _replaced(table, made | {"users": nothing, "largest_pence": nothing})


def _step(largest: Floats) -> Floats:
    """The first of 1, 2, 5, 10, 20, 50 ... pence that is no less than these; 0 for 0."""
    with np.errstate(divide="ignore"):
        tens = 10.0 ** np.floor(np.log10(np.where(largest > 0, largest, 1.0)))
    lead = largest / tens
    return np.where(largest > 0, tens * np.select([lead <= 1, lead <= 2, lead <= 5], [1.0, 2.0, 5.0], 10.0), 0.0)


def areas(table: pa.Table) -> pa.Table:
    """People and population by area and fifth, a cohort and year at a time, as deprivation is given; the place made of what is shown."""
    keys = table.group_by(["cohort_id", "year_starts"], use_threads=False).aggregate([]).to_pylist()
    parts = [_areas(table.filter(_is(table, key))) for key in keys]
    return pa.concat_tables(parts) if parts else table


def _areas(table: pa.Table) -> pa.Table:
    given = {}
    for name in ("people", "population"):
        columns = {each: table[each] for each in ("area_type", "area_id", "deprivation_fifth")}
        given[name] = public.deprivation(pa.table({**columns, "people": table[name]}))
    whole = given["people"].append_column("population", given["population"]["people"])
    for name in ("cohort_id", "year_starts"):
        whole = whole.append_column(name, pa.array([table[name][0].as_py()] * whole.num_rows, table.schema.field(name).type))
    return whole.select(table.column_names)


def _is(table: pa.Table, key: Mapping[str, Any]) -> pa.ChunkedArray:
    return pc.and_(pc.equal(table["cohort_id"], key["cohort_id"]), pc.equal(table["year_starts"], key["year_starts"]))


def _whole(table: pa.Table, name: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.asarray(table[name].to_numpy(), dtype=np.int64)


def _replaced(table: pa.Table, columns: dict[str, Floats]) -> pa.Table:
    """The table with some columns' values replaced, NaN as null, types kept."""
    made = {
        name: pa.array(np.nan_to_num(values), pa.float64(), mask=np.isnan(values)).cast(table.schema.field(name).type, safe=False)
        for name, values in columns.items()
    }
    return pa.table({name: made.get(name, table[name]) for name in table.column_names})

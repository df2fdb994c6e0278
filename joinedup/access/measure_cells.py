"""Counts of a measure's lines as arrays of cells by months, and their sums over months, quarters, years and rolling years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float64]
Key = tuple[str, str, str]
"""area_type, area_id and group_value."""
ELSEWHERE = ("", "")
"""Stands for areas of which the share that is known isn't told: it is the place's."""


@dataclass(frozen=True)
class Span:
    """A stretch of whole months, [start, end), which a value is of."""

    start: date
    end: date


def spans_of(months: Sequence[date], ends: Sequence[date], years: Sequence[date], period: str) -> tuple[Span, ...]:
    """The stretches of a kind that the months make, whole ones alone, in order: quarters and years begin with the place's year."""
    size = {"month": 1, "quarter": 3, "year": 12, "rolling": 12}[period]
    first = months.index(years[0]) if years else 0
    starts = range(len(months) - size + 1) if period in ("month", "rolling") else range(first, len(months) - size + 1, size)
    return tuple(Span(months[at], ends[at + size - 1]) for at in starts)


@dataclass(frozen=True)
class Counts:
    """What is counted of each cell in each month, cells by months: events, their amount and its squares."""

    events: Floats
    amount: Floats
    squares: Floats

    def over(self, periods: Floats) -> Counts:
        """The same over stretches of months; `periods` says month by stretch which belong."""
        return Counts(self.events @ periods, self.amount @ periods, self.squares @ periods)


def periods_of(months: Sequence[date], spans: Sequence[Span]) -> Floats:
    """1 where a month (down) belongs to a stretch (across)."""
    first = np.array(months, dtype="datetime64[D]")[:, None]
    starts, ends = (np.array([getattr(span, side) for span in spans], dtype="datetime64[D]")[None, :] for side in ("start", "end"))
    return np.asarray((first >= starts) & (first < ends), dtype=np.float64)


def keys_of(tables: Sequence[pa.Table]) -> tuple[Key, ...]:
    """The cells of which any of the tables has a row, in order."""
    found: set[Key] = set()
    for table in tables:
        distinct = table.group_by(["area_type", "area_id", "group_value"], use_threads=False).aggregate([])
        found |= set(zip(*(distinct[name].to_pylist() for name in ("area_type", "area_id", "group_value")), strict=True))
    return tuple(sorted(found))


def counts_of(table: pa.Table, keys: Sequence[Key], months: Sequence[date]) -> Counts:
    """The rows of one line as cells by months; a cell without a row has nothing counted."""
    at = positions(table, keys) * len(months) + month_numbers(table, months)
    size = len(keys) * len(months)

    def summed(name: str) -> Floats:
        if name not in table.column_names:
            return np.zeros((len(keys), len(months)))
        values = np.asarray(table[name].cast(pa.float64()).fill_null(0).to_numpy(), dtype=np.float64)
        return np.asarray(np.bincount(at, weights=values, minlength=size)[:size], dtype=np.float64).reshape(len(keys), len(months))

    return Counts(summed("events"), summed("amount"), summed("amount_squares"))


def positions(table: pa.Table, keys: Sequence[Key]) -> npt.NDArray[np.int64]:
    """Of each row which cell it is of."""
    numbers = {key: number for number, key in enumerate(keys)}
    distinct = table.group_by(["area_type", "area_id", "group_value"], use_threads=False).aggregate([])
    names = ("area_type", "area_id", "group_value")
    order = [numbers[key] for key in zip(*(distinct[name].to_pylist() for name in names), strict=True)]
    joined = table.select(list(names)).append_column("row", pa.array(np.arange(len(table))))
    found = joined.join(distinct.append_column("at", pa.array(order, pa.int64())), keys=list(names), use_threads=False)
    made = np.empty(len(table), dtype=np.int64)
    made[found["row"].to_numpy()] = found["at"].to_numpy()
    return made


def month_numbers(table: pa.Table, months: Sequence[date]) -> npt.NDArray[np.int64]:
    """Of each row which month it is of, from 0."""
    known = np.array(months, dtype="datetime64[D]")
    return np.asarray(np.searchsorted(known, table["month"].to_numpy().astype("datetime64[D]")), dtype=np.int64)


def shares_of(known: pa.Table, keys: Sequence[Key], months: Sequence[date]) -> Floats:
    """The share of each cell's usual events that is known of each month, cells by months: its area's, or else the place's, or all."""
    pairs = list(zip(known["area_type"].to_pylist(), known["area_id"].to_pylist(), strict=True))
    rows = {pair: number for number, pair in enumerate(dict.fromkeys([*pairs, ELSEWHERE]))}
    at, month = np.array([rows[pair] for pair in pairs], dtype=np.int64), month_numbers(known, months)
    share = known["known_share"].to_numpy()
    of_place = np.array([kind == "place" for kind, _ in pairs], dtype=bool)
    place = np.ones(len(months))
    place[month[of_place]] = share[of_place]
    areas = np.tile(place, (len(rows), 1))
    areas[at, month] = share
    return areas[[rows.get((kind, area), rows[ELSEWHERE]) for kind, area, _ in keys]].reshape(len(keys), len(months))

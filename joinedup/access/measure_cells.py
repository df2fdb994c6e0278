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
    at = _positions(table, keys) * len(months) + _months(table, months)
    size = len(keys) * len(months)

    def summed(name: str) -> Floats:
        if name not in table.column_names:
            return np.zeros((len(keys), len(months)))
        values = np.asarray(table[name].cast(pa.float64()).fill_null(0).to_numpy(), dtype=np.float64)
        return np.asarray(np.bincount(at, weights=values, minlength=size)[:size], dtype=np.float64).reshape(len(keys), len(months))

    return Counts(summed("events"), summed("amount"), summed("amount_squares"))


def _positions(table: pa.Table, keys: Sequence[Key]) -> npt.NDArray[np.int64]:
    numbers = {key: number for number, key in enumerate(keys)}
    distinct = table.group_by(["area_type", "area_id", "group_value"], use_threads=False).aggregate([])
    names = ("area_type", "area_id", "group_value")
    order = [numbers[key] for key in zip(*(distinct[name].to_pylist() for name in names), strict=True)]
    joined = table.select(list(names)).append_column("row", pa.array(np.arange(len(table))))
    found = joined.join(distinct.append_column("at", pa.array(order, pa.int64())), keys=list(names), use_threads=False)
    made = np.empty(len(table), dtype=np.int64)
    made[found["row"].to_numpy()] = found["at"].to_numpy()
    return made


def _months(table: pa.Table, months: Sequence[date]) -> npt.NDArray[np.int64]:
    known = np.array(months, dtype="datetime64[D]")
    return np.asarray(np.searchsorted(known, table["month"].to_numpy().astype("datetime64[D]")), dtype=np.int64)


def shares_of(known: pa.Table, keys: Sequence[Key], months: Sequence[date]) -> Floats:
    """The share of each cell's usual events that is known of each month, cells by months: its area's, or else the place's, or all."""
    place = np.ones(len(months))
    areas: dict[tuple[str, str], Floats] = {}
    rows = list(zip(*(known[name].to_pylist() for name in ("area_type", "area_id", "month", "known_share")), strict=True))
    numbers = {month: number for number, month in enumerate(months)}
    for kind, _, month, share in rows:
        if kind == "place":
            place[numbers[month]] = share
    for kind, area, month, share in rows:
        areas.setdefault((kind, area), place.copy())[numbers[month]] = share
    return np.array([areas.get((kind, area), place) for kind, area, _ in keys]).reshape(len(keys), len(months))


def median_of(table: pa.Table, keys: Sequence[Key], months: Sequence[date], spans: Sequence[Span]) -> dict[str, Floats]:
    """For each cell and stretch the middle amount, and those between which it lies with 95 and 99.8 per cent confidence.

    Ranks n/2 -+ z sqrt(n)/2, the normal approximation of the binomial: Campbell and Gardner, BMJ 296 (1988), 1454. NaN without events.
    """
    shape = (len(keys), len(spans))
    made = {name: np.full(shape, np.nan) for name in ("value", "lower", "upper", "lower998", "upper998")}
    if not len(table):
        return made
    position, month = _positions(table, keys), _months(table, months)
    amount = table["each_amount"].to_numpy()
    events = table["events"].to_numpy()
    first = np.array(months, dtype="datetime64[D]")
    for number, span in enumerate(spans):
        inside = (first[month] >= np.datetime64(span.start)) & (first[month] < np.datetime64(span.end))
        order = np.lexsort((amount[inside], position[inside]))
        cell, value, weight = position[inside][order], amount[inside][order], events[inside][order]
        running = np.cumsum(weight.astype(np.float64))
        total = np.asarray(np.bincount(cell, weights=weight, minlength=len(keys)), dtype=np.float64)
        before = np.concatenate([[0.0], np.cumsum(total)[:-1]])
        for name, z in (("value", 0.0), ("lower", -1.959964), ("upper", 1.959964), ("lower998", -3.090232), ("upper998", 3.090232)):
            made[name][:, number] = _ranked(running, value, before, total, z)
    return made


def _ranked(running: Floats, value: Floats, before: Floats, total: Floats, z: float) -> Floats:
    """The amount at the rank that lies z standard deviations from the middle, cell by cell; the middle of an even number is a mean."""
    low, high = (total + 1) / 2 + z * np.sqrt(total) / 2, (total + 1) / 2 + z * np.sqrt(total) / 2
    low, high = np.clip(np.floor(low), 1, None), np.clip(np.ceil(high), None, np.maximum(total, 1))
    if z:
        low = high = np.clip(np.round((total + 1) / 2 + z * np.sqrt(total) / 2), 1, np.maximum(total, 1))
    picks = [value[np.clip(np.searchsorted(running, before + rank), 0, len(running) - 1)] for rank in (low, high)] if len(running) else []
    return np.where(total > 0, (picks[0] + picks[1]) / 2, np.nan) if picks else np.full(len(total), np.nan)

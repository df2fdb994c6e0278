"""What the aggregates door says of cohorts: how people come to be in one, and how they stand beside the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access import public_cohorts as public
from joinedup.access.asking import named
from joinedup.errors import Refused
from joinedup.statistics.differences import of_means, of_shares, sample_variance
from joinedup.statistics.estimates import Floats
from joinedup.statistics.rates import wilson

COHORT_YEAR = ("cohort_id", "year_starts")
PER = 1000.0
"""Rates of areas are people of the cohort per so many counted."""


class Given(Protocol):
    """How the door gives a table: by its name, as the public may have it, in an order; logged."""

    def __call__(self, name: str, disclosed: Callable[[pa.Table], pa.Table], /, *order: str) -> pa.Table:
        """The table."""
        ...


@dataclass(frozen=True, slots=True)
class Cohort:
    """One cohort in one year: what it is, and tables of counts, each in the order in which it is read."""

    about: Mapping[str, Any]
    """cohort_id, title, about, index_meaning, version, owner, source, origin."""
    year: date
    """First day of the year that the tables are of; flow and change have every year."""
    flow: pa.Table
    profile: pa.Table
    overlap: pa.Table
    use: pa.Table
    areas: pa.Table
    change: pa.Table
    spend: pa.Table
    """Of all years together: it describes, and is no estimate of what anything brought about."""

    @property
    def sizes(self) -> dict[date, int | None]:
        """Who are in it, by the first day of each year; None where they are too few to be shown."""
        rows = sorted(self.flow.to_pylist(), key=lambda row: (row["year_starts"], row["step_order"]))
        return {row["year_starts"]: row["people"] for row in rows}

    @property
    def parts(self) -> dict[str, pa.Table]:
        """The tables by what they are called."""
        return {name: getattr(self, name) for name in PARTS}


PARTS = ("flow", "profile", "overlap", "use", "areas", "change", "spend")


def cohorts_of(given: Given) -> pa.Table:
    """Every cohort and year in the order of pages: how many it may be of, are in it, and of how many it isn't known."""
    about = _rows(given("cohort", _as_it_is, "cohort_id"))
    flow = given("cohort_flow", public.flow, *COHORT_YEAR, "step_order").to_pylist()
    last: dict[tuple[str, date], dict[str, Any]] = {}
    for row in flow:
        found = last.setdefault((row["cohort_id"], row["year_starts"]), {"may_be": row["people"], "not_known": 0})
        known = found["not_known"] is not None and row["not_known"] is not None
        found |= {"people": row["people"], "not_known": found["not_known"] + row["not_known"] if known else None}
    rows = [
        {"cohort_id": name, "title": about[name]["title"], "year_starts": year, **found, "origin": about[name]["origin"]}
        for (name, year), found in last.items()
    ]
    rows.sort(key=lambda row: (about[row["cohort_id"]]["cohort_order"], row["cohort_id"], row["year_starts"]))
    counts = dict.fromkeys(("may_be", "people", "not_known"), pa.int64())
    names = ("cohort_id", "title", "year_starts", "may_be", "people", "not_known", "origin")
    kinds = counts | {"year_starts": pa.date32()}
    return pa.Table.from_pylist(rows, pa.schema([pa.field(name, kinds.get(name, pa.string())) for name in names]))


def cohort_of(given: Given, name: str, year: date | None = None) -> Cohort:
    """One cohort, of the latest year unless another is named; Refused with the nearest name, or the years that there are."""
    about = _rows(given("cohort", _as_it_is, "cohort_id"))
    named(name, about, "a cohort of this build")
    flow = _of(given("cohort_flow", public.flow, *COHORT_YEAR, "step_order"), name)
    years = sorted(set(flow["year_starts"].to_pylist()))
    if not years:
        raise Refused(f"nobody is counted in this place, so {name} has nobody to be of: look at the registration lists that have landed")
    if year is not None and year not in years:
        raise Refused(f"{name} isn't known for a year from {year}; there are those from {', '.join(map(str, years))}")
    asked = year or years[-1]
    profile = _of(given("cohort_profile", public.profile, *COHORT_YEAR, "characteristic"), name, asked)
    overlap = given("cohort_overlap", public.overlap, *COHORT_YEAR, "other_id")
    areas = given("cohort_area", public.areas, *COHORT_YEAR, "area_type", "area_id", "deprivation_fifth")
    use = given("cohort_use", public.use, *COHORT_YEAR, "sector")
    spend = given("cohort_spend", public.spend, "cohort_id", "sector", "side", "month_from_index")
    change = given("cohort_change", public.overlap, *COHORT_YEAR, "change")
    return Cohort(
        about[name],
        asked,
        flow.drop_columns(["cohort_id"]),
        profiled(profile),
        overlapping(overlap, name, asked, about),
        used(_of(use, name, asked)),
        rated(_of(areas, name, asked)),
        changes(_of(change, name)),
        spent(_of(spend, name)),
    )


def every_cohort(given: Given) -> tuple[Cohort, ...]:
    """Each cohort in its latest year, in the order of pages, each table asked for once; none where nobody is counted."""
    had: dict[str, pa.Table] = {}

    def once(name: str, disclosed: Callable[[pa.Table], pa.Table], /, *order: str) -> pa.Table:
        if name not in had:
            had[name] = given(name, disclosed, *order)
        return had[name]

    names = dict.fromkeys(cohorts_of(once)["cohort_id"].to_pylist())
    return tuple(cohort_of(once, name) for name in names)


def profiled(table: pa.Table) -> pa.Table:
    """Characteristics with the value of the cohort and of the rest (a mean, or a share in per cent) and the standardised difference."""
    table = table.sort_by("characteristic_order")
    share = np.array([kind == "share" for kind in table["kind"].to_pylist()], dtype=bool)
    known, total, squares = (_floats(table, column) for column in ("known", "total", "squares"))
    rest_known, rest_total, rest_squares = (_floats(table, f"rest_{column}") for column in ("known", "total", "squares"))
    mean, rest = _ratio(total, known), _ratio(rest_total, rest_known)
    spread = sample_variance(known, total, squares), sample_variance(rest_known, rest_total, rest_squares)
    shares = of_shares(np.where(share, mean, np.nan), np.where(share, rest, np.nan))
    difference = np.where(share, shares, of_means(mean, spread[0], rest, spread[1])) if len(share) else np.zeros(0)
    scale = np.where(share, 100.0, 1.0)
    return pa.table(
        {
            "characteristic": table["characteristic"],
            "title": table["title"],
            "unit": pc.if_else(pc.equal(table["kind"], "share"), "%", table["unit"]),
            "cohort": _arrow(mean * scale),
            "rest": _arrow(rest * scale),
            "standardised_difference": _arrow(difference),
            "known": table["known"],
            "people": table["people"],
            "rest_known": table["rest_known"],
            "rest_people": table["rest_people"],
        }
    )


def overlapping(table: pa.Table, name: str, year: date, about: Mapping[str, Mapping[str, Any]]) -> pa.Table:
    """The other cohorts, those with most in common first: how many are in both, and which share of each that is, in per cent."""
    rows = [row for row in table.to_pylist() if row["year_starts"] == year]
    size = {row["cohort_id"]: row["people"] for row in rows if row["cohort_id"] == row["other_id"]}
    both = {row["other_id"]: row["people"] for row in rows if row["cohort_id"] == name}
    others = sorted((other for other in about if other != name), key=lambda other: (-(both.get(other, 0) or 0), other))
    people = [both.get(other, 0) for other in others]
    return pa.table(
        {
            "cohort_id": pa.array(others, pa.string()),
            "title": pa.array([about[other]["title"] for other in others], pa.string()),
            "people": pa.array(people, pa.int64()),
            "percent_of_this": pa.array([_percent(each, size.get(name)) for each in people], pa.float64()),
            "percent_of_other": pa.array(
                [_percent(each, size.get(other, 0)) for each, other in zip(people, others, strict=True)], pa.float64()
            ),
        }
    )


def rated(table: pa.Table) -> pa.Table:
    """Areas, then fifths of the place: people of the cohort per 1,000 counted, with 95% limits."""
    by_area = _summed(table, ("area_type", "area_id"))
    place = table.filter(pc.equal(table["area_type"], "place"))
    fifths = _summed(place, ("deprivation_fifth",))
    rows = [(*key, None, *counts) for key, counts in by_area.items()]
    rows += [("deprivation fifth", "not known" if key[0] is None else str(key[0]), key[0], *counts) for key, counts in fifths.items()]
    rank = {"place": 0, "neighbourhood": 1, "none": 2, "deprivation fifth": 3}
    rows.sort(key=lambda row: (rank[row[0]], row[1]))
    people, population = ([row[at] for row in rows] for at in (3, 4))
    found = wilson([np.nan if each is None else each for each in people], [np.nan if each is None else each for each in population], PER)
    shown = slice(0, len(rows))
    return pa.table(
        {
            "area_type": pa.array([row[0] for row in rows], pa.string()),
            "area_id": pa.array([row[1] for row in rows], pa.string()),
            "people": pa.array(people, pa.int64()),
            "population": pa.array(population, pa.int64()),
            "per_1000": _arrow(found.value[shown]),
            "lower": _arrow(found.lower[shown]),
            "upper": _arrow(found.upper[shown]),
        }
    )


def used(table: pa.Table) -> pa.Table:
    """Sectors with activities and pounds per person-year in the cohort and in the rest; nothing of a sector that isn't known."""
    known = np.array(table["known"].to_pylist(), dtype=bool)
    made: dict[str, pa.Array | pa.ChunkedArray] = {"sector": table["sector"], "known": table["known"]}
    for name, half in (("cohort", ""), ("rest", "rest_")):
        years = _floats(table, f"{half}person_days") / DAYS_OF_YEAR
        people, users = _floats(table, f"{half}people"), _floats(table, f"{half}users")
        values = {
            "percent_using": 100 * _ratio(users, people),
            "activities_per_year": _ratio(_floats(table, f"{half}activities"), years),
            "pounds_per_year": _ratio(_floats(table, f"{half}cost_pence") / 100, years),
        }
        made |= {f"{name}_{what}": _arrow(np.where(known, each, np.nan)) for what, each in values.items()}
    return pa.table(made | {name: table[name] for name in ("people", "person_days", "users", "activities", "cost_pence")})


def spent(table: pa.Table) -> pa.Table:
    """Months around the index date by sector, the cohort beside the comparison: per person observed, a month of 1/12 of a year."""
    sides = {side: table.filter(pc.equal(table["side"], side)) for side in ("cohort", "comparison")}
    keys = sorted({(row["sector"], row["month_from_index"]) for row in table.to_pylist()})
    columns: dict[str, pa.Array] = {
        "sector": pa.array([sector for sector, _ in keys], pa.string()),
        "month_from_index": pa.array([month for _, month in keys], pa.int32()),
    }
    for side, rows in sides.items():
        found = {(row["sector"], row["month_from_index"]): row for row in rows.to_pylist()}
        for column, what, scale in (("observed", None, 1.0), ("activities", "days", MONTH), ("cost_pence", "days", MONTH / 100)):
            values = [_rate(found.get(key), column, what, scale) for key in keys]
            columns[f"{side}_{SPENT[column]}"] = pa.array(values, pa.float64())
    return pa.table(columns)


SPENT = {"observed": "observed", "activities": "activities_per_month", "cost_pence": "pounds_per_month"}
DAYS_OF_YEAR = 365.25
MONTH = DAYS_OF_YEAR / 12


def _rate(row: Mapping[str, Any] | None, above: str, below: str | None, scale: float) -> float | None:
    """A column, or one over another, times a scale; None where there is nothing to divide by, or where it isn't shown."""
    if row is None or row[above] is None:
        return None
    if below is None:
        return float(row[above] * scale)
    return float(row[above] * scale / row[below]) if row[below] else None


CHANGES = ("stayed", "entered", "arrived", "went out", "died", "left the place")


def changes(table: pa.Table) -> pa.Table:
    """What became of people since the year before, a row per year and kind of change, nobody included."""
    found = {(row["year_starts"], row["change"]): row["people"] for row in table.to_pylist()}
    years = sorted({year for year, _ in found})
    rows = [{"year_starts": year, "change": change, "people": found.get((year, change), 0)} for year in years for change in CHANGES]
    return pa.Table.from_pylist(rows, pa.schema([("year_starts", pa.date32()), ("change", pa.string()), ("people", pa.int64())]))


def _summed(table: pa.Table, by: tuple[str, ...]) -> dict[tuple[Any, ...], tuple[int | None, int | None]]:
    """People and population by some columns; None where one of them isn't shown."""
    found: dict[tuple[Any, ...], tuple[int | None, int | None]] = {}
    for row in table.to_pylist():
        key = tuple(row[column] for column in by)
        before = found.get(key, (0, 0))
        found[key] = (_added(before[0], row["people"]), _added(before[1], row["population"]))
    return found


def _added(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _percent(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else 100 * part / whole


def _ratio(above: Floats, below: Floats) -> Floats:
    return above / np.where(below > 0, below, np.nan)


def _as_it_is(table: pa.Table) -> pa.Table:
    """Definitions tell of nobody."""
    return table


def _of(table: pa.Table, name: str, year: date | None = None) -> pa.Table:
    mine = table.filter(pc.equal(table["cohort_id"], name))
    return mine if year is None else mine.filter(pc.equal(mine["year_starts"], year))


def _rows(table: pa.Table) -> dict[str, dict[str, Any]]:
    """The rows of a table of definitions by their id, which is its first column."""
    first = table.column_names[0]
    return {row[first]: row for row in table.to_pylist()}


def _floats(table: pa.Table, column: str) -> Floats:
    return np.asarray(table[column].cast(pa.float64()).to_numpy(), dtype=np.float64)


def _arrow(values: npt.NDArray[np.float64]) -> pa.Array:
    return pa.array(np.asarray(values, dtype=np.float64), pa.float64(), mask=np.isnan(values))

"""What a cohort uses and costs by sector beside the rest, and month by month before and after the day that it is counted from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair

from joinedup.access.cohorts import Cohort
from joinedup.access.published import evidence_key
from joinedup.papers import words
from joinedup.papers.facts import Facts
from joinedup.papers.figure import BOTH, Column, Figure, Table, chart_of, fitted, headed, layered
from joinedup.papers.figures import bars, cohorts
from joinedup.papers.numbers import NO_DATA, each, rate, share, whole
from joinedup.papers.theme import AREA, INK, Size
from joinedup.papers.words import capital, lower_first

MONTHS = 12
"""On either side of the index date."""
IN_POUNDS = "'£' + format(datum.value, ',.0f')"
SIDES = ("cohort", "comparison")


def use(facts: Facts, found: Cohort) -> Figure:
    """Cost by sector for each person-year, that of the rest as an outline."""
    about = f"{found.about['title']}: cost by sector for each person and year registered, {cohorts.year_of(facts, found)}"
    key = "Bars: the cohort. Outline: everybody else counted in the year."
    rows = sorted(
        (row for row in found.use.to_pylist() if row["known"]), key=lambda row: (-(row["cohort_pounds_per_year"] or 0), row["sector"])
    )
    if not any(row["cohort_pounds_per_year"] for row in rows):
        return Figure("use", "Use and cost", about, key, reason="No cost is known of the people in it, or they are too few to be shown.")
    drawn = [
        bars.Bar(capital(row["sector"]), row["cohort_pounds_per_year"], row["rest_pounds_per_year"], _pounds(row["cohort_pounds_per_year"]))
        for row in rows
    ]
    reach = max(row[f"{side}_pounds_per_year"] or 0 for row in rows for side in ("cohort", "rest"))
    charts = {size: headed(bars.chart(drawn, reach, size), size, facts, about, key) for size in BOTH}
    unknown = [row["sector"] for row in found.use.to_pylist() if not row["known"]]
    notes = [f"Not known in the year, and not shown: {', '.join(unknown)}."] if unknown else []
    return Figure("use", _finding(rows), about, key, _of_use(found, rows), charts, notes=notes, why=cohorts.key("use", found))


def _pounds(value: float | None) -> str:
    return NO_DATA if value is None else each(100 * value)


def _finding(rows: Sequence[dict[str, Any]]) -> str:
    """What a person-year costs beside the rest, of what is told, and where most of it goes."""
    told = [row for row in rows if row["cohort_pounds_per_year"] is not None and row["rest_pounds_per_year"] is not None]
    mine, rest = (sum(row[f"{side}_pounds_per_year"] for row in told) for side in ("cohort", "rest"))
    times = f", {mine / rest:.1f} times as much as the rest ({_pounds(rest)})" if rest else ""
    part = share(rows[0]["cohort_pounds_per_year"], mine) if mine else NO_DATA
    return f"{_pounds(mine)} for each person and year{times}; {part} of it {words.sector(rows[0]['sector'])}"


def _of_use(found: Cohort, rows: Sequence[dict[str, Any]]) -> Table:
    def pair(head: str, what: str, said: Any) -> list[Column]:  # noqa: ANN401 - a function of a number
        return [
            Column(f"{head}{of}", [said(row[f"{side}_{what}"]) for row in rows], f"{side}_{what}", [row[f"{side}_{what}"] for row in rows])
            for side, of in (("cohort", ""), ("rest", ", rest"))
        ]

    columns = [
        Column("Sector", [capital(row["sector"]) for row in rows], "sector", [row["sector"] for row in rows]),
        *pair("Had any", "percent_using", lambda value: NO_DATA if value is None else share(value, 100)),
        *pair("A year", "activities_per_year", rate),
        *pair("Cost a year", "pounds_per_year", _pounds),
        Column("Activities", [whole(row["activities"]) for row in rows], "activities", [row["activities"] for row in rows]),
    ]
    keys = [cohorts.key("use", found, row["sector"]) for row in rows]
    return Table("Use and cost by sector, for each person and year registered", columns, why=keys)


def spend(facts: Facts, found: Cohort) -> Figure | None:
    """Cost month by month around the index date, the cohort beside the comparison; None where it has no index date."""
    rows = found.spend.to_pylist()
    if not rows:
        return None
    about = f"{found.about['title']}: cost a month for each person, all sectors, by months before and after {_index(found)}"
    key = "Thick line: the cohort. Dashed line: the comparison, people alike who aren't in it."
    totals = {side: _by_month(rows, side) for side in SIDES}
    why = evidence_key("cohort_spend", found.about["cohort_id"])
    if not any(value is not None for value in totals["cohort"].values()):
        return Figure("spend", "Before and after", about, key, reason="Too few people with such a day to show their months.")
    charts = {size: headed(_lines(totals, size), size, facts, about, key) for size in BOTH}
    notes = [
        "It describes and proves nothing: people come into a cohort when something has gone wrong, and things tend to calm down after that "
        "of themselves. Whoever died or left counts only as long as they were there."
    ]
    return Figure("spend", _change(totals), about, key, _of_spend(rows, why), charts, notes=notes, why=why)


def _index(found: Cohort) -> str:
    """What the index date is, as it stands inside a sentence."""
    return f"the {lower_first(str(found.about['index_meaning']).removeprefix('The '))}"


def _by_month(rows: Sequence[dict[str, Any]], side: str) -> dict[int, float | None]:
    """Pounds a month for each person over all sectors; None for a month of which some sector isn't shown."""
    found: dict[int, float | None] = {}
    for row in rows:
        month, value = row["month_from_index"], row[f"{side}_pounds_per_month"]
        before = found.get(month, 0.0)
        found[month] = None if value is None or before is None else before + value
    return found


def _mean(values: Mapping[int, float | None], *, after: bool) -> float | None:
    """The mean month before, or after, the one of the index date."""
    own = [value for month, value in values.items() if (month > 0 if after else month < 0) and value is not None]
    return sum(own) / len(own) if own else None


def _change(totals: Mapping[str, Mapping[int, float | None]]) -> str:
    """A month before and a month after, in both groups."""
    told = []
    for side, name in zip(SIDES, ("The cohort", "the comparison"), strict=True):
        before, after = (_mean(totals[side], after=late) for late in (False, True))
        if before is not None and after is not None:
            told.append(f"{name} cost {_pounds(before)} a month before and {_pounds(after)} after")
    return "; ".join(told) or "Cost before and after"


def _lines(totals: Mapping[str, Mapping[int, float | None]], size: Size) -> altair.LayerChart:
    """Two lines by month, and the month of the index date as an upright."""
    rows = [{"month": month, "side": side, "value": value} for side in SIDES for month, value in totals[side].items() if value is not None]
    ticks = [-12, -6, 0, 6, 12]
    x = altair.X("month:Q", title="months from that day", scale=altair.Scale(domain=[-MONTHS, MONTHS]), axis=altair.Axis(values=ticks))
    y = altair.Y("value:Q", title=None, scale=altair.Scale(zero=True), axis=altair.Axis(grid=True, tickCount=4, labelExpr=IN_POUNDS))
    base = chart_of(rows).encode(x, y)
    upright = chart_of([{"month": 0}]).mark_rule(color=INK, strokeWidth=1).encode(x)
    mine = base.transform_filter("datum.side === 'cohort'").mark_line(color=AREA, strokeWidth=2.75)
    others = base.transform_filter("datum.side === 'comparison'").mark_line(color=INK, strokeWidth=1.5, strokeDash=[5, 3])
    return fitted(layered(upright, others, mine), size, 200)


def _of_spend(rows: Sequence[dict[str, Any]], why: str) -> Table:
    """By sector what a mean month cost before and after, in both groups; the file has the same by side."""
    sectors = list(dict.fromkeys(row["sector"] for row in rows))
    columns = [Column("Sector", [capital(sector) for sector in sectors], "sector", sectors)]
    for side, name in zip(SIDES, ("Cohort", "Comparison"), strict=True):
        for late, when in ((False, "before"), (True, "after")):
            values = [_mean(_by_month([row for row in rows if row["sector"] == sector], side), after=late) for sector in sectors]
            columns.append(Column(f"{name}, {when}", [_pounds(value) for value in values], f"{side}_{when}", values))
    return Table("Cost of a mean month for each person, before and after", columns, why=[why] * len(sectors))

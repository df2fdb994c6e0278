"""The pictures of a cohort: how it stands beside the rest, where its people live, and how large all cohorts are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair

from joinedup.access.cohorts import Cohort
from joinedup.access.published import evidence_key
from joinedup.papers.facts import Facts
from joinedup.papers.figure import BOTH, Column, Figure, Table, chart_of, fitted, headed, layered
from joinedup.papers.figures import bars
from joinedup.papers.numbers import NO_DATA, each, fraction, rate, share, whole
from joinedup.papers.theme import AREA, INK, PAPER, RULE, Size
from joinedup.papers.words import FIFTHS, capital, lower_first, many

WORTH_A_LOOK = 0.1
"""Standardised difference beyond which groups are said to differ (Austin, Statistics in Medicine 28, 2009)."""
REACH = 1.5
"""Standard deviations on either side; what lies further is drawn at the end."""
MARGIN = 0.12
"""What is left free at the ends, so that a dot touches no words; in standard deviations."""
STEP, BESIDE = 30, 0.44
EACH = 1000


def year_of(facts: Facts, found: Cohort) -> str:
    """What the year of a cohort's tables is called."""
    return facts.years[found.year]


def key(name: str, found: Cohort, *values: object) -> str:
    """The evidence key of a number of a cohort in its year."""
    return evidence_key(f"cohort_{name}", found.about["cohort_id"], found.year, *values)


def beside_the_rest(facts: Facts, found: Cohort) -> Figure:
    """Each characteristic by its standardised difference from everybody else counted in the year."""
    about = f"{found.about['title']} beside everybody else, {year_of(facts, found)}: standardised differences"
    key_ = f"Dot to the right: more than the rest; to the left: less. Filled: beyond {WORTH_A_LOOK} standard deviations."
    rows = [row for row in found.profile.to_pylist() if row["standardised_difference"] is not None]
    if not rows:
        return Figure(
            "beside", "Beside the rest", about, key_, reason="Too few people, or too little known of them, to hold them against the rest."
        )
    charts = {size: headed(_dots(rows, size), size, facts, about, key_) for size in BOTH}
    return Figure("beside", _finding(rows), about, key_, _of_profile(found), charts, why=key("profile", found))


def _finding(rows: Sequence[dict[str, Any]]) -> str:
    """The two largest differences in words, but for what everybody or nobody in it has, which its definition says already."""
    told = [row for row in rows if row["unit"] != "%" or row["cohort"] not in (0.0, 100.0)] or rows
    largest = sorted(told, key=lambda row: -abs(row["standardised_difference"]))[:2]
    return "; ".join(f"{row['title']}: {_value(row, 'cohort')}, the rest {_value(row, 'rest')}" for row in largest)


def _value(row: dict[str, Any], name: str) -> str:
    if row[name] is None:
        return NO_DATA
    if row["unit"] == "pounds":
        return each(100 * row[name])
    return share(row[name], 100) if row["unit"] == "%" else f"{rate(row[name])} {row['unit'] or ''}".strip()


def _bare(row: dict[str, Any]) -> str:
    """The value of the rest without the unit that was said before."""
    return _value(row, "rest").removesuffix(f" {row['unit']}")


def _dots(rows: Sequence[dict[str, Any]], size: Size) -> altair.LayerChart:
    """A line for each characteristic with its dot, the values in words at the right or above."""
    told = [
        {
            "name": row["title"],
            "at": max(-REACH, min(REACH, row["standardised_difference"])),
            "fill": AREA if abs(row["standardised_difference"]) > WORTH_A_LOOK else PAPER,
            "words": f"{_value(row, 'cohort')}, rest {_bare(row)}",
            "from": -REACH,
            "to": REACH,
        }
        for row in rows
    ]
    above = size.narrow
    step = STEP + (36 if above else 0)
    drop = step / 2 - 10 if above else 0
    scale = altair.Scale(domain=[-REACH - MARGIN, MARGIN + (REACH if above else 2 * REACH / BESIDE - REACH)], nice=False)
    axis = altair.Axis(grid=True, values=[-1, 0, 1], orient="top")
    x = altair.X("at:Q", title=None, scale=scale, axis=axis)
    y = altair.Y("name:N", title=None, sort=[row["name"] for row in told], axis=altair.Axis(labels=not above))
    base = chart_of(told).encode(y)
    rail = base.mark_rule(color=RULE, strokeWidth=2, yOffset=drop).encode(altair.X("from:Q", scale=scale), altair.X2("to:Q"))
    none = chart_of([{"at": 0}]).mark_rule(color=INK, strokeDash=[5, 3], strokeWidth=1.5).encode(x)
    fill = altair.Fill("fill:N", scale=None)
    dot = base.mark_point(opacity=1, stroke=AREA, strokeWidth=1.5, size=110, yOffset=drop).encode(x, fill)
    said = altair.Text("words:N")
    if not above:
        words = [base.mark_text(align="right", fontWeight="bold").encode(said, x=altair.XValue("width"))]
    else:
        left = {"align": "left", "baseline": "bottom"}
        clear = {**left, "stroke": PAPER, "strokeWidth": 4}
        words = [
            base.mark_text(**clear, dy=drop - 28).encode(altair.Text("name:N"), x=altair.XValue(0)),
            base.mark_text(**clear, dy=drop - 10, fontWeight="bold").encode(said, x=altair.XValue(0)),
            base.mark_text(**left, dy=drop - 28).encode(altair.Text("name:N"), x=altair.XValue(0)),
            base.mark_text(**left, dy=drop - 10, fontWeight="bold").encode(said, x=altair.XValue(0)),
        ]
    return fitted(layered(rail, none, dot, *words), size, step * len(told))


def _of_profile(found: Cohort) -> Table:
    rows = found.profile.to_pylist()
    differences = [row["standardised_difference"] for row in rows]
    columns = [
        Column("Characteristic", [row["title"] for row in rows], "characteristic", [row["characteristic"] for row in rows]),
        Column("In it", [_value(row, "cohort") for row in rows], "cohort", [row["cohort"] for row in rows]),
        Column("The rest", [_value(row, "rest") for row in rows], "rest", [row["rest"] for row in rows]),
        Column(
            "Standardised difference",
            [NO_DATA if each is None else f"{each:+.2f}" for each in differences],
            "standardised_difference",
            differences,
        ),
        Column("Known of", [whole(row["known"]) for row in rows], "known", [row["known"] for row in rows]),
        Column(name="people", values=[row["people"] for row in rows]),
    ]
    return Table("Beside everybody else counted in the year", columns, why=[key("profile", found, row["characteristic"]) for row in rows])


def where_they_live(facts: Facts, found: Cohort) -> Figure:
    """People of the cohort per 1,000 of each neighbourhood and fifth of deprivation, the place as an outline."""
    about = f"{found.about['title']} for each {EACH:,} people counted, {year_of(facts, found)}"
    key_ = f"Bars: {facts.place.word.plural}, then fifths of small areas by deprivation in England. Outline: {facts.whole.name}."
    rows = [
        row
        for row in found.areas.to_pylist()
        if row["area_type"] in ("neighbourhood", "deprivation fifth") and row["area_id"] != "not known"
    ]
    place = next((row["per_1000"] for row in found.areas.to_pylist() if row["area_type"] == "place"), None)
    if not any(row["people"] for row in rows):
        return Figure("areas", "Where they live", about, key_, reason="Too few people to be shown by area.")
    names = {area.id: area.name for area in facts.areas} | {str(fifth): name for fifth, name in FIFTHS.items()}
    drawn = [bars.Bar(names.get(row["area_id"], row["area_id"]), row["per_1000"], place, _of_area(row)) for row in rows]
    reach = max([place or 0, *(row["per_1000"] or 0 for row in rows)])
    charts = {size: headed(bars.chart(drawn, reach, size), size, facts, about, key_) for size in BOTH}
    notes = [CRUDE]
    return Figure(
        "areas", _most(rows, names, place), about, key_, _of_areas(found, rows, names), charts, notes=notes, why=key("area", found)
    )


def _of_area(row: dict[str, Any]) -> str:
    return "too few to show" if row["people"] is None else f"{rate(row['per_1000'])} ({whole(row['people'])})"


def _most(rows: Sequence[dict[str, Any]], names: dict[str, str], place: float | None) -> str:
    """Where most of them live for its size, beside the place."""
    known = [row for row in rows if row["area_type"] == "neighbourhood" and row["per_1000"] is not None] or [
        row for row in rows if row["per_1000"] is not None
    ]
    first = max(known, key=lambda row: row["per_1000"])
    apart = place is not None and not first["lower"] <= place <= first["upper"]
    said = f"{names.get(first['area_id'], first['area_id'])} has most for its size, {rate(first['per_1000'])} of {EACH:,} people"
    return said if place is None else f"{said}, {'more than' if apart else 'similar to'} the place as a whole ({rate(place)})"


CRUDE = (
    "These are crude rates: an area with older people, or more of one sex, has more of many cohorts for that alone. No age is allowed for."
)


def _of_areas(found: Cohort, rows: Sequence[dict[str, Any]], names: dict[str, str]) -> Table:
    columns = [
        Column("Area", [names.get(row["area_id"], row["area_id"]) for row in rows], "area_id", [row["area_id"] for row in rows]),
        Column(name="area_type", values=[row["area_type"] for row in rows]),
        Column("People", [whole(row["people"]) for row in rows], "people", [row["people"] for row in rows]),
        Column("Of", [whole(row["population"]) for row in rows], "population", [row["population"] for row in rows]),
        Column(f"Of {EACH:,}", [rate(row["per_1000"]) for row in rows], "per_1000", [row["per_1000"] for row in rows]),
        Column(
            "95% limits",
            [NO_DATA if row["lower"] is None else f"{rate(row['lower'])} to {rate(row['upper'])}" for row in rows],
            "lower",
            [row["lower"] for row in rows],
        ),
        Column(name="upper", values=[row["upper"] for row in rows]),
    ]
    keys = [
        key("area", found, "place", "place", row["area_id"])
        if row["area_type"] == "deprivation fifth"
        else key("area", found, row["area_type"], row["area_id"])
        for row in rows
    ]
    return Table("People of the cohort by area", columns, why=keys)


def sizes(facts: Facts) -> Figure:
    """How large each cohort is in its latest year, the year before as an outline."""
    cohorts = facts.cohorts
    year = year_of(facts, cohorts[0])
    about = f"People in each cohort, {year}"
    key_ = "Bars: that year. Outline: the year before."
    drawn, last = [], {each.about["cohort_id"]: _of_years(each) for each in cohorts}
    for one in sorted(cohorts, key=lambda found: -(last[found.about["cohort_id"]][0] or 0)):
        now, before = last[one.about["cohort_id"]]
        drawn.append(bars.Bar(one.about["title"], now, before, "too few to show" if now is None else whole(now)))
    reach = max((max(bar.value or 0, bar.place or 0) for bar in drawn), default=0)
    charts = {size: headed(bars.chart(drawn, reach, size), size, facts, about, key_) for size in BOTH}
    first = drawn[0]
    said = f"{first.name} is the largest of {many(len(drawn), 'cohort', 'cohorts')}: {lower_first(first.words)} people in {year}"
    return Figure("sizes", capital(said), about, key_, _of_sizes(facts), charts, why="cohort_flow")


def _of_years(found: Cohort) -> tuple[int | None, int | None]:
    """How many in its year, and in the year before."""
    known = list(found.sizes.items())
    at = [day for day, _ in known].index(found.year)
    return known[at][1], known[at - 1][1] if at else None


def _of_sizes(facts: Facts) -> Table:
    cohorts = facts.cohorts
    years = list(cohorts[0].sizes)
    ids = [each.about["cohort_id"] for each in cohorts]
    columns = [Column("Cohort", [each.about["title"] for each in cohorts], "cohort_id", ids)]
    for year in years:
        counts = [each.sizes.get(year) for each in cohorts]
        steps = [_last_step(each) for each in cohorts]
        keys = [evidence_key("cohort_flow", name, year, step) for name, step in zip(ids, steps, strict=True)]
        columns.append(Column(facts.years[year], [whole(count) for count in counts], f"people_{year}", counts, why=keys))
    firsts = [
        next(row["people"] for row in each.flow.to_pylist() if row["year_starts"] == each.year and row["step_order"] == 0)
        for each in cohorts
    ]
    now = [each.sizes[each.year] for each in cohorts]
    columns.append(
        Column(
            "Of everybody it may be of",
            [share(part, of) for part, of in zip(now, firsts, strict=True)],
            "share",
            [fraction(part, of) for part, of in zip(now, firsts, strict=True)],
            why=[evidence_key("cohort_flow", name, each.year) for name, each in zip(ids, cohorts, strict=True)],
        )
    )
    return Table("Cohorts by year", columns, why=[evidence_key("cohort_flow", name) for name in ids])


def _last_step(found: Cohort) -> int:
    orders: list[int] = found.flow["step_order"].to_pylist()
    return max(orders)

"""Cost by point of delivery, in pounds for each person registered: a neighbourhood's bars, the place's as an outline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import altair

from joinedup.papers.facts import Area, Facts, Row
from joinedup.papers.figure import BOTH, Figure, Table, fitted, headed, missing
from joinedup.papers.numbers import each, per, pounds, share, whole
from joinedup.papers.theme import AREA_FILL, INK, Size
from joinedup.papers.words import point_of_delivery

SAME = 50
"""Pence a head within which two costs are "about the same as" one another."""


@dataclass(frozen=True)
class Costs:
    """The rows of one area by point of delivery, and how many people they are shared over."""

    rows: Mapping[str, Row]
    people: int | None

    def pence(self, point: str) -> int | None:
        """The cost of a point of delivery: nothing where it was not used, None where none of its use has a cost."""
        row = self.rows.get(point)
        if row is None:
            return 0
        return row["cost_pence"] if row["costed"] else None

    def sum(self, name: str) -> int:
        """A column over all points of delivery."""
        return sum(row[name] or 0 for row in self.rows.values())

    def head(self) -> float | None:
        """Pence for each person, over all points of delivery."""
        return per(self.sum("cost_pence"), self.people, 1) if self.sum("costed") else None


def costs(facts: Facts, area: Area) -> Costs:
    """What an area's people cost in the period."""
    return Costs({row["point_of_delivery"]: row for row in facts.costs[area]}, facts.people(area))


def points(facts: Facts) -> list[str]:
    """Points of delivery, the one that costs the place most first."""
    return [row["point_of_delivery"] for row in sorted(facts.costs[facts.whole], key=lambda row: (-(row["cost_pence"] or 0), row["point_of_delivery"]))]


def figure(facts: Facts, area: Area) -> Figure:
    """What an area's people cost, against the place's."""
    about = f"Cost in £ for each person registered on {facts.as_at}, {facts.period}"
    key = f"Bars: {area.name}. Outline: {facts.whole.name}."
    here, place = costs(facts, area), costs(facts, facts.whole)
    title = f"Cost of care of people of {area.name}"
    if place.head() is None:
        return Figure("cost", title, about, key, reason=missing(facts, "cost"))
    if here.head() is None:
        why = "Nobody was registered" if not here.people else "No activity of people has a cost"
        return Figure("cost", title, about, key, reason=f"{why} in {area.name}, {facts.as_at if not here.people else facts.period}.")
    charts = {size: headed(chart(facts, area, size), size, facts, about, key) for size in BOTH}
    return Figure("cost", finding(facts, here, place), about, key, table(facts, area), charts, notes=notes(here))


def finding(facts: Facts, here: Costs, place: Costs) -> str:
    """The cost a head against the place's, and what most of it is for."""
    mine, theirs = here.head() or 0.0, place.head() or 0.0
    compared = f"{each(abs(mine - theirs))} {'more' if mine > theirs else 'less'} than" if abs(mine - theirs) >= SAME else "about the same as"
    largest = max(here.rows, key=lambda point: here.pence(point) or 0)
    part = share(here.pence(largest), here.sum("cost_pence"))
    return f"{each(mine)} for each person, {compared} in {facts.whole.name}; {part} of it is {point_of_delivery(largest).lower()}"


def notes(here: Costs) -> list[str]:
    """How much of the activity has a cost, and where the cost comes from."""
    activities, costed = here.sum("activities"), here.sum("costed")
    return [
        f"{share(costed, activities)} of {whole(activities)} activities have a cost: {share(here.sum('from_extract'), activities)} from the extract,"
        f" {share(here.sum('from_unit_cost'), activities)} from a published unit cost. The rest count as no cost known, not as £0."
    ]


def chart(facts: Facts, area: Area, size: Size) -> altair.LayerChart:
    """A bar for each point of delivery with its cost in words, and the place's bar as an outline."""
    here, place = _bars(facts, area), _bars(facts, facts.whole)
    reach = max(bar["pounds"] for of in (facts.whole, *facts.areas) for bar in _bars(facts, of))
    scale = altair.Scale(domain=[0, reach * (1.62 if size.narrow else 1.36) or 1], nice=False)
    x = altair.X("pounds:Q", title=None, axis=None, scale=scale)
    above = {"labelAlign": "left", "labelPadding": 0, "labelBaseline": "bottom", "labelOffset": -16} if size.narrow else {}
    y = altair.Y("point:N", title=None, sort=[bar["point"] for bar in here], axis=altair.Axis(**above), scale=altair.Scale(paddingInner=0.45 if size.narrow else 0.25))
    bars = altair.Chart(altair.Data(values=here)).mark_bar(color=AREA_FILL).encode(x, y)
    outline = altair.Chart(altair.Data(values=place)).mark_bar(filled=False, stroke=INK, strokeWidth=1.5).encode(x, y)
    ends = [mine | {"pounds": max(mine["pounds"], theirs["pounds"])} for mine, theirs in zip(here, place, strict=True)]
    words = altair.Chart(altair.Data(values=ends)).mark_text(align="left", dx=8).encode(x, y, text="words:N")
    return fitted(altair.layer(bars, outline, words), size, (48 if size.narrow else 36) * len(here))


def _bars(facts: Facts, area: Area) -> list[dict[str, Any]]:
    of = costs(facts, area)
    bars = []
    for point in points(facts):
        head = per(of.pence(point), of.people, 1)
        words = "cost not known" if head is None else f"{each(head)} a head, {pounds(of.pence(point))}"
        bars.append({"point": point_of_delivery(point), "pounds": (head or 0.0) / 100, "words": words})
    return bars


def table(facts: Facts, area: Area) -> Table:
    """Activities and cost by point of delivery, the sum last."""
    here, place = costs(facts, area), costs(facts, facts.whole)
    names = ("activities", "costed", "from_extract", "from_unit_cost")
    counted = {point: {name: here.rows[point][name] if point in here.rows else 0 for name in names} for point in points(facts)}
    rows = [
        [point_of_delivery(point), whole(row["activities"]), share(row["costed"], row["activities"]) if row["activities"] else "—", pounds(here.pence(point)),
         each(per(here.pence(point), here.people, 1)), each(per(place.pence(point), place.people, 1))]
        for point, row in counted.items()
    ]  # fmt: skip
    total = ["All", whole(here.sum("activities")), share(here.sum("costed"), here.sum("activities")), pounds(here.sum("cost_pence")), each(here.head()), each(place.head())]
    return Table(
        caption=f"Cost of care of people of {area.name}, {facts.period}",
        head=["Point of delivery", "Activities", "With a cost", "Cost", "Per person", f"Per person, {facts.whole.name}"],
        rows=[*rows, total],
        columns=["point_of_delivery", *names, "cost_pence", "people", "cost_pence_per_person", "place_cost_pence_per_person"],
        values=[[point, *row.values(), here.pence(point), here.people, per(here.pence(point), here.people, 1), per(place.pence(point), place.people, 1)]
                for point, row in counted.items()],
    )  # fmt: skip



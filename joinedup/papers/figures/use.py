"""Use of services by month: small charts by point of delivery, a neighbourhood's line against the place's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from math import log
from typing import Any

import altair

from joinedup.access.rounding import added
from joinedup.papers.facts import Area, Facts
from joinedup.papers.figure import BOTH, Column, Figure, Table, chart_of, headed, layered, missing, without
from joinedup.papers.numbers import change, month, per, rate, whole
from joinedup.papers.theme import AREA, INK, Size
from joinedup.papers.words import listed, many, point_of_delivery
from joinedup.periods import add_months

MONTHS = 24
YEAR = 12
MOST = 12
"""Points of delivery drawn; the file has them all."""
ENOUGH = 100
"""Activities in each of two years from which a change between them is worth telling (our choice, 2026)."""
EACH = 1000
AROUND = 72
"""Pixels beside a small chart: its scale on the left, its latest value on the right."""
Counts = Mapping[tuple[str, date], int | None]
"""Activities by point of delivery and month: 0 where there is no row, None where a count isn't shown or isn't known."""
Shares = Mapping[tuple[str, date], float]
PARTLY = (
    "In some months providers tell nothing who usually do a part of it: those rates are over the people who don't go there, by their share."
)
ALL_BUT = 0.99
"""Known of so much, a month is as good as whole: who is missing does less than a hundredth (our choice, 2026)."""
LEAST = 0.5
"""Known of less, a month has no count: the door gives none."""


def counts(facts: Facts, area: Area) -> Counts:
    """Activities by point of delivery and month."""
    return defaultdict(int, {(row["point_of_delivery"], row["month"]): row["activities"] for row in facts.activity[area]})


def shares(facts: Facts, area: Area) -> Shares:
    """Of each point of delivery and month, the part of the area's usual use whose providers tell of the month."""
    return {(row["point_of_delivery"], row["month"]): row["known_share"] for row in facts.activity[area]}


def months(facts: Facts) -> list[date]:
    """The 24 months that end with the period."""
    return [add_months(facts.place.period.end, back) for back in range(-MONTHS, 0)]


def points(facts: Facts) -> list[str]:
    """Points of delivery, the one most used in the place first."""
    totals: Counter[str] = Counter()
    for row in facts.activity[facts.whole]:
        totals[row["point_of_delivery"]] += row["activities"] or 0
    return [point for point, total in sorted(totals.items(), key=lambda item: (-item[1], item[0])) if total]


def over(facts: Facts, area: Area, point: str) -> int | None:
    """How many people the rate of a point of delivery is over."""
    sector = next((row["sector"] for row in facts.activity[facts.whole] if row["point_of_delivery"] == point), "")
    return facts.people_of(area, sector)


def shown(facts: Facts) -> list[str]:
    """The points of delivery to draw: the most used one of each sector, then the most used of the others; in order of sectors."""
    used = points(facts)
    sector = {row["point_of_delivery"]: row["sector"] for row in facts.activity[facts.whole]}
    first = {sector[point]: point for point in reversed(used)}
    chosen = sorted(used, key=lambda point: (first[sector[point]] != point, used.index(point)))[:MOST]
    sectors = list(dict.fromkeys(sector[point] for point in used))
    return sorted(chosen, key=lambda point: (sectors.index(sector[point]), used.index(point)))


def covered(facts: Facts) -> Mapping[str, frozenset[date]]:
    """The months that the extracts tell of, by point of delivery: from the first to the last that the place has any of.

    In such a month a neighbourhood without a row had none; outside them nothing is known, and nothing is shown. Months of which too little
    is known within are no counts, either.
    """
    seen: dict[str, list[date]] = defaultdict(list)
    for (point, of_month), count in counts(facts, facts.whole).items():
        if count != 0:
            seen[point].append(of_month)
    span = {point: (min(seen[point]), max(seen[point])) for point in points(facts)}
    shown_months = months(facts)
    return {point: frozenset(each for each in shown_months if first <= each <= last) for point, (first, last) in span.items()}


def figure(facts: Facts, area: Area) -> Figure:
    """The use of an area against the place's, month by month."""
    about, key = (
        f"Activities each month per {EACH:,} people registered on {facts.as_at}",
        f"Thick line: {area.name}. Dashed line: {facts.whole.name}.",
    )
    drawn = shown(facts)
    if not drawn or not facts.people(area):
        reason = (
            missing(facts, "use of services")
            if facts.people(area) or not facts.people(facts.whole)
            else f"Nobody was registered in {area.name} on {facts.as_at}."
        )
        return Figure("use", f"Use of services by people of {area.name}", about, key, reason=reason)
    charts = {size: headed(chart(facts, area, drawn, size), size, facts, about, key) for size in BOTH}
    return Figure(
        "use",
        finding(facts, area),
        about,
        key,
        table(facts, area),
        charts,
        notes=[*notes(facts, drawn), *gaps(facts, area, drawn), *without(facts)],
        why=area.why("activity"),
    )


def finding(facts: Facts, area: Area) -> str:
    """Of what is drawn the clearest change from the year before to the last one: the largest beside what chance makes of such counts."""
    here, drawn = counts(facts, area), shown(facts)
    years = {point: [added(here[point, each] for each in half) for half in (months(facts)[:YEAR], months(facts)[YEAR:])] for point in drawn}
    known = covered(facts)
    both = {point: (before, last) for point, (before, last) in years.items() if before and last and min(before, last) >= ENOUGH}
    whole_of = {point for point in drawn if all(shares(facts, area).get((point, each), 1) >= ALL_BUT for each in months(facts))}
    told = [point for point in drawn if len(known[point]) == MONTHS and point in both and point in whole_of]
    point = max(
        told, key=lambda point: abs(log(both[point][1] / both[point][0])) / sum(1 / n for n in both[point]) ** 0.5, default=drawn[0]
    )
    before, last = years[point]
    compared = f", {change(last, before)} in the 12 months before" if point in told else ""
    most = ": the clearest change of those drawn" if len(told) > 1 else ""
    unknown = [each for each in months(facts)[YEAR:] if shares(facts, area).get((point, each), 1) < LEAST]
    if unknown:
        last = added(here[point, each] for each in months(facts)[YEAR:] if each not in unknown)
        most = f", of which {many(len(unknown), 'month isn’t', 'months aren’t')} known"
    return f"{point_of_delivery(point)}: {whole(last)} in the 12 months to {month(months(facts)[-1])}{compared}{most}"


def notes(facts: Facts, drawn: Sequence[str]) -> list[str]:
    """What the picture leaves out, and months that the extracts don't tell of."""
    found = []
    if len(points(facts)) > len(drawn):
        found.append(
            f"{len(drawn)} points of delivery are drawn, at least one of each sector; the file of the table has all {len(points(facts))}."
        )
    for point, known in ((point, covered(facts)[point]) for point in drawn):
        if len(known) < MONTHS:
            span = f"{month(min(known))} to {month(max(known))}"
            found.append(f"{point_of_delivery(point)}: data from {span} only. For the other months there is no data, which isn't 0.")
    return found


def gaps(facts: Facts, area: Area, drawn: Sequence[str]) -> list[str]:
    """Months of which providers who usually do it tell nothing, by point of delivery; the first few in words."""
    of, found, partly = shares(facts, area), [], False
    for point in drawn:
        known = sorted(covered(facts)[point])
        unknown = [each for each in known if of.get((point, each), 1) < LEAST]
        partly = partly or any(LEAST <= of.get((point, each), 1) < ALL_BUT for each in known)
        if unknown:
            named = listed([month(each) for each in unknown]) if len(unknown) < 4 else f"{len(unknown)} months from {month(unknown[0])}"
            found.append(
                f"{point_of_delivery(point)}: not known in {named}, as those who usually do half of it or more tell nothing, or little."
            )
    if partly:
        found.append(PARTLY)
    return found


def chart(facts: Facts, area: Area, drawn: Sequence[str], size: Size) -> altair.FacetChart:
    """A small chart for each point of delivery, each with its own scale from 0."""
    lines = [*_line(facts, facts.whole, drawn, "place"), *_line(facts, area, drawn, "area")]
    axis = altair.Axis(labelExpr="utcFormat(datum.value, '%b %Y')", values=_ticks(months(facts)), labelAlign="left")
    x = altair.X("month:T", title=None, scale=altair.Scale(type="utc"), axis=axis)
    y = altair.Y("rate:Q", title=None, scale=altair.Scale(zero=True), axis=altair.Axis(grid=True, tickCount=3))
    base = chart_of(lines).encode(x, y)
    place = base.transform_filter("datum.of === 'place'").mark_line(color=INK, strokeWidth=1.25, strokeDash=[5, 3])
    here = base.transform_filter("datum.of === 'area'").mark_line(color=AREA, strokeWidth=2.75)
    latest = base.transform_filter("datum.last").mark_text(color=AREA, fontWeight="bold", align="left", dx=5).encode(altair.Text("words:N"))
    columns = 1 if size.narrow else 2
    small = layered(place, here, latest).properties(width=size.width // columns - AROUND, height=84)
    facet = altair.Facet("point:N", title=None, sort=[point_of_delivery(point) for point in drawn], header=altair.Header(labelOrient="top"))
    apart = {"row": 58, "column": AROUND}
    return small.facet(facet, columns=columns, spacing=apart, bounds="flush").resolve_scale(y="independent").resolve_axis(x="independent")


def _among(people: int | None, known: float) -> float | None:
    """How many people a rate is over: without those who go to whom the month isn't known of."""
    return people * known if people is not None and known < ALL_BUT else people


def _ticks(of: Sequence[date]) -> list[dict[str, Any]]:
    return [{"year": each.year, "month": each.month, "date": 1, "utc": True} for each in of[::YEAR]]


def _line(facts: Facts, area: Area, drawn: Sequence[str], of: str) -> list[dict[str, Any]]:
    here, known, of_all = counts(facts, area), covered(facts), shares(facts, area)
    rows: list[dict[str, Any]] = []
    for point in drawn:
        latest = max((each for each in known[point] if here[point, each] is not None), default=None)
        for each in sorted(known[point]):
            value = per(here[point, each], _among(over(facts, area, point), of_all.get((point, each), 1)), EACH)
            last = of == "area" and each == latest
            rows.append(
                {"point": point_of_delivery(point), "month": each.isoformat(), "of": of, "rate": value, "last": last, "words": rate(value)}
            )
    return rows


def table(facts: Facts, area: Area) -> Table:
    """Activities by month and point of delivery, latest month first; the file has their rates, too."""
    latest_first, drawn = months(facts)[::-1], shown(facts)
    rest = [point for point in points(facts) if point not in drawn]
    columns = [
        Column("Month", [month(each) for each in latest_first], "month", latest_first),
        *(column for point in drawn for column in _point(facts, area, point, latest_first)),
        *(replace(column, head="") for point in rest for column in _point(facts, area, point, latest_first)),
    ]
    return Table(f"Activities of people of {area.name} by month", columns)


def _point(facts: Facts, area: Area, point: str, of_months: Sequence[date]) -> list[Column]:
    here, known, people, of_all = counts(facts, area), covered(facts)[point], over(facts, area, point), shares(facts, area)
    activities = [here[point, each] if each in known else None for each in of_months]
    name = point_of_delivery(point).lower().replace(" ", "_")
    among = [_among(people, of_all.get((point, each), 1)) for each in of_months]
    rated = [per(count, each, EACH) for count, each in zip(activities, among, strict=True)]
    rates = Column(name=f"{name}_per_{EACH}_people", values=rated)
    keys = [area.why("activity", each, point) for each in of_months]
    return [Column(point_of_delivery(point), [whole(count) for count in activities], name, activities, why=keys), rates]

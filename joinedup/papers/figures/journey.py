"""One invented person's year: a line for each sector, a mark for each contact, a bar for each stay and package of care."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import altair

from joinedup.access.journeys import Event, Journey
from joinedup.access.published import evidence_key
from joinedup.papers import words
from joinedup.papers.facts import Facts
from joinedup.papers.figure import BOTH, Column, Figure, Table, chart_of, fitted, headed, layered
from joinedup.papers.figures.flows import named
from joinedup.papers.numbers import day, each, share, whole
from joinedup.papers.theme import AREA, AREA_FILL, INK, RULE, Size
from joinedup.papers.words import capital, many, point_of_delivery

LANE, ABOVE = 50, 20
"""Pixels of a sector's line, and what its words take more on a narrow page."""
LONG = timedelta(days=1)
"""From more than which on something is drawn as a bar."""
BESIDE = 0.84
"""The part of the width that the year takes where costs stand beside it."""


def figure(facts: Facts, journey: Journey) -> Figure:
    """The year as a picture, each event in its table."""
    period = facts.place.period
    about = f"The year of an invented {journey.stage} of {journey.age} across services, {day(period.start)} to {day(period.last_day)}"
    key = "A mark is a contact, a bar a stay or a package of care that goes on. At the right: what it cost."
    charts = {size: headed(chart(facts, journey, size), size, facts, about, key) for size in BOTH}
    why = evidence_key("journeys", journey.stage)
    return Figure(f"journey-{journey.stage.replace(' ', '-')}", finding(journey), about, key, table(facts, journey), charts, why=why)


def cost(events: list[Event]) -> int | None:
    """What some events cost; None where none has a cost."""
    known = [event.cost_pence for event in events if event.cost_pence is not None]
    return sum(known) if known else None


def by_sector(journey: Journey) -> Mapping[str, int | None]:
    """What each sector cost, in the order in which they first saw the person."""
    return {sector: cost([event for event in journey.events if event.sector == sector]) for sector in journey.sectors}


def finding(journey: Journey) -> str:
    """How often, by how many sectors, at which cost, and where most of it is."""
    spent, total = by_sector(journey), cost(list(journey.events))
    said = (
        f"{capital(_a(journey.stage))} of {journey.age}: {many(len(journey.events), 'contact', 'contacts')} with "
        f"{many(len(spent), 'sector', 'sectors')} in one year"
    )
    if not total:
        return said
    most = max(spent, key=lambda sector: spent[sector] or 0)
    return f"{said}, at a cost of {each(total)}; {share(spent[most], total)} of it {words.sector(most)}"


def _a(stage: str) -> str:
    return f"an {stage}" if stage[0] in "aeo" else f"a {stage}"


def chart(facts: Facts, journey: Journey, size: Size) -> altair.LayerChart:
    """Sectors from the top in the order in which they came, the year from left to right."""
    lane = LANE + (ABOVE if size.narrow else 0)
    drop = ABOVE / 2 + 4 if size.narrow else 8
    period, spent = facts.place.period, by_sector(journey)
    length = (period.end - period.start).days
    domain_end = period.end if size.narrow else period.start + timedelta(days=round(length / BESIDE))
    ticks = [
        {"year": at.year, "month": at.month, "date": 1, "utc": True} for at in _quarters(period.start, period.end, 6 if size.narrow else 3)
    ]
    axis = altair.Axis(labelExpr="utcFormat(datum.value, '%b %Y')", values=ticks, grid=True, orient="top", labelAlign="left")
    domain = [{"year": at.year, "month": at.month, "date": at.day, "utc": True} for at in (period.start, domain_end)]
    x = altair.X("from:T", title=None, axis=axis, scale=altair.Scale(type="utc", domain=domain, nice=False))
    order = [capital(sector) for sector in spent]
    y = altair.Y("sector:N", title=None, sort=order, axis=altair.Axis(labels=not size.narrow))
    rows = [_row(facts, event) for event in journey.events]
    lanes = [
        {"sector": capital(s), "words": "not known" if p is None else each(p), "from": f"{period.start}", "to": f"{period.last_day}"}
        for s, p in spent.items()
    ]
    rail = chart_of(lanes).mark_rule(color=RULE, strokeWidth=2, yOffset=drop).encode(x, altair.X2("to:T"), y)
    base = chart_of(rows).encode(x, y)
    bars = base.transform_filter("datum.long").mark_bar(color=AREA_FILL, stroke=AREA, size=14, yOffset=drop).encode(altair.X2("to:T"))
    ticks_drawn = base.transform_filter("!datum.long").mark_tick(color=AREA, thickness=2.5, size=20, yOffset=drop)
    layers = [rail, bars, ticks_drawn]
    total = chart_of(lanes).encode(y, altair.Text("words:N"), x=altair.XValue("width"))
    layers.append(total.mark_text(align="right", fontWeight="bold", dy=drop if not size.narrow else -ABOVE / 2, color=INK))
    if size.narrow:
        head = chart_of(lanes).encode(y, altair.Text("sector:N"), x=altair.XValue(0))
        layers.append(head.mark_text(align="left", dy=-ABOVE / 2, fontWeight="bold"))
    else:
        told = [_row(facts, event) | {"words": point_of_delivery(event.point_of_delivery)} for event in _telling(journey)]
        for align, part in (("left", [row for row in told if not row["late"]]), ("right", [row for row in told if row["late"]])):
            if part:
                layers.append(chart_of(part).mark_text(align=align, dy=drop - 18, color=INK).encode(x, y, altair.Text("words:N")))
    return fitted(layered(*layers), size, lane * len(order))


def _row(facts: Facts, event: Event) -> dict[str, Any]:
    """An event as it is drawn, within the period."""
    period = facts.place.period
    ends = min(event.ends or event.starts, period.end)
    late = (event.starts - period.start).days > (period.end - period.start).days / 2
    return {
        "sector": capital(event.sector),
        "from": f"{max(event.starts, period.start)}",
        "to": f"{ends}",
        "long": ends - event.starts > LONG,
        "late": late,
    }


def _telling(journey: Journey) -> list[Event]:
    """Of each sector the event that its line is labelled with: the one that cost most."""
    return [
        max((event for event in journey.events if event.sector == sector), key=lambda event: (event.cost_pence or 0, event.starts))
        for sector in journey.sectors
    ]


def _quarters(start: date, end: date, months: int) -> list[date]:
    """The first day of every so many months of the period."""
    count = (end.year - start.year) * 12 + end.month - start.month
    return [date(start.year + (start.month - 1 + at) // 12, (start.month - 1 + at) % 12 + 1, 1) for at in range(0, count, months)]


def table(facts: Facts, journey: Journey) -> Table:
    """Every event in the order in which it began, and the sum last."""
    events = list(journey.events)
    total = cost(events)
    days = [day(event.starts) + (f" to {day(event.ends)}" if event.ends and event.ends - event.starts > LONG else "") for event in events]
    who = [named(facts, event.provider_code) if event.provider_code else "—" for event in events]
    spent = ["—" if event.cost_pence is None else each(event.cost_pence) for event in events]
    columns = [
        Column("When", [*days, "All"], "starts", [event.starts for event in events]),
        Column(name="ends", values=[event.ends for event in events]),
        Column("Sector", [*(capital(event.sector) for event in events), ""], "sector", [event.sector for event in events], text=True),
        Column(
            "What",
            [*(point_of_delivery(event.point_of_delivery) for event in events), f"{whole(len(events))} contacts"],
            "point_of_delivery",
            [event.point_of_delivery for event in events],
            text=True,
        ),
        Column("Who", [*who, ""], "provider_code", [event.provider_code for event in events], text=True),
        Column("Cost", [*spent, each(total)], "cost_pence", [event.cost_pence for event in events]),
    ]
    keys = [evidence_key("journeys", journey.stage)] * (len(events) + 1)
    return Table(f"The year of an invented {journey.stage} of {journey.age}", columns, total=True, why=keys)

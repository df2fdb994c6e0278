"""The few figures that a page begins with, and the table that sets neighbourhoods side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from joinedup.papers import prices
from joinedup.papers.facts import Area, Facts, Row
from joinedup.papers.figure import Column, Table
from joinedup.papers.figures import costs, deprivation, people
from joinedup.papers.needs import MeasureSpec
from joinedup.papers.numbers import NO_DATA, each, limits, rate, share, whole
from joinedup.papers.words import MARKS, capital, compared_with, reason

ALL_KNOWN = 0.9995
"""From which on a share of the people is all of them, as it is shown."""


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One number with its name and unit, and what to hold it against."""

    name: str
    value: str
    unit: str
    against: str
    figure: str = ""
    """The figure of the page that shows it in full, where there is one."""
    why: str = ""
    """Its evidence key."""


def key_figures(facts: Facts, area: Area) -> list[KeyFigure]:
    """What to know of an area first: its people, their age and deprivation, cost, and the indicators."""
    return [*_people(facts, area), _cost(facts, area), *(_indicator(facts, area, spec) for spec in facts.specs.values())]


def _people(facts: Facts, area: Area) -> list[KeyFigure]:
    part, registered = area != facts.whole, facts.people(facts.whole)
    ages, poor = ({of: module.people(facts, of) for of in (area, facts.whole)} for module in (people, deprivation))
    old = {of: share(counted.old(), counted.total) for of, counted in ages.items()}
    poorest = {of: share(counted[1], deprivation.known(counted)) for of, counted in poor.items()}
    share_of_all = f"{share(facts.people(area), registered)} of {facts.whole.name}" if part and registered else ""
    figure = {"people": "people" if part else "", "deprivation": "deprivation" if part else ""}
    where = "of people, by small area in England"
    return [
        KeyFigure(
            "People registered", whole(facts.people(area)), f"on {facts.as_at}", share_of_all, figure["people"], area.why("population")
        ),
        KeyFigure(
            "Aged 65 or over",
            old[area],
            "of people registered",
            _against(facts, area, old[facts.whole]),
            figure["people"],
            area.why("population"),
        ),
        KeyFigure(
            "In the most deprived fifth",
            poorest[area],
            where,
            _against(facts, area, poorest[facts.whole]),
            figure["deprivation"],
            area.why("deprivation", 1),
        ),
    ]


def _cost(facts: Facts, area: Area) -> KeyFigure:
    which = ", from the extracts there are" if facts.stamp.missing else ""
    unit = f"over the 12 months{which}; {prices.in_short(facts.place.period)}"
    head, place = (each(costs.costs(facts, of).head()) for of in (area, facts.whole))
    return KeyFigure("Cost per person", head, unit, _against(facts, area, place), "cost" if area != facts.whole else "", area.why("costs"))


def _against(facts: Facts, area: Area, place: str) -> str:
    return f"{facts.whole.name}: {place}" if area != facts.whole and place != NO_DATA else ""


def _indicator(facts: Facts, area: Area, spec: MeasureSpec) -> KeyFigure:
    row, place = facts.measures.get((spec.id, area)), facts.measures.get((spec.id, facts.whole))
    figure = f"{'map-' if area == facts.whole else ''}{spec.id.replace('_', '-')}" if facts.areas else ""
    if row is None or row["value"] is None:
        return KeyFigure(spec.title, NO_DATA, spec.unit, reason(row["reason"] if row else None), figure, area.why(spec.id))
    compared = compared_with(row["comparison"], facts.whole.name)
    apart = "of too few events for limits" if row["lower"] is None else f"95% limits {limits(row['lower'], row['upper'])}"
    against = f"{MARKS[row['comparison']]} {capital(compared)} ({rate(place['value'])})" if compared and place else apart
    return KeyFigure(spec.title, rate(row["value"]), f"{spec.unit}{_known_of(row)}", against, figure, area.why(spec.id))


def _known_of(row: Row) -> str:
    """Of how many of the people a measure is known, where that isn't all of them."""
    part = row.get("known_share")
    return f"; known of {share(part, 1)} of people" if part is not None and part < ALL_KNOWN else ""


def side_by_side(facts: Facts) -> Table:
    """Every neighbourhood, people in none where there are any, and last the place: people, indicators, cost."""
    areas = [*facts.areas, *([facts.nowhere] if facts.people(facts.nowhere) else []), facts.whole]
    registered, heads = [facts.people(area) for area in areas], [costs.costs(facts, area).head() for area in areas]
    columns = [
        Column(name="area_type", values=[area.type for area in areas]),
        Column(capital(facts.place.word.singular), [_link(area) for area in areas], "area_id", [area.id for area in areas]),
        Column(name="area", values=[area.name for area in areas]),
        Column(
            f"People, {facts.as_at}",
            [whole(count) for count in registered],
            "people",
            registered,
            why=[area.why("population") for area in areas],
        ),
        *(column for spec in facts.specs.values() for column in _measured(facts, spec, areas)),
        Column(
            "Cost per person", [each(head) for head in heads], "cost_pence_per_person", heads, why=[area.why("costs") for area in areas]
        ),
    ]
    return Table(f"{capital(facts.place.word.plural)} of {facts.whole.name} side by side, {facts.period}", columns, total=True)


def _measured(facts: Facts, spec: MeasureSpec, areas: Sequence[Area]) -> list[Column]:
    rows: list[Row] = [facts.measures.get((spec.id, area)) or {} for area in areas]
    keys = [area.why(spec.id) for area in areas]
    return [
        Column(f"{spec.title}, {spec.unit}", [_cell(row) for row in rows], spec.id, [row.get("value") for row in rows], why=keys),
        *(Column(name=f"{spec.id}_{name}", values=[row.get(name) for row in rows]) for name in ("lower", "upper", "comparison")),
    ]


def _link(area: Area) -> str:
    if area.type != "neighbourhood":
        return area.name
    return Markup('<a href="neighbourhood/{}.html">{}</a>').format(area.id, area.name)


def _cell(row: Row) -> str:
    value, comparison = row.get("value"), row.get("comparison")
    return f"{rate(value)} {MARKS[comparison]} {comparison}" if value is not None and comparison in MARKS else rate(value)

"""How the people of an area fall into parts, as shares of those known: an area's bars, the place's as an outline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import altair

from joinedup.access.rounding import added
from joinedup.papers.facts import Area, Facts
from joinedup.papers.figure import BOTH, Column, Figure, Table, headed, key_of
from joinedup.papers.figures import bars
from joinedup.papers.numbers import fraction, share, whole
from joinedup.papers.theme import Size
from joinedup.papers.words import many

Counts = Mapping[str | None, int | None]
"""People by part; under None those of whom it isn't known."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What people fall into: the parts in order, and how they are drawn and told."""

    id: str
    about: str
    """What is drawn, in which unit; it stands inside the picture."""
    head: str
    """The head of the column of parts."""
    column: str
    published: str
    """The name of the table that holds them, as evidence keys have it."""
    names: Mapping[str, str]
    """Part -> its name, in order."""
    drawn: Mapping[str, Sequence[str]]
    """The bars, by name: the parts that each has together."""
    unknown: str
    """Who is left out, in the plural: "people whose ethnic group isn't known"."""
    counts: Callable[[Facts, Area], Counts]
    apart_by: Sequence[str] = ()
    """What stands in evidence keys between the area and the part."""


def known(counted: Counts) -> int | None:
    """How many people fall into a part: what shares are of."""
    return added(count for part, count in counted.items() if part is not None)


def of_bar(counted: Counts, parts: Sequence[str]) -> float | None:
    """The share of those known in some parts together."""
    return fraction(added(counted.get(part, 0) for part in parts), known(counted))


def figure(facts: Facts, area: Area, of: Parts, finding: str) -> Figure:
    """The picture of an area, its table below it."""
    here = of.counts(facts, area)
    key = key_of(facts, area)
    if not known(here):
        reason = f"Of nobody registered in {area.name} on {facts.as_at} is this known."
        return Figure(of.id, f"{of.head} in {area.name}", of.about, key, reason=reason)
    charts = {size: headed(chart(facts, area, of, size), size, facts, of.about, key) for size in BOTH}
    return Figure(of.id, finding, of.about, key, table(facts, area, of), charts, notes=_notes(here, of), why=area.why(of.published))


def _notes(here: Counts, of: Parts) -> list[str]:
    """Who is left out of the shares."""
    unknown = here.get(None, 0)
    if unknown is None:
        return [f"The few {of.unknown} are left out of the shares."]
    said = of.unknown if unknown != 1 else of.unknown.replace("people", "person", 1)
    return [f"{many(unknown, '', '').strip()} {said} {'is' if unknown == 1 else 'are'} left out of the shares."] if unknown else []


def chart(facts: Facts, area: Area, of: Parts, size: Size) -> altair.LayerChart:
    """A bar for each part, or for several together; the scale is the same for every area."""
    counted = {each: of.counts(facts, each) for each in (facts.whole, *facts.areas)}
    outline = area != facts.whole
    drawn = []
    for name, parts in of.drawn.items():
        mine, place = (of_bar(counted[each], parts) for each in (area, facts.whole))
        drawn.append(bars.Bar(name, mine, place if outline else None, "not counted" if mine is None else share(mine, 1)))
    reach = max(of_bar(each, parts) or 0 for each in counted.values() for parts in of.drawn.values())
    return bars.chart(drawn, reach, size)


def table(facts: Facts, area: Area, of: Parts) -> Table:
    """People by part, of those that anybody of the place is in; those not known last."""
    here, place = of.counts(facts, area), of.counts(facts, facts.whole)
    parts: list[str | None] = [*(part for part in of.names if place.get(part, 0) != 0), *([None] if here.get(None, 0) != 0 else [])]
    people = [here.get(part, 0) for part in parts]
    mine, theirs = ([None if part is None else of_bar(counted, [part]) for part in parts] for counted in (here, place))
    told = [[("—" if part is None else share(each, 1)) for part, each in zip(parts, shares, strict=True)] for shares in (mine, theirs)]
    columns = [
        Column(of.head, [of.names[part] if part is not None else "Not known" for part in parts], of.column, parts),
        Column("People", [whole(count) for count in people], "people", people),
        Column("% of those known", told[0], "share", mine),
        *(
            [Column(f"% of those known, {facts.whole.name}", told[1], "place_share", theirs, why=_why(facts.whole, of, parts))]
            if area != facts.whole
            else []
        ),
    ]
    return Table(f"{of.about.split(',')[0]}, {area.name}", columns, why=_why(area, of, parts))


def _why(area: Area, of: Parts, parts: Sequence[str | None]) -> list[str]:
    return [area.why(of.published, *of.apart_by, part) for part in parts]

"""How deprived the small areas are where people live: shares by national fifth, the place's as an outline."""

from __future__ import annotations

from collections.abc import Mapping

import altair

from joinedup.access.rounding import added
from joinedup.papers.facts import Area, Facts
from joinedup.papers.figure import BOTH, Column, Figure, Table, against, headed, key_of, missing
from joinedup.papers.figures import bars
from joinedup.papers.numbers import fraction, share, whole
from joinedup.papers.theme import Size
from joinedup.papers.words import FIFTHS, many

Shares = Mapping[int | None, int | None]


def people(facts: Facts, area: Area) -> Shares:
    """People by deprivation fifth; under None those whose small area isn't known."""
    return dict.fromkeys(FIFTHS, 0) | {row["deprivation_fifth"]: row["people"] for row in facts.deprivation[area]}


def known(counted: Shares) -> int | None:
    """How many people have a known fifth: what shares are of."""
    return added(count for fifth, count in counted.items() if fifth is not None)


def figure(facts: Facts, area: Area) -> Figure:
    """The deprivation fifths of an area against the place's."""
    about, key = (
        f"People registered on {facts.as_at} by how deprived their small area is in England, % of those known",
        key_of(facts, area),
    )
    here, place = people(facts, area), people(facts, facts.whole)
    title = f"Deprivation where people of {area.name} live"
    if not known(place):
        return Figure("deprivation", title, about, key, reason=missing(facts, "deprivation where people live"))
    if not known(here):
        return Figure(
            "deprivation",
            title,
            about,
            key,
            reason=f"Nobody registered in {area.name} on {facts.as_at} has a small area with a known fifth.",
        )
    charts = {size: headed(chart(facts, area, size), size, facts, about, key) for size in BOTH}
    return Figure(
        "deprivation",
        finding(facts, area, here, place),
        about,
        key,
        table(facts, area),
        charts,
        notes=notes(here),
        why=area.why("deprivation"),
    )


def finding(facts: Facts, area: Area, here: Shares, place: Shares) -> str:
    """How many live in the most deprived fifth, against the place."""
    mine, theirs = part(here, 1), part(place, 1)
    if mine is None or theirs is None:
        return f"Deprivation where people live, against {facts.whole.name}"
    return f"{share(mine, 1)} of people live in the most deprived fifth of England{against(facts, area, mine, theirs)}"


def notes(here: Shares) -> list[str]:
    """Who is left out of the shares."""
    unknown = here[None]
    if unknown is None:
        return ["The few people whose small area or its fifth isn't known are left out of the shares."]
    who = f"{many(unknown, 'person', 'people')} whose small area or its fifth isn't known"
    return [f"{who} {'is' if unknown == 1 else 'are'} left out of the shares."] if unknown else []


def chart(facts: Facts, area: Area, size: Size) -> altair.LayerChart:
    """A bar for each fifth; the scale is the same for every neighbourhood."""
    here, place = people(facts, area), people(facts, facts.whole)
    fifths = [fifth for fifth in FIFTHS if fifth is not None]
    outline = place if area != facts.whole else None
    drawn = [
        bars.Bar(FIFTHS[fifth], part(here, fifth), None if outline is None else part(outline, fifth), share(here[fifth], known(here)))
        for fifth in fifths
    ]
    reach = max(part(counted, fifth) or 0 for of in (facts.whole, *facts.areas) for counted in [people(facts, of)] for fifth in fifths)
    return bars.chart(drawn, reach, size)


def part(counted: Shares, fifth: int | None) -> float | None:
    """The share of those known who live in a fifth; None for those not known."""
    return None if fifth is None else fraction(counted[fifth], known(counted))


def table(facts: Facts, area: Area) -> Table:
    """People by fifth, the most deprived first."""
    here, place = people(facts, area), people(facts, facts.whole)
    fifths = [fifth for fifth in FIFTHS if fifth is not None or here[None] != 0]
    mine, theirs = ([part(of, fifth) for fifth in fifths] for of in (here, place))
    of_known = "% of those known"
    columns = [
        Column("Fifth of small areas in England", [FIFTHS[fifth] for fifth in fifths], "deprivation_fifth", fifths),
        Column("People", [whole(here[fifth]) for fifth in fifths], "people", [here[fifth] for fifth in fifths]),
        Column(of_known, [_percent(each) for each in mine], "share", mine),
    ]
    if area != facts.whole:
        head = f"{of_known}, {facts.whole.name}"
        columns.append(Column(head, [_percent(each) for each in theirs], "place_share", theirs, why=_why(facts.whole, fifths)))
    return Table(f"People registered in {area.name} on {facts.as_at} by deprivation fifth", columns, why=_why(area, fifths))


def _why(area: Area, fifths: list[int | None]) -> list[str]:
    return [area.why("deprivation", fifth) for fifth in fifths]


def _percent(part: float | None) -> str:
    return "not counted" if part is None else share(part, 1)

"""How deprived the small areas are where people live: shares by national fifth, the place's as an outline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair

from joinedup.papers.facts import Area, Facts
from joinedup.papers.figure import BOTH, Figure, Table, fitted, headed, missing
from joinedup.papers.numbers import fraction, share, whole
from joinedup.papers.theme import AREA_FILL, INK, Size
from joinedup.papers.words import FIFTHS

SAME = 0.01
Shares = Mapping[int | None, int]


def people(facts: Facts, area: Area) -> Shares:
    """People by deprivation fifth; under None those whose small area isn't known."""
    counted = dict.fromkeys(FIFTHS, 0)
    for row in facts.deprivation[area]:
        counted[row["deprivation_fifth"]] += row["people"]
    return counted


def known(counted: Shares) -> int:
    """How many people have a known fifth: what shares are of."""
    return sum(count for fifth, count in counted.items() if fifth is not None)


def figure(facts: Facts, area: Area) -> Figure:
    """The deprivation fifths of an area against the place's."""
    about, key = f"People registered on {facts.as_at} by how deprived their small area is in England, % of those known", f"Bars: {area.name}. Outline: {facts.whole.name}."
    here, place = people(facts, area), people(facts, facts.whole)
    title = f"Deprivation where people of {area.name} live"
    if not known(place):
        return Figure("deprivation", title, about, key, reason=missing(facts, "deprivation where people live"))
    if not known(here):
        return Figure("deprivation", title, about, key, reason=f"Nobody registered in {area.name} on {facts.as_at} has a small area with a known fifth.")
    charts = {size: headed(chart(facts, area, size), size, facts, about, key) for size in BOTH}
    return Figure("deprivation", finding(facts, here, place), about, key, table(facts, area), charts, notes=notes(here))


def finding(facts: Facts, here: Shares, place: Shares) -> str:
    """How many live in the most deprived fifth, against the place."""
    mine, theirs = fraction(here[1], known(here)) or 0.0, fraction(place[1], known(place)) or 0.0
    compared = "about the same as" if abs(mine - theirs) < SAME else ("more than" if mine > theirs else "fewer than")
    return f"{share(here[1], known(here))} of people live in the most deprived fifth of England, {compared} in {facts.whole.name} ({share(place[1], known(place))})"


def notes(here: Shares) -> list[str]:
    """Who is left out of the shares."""
    return [f"{whole(here[None])} whose small area or its fifth isn't known are left out of the shares."] if here[None] else []


def chart(facts: Facts, area: Area, size: Size) -> altair.LayerChart:
    """A bar for each fifth with its share in words, and the place's bar as an outline."""
    names = [name for fifth, name in FIFTHS.items() if fifth is not None]
    here, place = _bars(people(facts, area)), _bars(people(facts, facts.whole))
    reach = max(bar["percent"] for of in (facts.whole, *facts.areas) for bar in _bars(people(facts, of)))
    scale = altair.Scale(domain=[0, reach * (1.35 if size.narrow else 1.15)], nice=False)
    x = altair.X("percent:Q", title=None, axis=None, scale=scale)
    above = {"labelAlign": "left", "labelPadding": 0, "offset": 0, "labelBaseline": "bottom", "labelOffset": -16} if size.narrow else {}
    y = altair.Y("fifth:N", title=None, sort=names, axis=altair.Axis(**above), scale=altair.Scale(paddingInner=0.45 if size.narrow else 0.25))
    bars = altair.Chart(altair.Data(values=here)).mark_bar(color=AREA_FILL).encode(x, y)
    outline = altair.Chart(altair.Data(values=place)).mark_bar(filled=False, stroke=INK, strokeWidth=1.5).encode(x, y)
    ends = [mine | {"percent": max(mine["percent"], theirs["percent"])} for mine, theirs in zip(here, place, strict=True)]
    words = altair.Chart(altair.Data(values=ends)).mark_text(align="left", dx=8).encode(x, y, text="words:N")
    return fitted(altair.layer(bars, outline, words), size, (48 if size.narrow else 36) * len(names))


def _bars(counted: Shares) -> list[dict[str, Any]]:
    rows = []
    for fifth, name in FIFTHS.items():
        if fifth is not None:
            percent = 100 * (fraction(counted[fifth], known(counted)) or 0.0)
            rows.append({"fifth": name, "percent": percent, "words": share(counted[fifth], known(counted))})
    return rows


def table(facts: Facts, area: Area) -> Table:
    """People by fifth, the most deprived first."""
    here, place = people(facts, area), people(facts, facts.whole)
    fifths = [fifth for fifth in FIFTHS if fifth is not None or here[None]]
    parts = {fifth: (None, None) if fifth is None else (fraction(here[fifth], known(here)), fraction(place[fifth], known(place))) for fifth in fifths}
    return Table(
        caption=f"People registered in {area.name} on {facts.as_at} by deprivation fifth",
        head=["Fifth of small areas in England", "People", "% of those known", f"% of those known, {facts.whole.name}"],
        rows=[[FIFTHS[fifth], whole(here[fifth]), *(["not counted"] * 2 if fifth is None else [share(part, 1) for part in parts[fifth]])] for fifth in fifths],
        columns=["deprivation_fifth", "people", "share", "place_share"],
        values=[[fifth, here[fifth], *parts[fifth]] for fifth in fifths],
    )

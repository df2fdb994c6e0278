"""The map of the place: a tile for each neighbourhood where the place folder puts it, with its value in figures and words."""

from __future__ import annotations

import math
from typing import Any

import altair

from joinedup.papers.facts import Area, Facts
from joinedup.papers.figure import BOTH, Figure, headed
from joinedup.papers.figures import indicators
from joinedup.papers.needs import MeasureSpec
from joinedup.papers.numbers import NO_DATA, rate
from joinedup.papers.theme import HIGHER, INK, LOWER, PAPER, SIMILAR, Size
from joinedup.papers.words import MARKS, capital, lines, listed

GAP, LINE = 6, 17
MOST_COLUMNS = 4
"""Columns that fit a narrow page with words of a readable size; a wider map becomes a list of tiles there."""
LETTER = 7.4
"""Pixels of a letter of the tiles' words, on average."""
FILLS = {"higher": HIGHER, "similar": SIMILAR, "lower": LOWER}
NOTHING = "#f0f4f5"


def figures(facts: Facts) -> list[Figure]:
    """A map for each measure, in the order of their descriptions."""
    return [figure(facts, spec) for spec in facts.specs.values()]


def figure(facts: Facts, spec: MeasureSpec) -> Figure:
    """The map of one measure; the value of each neighbourhood links to its page."""
    about, key = f"{spec.title}, {spec.unit}, {facts.period}", f"▲ higher, ● similar, ▼ lower: by 95% limits, than {facts.whole.name} ({_whole(facts, spec)})."
    charts = {size: headed(chart(facts, spec, size), size, facts, about, key) for size in BOTH}
    identity = f"map-{spec.id.replace('_', '-')}"
    return Figure(identity, finding(facts, spec), about, key, indicators.table(facts, spec), charts, notes=notes(facts))


def finding(facts: Facts, spec: MeasureSpec) -> str:
    """Which neighbourhoods differ from the place."""
    compared = {area: row["comparison"] for area in facts.areas if (row := facts.measures.get((spec.id, area))) is not None}
    told = [f"{word} in {listed([area.name for area, comparison in compared.items() if comparison == word])}" for word in ("higher", "lower") if word in compared.values()]
    if told:
        return f"{spec.title}: {'; '.join(told)}"
    if _whole(facts, spec) == NO_DATA:
        return f"{spec.title}: {NO_DATA}"
    return f"{spec.title}: no {facts.place.word.singular} differs from {facts.whole.name} by its 95% limits"


def notes(facts: Facts) -> list[str]:
    """How far the tiles are a map."""
    if all(n.tile for n in facts.shown):
        return ["Each tile stands roughly where its people live; its size says nothing."]
    return [f"{capital(facts.place.name)}'s folder gives no tile positions: the tiles stand in its order, not where people live."]


def _whole(facts: Facts, spec: MeasureSpec) -> str:
    row = facts.measures.get((spec.id, facts.whole))
    return rate(row["value"] if row else None)


def positions(facts: Facts, size: Size) -> dict[Area, tuple[int, int]]:
    """Row and column of each tile from 0: as the place folder says, or in rows in its order."""
    tiles = [n.tile for n in facts.shown]
    placed = [tile for tile in tiles if tile is not None]
    if len(placed) == len(tiles) == len({(tile.row, tile.column) for tile in placed}):
        top, left = min(tile.row for tile in placed), min(tile.column for tile in placed)
        given = {area: (tile.row - top, tile.column - left) for area, tile in zip(facts.areas, placed, strict=True)}
        if not size.narrow or max(column for _, column in given.values()) < MOST_COLUMNS:
            return given
    columns = 2 if size.narrow else min(MOST_COLUMNS, math.ceil(math.sqrt(len(tiles))))
    return {area: divmod(index, columns) for index, area in enumerate(facts.areas)}


def chart(facts: Facts, spec: MeasureSpec, size: Size) -> altair.LayerChart:
    """The tiles, each a link to its neighbourhood's page."""
    at = positions(facts, size)
    columns, rows = (max(place[index] for place in at.values()) + 1 for index in (1, 0))
    width = min((size.width - 4) / columns, 190)
    tiles = [_tile(facts, spec, area, place, int((width - GAP - 8) / LETTER)) for area, place in at.items()]
    height = LINE * (max(tile["name"].count("\n") for tile in tiles) + 3) + 24
    for tile in tiles:
        tile |= {"left": tile["column"] * width, "right": (tile["column"] + 1) * width - GAP, "top": tile["row"] * height, "bottom": (tile["row"] + 1) * height - GAP}
    base = altair.Chart(altair.Data(values=tiles)).encode(href="href:N")
    plane = {"x": altair.Scale(domain=[0, columns * width], nice=False), "y": altair.Scale(domain=[0, rows * height], nice=False, reverse=True)}
    x, y = (altair.X("left:Q", scale=plane["x"], axis=None), altair.Y("top:Q", scale=plane["y"], axis=None))
    shape = base.mark_rect(stroke=INK, strokeWidth=1.5).encode(x, y, x2="right:Q", y2="bottom:Q", fill=altair.Color("fill:N", scale=None), strokeDash=altair.StrokeDash("dash:N", scale=None))
    words = base.mark_text(align="left", baseline="top", lineBreak="\n", lineHeight=LINE, dx=8, dy=9).encode(x, y, text="name:N", color=altair.Color("ink:N", scale=None))
    value = base.mark_text(align="left", baseline="bottom", lineBreak="\n", lineHeight=LINE, dx=8, dy=-LINE - 8, fontWeight="bold").encode(x, altair.Y("bottom:Q", scale=plane["y"], axis=None), text="value:N", color=altair.Color("ink:N", scale=None))
    return altair.layer(shape, words, value).properties(width=columns * width, height=rows * height)


def _tile(facts: Facts, spec: MeasureSpec, area: Area, place: tuple[int, int], letters: int) -> dict[str, Any]:
    row = facts.measures.get((spec.id, area))
    value, comparison = (None, None) if row is None else (row["value"], row["comparison"])
    said = [rate(value), *([f"{MARKS[comparison]} {comparison}"] if comparison in MARKS else [""])]
    return {
        "name": "\n".join(lines(area.name, letters)), "value": "\n".join(said), "href": f"neighbourhood/{area.id}.html", "row": place[0], "column": place[1],
        "fill": FILLS.get(comparison or "", NOTHING if value is None else SIMILAR), "ink": PAPER if comparison == "higher" else INK, "dash": [1, 0] if value is not None else [4, 3],
    }  # fmt: skip



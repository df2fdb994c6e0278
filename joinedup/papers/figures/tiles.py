"""The map of the place: a tile for each neighbourhood where the place folder puts it, with its value in figures and words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import altair

from joinedup.papers.facts import Area, Facts, Row
from joinedup.papers.figure import BOTH, Figure, chart_of, headed, layered
from joinedup.papers.figures import indicators
from joinedup.papers.known import Known
from joinedup.papers.needs import MeasureSpec
from joinedup.papers.numbers import NO_DATA, rate, whole
from joinedup.papers.theme import HIGHER, INK, LOWER, PAPER, SIMILAR, Size
from joinedup.papers.words import MARKS, capital, lines, listed, many

GAP, LINE, WIDEST = 6, 17, 190
"""Pixels between tiles, of a line of words, and of the widest tile."""
MOST_COLUMNS = 4
"""Columns that fit a narrow page with words of a readable size; a wider map becomes a list of tiles there."""
LETTER = 7.4
"""Pixels of a letter of the tiles' words, on average."""
FILLS = {"higher": HIGHER, "similar": SIMILAR, "lower": LOWER}
NOTHING = "#f0f4f5"
"""The fill of a tile without a value."""


def figures(facts: Facts) -> list[Figure]:
    """A map for each measure, in the order of their descriptions; of people, where no measure has a value; none of no neighbourhoods."""
    if not facts.areas:
        return []
    measured = [figure(facts, spec) for spec in facts.specs.values()]
    return measured if any(each.charts for each in measured) else [people(facts), *measured]


def figure(facts: Facts, spec: MeasureSpec) -> Figure:
    """The map of one measure; the value of each neighbourhood links to its page."""
    identity, about = f"map-{spec.id.replace('_', '-')}", f"{spec.title}, {spec.unit}, {facts.period}"
    key = f"▲ higher, ● similar, ▼ lower: by 95% limits, than {facts.whole.name} ({_whole(facts, spec)})."
    rows = {area: facts.measures.get((spec.id, area)) for area in facts.areas}
    table = indicators.table(facts, spec)
    if not any(row is not None and row["value"] is not None for row in rows.values()):
        return Figure(
            identity, finding(facts, spec), about, key, table, reason=indicators.reason(rows[facts.areas[0]]), why=facts.whole.why(spec.id)
        )
    says = {area: Says.of(row) for area, row in rows.items()}
    charts = {size: headed(chart(facts, says, size), size, facts, about, key) for size in BOTH}
    said = [*notes(facts), *Known(facts).notes(spec)]
    return Figure(identity, finding(facts, spec), about, key, table, charts, notes=said, why=facts.whole.why(spec.id))


def people(facts: Facts) -> Figure:
    """The map of how many people each neighbourhood has."""
    about, key = f"People registered on {facts.as_at}", f"{facts.whole.name}: {whole(facts.people(facts.whole))}."
    says = {area: Says(whole(facts.people(area)), None, known=facts.people(area) is not None) for area in facts.areas}
    charts = {size: headed(chart(facts, says, size), size, facts, about, key) for size in BOTH}
    finding = f"{many(len(says), facts.place.word.singular, facts.place.word.plural)} of {facts.whole.name} and the people registered there"
    return Figure("map-people", capital(finding), about, key, None, charts, notes=notes(facts), why=facts.whole.why("population"))


@dataclass(frozen=True, slots=True)
class Says:
    """What a tile says: a value in words and, where there is one, how it compares with the place."""

    words: str
    comparison: str | None
    known: bool

    @classmethod
    def of(cls, row: Row | None) -> Says:
        """What a measure's row says."""
        return cls(
            rate(row["value"] if row else None), row["comparison"] if row else None, known=row is not None and row["value"] is not None
        )

    @property
    def lines(self) -> list[str]:
        """The value, and under it the comparison."""
        return [self.words, f"{MARKS[self.comparison]} {self.comparison}" if self.comparison in MARKS else ""]


def finding(facts: Facts, spec: MeasureSpec) -> str:
    """Which neighbourhoods differ from the place."""
    compared = {area: row["comparison"] for area in facts.areas if (row := facts.measures.get((spec.id, area))) is not None}
    told = [
        f"{word} in {listed([area.name for area, comparison in compared.items() if comparison == word])}"
        for word in ("higher", "lower")
        if word in compared.values()
    ]
    if told:
        return f"{spec.title}: {'; '.join(told)}"
    if _whole(facts, spec) == NO_DATA:
        return f"{spec.title}: {NO_DATA}"
    return f"{spec.title}: no {facts.place.word.singular} differs from {facts.whole.name} by its 95% limits"


def notes(facts: Facts) -> list[str]:
    """How far the tiles are a map."""
    if all(n.tile for n in facts.shown):
        return ["Each tile stands roughly where its people live; its size says nothing."]
    return ["The place folder gives no positions for tiles: they stand in its order, not where people live."]


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


def chart(facts: Facts, says: Mapping[Area, Says], size: Size) -> altair.LayerChart:
    """The tiles, each a link to its neighbourhood's page."""
    at = positions(facts, size)
    columns, rows = (max(place[index] for place in at.values()) + 1 for index in (1, 0))
    width = min((size.width - 4) / columns, WIDEST)
    tiles = [_tile(area, says[area], int((width - GAP - 8) / LETTER)) for area in sorted(at, key=lambda area: at[area])]
    height = LINE * (max(tile["name"].count("\n") for tile in tiles) + 3) + 24
    for tile, (row, column) in zip(tiles, sorted(at.values()), strict=True):
        tile |= {"left": column * width, "right": (column + 1) * width - GAP, "top": row * height, "bottom": (row + 1) * height - GAP}
    return layered(*_layers(tiles, columns * width, rows * height)).properties(width=columns * width, height=rows * height)


def _layers(tiles: list[dict[str, Any]], width: float, height: float) -> list[altair.Chart]:
    """The tiles' shapes, their words over them, and over all a link that is the whole tile."""
    base = chart_of(tiles)
    across, down = altair.Scale(domain=[0, width], nice=False), altair.Scale(domain=[0, height], nice=False, reverse=True)
    x, top, bottom = (
        altair.X("left:Q", scale=across, axis=None),
        altair.Y("top:Q", scale=down, axis=None),
        altair.Y("bottom:Q", scale=down, axis=None),
    )
    corners = (x, top, altair.X2("right:Q"), altair.Y2("bottom:Q"))
    ink, text = altair.Color("ink:N", scale=None), {"align": "left", "lineBreak": "\n", "lineHeight": LINE, "dx": 8}
    outline = base.mark_rect(stroke=INK, strokeWidth=1.5).encode(
        *corners, altair.Fill("fill:N", scale=None), altair.StrokeDash("dash:N", scale=None)
    )
    names = base.mark_text(baseline="top", dy=9, **text).encode(x, top, altair.Text("name:N"), ink)
    values = base.mark_text(baseline="bottom", dy=-LINE - 8, fontWeight="bold", **text).encode(x, bottom, altair.Text("value:N"), ink)
    links = base.mark_rect(fill="transparent").encode(*corners, altair.Href("href:N"), altair.Description("said:N"))
    return [outline, names, values, links]


def _tile(area: Area, says: Says, letters: int) -> dict[str, Any]:
    """What one tile says and looks like; a tile without a value is grey and dashed."""
    return {
        "name": "\n".join(lines(area.name, letters)),
        "value": "\n".join(says.lines),
        "said": f"{area.name}: {' '.join(says.lines)}".strip(),
        "href": f"neighbourhood/{area.id}.html",
        "fill": FILLS.get(says.comparison or "", SIMILAR) if says.known else NOTHING,
        "ink": PAPER if says.comparison == "higher" else INK,
        "dash": [1, 0] if says.known else [4, 3],
    }

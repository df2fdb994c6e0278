"""Strips: for each of several things a line, on which areas and practices lie by how they compare with the place for age and sex."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

import altair

from joinedup.papers.figure import chart_of, fitted, layered
from joinedup.papers.theme import AREA, INK, OTHERS, PAPER, RULE, Size

REACH = log2(3)
"""How far a strip goes on either side, in doublings: from a third to three times. What lies further is drawn at its end."""
BESIDE = 0.6
"""The part of the width that a strip takes where its words stand beside it."""
MARGIN = 0.08
"""What is left free on the left, so that a dot at the end doesn't touch its name; in doublings."""
LINE, THICK = 17, 22
TICKS = {-1.0: "half", 0.0: "as many", 1.0: "twice"}


@dataclass(frozen=True, slots=True)
class Dot:
    """One area or practice: its ratio to what is expected, and how it is drawn."""

    ratio: float
    beyond: bool = False
    """Whether it lies further from 1 than chance would often take it: then the dot is filled."""
    own: bool = True
    """Whether it belongs to the area that the page is about."""
    area: bool = False
    """Whether it is that area itself: a diamond."""


@dataclass(frozen=True, slots=True)
class Strip:
    """One line: its name, the numbers in words, and what lies on it."""

    name: str
    words: str
    dots: Sequence[Dot]


def chart(strips: Sequence[Strip], size: Size) -> altair.LayerChart:
    """The strips in the order given; names and words stand above them on a narrow page."""
    above = 1 if size.narrow and max(len(each.name) + len(each.words) for each in strips) <= 34 else 2 if size.narrow else 0
    step = THICK + LINE * above + 6
    drop = (step - THICK) / 2 - 2 if above else 0
    order = [each.name for each in strips]
    scale = altair.Scale(domain=[-REACH - MARGIN, MARGIN + (REACH if above else 2 * REACH / BESIDE - REACH)], nice=False)
    said = " : ".join(f"datum.value == {value:g} ? '{words}'" for value, words in TICKS.items()) + " : ''"
    axis = altair.Axis(grid=True, values=list(TICKS), labelExpr=said, orient="top")
    x = altair.X("at:Q", title=None, scale=scale, axis=axis)
    y = altair.Y("name:N", title=None, sort=order, axis=altair.Axis(labels=not above))
    base = chart_of([row for each in strips for row in _rows(each)])
    names = chart_of([{"name": each.name, "words": each.words, "from": -REACH, "to": REACH} for each in strips]).encode(y)
    rail = names.mark_rule(color=RULE, strokeWidth=2, yOffset=drop).encode(altair.X("from:Q", scale=scale), altair.X2("to:Q"))
    one = chart_of([{"at": 0}]).mark_rule(color=INK, strokeDash=[5, 3], strokeWidth=1.5).encode(x)
    dots = base.mark_point(opacity=1, strokeWidth=1.5, yOffset=drop).encode(
        x,
        y,
        altair.Fill("fill:N", scale=None),
        altair.Stroke("stroke:N", scale=None),
        altair.Shape("shape:N", scale=None),
        altair.Size("size:Q", scale=None),
    )
    return fitted(layered(rail, one, dots, *_words(names, above, drop)), size, step * len(strips))


def _rows(of: Strip) -> list[dict[str, Any]]:
    """The dots of a strip: others below, then those of the area, the area itself on top."""
    ordered = sorted(of.dots, key=lambda dot: (dot.area, dot.own))
    return [
        {
            "name": of.name,
            "at": max(-REACH, min(REACH, log2(dot.ratio))) if dot.ratio > 0 else -REACH,
            "fill": (AREA if dot.own else OTHERS) if dot.beyond or dot.area else PAPER,
            "stroke": AREA if dot.own else OTHERS,
            "shape": "diamond" if dot.area else "circle",
            "size": 150 if dot.area else 45,
        }
        for dot in ordered
    ]


def _words(names: altair.Chart, above: int, drop: float) -> list[altair.Chart]:
    """The numbers of each strip at its right, or all words above it."""
    bold = altair.Text("words:N")
    if not above:
        return [names.mark_text(align="right", baseline="middle", fontWeight="bold").encode(bold, x=altair.XValue("width"))]
    over = drop - THICK / 2 + 2
    side = ("right", "width") if above == 1 else ("left", 0)
    words = names.mark_text(align=side[0], baseline="bottom", fontWeight="bold", dy=over).encode(bold, x=altair.XValue(side[1]))
    head = names.mark_text(align="left", baseline="bottom", dy=over - LINE * (above - 1)).encode(altair.Text("name:N"), x=altair.XValue(0))
    return [words, head]

"""Bars of a neighbourhood with the place's as an outline over them: for figures of parts that stand side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair

from joinedup.papers.figure import chart_of, fitted, layered
from joinedup.papers.theme import AREA_FILL, INK, Size

LINE, THICK = 17, 22
"""Pixels of a line of words, and of a bar."""
TOGETHER = 31
"""Letters of a name and its value that stand clear of one another on one narrow line."""
BESIDE = 0.66
"""The part of the width that bars may take where their words stand beside them."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, how long it is, how long the place's is, and its value in words."""

    name: str
    value: float | None
    place: float | None
    words: str


def chart(bars: Sequence[Bar], reach: float, size: Size) -> altair.LayerChart:
    """The bars in the order given, on a scale from 0 to `reach`; names and words stand above them on a narrow page."""
    values = [{"name": bar.name, "value": bar.value, "place": bar.place, "words": bar.words} for bar in bars]
    above = _lines_above(bars, size)
    step = THICK + LINE * above + 12
    drop = (step - THICK) / 2 - 3 if above else 0
    scale = altair.Scale(domain=[0, reach / (1 if above else BESIDE) or 1], nice=False)
    y = altair.Y("name:N", title=None, sort=[bar.name for bar in bars], axis=altair.Axis(labels=not above))
    base = chart_of(values).encode(y)
    mine = base.mark_bar(color=AREA_FILL, size=THICK, yOffset=drop).encode(altair.X("value:Q", title=None, axis=None, scale=scale))
    place = base.mark_bar(filled=False, stroke=INK, strokeWidth=1.5, size=THICK, yOffset=drop).encode(altair.X("place:Q"))
    return fitted(layered(mine, place, *_words(base, above, drop)), size, step * len(bars))


def _lines_above(bars: Sequence[Bar], size: Size) -> int:
    """How many lines of words stand above each bar: none beside which they fit, one that both share, or one for each."""
    if not size.narrow:
        return 0
    return 1 if max(len(bar.name) + len(bar.words) for bar in bars) <= TOGETHER else 2


def _words(base: altair.Chart, above: int, drop: float) -> list[altair.Chart]:
    """The value of each bar at the right; and its name, where that isn't on the axis."""
    if not above:
        return [
            base.mark_text(align="right", baseline="middle", fontWeight="bold").encode(altair.Text("words:N"), x=altair.XValue("width"))
        ]
    over = drop - THICK / 2 - 4
    side = {"align": "right", "x": altair.XValue("width")} if above == 1 else {"align": "left", "x": altair.XValue(0)}
    words = base.mark_text(align=side["align"], baseline="bottom", fontWeight="bold", dy=over).encode(altair.Text("words:N"), x=side["x"])
    names = base.mark_text(align="left", baseline="bottom", dy=over - LINE * (above - 1)).encode(altair.Text("name:N"), x=altair.XValue(0))
    return [words, names]

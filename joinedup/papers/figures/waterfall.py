"""What took a number from one value to another: a bar for each step, where the one before ended; narrow pages have words above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair

from joinedup.papers.figure import chart_of, fitted, layered
from joinedup.papers.figures.bars import LINE, THICK
from joinedup.papers.theme import AREA_FILL, INK, OTHERS, SECOND_FILL, Size

ROOM = 0.3
"""The part of the width that words beside bars take."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One bar: from where to where, and its words; what stands at both ends is a whole, what lies between a share."""

    name: str
    begins: float
    ends: float
    words: str
    whole: bool = False


def chart(rungs: Sequence[Rung], size: Size) -> altair.LayerChart:
    """The bars in the order given. Shares are drawn from where the one before ended, on a scale that need not begin at 0."""
    values = [{"name": rung.name, "from": rung.begins, "to": rung.ends, "words": rung.words, "kind": kind(rung)} for rung in rungs]
    ends = [value for rung in rungs for value in (rung.ends, *(() if rung.whole else (rung.begins,)))]
    least, most = min(ends), max(ends)
    room = (most - least or abs(most) or 1.0) * 0.15
    low = max(least - room, 0.0) if least >= 0 else least - room
    for value, rung in zip(values, rungs, strict=True):
        value["from"] = low if rung.whole else rung.begins
    high = most + room + (0 if size.narrow else (most + room - low) * ROOM / (1 - ROOM))
    above = 1 if size.narrow else 0
    step, drop = THICK + LINE * above + 12, (LINE / 2 if above else 0)
    scale = altair.Scale(domain=[low, high], nice=False, zero=False)
    colours = altair.Scale(domain=["whole", "more", "less"], range=[OTHERS, AREA_FILL, SECOND_FILL])
    y = altair.Y("name:N", title=None, sort=[rung.name for rung in rungs], axis=altair.Axis(labels=not above))
    base = chart_of(values).encode(y)
    drawn = base.mark_bar(size=THICK, yOffset=drop, stroke=INK, strokeWidth=1).encode(
        altair.X("from:Q", title=None, axis=None, scale=scale), altair.X2("to:Q"), altair.Color("kind:N", legend=None, scale=colours)
    )
    over = drop - THICK / 2 - 4 if above else 0
    said = base.mark_text(align="right", baseline="bottom" if above else "middle", fontWeight="bold", dy=over)
    layers = [drawn, said.encode(altair.Text("words:N"), x=altair.XValue("width"))]
    if above:
        names = base.mark_text(align="left", baseline="bottom", dy=over)
        layers.append(names.encode(altair.Text("name:N"), x=altair.XValue(0)))
    return fitted(layered(*layers), size, step * len(rungs))


def kind(rung: Rung) -> str:
    """Whether a bar is a whole, or takes the number up or down."""
    return "whole" if rung.whole else "more" if rung.ends >= rung.begins else "less"

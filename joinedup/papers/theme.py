"""How charts look: one palette, one typeface, two sizes.

The colours are the NHS design system's, without its brand. Each stands out from white by at least 3 to 1 where it
draws a shape and 4.5 to 1 where it writes a word; a test computes it. Colour never tells alone: shapes are labelled,
shaped or outlined as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

INK = "#212b32"
"""Words, axes, and the outline that stands for the whole place."""
QUIET = "#4c6272"
"""Words of less weight."""
RULE = "#d8dde0"
"""Grid lines: the only thing drawn that needs no contrast, since every value is also in words."""
PAPER = "#ffffff"
AREA, SECOND = "#005eb8", "#7c2855"
"""Lines, points and words of the neighbourhood that the page is about; of the second of two things side by side."""
AREA_FILL, SECOND_FILL = "#3d8fd1", "#c0669a"
"""The same for bars, light enough for the dark outline over them to be seen."""
OTHERS = "#768692"
"""The other neighbourhoods."""
HIGHER, SIMILAR, LOWER = "#003087", "#ffffff", "#c6ddf2"
"""Tiles by how they compare with the place: the dark one has white words, all have an outline."""

TYPEFACE = "Arial, Helvetica, sans-serif"


@dataclass(frozen=True, slots=True)
class Size:
    """A width to draw for, in pixels of the page, with the sizes of its letters."""

    name: str
    width: int
    text: int
    heading: int
    letters: int
    """How many letters of the heading fit on a line."""

    @property
    def narrow(self) -> bool:
        """Whether labels go above what they name, for want of room beside it."""
        return self.name == "narrow"


WIDE = Size("wide", 700, 14, 15, 97)
NARROW = Size("narrow", 264, 13, 14, 38)
SIZES = (WIDE, NARROW)


def config(size: Size) -> dict[str, Any]:
    """The Vega-Lite configuration of the house for a size."""
    labels = {"labelFontSize": size.text, "labelColor": INK, "labelLimit": 0}
    heading = {"fontSize": size.heading, "fontWeight": "normal", "color": INK, "lineHeight": size.heading + 4}
    under = {"subtitleFontSize": size.text, "subtitleColor": QUIET, "subtitlePadding": 5, "subtitleLineHeight": size.text + 4}
    axis_title = {"titleFontSize": size.text, "titleColor": QUIET, "titleFontWeight": "normal", "titleLimit": 0}
    return {
        "font": TYPEFACE,
        "background": PAPER,
        "padding": 2,
        "view": {"stroke": None},
        "axis": {**labels, **axis_title, "domain": False, "ticks": False, "grid": False, "gridColor": RULE, "labelPadding": 6},
        "header": {**labels, "labelFontWeight": "bold", "labelAnchor": "start", "labelPadding": 4},
        "title": {"anchor": "start", "frame": "bounds", "limit": 0, "offset": 12, **heading, **under},
        "text": {"fontSize": size.text, "color": INK},
    }

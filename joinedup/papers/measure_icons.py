"""Icons for what a control chart says, drawn by us: a shape for the kind of variation, an arrow for its way; words always beside them."""

from __future__ import annotations

from markupsafe import Markup

from joinedup.papers.theme import AREA, INK, PAPER, QUIET, SECOND

BETTER, WORSE, NEITHER = AREA, "#a03c00", SECOND
"""Colours of a special cause: for the better, for the worse, and where neither way is better."""
VARIATIONS = {
    "common cause": ("Steady", "common cause: no more change than chance brings"),
    "special cause improving": ("Better", "special cause, for the better"),
    "special cause concerning": ("Worse", "special cause, for the worse"),
    "special cause neither": ("Changed", "special cause, neither better nor worse"),
}
"""What a chart shows -> in a word, and in words. The kinds are those of Making Data Count (NHS England, 2019-2024)."""
ASSURANCES = {
    "consistently met": "its target lies on the good side of both limits: met month by month",
    "consistently failed": "its target lies beyond the limits: missed month by month",
    "hit and miss": "its target lies between the limits: met in some months and missed in others by chance",
    "no target": "no target is set",
}
NOT_TESTED = ("Not tested", "not tested: too few months are known, or too few events")
YEARLY = "Yearly, no months"
"""What stands instead of a word where a measure is counted once a year."""
COLOURS = {"common cause": QUIET, "special cause improving": BETTER, "special cause concerning": WORSE, "special cause neither": NEITHER}
_FRAME = {
    "common cause": '<circle cx="16" cy="16" r="14" fill="{paper}" stroke="{colour}" stroke-width="2.5"/>',
    "special cause improving": '<circle cx="16" cy="16" r="15" fill="{colour}"/>',
    "special cause concerning": '<path d="M16 0 L32 16 L16 32 L0 16 Z" fill="{colour}"/>',
    "special cause neither": '<rect x="2" y="2" width="28" height="28" rx="3" fill="{colour}"/>',
}
_WAVE = '<path d="M7 18 q3 -7 6 -2 t6 0 t6 -4" fill="none" stroke="{ink}" stroke-width="2.5" stroke-linecap="round"/>'
_ARROW = {
    1: '<path d="M16 23 V10 M10.5 15.5 L16 9.5 L21.5 15.5" fill="none" stroke="{ink}" stroke-width="3" stroke-linecap="round"/>',
    -1: '<path d="M16 9 V22 M10.5 16.5 L16 22.5 L21.5 16.5" fill="none" stroke="{ink}" stroke-width="3" stroke-linecap="round"/>',
    0: '<path d="M10 13 H22 M10 19 H22" fill="none" stroke="{ink}" stroke-width="3" stroke-linecap="round"/>',
}
_UNKNOWN = (
    '<circle cx="16" cy="16" r="14" fill="{paper}" stroke="{colour}" stroke-width="2" stroke-dasharray="4 3"/>'
    '<path d="M10 16 H22" stroke="{colour}" stroke-width="2.5"/>'
)
_SVG = '<svg class="ju-icon" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">{}</svg>'


def picture(variation: str | None, direction: int) -> Markup:
    """The icon alone, hidden from those who hear the page: the words stand beside it."""
    if variation not in _FRAME:
        return _svg(_UNKNOWN.format(paper=PAPER, colour=QUIET))
    colour = COLOURS[variation]
    common = variation == "common cause"
    inside = _WAVE if common else _ARROW[direction]
    return _svg(_FRAME[variation].format(paper=PAPER, colour=colour) + inside.format(ink=INK if common else PAPER))


def _svg(inside: str) -> Markup:
    return Markup(_SVG.format(inside))  # noqa: S704 - shapes of ours


def words(variation: str | None, direction: int) -> str:
    """The icon in a word, and which way values went: "Worse, higher"."""
    word = (VARIATIONS.get(variation, NOT_TESTED) if variation else NOT_TESTED)[0]
    way = {1: ", higher", -1: ", lower"}.get(direction, "") if variation and variation != "common cause" else ""
    return word + way


def with_words(variation: str | None, direction: int, instead: str = "") -> Markup:
    """The icon and its words, or other words where nothing was to be tested."""
    said = instead or words(variation, direction)
    return Markup('<span class="ju-sign">{} <span>{}</span></span>').format(picture(variation, direction), said)

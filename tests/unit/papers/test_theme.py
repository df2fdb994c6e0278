"""The contrast of colours, by the formula of the Web Content Accessibility Guidelines 2.2 (W3C, 2023)."""

from __future__ import annotations

import pytest

from joinedup.papers import theme
from joinedup.papers.figures.tiles import NOTHING


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_gives_the_published_extreme() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("colour", [theme.INK, theme.QUIET, theme.AREA, theme.SECOND])
def test_words_stand_out(colour: str) -> None:
    assert contrast(colour, theme.PAPER) >= 4.5


@pytest.mark.parametrize("colour", [theme.AREA, theme.SECOND, theme.AREA_FILL, theme.SECOND_FILL, theme.OTHERS, theme.HIGHER])
def test_shapes_stand_out(colour: str) -> None:
    assert contrast(colour, theme.PAPER) >= 3


@pytest.mark.parametrize("fill", [theme.AREA_FILL, theme.SECOND_FILL])
def test_the_outline_stands_out_from_the_bar_under_it(fill: str) -> None:
    assert contrast(theme.INK, fill) >= 3


@pytest.mark.parametrize(
    ("fill", "ink"), [(theme.HIGHER, theme.PAPER), (theme.SIMILAR, theme.INK), (theme.LOWER, theme.INK), (NOTHING, theme.INK)]
)
def test_words_on_tiles_stand_out(fill: str, ink: str) -> None:
    assert contrast(fill, ink) >= 4.5

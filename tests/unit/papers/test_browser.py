"""What only a browser can tell: that nothing overflows, that words are large enough and stand clear of one another."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.browser import Tab, address

TEXTS = """
(() => [...document.querySelectorAll('.ju-chart')].filter(chart => chart.offsetParent !== null).flatMap(chart => {
  const frame = chart.querySelector('svg').getBoundingClientRect();
  const texts = [...chart.querySelectorAll('text')].filter(text => text.textContent.trim() && text.getAttribute('stroke') === null);
  return texts.map(text => {
    const box = text.getBoundingClientRect(), scale = text.getScreenCTM().a;
    return {figure: chart.closest('figure').id, words: text.textContent, size: parseFloat(getComputedStyle(text).fontSize) * scale,
            left: box.left - frame.left, right: frame.right - box.right, top: box.top - frame.top, bottom: frame.bottom - box.bottom,
            x1: box.left, x2: box.right, y1: box.top, y2: box.bottom};
  });
}))()
"""
SAMPLE = ("index.html", "about.html", "neighbourhood/*.html")
NARROWEST, PHONE, TABLET, DESKTOP = 320, 390, 768, 1280
ROUNDING = 1.5
"""Pixels by which boxes of words may touch: they include the line's air above and below the letters."""


def sample(folder: Path) -> list[Path]:
    """The overview, the page about the data, and three neighbourhoods."""
    return [path for pattern in SAMPLE for path in sorted(folder.glob(pattern))[:3]]


@pytest.mark.parametrize("width", [NARROWEST, PHONE, TABLET, DESKTOP])
def test_no_page_is_wider_than_its_window(tab: Tab, pages: Path, width: int) -> None:
    for path in sample(pages):
        tab.show(address(path), width)
        assert tab.evaluate("document.documentElement.scrollWidth") == width, path.name


def test_open_tables_stay_within_a_narrow_window(tab: Tab, pages: Path) -> None:
    for path in sample(pages):
        tab.show(address(path), NARROWEST)
        assert (
            tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true), document.documentElement.scrollWidth")
            == NARROWEST
        )


@pytest.mark.parametrize("width", [NARROWEST, PHONE, TABLET, DESKTOP])
def test_words_in_charts_are_large_and_whole_and_clear(tab: Tab, pages: Path, width: int) -> None:
    for path in sample(pages):
        tab.show(address(path), width)
        texts = tab.evaluate(TEXTS)
        assert isinstance(texts, list)
        assert texts or path.name == "about.html"
        for text in texts:
            assert text["size"] >= 12, (width, path.name, text)
            assert min(text[side] for side in ("left", "right", "top", "bottom")) >= -1, (width, path.name, text)
        assert clashes(texts) == [], (width, path.name)


def clashes(texts: list[dict[str, float]]) -> list[tuple[object, object]]:
    """Pairs of words of one chart that overlap."""
    return [
        (one["words"], other["words"])
        for index, one in enumerate(texts)
        for other in texts[index + 1 :]
        if one["figure"] == other["figure"]
        and min(one["x2"], other["x2"]) - max(one["x1"], other["x1"]) > ROUNDING
        and min(one["y2"], other["y2"]) - max(one["y1"], other["y1"]) > ROUNDING * 2
    ]


@pytest.mark.parametrize("width", [NARROWEST, DESKTOP])
def test_words_on_the_page_are_large_enough(tab: Tab, pages: Path, width: int) -> None:
    smallest = """Math.min(...[...document.querySelectorAll('body *')]
        .filter(each => each.offsetParent && each.closest('svg') === null)
        .filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
        .map(each => parseFloat(getComputedStyle(each).fontSize)))"""
    for path in sample(pages):
        tab.show(address(path), width)
        assert float(str(tab.evaluate(smallest))) >= 14


def test_one_drawing_of_each_chart_is_shown(tab: Tab, five_pages: Path) -> None:
    shown = """[...document.querySelectorAll('figure')]
        .map(each => [...each.querySelectorAll('.ju-chart')].filter(one => one.offsetParent).length)"""
    for width in (NARROWEST, DESKTOP):
        tab.show(address(five_pages / "neighbourhood" / "central.html"), width)
        assert set(tab.evaluate(shown) or []) == {1}  # type: ignore[call-overload]


def test_the_keyboard_reaches_each_tile_of_the_map_once(tab: Tab, five_pages: Path) -> None:
    tab.show(address(five_pages / "index.html"), DESKTOP)
    reached = """[...document.querySelectorAll('.ju-chart a')]
        .filter(each => each.closest('.ju-chart').offsetParent && each.tabIndex === 0)
        .map(each => each.getAttribute('href'))"""
    assert tab.evaluate(reached) == [f"neighbourhood/{each}.html" for each in ("upper", "north", "central", "lower", "south")] * 3


def test_on_paper_tables_are_open_and_there_is_nothing_to_click(tab: Tab, five_pages: Path) -> None:
    tab.show(address(five_pages / "neighbourhood" / "central.html"), 700)
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert tab.evaluate("[...document.querySelectorAll('details table')].every(each => each.getBoundingClientRect().height > 40)") is True
    assert tab.evaluate("[...document.querySelectorAll('nav')].every(each => each.getBoundingClientRect().height === 0)") is True
    assert tab.evaluate("[...document.querySelectorAll('.ju-chart--wide')].every(each => each.getBoundingClientRect().height > 60)") is True
    tab.call("Emulation.setEmulatedMedia", media="")


def test_in_forced_colours_charts_keep_their_own(tab: Tab, five_pages: Path) -> None:
    tab.show(
        address(five_pages / "neighbourhood" / "central.html"), DESKTOP, media={"forced-colors": "active", "prefers-color-scheme": "dark"}
    )
    colours = "[...new Set([...document.querySelectorAll('#people .ju-chart text')].map(each => getComputedStyle(each).fill))]"
    assert "rgb(33, 43, 50)" in str(tab.evaluate(colours))
    tab.show("about:blank", DESKTOP)

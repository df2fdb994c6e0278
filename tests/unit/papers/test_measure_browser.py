"""Pages of measures and packs in a real browser: on narrow screens, by keyboard, in forced colours, without scripts and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.papers.measure_fixtures import DEFINED, STEPPED
from tests.unit.papers.test_browser import DESKTOP, NARROWEST, PHONE, TABLET, TEXTS, clashes
from tools.browser import Tab, address

NEW = ("measures.html", "measure-emergency_admissions.html", "measure-carers.html", f"pack-{STEPPED}.html")
"""One page of each new kind, that of a measure by month and by year."""
STOPS = (
    """[...document.querySelectorAll('a[href], summary, [tabindex]')].filter(each => each.checkVisibility() && each.tabIndex >= 0).length"""
)
FOCUS = """(() => { const it = document.activeElement, style = getComputedStyle(it), box = it.getBoundingClientRect();
  const marked = style.outlineStyle !== 'none' || style.boxShadow !== 'none' || style.backgroundColor !== 'rgba(0, 0, 0, 0)';
  return [it.tagName, it.getAttribute('href') || it.textContent.trim().slice(0, 60), marked, box.width > 0]; })()"""
CUT = """[...document.querySelectorAll('.ju-chart--wide svg')].map(each => each.getBoundingClientRect())
  .map(box => Math.round(box.left) >= 0 && box.right <= document.documentElement.clientWidth + 1 && box.height > 60)"""


@pytest.fixture
def plain(tab: Tab) -> Iterator[Tab]:
    """The browser, as it was afterwards."""
    yield tab
    tab.call("Emulation.setScriptExecutionDisabled", value=False)
    tab.call("Emulation.setEmulatedMedia", media="", features=[])
    tab.show("about:blank", DESKTOP)


def press(tab: Tab, key: str, code: int, **more: str) -> None:
    """Nothing; a key was pressed and let go."""
    for kind in ("keyDown", "keyUp"):
        tab.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **more)


@pytest.mark.parametrize("name", NEW)
def test_nothing_overflows_and_words_of_charts_are_whole_and_clear(plain: Tab, five_pages: Path, name: str) -> None:
    for width in (NARROWEST, PHONE, TABLET, DESKTOP):
        plain.show(address(five_pages / name), width)
        assert plain.evaluate("document.documentElement.scrollWidth") == width, width
        texts = plain.evaluate(TEXTS)
        assert isinstance(texts, list)
        assert texts or name == "measures.html"
        for text in texts:
            assert text["size"] >= 12, (width, text)
            assert min(text[side] for side in ("left", "right", "top", "bottom")) >= -1, (width, text)
        assert clashes(texts) == [], width


def test_a_chart_is_as_wide_as_its_card(plain: Tab, five_pages: Path) -> None:
    plain.show(address(five_pages / "measure-emergency_admissions.html"), DESKTOP)
    shares = plain.evaluate("""[...document.querySelectorAll('.ju-chart--wide svg')]
        .map(each => each.getBoundingClientRect().width / each.closest('.ju-figure').clientWidth)""")
    assert isinstance(shares, list)
    assert len(shares) == 6
    assert min(shares) > 0.9


@pytest.mark.parametrize("name", NEW)
def test_the_keyboard_reaches_everything_once_and_shows_where_it_is(plain: Tab, five_pages: Path, name: str) -> None:
    plain.show(address(five_pages / name), DESKTOP)
    stops = plain.evaluate(STOPS)
    assert isinstance(stops, int)
    reached = []
    for _ in range(stops):
        press(plain, "Tab", 9)
        reached.append(plain.evaluate(FOCUS))
    assert [stop for stop in reached if not (stop[2] and stop[3])] == []  # type: ignore[index]
    assert reached[0][1] == "#maincontent"  # type: ignore[index]
    assert [stop[0] for stop in reached].count("BODY") == 0  # type: ignore[index]


def test_the_keyboard_opens_the_table_of_a_chart(plain: Tab, five_pages: Path) -> None:
    plain.show(address(five_pages / "measure-emergency_admissions.html"), DESKTOP)
    plain.evaluate("document.querySelector('.ju-details--table summary').focus()")
    opened = "document.activeElement.parentElement.open"
    assert plain.evaluate(opened) is False
    press(plain, "Enter", 13, text="\r")
    assert plain.evaluate(opened) is True


@pytest.mark.parametrize("name", NEW)
def test_in_forced_colours_icons_and_charts_keep_their_own_and_words_don_t(plain: Tab, five_pages: Path, name: str) -> None:
    plain.show(address(five_pages / name), DESKTOP, media={"forced-colors": "active", "prefers-color-scheme": "dark"})
    kept = plain.evaluate("[...document.querySelectorAll('.ju-icon, .ju-chart svg')].map(each => getComputedStyle(each).forcedColorAdjust)")
    assert isinstance(kept, list)
    assert set(kept) == {"none"}
    seen = plain.evaluate("""[...document.querySelectorAll('main p, main li, main td, main h2')].map(each => getComputedStyle(each))
        .filter(style => style.color === style.backgroundColor).length""")
    assert seen == 0
    framed = "[...document.querySelectorAll('.ju-figure')].every(each => getComputedStyle(each).borderTopStyle === 'solid')"
    assert plain.evaluate(framed) is True


@pytest.mark.parametrize("name", NEW)
def test_without_scripts_a_page_is_the_same(plain: Tab, five_pages: Path, name: str) -> None:
    plain.show(address(five_pages / name), DESKTOP)
    words = plain.evaluate("document.body.innerText")
    assert plain.evaluate("document.querySelectorAll('script, [onclick]').length") == 0
    plain.call("Emulation.setScriptExecutionDisabled", value=True)
    plain.show(address(five_pages / name), DESKTOP)
    assert plain.evaluate("document.body.innerText") == words


@pytest.mark.parametrize("name", NEW)
def test_on_paper_charts_are_whole_tables_open_and_nothing_is_to_click(plain: Tab, five_pages: Path, name: str) -> None:
    plain.show(address(five_pages / name), 700)
    plain.call("Emulation.setEmulatedMedia", media="print")
    assert (
        plain.evaluate("[...document.querySelectorAll('nav, .ju-download')].every(each => each.getBoundingClientRect().height === 0)")
        is True
    )
    whole = plain.evaluate(CUT)
    assert isinstance(whole, list)
    assert all(whole)
    assert plain.evaluate(
        "[...document.querySelectorAll('.ju-details--table table')].every(each => each.getBoundingClientRect().height > 20)"
    )
    assert plain.pdf().startswith(b"%PDF-")


def test_axe_and_these_tests_look_at_a_page_of_each_kind_of_measure() -> None:
    assert {each.yearly for each in DEFINED} == {True, False}

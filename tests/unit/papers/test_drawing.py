from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import altair
import pytest

from joinedup.papers import drawing
from joinedup.papers.drawer import Drawer, drawing_of


def chart(value: int = 3) -> altair.Chart:
    rows = [{"name": "a", "value": value, "to": "neighbourhood/a.html", "said": "A: 3"}]
    return altair.Chart(altair.Data(values=rows)).mark_bar().encode(x="value:Q", y="name:N", href="to:N", description="said:N")


def test_a_drawing_is_kept_and_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = drawing.draw(chart(), tmp_path)
    [kept] = tmp_path.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr(drawing, "_drawn", None)
    assert drawing.draw(chart(), tmp_path) == first


def test_another_number_is_another_drawing(tmp_path: Path) -> None:
    assert drawing.draw(chart(3), tmp_path) != drawing.draw(chart(4), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_drawing_calls_nobody_and_has_no_script(tmp_path: Path) -> None:
    svg = drawing.draw(chart())
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in svg


def test_links_are_plain_and_named() -> None:
    root = ElementTree.fromstring(drawing.draw(chart()))
    [link] = root.iter("{http://www.w3.org/2000/svg}a")
    assert link.attrib == {"href": "neighbourhood/a.html", "aria-label": "A: 3"}


def test_text_stays_text_in_the_house_typeface() -> None:
    from joinedup.papers.theme import WIDE, config

    svg = drawing.draw(chart().configure(**config(WIDE)))
    texts = [element for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text") if element.text]
    assert texts
    assert {element.attrib["font-family"] for element in texts} == {"Arial, Helvetica, sans-serif"}


def test_a_picture_has_one_name_one_description_and_ids_of_its_own() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><clipPath id="clip0"/><g clip-path="url(#clip0)"/></svg>'
    named = drawing.named(svg, "people-wide", "More <old> people", "All & sundry")
    assert 'role="img" aria-labelledby="people-wide-name" aria-describedby="people-wide-about"' in named
    assert '<title id="people-wide-name">More &lt;old&gt; people</title><desc id="people-wide-about">All &amp; sundry</desc>' in named
    assert 'id="people-wide-clip0"' in named
    assert "url(#people-wide-clip0)" in named
    assert 'role="group"' in drawing.named(svg, "map", "Map", "Tiles", linked=True)


def test_an_empty_line_of_words_keeps_its_height() -> None:
    words = altair.Chart(altair.Data(values=[{"said": "\n\nbelow\nlast"}])).mark_text(lineBreak="\n", lineHeight=17).encode(text="said:N")
    lines = [(line.text, line.get("dy")) for line in ElementTree.fromstring(drawing.draw(words)).iter("{http://www.w3.org/2000/svg}tspan")]
    assert lines == [("below", "34"), ("last", "17")]


def test_a_chart_drawn_beside_is_the_same_and_kept(tmp_path: Path) -> None:
    drawer = Drawer()
    try:
        drawn = drawing.begin(chart(), tmp_path, drawer)()
    finally:
        drawer.end()
    assert drawn == drawing.draw(chart())
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == [drawn]


def test_a_chart_is_drawn_here_where_no_other_process_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joinedup.papers.drawer.sys.executable", "/nowhere/python")
    drawer = Drawer()
    asked, ended = drawing.begin(chart(), None, drawer), drawing.begin(chart(4), None, drawer)
    drawer.end()
    assert (asked(), ended()) == (drawing.draw(chart()), drawing.draw(chart(4)))


def test_what_cannot_be_drawn_says_so_from_beside_too() -> None:
    drawer = Drawer()
    try:
        with pytest.raises(ValueError, match="Vega-Lite"):
            drawing_of(drawer.begin('{"no": "chart"}'), '{"no": "chart"}')
    finally:
        drawer.end()

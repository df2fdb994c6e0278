"""Packs of neighbourhoods: what matters first, the same page as HTML and PDF, and what a machine without Pango says."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from joinedup.papers import pack_pdf
from joinedup.papers.assets import files
from joinedup.papers.facts import Area
from joinedup.papers.measure_facts import Measured
from joinedup.papers.pages import write_pages
from tests.unit.papers.fixtures import five
from tests.unit.papers.measure_fixtures import DEFINED, STEPPED
from tests.unit.papers.reading import read


def test_each_neighbourhood_has_a_pack_that_begins_with_what_changed(five_pages: Path) -> None:
    names = {each.id for each in five().place.neighbourhoods}
    assert {path.stem.removeprefix("pack-") for path in five_pages.glob("pack-*.html")} == names
    found = read(five_pages / f"pack-{STEPPED}.html")
    heads = [each.words() for each in found.all("h2")]
    assert heads[0] == "What changed or differs"
    assert {"At a glance", "Measures", "What changed since last time", "Segments", "Use of services by month", "Cost of care"} <= set(
        heads
    ) | {"Segments"}
    first = next(each for each in found.all("li") if each["class"] == "ju-change")
    assert "Emergency admissions" in first.words()
    assert first["data-why"] == f"emergency_admissions/neighbourhood/{STEPPED}"


def test_a_pack_shows_every_measure_beside_the_place(five_pages: Path) -> None:
    found = read(five_pages / "pack-central.html").words()
    assert all(each.title in found for each in DEFINED)
    assert "Were nothing but chance at work" in found


def test_measures_without_a_value_are_one_sentence_and_not_rows_of_nothing(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aggregates, gone = replace(five(), defined=DEFINED), DEFINED[-1]
    latest = Measured.latest

    def without(self: Measured, area: Area) -> Mapping[str, Any] | None:
        row = latest(self, area)
        nothing = {"value": None, "lower": None, "upper": None, "reason": "source missing"}
        return row if row is None or self.id != gone.id else {**row, **nothing}

    monkeypatch.setattr(Measured, "latest", without)
    write_pages(aggregates, aggregates.place, tmp_path / "pages", cache=cache)
    page = read(tmp_path / "pages" / "pack-north.html")
    table = next(words for each in page.all("table") if "Every measure of" in (words := each.words()))
    assert gone.title not in table
    assert all(each.title in table for each in DEFINED[:-1])
    said = next(each for each in page.all("p") if "No value for the latest year" in each.words())
    assert [link["href"] for link in said.all("a")] == [f"measure-{gone.id}.html"]
    rows = (tmp_path / "pages" / "pack-north.measures.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + len(DEFINED)


def test_a_pack_is_also_set_as_a_tagged_pdf(tmp_path: Path, cache: Path) -> None:
    weasyprint()
    aggregates = replace(five(), defined=DEFINED)
    write_pages(aggregates, aggregates.place, tmp_path / "pages", cache=cache, printed=["north"])
    made = (tmp_path / "pages" / "pack-north.pdf").read_bytes()
    assert made.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in parts(made)
    assert {path.name for path in (tmp_path / "pages").glob("*.pdf")} == {"pack-north.pdf"}
    assert 'href="pack-north.pdf"' in (tmp_path / "pages" / "pack-north.html").read_text(encoding="utf-8")
    assert 'href="pack-central.pdf"' not in (tmp_path / "pages" / "pack-central.html").read_text(encoding="utf-8")


def test_a_pdf_fetches_nothing() -> None:
    weasyprint()
    assert pack_pdf.pdf('<html lang="en"><title>A</title><img src="https://example.org/a.png" alt="A"><p>Words</p></html>', "A", files())


def test_without_pango_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(f"cannot load library {name}")

    pack_pdf.weasyprint.cache_clear()
    monkeypatch.setattr(pack_pdf, "import_module", missing)
    with pytest.raises(pack_pdf.PdfMissing, match=r"apt-get install libpango.*--no-pdf"):
        pack_pdf.weasyprint()
    pack_pdf.weasyprint.cache_clear()


def parts(made: bytes) -> bytes:
    """All streams of a PDF that are compressed, as they were before."""
    found = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", made, re.DOTALL)
    return b"".join(zlib.decompressobj().decompress(each) for each in found if each[:1] == b"x")


def weasyprint() -> None:
    """A counted skip where the operating system has no Pango."""
    try:
        pack_pdf.weasyprint()
    except pack_pdf.PdfMissing as missing:
        pytest.skip(str(missing))

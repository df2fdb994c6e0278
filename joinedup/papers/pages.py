"""Writes the pages of a place: an overview, a page of its people and one for each neighbourhood, and one about the data behind them.

Internal pages have true counts and say so; public ones what the door gives the public, and nothing of single files. Either way the
files can be read by their owner only: publishing is copying them on purpose. They need nothing but one another: no network, no
script, no server.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from altair.utils.schemapi import debug_mode

from joinedup.engine.store import PRIVATE_FOLDER
from joinedup.papers import assets, folder
from joinedup.papers.contents import how_many, pages, pages_of_evidence
from joinedup.papers.drawer import Drawer
from joinedup.papers.facts import Facts
from joinedup.papers.needs import Aggregates
from joinedup.papers.pack_pdf import pdf, weasyprint
from joinedup.papers.page import Desk, Page
from joinedup.papers.rendering import render
from joinedup.place.model import Place
from joinedup.progress import Progress, Step, silent

AHEAD = 2
"""Pages that are prepared before one is written, whose charts are drawn meanwhile."""


def write_pages(  # noqa: PLR0913 - what pages are made of
    aggregates: Aggregates,
    place: Place,
    out: Path,
    progress: Progress = silent,
    cache: Path | None = None,
    *,
    beside: Mapping[str, str] | None = None,
    printed: Collection[str] | None = (),
) -> list[Path]:
    """The pages written to `out`, the overview first; drawings are kept in `cache`, so that unchanged charts aren't drawn again.

    `beside` is what the overview leads to that somebody else writes there: address below `out`, and what it is.
    `printed` names the neighbourhoods whose packs are made as PDF too, None all of them; PdfMissing where none can be made.
    Beside them lie the pages of evidence, to which their numbers lead, and the files of their tables.
    Every file is written whole or not at all; files of an earlier writing that have no place any more are removed.
    Raises AssetsMissing where set-up hasn't brought the style sheet, StoreProblem where the folder holds files but no pages.
    """
    style = assets.files()
    if printed != ():
        weasyprint()  # what is missing is said before anything is made
    before = folder.prepare(out, "assets", "neighbourhood", "cohort", "code-list")
    if cache is not None:
        cache.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    facts = Facts(aggregates, place)
    folder.note(out, before)
    drawer = Drawer()
    try:
        made = _made(facts, Desk(cache, drawer, printed), beside or {}, progress)
    finally:
        drawer.end()
    files = {f"assets/{name}": content for name, content in style.items()}
    told = {page.file: (page.title, text) for page, text in made}
    for page, text in [*made, *((page, render(page, facts)) for page in pages_of_evidence(facts, told))]:
        files |= {page.file: text.encode(), **_downloads(page, facts)}
        if page.shows.get("with_pdf"):
            began = time.perf_counter()
            files[page.shows["pdf"]] = pdf(text, f"{page.title}, {place.name}", style)
            progress(Step("pages", page.shows["pdf"], 1, 1, time.perf_counter() - began))
    folder.write(out, files)
    folder.note(out, files.keys())
    for name in before - files.keys():
        (out / name).unlink(missing_ok=True)
    return [out / page.file for page, _ in made]


def _made(facts: Facts, desk: Desk, beside: Mapping[str, str], progress: Progress) -> list[tuple[Page, str]]:
    """Every page but those of evidence, and as it is written."""
    total, made, began = how_many(facts), [], time.perf_counter()
    with debug_mode(
        False
    ):  # Altair would check each chart against its schema at each step of making it, as it does in the tests of figures
        for done, page in enumerate(_ahead(pages(facts, desk, beside)), start=1):
            made.append((page, render(page, facts)))
            progress(Step("pages", page.file, done, total, time.perf_counter() - began, rows={"tables": len(page.tables)}))
            began = time.perf_counter()
    return made


def _ahead(prepared: Iterator[Page]) -> Iterator[Page]:
    """The same pages, each a little after it was prepared."""
    waiting: deque[Page] = deque()
    for page in prepared:
        waiting.append(page)
        if len(waiting) > AHEAD:
            yield waiting.popleft()
    yield from waiting


def _downloads(page: Page, facts: Facts) -> dict[str, bytes]:
    """The tables of a page as CSV files beside it; each row says whose numbers they are."""
    stamp = facts.stamp
    same = {"place": facts.place.id, "invented_people": stamp.invented, "audience": facts.aggregates.audience, "build_id": stamp.build_id}
    tables = {f"{page.file.removesuffix('.html')}.{name}.csv": table.csv(same).encode() for name, table in page.tables.items()}
    return tables | {name: make() for name, make in page.files.items()}

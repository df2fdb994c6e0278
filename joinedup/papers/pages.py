"""Writes the pages of a place: an overview, a page for each neighbourhood, and one about the data behind them.

Internal pages have true counts and say so; public ones what the door gives the public, and nothing of single files. Either way the
files can be read by their owner only: publishing is copying them on purpose. They need nothing but one another: no network, no
script, no server.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache as remembered
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader
from markupsafe import Markup

from joinedup.access.built import Built
from joinedup.access.changes import Changes
from joinedup.access.overview import Access
from joinedup.engine.store import PRIVATE_FOLDER, atomic_write
from joinedup.errors import StoreProblem
from joinedup.findings import Finding
from joinedup.papers import (
    agreed,
    assets,
    built,
    changed,
    deliveries,
    evidence,
    known,
    linkage,
    linkage_pair,
    looks,
    prices,
    safety,
    summary,
    why,
)
from joinedup.papers.deliveries import Deliveries
from joinedup.papers.drawing import draw, named
from joinedup.papers.evident import evident, rooted, unlinked
from joinedup.papers.facts import Area, Facts
from joinedup.papers.figure import Figure, Table
from joinedup.papers.figures import costs, deprivation, indicators, people, tiles, use
from joinedup.papers.needs import Aggregates, MeasureSpec
from joinedup.papers.numbers import day, moment
from joinedup.papers.theme import NARROW, WIDE
from joinedup.papers.words import capital, listed, local
from joinedup.place.model import Neighbourhood, Place
from joinedup.progress import Progress, Step, silent
from joinedup.sources.accounts import FileAccount
from joinedup.sources.contract import contracts
from joinedup.sources.restricted import for_others

WRITTEN = ".pages.json"
"""In the folder of pages: the files that were written there last, so that those no longer written can be removed.

A folder that holds anything but not this file is somebody else's.
"""
TERMS = (
    (
        "Rows read",
        "Rows in the partner's files. Loaded, superseded and rejected always add up to it; rows that the law keeps out aren't among them.",
    ),
    ("Loaded", "Rows that the record uses."),
    ("Superseded", "Rows that a later row of the same record replaces, or that are the same again."),
    ("Rejected", "Rows that can't be used, with the rule they break; the check of the place folder lists them by number."),
    ("Linked to a person", "The share of loaded rows that are joined to a person of the record. The rest count in no rate."),
)


@dataclass(frozen=True)
class Page:
    """One page: its file, template and what the template shows, with the tables that can be downloaded beside it."""

    file: str
    template: str
    title: str
    shows: Mapping[str, Any]
    tables: Mapping[str, Table] = field(default_factory=dict)
    area: str = ""
    crumbs: tuple[Mapping[str, str], ...] = ()

    @property
    def home(self) -> bool:
        """Whether it is the overview, which bears the place's name already."""
        return self.file == "index.html"

    @property
    def root(self) -> str:
        """The way from it to the folder of all pages."""
        return "../" * self.file.count("/")


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure with its drawings, the file of its table and, for an indicator, its definition."""

    figure: Figure
    wide: Markup
    narrow: Markup
    csv: str
    spec: MeasureSpec | None = None


def write_pages(  # noqa: PLR0913 - what pages are made of
    aggregates: Aggregates,
    place: Place,
    out: Path,
    progress: Progress = silent,
    cache: Path | None = None,
    *,
    beside: Mapping[str, str] | None = None,
) -> list[Path]:
    """The pages written to `out`, the overview first; drawings are kept in `cache`, so that unchanged charts aren't drawn again.

    `beside` is what the overview leads to that somebody else writes there: address below `out`, and what it is.
    Beside them lie the pages of evidence, to which their numbers lead, and the files of their tables.
    Every file is written whole or not at all; files of an earlier writing that have no place any more are removed.
    Raises AssetsMissing where set-up hasn't brought the style sheet, StoreProblem where the folder holds files but no pages.
    """
    style = assets.files()
    _refuse_others(out)
    before = _written(out)
    for folder in (out, out / "assets", out / "neighbourhood", *([cache] if cache else [])):
        folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    out.chmod(PRIVATE_FOLDER)
    facts = Facts(aggregates, place)
    atomic_write(out / WRITTEN, json.dumps(sorted(before)).encode())  # from now on the folder is known as one of pages, however this ends
    files = {f"assets/{name}": content for name, content in style.items()}
    more = sum(each is not None for each in (facts.access, facts.built, facts.changes))
    total = len(facts.areas) + (6 if facts.internal else 3) + more
    pages: list[str] = []
    told: dict[str, tuple[str, str]] = {}
    for done, page in enumerate(_pages(facts, cache, beside or {}), start=1):
        began = time.perf_counter()
        told[page.file] = page.title, (text := _render(page, facts))
        files |= {page.file: text.encode(), **_downloads(page, facts)}
        progress(Step("pages", page.file, done, total, time.perf_counter() - began, rows={"tables": len(page.tables)}))
        pages.append(page.file)
    files |= {page.file: _render(page, facts).encode() for page in _evidence(facts, told)}
    for name, content in files.items():
        atomic_write(out / name, content)
    atomic_write(out / WRITTEN, json.dumps(sorted(files)).encode())
    for name in before - files.keys():
        (out / name).unlink(missing_ok=True)
    return [out / name for name in pages]


def _refuse_others(out: Path) -> None:
    """Nothing; StoreProblem when the folder holds something and isn't one of pages."""
    found = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    if found and WRITTEN not in found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise StoreProblem(
            f"the folder {out} holds {found[0]}{more} and no pages that joinedup wrote, so nothing was written there; "
            "name a folder that is new or empty, or one of earlier pages"
        )


def _written(out: Path) -> set[str]:
    """The files that the last writing left, by their names in `out`; a name that leads out of it is none of ours."""
    path = out / WRITTEN
    try:
        names = json.loads(path.read_bytes()) if path.exists() else []
    except ValueError as error:
        raise StoreProblem(f"{path} should list the pages that joinedup wrote and can't be read; write to a new folder instead") from error
    return {name for name in names if (out / name).resolve().is_relative_to(out.resolve())}


def _downloads(page: Page, facts: Facts) -> dict[str, bytes]:
    """The tables of a page as CSV files beside it; each row says whose numbers they are."""
    stamp = facts.stamp
    same = {"place": facts.place.id, "invented_people": stamp.invented, "audience": facts.aggregates.audience, "build_id": stamp.build_id}
    return {f"{page.file.removesuffix('.html')}.{name}.csv": table.csv(same).encode() for name, table in page.tables.items()}


def _pages(facts: Facts, cache: Path | None, beside: Mapping[str, str]) -> Iterator[Page]:
    yield _index(facts, cache, beside)
    for index, neighbourhood in enumerate(facts.shown):
        yield _neighbourhood(facts, index, neighbourhood, cache)
    if facts.internal:
        yield _partners(facts, cache)
        yield _sharing(facts, cache)
        yield _linkage(facts, cache)
    if facts.access is not None:
        yield _access(facts.access, facts.place, cache)
    if facts.built is not None:
        yield _built(facts.built, facts.place, cache)
    if facts.changes is not None:
        yield _changed(facts.changes, facts, cache)
    yield _safety(facts)
    yield _about(facts)


def _index(facts: Facts, cache: Path | None, beside: Mapping[str, str]) -> Page:
    maps = [_shown(figure, "index", cache, linked=True) for figure in tiles.figures(facts)]
    compared, accounting = summary.side_by_side(facts), evidence.accounting(facts)
    shows = {
        "keys": summary.key_figures(facts, facts.whole),
        "maps": maps,
        "compared": compared,
        "accounting": accounting,
        "beside": beside,
    }
    tables = {"side-by-side": compared, **_tables(maps)}
    return Page("index.html", "index.jinja", f"{facts.place.name} by {facts.place.word.singular}", shows, tables)


def _neighbourhood(facts: Facts, index: int, neighbourhood: Neighbourhood, cache: Path | None) -> Page:
    area, areas = facts.areas[index], facts.areas
    figures = {
        figure.id: _shown(figure, area.id, cache) for figure in [module.figure(facts, area) for module in (people, deprivation, use, costs)]
    }
    measured = [
        _shown(figure, area.id, cache, spec) for figure, spec in zip(indicators.figures(facts, area), facts.specs.values(), strict=True)
    ]
    shows = {
        "area": area,
        "figures": figures,
        "indicators": measured,
        "keys": summary.key_figures(facts, area),
        "lifetime": _lifetime(facts, neighbourhood),
        "nobody": _nobody(facts, area),
        "before": areas[index - 1] if index else None,
        "after": areas[index + 1] if index + 1 < len(areas) else None,
    }
    tables = _tables([*figures.values(), *measured])
    return Page(
        f"neighbourhood/{area.id}.html",
        "neighbourhood.jinja",
        area.name,
        shows,
        tables,
        area.id,
        ({"href": "../index.html", "text": facts.place.name},),
    )


def _partners(facts: Facts, cache: Path | None) -> Page:
    sent = deliveries.Deliveries(facts.place, contracts(), facts.aggregates.files(), facts.aggregates.findings())
    crumbs = ({"href": "index.html", "text": facts.place.name},)
    page, measures = _of_deliveries(sent, "partners", "Partners' data", cache, crumbs), known.table(known.Known(facts))
    return replace(page, shows={**page.shows, "known": measures}, tables={**page.tables, "known": measures})


def _sharing(facts: Facts, cache: Path | None) -> Page:
    today = date.today()
    picture = _shown(agreed.deprivation(facts), "sharing", cache)
    tables = {
        "agreements": agreed.agreements(facts.place, today),
        "uses": agreed.uses(facts.place, today),
        "by-purpose": agreed.by_purpose(facts),
        "by-area": agreed.by_area(facts),
        "by-age": agreed.by_age(facts),
    }
    told = {
        "today": day(today),
        "warnings": agreed.warnings(facts.place, today),
        "unlinked": agreed.unlinked(facts),
        "deprivation": picture,
    }
    shows = {"agreed": told | {name.replace("-", "_"): table for name, table in tables.items()}}
    crumbs = ({"href": "index.html", "text": facts.place.name},)
    return Page("sharing.html", "sharing.jinja", "Sharing and objections", shows, {**tables, **_tables([picture])}, crumbs=crumbs)


def _of_deliveries(sent: Deliveries, name: str, title: str, cache: Path | None, crumbs: tuple[Mapping[str, str], ...] = ()) -> Page:
    """A page about files: `name` is that of its file and template."""
    picture = _shown(deliveries.freshness(sent), name, cache)
    shows = {"sent": {"freshness": picture, **deliveries.in_template(sent)}}
    return Page(f"{name}.html", f"{name}.jinja", title, shows, {**_tables([picture]), **deliveries.tables(sent)}, crumbs=crumbs)


def _linkage(facts: Facts, cache: Path | None) -> Page:
    links = linkage.Links(facts)
    groups, pair = (
        [_shown(figure, "linkage", cache) for figure in linkage.of_groups(links)],
        _shown(linkage_pair.pair(links), "linkage", cache),
    )
    shows = {"links": linkage.in_template(links), "groups": groups, "pair": pair}
    crumbs = ({"href": "index.html", "text": facts.place.name},)
    tables = {**linkage.tables(links), **_tables([*groups, pair])}
    return Page("linkage.html", "linkage.jinja", "Linkage", shows, tables, crumbs=crumbs)


def _safety(facts: Facts) -> Page:
    log = safety.hazard_log()
    shows = {**safety.in_template(log), "reviewed": day(log.reviewed)}
    crumbs = ({"href": "index.html", "text": facts.place.name},)
    return Page("safety.html", "safety.jinja", "Safety case", shows, {"hazards": safety.table(log)}, crumbs=crumbs)


def write_check(place: Place, files: Sequence[FileAccount], findings: Sequence[Finding], out: Path) -> Path:
    """The page of a check, written to `out` with its style sheets and tables; it needs no build.

    Raises AssetsMissing and StoreProblem as `write_pages` does.
    """
    style = assets.files()
    _refuse_others(out)
    page = _of_deliveries(Deliveries(place, contracts(), tuple(map(for_others, files)), findings), "check", "Check", None)
    before = _written(out)
    for folder in (out, out / "assets"):
        folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    out.chmod(PRIVATE_FOLDER)
    same = {"place": place.id, "invented_people": place.invented}
    made = {f"check.{name}.csv": table.csv(same).encode() for name, table in page.tables.items()}
    shared = {
        "page": page,
        "root": "",
        "assetPath": "assets",
        "place": place,
        "invented": place.invented,
        "internal": True,
        "as_at": day(place.as_at),
    }
    told = {"checked": moment(datetime.now(UTC)), "version": version("joinedup"), "local": partial(local, word=place.word)}
    text = unlinked(_environment().get_template(page.template).render(**shared, **told, **page.shows))
    made |= {f"assets/{name}": content for name, content in style.items()} | {page.file: text.encode()}
    atomic_write(out / WRITTEN, json.dumps(sorted(before | made.keys())).encode())
    for name, content in made.items():
        atomic_write(out / name, content)
    return out / page.file


def _access(access: Access, place: Place, cache: Path | None) -> Page:
    picture = _shown(looks.figure(access, place), "access", cache)
    crumbs = ({"href": "index.html", "text": place.name},)
    shows = {"picture": picture, **looks.in_template(access, place)}
    return Page("access.html", "access.jinja", "Who looked", shows, {**_tables([picture]), **looks.tables(access)}, crumbs=crumbs)


def _built(made: Built, place: Place, cache: Path | None) -> Page:
    pictures = [
        _shown(figure, "build", cache)
        for figure in (built.tables_figure(made, invented=place.invented), built.steps_figure(made, invented=place.invented))
    ]
    shows = {**built.in_template(made), "tables_shown": pictures[0], "steps_shown": pictures[1]}
    crumbs = ({"href": "index.html", "text": place.name},)
    tables = {**_tables(pictures), "beginnings": built.beginnings(made.manifest)}
    return Page("build.html", "build.jinja", "How this build was made", shows, tables, crumbs=crumbs)


def _changed(found: Changes, facts: Facts, cache: Path | None) -> Page:
    pictures = [_shown(figure, "changes", cache) for figure in changed.figures(found, facts.place, facts.specs)]
    shows = {**changed.in_template(found, facts.place, facts.specs), "measured": pictures}
    crumbs = ({"href": "index.html", "text": facts.place.name},)
    tables = {**_tables(pictures), "numbers": shows["numbers"], "tables": shows["tables_changed"]}
    return Page("changes.html", "changes.jinja", "What changed", shows, tables, crumbs=crumbs)


def _about(facts: Facts) -> Page:
    accounting, found, compared = evidence.accounting(facts), evidence.quality(facts), evidence.cost_differences(facts)
    shows = {
        "accounting": accounting,
        "found": found,
        "compared": compared,
        "terms": TERMS,
        "specs": facts.specs.values(),
        "stamp": facts.stamp,
        "costless": evidence.without_cost(),
        "price_base": prices.in_words(facts.place.period),
    }
    tables = {"accounting": accounting, "quality": found, "cost-differences": compared}
    crumbs = ({"href": "index.html", "text": facts.place.name},)
    return Page("about.html", "about.jinja", "About these data", shows, tables, crumbs=crumbs)


def _evidence(facts: Facts, told: Mapping[str, tuple[str, str]]) -> Iterator[Page]:
    """A page of evidence for each measure and table that the other pages show a number of."""
    crumbs = ({"href": "index.html", "text": facts.place.name},)
    for name, keys in why.cited(told).items():
        shows = why.shows(facts, name, keys.values())
        yield Page(why.file_of(name), "why.jinja", f"Evidence: {shows['behind'].title}", shows, crumbs=crumbs)


def _shown(figure: Figure, page: str, cache: Path | None, spec: MeasureSpec | None = None, *, linked: bool = False) -> Shown:
    name, about = figure.finding, f"{figure.about}. {figure.key} The table below the picture has every number."
    wide, narrow = (
        named(draw(figure.charts[size], cache), f"{figure.id}-{size.name}", name, about, linked=linked)
        if size in figure.charts
        else Markup("")
        for size in (WIDE, NARROW)
    )
    return Shown(figure, wide, narrow, f"{page}.{figure.id}.csv", spec)


def _tables(figures: list[Shown]) -> dict[str, Table]:
    return {shown.figure.id: shown.figure.table for shown in figures if shown.figure.table is not None}


def _nobody(facts: Facts, area: Area) -> str:
    return (
        f"Nobody was registered in {area.name} on {facts.as_at}, so there is nothing to show for that day."
        if facts.people(area) == 0
        else ""
    )


def _lifetime(facts: Facts, neighbourhood: Neighbourhood) -> str:
    """Since when or until when it has existed, where that isn't the whole period."""
    period, said = facts.place.period, []
    if neighbourhood.start is not None and neighbourhood.start > period.start:
        said.append(f"began on {day(neighbourhood.start)}")
    if neighbourhood.end is not None and neighbourhood.end < period.end:
        names = [n.name for n in facts.place.neighbourhoods if n.id in neighbourhood.succeeded_by]
        said.append(f"ended on {day(neighbourhood.end)}" + (f" and was succeeded by {listed(names)}" if names else ""))
    return f"{neighbourhood.name} {' and '.join(said)}: its figures are for the part of the period in which it existed." if said else ""


@remembered
def _environment() -> Environment:
    loader = ChoiceLoader([PackageLoader("joinedup.papers"), PackageLoader("nhsuk_frontend_jinja")])
    environment = Environment(loader=loader, undefined=ChainableUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["first_capital"] = capital
    environment.globals["evident"] = evident
    return environment


def _render(page: Page, facts: Facts) -> str:
    shared = {
        "page": page,
        "root": page.root,
        "assetPath": f"{page.root}assets",
        "place": facts.place,
        "areas": facts.areas,
        "invented": facts.stamp.invented,
        "internal": facts.internal,
        "logged": facts.access is not None,
        "told_how": facts.built is not None,
        "told_changes": facts.changes is not None,
        "changes_headline": "" if facts.changes is None else changed.headline(facts.changes, facts.specs),
        "evidence": evidence.evidence(facts),
        "local": partial(local, word=facts.place.word),
        "in_short": evidence.in_short(facts),
        "as_at": facts.as_at,
        "period_words": f"Figures are for the 12 months from {facts.period}, people as on {facts.as_at}.",
    }
    return rooted(_environment().get_template(page.template).render(**shared, **page.shows), page.root)

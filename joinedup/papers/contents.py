"""What each page of a place shows, page by page in the order of reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from joinedup.access.built import Built
from joinedup.access.overview import Access
from joinedup.papers import (
    agreed,
    built,
    code_list_pages,
    cohort_pages,
    deliveries,
    evidence,
    known,
    linkage,
    linkage_pair,
    looks,
    measure_lead,
    measure_page,
    pack_page,
    prices,
    profile_page,
    safety,
    summary,
    why,
)
from joinedup.papers.changes_page import of_changes
from joinedup.papers.check_page import of_deliveries
from joinedup.papers.facts import Area, Facts
from joinedup.papers.figures import costs, indicators, tiles, use
from joinedup.papers.journey_page import of_journeys
from joinedup.papers.measure_facts import Measured, measured
from joinedup.papers.numbers import day
from joinedup.papers.page import Desk, Page, shown, tables_of
from joinedup.papers.words import listed
from joinedup.place.model import Neighbourhood, Place
from joinedup.sources.contract import contracts

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


def how_many(facts: Facts) -> int:
    """How many pages `pages` gives: the overview, the place's people, safety and about, and what the audience has besides."""
    told = sum(each is not None for each in (facts.access, facts.built, facts.changes))
    lists = sum(1 + len(each) for each in (facts.cohorts, facts.measure_list, facts.code_lists) if each)
    packs = len(facts.shown) if facts.measure_list else 0
    return 4 + len(facts.shown) + packs + lists + (4 if facts.internal else 0) + told


def pages(facts: Facts, desk: Desk, beside: Mapping[str, str]) -> Iterator[Page]:
    """Every page but those of evidence; the drawings of each are being made once it is given.

    `beside` is what the overview leads to that somebody else writes: address below the folder of pages, and what it is.
    """
    measures = measured(facts)
    yield _index(facts, measures, desk, beside)
    yield profile_page.of_place(facts, desk)
    for index, neighbourhood in enumerate(facts.shown):
        yield _neighbourhood(facts, measures, index, neighbourhood, desk)
    yield from measure_page.pages(facts, measures, desk)
    yield from pack_page.pages(facts, measures, desk)
    yield from cohort_pages.pages(facts, desk)
    if facts.internal:
        yield of_journeys(facts, desk)
        yield from code_list_pages.pages(facts, desk)
        yield _partners(facts, desk)
        yield _sharing(facts, desk)
        yield _linkage(facts, desk)
    if facts.access is not None:
        yield _access(facts.access, facts.place, desk)
    if facts.built is not None:
        yield _built(facts.built, facts.place, desk)
    if facts.changes is not None:
        yield of_changes(facts.changes, facts.place, facts.specs, desk, ({"href": "index.html", "text": facts.place.name},))
    yield _safety(facts)
    yield _about(facts)


def _index(facts: Facts, measures: Sequence[Measured], desk: Desk, beside: Mapping[str, str]) -> Page:
    maps = [shown(figure, "index", desk, linked=True) for figure in tiles.figures(facts)]
    compared, accounting = summary.side_by_side(facts), evidence.accounting(facts)
    shows = {
        "keys": summary.key_figures(facts, facts.whole),
        "lead": measure_lead.of_place(facts, measures),
        "packs": [(pack_page.file_of(area), area.name) for area in facts.areas] if measures else [],
        "maps": maps,
        "compared": compared,
        "accounting": accounting,
        "beside": beside,
    }
    tables = {"side-by-side": compared, **tables_of(maps)}
    return Page("index.html", "index.jinja", f"{facts.place.name} by {facts.place.word.singular}", shows, tables)


def _neighbourhood(facts: Facts, measures: Sequence[Measured], index: int, neighbourhood: Neighbourhood, desk: Desk) -> Page:
    area, areas = facts.areas[index], facts.areas
    figures = {figure.id: shown(figure, area.id, desk) for figure in [module.figure(facts, area) for module in (use, costs)]}
    profile = profile_page.sections(facts, area, area.id, desk)
    measured = [
        shown(figure, area.id, desk, spec) for figure, spec in zip(indicators.figures(facts, area), facts.specs.values(), strict=True)
    ]
    shows = {
        "area": area,
        "sections": profile,
        "figures": figures,
        "indicators": measured,
        "keys": summary.key_figures(facts, area),
        "lead": measure_lead.of_area(facts, measures, area),
        "pack": pack_page.file_of(area) if measures else "",
        "lifetime": _lifetime(facts, neighbourhood),
        "nobody": _nobody(facts, area),
        "before": areas[index - 1] if index else None,
        "after": areas[index + 1] if index + 1 < len(areas) else None,
    }
    tables = tables_of([*(each for section in profile for each in section.figures), *figures.values(), *measured])
    return Page(
        f"neighbourhood/{area.id}.html",
        "neighbourhood.jinja",
        area.name,
        shows,
        tables,
        area.id,
        ({"href": "../index.html", "text": facts.place.name},),
    )


def _partners(facts: Facts, desk: Desk) -> Page:
    sent = deliveries.Deliveries(facts.place, contracts(), facts.aggregates.files(), facts.aggregates.findings())
    crumbs = ({"href": "index.html", "text": facts.place.name},)
    page, measures = of_deliveries(sent, "partners", "Partners' data", desk, crumbs), known.table(known.Known(facts))
    return replace(page, shows={**page.shows, "known": measures}, tables={**page.tables, "known": measures})


def _sharing(facts: Facts, desk: Desk) -> Page:
    today = date.today()
    picture = shown(agreed.deprivation(facts), "sharing", desk)
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
    return Page("sharing.html", "sharing.jinja", "Sharing and objections", shows, {**tables, **tables_of([picture])}, crumbs=crumbs)


def _linkage(facts: Facts, desk: Desk) -> Page:
    links = linkage.Links(facts)
    groups, pair = (
        [shown(figure, "linkage", desk) for figure in linkage.of_groups(links)],
        shown(linkage_pair.pair(links), "linkage", desk),
    )
    shows = {"links": linkage.in_template(links), "groups": groups, "pair": pair}
    crumbs = ({"href": "index.html", "text": facts.place.name},)
    tables = {**linkage.tables(links), **tables_of([*groups, pair])}
    return Page("linkage.html", "linkage.jinja", "Linkage", shows, tables, crumbs=crumbs)


def _safety(facts: Facts) -> Page:
    log = safety.hazard_log()
    shows = {**safety.in_template(log), "reviewed": day(log.reviewed)}
    crumbs = ({"href": "index.html", "text": facts.place.name},)
    return Page("safety.html", "safety.jinja", "Safety case", shows, {"hazards": safety.table(log)}, crumbs=crumbs)


def _access(access: Access, place: Place, desk: Desk) -> Page:
    picture = shown(looks.figure(access, place), "access", desk)
    crumbs = ({"href": "index.html", "text": place.name},)
    shows = {"picture": picture, **looks.in_template(access, place)}
    return Page("access.html", "access.jinja", "Who looked", shows, {**tables_of([picture]), **looks.tables(access)}, crumbs=crumbs)


def _built(made: Built, place: Place, desk: Desk) -> Page:
    pictures = [
        shown(figure, "build", desk)
        for figure in (built.tables_figure(made, invented=place.invented), built.steps_figure(made, invented=place.invented))
    ]
    shows = {**built.in_template(made), "tables_shown": pictures[0], "steps_shown": pictures[1]}
    crumbs = ({"href": "index.html", "text": place.name},)
    tables = {**tables_of(pictures), "beginnings": built.beginnings(made.manifest)}
    return Page("build.html", "build.jinja", "How this build was made", shows, tables, crumbs=crumbs)


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


def pages_of_evidence(facts: Facts, told: Mapping[str, tuple[str, str]]) -> Iterator[Page]:
    """A page of evidence for each measure and table that the other pages show a number of."""
    crumbs = ({"href": "index.html", "text": facts.place.name},)
    for name, keys in why.cited(told).items():
        shows = why.shows(facts, name, keys.values())
        yield Page(why.file_of(name), "why.jinja", f"Evidence: {shows['behind'].title}", shows, crumbs=crumbs)


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

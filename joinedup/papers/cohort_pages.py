"""Pages of cohorts: one that lists them, and one each that says who is in it, how they came to be, and how they stand beside the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from joinedup.access.cohorts import Cohort
from joinedup.access.published import evidence_key
from joinedup.papers.facts import Facts
from joinedup.papers.figure import Column, Table
from joinedup.papers.figures import cohort_use, cohorts
from joinedup.papers.numbers import NO_DATA, share, whole
from joinedup.papers.page import Desk, Page, shown, tables_of
from joinedup.papers.summary import KeyFigure
from joinedup.papers.words import capital

FOLDER = "cohort"


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way into a cohort: how many are left, and who fell out before it."""

    title: str
    people: str
    out: str
    not_known: str
    why: str
    last: bool


def pages(facts: Facts, desk: Desk) -> Iterator[Page]:
    """The list of cohorts, then a page for each; none where the build has none."""
    if facts.cohorts:
        yield _index(facts, desk)
        for at, found in enumerate(facts.cohorts):
            yield _page(facts, desk, found, at)


def _index(facts: Facts, desk: Desk) -> Page:
    picture = shown(cohorts.sizes(facts), "cohorts", desk)
    shows = {"picture": picture, "listed": facts.cohorts}
    return Page("cohorts.html", "cohorts.jinja", "Cohorts", shows, tables_of([picture]), crumbs=_crumbs(facts, ""))


def _crumbs(facts: Facts, root: str) -> tuple[dict[str, str], ...]:
    return ({"href": f"{root}index.html", "text": facts.place.name},)


def _page(facts: Facts, desk: Desk, found: Cohort, at: int) -> Page:
    name, title = found.about["cohort_id"], found.about["title"]
    drawn = [cohorts.beside_the_rest(facts, found), cohort_use.use(facts, found), cohorts.where_they_live(facts, found)]
    around = cohort_use.spend(facts, found)
    pictures = {each.id: shown(each, name, desk) for each in (*drawn, *([around] if around else []))}
    tables = {"flow": flow(found), "overlap": overlap(found), "change": change(facts, found)}
    others = facts.cohorts
    shows = {
        "cohort": found,
        "year": cohorts.year_of(facts, found),
        "steps": steps(found),
        "keys": keys(facts, found),
        "pictures": pictures,
        "overlap": tables["overlap"],
        "change": tables["change"],
        "before": others[at - 1] if at else None,
        "after": others[at + 1] if at + 1 < len(others) else None,
    }
    crumbs = (*_crumbs(facts, "../"), {"href": "../cohorts.html", "text": "Cohorts"})
    return Page(f"{FOLDER}/{name}.html", "cohort.jinja", title, shows, {**tables, **tables_of(list(pictures.values()))}, crumbs=crumbs)


def keys(facts: Facts, found: Cohort) -> list[KeyFigure]:
    """How many are in it, which share that is, and of how many it isn't known."""
    rows = _steps(found)
    first, last = rows[0], rows[-1]
    unknown = None if any(row["not_known"] is None for row in rows) else sum(row["not_known"] for row in rows)
    year, why = cohorts.year_of(facts, found), cohorts.key("flow", found, last["step_order"])
    figures = [
        KeyFigure("People in it", whole(last["people"]), year, "", why=why),
        KeyFigure("Share", share(last["people"], first["people"]), "of everybody it may be of", "", why=cohorts.key("flow", found)),
    ]
    if facts.internal:
        figures.append(
            KeyFigure(
                "Not known", whole(unknown), "people of whom something that it asks for isn't known", "", why=cohorts.key("flow", found)
            )
        )
    return figures


def _steps(found: Cohort) -> list[dict[str, Any]]:
    rows = [row for row in found.flow.to_pylist() if row["year_starts"] == found.year]
    return sorted(rows, key=lambda row: row["step_order"])


def steps(found: Cohort) -> list[Step]:
    """The way into the cohort, for a picture that is made of boxes."""
    rows = _steps(found)
    return [
        Step(
            capital(row["title"]),
            whole(row["people"]),
            "" if row["out"] is None or not at else whole(row["out"]),
            "" if row["not_known"] is None else whole(row["not_known"]),
            cohorts.key("flow", found, row["step_order"]),
            at == len(rows) - 1,
        )
        for at, row in enumerate(rows)
    ]


def flow(found: Cohort) -> Table:
    """The steps with their counts."""
    rows = _steps(found)
    columns = [
        Column("Step", [capital(row["title"]) for row in rows], "step", [row["step"] for row in rows]),
        *(
            Column(head, [whole(row[name]) for row in rows], name, [row[name] for row in rows])
            for head, name in (("People", "people"), ("Out by it", "out"), ("Not known", "not_known"))
        ),
    ]
    return Table("How people come to be in it", columns, why=[cohorts.key("flow", found, row["step_order"]) for row in rows])


def overlap(found: Cohort) -> Table:
    """The other cohorts that its people are in."""
    rows = found.overlap.to_pylist()
    links = [Markup('<a href="{}.html">{}</a>').format(row["cohort_id"], row["title"]) for row in rows]
    columns = [
        Column("Also in", links, "cohort_id", [row["cohort_id"] for row in rows]),
        Column("People", [whole(row["people"]) for row in rows], "people", [row["people"] for row in rows]),
        Column(
            "Of this cohort",
            [_percent(row["percent_of_this"]) for row in rows],
            "percent_of_this",
            [row["percent_of_this"] for row in rows],
        ),
        Column(
            "Of the other",
            [_percent(row["percent_of_other"]) for row in rows],
            "percent_of_other",
            [row["percent_of_other"] for row in rows],
        ),
    ]
    nobody = cohorts.key("flow", found)
    keys = [cohorts.key("overlap", found, row["cohort_id"]) if row["people"] != 0 else nobody for row in rows]
    return Table("How many of its people are in other cohorts too", columns, why=keys)


def _percent(value: float | None) -> str:
    return NO_DATA if value is None else share(value, 100)


def change(facts: Facts, found: Cohort) -> Table:
    """What became of people from each year to the next."""
    rows = found.change.to_pylist()
    years = list(dict.fromkeys(row["year_starts"] for row in rows))
    kinds = list(dict.fromkeys(row["change"] for row in rows))
    counts = {(row["year_starts"], row["change"]): row["people"] for row in rows}
    columns = [Column("Since the year before", [capital(kind) for kind in kinds], "change", kinds)]
    for year in years:
        own = [counts[year, kind] for kind in kinds]
        name = found.about["cohort_id"]
        there = [
            evidence_key("cohort_change", name, year, kind) if counts[year, kind] != 0 else evidence_key("cohort_flow", name, year)
            for kind in kinds
        ]
        columns.append(Column(facts.years[year], [whole(each) for each in own], f"people_{year}", own, why=there))
    return Table("What became of people from year to year", columns)

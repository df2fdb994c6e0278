"""Who lives in an area and what is known of them: the sections that the page of the place and those of its neighbourhoods share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from joinedup.papers.facts import Area, Facts
from joinedup.papers.figure import Figure
from joinedup.papers.figures import conditions, deprivation, ethnicity, flows, frailty, people, scores, segments, standardised
from joinedup.papers.page import Desk, Page, Shown, shown, tables_of


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its pictures, side by side where they are small."""

    id: str
    heading: str
    figures: Sequence[Shown]
    columns: int = 1


def sections(facts: Facts, area: Area, page: str, desk: Desk) -> list[Section]:
    """The sections of an area, each with at least one picture."""
    asked: list[tuple[str, str, list[Figure], int]] = [
        ("people", "People", [people.figure(facts, area), deprivation.figure(facts, area), *_ethnicity(facts, area)], 2),
        ("health", "Health and circumstances", conditions.figures(facts, area), 1),
        ("standardised", "Conditions, once age is allowed for", _standardised(facts, area), 1),
        ("frailty", "Frailty", [frailty.figure(facts, area)] if frailty.is_known(facts) else [], 1),
        ("scores", "Scores", [each for each in [scores.figure(facts, area)] if each], 1),
        ("segments", "Segments", segments.figures(facts, area), 2),
        ("flows", "Where people go", _flows(facts, area), 1),
    ]
    return [
        Section(f"section-{name}", heading, [shown(each, page, desk) for each in figures], columns)
        for name, heading, figures, columns in asked
        if figures
    ]


def _ethnicity(facts: Facts, area: Area) -> list[Figure]:
    return [ethnicity.figure(facts, area)] if facts.profiled("ethnic_groups") else []


def _standardised(facts: Facts, area: Area) -> list[Figure]:
    """On the page of the place; on those of neighbourhoods the tables of conditions have their own rates."""
    found = standardised.figure(facts) if area == facts.whole else None
    return [found] if found else []


def _flows(facts: Facts, area: Area) -> list[Figure]:
    return [flows.figure(facts, area)] if facts.profiled("flows") else []


def of_place(facts: Facts, desk: Desk) -> Page:
    """The page of the place as a whole."""
    found = sections(facts, facts.whole, "profile", desk)
    practices = conditions.by_practice(facts)
    moved = dict(segments.moves(facts))
    shows = {"sections": found, "practices": practices, "moves": moved}
    tables = {f"moves-{name}": table for name, table in moved.items()}
    tables |= tables_of([each for section in found for each in section.figures]) | ({"practices": practices} if practices else {})
    return Page(
        "profile.html",
        "profile.jinja",
        f"People of {facts.place.name}",
        shows,
        tables,
        crumbs=({"href": "index.html", "text": facts.place.name},),
    )

"""The page of journeys: one child's, one adult's and one older person's invented year; of a real place why there is none."""

from __future__ import annotations

from joinedup.access.journeys import RULE
from joinedup.papers.facts import Facts
from joinedup.papers.figures import journey
from joinedup.papers.page import Desk, Page, shown, tables_of


def of_journeys(facts: Facts, desk: Desk) -> Page:
    """The page, for staff."""
    pictures = [shown(journey.figure(facts, each), "journeys", desk) for each in facts.journeys]
    shows = {"pictures": pictures, "rule": RULE, "price": ""}
    crumbs = ({"href": "index.html", "text": facts.place.name},)
    return Page("journeys.html", "journeys.jinja", "Journeys", shows, tables_of(pictures), crumbs=crumbs)

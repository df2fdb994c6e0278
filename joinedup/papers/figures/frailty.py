"""Frailty of people of 65 or over: how many are mildly, moderately and severely frail, by age in the table's file."""

from __future__ import annotations

from joinedup.access.rounding import added
from joinedup.papers.facts import Area, Facts
from joinedup.papers.figure import Figure, against
from joinedup.papers.figures import parts
from joinedup.papers.numbers import share

NAMES = {"fit": "No frailty recorded", "mild": "Mild", "moderate": "Moderate", "severe": "Severe"}
FRAIL = ("moderate", "severe")


def counts(facts: Facts, area: Area) -> parts.Counts:
    """People of 65 or over by frailty, all ages from there on together."""
    rows = facts.profiled("frailty")[area]
    return {name: added(row["people"] for row in rows if row["frailty"] == name) for name in (*NAMES, None)}


def is_known(facts: Facts) -> bool:
    """Whether anything of frailty is known."""
    return any(row["frailty"] for row in facts.listed("frailty"))


def figure(facts: Facts, area: Area) -> Figure:
    """The frailty of an area's older people against the place's."""
    of = parts.Parts(
        "frailty",
        f"People of 65 or over on {facts.as_at} by recorded frailty, % of those known",
        "Frailty",
        "frailty",
        "frailty",
        NAMES,
        {name: [part] for part, name in NAMES.items()},
        "people of 65 or over whose practice's data may not be counted",
        counts,
        apart_by=("any",),
    )
    mine, theirs = (parts.of_bar(counts(facts, each), FRAIL) for each in (area, facts.whole))
    said = f"{share(mine, 1)} of people of 65 or over are moderately or severely frail{against(facts, area, mine, theirs)}"
    return parts.figure(facts, area, of, said if mine is not None else f"Frailty in {area.name}")

"""Ethnic groups: the five groups of the 2001 census as bars, its sixteen categories in the table."""

from __future__ import annotations

from joinedup.papers.facts import Area, Facts
from joinedup.papers.figure import Figure, against
from joinedup.papers.figures import parts
from joinedup.papers.numbers import share

NAMES = {
    "A": "White: British",
    "B": "White: Irish",
    "C": "White: any other background",
    "D": "Mixed: White and Black Caribbean",
    "E": "Mixed: White and Black African",
    "F": "Mixed: White and Asian",
    "G": "Mixed: any other background",
    "H": "Asian: Indian",
    "J": "Asian: Pakistani",
    "K": "Asian: Bangladeshi",
    "L": "Asian: any other background",
    "M": "Black: Caribbean",
    "N": "Black: African",
    "P": "Black: any other background",
    "R": "Chinese",
    "S": "Any other ethnic group",
}
"""Ethnic category 2001 (NHS Data Dictionary), under the headings of the census."""
DRAWN = {
    "White: British": "A",
    "White: others": "BC",
    "Mixed": "DEFG",
    "Asian or Asian British": "HJKL",
    "Black or Black British": "MNP",
    "Chinese or other": "RS",
}


def counts(facts: Facts, area: Area) -> parts.Counts:
    """People by ethnic category."""
    rows = facts.profiled("ethnic_groups")[area]
    return dict.fromkeys(NAMES, 0) | {row["ethnic_group"]: row["people"] for row in rows}


def figure(facts: Facts, area: Area) -> Figure:
    """The ethnic groups of an area against the place's."""
    of = parts.Parts(
        "ethnic-groups",
        f"People registered on {facts.as_at} by ethnic group, % of those known",
        "Ethnic group",
        "ethnic_group",
        "ethnic_groups",
        NAMES,
        DRAWN,
        "people whose ethnic group isn't known or stated",
        counts,
    )
    return parts.figure(facts, area, of, finding(facts, area))


def finding(facts: Facts, area: Area) -> str:
    """How many are of other groups than the largest of the census, against the place."""
    others = [category for category in NAMES if category != "A"]
    mine, theirs = (parts.of_bar(counts(facts, of), others) for of in (area, facts.whole))
    if mine is None:
        return f"Ethnic groups of people in {area.name}"
    return f"{share(mine, 1)} of people are of another ethnic group than White British{against(facts, area, mine, theirs)}"

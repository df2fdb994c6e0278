"""What the overview and pages of neighbourhoods lead with: measures that changed or differ in a way that matters, and the way on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from joinedup.papers.facts import Area, Facts
from joinedup.papers.measure_facts import Measured
from joinedup.papers.measure_icons import picture
from joinedup.papers.measure_index import SHAPES
from joinedup.papers.measure_words import Change, changed, differs, expected_of_charts, expected_of_differing

MOST = 6
"""Changes that a page leads with; its list of all measures has the rest."""


def of_place(facts: Facts, measures: Sequence[Measured]) -> Mapping[str, Any] | None:
    """What changed in the place and within it, the place first; None where the build has no measure."""
    if not measures:
        return None
    areas = [facts.whole, *facts.areas]
    found = [change for each in ([facts.whole], facts.areas) for change in changed(measures, each)]
    return _lead(found, expected_of_charts(measures, areas))


def of_area(facts: Facts, measures: Sequence[Measured], area: Area) -> Mapping[str, Any] | None:
    """What changed in a neighbourhood, then in what it differs from the place; None where the build has no measure."""
    if not measures:
        return None
    expected = [expected_of_charts(measures, [area]), expected_of_differing(measures, [area])]
    return _lead([*changed(measures, [area]), *differs(measures, area)], " ".join(each for each in expected if each))


def _lead(found: Sequence[Change], expected: str) -> Mapping[str, Any]:
    signs = [(picture(SHAPES[each.way], each.direction), each) for each in found[:MOST]]
    return {"found": signs, "more": max(len(found) - MOST, 0), "expected": expected}

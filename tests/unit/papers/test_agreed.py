"""The page of agreements and objections."""

from __future__ import annotations

from datetime import date

import pytest

from joinedup.papers import agreed
from joinedup.papers.facts import Facts
from tests.agreements import agreement
from tests.unit.papers.fixtures import five

TODAY = date(2026, 5, 6)


def place(*agreements: object, **changes: object):
    fake = five()
    return fake.place.model_copy(update={"has_sharing": True, "agreements": agreements} | changes)


def facts() -> Facts:
    fake = five()
    return Facts(fake, fake.place)


@pytest.mark.parametrize(
    ("starts", "ends", "said"),
    [
        (date(2026, 5, 7), date(2030, 1, 1), "To come"),
        (date(2026, 5, 6), date(2026, 8, 5), "In force"),
        (date(2026, 1, 1), date(2026, 8, 4), "Ends soon"),
        (date(2026, 1, 1), date(2026, 5, 7), "Ends soon"),
        (date(2026, 1, 1), date(2026, 5, 6), "Ended"),
    ],
)
def test_how_an_agreement_stands(starts: date, ends: date, said: str) -> None:
    table = agreed.agreements(place(agreement(starts=starts, ends=ends)), TODAY)
    assert table.rows[0][1] == said


def test_each_source_may_be_used_for_what_is_agreed_and_for_nothing_else() -> None:
    names = [source.name for source in five().place.sources]
    told = agreed.uses(place(agreement(sources=(names[0],), purposes=("planning",))), TODAY)
    assert [row[1:] for row in told.rows] == [["No", "Yes", "No", "No"], *[["No"] * 4] * (len(names) - 1)]
    assert [len(agreed.warnings(place(agreement(sources=tuple(names))), TODAY))] == [0]
    (said,) = agreed.warnings(place(agreement(sources=tuple(names[1:]))), TODAY)
    assert names[0] in said
    (said,) = agreed.warnings(place(agreement(sources=tuple(names), purposes=("direct care",))), TODAY)
    assert "not for planning" in said


def test_what_is_removed_adds_up_over_areas_ages_and_fifths() -> None:
    found = facts()
    whole = agreed.out_of(found, found.whole)
    figure = agreed.deprivation(found)
    assert figure.table
    for table in (agreed.by_age(found), figure.table):
        counts = {column.name: list(column.values) for column in table.columns}
        assert (sum(counts["registered"]), sum(counts["removed"])) == (whole.registered, whole.removed)
    assert "fewer of the most deprived fifth" in figure.finding
    assert f"{whole.removed:,} people" in agreed.in_words(found)


def test_without_objections_there_is_nothing_to_draw() -> None:
    found = facts()
    found.__dict__["opted_out"] = {area: [] for area in (found.whole, found.nowhere, *found.areas)}
    assert agreed.deprivation(found).reason
    assert agreed.in_words(found) == ""
    assert "isn't the same as nobody objecting" in agreed.unlinked(found)

"""Pages say at which year's prices their costs are."""

from __future__ import annotations

from datetime import date

import pytest

from joinedup.papers.prices import in_short, in_words, none_later, of_averages
from joinedup.periods import Period


def year_from(year: int, month: int) -> Period:
    return Period(date(year, month, 1), date(year + 1, month, 1))


@pytest.mark.parametrize(
    ("period", "years"),
    [
        (year_from(2022, 4), ["2022-23"]),
        (year_from(2022, 7), ["2022-23", "2023-24"]),
        (year_from(2024, 7), ["2024-25"]),
        (year_from(2025, 4), ["2024-25"]),
        (year_from(2013, 1), ["2015-16"]),
    ],
)
def test_averages_are_at_the_prices_of_their_time_as_far_as_the_index_knows(period: Period, years: list[str]) -> None:
    assert of_averages(period) == years


def test_what_the_index_does_not_know_is_said() -> None:
    assert in_short(year_from(2025, 4)) == "extracts as paid, averages at 2024-25 prices"
    assert in_words(year_from(2022, 4)) == "Costs from extracts are as paid; published averages are at the prices of 2022-23."
    assert in_words(year_from(2024, 10)) == (
        "Costs from extracts are as paid; published averages are at the prices of 2024-25, the last year that the index of prices "
        "knows, and so below those of the time after March 2025."
    )


def test_a_period_after_the_last_year_of_the_index_has_no_known_change_of_prices() -> None:
    assert none_later(year_from(2024, 4)) == "prices make no difference to it"
    assert none_later(year_from(2025, 4)) == "the index of prices ends with 2024-25, so what prices did since isn't known"

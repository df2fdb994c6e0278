from datetime import date

import pytest

from joinedup.periods import Period, add_months, day_in_words, twelve_months_to


def test_a_period_holds_its_start_and_not_its_end() -> None:
    period = Period(date(2024, 2, 1), date(2024, 3, 1))
    assert date(2024, 2, 1) in period
    assert date(2024, 2, 29) in period
    assert date(2024, 3, 1) not in period
    assert period.days == 29
    assert period.last_day == date(2024, 2, 29)


@pytest.mark.parametrize("end", [date(2024, 2, 1), date(2024, 1, 31)])
def test_a_period_without_days_is_refused(end: date) -> None:
    with pytest.raises(ValueError, match="ends after it starts"):
        Period(date(2024, 2, 1), end)


@pytest.mark.parametrize(
    ("as_at", "start", "end"),
    [
        (date(2026, 3, 31), date(2025, 4, 1), date(2026, 4, 1)),
        (date(2026, 3, 30), date(2025, 3, 1), date(2026, 3, 1)),
        (date(2024, 2, 29), date(2023, 3, 1), date(2024, 3, 1)),
        (date(2025, 12, 31), date(2025, 1, 1), date(2026, 1, 1)),
    ],
)
def test_twelve_whole_months_end_on_or_before_the_as_at_date(as_at: date, start: date, end: date) -> None:
    assert twelve_months_to(as_at) == Period(start, end)


def test_months_are_those_that_begin_inside() -> None:
    months = list(Period(date(2025, 11, 15), date(2026, 2, 10)).months())
    assert [month.start for month in months] == [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]
    assert [month.days for month in months] == [31, 31, 28]


@pytest.mark.parametrize(
    ("months", "expected"), [(0, date(2024, 1, 1)), (-1, date(2023, 12, 1)), (12, date(2025, 1, 1)), (-13, date(2022, 12, 1))]
)
def test_months_are_added_from_the_first_of_the_month(months: int, expected: date) -> None:
    assert add_months(date(2024, 1, 31), months) == expected


def test_a_day_is_written_as_the_nhs_content_guide_does() -> None:
    assert day_in_words(date(2026, 3, 1)) == "1 March 2026"

"""Bank holidays, trends and the hard winter."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from joinedup.sources.synthetic.seasons import day_number, hard_winter, is_holiday, next_working, season, span_to

EVEN = {"weekday": [1] * 7, "month": [1] * 12}
GOV_UK = {
    2021: ["01-01", "04-02", "04-05", "05-03", "05-31", "08-30", "12-27", "12-28"],
    2024: ["01-01", "03-29", "04-01", "05-06", "05-27", "08-26", "12-25", "12-26"],
    2025: ["01-01", "04-18", "04-21", "05-05", "05-26", "08-25", "12-25", "12-26"],
    2026: ["01-01", "04-03", "04-06", "05-04", "05-25", "08-31", "12-25", "12-28"],
}
"""Bank holidays of England and Wales as the government lists them."""


@pytest.mark.parametrize("year", GOV_UK)
def test_bank_holidays_are_those_of_england(year: int) -> None:
    days = np.arange(day_number(date(year, 1, 1)), day_number(date(year + 1, 1, 1)))
    found = days[is_holiday(days)].astype("datetime64[D]").astype(str).tolist()
    assert found == [f"{year}-{day}" for day in GOV_UK[year]]


def test_the_next_working_day_skips_weekends_and_bank_holidays() -> None:
    friday, tuesday = day_number(date(2024, 3, 29)), day_number(date(2024, 4, 2))
    assert next_working(np.arange(friday, tuesday + 1)).tolist() == [tuesday] * 5
    assert next_working(np.array([tuesday + 1])).tolist() == [tuesday + 1]


def test_a_bank_holiday_is_like_a_sunday() -> None:
    span = span_to(date(2025, 3, 31), 1)
    made = season(span, {"weekday": [1, 1, 1, 1, 1, 1, 0], "month": [1] * 12})
    monday = np.array([day_number(date(2024, 5, 6))])
    assert made.years(monday, monday + 1)[0] == 0
    assert made.years(monday + 1, monday + 2)[0] > 0


def test_what_grows_is_commoner_at_the_end() -> None:
    span = span_to(date(2026, 3, 31), 3)
    made = season(span, EVEN | {"trend": 0.1})
    start = np.array([span.start, span.end - 365])
    years = made.years(start, start + 365)
    assert years[1] / years[0] == pytest.approx(1.1**2, rel=0.01)
    assert made.years(np.array([span.start]), np.array([span.end]))[0] == pytest.approx(span.years)


def test_one_winter_is_hard() -> None:
    span = span_to(date(2026, 3, 31), 2)
    start, end = hard_winter(span)
    assert (start, end) == (day_number(date(2025, 12, 8)), day_number(date(2026, 2, 9)))
    made = season(span, EVEN | {"hard_winter": 1.2})
    days = np.array([start, start - 365])
    hard, usual = made.years(days, days + 60)
    assert hard / usual == pytest.approx(1.2)
    assert hard_winter(span_to(date(2025, 11, 30), 1))[0] == day_number(date(2024, 12, 8))

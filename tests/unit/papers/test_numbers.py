from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from joinedup.papers import numbers


@pytest.mark.parametrize("say", [numbers.whole, numbers.rate, numbers.pounds, numbers.each, numbers.day])
def test_missing_is_said_and_never_0(say: object) -> None:
    assert callable(say)
    assert say(None) == "no data"


def test_counts_have_thousands() -> None:
    assert [numbers.whole(value) for value in (0, 999, 1000, 1234567)] == ["0", "999", "1,000", "1,234,567"]


def test_rates_have_one_decimal() -> None:
    assert [numbers.rate(value) for value in (0.0, 9.96, 1234.54)] == ["0.0", "10.0", "1,234.5"]


def test_limits_need_both_ends() -> None:
    assert numbers.limits(10.24, 13.38) == "10.2 to 13.4"
    assert numbers.limits(None, 13.4) == numbers.limits(10.2, None) == "no data"


def test_a_share_of_nothing_is_no_data() -> None:
    assert numbers.share(1, 8) == "12.5%"
    assert numbers.share(0, 8) == "0.0%"
    assert numbers.share(1, 9_000) == "below 0.1%"
    assert numbers.share(1, 1_900) == "0.1%"
    assert numbers.share(8, 8) == "100.0%"
    assert numbers.share(8_999, 9_000) == "over 99.9%"
    assert numbers.share(1_899, 1_900) == "99.9%"
    assert numbers.share(0, 0) == numbers.share(None, 8) == "no data"


def test_per_is_a_rate() -> None:
    assert numbers.per(5, 2000, 1000) == 2.5
    assert numbers.per(5, 0, 1000) is None


@pytest.mark.parametrize(
    ("pence", "words"),
    [
        (0, "£0"),
        (49, "£0"),
        (-30, "£0"),
        (123456, "£1,235"),
        (-123456, "−£1,235"),
        (99_999_949, "£999,999"),
        (99_999_950, "£1.0 million"),
        (123_456_700_00, "£123.5 million"),
    ],
)
def test_pounds_are_whole_and_millions_short(pence: int, words: str) -> None:
    assert numbers.pounds(pence) == words


@pytest.mark.parametrize(("pence", "words"), [(420, "£4.20"), (999.4, "£9.99"), (1000, "£10"), (-420, "−£4.20"), (0, "£0.00")])
def test_money_for_one_person_has_pence_below_ten_pounds(pence: float, words: str) -> None:
    assert numbers.each(pence) == words


@pytest.mark.parametrize(
    ("new", "old", "words"),
    [(105, 100, "5% more than"), (95, 100, "5% fewer than"), (100, 100, "as many as"), (5, 0, "no data"), (None, 5, "no data")],
)
def test_change_is_relative_to_what_was_before(new: int | None, old: int, words: str) -> None:
    assert numbers.change(new, old) == words


def test_days_months_and_moments() -> None:
    assert numbers.day(date(2026, 3, 1)) == "1 March 2026"
    assert numbers.month(date(2026, 3, 1)) == "March 2026"
    assert numbers.moment(datetime(2026, 5, 6, 13, 4, tzinfo=UTC)) == "6 May 2026, 13:04 UTC"

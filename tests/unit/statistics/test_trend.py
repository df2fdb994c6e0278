"""Recent trends, against published answers and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinedup.statistics.estimates import Reason
from joinedup.statistics.rates import rate
from joinedup.statistics.trend import FALLS, LEVEL, RISES, recent_trend, recent_trend_of_proportions

EYES = ([2.935, 1.93028, 2.7567, 2.8701, 3.0121], [2.7841, 1.8085, 2.6113, 2.7225, 2.8616], [3.0919, 2.058, 2.9082, 3.0237, 3.1683])
DIABETES = ([3455176, 3491868, 3625401, 3774801, 3938080], [48783947, 49122259, 49956777, 50649129, 51441896])
MEASLES = ([57274, 55865, 53681, 51767, 53185], [61834, 60511, 59074, 57508, 59028])


def test_published_trends_of_proportions():
    """Fingertips, 2020 to 2024: recorded diabetes in England rises, measles vaccination in Yorkshire falls (FingertipsNext, tests)."""
    found = recent_trend_of_proportions(*zip(DIABETES, MEASLES, strict=True))
    assert found.direction.tolist() == [RISES, FALLS]


def test_published_trend_of_a_rate():
    """Fingertips, 2020 to 2024: preventable sight loss from diabetic eye disease in England increases (FingertipsNext, tests)."""
    assert recent_trend(*EYES).direction.tolist() == RISES


def test_the_weighted_line_by_hand():
    """1 to 5 with limits 1.96 either side: SE 1, slope 1, chi-squared 1 x 10; with limits twice as wide a quarter of it."""
    y = np.arange(1.0, 6)
    for times, direction in ((1, RISES), (2, LEVEL)):
        found = recent_trend(y, y - 1.959964 * times, y + 1.959964 * times)
        assert found.slope == pytest.approx(1)
        assert found.chi_squared == pytest.approx(10 / times**2, rel=1e-6)
        assert found.direction.tolist() == direction


def test_armitages_chi_squared_by_hand():
    """10, 20, 30, 40, 50 of 100: pooled 0.3, slope 0.1, chi-squared 0.01 x 1000 / 0.21."""
    found = recent_trend_of_proportions([10, 20, 30, 40, 50], [100] * 5)
    assert found.chi_squared == pytest.approx(0.01 * 1000 / 0.21)
    assert found.slope == pytest.approx(0.1)


def test_a_trend_that_hangs_on_one_point_is_none():
    found = recent_trend_of_proportions([100, 101, 100, 99, 200], [1000] * 5)
    assert found.chi_squared > 9.55
    assert found.direction.tolist() == LEVEL


def test_only_the_last_five_points_count():
    longer = recent_trend_of_proportions([900, 10, 20, 30, 40, 50], [1000, 100, 100, 100, 100, 100])
    assert longer.chi_squared == recent_trend_of_proportions([10, 20, 30, 40, 50], [100] * 5).chi_squared


def test_nothing_tested_is_said_so_and_never_no_change():
    yes = [[1, 2, np.nan, 4, 5], [1, 2, 3, 4, 5], [0] * 5, [9, 9, 9, 9, 9], [1, 2, 3, 4, 50], [10, 20, 30, 40, 50]]
    of = [[9] * 5, [9, 9, 0, 9, 9], [9] * 5, [9] * 5, [9] * 5, [100] * 5]
    found = recent_trend_of_proportions(yes, of)
    assert found.reason.tolist() == [Reason.NOT_TESTED] * 4 + [Reason.IMPOSSIBLE, None]
    assert found.direction.tolist() == [None] * 5 + [RISES]
    assert recent_trend_of_proportions([1, 2, 3, 4], [9] * 4).reason.tolist() is Reason.NOT_TESTED
    without_limits = recent_trend([[1, 2, 3, 4, 5]], [[1, 2, 3, 4, 5]], [[1, 2, 3, 4, 5]])
    assert (without_limits.direction.tolist(), without_limits.reason.tolist()) == ([None], [Reason.NOT_TESTED])


@given(st.lists(st.integers(1, 400), min_size=5, max_size=5))
def test_turned_round_in_time_the_direction_turns(events):
    made = rate(events, [1000] * 5)
    forwards = recent_trend(made.value, made.lower, made.upper)
    backwards = recent_trend(made.value[::-1], made.lower[::-1], made.upper[::-1])
    assert {RISES: FALLS, FALLS: RISES, LEVEL: LEVEL}[forwards.direction.tolist()] == backwards.direction.tolist()
    assert forwards.chi_squared == pytest.approx(backwards.chi_squared)


OLDER = ([10588957, 10547929, 10851467, 11034431, 11246440], [60458658, 60744002, 61625745, 62418295, 63227624])
"""People of 65 and over of all registered in England, 2020 to 2024, published without limits (FingertipsNext, tests, indicator 93468)."""


def test_no_change_is_not_said_of_what_was_not_tested():
    """Fingertips says 'no change' of OLDER, though the share rises from 17.51% to 17.79% of 60 million people.

    Its calculator keeps points with limits alone, of which there are none, so that its chi-squared is 0 / 0, which isn't above 9.55.
    """
    counted = recent_trend_of_proportions(*OLDER)
    assert counted.direction.tolist() == RISES
    assert counted.chi_squared == pytest.approx(3167.7988, rel=1e-7)
    share = np.divide(*OLDER)
    without = recent_trend(share, [np.nan] * 5, [np.nan] * 5)
    assert (without.direction.tolist(), without.reason.tolist()) == (None, Reason.NOT_TESTED)


def test_published_trends_of_values_with_limits():
    """Fingertips: measles vaccination, Yorkshire and the Humber, 2020 to 2024, and cancer deaths under 75, England, to 2023, fall."""
    measles = (
        [92.6254, 92.3221, 90.8708, 90.017, 90.1013],
        [92.4168, 92.1072, 90.6358, 89.7694, 89.8578],
        [92.8288, 92.5315, 91.1004, 90.2594, 90.3396],
    )
    cancer = (
        [126.9341, 125.829, 121.5234, 122.3782, 120.7742],
        [125.9343, 124.8371, 120.5533, 121.4012, 119.8035],
        [127.94, 126.8268, 122.4993, 123.361, 121.7507],
    )
    found = recent_trend(*zip(measles, cancer, strict=True))
    assert found.direction.tolist() == [FALLS, FALLS]

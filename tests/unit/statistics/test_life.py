"""Life expectancy, against published values and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinedup.statistics.estimates import Reason
from joinedup.statistics.life import AGES, life_expectancy

PEOPLE = [7060, 35059, 46974, 48489, 43219, 38561, 46009, 57208, 61435, 55601, 50209, 56416, 46411, 39820, 37978, 37039, 33288, 23306]
PEOPLE += [11936, 11936]
DEATHS = [17, 9, 4, 8, 20, 15, 24, 33, 50, 71, 100, 163, 263, 304, 536, 872, 1390, 1605, 1936, 1937]


def test_life_expectancy_is_that_of_the_public_health_calculator():
    """PHEindicatormethods, testLifeExpectancy.R, answer1, Public Health England's Life Expectancy Calculator (z = 1.96)."""
    found = life_expectancy(DEATHS, PEOPLE)
    published = {0: (80.16960813, 79.88268548, 80.45653078), 25: (55.78835987, 55.53801579, 56.03870395)}
    published |= {65: (18.76856852, 18.57570352, 18.96143352), 90: (6.16210635, 5.887683386, 6.436529314)}
    for age, (value, lower, upper) in published.items():
        at = AGES.index(age)
        assert found.value[at] == pytest.approx(value, abs=1e-8)
        assert (found.lower[at], found.upper[at]) == pytest.approx((lower, upper), abs=1e-5)


def test_two_bands_by_hand():
    """Ten years with a rate of 0.02, then an open band with 0.1: q = 0.2 / 1.1, e = 10 (1 - q / 2) + (1 - q) 10."""
    found = life_expectancy([20, 50], [1000, 500], (0, 10), minimum=0)
    dying = 0.2 / 1.1
    assert found.value.tolist() == pytest.approx([10 * (1 - dying / 2) + (1 - dying) * 10, 10])
    variance = 15**2 * dying**2 * (1 - dying) / 20 + (1 - dying) ** 2 / (50 * 0.1**2)
    assert found.upper[0] - found.value[0] == pytest.approx(1.959964 * np.sqrt(variance))
    assert found.upper[1] - found.value[1] == pytest.approx(1.959964 * np.sqrt(1 / (50 * 0.1**2)))


def test_tables_that_cannot_be_made_have_a_reason_and_spoil_no_other():
    deaths, people = np.tile(np.array(DEATHS, dtype=float), (8, 1)), np.tile(np.array(PEOPLE, dtype=float), (8, 1))
    deaths[1, 3] = 0
    deaths[2, -1] = 0
    people[3, 5] = 0
    people[4, 5] = np.nan
    people[5, -2] = 119
    deaths[6] = np.nan
    people[7], deaths[7] = 100, 1
    found = life_expectancy(deaths, people)
    wanted = [None, None, Reason.NO_EVENTS, Reason.ZERO_DENOMINATOR, Reason.BAND_MISSING, Reason.IMPOSSIBLE]
    assert found.reason[:, 0].tolist() == [*wanted, Reason.SOURCE_MISSING, Reason.TOO_FEW]
    assert np.isfinite(found.value[:2]).all()
    assert np.isnan(found.value[2:]).all()
    assert found.value[0, 0] == life_expectancy(DEATHS, PEOPLE).value[0]


def test_another_number_of_bands_is_refused():
    with pytest.raises(ValueError, match="found 2 bands and 20 ages"):
        life_expectancy([1, 2], [3, 4])


@given(st.lists(st.integers(1, 50), min_size=20, max_size=20), st.integers(2, 9))
def test_more_people_alike_change_the_limits_alone_and_more_deaths_shorten_life(deaths, times):
    died = np.array(deaths)
    one, many = (life_expectancy(died * of, np.full(20, 1000) * of, confidence=[0.95, 0.998]) for of in (1, times))
    np.testing.assert_allclose(one.value, many.value, rtol=1e-12)
    np.testing.assert_allclose((one.upper - one.lower) / np.sqrt(times), many.upper - many.lower, rtol=1e-9)
    worse = life_expectancy(died + (np.arange(20) == 7), np.full(20, 1000))
    assert (worse.value[:8] < one.value[:8]).all()
    np.testing.assert_allclose(worse.value[8:], one.value[8:], rtol=1e-12)

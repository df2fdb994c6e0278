"""Slope and relative index of inequality, by hand and against simulation as the published tool does it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinedup.statistics.estimates import Reason
from joinedup.statistics.inequality import relative_index, slope_index

LIFE = [70.56313911, 72.61347473, 75.06710359, 75.20662276, 76.23469045, 75.21801932, 77.09240397, 79.84156222, 80.81329918, 82.73763832]
ERROR = [1.133868862, 1.020288759, 1.108685178, 1.485618539, 1.311653285, 1.169033147, 1.306645801, 1.090905616, 0.979426096, 1.319452272]
PEOPLE = [13837, 14519, 14940, 14599, 12311, 13196, 13335, 13388, 13685, 11779]
"""Men of Hartlepool by tenth: PHEindicatormethods, LE_data."""


def test_five_equal_groups_on_a_line_by_hand():
    """Ridits 0.1 to 0.9; 10, 8, 6, 4, 2 fall by 10 from rank 0 (11) to rank 1 (1)."""
    values, people = [10, 8, 6, 4, 2], [1, 1, 1, 1, 1]
    error = np.full(5, 0.1)
    slope, ratio = slope_index(values, people, error), relative_index(values, people, error)
    assert slope.value == pytest.approx(-10)
    assert slope.upper == pytest.approx(-10 + 1.959964 * 0.1 / np.sqrt(0.4))
    assert ratio.value == pytest.approx(1 / 11)
    assert slope_index(values, people).upper == pytest.approx(-10)


def test_unequal_groups_stand_at_the_middle_of_their_share():
    """Shares 0.5, 0.25, 0.25: ridits 0.25, 0.625, 0.875; 4 + 8 of each is a line."""
    assert slope_index([6, 9, 11], [2, 1, 1]).value == pytest.approx(8)
    assert relative_index([6, 9, 11], [2, 1, 1], [0.1] * 3).value == pytest.approx(3)


def test_limits_are_those_that_simulation_of_the_values_gives():
    """Public Health England's tool draws each value from its normal distribution and takes percentiles of slope and ratio."""
    drawn = np.random.default_rng(20261123).normal(LIFE, ERROR, (200_000, 10))
    share = np.array(PEOPLE) / sum(PEOPLE)
    rank = np.cumsum(share) - share / 2
    fits = np.linalg.lstsq(np.sqrt(share)[:, None] * np.c_[np.ones(10), rank], (np.sqrt(share) * drawn).T)[0]
    slope, ratio = slope_index(LIFE, PEOPLE, ERROR), relative_index(LIFE, PEOPLE, ERROR)
    np.testing.assert_allclose(np.quantile(fits[1], [0.025, 0.975]), [slope.lower, slope.upper], atol=0.03)
    np.testing.assert_allclose(np.quantile(1 + fits[1] / fits[0], [0.025, 0.975]), [ratio.lower, ratio.upper], atol=0.0005)
    assert slope.value == pytest.approx(np.linalg.lstsq(np.sqrt(share)[:, None] * np.c_[np.ones(10), rank], np.sqrt(share) * LIFE)[0][1])


def test_log_linear_by_hand():
    """Values 8, 4, 2, 1 halve by each quarter: b = -4 ln 2, so the ratio is 1 / 16; rank 0 has 8 √2."""
    values, people, error = [8, 4, 2, 1], [1, 1, 1, 1], [0.08, 0.04, 0.02, 0.01]
    ratio, gap = relative_index(values, people, error, log=True), slope_index(values, people, error, log=True)
    assert ratio.value == pytest.approx(1 / 16)
    assert gap.value == pytest.approx(8 * np.sqrt(2) * (1 / 16 - 1))
    assert np.log(ratio.upper / ratio.value) == pytest.approx(1.959964 * 0.01 / np.sqrt(5 / 16))
    assert gap.lower < gap.value < gap.upper


def test_populations_without_a_line_have_a_reason_and_spoil_no_other():
    values = [[10, 8, 6, 4], [10, np.nan, 6, 4], [np.nan] * 4, [10, 8, 6, 4], [3, 2, 1, -6], [3.0, 2.0, 1.0, 0.0]]
    people = np.array([[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [1, 0, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]])
    wanted = [None, Reason.BAND_MISSING, Reason.SOURCE_MISSING, Reason.ZERO_DENOMINATOR]
    assert slope_index(values, people).reason.tolist() == [*wanted, None, None]
    assert slope_index(values, people, log=True).reason.tolist() == [*wanted, Reason.IMPOSSIBLE, Reason.IMPOSSIBLE]
    assert relative_index([-1, 2, 6], [1, 1, 1], [0.1] * 3).reason.tolist() is Reason.IMPOSSIBLE
    assert relative_index([1, 2, 3], [1, 1, 1], [9] * 3).reason.tolist() is Reason.TOO_FEW
    assert slope_index([1, 2], [1, 1]).reason.tolist() is Reason.TOO_FEW


@given(st.lists(st.integers(50, 99), min_size=5, max_size=5), st.lists(st.integers(1, 99), min_size=5, max_size=5), st.integers(2, 9))
def test_limits_hold_the_value_and_scale_with_it(values, people, times):
    error = np.full(5, 2.0)
    found = slope_index(values, people, error, confidence=[0.95, 0.998])
    more = slope_index(np.array(values) * times, people, error * times, confidence=[0.95, 0.998])
    np.testing.assert_allclose(found.lower * times, more.lower, rtol=1e-9, atol=1e-9)
    assert (found.lower <= found.value).all()
    assert (found.value <= found.upper).all()
    ratio, other = relative_index(values, people, error), relative_index(np.array(values) * times, people, error * times)
    np.testing.assert_allclose(ratio.upper, other.upper, rtol=1e-9)
    assert np.isnan(ratio.value) or ratio.lower <= ratio.value <= ratio.upper

"""Limits of counts and sums, against published tables and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinedup.statistics.poisson import byar_limits, exact_limits_below_ten, poisson_limits, sum_limits


@pytest.mark.parametrize(
    ("count", "lower", "upper"),
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (2, 0.2422, 7.225), (3, 0.6187, 8.767), (5, 1.6235, 11.6683), (9, 4.1154, 17.0848)],
)
def test_exact_limits_are_those_of_garwood(count, lower, upper):
    """Garwood 1936; Pearson and Hartley, Biometrika Tables for Statisticians I (1966), table 40."""
    low, high = poisson_limits(count)
    assert low[0] == pytest.approx(lower, abs=6e-5)
    assert high[0] == pytest.approx(upper, abs=6e-4)


def test_exact_limits_hold_at_other_levels_of_confidence():
    """Pearson and Hartley, table 40: 99% limits of 0 are 0 to 5.298, of 5 are 1.078 to 14.150."""
    lower, upper = exact_limits_below_ten(0.99)
    assert upper[0] == pytest.approx(5.298, abs=6e-4)
    assert (lower[5], upper[5]) == pytest.approx((1.078, 14.150), abs=6e-4)
    assert exact_limits_below_ten(0.998)[1][0] == pytest.approx(-np.log(0.001))


@pytest.mark.parametrize(("count", "lower", "upper"), [(10, 4.79, 18.39), (50, 37.1, 65.9), (100, 81.4, 121.6)])
def test_byars_limits_are_near_the_exact_ones_from_ten_on(count, lower, upper):
    """Exact limits to three figures, Pearson and Hartley, table 40: 10 has 4.80 to 18.4, 50 has 37.1 to 65.9, 100 has 81.4 to 121.6."""
    low, high = byar_limits(count)
    assert low[0] == pytest.approx(lower, abs=0.051 if count > 10 else 0.006)
    assert high[0] == pytest.approx(upper, abs=0.051 if count > 10 else 0.006)


def test_ten_is_byars_and_nine_is_exact():
    low, _ = poisson_limits([9, 10])
    assert low[0] != pytest.approx(byar_limits(9)[0][0], abs=1e-4)
    assert low[1] == byar_limits(10)[0][0]


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=20), st.sampled_from([0.8, 0.95, 0.998]))
def test_limits_hold_the_count_and_grow_with_it(counts, confidence):
    ordered = np.array(sorted(set(counts)), dtype=float)
    lower, upper = poisson_limits(ordered, confidence)
    assert (lower <= ordered).all()
    assert (upper > ordered).all()
    assert (np.diff(lower) > -1e-9).all()
    assert (np.diff(upper) > 0).all()


@given(st.integers(0, 1000))
def test_more_confidence_is_wider(count):
    narrow, wide = poisson_limits(count, 0.95), poisson_limits(count, 0.998)
    assert wide[0][0] <= narrow[0][0]
    assert wide[1][0] > narrow[1][0]


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_a_level_that_is_no_level_is_refused(confidence):
    with pytest.raises(ValueError, match="between 0 and 1"):
        byar_limits(10, confidence)


def test_what_is_no_count_has_no_limits_and_spoils_no_other():
    lower, upper = poisson_limits([-1, np.nan, 20])
    assert np.isnan(lower[:2]).all()
    assert np.isnan(upper[:2]).all()
    assert (lower[2], upper[2]) == (byar_limits(20)[0][0], byar_limits(20)[1][0])


def test_a_sum_of_equal_amounts_has_byars_limits_times_the_amount():
    lower, upper = sum_limits(30 * 4.0, 30 * 16.0)
    assert lower[0] == pytest.approx(4 * byar_limits(30)[0][0])
    assert upper[0] == pytest.approx(4 * byar_limits(30)[1][0])


def test_limits_of_a_sum_hold_the_truth_about_nineteen_times_in_twenty():
    """Sums of stays: 60 on average, lengths geometric with mean 6 days, the exact mean being 360 days."""
    draw = np.random.default_rng(20260331)
    stays = draw.poisson(60, size=4000)
    longest = stays.max()
    days = np.where(np.arange(longest) < stays[:, None], draw.geometric(1 / 6, size=(4000, longest)), 0)
    lower, upper = sum_limits(days.sum(axis=1), (days**2).sum(axis=1))
    assert 0.93 < np.mean((lower <= 360) & (upper >= 360)) < 0.97
    counted_as_single_days = poisson_limits(days.sum(axis=1))
    assert np.mean((counted_as_single_days[0] <= 360) & (counted_as_single_days[1] >= 360)) < 0.6

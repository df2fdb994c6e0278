"""Means and medians, against published tables, by hand and by their properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinedup.statistics.averages import mean, mean_of, median, quantile
from joinedup.statistics.estimates import Reason


def test_a_mean_with_students_limits_by_hand():
    """1 to 10: mean 5.5, variance 55 / 6; t of 9 degrees of freedom 2.262157 (95%) and 3.249836 (99%)."""
    found = mean([55], [385], [10], confidence=[0.95, 0.99])
    error = np.sqrt(55 / 6 / 10)
    assert found.value[0] == 5.5
    np.testing.assert_allclose(found.upper[0] - 5.5, [2.262157 * error, 3.249836 * error], rtol=1e-6)
    np.testing.assert_allclose(5.5 - found.lower[0], [2.262157 * error, 3.249836 * error], rtol=1e-6)


def test_means_that_cannot_be_have_a_reason_and_spoil_no_other():
    found = mean([5, 5, 0, None, 55, 4, 10], [25, 1, 0, 3, 385, 4, 25], [1, 3, 0, 3, 10, None, 4])
    wanted = [Reason.TOO_FEW, Reason.IMPOSSIBLE, Reason.ZERO_DENOMINATOR, Reason.SOURCE_MISSING, None, Reason.SOURCE_MISSING, None]
    assert found.reason.tolist() == wanted
    assert (found.lower[6], found.upper[6]) == (2.5, 2.5)
    assert mean([0], [0], [3]).upper.tolist() == [0]


def test_means_of_values_lose_nothing_of_a_small_spread():
    found = mean_of([1e9, 1e9 + 1, 1e9 + 2, 3, np.nan], [0, 0, 0, 1, 2], 4)
    assert found.value[0] == 1e9 + 1
    assert found.upper[0] - found.value[0] == pytest.approx(4.302653 / np.sqrt(3), rel=1e-6)
    assert found.reason.tolist() == [None, Reason.TOO_FEW, Reason.ZERO_DENOMINATOR, Reason.ZERO_DENOMINATOR]


@pytest.mark.parametrize(("n", "low", "high"), [(6, 1, 6), (10, 2, 9), (20, 6, 15), (30, 10, 21), (50, 18, 33), (100, 40, 61)])
def test_the_ranks_of_a_medians_limits_are_those_of_the_published_table(n, low, high):
    """Altman, Machin, Bryant and Gardner, Statistics with Confidence (2000), table 18.4: ranks of 95% limits for a median."""
    found = median(np.arange(1, n + 1), np.zeros(n), 1)
    assert (found.value[0], found.lower[0], found.upper[0]) == ((n + 1) / 2, low, high)


def test_too_few_values_for_a_medians_limits():
    values, group = [1, 2, 3, 4, 5, 7, *range(10)], [0] * 5 + [1] + [3] * 10
    found = median(values, group, 4, confidence=[0.95, 0.998])
    assert found.reason.tolist() == [Reason.TOO_FEW, Reason.TOO_FEW, Reason.ZERO_DENOMINATOR, None]
    assert found.lower[3].tolist() == [1, 0]
    six = median(range(6), [0] * 6, 1, confidence=[0.95, 0.998])
    assert six.reason.tolist() == [None]
    assert np.isnan(six.upper[0]).tolist() == [False, True]


def test_the_ninth_tenth_by_hand():
    """0 to 100: type 7 gives 90; 95% limits are the 85th and 97th of 101 (binomial, 0.9: below 85 in 2.4%, up to 96 in 97.6%)."""
    found = quantile(np.arange(101), np.zeros(101), 1, at=0.9)
    assert found.value[0] == 90
    assert (found.lower[0], found.upper[0]) == (84, 96)


def test_groups_and_quantiles_that_are_not_there_are_refused():
    with pytest.raises(ValueError, match="from 0 to 1: found 0 to 2"):
        median([1, 2], [0, 2], 2)
    with pytest.raises(ValueError, match="such as 0"):
        quantile([1], [0], 1, at=1.5)
    with pytest.raises(ValueError, match="one group"):
        median([1, 2], [0], 1)


@given(st.lists(st.tuples(st.integers(-99, 99), st.integers(0, 4)), min_size=1, max_size=120), st.randoms())
def test_medians_are_numpys_and_order_changes_nothing(pairs, random):
    shuffled = list(pairs)
    random.shuffle(shuffled)
    found, again = (median(*zip(*rows, strict=True), 5, confidence=[0.5, 0.95]) for rows in (pairs, shuffled))
    np.testing.assert_array_equal(found.lower, again.lower)
    for group in range(5):
        values = [value for value, of in pairs if of == group]
        if found.reason[group] is None:
            assert found.value[group] == np.median(values)
            assert found.lower[group, 0] <= found.value[group] <= found.upper[group, 0]
        else:
            assert len(values) < 3


@given(st.lists(st.tuples(st.integers(-999, 999), st.integers(0, 3)), min_size=1, max_size=60))
def test_means_from_sums_are_those_from_values(pairs):
    value, group = (np.array(each) for each in zip(*pairs, strict=True))
    sums = [np.bincount(group, each, 4) for each in (value, value**2, np.ones_like(value))]
    found, other = mean(*sums), mean_of(value, group, 4)
    assert found.reason.tolist() == other.reason.tolist()
    np.testing.assert_allclose(found.value, other.value, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.upper, other.upper, rtol=1e-6, atol=1e-4)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=40), st.sampled_from([0.1, 0.5, 0.9])
)
def test_values_with_counts_are_those_values_so_many_times(rows, at):
    value, group, times = (np.array(each) for each in zip(*rows, strict=True))
    counted = quantile(value, group, 4, at=at, counts=times, confidence=[0.5, 0.95])
    written_out = quantile(np.repeat(value, times), np.repeat(group, times), 4, at=at, confidence=[0.5, 0.95])
    for name in ("value", "lower", "upper"):
        np.testing.assert_array_equal(getattr(counted, name), getattr(written_out, name))
    assert counted.reason.tolist() == written_out.reason.tolist()


def test_counts_below_nothing_are_refused():
    with pytest.raises(ValueError, match="none below 0"):
        median([1, 2], [0, 0], 1, counts=[1, -1])

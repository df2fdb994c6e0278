"""Rates and proportions, against published values and by their properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinedup.statistics.estimates import Reason, compared
from joinedup.statistics.rates import rate, rate_of_sum, wilson


def test_a_rate_scales_the_limits_of_its_count():
    found = rate([5, 0], [1000, 500], per=100_000)
    assert found.value.tolist() == [500, 0]
    assert (found.lower[0], found.upper[0]) == pytest.approx((162.35, 1166.83), abs=0.01)
    assert (found.lower[1], found.upper[1]) == pytest.approx((0, 737.78), abs=0.01)
    assert found.reason.tolist() == [None, None]


def test_a_group_that_cannot_be_computed_has_a_reason_and_spoils_no_other():
    found = rate([3, 3, None, -1, 20, np.inf], [0, np.nan, 100, 100, 100, 100], per=1000)
    assert found.reason.tolist() == [
        Reason.ZERO_DENOMINATOR,
        Reason.ZERO_DENOMINATOR,
        Reason.SOURCE_MISSING,
        Reason.IMPOSSIBLE,
        None,
        Reason.IMPOSSIBLE,
    ]
    assert np.isnan(found.value[[0, 1, 2, 3, 5]]).all()
    assert np.isnan(found.upper[[0, 1, 2, 3, 5]]).all()
    assert found.value[4] == 200
    assert found.lower[4] < 200 < found.upper[4]


def test_no_days_is_zero_up_to_what_three_typical_stays_would_bring() -> None:
    found = rate_of_sum([0, None, 12, 12], [0, None, 50, 0], [100, 100, 100, 100], per=1000, typical=5)
    assert found.reason.tolist() == [None, Reason.SOURCE_MISSING, None, Reason.IMPOSSIBLE]
    assert (found.value[0], found.lower[0]) == (0, 0)
    assert found.upper[0] == pytest.approx(3.689 * 5 / 100 * 1000, rel=1e-3)
    assert np.isnan(found.value[[1, 3]]).all()
    assert found.lower[2] < found.value[2] < found.upper[2]


def test_what_an_event_brings_may_differ_by_group():
    found = rate_of_sum([0, 0], [0, 0], [100, 100], typical=[5, None], confidence=[0.95, 0.998])
    assert found.reason.tolist() == [None, Reason.NO_EVENTS]
    assert found.upper[0].tolist() == pytest.approx([3.6888795 * 5 / 100, 6.9077553 * 5 / 100])


def test_no_days_anywhere_has_no_value() -> None:
    found = rate_of_sum([0], [0], [100])
    assert found.reason.tolist() == [Reason.NO_EVENTS]
    assert np.isnan([found.value, found.lower, found.upper]).all()


@pytest.mark.parametrize(
    ("count", "of", "lower", "upper"), [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
)
def test_wilsons_limits_are_those_of_newcombe(count, of, lower, upper):
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    found = wilson(count, of)
    assert (found.lower[0], found.upper[0]) == pytest.approx((lower, upper), abs=6e-5)


def test_more_counted_than_there_were_is_impossible():
    assert wilson([5, 5], [4, 5]).reason.tolist() == [Reason.IMPOSSIBLE, None]
    assert wilson([5], [5], per=100).upper[0] == 100


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=30))
def test_limits_hold_the_value_and_order_changes_nothing(pairs):
    yes, rest = np.array(pairs).T
    for function in (rate, wilson):
        found = function(yes, yes + rest, per=100)
        backwards = function(yes[::-1], (yes + rest)[::-1], per=100)
        known = np.isfinite(found.value)
        assert (found.lower[known] <= found.value[known]).all()
        assert (found.value[known] <= found.upper[known]).all()
        np.testing.assert_array_equal(found.upper, backwards.upper[::-1])
        assert (known == (yes + rest > 0)).all()


def test_compared_by_which_side_of_the_limits_the_benchmark_lies():
    assert compared([1, 3, 1, np.nan, 2], [2, 4, 4, np.nan, 3], 2.0).tolist() == ["similar", "higher", "similar", None, "similar"]
    assert compared([1], [1.5], 2.0).tolist() == ["lower"]
    assert compared([1], [1.5], float("nan")).tolist() == [None]

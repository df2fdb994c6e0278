"""Fifths and tenths of areas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinedup.statistics.areas import quantile_groups


def test_ten_areas_in_fifths_the_highest_first():
    assert quantile_groups(range(10)).tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert quantile_groups(range(10), highest_first=False).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_ties_stay_together_and_what_is_not_known_has_none():
    """Seven known areas in fifths, lowest first: ranks 1, 2, 2, 2, 5, 6, 7 by hand."""
    found = quantile_groups([1, 2, 2, 2, np.nan, 5, 6, 7], highest_first=False)
    assert found[[0, 1, 2, 3, 5, 6, 7]].tolist() == [1, 1, 1, 1, 3, 4, 5]
    assert np.isnan(found[4])


def test_each_wider_area_is_ranked_by_itself():
    within = [0, 1] * 5
    found = quantile_groups([5, 50, 4, 40, 3, 30, 2, 20, 1, 10], within=within)
    assert found.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert quantile_groups([]).size == 0


def test_fewer_areas_than_quantiles_are_in_none():
    assert np.isnan(quantile_groups([1, 2, 3, 4])).all()
    assert np.isfinite(quantile_groups([1, 2, 3, 4, 5])).all()


@given(st.lists(st.integers(0, 40), min_size=1, max_size=80), st.integers(2, 10), st.booleans())
def test_equal_values_share_a_quantile_and_order_is_kept(values, quantiles, first):
    found = quantile_groups(values, quantiles, highest_first=first)
    assert np.isnan(found).all() == (len(values) < quantiles)
    if len(values) < quantiles:
        return
    assert found.min() >= 1
    assert found.max() <= quantiles
    by_value = {value: set(found[np.array(values) == value]) for value in set(values)}
    assert all(len(each) == 1 for each in by_value.values())
    along = [by_value[value].pop() for value in sorted(by_value, reverse=first)]
    assert along == sorted(along)


@given(st.integers(1, 30), st.integers(2, 10))
def test_without_ties_quantiles_are_as_even_as_they_can_be(each, quantiles):
    sizes = np.bincount(quantile_groups(np.arange(each * quantiles), quantiles).astype(int))[1:]
    assert sizes.tolist() == pytest.approx([each] * quantiles)

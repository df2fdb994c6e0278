"""Standardised differences, by the formulas of Austin (2009), worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from joinedup.statistics.differences import of_means, of_shares, sample_variance


def test_means_ten_apart_with_spreads_of_10_and_8() -> None:
    """10 / √((100 + 64) / 2) = 10 / √82 = 10 / 9.055385 = 1.104315."""
    assert of_means(70, 100, 60, 64)[0] == pytest.approx(1.104315, abs=1e-6)


def test_shares_of_30_and_20_per_cent() -> None:
    """0.1 / √((0.21 + 0.16) / 2) = 0.1 / √0.185 = 0.1 / 0.430116 = 0.232495."""
    assert of_shares(0.3, 0.2)[0] == pytest.approx(0.232495, abs=1e-6)


def test_without_spread_equals_differ_by_nothing_and_others_cannot_be_told() -> None:
    found = of_shares([1, 1, 0, np.nan], [1, 0, 0.5, 0.5])
    assert found[0] == 0
    assert np.isnan(found[1])
    assert found[2] == pytest.approx(-0.5 / np.sqrt(0.125))
    assert np.isnan(found[3])


def test_the_variance_of_a_sample_by_its_sums() -> None:
    """2, 4, 6: mean 4, squares of the distances 4 + 0 + 4, over 2."""
    assert sample_variance([3, 1, 0], [12, 5, 0], [56, 25, 0]) == pytest.approx([4, np.nan, np.nan], nan_ok=True)


def test_what_is_no_share_differs_by_nothing_that_could_be_told() -> None:
    assert np.isnan(of_shares([1.5, -0.1], [0.5, 0.5])).all()
    assert np.isnan(of_means([1], [-1], [2], [3])).all()

"""Funnels, against published limits and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from joinedup.statistics.estimates import Reason
from joinedup.statistics.funnel import funnel_of_proportions, funnel_of_rates, funnel_of_ratios
from joinedup.statistics.poisson import poisson_limits
from joinedup.statistics.rates import wilson


@pytest.mark.parametrize(
    ("of", "limits"),
    [
        (1, (3.204264, 100, 0, 100)),
        (20, (63.326743, 97.958152, 53.341156, 100)),
        (110000, (80.408963, 80.875933, 80.274317, 81.010578)),
    ],
)
def test_limits_of_a_proportion_are_the_published_ones(of, limits):
    """PHEindicatormethods, testdata_funnel_prop_outputs.csv: lower and upper at 95%, then at 99.8%, about 80.642448%."""
    found = funnel_of_proportions([0], [of], centre=0.80642448)
    np.testing.assert_allclose(
        100 * np.array([found.lower[0, 0], found.upper[0, 0], found.lower[0, 1], found.upper[0, 1]]), limits, atol=2e-5
    )


@pytest.mark.parametrize(
    ("observed", "below", "above"), [(1, 5.571644585, 0.025317898), (10, 18.39035799, 4.795387629), (716, 770.4222128, 664.5083011)]
)
def test_limits_of_a_ratio_are_the_published_ones(observed, below, above):
    """PHEindicatormethods, testdata_funnel_ratio_outputs.csv: the expected counts at whose 95% limit a count lies."""
    found = funnel_of_ratios([observed, observed], [below, above])
    assert found.lower[0, 0] * below == pytest.approx(observed, rel=1e-5)
    assert found.upper[1, 0] * above == pytest.approx(observed, rel=1e-5)


def test_exact_limits_of_a_ratio_are_where_the_exact_interval_leaves_the_centre():
    counts = np.arange(1.0, 10)
    lower, upper = poisson_limits(counts)
    assert (funnel_of_ratios(counts, upper * 1.0001).position[:, 0] == -1).all()
    assert (funnel_of_ratios(counts, lower * 0.9999).position[:, 0] == 1).all()
    assert (funnel_of_ratios(counts, upper * 0.9999).position[:, 0] == 0).all()
    assert (funnel_of_ratios(counts, lower * 1.0001).position[:, 0] == 0).all()


def test_exact_limits_of_a_proportion_are_scipys_interval_turned_round():
    for yes, of in ((3, 20), (15, 20), (1, 50)):
        low, high = stats.binomtest(yes, of).proportion_ci()
        for centre, position in ((high + 1e-6, -1), (high - 1e-6, 0), (low + 1e-6, 0), (low - 1e-6, 1)):
            found = funnel_of_proportions([yes], [of], centre=centre, method="exact", levels=(0.95,))
            assert found.position[0, 0] == position


def test_rates_scale_and_take_all_groups_as_centre():
    found = funnel_of_rates([80, 19, 30], [1000, 200, 500], per=1000)
    assert found.centre == pytest.approx(1000 * 129 / 1700)
    ratio = funnel_of_ratios([80, 19, 30], np.array([1000, 200, 500]) * 129 / 1700)
    np.testing.assert_allclose(found.upper, ratio.upper * 1000 * 129 / 1700)
    assert found.value.tolist() == [80, 95, 60]
    assert funnel_of_rates([80], [1000], per=1000, centre=70).centre == 70


def test_overdispersion_by_hand():
    """Ratios 1.4, 0.6, 1.2, 0.8, 1 of 100 expected each: z 4, -4, 2, -2, 0; φ = 40 / 5 = 8; τ² = (40 - 4) / (500 - 100) = 0.09."""
    observed, expected = [140, 60, 120, 80, 100], [100] * 5
    multiplied = funnel_of_ratios(observed, expected, dispersion="multiplicative", winsorised=0)
    added = funnel_of_ratios(observed, expected, dispersion="additive", winsorised=0)
    assert multiplied.phi == pytest.approx(8)
    assert added.tau_squared == pytest.approx(0.09)
    np.testing.assert_allclose(multiplied.upper[0], 1 + np.array([1.959964, 3.090232]) * 0.1 * np.sqrt(8), rtol=1e-6)
    np.testing.assert_allclose(added.upper[0], 1 + np.array([1.959964, 3.090232]) * np.sqrt(0.01 + 0.09), rtol=1e-6)
    assert funnel_of_ratios(observed, expected).position[0].tolist() == [1, 1]
    assert multiplied.position[0].tolist() == [0, 0]


def test_winsorising_draws_in_the_tenth_at_each_end():
    """Eleven z of -5 to 5: the first and last become -4 and 4; φ = (2 x 16 + 2 (16 + 9 + 4 + 1)) / 11."""
    observed = 100 + 10 * np.arange(-5, 6)
    assert funnel_of_ratios(observed, np.full(11, 100)).phi == pytest.approx((2 * 16 + 2 * 30) / 11)


def test_no_overdispersion_never_narrows_the_limits():
    observed = [100, 101, 99, 100, 100]
    plain = funnel_of_ratios(observed, [100] * 5, method="score")
    for dispersion in ("multiplicative", "additive"):
        np.testing.assert_array_equal(plain.upper, funnel_of_ratios(observed, [100] * 5, dispersion=dispersion).upper)


def test_groups_that_cannot_be_drawn_have_a_reason_and_spoil_neither_centre_nor_others():
    yes, of = [5, 7, None, 9, 0, 50], [10, 0, 5, 8, 10, 100]
    found = funnel_of_proportions(yes, of, method="exact")
    assert found.reason.tolist() == [None, Reason.ZERO_DENOMINATOR, Reason.SOURCE_MISSING, Reason.IMPOSSIBLE, None, None]
    assert found.centre == pytest.approx(55 / 120)
    assert (found.position[[1, 2, 3]] == 0).all()
    assert np.isnan(found.lower[[1, 2, 3]]).all()
    nobody = funnel_of_rates([None, None], [5, 0])
    assert nobody.reason.tolist() == [Reason.SOURCE_MISSING, Reason.SOURCE_MISSING]
    assert np.isnan(nobody.phi)


def test_many_funnels_at_once_are_each_as_alone():
    rng = np.random.default_rng(3)
    yes, of = rng.integers(0, 50, (4, 20)), rng.integers(50, 90, (4, 20))
    together = funnel_of_proportions(yes, of, dispersion="additive")
    for row in range(4):
        alone = funnel_of_proportions(yes[row], of[row], dispersion="additive")
        np.testing.assert_allclose(alone.upper, together.upper[row], rtol=1e-12)
        assert alone.tau_squared == pytest.approx(together.tau_squared[row])


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=20))
def test_score_limits_say_what_wilsons_interval_says(pairs):
    yes, no = np.array(pairs).T
    found = funnel_of_proportions(yes, yes + no)
    interval = wilson(yes, yes + no)
    known = np.isfinite(interval.value) & (found.centre > 0) & (found.centre < 1)
    outside = np.sign(np.maximum(interval.lower - found.centre, 0) - np.maximum(found.centre - interval.upper, 0))
    clear = np.minimum(np.abs(interval.lower - found.centre), np.abs(interval.upper - found.centre)) > 1e-9
    assert (found.position[known & clear, 0] == outside[known & clear]).all()

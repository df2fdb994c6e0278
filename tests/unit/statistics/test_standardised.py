"""Standardised rates and ratios, against worked and published values and by their properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinedup.statistics.estimates import Reason
from joinedup.statistics.standardised import (
    european_standard,
    expected,
    indirectly_standardised_rate,
    standardised_of_sums,
    standardised_rate,
    standardised_ratio,
)

COUNT = np.array([[20, 30, 50]])
PEOPLE = np.array([[1000, 1000, 500]])
STANDARD = [50, 30, 20]
"""By hand: 0.5 x 0.02 + 0.3 x 0.03 + 0.2 x 0.1 = 0.039; variance 0.25 x 2e-5 + 0.09 x 3e-5 + 0.04 x 2e-4 = 1.57e-5."""


def test_the_european_standard_is_that_of_2013():
    """Eurostat, Revision of the European Standard Population (2013): 100,000 people, 19,500 of them 65 or over."""
    assert european_standard().sum() == 100_000
    assert european_standard().shape == (19,)
    assert european_standard()[13:].sum() == 19_500
    assert european_standard()[[0, 7, 18]].tolist() == [5000, 7000, 1000]


def test_a_rate_worked_by_hand_with_dobsons_limits():
    """Byar's limits of 100 events are 81.36 and 121.63 (Breslow and Day 1987, table 2.10)."""
    found = standardised_rate(COUNT, PEOPLE, STANDARD, per=1000)
    assert found.value[0] == pytest.approx(39)
    scale = np.sqrt(1.57e-5 / 100) * 1000
    assert found.lower[0] == pytest.approx(39 + scale * (81.364 - 100), abs=1e-3)
    assert found.upper[0] == pytest.approx(39 + scale * (121.627 - 100), abs=1e-3)


def test_events_that_repeat_in_a_person_widen_the_limits_by_the_root_of_their_squares():
    once = standardised_rate(COUNT, PEOPLE, STANDARD)
    each_twice = standardised_rate(COUNT, PEOPLE, STANDARD, squares=2 * COUNT)
    assert each_twice.value[0] == once.value[0]
    assert (each_twice.upper - each_twice.value)[0] == pytest.approx(np.sqrt(2) * (once.upper - once.value)[0])


def test_with_the_groups_own_people_as_standard_it_is_the_crude_rate():
    found = standardised_rate(COUNT, PEOPLE, PEOPLE[0], per=1)
    assert found.value[0] == pytest.approx(100 / 2500)


def test_a_group_that_cannot_be_standardised_has_a_reason_and_spoils_no_other():
    count = np.array([[20, 30, 50], [1, 4, 4], [2, 4, 4], [0, 0, 0], [20, 30, 50], [20, np.nan, 50], [np.nan] * 3, [20, -1, 50]])
    people = np.tile(PEOPLE, (8, 1)).astype(float)
    people[4, 1] = 0
    found = standardised_rate(count, people, STANDARD)
    wanted = [None, Reason.TOO_FEW, None, Reason.TOO_FEW, Reason.ZERO_DENOMINATOR, Reason.BAND_MISSING]
    assert found.reason.tolist() == [*wanted, Reason.SOURCE_MISSING, Reason.IMPOSSIBLE]
    assert (np.isfinite(found.value) == [why is None for why in found.reason]).all()
    assert standardised_rate(count[[1, 3]], people[[1, 3]], STANDARD, minimum=0).reason.tolist() == [None, Reason.NO_EVENTS]
    assert standardised_rate(count[5:6], people[5:6], [50, 0, 50]).reason.tolist() == [None]


def test_one_group_alone_is_as_among_others():
    alone = standardised_rate(COUNT[0], PEOPLE[0], STANDARD)
    assert alone.upper.shape == alone.value.shape == ()
    assert alone.upper == standardised_rate(COUNT, PEOPLE, STANDARD).upper[0]
    assert standardised_rate(COUNT[0], PEOPLE[0], STANDARD, confidence=(0.95, 0.998)).upper.shape == (2,)
    assert standardised_rate([20, np.nan, 1], PEOPLE[0], STANDARD).reason.tolist() is Reason.BAND_MISSING
    assert standardised_rate([20, 30, 40], [5, np.inf, 5], STANDARD).reason.tolist() is Reason.IMPOSSIBLE


def test_a_standard_of_another_length_is_refused():
    with pytest.raises(ValueError, match="found 19 weights and 3 bands"):
        standardised_rate(COUNT, PEOPLE)


def test_the_ratio_of_byars_own_example():
    """Breslow and Day (1987), page 70: 15 deaths observed where 8.5 are expected; by Byar's limits 1.76 (0.99 to 2.91)."""
    found = standardised_ratio([15], [8.5])
    assert found.value[0] == pytest.approx(15 / 8.5)
    assert (found.lower[0], found.upper[0]) == pytest.approx((0.987, 2.911), abs=1e-3)


def test_expectation_and_indirect_rate_worked_by_hand():
    """Reference rates 0.01 and 0.04, people 300 and 200: 3 + 8 = 11 expected; crude reference rate 50 / 2000."""
    reference = ([10, 40], [1000, 1000])
    assert expected([[300, 200]], *reference).tolist() == [11]
    found = indirectly_standardised_rate([22], [[300, 200]], *reference, per=1000)
    assert found.value[0] == pytest.approx(2 * 25)
    assert np.isnan(expected([[300, np.nan]], *reference)).all()
    assert indirectly_standardised_rate([22], [[300, np.nan]], *reference).reason.tolist() == [Reason.BAND_MISSING]
    assert standardised_ratio([1, 1, None], [0, np.nan, 2]).reason.tolist() == [
        Reason.ZERO_DENOMINATOR,
        Reason.BAND_MISSING,
        Reason.SOURCE_MISSING,
    ]


@given(st.integers(1, 6).flatmap(lambda n: st.tuples(*[st.lists(st.integers(0, 400), min_size=4, max_size=4)] * n)), st.integers(2, 50))
def test_limits_hold_the_value_scale_and_bands_may_be_reordered(counts, times):
    count = np.array(counts)
    people = np.array([900, 700, 400, 100])
    weights = np.array([4, 3, 2, 1])
    found = standardised_rate(count, people, weights, confidence=[0.95, 0.998])
    known = found.reason == None  # noqa: E711
    assert (known == (count.sum(axis=1) >= 10)).all()
    assert (found.lower[known] <= found.value[known, None]).all()
    assert (found.value[known, None] <= found.upper[known]).all()
    assert (found.upper[known, 0] < found.upper[known, 1]).all()
    scaled = standardised_rate(count, people * times, weights)
    np.testing.assert_allclose(scaled.upper * times, found.upper[:, 0], rtol=1e-12)
    turned = standardised_rate(count[:, ::-1], people[::-1], weights[::-1])
    np.testing.assert_allclose(turned.lower, found.lower[:, 0], rtol=1e-12)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 4000)), min_size=19, max_size=19))
def test_bands_that_were_added_up_before_bring_the_same_rate_and_limits(bands):
    count, people = (np.array(each, dtype=np.float64) for each in zip(*bands, strict=True))
    weights = european_standard() / european_standard().sum()
    sums = count.sum(), (weights * count / people).sum(), (weights**2 * count / people**2).sum()
    of_bands, of_sums = standardised_rate(count, people, confidence=(0.95, 0.998)), standardised_of_sums(*sums, confidence=(0.95, 0.998))
    assert np.ravel(of_bands.reason).tolist() == np.ravel(of_sums.reason).tolist()
    for name in ("value", "lower", "upper"):
        np.testing.assert_allclose(np.ravel(getattr(of_sums, name)), np.ravel(getattr(of_bands, name)), rtol=1e-9)


def test_sums_that_give_no_rate_have_a_reason():
    found = standardised_of_sums([9, 20, 20, np.nan, 20], [0.1, np.nan, 0.1, 0.1, 0.1], [0.01, 0.01, np.nan, 0.01, -0.01])
    assert found.reason.tolist() == [
        Reason.TOO_FEW,
        Reason.ZERO_DENOMINATOR,
        Reason.ZERO_DENOMINATOR,
        Reason.SOURCE_MISSING,
        Reason.IMPOSSIBLE,
    ]
    assert np.isnan(found.value).all()

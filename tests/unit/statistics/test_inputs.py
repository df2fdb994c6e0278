"""What strangers hand in: lists, masked arrays, data frames; words that aren't known; nothing at all."""

from __future__ import annotations

import numpy as np
import pytest

from joinedup.statistics.areas import quantile_groups
from joinedup.statistics.averages import mean_of, median
from joinedup.statistics.control import xmr
from joinedup.statistics.estimates import Reason, compared, floats
from joinedup.statistics.funnel import funnel_of_proportions, funnel_of_rates, funnel_of_ratios
from joinedup.statistics.icons import Assurance, Variation, icons
from joinedup.statistics.inequality import relative_index, slope_index
from joinedup.statistics.rates import rate, wilson
from joinedup.statistics.signals import signals
from joinedup.statistics.standardised import indirectly_standardised_rate, standardised_rate


class NotAvailable:
    """Behaves as pandas.NA does where a number is asked for."""

    def __repr__(self) -> str:
        return "<NA>"

    def __float__(self) -> float:
        raise TypeError("float() argument must be a string or a real number, not 'NAType'")


class NotATime(NotAvailable):
    """Behaves as pandas.NaT does where a number is asked for."""

    def __repr__(self) -> str:
        return "NaT"


@pytest.mark.parametrize("given", [[9, None, 4], [9, NotAvailable(), 4], np.ma.array([9, 7, 4], mask=[0, 1, 0]), [9.0, float("nan"), 4.0]])
def test_what_is_missing_stays_missing(given: object) -> None:
    assert floats(given)[[0, 2]].tolist() == [9, 4]
    assert rate(given, [10, 10, 10]).reason.tolist() == [None, Reason.SOURCE_MISSING, None]
    assert np.isnan(xmr(given).moving_range).all()


@pytest.mark.parametrize("words", [["nine"], [object()]])
def test_what_is_no_number_is_refused(words: list[object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        rate(words, [10])


def test_columns_of_arrow_and_their_nulls() -> None:
    arrow = pytest.importorskip("pyarrow")
    assert rate(arrow.array([9, None, 4]), arrow.chunked_array([[10, 10], [10]])).reason.tolist() == [None, Reason.SOURCE_MISSING, None]


def test_a_benchmark_for_each_group() -> None:
    assert compared([1, 3, 1, None], [2, 4, 2, 2], [1.5, 1, 3, 1]).tolist() == ["similar", "higher", "lower", None]
    assert compared([1], [2], float("nan")).tolist() == [None]


def test_no_groups_give_no_results() -> None:
    assert (
        len(rate([], []))
        == len(wilson([], []))
        == len(mean_of([], [], 0))
        == len(standardised_rate(np.zeros((0, 19)), np.zeros((0, 19))))
        == 0
    )
    assert np.isnan(funnel_of_proportions([], []).phi)
    none = xmr(np.zeros((2, 0)))
    assert icons(np.zeros((2, 0)), none, signals(np.zeros((2, 0)), none), 1).reason.tolist() == [Reason.NOT_TESTED] * 2


def test_words_that_are_not_known_are_refused_with_those_that_are() -> None:
    limits = xmr([[1.0, 2, 3, 4, 5, 6, 7, 8]])
    marked = signals([[1.0, 2, 3, 4, 5, 6, 7, 8]], limits, "nelson")
    with pytest.raises(ValueError, match="exact, score"):
        funnel_of_rates([1, 2], [10, 20], method="poisson")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'multiplicative' or 'additive'"):
        funnel_of_ratios([1, 2], [10, 20], dispersion="both")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="choose one of making_data_count"):
        signals([[1.0]], xmr([[1.0]]), "shewhart")
    with pytest.raises(ValueError, match="choose one of beyond_limits"):
        marked.by("astronomical")
    with pytest.raises(ValueError, match="lower is better, neither"):
        icons([[1.0, 2, 3, 4, 5, 6, 7, 8]], limits, marked, "up is good")
    with pytest.raises(ValueError, match="found none"):
        rate(1, 10, confidence=[])
    with pytest.raises(ValueError, match="at least one of them above"):
        standardised_rate([10, 20], [100, 100], [0, 0])
    with pytest.raises(ValueError, match="numbers names"):
        mean_of([1, 2], ["north", "south"], 2)
    with pytest.raises(ValueError, match="at least one quantile"):
        quantile_groups([1, 2], 0)


def test_polarity_in_words() -> None:
    values = [[1.0, 2, 3, 4, 5, 6, 7, 8]]
    limits = xmr(values)
    said = [
        icons(values, limits, signals(values, limits), word, 20).variation[0] for word in ("higher is better", "lower is better", "neither")
    ]
    assert said == [Variation.IMPROVING, Variation.CONCERNING, Variation.NEITHER]
    both = icons(values * 2, xmr(values * 2), signals(values * 2, xmr(values * 2)), ["higher is better", "lower is better"], 20)
    assert both.assurance.tolist() == [Assurance.FAILED, Assurance.MET]


def test_wider_areas_by_name() -> None:
    assert quantile_groups([1, 2, 3, 4], 2, within=["north", "north", "south", "south"]).tolist() == [2, 1, 2, 1]


def test_what_nothing_can_be_told_of_has_a_reason() -> None:
    assert funnel_of_ratios([5], [4], dispersion="additive").reason.tolist() == [Reason.TOO_FEW]
    assert funnel_of_ratios([5], [4]).reason.tolist() == [None]
    assert funnel_of_rates([0, 0], [10, 20]).reason.tolist() == [Reason.NO_EVENTS] * 2
    assert indirectly_standardised_rate([5], [[10, 20]], [0, 0], [0, 0]).reason.tolist() == [Reason.BAND_MISSING]
    assert slope_index([1, 2, 3, 4, 5], [9] * 5, [-1] * 5).reason.tolist() is Reason.IMPOSSIBLE


def test_no_inequality_is_exactly_none() -> None:
    flat = slope_index([0.1] * 7, [3, 5, 7, 2, 9, 4, 6])
    assert (float(flat.value), float(flat.lower), float(flat.upper)) == (0, 0, 0)
    assert float(relative_index([0.1] * 7, [3, 5, 7, 2, 9, 4, 6]).value) == 1


@pytest.mark.parametrize("per", [0, -100, float("nan"), float("inf"), "100"])
def test_values_are_per_a_number_above_zero(per) -> None:
    for call in (
        lambda: rate([5], [10], per=per),
        lambda: wilson([5], [10], per=per),
        lambda: standardised_rate([[10, 20]], [[100, 100]], [1, 1], per=per),
        lambda: indirectly_standardised_rate([5], [[10, 20]], [1, 1], [100, 100], per=per),
        lambda: funnel_of_rates([5, 6], [10, 20], per=per),
    ):
        with pytest.raises(ValueError, match="per a number above 0"):
            call()


def test_what_are_no_numbers_is_refused_and_what_is_missing_is_missing() -> None:
    for given in (np.array(["2026-01-01"], "M8[D]"), np.array([3], "m8[D]"), [1j], ["three"], (each for each in (1, 2)), {"a": 1}):
        with pytest.raises(ValueError, match="numbers are expected"):
            rate(given, [10])
    assert rate([3, NotATime(), None], [10] * 3).reason.tolist() == [None, Reason.SOURCE_MISSING, Reason.SOURCE_MISSING]


def test_calls_of_no_sense_say_what_makes_sense() -> None:
    with pytest.raises(ValueError, match=r"a whole number of them: found 2\.5"):
        quantile_groups([1, 2, 3], 2.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="3 areas and 2 names"):
        quantile_groups([1, 2, 3], 2, within=["north", "south"])
    for counts in ([None, 3], [1.5, 3], [-1, 3], [1]):
        with pytest.raises(ValueError, match="one whole number for each"):
            median([1, 2], [0, 0], 1, counts=counts)
    with pytest.raises(ValueError, match=r"found \(1,\) beside \(1, 3\)"):
        xmr([[1, 2, 3]], rebased=[True])
    for baseline in (-1, 0, 1):
        with pytest.raises(ValueError, match=f"found {baseline}"):
            xmr([[1, 2, 3]], baseline=baseline)
    for centre in (1.5, -0.1):
        with pytest.raises(ValueError, match=f"found {centre}"):
            funnel_of_proportions([1, 2], [5, 6], centre=centre)
    for winsorised in (0.5, -0.1):
        with pytest.raises(ValueError, match=f"found {winsorised}"):
            funnel_of_ratios([1, 2], [5, 6], winsorised=winsorised)


def test_an_area_of_no_known_wider_area_is_in_no_quantile() -> None:
    found = quantile_groups([1, 2, 3, 4], 2, within=["north", None, "north", float("nan")])
    np.testing.assert_array_equal(found, [2, np.nan, 1, np.nan])


@pytest.mark.parametrize("dispersion", ["additive", "multiplicative"])
@pytest.mark.parametrize("counts", [[0, 0], [10, 20]])
def test_groups_that_are_all_alike_have_the_limits_of_chance_whatever_the_dispersion(counts, dispersion) -> None:
    chance, wider = funnel_of_proportions(counts, [10, 20]), funnel_of_proportions(counts, [10, 20], dispersion=dispersion)
    np.testing.assert_array_equal(wider.lower, chance.lower)
    np.testing.assert_array_equal(wider.upper, chance.upper)

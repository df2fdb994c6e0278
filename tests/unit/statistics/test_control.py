"""Control charts: limits, rules and icons, against published charts, by hand and by their properties."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinedup.statistics.control import xmr
from joinedup.statistics.estimates import Reason
from joinedup.statistics.icons import Assurance, Variation, icons
from joinedup.statistics.rule_sets import rule_set, rule_sets
from joinedup.statistics.signals import signals

OUTLIER = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]


@pytest.mark.parametrize(("screened", "lower", "upper"), [(True, -0.72, 4.60), (False, -3.06, 6.95)])
def test_the_limits_of_a_published_chart(screened, lower, upper):
    """NHSRplotthedots, vignette Deviations from Excel defaults: mean 1.94, limits -0.72 and 4.6 screened; unscreened by hand."""
    found = xmr(OUTLIER, screened=screened)
    assert found.mean[0, 0] == pytest.approx(1.94, abs=0.005)
    assert (found.lower[0, 0], found.upper[0, 0]) == pytest.approx((lower, upper), abs=0.005)


def test_limits_worked_by_hand_with_a_missing_point():
    """4, 6, missing, 9, 5: mean 6; moving ranges 2 and 4, none across the gap: mean 3; limits 6 ± 7.98."""
    found = xmr([4, 6, np.nan, 9, 5])
    assert found.mean.tolist() == [[6] * 5]
    np.testing.assert_allclose(found.moving_range, [[np.nan, 2, np.nan, np.nan, 4]])
    np.testing.assert_allclose([found.lower[0, 0], found.upper[0, 0], found.range_limit[0, 0]], [-1.98, 13.98, 9.801])


def test_a_constant_series_has_limits_equal_to_its_mean():
    found = xmr([[0.1] * 9, [7] * 9])
    assert found.reason.tolist() == [[None] * 9] * 2
    assert (found.lower == found.mean).all()
    assert (found.upper == found.mean).all()
    assert found.mean[0, 0] == 0.1
    assert not signals([[0.1] * 9, [7] * 9], found).special.any()


def test_one_point_and_none_have_a_reason_and_spoil_no_other():
    found = xmr([[3, np.nan, np.nan], [np.nan] * 3, [1, 2, 3]])
    assert found.reason[:, 0].tolist() == [Reason.TOO_FEW, Reason.SOURCE_MISSING, None]
    assert np.isnan(found.mean[:2]).all()
    assert found.mean[2].tolist() == [2, 2, 2]


def test_limits_begin_anew_where_a_chart_is_rebased_and_stay_with_a_baseline():
    values = [1, 3, 1, 3, 11, 13, 11, 13]
    rebased = xmr(values, rebased=np.arange(8) == 4)
    assert rebased.mean[0].tolist() == [2] * 4 + [12] * 4
    assert rebased.upper[0, [0, 7]].tolist() == [2 + 5.32, 12 + 5.32]
    assert np.isnan(rebased.moving_range[0, 4])
    fixed = xmr(values, baseline=4)
    assert fixed.mean[0].tolist() == [2] * 8
    assert fixed.upper[0, 7] == 2 + 5.32
    assert signals(values, fixed).by("beyond_limits")[0].tolist() == [False] * 4 + [True] * 4


def shown(values, rule, **more):
    limits = xmr(values, **more)
    return np.flatnonzero(signals(values, limits).by(rule)[0]).tolist()


def test_seven_on_one_side_are_a_shift_and_six_are_not():
    assert shown([0, 9, 0, 9, 0, 9, 0, *[5, 6] * 3, 5], "shift") == list(range(7, 14))
    assert shown([0, 9, 0, 9, 0, 9, 0, *[5, 6] * 3], "shift") == []


def test_a_missing_point_neither_counts_nor_breaks_a_run():
    values = [0, 9, 0, 9, 0, 9, 0, 5, 6, 5, np.nan, 6, 5, 6, 5]
    assert shown(values, "shift") == [7, 8, 9, 11, 12, 13, 14]


def test_seven_rising_points_are_a_trend_and_six_are_not():
    assert shown([5, 4, 5, 6, 7, 8, 9, 10, 9], "trend") == list(range(1, 8))
    assert shown([5, 4, 5, 6, 7, 8, 9, 9, 10], "trend") == []


def test_two_of_three_in_the_outer_third():
    """Baseline 0, 3, 0, 3: mean 1.5, moving range 3, limits 1.5 ± 7.98, outer third from 6.82."""
    assert shown([0, 3, 0, 3, 7, 1, 8, 1], "two_in_three", baseline=4) == [4, 6]
    assert shown([0, 3, 0, 3, 7, 1, 1, 8], "two_in_three", baseline=4) == []
    assert shown([0, 3, 0, 3, 7, 1, -5, 1], "two_in_three", baseline=4) == []


def test_no_rule_looks_across_a_rebasing():
    values = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert shown(values, "trend") == list(range(9))
    assert shown(values, "trend", rebased=np.arange(9) == 4) == []


def test_nelsons_rules_on_rows_that_show_them():
    nelson = rule_set("nelson")
    alternating = [[1, 3] * 7]
    assert signals(alternating, xmr(alternating), nelson).by("alternating").all()
    assert not signals([[1, 3] * 6 + [1]], xmr([[1, 3] * 6 + [1]]), nelson).by("alternating").any()
    hugging = [[0, 0, 9, 9, *[4, 5] * 8]]
    assert np.flatnonzero(signals(hugging, xmr(hugging, baseline=4), nelson).by("hugging")[0]).tolist() == list(range(4, 20))
    avoiding = [[0, 3, 0, 3, *[6, -4] * 4]]
    assert np.flatnonzero(signals(avoiding, xmr(avoiding, baseline=4), nelson).by("avoiding")[0]).tolist() == list(range(4, 12))


def test_rule_sets_have_a_version_and_a_source_and_an_unknown_one_is_named():
    assert set(rule_sets()) == {"making_data_count", "western_electric", "nelson"}
    assert all(each.version and each.source for each in rule_sets().values())
    with pytest.raises(ValueError, match="choose one of making_data_count"):
        rule_set("seven")


@pytest.mark.parametrize("points", [12, 24, 36])
def test_false_alarms_are_as_many_as_are_stated(points):
    """Within four standard errors of a share of 1.5% among 20,000 charts."""
    noise = np.random.default_rng(points).normal(size=(20_000, points))
    limits = xmr(noise)
    for rules in rule_sets().values():
        found = signals(noise, limits, rules).special[:, -1].mean()
        assert found == pytest.approx(rules.false_alarms(1, points), abs=4 * np.sqrt(0.015 * 0.985 / 20_000) + 0.0005)
    assert rule_set().false_alarms(100, 30) == pytest.approx(1.65)
    assert rule_set().false_alarms(100, 99) == pytest.approx(1.8)


def test_icons_by_polarity_and_target():
    high = [0, 3, 0, 3, 0, 3, 30]
    values = [high, high, high, [0, 3, 0, 3, 0, 3, 0], [0, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan]]
    limits = xmr(values, baseline=6)
    found = icons(values, limits, signals(values, limits), [1, -1, 0, 1, 1], [-7, -7, 1, np.nan, 5])
    wanted = [Variation.IMPROVING, Variation.CONCERNING, Variation.NEITHER, Variation.COMMON_CAUSE, None]
    assert found.variation.tolist() == wanted
    assert found.assurance.tolist() == [Assurance.MET, Assurance.FAILED, Assurance.NO_TARGET, Assurance.NO_TARGET, None]
    assert found.direction.tolist() == [1, 1, 1, 0, 0]
    assert found.reason.tolist() == [None, None, None, None, Reason.NOT_TESTED]
    assert icons(values[:1], xmr(values[:1]), signals(values[:1], xmr(values[:1])), 1, 3).assurance.tolist() == [Assurance.HIT_AND_MISS]


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(-50, 50)), min_size=20, max_size=20), min_size=2, max_size=5), st.data())
def test_charts_do_not_see_each_other_and_missing_points_do_not_shift_flags(rows, data):
    values = np.array(rows, dtype=float)
    rebased = np.array(data.draw(st.lists(st.lists(st.booleans(), min_size=20, max_size=20), min_size=len(rows), max_size=len(rows))))
    nelson = rule_set("nelson")
    whole = xmr(values, rebased=rebased)
    marked = signals(values, whole, nelson)
    for row in range(len(rows)):
        alone = xmr(values[row], rebased=rebased[row])
        np.testing.assert_array_equal(alone.upper[0], whole.upper[row])
        np.testing.assert_array_equal(signals(values[row], alone, nelson).found[:, 0], marked.found[:, row])
    assert not marked.special[np.isnan(values)].any()
    with_gap, at = np.insert(values, 10, np.nan, axis=1), np.insert(rebased, 10, False, axis=1)
    apart = signals(with_gap, xmr(with_gap, rebased=at, baseline=None), nelson)
    assert not apart.special[:, 10].any()


@given(st.lists(st.integers(-30, 30), min_size=3, max_size=40), st.integers(2, 9))
def test_runs_and_trends_are_those_that_a_plain_search_finds(values, least):
    rules = rule_set().model_copy(
        update={"rules": tuple(rule.model_copy(update={"points": least}) for rule in rule_set().rules if rule.id in {"shift", "trend"})}
    )
    limits = xmr(values)
    found = signals(values, limits, rules)
    runs, trends = set(), set()
    for start in range(len(values) - least + 1):
        window = values[start : start + least]
        sides = {np.sign(value - limits.mean[0, 0]) for value in window}
        if sides in ({1.0}, {-1.0}):
            runs |= set(range(start, start + least))
        if {np.sign(after - before) for before, after in pairwise(window)} in ({1}, {-1}):
            trends |= set(range(start, start + least))
    assert set(np.flatnonzero(found.by("shift")[0])) == runs
    assert set(np.flatnonzero(found.by("trend")[0])) == trends

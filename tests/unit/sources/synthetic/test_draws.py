"""Draws, streams and seasons."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from joinedup.sources.synthetic.draws import band, pick, pick_by_row, pick_heaviest, stack, take
from joinedup.sources.synthetic.seasons import NEVER, dates, day_number, months_of, season, span_to
from joinedup.sources.synthetic.streams import stream


def test_a_stream_is_the_same_for_the_same_seed_subject_and_block_only() -> None:
    first = stream(1, "births", 2).random(5)
    assert (stream(1, "births", 2).random(5) == first).all()
    for other in (stream(2, "births", 2), stream(1, "deaths", 2), stream(1, "births", 3)):
        assert (other.random(5) != first).all()


def test_a_stream_gives_what_it_always_gave() -> None:
    """Places are remembered by their seed, so the numbers must not change with a new version."""
    assert stream(1, "births").bit_generator.random_raw(2).tolist() == [10510640512436811701, 11588198921179784274]


def test_picks_follow_their_weights() -> None:
    rng = stream(5, "test")
    weights = np.array([1.0, 0.0, 3.0])
    picked = np.bincount(pick(rng, weights, 40_000), minlength=3) / 40_000
    by_row = np.bincount(pick_by_row(rng, np.tile(weights, (40_000, 1))), minlength=3) / 40_000
    for found in (picked, by_row):
        assert found[1] == 0
        assert abs(found[2] - 0.75) < 0.01


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 20))
def test_a_sample_holds_nothing_twice(seed: int, size: int) -> None:
    found = pick_heaviest(stream(seed, "test"), np.arange(1.0, 31.0), size)
    assert len(set(found.tolist())) == size


def test_bands_begin_at_their_starts() -> None:
    assert band(np.array([0, 4, 5, 17, 18, 44, 45, 64, 65, 74, 75, 104])).tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_tables_are_stacked_and_taken_by_row() -> None:
    table = {"a": np.array([1, 2]), "b": np.array(["x", "y"])}
    both = stack([table, table])
    assert take(both, np.array([3, 0]))["b"].tolist() == ["y", "x"]


def test_the_span_is_the_24_months_before_and_the_days_after_them() -> None:
    whole, broken = span_to(date(2026, 3, 31)), span_to(date(2026, 4, 10))
    assert (whole.start, whole.end) == (day_number(date(2024, 4, 1)), day_number(date(2026, 4, 1)))
    assert (broken.start, broken.end) == (day_number(date(2024, 4, 1)), day_number(date(2026, 4, 11)))


def test_a_season_keeps_the_year_and_follows_weekday_and_month() -> None:
    span = span_to(date(2026, 3, 31))
    made = season(span, {"weekday": [1, 1, 1, 1, 1, 0, 0], "month": [2] + [1] * 11})
    everybody = np.full(20_000, span.start)
    days = made.days(stream(1, "test"), everybody, everybody + 730)
    assert abs(made.years(np.array([span.start]), np.array([span.end]))[0] - span.years) < 1e-9
    assert ((days + 3) % 7 < 5).all()
    january = (months_of(days) == 0).mean()
    assert 0.13 < january < 0.18  # two months' worth of thirteen


@settings(deadline=None)
@given(st.integers(0, 900), st.integers(0, 900))
def test_days_lie_in_their_window(start: int, length: int) -> None:
    span = span_to(date(2026, 3, 31))
    first = span.start - 50 + start
    made = season(span, {"weekday": [1] * 7, "month": [1] * 12})
    found = made.days(stream(1, "test"), np.array([first]), np.array([first + length]))[0]
    assert first <= found < max(first + length, first + 1)


def test_a_day_that_never_comes_is_a_missing_date() -> None:
    assert dates(np.array([NEVER, 0])).astype(str).tolist() == ["NaT", "1970-01-01"]

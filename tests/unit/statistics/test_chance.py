"""Which counts lie beyond chance, held against tables of the Poisson distribution."""

from __future__ import annotations

from math import exp, lgamma, log

import pytest

from joinedup.statistics.chance import beyond_chance


def at_most(count: int, mean: float) -> float:
    """The chance of so many or fewer, summed term by term."""
    return sum(exp(each * log(mean) - mean - lgamma(each + 1)) for each in range(count + 1))


@pytest.mark.parametrize("expected", [5.0, 9.5, 20.0, 250.0])
def test_about_one_count_in_a_thousand_lies_beyond_either_limit(expected: float) -> None:
    """What is called beyond has less than 0.2% on its side, and what is one nearer has more than 0.05%."""
    counts = list(range(int(expected * 4) + 20))
    far = beyond_chance(counts, [expected] * len(counts))
    low, high = [c for c in counts if far[c] and c < expected], [c for c in counts if far[c] and c > expected]
    assert 1 - at_most(min(high) - 1, expected) < 0.002
    assert 1 - at_most(min(high) - 2, expected) > 0.0005
    if low:
        assert at_most(max(low), expected) < 0.002
        assert at_most(max(low) + 1, expected) > 0.0005


def test_nothing_is_beyond_where_nothing_is_expected() -> None:
    assert list(beyond_chance([0, 4], [0.0, 0.0])) == [False, False]

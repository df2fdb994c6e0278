"""Which counts lie beyond chance, held against tables of the Poisson distribution."""

from __future__ import annotations

import pytest
from scipy.stats import poisson

from joinedup.statistics.chance import beyond_chance


@pytest.mark.parametrize("expected", [5.0, 9.5, 20.0, 250.0])
def test_about_one_count_in_a_thousand_lies_beyond_either_limit(expected: float) -> None:
    """The exact chances of scipy: what is called beyond has less than 0.2% on its side, and what is one nearer has more than 0.05%."""
    counts = list(range(int(expected * 4) + 20))
    far = beyond_chance(counts, [expected] * len(counts))
    low, high = [c for c in counts if far[c] and c < expected], [c for c in counts if far[c] and c > expected]
    assert poisson.sf(min(high) - 1, expected) < 0.002
    assert poisson.sf(min(high) - 2, expected) > 0.0005
    if low:
        assert poisson.cdf(max(low), expected) < 0.002
        assert poisson.cdf(max(low) + 1, expected) > 0.0005


def test_nothing_is_beyond_where_nothing_is_expected() -> None:
    assert list(beyond_chance([0, 4], [0.0, 0.0])) == [False, False]

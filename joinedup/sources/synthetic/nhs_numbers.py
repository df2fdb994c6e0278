"""NHS numbers for invented people: all in the range that begins with 999, which is given to nobody."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from joinedup.sources.synthetic.draws import Ints
from joinedup.sources.synthetic.streams import stream

FIRST, LAST = 999_000_000, 999_999_999


@lru_cache(maxsize=2)
def numbers(seed: int) -> Ints:
    """Every valid number of the range, in an order that depends on the seed: the person at a position has the number at that position."""
    bodies = np.arange(FIRST, LAST + 1, dtype=np.int64)
    check = check_digits(bodies)
    valid = bodies[check < 10] * 10 + check[check < 10]
    return stream(seed, "NHS numbers").permutation(valid)


def check_digits(bodies: Ints) -> Ints:
    """The Modulus 11 check digit of each nine digits; 10 where none is valid."""
    weighted = sum(weight * (bodies // 10 ** (weight - 2) % 10) for weight in range(10, 1, -1))
    return (11 - np.asarray(weighted) % 11) % 11

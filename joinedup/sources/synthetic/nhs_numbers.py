"""NHS numbers for invented people: all begin with 9, which is given to nobody; those that begin with 999 come first."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from joinedup.sources.synthetic.draws import Ints
from joinedup.sources.synthetic.streams import stream

FIRST_RANGE, LAST_RANGE = 999, 910
"""What the numbers begin with, from the first people to the last. NHS England gives none that begins with 9 to anybody."""
FORMER_RANGE = 909
"""From here down: numbers that people had before."""
BODIES = 10**6
"""Nine digits without the three that they begin with."""
MOST = (FIRST_RANGE - LAST_RANGE + 1) * 900_000
"""So many people can have a number at least: of a range's million some 909,090 are valid."""


@lru_cache(maxsize=8)
def numbers(seed: int, begins: int = FIRST_RANGE) -> Ints:
    """Every valid number of a range, in an order that depends on the seed."""
    bodies = np.arange(begins * BODIES, (begins + 1) * BODIES, dtype=np.int64)
    check = check_digits(bodies)
    valid = bodies[check < 10] * 10 + check[check < 10]
    subject = "NHS numbers" if begins == FIRST_RANGE else f"NHS numbers from {begins}"
    return stream(seed, subject).permutation(valid)


def numbers_at(seed: int, first: int, count: int) -> Ints:
    """The numbers of so many people from that position on: the person at a position has the same number however many there are."""
    found, begins = [], FIRST_RANGE
    while count > 0:
        held = numbers(seed, begins)
        mine = held[first : first + count]
        found.append(mine)
        first, count, begins = max(first - len(held), 0), count - len(mine), begins - 1
    return np.concatenate([np.zeros(0, dtype=np.int64), *found])


def check_digits(bodies: Ints) -> Ints:
    """The Modulus 11 check digit of each nine digits; 10 where none is valid."""
    weighted = sum(weight * (bodies // 10 ** (weight - 2) % 10) for weight in range(10, 1, -1))
    return (11 - np.asarray(weighted) % 11) % 11

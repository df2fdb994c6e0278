"""Draws for many people at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.str_]
Table = dict[str, NDArray[Any]]
"""Columns of equal length, by name."""


def pick(rng: np.random.Generator, weights: Floats, size: int) -> Ints:
    """For each of `size`, the position of one weight, likelier the heavier."""
    steps = np.cumsum(weights)
    found: Ints = np.searchsorted(steps, rng.random(size) * steps[-1], side="right")
    return np.minimum(found, len(steps) - 1)


def pick_by_row(rng: np.random.Generator | Floats, weights: Floats) -> Ints:
    """For each row of weights, the position of one of them; `rng` may be the luck of each row."""
    steps = np.cumsum(weights, axis=1)
    drawn = (rng if isinstance(rng, np.ndarray) else rng.random(len(weights))) * steps[:, -1]
    found: Ints = (steps <= drawn[:, None]).sum(axis=1)
    last: Ints = np.minimum(found, weights.shape[1] - 1)
    return last


def pick_named(rng: np.random.Generator, shares: Mapping[str, float], size: int) -> Texts:
    """For each of `size`, one of the names."""
    return np.array(list(shares))[pick(rng, np.array(list(shares.values())), size)]


def pick_heaviest(rng: np.random.Generator, weights: Floats, size: int) -> Ints:
    """The positions of `size` different weights: a sample without replacement, likelier the heavier."""
    if size == 0:
        return np.zeros(0, dtype=np.int64)
    with np.errstate(divide="ignore"):
        luck = np.log(weights) + rng.gumbel(size=len(weights))
    return np.sort(np.argpartition(-luck, size - 1)[:size])


def band(ages: Floats | Ints, starts: Sequence[int] = (5, 18, 45, 65, 75)) -> Ints:
    """The age band of each age: 0 below the first start, 1 from there, and so on."""
    return np.searchsorted(np.array(starts), ages, side="right")


def stack(tables: Sequence[Table]) -> Table:
    """The tables one below the other; all have the same columns."""
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def take(table: Table, rows: Ints | Bools) -> Table:
    """Those rows of it."""
    return {name: column[rows] for name, column in table.items()}

"""How far two groups lie apart, in their own spread: standardised differences of means and of shares."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from joinedup.statistics.estimates import Floats, floats


def of_means(mean: npt.ArrayLike, variance: npt.ArrayLike, other_mean: npt.ArrayLike, other_variance: npt.ArrayLike) -> Floats:
    """(mean - other mean) / √((variance + other variance) / 2), the variances those of the samples; NaN where one isn't known.

    Without any spread equal means differ by 0 and others can't be held against each other. Source: Austin, Statistics in Medicine 28
    (2009), 3083-3107, section 2.
    """
    apart = floats(mean) - floats(other_mean)
    one, other = floats(variance), floats(other_variance)
    spread = np.sqrt(np.where((one >= 0) & (other >= 0), (one + other) / 2, np.nan))
    apart, spread = np.broadcast_arrays(apart, spread)
    return np.where(spread > 0, apart / np.where(spread > 0, spread, np.nan), np.where((apart == 0) & (spread == 0), 0.0, np.nan))


def of_shares(share: npt.ArrayLike, other_share: npt.ArrayLike) -> Floats:
    """(p - q) / √((p (1 - p) + q (1 - q)) / 2) of two shares; NaN where one isn't known, or both are without spread and not equal.

    A number below 0 or above 1 is no share: NaN. Source: Austin, Statistics in Medicine 28 (2009), 3083-3107, section 2.
    """
    p, q = floats(share), floats(other_share)
    return of_means(p, p * (1 - p), q, q * (1 - q))


def sample_variance(count: npt.ArrayLike, total: npt.ArrayLike, squares: npt.ArrayLike) -> Floats:
    """The variance of a sample by its count, its sum and its sum of squares: (squares - total² / count) / (count - 1); NaN below two."""
    n, s, q = floats(count), floats(total), floats(squares)
    return np.where(n > 1, np.maximum(q - s**2 / np.where(n > 0, n, np.nan), 0) / np.where(n > 1, n - 1, np.nan), np.nan)

"""Distributions that scipy works out. It is loaded by the first that asks: it would be a fifth of a second of every process that starts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from joinedup.statistics.estimates import Floats


def t_quantile(freedom: npt.ArrayLike, tail: npt.ArrayLike) -> Floats:
    """How far out Student's t with these degrees of freedom leaves this chance beyond it on one side."""
    from scipy import special  # noqa: PLC0415 - loaded when first used

    return np.asarray(-special.stdtrit(freedom, tail))


def binomial_up_to(count: Floats, size: npt.ArrayLike, share: npt.ArrayLike) -> Floats:
    """The chance that a binomial number is `count` or less, by the incomplete beta function between whole counts too, from -1 to `size`."""
    from scipy import special  # noqa: PLC0415 - loaded when first used

    n = np.asarray(size, dtype=np.float64)
    inside = np.minimum(count, np.nextafter(n, 0))
    found = special.betainc(np.maximum(n - inside, 1e-300), inside + 1, 1 - np.asarray(share))
    return np.asarray(np.where(count >= n, 1.0, found))


def poisson_up_to(count: Floats, mean: Floats) -> Floats:
    """The chance that a Poisson number is `count` or less, by the incomplete gamma function between whole counts too, from -1 on."""
    from scipy import special  # noqa: PLC0415 - loaded when first used

    return np.asarray(special.gammaincc(count + 1, mean))

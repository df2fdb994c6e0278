"""Groups of areas by rank: fifths, tenths and other quantiles, ties together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from joinedup.statistics.estimates import Floats, floats


def quantile_groups(
    values: npt.ArrayLike, quantiles: int = 5, *, highest_first: bool = True, within: npt.ArrayLike | None = None
) -> Floats:
    """Which quantile each area is in, 1 to `quantiles`, NaN where its value isn't known; equal values are always in one quantile.

    Areas are ranked from 1, the highest value first (or the lowest), equal values sharing the lowest rank of them; area of rank r among n
    is in quantile Q + 1 - ⌈(n + 1 - r) Q / n⌉, and at least in the first; fewer areas than quantiles are in none (NaN). `within` names
    the wider area that each is ranked in; where that isn't known, neither is the quantile. Source: Public Health England, technical guide
    Assigning deprivation quintiles (2018).
    """
    if quantiles < 1 or quantiles != int(quantiles):
        raise ValueError(f"there is at least one quantile, and a whole number of them: found {quantiles}")
    numbers = floats(values)
    of = np.zeros(numbers.shape, dtype=np.int64) if within is None else _wider(within, len(numbers))
    known = np.flatnonzero(~np.isnan(numbers) & (of >= 0))
    signed = -numbers[known] if highest_first else numbers[known]
    order = known[np.lexsort((signed, of[known]))]
    wider, value = of[order], numbers[order]
    place = np.arange(len(order))
    first = np.r_[True, wider[1:] != wider[:-1]][: len(order)]
    start = np.maximum.accumulate(np.where(first, place, 0)) if len(order) else place
    differs = first | np.r_[True, value[1:] != value[:-1]][: len(order)]
    rank = (np.maximum.accumulate(np.where(differs, place, 0)) if len(order) else place) - start + 1
    _, which, sizes = np.unique(wider, return_inverse=True, return_counts=True)
    n = sizes[which]
    found = np.full(numbers.shape, np.nan)
    group = np.maximum(quantiles + 1 - -(-(n + 1 - rank) * quantiles // n), 1)
    found[order] = np.where(n < quantiles, np.nan, group)
    return found


def _wider(within: npt.ArrayLike, areas: int) -> npt.NDArray[np.int64]:
    """The wider areas numbered from 0 by name, -1 where one isn't known (None, NaN, pandas' NA)."""
    names = np.asarray(within, dtype=object)
    if names.shape != (areas,):
        raise ValueError(f"each area is ranked within one wider area: found {areas} areas and {names.size} names")
    words = np.asarray([str(name) for name in names], dtype=str)
    known = ~np.isin(words, ["None", "nan", "<NA>"]) | np.asarray([isinstance(name, str) for name in names], dtype=bool)
    of = np.full(areas, -1, dtype=np.int64)
    of[known] = np.unique(words[known], return_inverse=True)[1]
    return of

"""An estimate for each group: a value with its limits, or none and the reason why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Reasons = npt.NDArray[np.object_]
Number = TypeVar("Number", bound=np.generic)
Confidence = float | Sequence[float]
"""One level of confidence, such as 0.95, or several: limits then have a last axis, one entry per level."""


class Reason(StrEnum):
    """Why a group has no value."""

    SOURCE_MISSING = "source missing"
    """Nothing is known of what was to be counted."""
    ZERO_DENOMINATOR = "zero denominator"
    NO_EVENTS = "no events"
    """Without a single amount nothing tells how much amounts vary."""
    IMPOSSIBLE = "impossible value"
    """A negative number, or more counted than there were to count."""
    TOO_FEW = "too few"
    """Fewer events, people or points than the method takes."""
    BAND_MISSING = "band missing"
    """One of the bands that are weighted together isn't known."""
    SUPPRESSED = "suppressed"
    """Known, and not to be shown."""
    NOT_TESTED = "not tested"
    """Nothing was tested, so nothing is said, and least of all that nothing changed."""


@dataclass(frozen=True, slots=True)
class Estimates:
    """One value per group with its lower and upper limit, or NaN for all three and the reason why.

    With several levels of confidence the limits have one more axis, the last: one entry per level.
    """

    value: Floats
    lower: Floats
    upper: Floats
    reason: Reasons

    def __len__(self) -> int:
        return len(self.value)


def estimates(value: Floats, lower: Floats, upper: Floats, reason: Reasons) -> Estimates:
    """The estimates, without value and limits wherever there is a reason."""
    without = ~free(reason)
    known = [np.where(without[..., None] if numbers.ndim > without.ndim else without, np.nan, numbers) for numbers in (value, lower, upper)]
    return Estimates(known[0], known[1], known[2], reason)


def no_reasons(shape: tuple[int, ...]) -> Reasons:
    """None for every group."""
    return np.full(shape, None, dtype=object)


def free(reason: Reasons) -> npt.NDArray[np.bool_]:
    """Which groups nothing stands in the way of."""
    return np.asarray(reason == None, dtype=np.bool_)  # noqa: E711 - compared element by element


def reasons(numerator: Floats, denominator: Floats) -> Reasons:
    """What stands in the way of a ratio, group by group; None where nothing does."""
    above, below = np.broadcast_arrays(numerator, denominator)
    found = no_reasons(above.shape)
    found[(above < 0) | (below < 0) | np.isinf(above) | np.isinf(below)] = Reason.IMPOSSIBLE
    found[(below == 0) | np.isnan(below)] = Reason.ZERO_DENOMINATOR
    found[np.isnan(above)] = Reason.SOURCE_MISSING
    return found


def floats(numbers: npt.ArrayLike) -> Floats:
    """Numbers as an array of at least one dimension; what is missing (None, NaN, pandas' NA or NaT, a masked entry, a null) becomes NaN.

    ValueError for what are no numbers: days, words, a generator.
    """
    if isinstance(numbers, np.ma.MaskedArray):
        return np.atleast_1d(np.ma.filled(numbers.astype(np.float64), np.nan))
    each = np.asarray(numbers)
    if each.dtype.kind in "cmM":
        raise ValueError(f"numbers are expected: found {each.dtype}")
    try:
        return np.atleast_1d(np.asarray(each, dtype=np.float64))
    except ValueError as fault:
        raise ValueError(f"numbers are expected, and None where one isn't known: {fault}") from None
    except TypeError:
        missing = np.array([str(one) in {"<NA>", "NaT"} for one in each.ravel()]).reshape(each.shape)
        try:
            return np.atleast_1d(np.where(missing, np.nan, each).astype(np.float64))
        except (TypeError, ValueError) as fault:
            raise ValueError(f"numbers are expected, and None where one isn't known: {fault}") from None


def multiplier(per: float) -> float:
    """What values are multiplied by, such as 100,000; ValueError unless it is a number above zero: others would turn limits round."""
    if not (isinstance(per, (int, float, np.number)) and np.isfinite(per) and per > 0):
        raise ValueError(f"values are per a number above 0, such as 100 or 100000: found {per!r}")
    return float(per)


def normal_quantile(confidence: float) -> float:
    """How many standard deviations hold the middle `confidence` of a normal distribution: 1.96 for 0.95."""
    if not 0 < confidence < 1:
        raise ValueError(f"a level of confidence lies between 0 and 1, such as 0.95: found {confidence}")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def normal_quantiles(confidence: Confidence) -> Floats:
    """normal_quantile of each level: a number for one level, an array for several."""
    levels = np.asarray(confidence, dtype=np.float64)
    if not levels.size:
        raise ValueError("limits need a level of confidence, such as 0.95: found none")
    return np.asarray([normal_quantile(float(level)) for level in levels.ravel()]).reshape(levels.shape)


def tails(confidence: Confidence) -> Floats:
    """(1 - confidence) / 2 of each level: the chance that is left on either side."""
    levels = np.asarray(confidence, dtype=np.float64)
    if not ((levels > 0) & (levels < 1)).all():
        raise ValueError(f"a level of confidence lies between 0 and 1, such as 0.95: found {confidence}")
    return np.asarray((1 - levels) / 2)


def per_level(numbers: npt.NDArray[Number], confidence: Confidence) -> npt.NDArray[Number]:
    """Numbers that broadcast with limits at these levels: with a last axis where there are several."""
    return np.asarray(numbers[..., None]) if np.ndim(confidence) else numbers


def positive(numbers: Floats) -> Floats:
    """The numbers that can be divided by, NaN elsewhere."""
    return np.where(numbers > 0, numbers, np.nan)


def compared(lower: npt.ArrayLike, upper: npt.ArrayLike, benchmark: npt.ArrayLike) -> npt.NDArray[np.object_]:
    """'lower', 'similar' or 'higher': on which side of each group's limits the benchmark (one, or one a group) leaves it.

    None where the limits or the benchmark aren't known.

    A group is higher than the benchmark when its lower limit lies above it. Source: Public Health England, technical guide
    Confidence intervals (2018), comparing with a benchmark.
    """
    low, high, middle = np.broadcast_arrays(floats(lower), floats(upper), floats(benchmark))
    words = np.full(low.shape, None, dtype=object)
    words[(low <= middle) & (middle <= high)] = "similar"
    words[low > middle] = "higher"
    words[high < middle] = "lower"
    return words

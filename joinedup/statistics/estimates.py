"""An estimate for each group: a value with its limits, or none and the reason why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Reason(StrEnum):
    """Why a group has no value."""

    SOURCE_MISSING = "source missing"
    """Nothing is known of what was to be counted."""
    ZERO_DENOMINATOR = "zero denominator"
    NO_EVENTS = "no events"
    """Without a single amount nothing tells how much amounts vary."""
    IMPOSSIBLE = "impossible value"
    """A negative number, or more counted than there were to count."""


@dataclass(frozen=True, slots=True)
class Estimates:
    """One value per group with its lower and upper limit, or NaN for all three and the reason why."""

    value: Floats
    lower: Floats
    upper: Floats
    reason: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.value)


def estimates(value: Floats, lower: Floats, upper: Floats, reason: npt.NDArray[np.object_]) -> Estimates:
    """The estimates, without value and limits wherever there is a reason."""
    without = reason != None  # noqa: E711 - compared element by element
    known = [np.where(without, np.nan, numbers) for numbers in (value, lower, upper)]
    return Estimates(known[0], known[1], known[2], reason)


def reasons(numerator: Floats, denominator: Floats) -> npt.NDArray[np.object_]:
    """What stands in the way of a ratio, group by group; None where nothing does."""
    above, below = np.broadcast_arrays(numerator, denominator)
    found = np.full(above.shape, None, dtype=object)
    found[(above < 0) | (below < 0) | np.isinf(above) | np.isinf(below)] = Reason.IMPOSSIBLE
    found[(below == 0) | np.isnan(below)] = Reason.ZERO_DENOMINATOR
    found[np.isnan(above)] = Reason.SOURCE_MISSING
    return found


def floats(numbers: npt.ArrayLike) -> Floats:
    """Numbers as an array of at least one dimension; None becomes NaN."""
    return np.atleast_1d(np.asarray(numbers, dtype=np.float64))


def normal_quantile(confidence: float) -> float:
    """How many standard deviations hold the middle `confidence` of a normal distribution: 1.96 for 0.95."""
    if not 0 < confidence < 1:
        raise ValueError(f"a level of confidence lies between 0 and 1, such as 0.95: found {confidence}")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def compared(lower: npt.ArrayLike, upper: npt.ArrayLike, benchmark: float) -> npt.NDArray[np.object_]:
    """'lower', 'similar' or 'higher': on which side of each group's limits the benchmark leaves it; None without limits.

    A group is higher than the benchmark when its lower limit lies above it. Source: Public Health England, technical guide
    Confidence intervals (2018), comparing with a benchmark.
    """
    low, high = floats(lower), floats(upper)
    words = np.full(low.shape, None, dtype=object)
    if np.isnan(benchmark):
        return words
    words[(low <= benchmark) & (benchmark <= high)] = "similar"
    words[low > benchmark] = "higher"
    words[high < benchmark] = "lower"
    return words

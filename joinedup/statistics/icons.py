"""What a control chart says in a word: how it varies, and whether it can be relied on to meet its target."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from joinedup.statistics.control import ControlLimits
from joinedup.statistics.estimates import Reason, Reasons, floats, no_reasons
from joinedup.statistics.signals import Signals

POLARITY = {"higher is better": 1, "lower is better": -1, "neither": 0}


class Variation(StrEnum):
    """What the last point of a chart shows. Source: the guides of Making Data Count (2019-2024), variation icons."""

    COMMON_CAUSE = "common cause"
    IMPROVING = "special cause improving"
    CONCERNING = "special cause concerning"
    NEITHER = "special cause neither"


class Assurance(StrEnum):
    """Whether a target lies within the limits. Source: the guides of Making Data Count (2019-2024), assurance icons."""

    MET = "consistently met"
    FAILED = "consistently failed"
    HIT_AND_MISS = "hit and miss"
    NO_TARGET = "no target"


@dataclass(frozen=True, slots=True)
class Icons:
    """For each chart its two words, or None and the reason why."""

    variation: npt.NDArray[np.object_]
    direction: npt.NDArray[np.int8]
    """1 where the special cause is of high or rising values, -1 of low or falling ones, 0 else."""
    assurance: npt.NDArray[np.object_]
    reason: Reasons


def icons(
    values: npt.ArrayLike, limits: ControlLimits, signals: Signals, polarity: npt.ArrayLike, target: npt.ArrayLike | None = None
) -> Icons:
    """The icons of each chart (row), from its last known point and the limits that hold there.

    `polarity` is 'higher is better' (or 1), 'lower is better' (-1) or 'neither' (0), one for all or one a chart; `target` NaN where there
    is none. The direction is that of the first rule of the set that the last point shows. A target is consistently met when the limits
    lie wholly on its good side (the target itself is not yet beyond it), consistently failed when wholly on the other; without polarity
    there is no such side, and the word is 'no target'. A chart without limits at its last known point is 'not tested'.
    """
    numbers = np.atleast_2d(floats(values))
    charts, points = numbers.shape
    why = no_reasons((charts,))
    if not points:
        why[:] = Reason.NOT_TESTED
        return Icons(no_reasons((charts,)), np.zeros(charts, dtype=np.int8), no_reasons((charts,)), why)
    known = np.isfinite(numbers)
    last = points - 1 - np.argmax(known[:, ::-1], axis=1)
    row = np.arange(charts)
    better = _sides(polarity, charts)
    low, high = limits.lower[row, last], limits.upper[row, last]
    why[~known.any(axis=1) | np.isnan(low)] = Reason.NOT_TESTED
    shown = signals.found[:, row, last]
    first = np.take_along_axis(shown, np.argmax(shown != 0, axis=0)[None, :], axis=0)[0]
    direction = np.where(first == 2, 0, first).astype(np.int8)
    way = direction * better
    variation = np.select(
        [first == 0, way > 0, way < 0], [Variation.COMMON_CAUSE, Variation.IMPROVING, Variation.CONCERNING], Variation.NEITHER
    ).astype(object)
    aim = np.full(charts, np.nan) if target is None else np.broadcast_to(floats(target), (charts,))
    above, below = aim < low, aim > high
    assurance = np.select(
        [np.isnan(aim) | (better == 0), np.where(better > 0, above, below), np.where(better > 0, below, above)],
        [Assurance.NO_TARGET, Assurance.MET, Assurance.FAILED],
        Assurance.HIT_AND_MISS,
    ).astype(object)
    for words in (variation, assurance):
        words[why != None] = None  # noqa: E711 - compared element by element
    direction[why != None] = 0  # noqa: E711 - compared element by element
    return Icons(variation, direction, assurance, why)


def _sides(polarity: npt.ArrayLike, charts: int) -> npt.NDArray[np.int8]:
    """1, -1 or 0 of each chart; ValueError for another word or number."""
    given = np.atleast_1d(np.asarray(polarity, dtype=object))
    known: dict[object, int] = dict(zip([*POLARITY, *POLARITY.values()], [*POLARITY.values()] * 2, strict=True))
    wrong = [each for each in given if each not in known]
    if wrong:
        raise ValueError(f"polarity is one of {', '.join(POLARITY)}, or 1, -1 or 0: found {wrong[0]!r}")
    return np.broadcast_to(np.array([known[each] for each in given], dtype=np.int8), (charts,))

"""Counts as the public may have them: 1 to 7 suppressed, the rest to the nearest 5, and sums made of nothing else.

Source: NHS Digital, Disclosure control methodology for Hospital Episode Statistics and Emergency Care Data Set (September 2018):
sub-national counts of 1 to 7 are suppressed, zero is shown, all others are rounded to the nearest 5. Two rules of ours come on top, so
that nothing suppressed can be got by subtraction: a total is the sum of the counts that are shown, never of the true ones (`added`), and
counts that belong to one total, of which others may know more, are shown only where each suppressed one could be another (`safe_lines`).
docs/explanation/disclosure.md says why that is enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

SMALL, NEAREST = 7, 5
ASSUMED = 4
"""What a suppressed count stands for in a sum: the middle of 1 to 7."""
MOST_ASSUMED = 0.2
"""The largest part of a sum that suppressed counts may make up; above it the sum isn't shown either. (A rule of ours; 2026.)"""
DIGITS = 3
"""Significant figures of means and sums of money."""
Counts: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]


def small(counts: Counts) -> Flags:
    """Which counts are of 1 to 7."""
    return (counts > 0) & (counts <= SMALL)


def rounded(counts: Counts) -> Floats:
    """The counts to the nearest 5, small ones NaN; zero stays zero."""
    return np.where(small(counts), np.nan, nearest(counts))


def nearest(counts: npt.NDArray[np.generic]) -> Floats:
    """Numbers to the nearest 5, halves up."""
    return np.floor(np.asarray(counts, dtype=np.float64) / NEAREST + 0.5) * NEAREST


def public_count(count: int | None) -> int | None:
    """One count as the public may have it; None when small or missing."""
    if count is None or 0 < count <= SMALL:
        return None
    return int(nearest(np.array([count]))[0])


def added(values: Iterable[float | None]) -> int | None:
    """The sum of counts as they are shown, None standing for a suppressed one; None where these would make up too much of it.

    Of true counts, none of which is None, it is their sum.
    """
    given = list(values)
    known, hidden = sum(value for value in given if value is not None), sum(value is None for value in given)
    if not hidden:
        return int(known)
    total = known + ASSUMED * hidden
    return int(nearest(np.array([total]))[0]) if ASSUMED * hidden <= MOST_ASSUMED * total else None


def safe_lines(counts: Counts, lines: npt.NDArray[np.int64]) -> Flags:
    """For each count, whether those of its line may be shown together; `lines` says which line a count is of, from 0.

    Even to somebody who knows the total of a line, a suppressed count must leave a choice: it could be one more and another count of the
    line one fewer, or the other way round, and all that is shown would be the same. Where one has no such partner, or where the line
    has nothing but small counts, none of it is shown.
    """
    is_small, shown = small(counts), nearest(counts)
    more = np.where(is_small, counts < SMALL, (counts > SMALL) & (nearest(counts + 1) == shown))
    fewer = np.where(is_small, counts > 1, (counts > SMALL + 1) & (nearest(counts - 1) == shown))
    has_partner = (more & (_of_line(fewer, lines) - fewer > 0)) | (fewer & (_of_line(more, lines) - more > 0))
    stuck, any_small, any_more = (_of_line(flag, lines) > 0 for flag in (is_small & ~has_partner, is_small, counts > SMALL))
    return np.asarray(~stuck & (any_more | ~any_small), dtype=bool)


def _of_line(flags: Flags, lines: npt.NDArray[np.int64]) -> Floats:
    """For each count how many of its line have a flag."""
    return np.asarray(np.bincount(lines, weights=flags)[lines] if len(lines) else [], dtype=np.float64)


def significant(values: Floats, digits: int = DIGITS) -> Floats:
    """Numbers to so many significant figures; NaN stays NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 10.0 ** (digits - 1 - np.floor(np.log10(np.abs(values))))
        return np.where(values == 0, 0.0, np.round(values * scale) / scale)

"""Counterfoils: a line for each look, in a file beside the seals: what tells that looks not yet sealed were cut off.

A line is the event's number, the name of the key (blank without one) and eight bytes of the event's hash; it tells nothing of the look.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import itertools
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from joinedup.errors import StoreProblem
from joinedup.kept.seals import SealKey

SUFFIX = ".counterfoils.csv"
BYTES = 8
NAME_DIGITS = 8
Numbers = npt.NDArray[np.int64]
Texts = npt.NDArray[np.bytes_]
LINES_AT_A_TIME = 100_000
LINE = re.compile(rb"(\d{1,18}),([^,\r\n]{0,40},[^,\r\n]{%d})\r?\n?" % (2 * BYTES))


def beside(seal_file: Path) -> Path:
    """The file of counterfoils that belongs to a seal file."""
    return seal_file.with_suffix(SUFFIX)


def counterfoil(number: int, line: bytes, key: SealKey | None) -> str:
    """What is kept of one event: key name and hash."""
    said = b"%d\t%b" % (number, line)
    found = hmac.new(key.secret, said, "sha256").hexdigest() if key else hashlib.sha256(said).hexdigest()
    return f"{key.key_id[:NAME_DIGITS] if key else ''},{found[: 2 * BYTES]}"


def write_counterfoils(file: Path, first: int, lines: Sequence[bytes], key: SealKey | None) -> None:
    """Nothing; the file has one for each of these events; StoreProblem where it can't be written."""
    content = "".join(f"{number},{counterfoil(number, line, key)}\n" for number, line in enumerate(lines, first)).encode()
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb", buffering=0) as out:
            fcntl.flock(out, fcntl.LOCK_EX)
            while content:
                content = content[out.write(content) :]
    except OSError as error:
        raise StoreProblem(f"the counterfoils in {file} can't be written: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class Counterfoils:
    """Those of a file, by number; of a number that stands there twice the first."""

    numbers: Numbers
    said: Texts
    again: Sequence[int] = ()
    """Numbers that were given out twice, to two looks."""

    @property
    def last(self) -> int:
        """The greatest number; 0 where there is none."""
        return int(self.numbers[-1]) if len(self.numbers) else 0

    def differing(self, first: int, lines: Sequence[bytes], key: SealKey | None) -> Iterator[int]:
        """The numbers of those events, from `first` on, of which the counterfoil says otherwise; those under another key tell nothing."""
        start, end = np.searchsorted(self.numbers, [first, first + len(lines)])
        for number, kept in zip(self.numbers[start:end].tolist(), self.said[start:end].tolist(), strict=True):
            said = kept.decode("ascii", "replace")
            name = said.partition(",")[0]
            if name and (key is None or key.key_id[:NAME_DIGITS] != name):
                continue
            if counterfoil(number, lines[number - first], key if name else None) != said:
                yield number


def read_counterfoils(file: Path) -> Counterfoils | None:
    """What a file holds; None where there is none. A line that a crash cut short is left out."""
    if not file.exists():
        return None
    numbers, said = [np.array([], dtype=np.int64)], [np.array([], dtype=np.bytes_)]
    try:
        with file.open("rb") as lines:
            while some := list(itertools.islice(lines, LINES_AT_A_TIME)):
                rows = [found.groups() for line in some if (found := LINE.fullmatch(line))]
                numbers.append(np.array([number for number, _ in rows], dtype=np.int64))
                said.append(np.array([text for _, text in rows], dtype=np.bytes_))
    except OSError as error:
        raise StoreProblem(f"the counterfoils in {file} can't be read ({type(error).__name__})") from None
    return _first_of_each(np.concatenate(numbers), np.concatenate(said))


def _first_of_each(numbers: Numbers, said: Texts) -> Counterfoils:
    """Counterfoils as they were read, of each number the first, and which numbers stand there twice."""
    unique, first, which = np.unique(numbers, return_index=True, return_inverse=True)
    again = np.unique(numbers[said != said[first][which]])
    return Counterfoils(unique, said[first], tuple(again.tolist()))

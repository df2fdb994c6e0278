"""A text without the few lines that can't be split into fields: an empty line stands for each, so that the others keep their numbers."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np

from joinedup.engine.files_bytes import BLANK_KEPT, LINE_FEED, RETURN, chunks
from joinedup.engine.files_lines import shapes
from joinedup.engine.files_text import Header, Text

QUOTE = ord('"')
QUOTED_LOOKED_AT = 100_000
"""Lines with quotes that are looked at one by one; where there are more, the database does it as fast."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A text whose lines can be split, and those that can't."""

    text: Text
    faults: tuple[tuple[int, str], ...]
    """The number of each line left out, as a row, and the rule by which it is."""


@contextmanager
def mended(text: Text, header: Header, scratch: Path) -> Iterator[Mended | None]:
    """A copy of the text in `scratch` without the lines at fault, gone afterwards; None where lines and rows aren't the same."""
    if text.newline == "\r" or text.blank is None or not header.delimiter.isascii():
        yield None
        return
    with tempfile.NamedTemporaryFile(dir=scratch, suffix=".csv") as copy:
        faults = _mend(text, header, copy)
        copy.flush()
        if faults is None:
            yield None
            return
        blank = tuple(sorted((*text.blank, *(number + header.line for number, _ in faults))))
        yield Mended(replace(text, path=Path(copy.name), gzipped=False, blank=blank), tuple(faults))


def _mend(text: Text, header: Header, copy: IO[bytes]) -> list[tuple[int, str]] | None:
    """The lines at fault, left out of the copy; None where they are too many or values may run over line ends."""
    judge, faults, line = _Judge(header), list[tuple[int, str]](), 0
    for block in _whole_lines(text):
        found = judge.faults(block, line)
        if found is None or len(faults) + len(found) + len(text.blank or ()) > BLANK_KEPT:
            return None
        faults += [(number - header.line, rule) for number, rule, _, _ in found]
        copy.writelines(_without(block, [(start, end) for _, _, start, end in found]))
        line += block.count(b"\n")
    return faults


def _whole_lines(text: Text) -> Iterator[bytes]:
    """The text in pieces of whole lines; the last may lack its end."""
    carried = b""
    for chunk in chunks(text.path, gzipped=text.gzipped):
        whole, end, rest = (carried + chunk).rpartition(b"\n")
        carried = rest
        if end:
            yield whole + end
    if carried:
        yield carried + b"\n"


def _without(block: bytes, faulty: list[tuple[int, int]]) -> Iterator[bytes]:
    """The pieces of a block between lines at fault, of which nothing but the end is left."""
    at = 0
    for start, end in faulty:
        yield block[at:start]
        at = end
    yield block[at:]


class _Judge:
    """Tells which lines can't be split: first by their number of delimiters and quotes, then, where they have quotes, one by one."""

    def __init__(self, header: Header) -> None:
        self.header, self.delimiter, self.parted = header, ord(header.delimiter), len(header.names) - 1
        self.shape = {name: re.compile(shape, re.DOTALL) for name, shape in shapes(header.delimiter).items()}
        self.left = QUOTED_LOOKED_AT

    def faults(self, block: bytes, above: int) -> list[tuple[int, str, int, int]] | None:
        """Of each line at fault in a block with so many lines above: its number, the rule, where it begins and where its end stands.

        None where a line leaves a quote open that the next may close, or too many have quotes.
        """
        values = np.frombuffer(block, np.uint8)
        ends = np.flatnonzero(values == LINE_FEED)
        starts = np.concatenate([[0], ends[:-1] + 1])
        delimiters, quotes = (_counted(values, sign, ends) for sign in (self.delimiter, QUOTE))
        ends = ends - (values[np.maximum(ends - 1, 0)] == RETURN) * (ends > starts)
        told = (np.arange(above + 1, above + 1 + len(ends)) > self.header.line) & (ends > starts)
        self.left -= int((told & (quotes > 0)).sum())
        if self.left < 0:
            return None
        lines = list[tuple[int, str, int, int]]()
        for at in np.flatnonzero(told & ((delimiters != self.parted) | (quotes > 0))).tolist():
            line, after = (block[starts[each] : ends[each]].decode("utf-8", "replace") for each in (at, min(at + 1, len(ends) - 1)))
            if quotes[at] and self._may_go_on(line, after if at + 1 < len(ends) else ""):
                return None
            rule = self._rule(line, quoted=bool(quotes[at]))
            lines += [(above + at + 1, rule, int(starts[at]), int(ends[at]))] if rule else []
        return lines

    def _is(self, shape: str, line: str) -> bool:
        return self.shape[shape].fullmatch(line) is not None

    def _may_go_on(self, line: str, after: str) -> bool:
        """Whether a line leaves a quote open that isn't plainly broken: the next line is no row of its own, or closes it."""
        if self._is("complete", line) or self._is("closes", line) or not self._is("opens", line):
            return False
        within = self._is("inside", after) and after.count(self.header.delimiter) < max(self.parted, 1)
        return within or self._is("closes", after)

    def _rule(self, line: str, *, quoted: bool) -> str | None:
        """The rule that a line breaks; empty fields too many are none to the database."""
        if quoted and not self._is("complete", line):
            return "broken-quotes"
        fields = list(self._fields(line)) if quoted else line.split(self.header.delimiter)
        if len(fields) <= self.parted:
            return "too-few-fields"
        return "too-many-fields" if any(field not in ("", '""') for field in fields[self.parted + 1 :]) else None

    def _fields(self, text: str) -> Iterator[str]:
        at = 0
        while at <= len(text):
            found = self.shape["field"].match(text, at)
            end = found.end() if found else len(text)
            yield text[at:end]
            at = end + 1


def _counted(values: np.ndarray, sign: int, ends: np.ndarray) -> np.ndarray:
    """How often a sign stands in each line."""
    return np.diff(np.searchsorted(np.flatnonzero(values == sign), ends), prepend=0)

"""Rows as CSV in which no spreadsheet takes text for a formula, and the same rows again.

This and `sheets.py` are the one place where CSV and spreadsheets are written (a test looks), but for files that no person opens
and extracts of invented partners.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import IO, TypeVar

T = TypeVar("T")
UNSEEN = r"'\s\0\ufeff\u200b-\u200f\u2060"
"""What spreadsheets pass over before a formula, and what a guard was put before already."""
STARTS = rf"(?:[{UNSEEN}]*[=+\-@＝＋－＠]|'*[\t\r\n])"
"""How text begins that Excel, LibreOffice or Google Sheets may run; signs of full width as well (OWASP, CSV injection, 2024)."""
NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
MAY_RUN = re.compile(f"(?!({NUMBER})\\Z){STARTS}")
WAS_GUARDED = re.compile(f"'{STARTS}")


def guarded(value: T) -> T | str:
    """The value; where it is text that might run, with an apostrophe before it. Numbers, also as text, stay as they are."""
    return f"'{value}" if isinstance(value, str) and MAY_RUN.match(value) else value


def as_it_was(text: str) -> str:
    """The text before it was guarded."""
    return text[1:] if WAS_GUARDED.match(text) else text


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines that end in one sign, of a writer that quotes the signs its own lines end in: a cell may hold either."""

    out: IO[str]

    def write(self, line: str) -> int:
        return self.out.write(line.removesuffix("\r\n") + "\n")


def write_rows(out: IO[str], columns: Sequence[str], rows: Iterable[Mapping[str, object] | Sequence[object]], *, head: bool = True) -> None:
    """Nothing; the rows stand below their heading as CSV, each cell guarded. What has no value is empty."""
    writer = csv.writer(_Lines(out), lineterminator="\r\n")
    if head:
        writer.writerow([guarded(name) for name in columns])
    for row in rows:
        cells = [row.get(name) for name in columns] if isinstance(row, Mapping) else row
        writer.writerow([guarded(cell) for cell in cells])


def read_rows(text: str) -> Iterator[dict[str, str]]:
    """The rows that `write_rows` wrote, by column, as they were before they were guarded."""
    for row in csv.DictReader(StringIO(text, newline="")):
        yield {name: as_it_was(cell or "") for name, cell in row.items() if name is not None}

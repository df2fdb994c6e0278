"""A CSV file of a place folder: its rows, each with the line that it begins on."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from joinedup.cells import as_it_was
from joinedup.findings import Finding
from joinedup.place.located import Spot
from joinedup.place.sentences import unknown
from joinedup.place.text import MOST_BYTES, read_text

MOST_COLUMNS = 200
NOTE = "note"
"""A column that every file may have, for its people: nothing reads it."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that a file may have, and those of them that it must have."""

    known: tuple[str, ...]
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells by column, blank ones left out."""

    file: str
    line: int
    cells: Mapping[str, str]

    @property
    def spot(self) -> Spot:
        """Where it is written."""
        return Spot(self.file, lambda _: self.line)

    def under(self, names: Mapping[str, str]) -> dict[str, str]:
        """Its cells by the field that each column stands for."""
        return {field: self.cells[column] for field, column in names.items() if column in self.cells}


def read_csv(folder: Path, file: str, columns: Columns, most: int = MOST_BYTES) -> tuple[list[Row], list[Finding]]:
    """The rows of a file of so many bytes at most, and the findings about its shape."""
    text = read_text(folder, file, most)
    if isinstance(text, Finding):
        return [], [text]
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for cells in reader:
            records.append((begins, [as_it_was(cell.strip()) for cell in cells]))
            begins = reader.line_num + 1
    except csv.Error as error:
        message = f"can't be read as CSV from here on ({error}): check the quotation marks"
        return [], [Finding(file, "not-csv", message, line=begins)]
    return rows_of(file, [(line, cells) for line, cells in records if any(cells)], columns)


def rows_of(file: str, records: list[tuple[int, list[str]]], columns: Columns) -> tuple[list[Row], list[Finding]]:
    """The rows under a header that holds what it must; a row with too many or too few cells is a finding."""
    line, first = records[0]
    header = [cell.lower().replace(" ", "_") for cell in trimmed(first)]
    if len(header) > MOST_COLUMNS:
        message = f"has {len(header):,} columns, where {MOST_COLUMNS} are more than any file of a place needs: it is something else"
        return [], [Finding(file, "too-many-columns", message, line=line)]
    faults = [Finding(file, rule, message, line=line) for rule, message in header_faults(header, columns)]
    if faults:
        return [], faults
    rows: list[Row] = []
    for line, cells in records[1:]:
        found = cells if len(cells) == len(header) else trimmed(cells, len(header))
        if len(found) == len(header):
            rows.append(Row(file, line, {name: cell for name, cell in zip(header, found, strict=True) if cell and name != NOTE}))
        else:
            message = f"has {len(found)} cells where the header has {len(header)}: quote cells that hold a comma, and keep blank cells"
            faults.append(Finding(file, "wrong-cells", message, line=line))
    return rows, faults


def trimmed(cells: list[str], keep: int = 0) -> list[str]:
    """The cells without the blank ones that spreadsheets add at the end of a line."""
    length = max((i + 1 for i, cell in enumerate(cells) if cell), default=0)
    return cells[: max(length, keep)]


def header_faults(header: list[str], columns: Columns) -> Iterator[tuple[str, str]]:
    """What is wrong with a header: rule and sentence."""
    known = (*columns.known, NOTE)
    for delimiter, name in ((";", "semicolons"), ("|", "pipes"), ("\t", "tabs")):
        if len(header) == 1 and set(header[0].split(delimiter)) & set(known) and delimiter in header[0]:
            yield "wrong-delimiter", f"has its columns parted by {name}: save it with commas"
            return
    if not set(header) & set(known):  # its names are not repeated: they may be the first row of an extract
        yield "no-header", f"has none of its columns in the first line: begin with {','.join(columns.known)}"
        return
    for repeated in sorted({name for name in header if header.count(name) > 1}):
        yield "repeated-column", f"has the column {repeated!r} more than once: keep one"
    for name in (name for name in dict.fromkeys(header) if name not in known):
        yield "unknown-column", unknown(name, list(known))
    for name in columns.required:
        if name not in header:
            yield "missing-column", f"has no column {name}: its header is {', '.join(columns.known)}"

"""Any file as a table of texts: whatever its encoding, delimiter or kind, one row per row and a column c0, c1, … for each of its own."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from joinedup.engine.files import Wanted, forget, parquet_columns, read_csv, read_parquet, read_sheet
from joinedup.engine.files_bytes import SPACES, FileBytes, first_bytes, look_at
from joinedup.engine.files_lines import Connection, quoted
from joinedup.engine.files_sheets import SheetProblem, first_rows, keep_rows, open_sheet
from joinedup.engine.files_text import DELIMITERS, HEADER_WITHIN, LONGEST_HEADER, Header, Text, clean_text, plain
from joinedup.engine.files_values import Cleaning
from joinedup.findings import Finding

LOOKED_AT = 60
"""Lines from which the delimiter and the header show."""
LONGEST_NAMES = 10
"""Lines that one record may fill among the first, before its quotes count as broken."""
ENOUGH, MOSTLY = 3, 0.6
"""Ours: three delimiters in a line are as good a sign as thirty; a line that is filled to three fifths can be a header."""
HEAD = 200_000  # bytes; as many lines hardly take more
ODD_DELIMITERS = ("^", "~", ":", "¬", "#")
"""Signs that part the columns of some files and that landing can't be told: they are seen, so that the message can name them."""


@dataclass(frozen=True)
class FileTable:
    """One file, read: its columns as the file names them, and its rows as texts in a temp table."""

    path: Path
    name: str
    """As its owner knows it."""
    table: str
    """Its columns are c0, c1, …; a blank is null."""
    columns: tuple[str, ...]
    rows: int
    faulty: int = 0
    """Rows that couldn't be split into columns."""
    kind: str = "text"
    delimiter: str = ","
    encoding: str = "utf-8"
    header_line: int = 1
    """0 where the file has no header."""
    sheet: str = ""
    """Of a spreadsheet: the sheet that was read."""
    others: tuple[str, ...] = ()
    """Its other sheets."""

    @property
    def at(self) -> dict[str, int]:
        """The position of each column, by its name as names are compared."""
        return {plain(name): position for position, name in reversed(list(enumerate(self.columns)))}


def keep_table(  # noqa: PLR0913 -- what a file may need to be told apart
    con: Connection, path: Path, table: str, scratch: Path, *, headless: bool = False, sheet: str | None = None
) -> FileTable | Finding:
    """The file as the temp table `table`, which stays; a finding where it can't be read.

    `headless`: its first line is a row. `sheet`: of a spreadsheet, the one to read; the first where none is named.
    """
    seen = look_at(path, path.name)
    if isinstance(seen, Finding):
        return seen
    seen = replace(seen, path=_literal_path(seen.path, scratch, table))
    file = FileTable(path, path.name, table, (), 0)
    try:
        if seen.spreadsheet:
            return _spreadsheet(con, file, sheet, scratch)
        return _parquet(con, seen, file) if seen.parquet else _text(con, seen, file, scratch, headless=headless)
    finally:
        forget(con)


def _literal_path(path: Path, scratch: Path, table: str) -> Path:
    """A path to the file that DuckDB doesn't take for a pattern."""
    if not set("*?[") & set(str(path)):
        return path
    link = scratch / f"{table}-link"
    link.unlink(missing_ok=True)
    link.symlink_to(path.absolute())
    return link


def _parquet(con: Connection, seen: FileBytes, file: FileTable) -> FileTable | Finding:
    columns = parquet_columns(con, seen.path)
    rows = read_parquet(con, seen.path, columns, _every(len(columns))) if columns else None
    if not columns or rows is None:
        return Finding(file.name, "damaged-file", "it is cut short or damaged Parquet, and none of it was read: fetch it again")
    _keep(con, file.table)
    return replace(file, columns=tuple(columns), rows=rows.read, kind="Parquet", delimiter="", encoding="")


def _spreadsheet(con: Connection, file: FileTable, name: str | None, scratch: Path) -> FileTable | Finding:
    with open_sheet(file.path, name) as sheet:
        if isinstance(sheet, SheetProblem):
            return Finding(file.name, sheet.rule, sheet.message)
        rows = first_rows(sheet)
        filled = [sum(map(bool, row)) for row in rows] or [0]
        line = next((number for number, count in enumerate(filled, 1) if count and count >= max(filled) * MOSTLY), 1)
        names = tuple(_name(cell) for cell in rows[line - 1]) if rows else ()
        if not any(names):
            return Finding(file.name, "empty-file", "the sheet holds nothing")
        table = keep_rows(sheet, Header(line, "", tuple(map(plain, names)), 0), scratch)
        read, others = sheet.name, sheet.others
    found = read_sheet(con, table, _every(len(names)))
    _keep(con, file.table)
    return replace(
        file,
        columns=names,
        rows=found.read,
        faulty=found.faulty,
        kind="spreadsheet",
        delimiter="",
        encoding="",
        header_line=line,
        sheet=read,
        others=others,
    )


def _text(con: Connection, seen: FileBytes, file: FileTable, scratch: Path, *, headless: bool) -> FileTable | Finding:
    with clean_text(seen, scratch, None) as text:
        line, sign, names = find_header(text)
        if sign in ODD_DELIMITERS:
            return Finding(file.name, "wrong-delimiter", f"it looks as if {sign} parted its columns: ask for a comma, a tab, | or ;")
        header = Header(0 if headless else line, sign, tuple(map(plain, names)), 0)
        rows = read_csv(con, text, header, _every(len(names)), scratch)
    if rows is None:
        return Finding(file.name, "damaged-file", "it can't be split into lines, and none of it was read: fetch it again")
    _keep(con, file.table)
    columns = tuple(f"column {at}" for at in range(1, len(names) + 1)) if headless else names
    encoding = seen.encoding.removesuffix("-sig")
    return replace(file, columns=columns, rows=rows.read, faulty=rows.faulty, delimiter=sign, encoding=encoding, header_line=header.line)


def _every(columns: int) -> dict[str, Wanted]:
    return {f"c{at}": Wanted(at, Cleaning()) for at in range(columns)}


def _keep(con: Connection, table: str) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(table)} AS FROM file_fields")


def find_header(text: Text) -> tuple[int, str, tuple[str, ...]]:
    """The line that a text's header ends on, the delimiter and the names as they are written.

    The delimiter is the sign that parts most of the first records into the same number of columns; the header the first record
    that has as many, most of them filled. Lines above it are a title or notes.
    """
    head = first_bytes(text.path, HEAD, gzipped=text.gzipped).decode("utf-8", "replace").removeprefix("\ufeff")
    lines = [line[:LONGEST_HEADER] + "\n" for line in head.split(text.newline)[:LOOKED_AT]]
    tried = [_parted(_records(lines, sign), sign) for sign in (*DELIMITERS, *ODD_DELIMITERS)]
    return max(tried, key=lambda found: found[:2])[2]


def _records(lines: Sequence[str], sign: str) -> list[tuple[int, list[str]]]:
    """The records of some lines, each with the line that it ends on; where quotes are broken, a line is a record."""
    reader = csv.reader(lines, delimiter=sign)
    found = [(reader.line_num, cells) for cells in reader]
    longest = max((end - start for (start, _), (end, _) in pairwise([(0, []), *found])), default=0)
    if longest > LONGEST_NAMES:
        found = [(number, next(csv.reader([line], delimiter=sign), [])) for number, line in enumerate(lines, 1)]
    return [(end, cells) for end, cells in found if any(cell.strip() for cell in cells)]


def _parted(records: Sequence[tuple[int, list[str]]], sign: str) -> tuple[float, int, tuple[int, str, tuple[str, ...]]]:
    """How well a sign parts the records, into how many columns, and the header that there then is."""
    widths = Counter(len(cells) for _, cells in records)
    width, times = max(widths.items(), key=lambda item: (item[1] * min(item[0] - 1, ENOUGH), item[0]), default=(1, 0))
    wide = [(end, cells) for end, cells in records if len(cells) == width]
    named = [(end, cells) for end, cells in wide[:HEADER_WITHIN] if _looks_named(cells)]
    end, cells = next(iter([*named, *wide]), (1, [""]))
    good = times / max(len(records), 1) * min(width - 1, ENOUGH) * (1.0 if sign in DELIMITERS else 0.5)
    return good, width, (end, sign, tuple(_name(cell) for cell in cells))


def _looks_named(cells: Sequence[str]) -> bool:
    return sum(bool(cell.strip(SPACES)) for cell in cells) > len(cells) * MOSTLY


def _name(cell: str) -> str:
    """A column's name as it is written, without what can't be seen."""
    return re.sub(r"\s+", " ", cell.strip(" \t\r\n\0\"'\u00a0\ufeff"))

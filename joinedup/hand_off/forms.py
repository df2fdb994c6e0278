"""The rows of a table in a form, written set by set: Parquet, CSV, and a workbook of all tables."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from joinedup.cells import write_rows
from joinedup.errors import Refused
from joinedup.hand_off.described import File, Table
from joinedup.sheets import long_workbook, write_csv_sets

Form: TypeAlias = Literal["parquet", "csv", "xlsx", "star"]
Sets: TypeAlias = Callable[[], Iterable[pa.Table]]
"""What gives the rows of a table in sets, as often as it is asked."""

MOST_ROWS = 1_048_576
"""Rows of a worksheet, its head among them (Microsoft, Excel specifications and limits)."""
EXACT = 2**53
"""Whole numbers from here on are rounded in a worksheet, so that they are written as text."""
WIDEST = 40


@dataclass(frozen=True)
class Given:
    """A table that leaves: what it is, and its rows in sets."""

    table: Table
    sets: Sets


def refuse_too_long(tables: Sequence[Table]) -> None:
    """Nothing where each table fits a worksheet; Refused, with what to do instead, where one doesn't."""
    if long := [table for table in tables if table.rows >= MOST_ROWS]:
        said = ", ".join(f"{table.name} has {table.rows:,}" for table in long)
        raise Refused(
            f"a worksheet holds {MOST_ROWS - 1:,} rows below its head, and {said}: choose --format parquet or csv, which Excel's Power "
            "Query reads too, or ask for fewer rows with --where"
        )


def write_parquet(sets: Iterable[pa.Table], schema: pa.Schema, path: Path) -> File:
    """The file of a table, a row group a set."""
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in sets:
            writer.write_table(rows.cast(schema))
    return file_of(path, "parquet")


def write_csv(sets: Iterable[pa.Table], schema: pa.Schema, path: Path) -> File:
    """The file of a table as CSV in UTF-8, texts guarded that a spreadsheet might run."""
    with path.open("wb") as out:
        write_csv_sets((rows.cast(schema) for rows in sets), schema, out)
    return file_of(path, "csv")


def write_lines(rows: Iterable[Sequence[object]], columns: Sequence[str], path: Path) -> None:
    """Nothing; a short table stands in a file as CSV, guarded."""
    with path.open("w", encoding="utf-8", newline="") as out:
        write_rows(out, columns, rows)


@dataclass(frozen=True)
class Sheets:
    """A workbook that is being written."""

    book: xlsxwriter.Workbook
    head: Format
    day: Format

    def write(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Nothing; a sheet has these columns and rows."""
        sheet = self.book.add_worksheet(name[:31])
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(columns):
            sheet.set_column(at, at, min(WIDEST, max(12, len(column) + 2)))
            sheet.write_string(0, at, column, self.head)
        last = 0
        for last, row in enumerate(rows, start=1):
            for at, value in enumerate(row):
                if value is not None:
                    _write_cell(sheet, last, at, value, self.day)
        sheet.autofilter(0, 0, last, len(columns) - 1)


@contextmanager
def in_workbook(path: Path, spilled: Path) -> Iterator[Sheets]:
    """A workbook to write sheets in, each row after the one before."""
    with long_workbook(path, spilled) as book:
        yield Sheets(book, book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"}))


def _write_cell(sheet: Worksheet, row: int, at: int, value: object, day: Format) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, at, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, at, value) if abs(value) < EXACT else sheet.write_string(row, at, str(value))
    elif isinstance(value, date) and value.year >= 1900:  # a worksheet's days begin there
        sheet.write_datetime(row, at, value, day)
    else:
        sheet.write_string(row, at, str(value))


def rows_of(sets: Iterable[pa.Table], as_text: Sequence[str] = ()) -> Iterator[tuple[object, ...]]:
    """The rows of sets, one after another, some columns as text: a worksheet rounds numbers of more than 15 digits."""
    for whole in sets:
        kinds = [pa.field(each.name, pa.string() if each.name in as_text else each.type) for each in whole.schema]
        rows = whole.cast(pa.schema(kinds))
        for batch in rows.to_batches(max_chunksize=10_000):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def file_of(path: Path, form: str) -> File:
    """What was written, with its size and SHA-256."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return File(path.name, path.stat().st_size, digest, form)

"""Tables that a door gave, to a terminal or to a file that only its owner can read."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from xlsxwriter.worksheet import Worksheet

from joinedup.engine.store import PRIVATE_FILE, store_errors
from joinedup.errors import StoreProblem
from joinedup.sheets import workbook, write_csv

FORMS = ("csv", "json", "parquet", "xlsx")
NOT_KNOWN, NOTHING = "not known", "–"
"""What stands on a terminal where there is no value, of a person and in a count: never no, and never 0."""
MOST_ROWS_XLSX = 1_048_575
"""Rows of a worksheet below its head (Microsoft, Excel specifications and limits)."""


def show_table(table: pa.Table, form: str, stream: TextIO, nothing: str = NOTHING) -> None:
    """Nothing; the rows stand on the stream as a table, with `nothing` where there is no value, as CSV or as JSON."""
    if form != "table":
        stream.write(content(table, form).decode())
        return
    shown = Table(box=None, pad_edge=False)
    for name, kind in zip(table.column_names, table.schema.types, strict=True):
        shown.add_column(name, justify="right" if pa.types.is_integer(kind) or pa.types.is_floating(kind) else "left")
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        shown.add_row(*(_cell(value, nothing) for value in row))
    console = Console(file=stream, highlight=False, markup=False)
    (console if console.is_terminal else Console(file=stream, highlight=False, markup=False, width=400)).print(shown)


def _cell(value: object, nothing: str) -> str:
    if value is None:
        return nothing
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.1f}" if isinstance(value, float) else str(value)


def check_out(path: Path) -> None:
    """Nothing where a new file may be written there; StoreProblem where something is there already, or its form isn't known."""
    form = path.suffix.removeprefix(".")
    if form not in FORMS:
        raise StoreProblem(f"{path} has no form that is known by its ending; end it in .csv, .json, .parquet or .xlsx")
    if path.is_symlink() or path.exists():
        raise StoreProblem(f"{path} is there already and nothing is written over it; name a new file")
    if not path.parent.is_dir():
        raise StoreProblem(f"there is no folder {path.parent} for {path.name}; make it, or name another file")


def write_table(table: pa.Table, path: Path) -> None:
    """Nothing; a new file holds the rows, readable by its owner alone. What its ending says is its form."""
    check_out(path)
    _write_new(path, content(table, path.suffix.removeprefix(".")))


def write_tables(tables: Mapping[str, pa.Table], path: Path) -> None:
    """Nothing; a new workbook holds a sheet for each table, or a new .json a list for each."""
    check_out(path)
    if path.suffix == ".json":
        made = json.dumps({name: table.to_pylist() for name, table in tables.items()}, default=str, indent=1).encode() + b"\n"
    else:
        out = io.BytesIO()
        with workbook(out) as book:
            for name, table in tables.items():
                _write_sheet(table, book.add_worksheet(name))
        made = out.getvalue()
    _write_new(path, made)


def _write_new(path: Path, made: bytes) -> None:
    with store_errors(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(made)


def content(table: pa.Table, form: str) -> bytes:
    """The rows in a form, as bytes."""
    out = io.BytesIO()
    if form == "csv":
        write_csv(table, out)
    elif form == "json":
        out.write(json.dumps(table.to_pylist(), default=str, indent=1).encode() + b"\n")
    elif form == "parquet":
        pq.write_table(table.replace_schema_metadata(None), out)
    else:
        _write_xlsx(table, out)
    return out.getvalue()


def _write_xlsx(table: pa.Table, out: io.BytesIO) -> None:
    """A workbook of one sheet; text is written as text, so that nothing in it is a formula."""
    if table.num_rows > MOST_ROWS_XLSX:
        raise StoreProblem(f"a worksheet holds {MOST_ROWS_XLSX:,} rows, these are {table.num_rows:,}; choose csv or parquet")
    with workbook(out) as book:
        _write_sheet(table, book.add_worksheet("rows"))


def _write_sheet(table: pa.Table, sheet: Worksheet) -> None:
    for at, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        sheet.write_string(0, at, name)
        for row, value in enumerate(column.to_pylist(), start=1):
            if isinstance(value, bool):
                sheet.write_boolean(row, at, value)
            elif isinstance(value, int | float):
                sheet.write_number(row, at, value) if abs(value) < 2**53 else sheet.write_string(row, at, str(value))
            elif value is not None:
                sheet.write_string(row, at, str(value))

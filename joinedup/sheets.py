"""Tables as CSV, and spreadsheets, in which no text is a formula: what `cells.py` is for rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.csv as pa_csv
import xlsxwriter

from joinedup.cells import guarded

TEXT_STAYS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_csv(table: pa.Table, out: IO[bytes]) -> None:
    """Nothing; the rows stand as CSV, each text guarded that a spreadsheet might run; other columns as they are."""
    write_csv_sets([table], table.schema, out)


def write_csv_sets(sets: Iterable[pa.Table], schema: pa.Schema, out: IO[bytes]) -> None:
    """The same of rows that come in sets."""
    safe = pa.schema([pa.field(str(guarded(field.name)), field.type) for field in schema])
    with pa_csv.CSVWriter(out, safe, write_options=pa_csv.WriteOptions(quoting_style="needed")) as writer:
        for rows in sets:
            writer.write_table(guarded_table(rows).cast(safe))


def guarded_table(table: pa.Table) -> pa.Table:
    """The rows, each text guarded that a spreadsheet might run."""
    for at, (name, kind) in enumerate(zip(table.column_names, table.schema.types, strict=True)):
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            texts = table[name].combine_chunks().dictionary_encode()
            safe = pa.array([guarded(text) for text in texts.dictionary.to_pylist()], kind)
            table = table.set_column(at, name, pa.DictionaryArray.from_arrays(texts.indices, safe).cast(kind))
    return table.rename_columns([str(guarded(name)) for name in table.column_names])


@contextmanager
def workbook(out: Path | IO[bytes]) -> Iterator[xlsxwriter.Workbook]:
    """A spreadsheet to write in, kept when all is written: text in it stays text, and is neither formula, link nor number."""
    with xlsxwriter.Workbook(out, TEXT_STAYS) as book:
        yield book


@contextmanager
def long_workbook(out: Path, spilled: Path) -> Iterator[xlsxwriter.Workbook]:
    """The same for any number of rows, which are written in their order and lie in the folder `spilled` meanwhile."""
    with xlsxwriter.Workbook(out, {**TEXT_STAYS, "in_memory": False, "constant_memory": True, "tmpdir": str(spilled)}) as book:
        yield book

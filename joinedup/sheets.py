"""Tables as CSV, and spreadsheets, in which no text is a formula: what `cells.py` is for rows."""

from __future__ import annotations

from collections.abc import Iterator
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
    for at, (name, kind) in enumerate(zip(table.column_names, table.schema.types, strict=True)):
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            texts = table[name].combine_chunks().dictionary_encode()
            safe = pa.array([guarded(text) for text in texts.dictionary.to_pylist()], kind)
            table = table.set_column(at, name, pa.DictionaryArray.from_arrays(texts.indices, safe).cast(kind))
    table = table.rename_columns([str(guarded(name)) for name in table.column_names])
    pa_csv.write_csv(table, out, pa_csv.WriteOptions(quoting_style="needed"))


@contextmanager
def workbook(out: Path | IO[bytes]) -> Iterator[xlsxwriter.Workbook]:
    """A spreadsheet to write in, kept when all is written: text in it stays text, and is neither formula, link nor number."""
    with xlsxwriter.Workbook(out, TEXT_STAYS) as book:
        yield book

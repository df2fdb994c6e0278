"""The table in a spreadsheet (.xlsx, .xlsm, .xlsb, .xls, .ods): its header, and its rows as text in a Parquet file, each with its number.

A row's number counts from 1, the first below the header; an empty row has a number and is no row. Cells that were merged downwards hold
their value in every row. Notes and totals below the header are no rows of the table; they are counted as faults.
"""

from __future__ import annotations

import datetime
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from joinedup.engine.files_bytes import CHUNK
from joinedup.engine.files_text import Header, plain

Cell = int | float | str | bool | datetime.time | datetime.date | datetime.timedelta
HEADER_WITHIN = 50
"""Rows in which a header is looked for, below titles, logos and notes."""
LARGEST = 4 << 30
"""Bytes that a spreadsheet may unpack to; ours, 2026: a sheet of a million rows and fifty columns stays below."""
MOST_CELLS = 60_000_000
"""Cells of a sheet, blank ones counted; ours, 2026: about two gigabytes of memory."""
WORKSHEET, ROW_NUMBER, FAR_COLUMN = (
    re.compile(r"xl/worksheets/[^/]+\.xml"),
    re.compile(rb'row [^>]*?r="(\d{1,7})"'),
    re.compile(rb'r="([A-Z]{2,3})\d'),
)
LETTERS, LONGEST_TAG = 26, 200
"""Letters of the alphabet: columns named by one; and bytes before the end of a piece in which a cell's name may be cut in two."""
EXACT = 10**15
"""Spreadsheets keep fifteen digits of a number; of a longer one the last are lost."""
ALIKE = 2
"""Names that a header needs at least before its sheet counts as a table."""
BATCH = 20_000
"""Rows that are written at once."""
FEWEST_COLUMNS = 3
"""Columns that a table has at least before a row with one cell counts as a note."""
TOTAL = re.compile(r"(grand |sub[- ]?|overall )?totals?:?", re.IGNORECASE)
FAULTS = {
    "note-row": "the row holds one cell only, as notes beside a table do",
    "total-row": "the row is a total, not a record",
    "repeated-header": "the row repeats the header",
}


@dataclass(frozen=True, slots=True)
class SheetProblem:
    """Why a spreadsheet can't be read."""

    rule: str
    message: str


@dataclass(frozen=True)
class Sheet:
    """One sheet of a spreadsheet, opened."""

    name: str
    cells: CalamineSheet
    merged: Mapping[tuple[int, int], tuple[int, int]]
    """A cell that was merged downwards -> the cell above that holds its value; both as row and column, from 0 where the table begins."""
    beside: tuple[Sheet, ...] = ()
    """Other sheets that can be seen and hold something."""

    @property
    def others(self) -> tuple[str, ...]:
        """The names of the sheets beside it."""
        return tuple(sheet.name for sheet in self.beside)


@dataclass(frozen=True)
class SheetTable:
    """The rows of a sheet as text."""

    path: Path
    """A Parquet file: `number`, then c0, c1 … as in the header."""
    columns: int
    rows: int
    faults: tuple[tuple[int, str], ...]
    """The number of each row that is none of the table's, and the rule of FAULTS."""
    dated: frozenset[int]
    """The columns with cells that are dates by their format."""
    filled: tuple[int, ...]
    """The numbers of rows that got a value from a cell merged over them."""


@contextmanager
def open_sheet(path: Path, name: str | None) -> Iterator[Sheet | SheetProblem]:
    """The sheet of that name, else the first that can be seen; or why there is none."""
    problem = _too_large(path)
    if problem:
        yield problem
        return
    try:
        workbook = CalamineWorkbook.from_path(str(path))
    except PasswordError:
        yield SheetProblem("unreadable-file", "it is protected by a password: save it without one")
        return
    except CalamineError:
        yield SheetProblem("not-a-table", "this is a spreadsheet or zip file that can't be read: save the table in it as CSV or Parquet")
        return
    with workbook:
        yield _chosen(workbook, name)


def _too_large(path: Path) -> SheetProblem | None:
    """Why a spreadsheet would not fit into memory: the reader keeps every cell up to the last row and column, blank ones too."""
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(each.file_size for each in packed.infolist()) > LARGEST:
                return SheetProblem("too-large", "it unpacks to more than four billion bytes: ask for CSV or Parquet")
            sizes = [_size(packed, name) for name in packed.namelist() if WORKSHEET.fullmatch(name)]
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError):
        return None  # an old spreadsheet, a damaged one, or none: the reader says so
    rows, columns = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
    if rows * columns <= MOST_CELLS:
        return None
    return SheetProblem(
        "too-large",
        f"a sheet reaches to row {rows:,} and column {columns:,}, often for one cell far off: delete what is beside its table, "
        "or save the table as CSV",
    )


def _size(packed: zipfile.ZipFile, name: str) -> tuple[int, int]:
    """To which row and column a sheet of an .xlsx file reaches."""
    rows, columns, carried = 0, set[bytes](), b""
    with packed.open(name) as sheet:
        while chunk := sheet.read(CHUNK):
            text = carried + chunk
            rows = max(rows, max(map(int, ROW_NUMBER.findall(text)), default=0))
            columns |= set(FAR_COLUMN.findall(text))
            carried = text[-LONGEST_TAG:]
    return rows, max(map(_column_number, columns), default=LETTERS)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * LETTERS + letter - ord("A") + 1
    return number


def _chosen(workbook: CalamineWorkbook, name: str | None) -> Sheet | SheetProblem:
    seen = [
        each.name for each in workbook.sheets_metadata if each.visible is SheetVisibleEnum.Visible and each.typ is SheetTypeEnum.WorkSheet
    ]
    wanted = next((each for each in workbook.sheet_names if name and each.strip().casefold() == name.strip().casefold()), None)
    if name and wanted is None:
        return SheetProblem("missing-sheet", f"it has no sheet {name}, as sources.yml says, but {', '.join(workbook.sheet_names)}")
    try:
        sheets = {each: workbook.get_sheet_by_name(each) for each in ([wanted] if wanted else seen)}
    except CalamineError:
        return SheetProblem("damaged-file", "it is a damaged spreadsheet, and none of it was read: fetch it again")
    full = [each for each, cells in sheets.items() if cells.height]
    if not full:
        return SheetProblem("empty-file", "its sheet is empty: fetch it again, or say in sources.yml which sheet")
    first, *others = (Sheet(each, sheets[each], _merged_downwards(sheets[each])) for each in full)
    return replace(first, beside=tuple(others))


def _merged_downwards(cells: CalamineSheet) -> dict[tuple[int, int], tuple[int, int]]:
    top, left = cells.start or (0, 0)
    ranges = cells.merged_cell_ranges or ()
    return {
        (row - top, first_column - left): (first_row - top, first_column - left)
        for (first_row, first_column), (last_row, _) in ranges
        for row in range(first_row + 1, last_row + 1)
    }


def sheet_header(sheet: Sheet, wanted: Collection[str]) -> Header:
    """The header of a sheet: of its first rows, the one that has the most names in `wanted`; the first where none has any."""
    tried = []
    for number, row in enumerate(_rows(sheet, HEADER_WITHIN), 1):
        names = tuple(plain(_as_text(cell) or "") for cell in row)
        if any(names):
            tried.append(Header(number, "", names, len(set(names) & set(wanted))))
    return max(tried, key=lambda header: (header.known, -header.line), default=Header(1, "", (), 0))


def sheets_alike(sheet: Sheet, header: Header, wanted: Collection[str]) -> tuple[str, ...]:
    """The names of sheets beside it that hold a table of the same sort: with at least half as many names in `wanted`."""
    return tuple(other.name for other in sheet.beside if sheet_header(other, wanted).known >= max(header.known / 2, ALIKE))


def first_rows(sheet: Sheet) -> list[list[str]]:
    """The rows of a sheet in which a header is looked for, as text."""
    return [[_as_text(cell) or "" for cell in row] for row in _rows(sheet, HEADER_WITHIN)]


def keep_rows(sheet: Sheet, header: Header, scratch: Path) -> SheetTable:
    """The rows below the header, in a Parquet file in `scratch`."""
    path = scratch / "sheet.parquet"
    schema = pa.schema([("number", pa.int64()), *((f"c{at}", pa.string()) for at in range(len(header.names)))])
    rows = islice(_rows(sheet), header.line, None)
    faults, dated = list[tuple[int, str]](), set[int]()
    number = kept = 0
    with pq.ParquetWriter(path, schema) as writer:
        while batch := list(islice(rows, BATCH)):
            columns = list(zip(*batch, strict=True))
            dated |= {at for at, column in enumerate(columns) if any(isinstance(cell, datetime.date) for cell in column)}
            table, odd = _table(columns, header, number, schema)
            writer.write_table(table)
            faults += odd
            number, kept = number + len(batch), kept + table.num_rows
    return SheetTable(path, len(header.names), kept, tuple(faults), frozenset(dated), _filled(sheet, header))


def _table(columns: Sequence[Sequence[Cell]], header: Header, above: int, schema: pa.Schema) -> tuple[pa.Table, list[tuple[int, str]]]:
    """Rows with so many above them as text, and the numbers and rules of those that are none of the table's."""
    texts = [[_as_text(cell) for cell in column] for column in columns]
    numbers = pa.array(range(above + 1, above + 1 + len(columns[0])), pa.int64())
    judged = [_fault(row, header) for row in zip(*texts, strict=True)]
    made = pa.table([numbers, *(pa.array(column, pa.string()) for column in texts)], schema=schema)
    sound = made.filter(pa.array([rule is None for rule in judged]))
    return sound, [(above + at, rule) for at, rule in enumerate(judged, 1) if rule]


def _filled(sheet: Sheet, header: Header) -> tuple[int, ...]:
    return tuple(sorted({row - header.line + 1 for row, _ in sheet.merged if row >= header.line}))


def _rows(sheet: Sheet, count: int | None = None) -> Iterator[list[Cell]]:
    """The rows of a sheet from the first that holds something, with what was merged over their cells."""
    into: dict[int, list[tuple[int, tuple[int, int]]]] = {}
    for (line, column), source in sheet.merged.items():
        into.setdefault(line, []).append((column, source))
    held = set(sheet.merged.values())
    above: dict[tuple[int, int], Cell] = {}
    for line, row in enumerate(islice(sheet.cells.iter_rows(), count)):
        above |= {(line, column): cell for column, cell in enumerate(row) if (line, column) in held} if held else {}
        given = dict(into.get(line, ()))
        yield [above.get(given[column], "") if column in given else cell for column, cell in enumerate(row)] if given else row


def _as_text(cell: Cell) -> str | None:
    """A cell as a CSV file would write it; numbers of more digits than a spreadsheet keeps in scientific notation."""
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, int | float):
        return _number(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, datetime.timedelta):
        minutes = round(cell.total_seconds() / 60)
        return f"{minutes // 60:02}:{minutes % 60:02}"
    return cell.isoformat() if not isinstance(cell, datetime.time) else cell.isoformat("seconds")


def _number(value: float) -> str:
    if abs(value) >= EXACT:
        return f"{value:.14E}"
    return str(int(value)) if value == int(value) else format(Decimal(f"{value:.15g}"), "f")


def _fault(row: Sequence[str | None], header: Header) -> str | None:
    """The rule by which a row isn't one of the table's; blank where it is empty."""
    told = [text for text in row if text is not None]
    if not told:
        return ""
    if TOTAL.fullmatch(told[0]):
        return "total-row"
    if len(told) == 1 and sum(map(bool, header.names)) >= FEWEST_COLUMNS:
        return "note-row"
    return "repeated-header" if tuple(plain(text or "") for text in row) == header.names else None

"""Spreadsheets as they are sent: titles, merged headings, notes, hidden and locked sheets, damage."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Callable

import xlsxwriter

from benchmarks.gauntlet.odd import Odd
from benchmarks.gauntlet.odd_texts import ALL
from benchmarks.gauntlet.planting import PEOPLE, Rows, Written, people, text

Sheet = list[list[object]]


def compound(stream: str) -> bytes:
    """A file of old Office's kind, with one named stream in its folder and nothing in it."""
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(22) + b"\x09\x00" + bytes(16) + b"\x01\x00\x00\x00"
    return header.ljust(1024, b"\0") + "Root Entry".encode("utf-16-le").ljust(128, b"\0") + stream.encode("utf-16-le").ljust(1408, b"\0")


def cells(rows: Rows) -> Sheet:
    """The rows as cells under a header: dates as dates, numbers as numbers."""
    return [list(rows[0]), *([_cell(name, value) for name, value in row.items()] for row in rows)]


def _cell(name: str, value: str) -> object:
    if name in ("NHS_NUMBER", "FINAL_PRICE"):
        return float(value)
    return datetime.date.fromisoformat(value) if value[4:5] == "-" and len(value) == 10 else value


def book(
    *sheets: Sheet,
    names: tuple[str, ...] = (),
    hidden: tuple[int, ...] = (),
    merged: tuple[tuple[int, int, int, int], ...] = (),
    **options: object,
) -> bytes:
    """A workbook of those sheets; cells of the first are merged from row and column to row and column."""
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"default_date_format": "dd/mm/yyyy", "in_memory": True, **options}) as workbook:
        for at, rows in enumerate(sheets):
            sheet = workbook.add_worksheet(names[at] if names else None)
            for merge in merged if at == 0 else ():
                sheet.merge_range(*merge, "")
            for line, row in enumerate(rows):
                sheet.write_row(line, 0, row)
            if at in hidden:
                sheet.hide()
    return held.getvalue()


def of(make: Callable[[Sheet], bytes], name: str = "file.xlsx") -> Callable[[str], Written]:
    """What writes a workbook of sound admissions."""
    return lambda key: Written(name, make(cells(people("apc", key))))


def _bomb(sheet: Sheet) -> bytes:
    """A workbook whose sheet unpacks to two gigabytes of spaces."""
    held = io.BytesIO(book(sheet))
    out = io.BytesIO()
    with zipfile.ZipFile(held) as whole, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for each in whole.namelist():
            if not each.endswith("sheet1.xml"):
                packed.writestr(each, whole.read(each))
                continue
            with packed.open(each, "w", force_zip64=True) as file:
                block = b" " * 4_000_000
                for _ in range(100):
                    file.write(block)
    return out.getvalue()


def _with_notes(sheet: Sheet) -> Sheet:
    header, *rows = sheet
    person: list[object] = ["Person", "", "", "Stay"]
    return [["Admissions of the trust"], [], person, header, *rows[:6], header, *rows[6:], ["Total"], ["Source: our own system"]]


SHEETS: tuple[Odd, ...] = (
    Odd(
        "xlsx",
        "a workbook with dates and numbers as cells",
        "apc",
        of(book),
        rows=ALL,
        holds={"final_price_pence = 123450": PEOPLE, "person_id > 0": PEOPLE},
    ),
    Odd(
        "xlsx-titles",
        "merged headings, the header again, a total and a note",
        "apc",
        of(lambda sheet: book(_with_notes(sheet), merged=((0, 0, 0, 5), (2, 0, 2, 2), (2, 3, 2, 9)))),
        {"repeated-header": 1, "total-row": 1, "note-row": 1},
        (15, 12, 0, 3),
        lines=("extracts: a spreadsheet with merged headings and notes",),
    ),
    Odd(
        "xlsx-other-sheets",
        "the table on the second sheet, a cover on the first",
        "apc",
        of(lambda sheet: book([["Please read me"], ["All figures are invented"]], sheet, names=("Cover", "Data"))),
        {"other-sheets": 0, "missing-column": 0},
        refused=True,
        says=("Data",),
    ),
    Odd(
        "xlsx-named-sheet",
        "the same, with the sheet named in sources.yml",
        "apc",
        of(lambda sheet: book([["Please read me"]], sheet, names=("Cover", "Data"))),
        rows=ALL,
        source={"sheet": "Data"},
    ),
    Odd(
        "xlsx-no-such-sheet",
        "a sheet named in sources.yml that isn't there",
        "apc",
        of(lambda sheet: book(sheet, names=("Data",))),
        {"missing-sheet": 0},
        refused=True,
        source={"sheet": "March"},
    ),
    Odd(
        "xlsx-hidden-sheet",
        "last month's table on a hidden sheet",
        "apc",
        of(lambda sheet: book(sheet, sheet, names=("May", "April"), hidden=(1,))),
        rows=ALL,
    ),
    Odd(
        "xlsx-1904",
        "days counted from 1904, as on old Macintoshes",
        "apc",
        of(lambda sheet: book(sheet, date_1904=True)),
        rows=ALL,
        holds={"admidate = DATE '2026-03-14'": 1},
    ),
    Odd(
        "xlsx-locked",
        "a workbook with a password",
        "apc",
        lambda key: Written("file.xlsx", compound("EncryptedPackage")),
        {"not-a-table": 0},
        refused=True,
        says=("password",),
    ),
    Odd(
        "xls",
        "a workbook of before 2007, damaged",
        "apc",
        lambda key: Written("file.xls", compound("Workbook")),
        {"not-a-table": 0},
        refused=True,
    ),
    Odd("xlsx-named-csv", "a workbook under the name of a text file", "apc", of(book, "file.csv"), rows=ALL),
    Odd(
        "csv-named-xlsx",
        "a text file under the name of a workbook",
        "apc",
        lambda key: Written("file.xlsx", text(people("apc", key)).encode()),
        rows=ALL,
    ),
    Odd(
        "xlsx-cut",
        "a workbook whose transfer broke off",
        "apc",
        of(lambda sheet: book(sheet)[:3000]),
        {"not-a-table": 0},
        refused=True,
        lines=("record: truncated file",),
    ),
    Odd("xlsx-bomb", "a workbook of 400 kB that unpacks to 400 MB", "apc", of(_bomb), {"damaged-file": 0}, refused=True),
    Odd(
        "xlsx-empty",
        "a workbook with an empty sheet",
        "apc",
        lambda key: Written("file.xlsx", book([])),
        {"empty-file": 0},
        refused=True,
        lines=("record: empty file",),
    ),
    Odd(
        "xlsx-header-only",
        "a workbook with a header and no rows",
        "apc",
        of(lambda sheet: book(sheet[:1])),
        {"no-rows": 0},
        (0, 0, 0, 0),
        lines=("record: header-only file",),
    ),
)

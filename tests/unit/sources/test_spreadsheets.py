"""Spreadsheets as partners send them: titles, merged headings, notes, totals, dates as cells, numbers as numbers."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from joinedup.findings import Severity
from tests.unit.sources.extracts import NUMBERS, Staged, source, staged

A, B, C, D, E = NUMBERS
HEADER = ["NHS number", "EPIKEY", "ADMIDATE", "ADMIMETH", "DISDATE", "FINAL_PRICE"]
DAY, NEXT = datetime.date(2025, 3, 2), datetime.date(2025, 3, 5)


Rows = Sequence[Sequence[object]]
Merges = Sequence[tuple[int, int, int, int]]


def book(path: Path, *sheets: Rows, names: Sequence[str] = (), merged: Merges = ()) -> Path:
    """A workbook with those rows on its sheets; cells of the first are merged from row and column to row and column."""
    with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy"}) as workbook:
        for at, rows in enumerate(sheets):
            sheet = workbook.add_worksheet(names[at] if names else None)
            for merge in merged if at == 0 else ():
                sheet.merge_range(*merge, "")
            for line, row in enumerate(rows):
                sheet.write_row(line, 0, row)
    return path


def read(folder: Path, *sheets: Rows, names: Sequence[str] = (), merged: Merges = (), **more: object) -> Staged:
    """What landing makes of such a workbook."""
    book(folder / "file.xlsx", *sheets, names=names, merged=merged)
    return staged(folder, {}, source("apc", "file.xlsx", **more))


def test_a_table_of_cells_lands_as_a_text_would(tmp_path: Path) -> None:
    rows = [
        [int(A), 7001, DAY, 21, NEXT, 1234.5],
        [B, "7002", "02/03/2025", "2A", "", "£1,000"],
        [int(C), 7003, DAY, "21", None, 0.1 + 0.2],
    ]
    found = read(tmp_path, [HEADER, *rows])
    assert (found.counts, found.rules) == ((3, 3, 0, 0), [])
    assert found.rows("apc", "nhs_number, epikey, admidate::VARCHAR, admimeth, disdate::VARCHAR, final_price_pence") == [
        (1, A, "7001", "2025-03-02", "21", "2025-03-05", 123450),
        (2, B, "7002", "2025-03-02", "2A", None, 100000),
        (3, C, "7003", "2025-03-02", "21", None, 30),
    ]


def test_titles_merged_headings_notes_and_totals(tmp_path: Path) -> None:
    title = [["Admissions of the Invented Trust"], [], ["Person", "Stay"]]
    body = [
        [A, "1", DAY, "21", NEXT, 10],
        [],
        [B, "2", DAY, "21", NEXT, 20],
        HEADER,
        ["Total", "", "", "", "", 30],
        ["Source: our own system"],
    ]
    found = read(tmp_path, [*title, HEADER, *body], merged=[(0, 0, 0, 5), (2, 1, 2, 5)])
    assert found.counts == (5, 2, 0, 3)
    assert [row for row, _ in found.rows("apc", "epikey")] == [1, 3]
    assert found.rejected() == [(4, "repeated-header"), (5, "total-row"), (6, "note-row")]


def test_headings_merged_over_two_rows(tmp_path: Path) -> None:
    upper = ["NHS number", "Stay", "", "", "", ""]
    lower = ["", *HEADER[1:]]
    found = read(tmp_path, [upper, lower, [A, "1", DAY, "21", NEXT, 10]], merged=[(0, 0, 1, 0), (0, 1, 0, 5)])
    assert (found.counts, found.rules) == ((1, 1, 0, 0), [])
    assert found.rows("apc", "nhs_number, epikey") == [(1, A, "1")]


def test_cells_merged_over_rows_hold_their_value_in_each(tmp_path: Path) -> None:
    found = read(
        tmp_path, [HEADER, [A, "1", DAY, "21", NEXT, 10], ["", "2", DAY, "21", NEXT, 20], [B, "3", DAY, "21"]], merged=[(1, 0, 2, 0)]
    )
    assert found.rows("apc", "nhs_number") == [(1, A), (2, A), (3, B)]
    assert (found.only("merged-cells").count, found.only("merged-cells").rows) == (1, (2,))


def test_the_sheet_that_sources_yml_names(tmp_path: Path) -> None:
    cover, table = [["Please read me"], ["All figures are invented"]], [HEADER, [A, "1", DAY, "21", NEXT, 10]]
    found = read(tmp_path, cover, table, names=("Cover", "Data"), sheet="data ")
    assert (found.counts, found.rules) == ((1, 1, 0, 0), [])
    first = read(tmp_path, cover, table, names=("Cover", "Data"))
    assert first.rules == ["other-sheets", "missing-column"]
    assert "not Data" in first.only("other-sheets").message
    unknown = read(tmp_path, cover, table, names=("Cover", "Data"), sheet="March")
    assert "Cover, Data" in unknown.only("missing-sheet").message
    assert unknown.file.refused


def test_other_sheets_are_told_of_where_they_hold_a_table_too(tmp_path: Path) -> None:
    table, notes = [HEADER, [A, "1", DAY, "21", NEXT, 10]], [["EPIKEY", "Number of the episode"], ["ADMIDATE", "Day of admission"]]
    assert read(tmp_path, table, notes, [["  "]], names=("Data", "Notes", "Blank")).rules == []
    found = read(tmp_path, table, notes, table, names=("April", "Notes", "May"))
    assert "only its sheet April was read, not May" in found.only("other-sheets").message
    assert found.counts == (1, 1, 0, 0)


@pytest.mark.parametrize(("row", "column"), [(1_048_575, 16_383), (1_048_575, 100), (100_000, 701)])
def test_one_cell_far_off_is_told_and_costs_no_memory(tmp_path: Path, row: int, column: int) -> None:
    with xlsxwriter.Workbook(tmp_path / "file.xlsx") as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write(row, column, " ")
    found = staged(tmp_path, {}, source("apc", "file.xlsx"))
    assert f"row {row + 1:,} and column {column + 1:,}" in found.only("too-large").message
    assert found.file.refused


def test_a_blank_far_below_or_far_to_the_right_is_nothing(tmp_path: Path) -> None:
    for row, column in ((300_000, 3), (5, 16_000)):
        with xlsxwriter.Workbook(tmp_path / "file.xlsx") as workbook:
            sheet = workbook.add_worksheet()
            sheet.write_row(0, 0, HEADER)
            sheet.write_row(1, 0, [A, "1", "2025-03-02", "21"])
            sheet.write(row, column, " ")
        assert staged(tmp_path, {}, source("apc", "file.xlsx")).counts == (1, 1, 0, 0)


def test_a_sheet_of_spaces(tmp_path: Path) -> None:
    assert read(tmp_path, [["  "], [" "]]).file.refused


def test_dates_kept_as_plain_numbers(tmp_path: Path) -> None:
    found = read(tmp_path, [HEADER, [A, "1", 45718, "21", 45721.5, 10], [B, "2", "", "21"], [C, "3", "2025-03-02", "21", "05/03/2025"]])
    assert found.rows("apc", "admidate::VARCHAR, disdate::VARCHAR") == [(1, "2025-03-02", "2025-03-05"), (3, "2025-03-02", "2025-03-05")]
    assert {finding.rows for finding in found.findings if finding.rule == "dates-as-numbers"} == {(1,)}


def test_cells_that_are_dates_whatever_style_sources_yml_gives(tmp_path: Path) -> None:
    found = read(
        tmp_path, [HEADER, [A, "1", DAY, "21", datetime.datetime(2025, 3, 5, 10, 30)], [B, "2", "02/03/2025", "21"]], date_format="%d/%m/%Y"
    )
    assert found.rows("apc", "admidate::VARCHAR, disdate::VARCHAR") == [(1, "2025-03-02", "2025-03-05"), (2, "2025-03-02", None)]
    assert found.rules == []


def test_numbers_longer_than_a_spreadsheet_keeps(tmp_path: Path) -> None:
    found = read(
        tmp_path, [[*HEADER, "SUSSPELLID"], [A, "1", DAY, "21", NEXT, 10, 1048031000000104], [B, "2", DAY, "21", NEXT, 10, 123456789012345]]
    )
    assert found.rows("apc", "susspellid") == [(1, None), (2, "123456789012345")]
    assert found.only("digits-lost").rows == (1,)


def test_an_empty_sheet(tmp_path: Path) -> None:
    found = read(tmp_path, [])
    assert (found.rules, found.file.refused) == (["empty-file"], True)


def test_a_header_without_rows(tmp_path: Path) -> None:
    assert read(tmp_path, [HEADER]).rules == ["no-rows"]


def test_a_damaged_spreadsheet(tmp_path: Path) -> None:
    whole = book(tmp_path / "file.xlsx", [HEADER, [A, "1", DAY, "21"]]).read_bytes()
    for body in (whole[: len(whole) // 2], b"PK\x03\x04" + bytes(50), b"\xd0\xcf\x11\xe0" + bytes(600), _packed("hello.txt", "hello")):
        found = staged(tmp_path, {"file.xlsx": body}, source("apc", "file.xlsx"))
        assert found.findings[0].severity is Severity.ERROR
        assert found.file.refused
        assert "save" in found.findings[0].message or "fetch" in found.findings[0].message


def _packed(name: str, text: str) -> bytes:
    import io

    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        packed.writestr(name, text)
    return held.getvalue()


ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:body><office:spreadsheet><table:table table:name="List">{rows}</table:table></office:spreadsheet></office:body>
</office:document-content>"""


def _cell(kind: str, shown: object) -> str:
    return f"<table:table-cell {kind}><text:p>{shown}</text:p></table:table-cell>"


def test_an_open_document(tmp_path: Path) -> None:
    def cell(value: object) -> str:
        if isinstance(value, datetime.date):
            return _cell(f'office:value-type="date" office:date-value="{value}"', f"{value:%d/%m/%y}")
        return _cell('office:value-type="string"', value)

    rows = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in [HEADER, [A, "1", DAY, "21", NEXT, "12.50"]])
    with zipfile.ZipFile(tmp_path / "file.ods", "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", ODS.format(rows=rows))
        packed.writestr("META-INF/manifest.xml", '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>')
    found = staged(tmp_path, {}, source("apc", "file.ods"))
    assert (found.counts, found.rules) == ((1, 1, 0, 0), [])
    assert found.rows("apc", "admidate::VARCHAR, disdate::VARCHAR, final_price_pence") == [(1, "2025-03-02", "2025-03-05", 1250)]


@pytest.mark.parametrize("rows", [19_999, 20_000, 20_001])
def test_rows_keep_their_numbers_over_batches(tmp_path: Path, rows: int) -> None:
    table = [
        ["NHS_NUMBER", "EPIKEY", "ADMIDATE", "ADMIMETH"],
        *([None if at % 7_000 == 3 else A, at, "2025-03-02", "21"] for at in range(1, rows)),
    ]
    table[10_000] = ["Note"]
    found = read(tmp_path, table)
    assert found.counts == (rows - 1, rows - 2, 0, 1)
    assert found.con.execute("SELECT count(*) FROM staged_apc WHERE CAST(epikey AS BIGINT) <> source_row").fetchall() == [(0,)]


@settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, 2_000),
    piece=st.sampled_from([b"<", b"", b"\0", b"9", b'r="ZZ99999999"', b"</row>", b"&", b"\xff"]),
    cut=st.integers(0, 40),
)
def test_a_damaged_sheet_gives_findings_and_full_accounts(tmp_path: Path, at: int, piece: bytes, cut: int) -> None:
    whole = book(tmp_path / "whole.xlsx", [HEADER, *([A, str(n), DAY, "21", NEXT, n] for n in range(9))], merged=[(2, 0, 3, 0)])
    with zipfile.ZipFile(whole) as packed, zipfile.ZipFile(tmp_path / "file.xlsx", "w") as damaged:
        for name in packed.namelist():
            body = packed.read(name)
            place = at % len(body)
            damaged.writestr(name, body[:place] + piece + body[place + cut :] if name == "xl/worksheets/sheet1.xml" else body)
    account = staged(tmp_path, {}, source("apc", "file.xlsx")).file
    assert account.rows_read == account.loaded + account.superseded + account.rejected


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 8_000), piece=st.binary(min_size=1, max_size=8))
def test_a_damaged_workbook_gives_findings(tmp_path: Path, at: int, piece: bytes) -> None:
    body = book(tmp_path / "whole.xlsx", [HEADER, [A, "1", DAY, "21", NEXT, 10]]).read_bytes()
    place = at % len(body)
    found = staged(tmp_path, {"file.xlsx": body[:place] + piece + body[place + len(piece) :]}, source("apc", "file.xlsx"))
    assert found.file.refused or found.file.rows_read

"""Text in CSV: nothing runs in a spreadsheet, numbers stay numbers, and every text comes back as it was."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import joinedup
from joinedup.cells import MAY_RUN, as_it_was, guarded, read_rows, write_rows
from joinedup.kept.protected import forget_in_lists, protect, protected_by_hand
from joinedup.kept.staff import is_own, keep_staff
from joinedup.place.csv_file import Columns, read_csv
from joinedup.sheets import workbook
from joinedup.starting.writing import csv_text
from joinedup.tabular import content


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "-", "=", "-5x", "+44 (0)1422"]
)
def test_what_might_run_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("value", ["", "-5", "+5.25", "-.5", "1e-5", "-1E+9", "5-4", "E11 - 9", "o'clock", "'tis", -5, -0.5, None, True])
def test_numbers_and_other_text_stay_as_they_are(value: object) -> None:
    assert guarded(value) is value


@given(st.text())
@example("'=")
@example("''-5")
def test_every_text_comes_back(text: str) -> None:
    assert as_it_was(str(guarded(text))) == text


def test_rows_as_csv_are_guarded_and_numbers_are_not() -> None:
    table = pa.table(
        {
            "name": ["=HYPERLINK()", "a,b", None],
            "-col": pa.array([-1, 2, None]),
            "day": pa.array([0, 1, None], pa.date32()),
            "x": [-0.5, 1e300, None],
        }
    )
    rows = list(csv.reader(io.StringIO(content(table, "csv").decode())))
    assert rows[0] == ["name", "'-col", "day", "x"]
    assert [row[0] for row in rows[1:]] == ["'=HYPERLINK()", "a,b", ""]
    assert [row[1] for row in rows[1:]] == ["-1", "2", ""]
    assert rows[1][3] == "-0.5"
    assert b"'=" not in content(table, "json")


@pytest.mark.parametrize("text", [" =1+1", "\ufeff=1", "\u200b@SUM(A1)", "＝1+1", "＠SUM(A1)", "\u00a0-2+3", "\0=1", "' =1"])
def test_what_runs_after_signs_that_nobody_sees_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert as_it_was(f"'{text}") == text


@given(st.lists(st.fixed_dictionaries({"=name": st.text(), "b": st.text()}), max_size=4))
@example([{"=name": "=1,2\n=3", "b": '"\r\n@'}])
def test_rows_that_are_written_and_read_are_the_same(rows: list[dict[str, str]]) -> None:
    out = io.StringIO(newline="")
    write_rows(out, ["=name", "b"], rows)
    read = list(read_rows(out.getvalue()))
    assert [{name.removeprefix("'"): cell for name, cell in row.items()} for row in read] == rows
    assert not any(runs(cell) for row in csv.reader(io.StringIO(out.getvalue(), newline="")) for cell in row)


def test_a_workbook_takes_nothing_for_a_formula_a_link_or_a_number() -> None:
    out = io.BytesIO()
    with workbook(out) as book:
        book.add_worksheet().write_row(0, 0, ["=1+1", "https://example.org", "12"])
    with zipfile.ZipFile(out) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        assert not [name for name in parts.namelist() if "rels" in name and "sheet1" in name]
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert sheet.count('t="s"') == 3


def runs(cell: str) -> bool:
    """Whether a spreadsheet might run what a cell of a file holds."""
    return not cell.startswith("'") and MAY_RUN.match(cell) is not None


MAKES_SHEETS = re.compile(
    r"csv\.(writer|DictWriter)\b|\.to_csv\(|\.to_excel\(|pa_csv\.write_csv|csv\.CSVWriter|COPY\b.*\(FORMAT csv|TO .*\(FORMAT csv"
    r"|xlsxwriter\.Workbook\(|openpyxl\.Workbook|\bWriteOptions\("
)
ALLOWED = {
    "joinedup/cells.py": "the one place, for rows",
    "joinedup/sheets.py": "the one place, for tables and spreadsheets",
    "joinedup/engine/files_lines.py": "a file's records with their numbers, read again at once and by nobody else",
    "joinedup/sources/contract_cases.py": "the cases of a contract, read again at once and by nobody else",
    "joinedup/sources/synthetic/sheets.py": "extracts of invented partners, who guard nothing",
    "joinedup/sources/synthetic/month_before.py": "the same extracts, as they were a month earlier",
}


def test_nothing_else_writes_csv_or_spreadsheets() -> None:
    root = Path(joinedup.__file__).parent
    found = {
        f"joinedup/{file.relative_to(root).as_posix()}": file.read_text(encoding="utf-8")
        for file in root.rglob("*.py")
        if MAKES_SHEETS.search(file.read_text(encoding="utf-8"))
    }
    assert set(found) == set(ALLOWED), "write through joinedup.cells, which guards against formulas"


@pytest.mark.parametrize("account", ["=cmd|' /C calc'!A0", "@SUM(A1)", "a,b", "'-x"])
def test_lists_of_people_are_guarded_and_know_each_account_again(account: str, tmp_path: Path) -> None:
    keep_staff(tmp_path, [(7, account)])
    protect(tmp_path, 7, account)
    protect(tmp_path, 8, "somebody")
    forget_in_lists(tmp_path, lambda people: [8])
    assert is_own(tmp_path, 7, account)
    assert not is_own(tmp_path, 8, account)
    assert protected_by_hand(tmp_path) == {7}
    for name in ("staff_people.csv", "protected_people.csv"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert [row["account"] for row in read_rows(text)] == [account]
        assert not any(runs(cell) for row in csv.reader(io.StringIO(text)) for cell in row)


def test_a_place_folder_is_guarded_and_read_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "partners.csv").write_text(
        csv_text(["partner_id", "name"], [{"partner_id": "a", "name": "@Home (=Care)"}]), encoding="utf-8"
    )
    assert "'@Home" in (tmp_path / "partners.csv").read_text(encoding="utf-8")
    rows, findings = read_csv(tmp_path, "partners.csv", Columns(("partner_id", "name"), ("name",)))
    assert not findings
    assert rows[0].cells["name"] == "@Home (=Care)"

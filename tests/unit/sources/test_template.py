"""Templates: empty files with a contract's columns, that landing reads once they have been filled in."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from joinedup.errors import StoreProblem
from joinedup.sources.contract import contracts
from joinedup.sources.template import MEANINGS, ROWS, headings, write_template
from tests.unit.sources.extracts import NUMBERS, source, staged

CONTRACT = contracts()["community_activity"]


@pytest.mark.parametrize("name", sorted(contracts()))
def test_a_workbook_holds_every_column_and_what_it_means(name: str, tmp_path: Path) -> None:
    contract = contracts()[name]
    book = CalamineWorkbook.from_path(write_template(contract, tmp_path / f"{name}.xlsx"))
    assert book.sheet_names == [ROWS, MEANINGS]
    (heads,) = book.get_sheet_by_name(ROWS).to_python()
    assert set(heads) == {field.name for field in contract.fields}
    told = book.get_sheet_by_name(MEANINGS).to_python()
    assert [row[0] for row in told[1:]] == heads
    assert all(row[2] for row in told)


def test_what_every_row_needs_comes_first() -> None:
    assert headings(CONTRACT)[:3] == ["ACTIVITY_DATE", "NHS_NUMBER", "SOURCE_PSEUDONYM"]


def test_a_csv_file_holds_one_line(tmp_path: Path) -> None:
    with write_template(CONTRACT, tmp_path / "a.csv").open(encoding="utf-8") as file:
        assert list(csv.reader(file)) == [headings(CONTRACT)]


def test_a_filled_template_lands(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "file.xlsx", {"default_date_format": "yyyy-mm-dd"}) as book:
        rows, meanings = book.add_worksheet(ROWS), book.add_worksheet(MEANINGS)
        rows.write_row(0, 0, headings(CONTRACT))
        rows.write_datetime(1, 0, date(2025, 6, 3))
        rows.write_string(1, 1, NUMBERS[0])
        meanings.write_row(0, 0, ["column", "needed"])
    found = staged(tmp_path, {}, source("community_activity", "file.xlsx"))
    assert found.counts == (1, 1, 0, 0)
    assert found.rows("community_activity", "nhs_number, activity_date") == [(1, NUMBERS[0], date(2025, 6, 3))]


def test_an_empty_template_lands_without_a_row(tmp_path: Path) -> None:
    write_template(CONTRACT, tmp_path / "file.xlsx")
    assert staged(tmp_path, {}, source("community_activity", "file.xlsx")).counts == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("name", "said"), [("a.xls", "ends in .xlsx or .csv"), ("there.csv", "there already"), ("no/a.xlsx", "can't be written")]
)
def test_what_cannot_be_written_is_said(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("filled in")
    with pytest.raises(StoreProblem, match=said):
        write_template(CONTRACT, tmp_path / name)
    assert (tmp_path / "there.csv").read_text() == "filled in"

"""What spreadsheets do to values in a CSV file, and files that are still being written."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from joinedup.engine.duck import connect
from joinedup.sources import staged_file
from joinedup.sources.contract import contracts
from joinedup.sources.damage import codes_without_zeros
from tests.unit.sources.extracts import APC, ECDS, NUMBERS, REGISTER, Staged, lines, register, source, staged
from tests.unit.sources.test_landing_values import admissions, births, days

A, B, C, D, E = NUMBERS
ROW = "1950-01-02,Y00001,2010-01-01"


def test_dates_as_the_numbers_of_days(tmp_path: Path) -> None:
    found = births(tmp_path, "45383", "18295.0", "9999", "1950-02-01")
    assert days(found) == ["2024-04-01", "1950-02-01", None, "1950-02-01"]
    assert found.only("dates-as-numbers").rows == (1, 2)
    assert found.only("unreadable-value").rows == (3,)


def test_a_column_of_nothing_but_numbers_may_reach_further_back(tmp_path: Path) -> None:
    found = births(tmp_path, "45383", "18295", "9999")
    assert days(found) == ["2024-04-01", "1950-02-01", "1927-05-17"]
    assert found.only("dates-as-numbers").count == 3


@pytest.mark.parametrize("written", [("12024", "102024", "112024"), ("1950", "1961"), ("99999", "1950-01-01"), ("45383", "soon", "later")])
def test_numbers_that_are_not_plainly_days(tmp_path: Path, written: tuple[str, ...]) -> None:
    found = births(tmp_path, *written)
    assert "dates-as-numbers" not in found.rules
    assert "unreadable-value" in found.rules


def test_numbers_of_days_beside_a_style_of_the_source(tmp_path: Path) -> None:
    found = births(tmp_path, "45383", "01/02/1950", "1950-02-01", date_format="%d/%m/%Y")
    assert days(found) == [None, "1950-02-01", None]
    plainly = births(tmp_path, "45383", "01/02/1950", date_format="%d/%m/%Y")
    assert days(plainly) == ["2024-04-01", "1950-02-01"]


def test_zeros_lost_in_front_of_codes(tmp_path: Path) -> None:
    header = f"{ECDS},DEPARTMENT_TYPE,NHS_NUMBER_STATUS_INDICATOR_CODE"
    rows = (f"{A},1,2025-01-02,1,01", f"{B},2,2025-01-02,05,1.0", f"{C},3,2025-01-02,7,")
    found = staged(tmp_path, {"file.csv": lines(header, *rows)}, source("ecds"))
    assert found.rows("ecds", "department_type, nhs_number_status_indicator_code") == [(1, "01", "01"), (2, "05", "01"), (3, "7", None)]
    assert sorted((finding.rule, finding.rows) for finding in found.findings) == [
        ("leading-zero-lost", (1,)),
        ("leading-zero-lost", (2,)),
        ("unknown-code", (3,)),
    ]


def test_a_code_is_only_made_good_where_it_can_be_no_other() -> None:
    fields = {field.name: field for field in contracts()["ecds"].fields}
    assert codes_without_zeros(fields["DEPARTMENT_TYPE"]) == {str(n): f"0{n}" for n in range(1, 6)}
    both = fields["DEPARTMENT_TYPE"].model_copy(update={"codes": {"01": "One", "001": "Other", "02": "Two", "2": "Also two", "00": "None"}})
    assert codes_without_zeros(both) == {}


def test_nhs_numbers_that_a_spreadsheet_has_shortened_are_nobodys(tmp_path: Path) -> None:
    found = register(tmp_path, lines(REGISTER, f"9.99E+09,{ROW}", f"9.99E+09,{ROW}", f"{C},{ROW}"))
    assert found.counts == (3, 3, 0, 0)
    assert [row[1] for row in found.rows("register", "nhs_number")] == [None, None, C]
    assert (found.only("digits-lost").count, found.only("digits-lost").rows) == (2, (1, 2))
    assert "9.99E+09" in found.only("digits-lost").message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_codes_and_numbers_that_a_spreadsheet_has_shortened(tmp_path: Path, encoding: str) -> None:
    body = lines(f"{APC},DIAG_01,EPIORDER,FINAL_PRICE", f"{A},1,2025-03-02,21,,1.0E+05,2.0E+00,1E+05", f"{A},2,2025-03-02,21,,E110,1,5")
    found = staged(tmp_path, {"file.csv": body.encode(encoding)}, source("apc"))
    assert found.rows("apc", "diag_01, epiorder, final_price_pence") == [(1, None, None, None), (2, "E110", 1, 500)]
    assert found.rules == ["digits-lost"] * 3


def test_the_exponents_of_r_are_exact(tmp_path: Path) -> None:
    found = admissions(tmp_path, "EPIORDER,FINAL_PRICE", "1e+05,1e+05", "3e+00,1.5e+03")
    assert (found.rows("apc", "epiorder, final_price_pence"), found.rules) == ([(1, 100_000, 10_000_000), (2, 3, 150_000)], [])


def test_thousands_and_pounds(tmp_path: Path) -> None:
    found = admissions(tmp_path, "EPIORDER,FINAL_PRICE", '"1,234","£ 1,234.50"', '"12,34","1,2,3"', '"-1,234,567",£-3')
    assert found.rows("apc", "epiorder, final_price_pence") == [(1, 1234, 123450), (2, None, None), (3, -1234567, -300)]
    assert [finding.rows for finding in found.findings if finding.rule == "unreadable-value"] == [(2,), (2,)]


def test_nhs_numbers_of_fewer_digits(tmp_path: Path) -> None:
    found = register(tmp_path, lines(REGISTER, f"101010101,{ROW}", f"{B},{ROW}"))
    assert found.only("too-short-a-number").rows == (1,)


def test_day_first_beside_month_first_is_said(tmp_path: Path) -> None:
    found = births(tmp_path, "02/01/1950", "12/31/1950", "31/12/1950")
    assert found.rules == ["date-order-in-doubt", "unreadable-value"]
    assert "1950" not in found.only("date-order-in-doubt").message


def test_a_file_that_is_still_being_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, read = tmp_path / "file.csv", staged_file.read_csv

    def read_while_written(*args: object) -> object:
        with path.open("a") as file:
            file.write(f"{C},{ROW}\n")
        return read(*args)

    monkeypatch.setattr(staged_file, "read_csv", read_while_written)
    found = register(tmp_path, lines(REGISTER, f"{A},{ROW}", f"{B},too few"))
    assert found.rules == ["changed-while-read"]
    assert (found.counts, found.file.refused) == ((0, 0, 0, 0), True)
    assert (found.rows("register", "nhs_number"), found.rejected()) == ([], [])


@pytest.mark.parametrize("packed", [False, True])
def test_a_last_line_that_is_cut_short_is_said(tmp_path: Path, packed: bool) -> None:
    body = lines(REGISTER, f"{A},{ROW}", f"{B},{ROW}").encode()
    cut = register(tmp_path, gzip.compress(body[:-14]) if packed else body[:-14])
    assert cut.rules == ["too-few-fields", "cut-short"]
    assert register(tmp_path, body[:-1]).rules == []
    earlier = lines(REGISTER, f"{A},{ROW}", f"{B},1950", f"{C},{ROW}").rstrip("\n")
    assert register(tmp_path, earlier).rules == ["too-few-fields"]


def parquet(folder: Path, select: str, **more: object) -> Staged:
    connect().execute(f"COPY ({select}) TO '{folder}/file.parquet' (FORMAT parquet)")
    return staged(folder, {}, source("apc", "file.parquet", **more))


def test_real_dates_of_parquet_beside_a_style_of_the_source(tmp_path: Path) -> None:
    select = f"SELECT '{A}' AS nhs_number, '1' AS epikey, DATE '2025-03-02' AS admidate, '21' AS admimeth, '05/03/2025' AS disdate"
    found = parquet(tmp_path, select, date_format="%d/%m/%Y")
    assert (found.counts, found.rules) == ((1, 1, 0, 0), [])
    assert found.rows("apc", "admidate::VARCHAR, disdate::VARCHAR") == [(1, "2025-03-02", "2025-03-05")]

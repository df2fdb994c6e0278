"""Values: typed as the contract says, missing where they say so or can't be read, kept where a code is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.engine.duck import connect
from tests.unit.sources.extracts import APC, ECDS, NUMBERS, REGISTER, Staged, lines, register, source, staged

A, B, C, D, E = NUMBERS
ROW = "1950-01-02,Y00001,2010-01-01"
BIRTHS = "NHS_NUMBER,GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION,PERSON_BIRTH_DATE"


def births(folder: Path, *written: str, **more: object) -> Staged:
    return register(folder, lines(BIRTHS, *(f"{number},Y00001,{day}" for number, day in zip(NUMBERS, written, strict=False))), **more)


def days(found: Staged) -> list[str | None]:
    return [row[1] for row in found.rows("register", "person_birth_date::VARCHAR")]


def admissions(folder: Path, header: str, *rows: str, **more: object) -> Staged:
    return staged(
        folder,
        {"file.csv": lines(f"{APC},{header}", *(f"{A},{n},2025-03-02,21,,{row}" for n, row in enumerate(rows)))},
        source("apc", **more),
    )


@pytest.mark.parametrize(
    "written",
    [
        "1950-02-01",
        "01/02/1950",
        "1/2/1950",
        "19500201",
        "01Feb1950",
        "01-FEB-1950",
        "1 February 1950",
        "1950-02-01 00:00:00",
        "01/02/1950 00:00",
        "1950-02-01T00:00:00",
    ],
)
def test_every_usual_style_of_date(tmp_path: Path, written: str) -> None:
    found = births(tmp_path, written, "")
    assert (days(found), found.rules) == (["1950-02-01", None], [])


def test_styles_that_mean_one_date_may_stand_in_one_column(tmp_path: Path) -> None:
    found = births(tmp_path, "1950-02-01", "01/02/1950", "01Feb1950")
    assert (days(found), found.rules) == (["1950-02-01"] * 3, [])


def test_dates_that_do_not_exist_are_missing_and_counted(tmp_path: Path) -> None:
    found = births(tmp_path, "1950-02-30", "1950-02-01", "31/04/1950", "1950-13-01")
    assert days(found) == [None, "1950-02-01", None, None]
    finding = found.only("unreadable-value")
    assert (finding.count, finding.rows) == (3, (1, 3, 4))
    assert "PERSON_BIRTH_DATE isn't a date" in finding.message
    assert found.counts == (4, 4, 0, 0)


@pytest.mark.parametrize("written", ["01/02/50", "9999-12-31", "0050-02-01", "2024041", "infinity", "epoch", "1950", "yesterday"])
def test_what_is_no_date(tmp_path: Path, written: str) -> None:
    found = births(tmp_path, written, "1950-02-01")
    assert days(found) == [None, "1950-02-01"]
    assert found.only("unreadable-value").rows == (1,)


def test_a_column_that_can_only_be_month_first_is_read_so_and_said(tmp_path: Path) -> None:
    found = births(tmp_path, "02/01/1950", "12/31/1950")
    assert days(found) == ["1950-02-01", "1950-12-31"]
    assert found.rules == ["month-first"]


def test_day_first_and_month_first_are_never_mixed(tmp_path: Path) -> None:
    found = births(tmp_path, "02/01/1950", "12/31/1950", "31/12/1950")
    assert days(found) == ["1950-01-02", None, "1950-12-31"]
    assert "month first" in found.only("unreadable-value").message


def test_a_date_format_of_the_source_is_the_only_one_tried(tmp_path: Path) -> None:
    found = births(tmp_path, "02/01/1950", "1950-02-01", date_format="%m/%d/%Y")
    assert days(found) == ["1950-02-01", None]
    single = births(tmp_path, "500201", "1950-02-01", date_format="%d/%m/%Y", date_formats={"person birth date": "%y%m%d"})
    assert days(single)[1] is None


@pytest.mark.parametrize("written", ["", "  ", "\t", "\u00a0", '""', "NULL", "\\N"])
def test_what_means_missing_everywhere(tmp_path: Path, written: str) -> None:
    found = births(tmp_path, written, "1950-02-01", delimiter=",")
    assert (days(found), found.rules) == ([None, "1950-02-01"], [])


def test_null_may_be_somebodys_name(tmp_path: Path) -> None:
    found = register(tmp_path, lines(REGISTER + ",PERSON_FAMILY_NAME", f"{A},{ROW},NULL"))
    assert found.rows("register", "person_family_name") == [(1, "NULL")]


def test_the_nulls_of_hes(tmp_path: Path) -> None:
    found = admissions(
        tmp_path, "DIAG_4_01,OPERTN_4_01,TRETSPEF,EPISTART,EPIEND", "I219,-   ,&\t,1801-01-01,1802-01-01 00:00:00", "R69X,&,300,2025-03-02,"
    )
    assert found.rules == []
    assert found.rows("apc", "diag_01, opertn_01, tretspef, epistart::VARCHAR, epiend") == [
        (1, "I219", None, None, None, None),
        (2, "R69X", None, "300", "2025-03-02", None),
    ]


READY = "DISREADYDATE,EPISTART,EPIEND"


@pytest.mark.parametrize(
    ("more", "written"),
    [
        ({"date_format": "%d/%m/%Y"}, ("01/01/1801", "02/03/2025", "01/01/1800")),
        ({}, ("01/01/1801", "02/03/2025", "01/01/1800")),
        ({"date_format": "%d/%m/%Y %H:%M:%S"}, ("01/01/1801 00:00:00", "02/03/2025 00:00:00", "01/01/1802 00:00:00")),
        ({"date_format": "%Y-%m-%d %H:%M:%S.%f"}, ("1801-01-01 00:00:00.000", "2025-03-02 00:00:00.000", "1802-01-01 00:00:00.000")),
        ({"date_format": "%d%b%Y", "null_values": {"EPIEND": ("1899-12-30",)}}, ("01JAN1801", "02MAR2025", "30DEC1899")),
        ({"date_format": "%d/%m/%Y", "null_values": {"*": ("9999-12-31",)}}, ("01/01/1801", "02/03/2025", "31/12/9999")),
    ],
)
def test_null_dates_are_missing_whatever_their_style(tmp_path: Path, more: dict[str, object], written: tuple[str, str, str]) -> None:
    day = written[1]
    body = lines(f"{APC},{READY}", f"{A},1,{day},21,{day},{','.join(written)}", f"{B},2,{day},21,{day},{day},{day},")
    found = staged(tmp_path, {"file.csv": body}, source("apc", **more))
    assert (found.counts, found.rules) == ((2, 2, 0, 0), [])
    assert found.rows("apc", "disreadydate::VARCHAR, epistart::VARCHAR, epiend") == [
        (1, None, "2025-03-02", None),
        (2, "2025-03-02", "2025-03-02", None),
    ]


def test_a_null_date_where_one_is_required(tmp_path: Path) -> None:
    found = staged(tmp_path, {"file.csv": lines(APC, f"{A},1,01/01/1801,21,")}, source("apc", date_format="%d/%m/%Y"))
    assert found.rejected() == [(1, "required-value-missing")]


def test_null_dates_of_parquet(tmp_path: Path) -> None:
    connect().execute(f"""
        COPY (SELECT '{A}' AS nhs_number, '1' AS epikey, DATE '2025-03-02' AS admidate, '21' AS admimeth,
            DATE '1801-01-01' AS disreadydate, TIMESTAMP '1802-01-01 00:00:00' AS epiend, TIMESTAMP '2025-03-02 00:00:00' AS epistart)
        TO '{tmp_path}/file.csv' (FORMAT parquet)""")
    found = staged(tmp_path, {}, source("apc"))
    assert (found.counts, found.rules) == ((1, 1, 0, 0), [])
    assert found.rows("apc", "disreadydate, epistart::VARCHAR, epiend") == [(1, None, "2025-03-02", None)]


def test_codes_are_trimmed_and_in_upper_case_without_points(tmp_path: Path) -> None:
    found = admissions(tmp_path, "DIAG_01,PROCODE3,EPISTAT", " i21.9 ,rwy,3.0")
    assert found.rows("apc", "diag_01, procode3, epistat") == [(1, "I219", "RWY", "3")]
    assert found.rules == []


def test_nhs_numbers_with_spaces_dashes_and_a_stray_fraction(tmp_path: Path) -> None:
    found = register(tmp_path, lines(REGISTER, f"999 000 0018,{ROW}", f"999-000-0026,{ROW}", f"9990000034.0,{ROW}"))
    assert [row[1] for row in found.rows("register", "nhs_number")] == [A, B, C]


def test_an_unknown_code_is_kept_and_counted(tmp_path: Path) -> None:
    found = admissions(tmp_path, "CLASSPAT,DISMETH", "7,1", "1,", "1,longer than a code")
    assert found.rows("apc", "classpat, dismeth") == [(1, "7", "1"), (2, "1", None), (3, "1", "LONGER THAN A CODE")]
    by_field = {finding.message.split(": ")[1].split(" ")[0]: finding for finding in found.findings}
    assert (by_field["CLASSPAT"].count, by_field["CLASSPAT"].rows, by_field["CLASSPAT"].message[-3:]) == (1, (1,), "(7)")
    assert "LONGER" not in by_field["DISMETH"].message


@pytest.mark.parametrize(
    ("written", "pence"),
    [
        ("12", 1200),
        ("12.5", 1250),
        ("0.29", 29),
        ("£1,234.56", 123456),
        ("-3.20", -320),
        ("99999999.99", 9999999999),
        (".5", 50),
        ("1.10", 110),
    ],
)
def test_pounds_become_exact_pence(tmp_path: Path, written: str, pence: int) -> None:
    assert admissions(tmp_path, "FINAL_PRICE", f'"{written}"').rows("apc", "final_price_pence") == [(1, pence)]


def test_fractions_of_a_penny_are_rounded_and_said(tmp_path: Path) -> None:
    found = admissions(tmp_path, "FINAL_PRICE", "5416.7033", "2.675", "1.00000")
    assert [row[1] for row in found.rows("apc", "final_price_pence")] == [541670, 268, 100]
    assert found.only("fractions-of-a-penny").rows == (1, 2)


@pytest.mark.parametrize("written", ["12,5", "(12.50)", "1e3", "twelve", "1,23.00", "12.50.1", "$12"])
def test_what_is_no_amount_in_pounds(tmp_path: Path, written: str) -> None:
    found = admissions(tmp_path, "FINAL_PRICE", f'"{written}"')
    assert found.rows("apc", "final_price_pence") == [(1, None)]
    assert found.only("unreadable-value").rows == (1,)


def test_whole_numbers(tmp_path: Path) -> None:
    found = admissions(tmp_path, "EPIORDER", "1", "02", "3.0", "3.5", "1e3", "x", "99999999999")
    assert [row[1] for row in found.rows("apc", "epiorder")] == [1, 2, 3, None, None, None, None]
    assert found.only("unreadable-value").rows == (4, 5, 6, 7)


def test_times_of_day(tmp_path: Path) -> None:
    written = ("09:05", "9:05", "0905", "905", "23:59:59", "24:00", "4000", "noon")
    rows = lines(f"{ECDS},ARRIVAL_TIME", *(f"{A},{n},2025-01-02,{time}" for n, time in enumerate(written)))
    found = staged(tmp_path, {"file.csv": rows}, source("ecds"))
    assert [row[1] for row in found.rows("ecds", "arrival_time")] == ["09:05"] * 4 + ["23:59"] + [None] * 3
    assert found.only("unreadable-value").rows == (6, 7, 8)


def test_values_constants_and_nulls_of_the_source(tmp_path: Path) -> None:
    found = register(
        tmp_path,
        lines("nhs no,gp,sex,ethnic category", f"{A},Y00001,M,ZZ", f"{B},Y00002,F,A", f"{C},-9,U,-9"),
        rename={"gp": "GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION"},
        values={"PERSON_STATED_GENDER_CODE": {"M": "1", "F": "2", "U": ""}},
        constants={"NHS_NUMBER_STATUS_INDICATOR_CODE": "01"},
        null_values={"ETHNIC_CATEGORY": ("ZZ",), "*": ("-9",)},
    )
    assert found.counts == (3, 2, 0, 1)
    columns = "nhs_number, person_stated_gender_code, ethnic_category, nhs_number_status_indicator_code"
    assert found.rows("register", columns) == [(1, A, "1", None, "01"), (2, B, "2", "A", "01")]
    assert found.rejected() == [(3, "required-value-missing")]


def test_no_message_holds_what_a_row_says(tmp_path: Path) -> None:
    header = REGISTER + ",PERSON_STATED_GENDER_CODE,PERSON_FAMILY_NAME,CARE_HOME_INDICATOR"
    found = register(
        tmp_path, lines(header, f"{A},13/13/1950,Y00001,2010-02-30,Ermintrude,Bagwash,Yes", f"{B},1950-02-01,,2010-01-01,1,Bagwash")
    )
    said = " ".join(finding.message for finding in found.findings).upper()
    assert len(found.findings) >= 4
    assert not [secret for secret in (A, B, "13/13", "1950", "ERMINTRUDE", "BAGWASH", "2010-02-30") if secret in said]

"""Days that software writes as midnights, and years of two digits."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.findings import Severity
from tests.unit.sources.extracts import NUMBERS, REGISTER, Staged, lines, register, source, staged

HEADER = "NHS_NUMBER,EPIKEY,ARRIVAL_DATE"


def arrivals(folder: Path, *written: str, **more: object) -> Staged:
    rows = (f"{NUMBERS[n % 5]},E{n},{day}" for n, day in enumerate(written))
    return staged(folder, {"file.csv": lines(HEADER, *rows)}, source("ecds", **more))


@pytest.mark.parametrize(
    "style",
    [
        "{}T00:00:00Z",
        "{}T00:00:00.000Z",
        "{}T00:00:00.0000000Z",
        "{}T00:00:00+00:00",
        "{}T00:00:00+01:00",
        "{}T00:00:00.000+00:00",
        "{} 00:00:00+00",
        "{} 00:00:00 UTC",
    ],
)
def test_a_midnight_with_a_zone_is_the_day_that_is_written(tmp_path: Path, style: str) -> None:
    found = arrivals(tmp_path, *(style.format(f"2025-06-0{n}") for n in range(1, 6)))
    assert [row[1] for row in found.rows("ecds", "arrival_date::VARCHAR")] == [f"2025-06-0{n}" for n in range(1, 6)]
    assert found.rules == []


@pytest.mark.parametrize("style", ["{} 12:00:00 AM", "{} 12:00 AM"])
def test_a_midnight_on_a_clock_of_twelve_hours_is_a_day(tmp_path: Path, style: str) -> None:
    days = [style.format(f"0{n}/06/2025") for n in range(1, 6)]
    assert arrivals(tmp_path / "day", *days).rows("ecds", "arrival_date::VARCHAR") == [(n, f"2025-06-0{n}") for n in range(1, 6)]
    month_first = arrivals(tmp_path / "month", *(style.format(f"06/{n}/2025") for n in range(20, 25)))
    assert month_first.rows("ecds", "arrival_date::VARCHAR") == [(n - 19, f"2025-06-{n}") for n in range(20, 25)]
    assert month_first.rules == ["month-first"]


def test_another_time_with_a_zone_may_be_of_another_day_and_is_not_read(tmp_path: Path) -> None:
    found = arrivals(tmp_path, "2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z", "2025-05-31T23:00:00Z")
    assert found.rejected() == [(3, "unreadable-required-value")]


def test_a_year_of_two_digits_lies_in_the_past(tmp_path: Path) -> None:
    rows = [f"{NUMBERS[n]},,Y00001,{start}" for n, start in enumerate(("03-Apr-10", "03-Apr-65", "03-Apr-29", "03-Apr-99"))]
    found = register(tmp_path, lines(REGISTER, *rows), date_formats={"START_DATE_GMP_PATIENT_REGISTRATION": "%d-%b-%y"})
    starts = [row[1] for row in found.rows("register", "start_date_gmp_patient_registration::VARCHAR")]
    assert starts == ["2010-04-03", "1965-04-03", "2029-04-03", "1999-04-03"]
    assert "short-year-of-birth" not in found.rules


def test_a_date_of_birth_is_never_read_by_two_digits_of_its_year(tmp_path: Path) -> None:
    row = f"{NUMBERS[0]},03-Apr-25,Y00001,03-Apr-10"
    found = register(tmp_path, lines(REGISTER, row), date_format="%d-%b-%y")
    assert found.rows("register", "person_birth_date, start_date_gmp_patient_registration::VARCHAR") == [(1, None, "2010-04-03")]
    told = found.only("short-year-of-birth")
    assert (told.file, told.severity) == ("sources.yml", Severity.ERROR)
    assert found.only("unreadable-value").count == 1
    mended = register(
        tmp_path, lines(REGISTER, row.replace("Apr-25", "Apr-1925")), date_format="%d-%b-%y", date_formats={"PERSON_BIRTH_DATE": "%d-%b-%Y"}
    )
    assert mended.rows("register", "person_birth_date::VARCHAR") == [(1, "1925-04-03")]
    assert mended.rules == []

"""Dates of birth that systems write where they know none are missing, in whatever extract, and told once a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.sources.extracts import ECDS, NUMBERS, REGISTER, lines, register, source, staged

RULE = "default-birth-date"


@pytest.mark.parametrize("written", ["1900-01-01", "01/01/1900", "02/01/1900", "1901-01-01", "1899-12-30", "31-Dec-1899"])
def test_a_default_date_of_birth_is_missing_and_told(tmp_path: Path, written: str) -> None:
    found = register(tmp_path, lines(REGISTER, f"{NUMBERS[0]},1950-01-02,Y00001,2010-01-01", f"{NUMBERS[1]},{written},Y00001,2010-01-01"))
    assert [row[1] for row in found.rows("register", "person_birth_date::VARCHAR")] == ["1950-01-02", None]
    told = found.only(RULE)
    assert (told.count, told.rows) == (1, (2,))
    assert found.rules == [RULE]
    assert written not in told.message


@pytest.mark.parametrize("written", ["1900-02-01", "1901-01-02", "1903-05-06"])
def test_who_was_born_soon_after_is_believed(tmp_path: Path, written: str) -> None:
    found = register(tmp_path, lines(REGISTER, f"{NUMBERS[0]},{written},Y00001,2010-01-01"))
    assert found.rows("register", "person_birth_date::VARCHAR") == [(1, written)]
    assert found.rules == []


def test_it_is_so_in_every_extract(tmp_path: Path) -> None:
    rows = (f"{number},E{number},2025-03-01,1900-01-01" for number in NUMBERS)
    found = staged(tmp_path, {"file.csv": lines(f"{ECDS},PERSON_BIRTH_DATE", *rows)}, source("ecds"))
    assert found.only(RULE).count == len(NUMBERS)
    assert found.rows("ecds", "person_birth_date") == [(row, None) for row in range(1, 6)]


def test_a_row_that_is_rejected_anyway_is_told_as_that(tmp_path: Path) -> None:
    found = register(tmp_path, lines(REGISTER, f"{NUMBERS[0]},1900-01-01,,2010-01-01", f"{NUMBERS[1]},1950-01-01,Y00001,2010-01-01"))
    assert RULE not in found.rules

"""The extracts of the month before: what happened since isn't in them, and a few rows are put right only later."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from joinedup.place.folder import read_place
from joinedup.place.model import Place
from joinedup.sources.contract import contracts
from joinedup.sources.synthetic.month_before import NOT_YET_CODED, NOT_YET_TRACED, month_end_before, place_before, write_month_before


def a_place(root: Path, *names: str) -> Place:
    place = read_place(root / "places" / "calderdale", contract_names=tuple(contracts()))
    return place.model_copy(update={"sources": tuple(source for source in place.sources if source.name in names)})


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_month_before_ends_a_month_earlier(root: Path) -> None:
    assert [month_end_before(day) for day in (date(2026, 3, 31), date(2026, 4, 1), date(2026, 1, 31))] == [
        date(2026, 2, 28),
        date(2026, 2, 28),
        date(2025, 12, 31),
    ]
    place = a_place(root, "apc")
    assert place.period.end == date(2026, 4, 1)
    assert (place_before(place).as_at, place_before(place).period.end) == (date(2026, 2, 28), date(2026, 3, 1))


def test_what_happened_since_is_not_there_and_some_rows_are_not_yet_right(root: Path, tmp_path: Path) -> None:
    place, (extracts, out) = a_place(root, "apc"), (tmp_path / "now", tmp_path / "before")
    extracts.mkdir()
    days = ["2026-02-10"] * NOT_YET_TRACED + ["2026-03-01", "01/03/2026", "", "not a day"]
    told = "".join(f'9990000000,{day},I21,"a, b"\n' for day in days)
    (extracts / "apc.csv").write_text(f"NHS_NUMBER,ADMIDATE,DIAG_01,MORE\n{told}", encoding="utf-8")
    found = rows(write_month_before(place, extracts, out) / "apc.csv")
    assert [row["ADMIDATE"] for row in found[NOT_YET_TRACED:]] == ["", "not a day"]
    assert len(found) == NOT_YET_TRACED + 2
    assert sum(not row["DIAG_01"] for row in found) == NOT_YET_TRACED // NOT_YET_CODED
    assert sum(not row["NHS_NUMBER"] for row in found) == 1
    assert {row["MORE"] for row in found} == {"a, b"}


def test_who_left_since_is_registered_still(root: Path, tmp_path: Path) -> None:
    place, (extracts, out) = a_place(root, "register"), (tmp_path / "now", tmp_path / "before")
    extracts.mkdir()
    began, ended = "START_DATE_GMP_PATIENT_REGISTRATION", "END_DATE_GMP_PATIENT_REGISTRATION"
    spells = [("2020-01-01", ""), ("2020-01-01", "2026-03-15"), ("2020-01-01", "2026-02-15"), ("2026-03-02", "")]
    told = "".join(f"9990000000,{start},{end}\n" for start, end in spells)
    (extracts / "register.csv").write_text(f"NHS_NUMBER,{began},{ended}\n{told}", encoding="utf-8")
    found = rows(write_month_before(place, extracts, out) / "register.csv")
    assert [(row[began], row[ended]) for row in found] == [("2020-01-01", ""), ("2020-01-01", ""), ("2020-01-01", "2026-02-15")]

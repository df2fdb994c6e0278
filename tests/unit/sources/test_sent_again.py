"""A year that comes again with its records numbered anew counts twice, and is told; what only looks like it isn't."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.findings import Severity
from joinedup.sources.contract import contracts
from tests.unit.sources.extracts import NUMBERS, Staged, lines, source, staged

RULE = "sent-again-under-new-keys"
ECDS = "NHS_NUMBER,EPIKEY,PROVIDER_CODE,ARRIVAL_DATE,ARRIVAL_TIME,ACUITY,FINAL_PRICE"
APC = "NHS_NUMBER,EPIKEY,SUSSPELLID,PROCODE3,ADMIDATE,ADMIMETH,DISDATE,EPIORDER"


def attendances(key: str, days: range, month: str = "2025-03", price: str = "100", acuity: str = "1077251000000100") -> list[str]:
    return [f"{NUMBERS[day % 5]},{key}-{month}-{day},RWY,{month}-{day:02},10:{day:02},{acuity},{price}" for day in days]


def ecds(folder: Path, *files: list[str], **more: object) -> Staged:
    content = {f"{at}.csv": lines(ECDS, *rows) for at, rows in enumerate(files)}
    return staged(folder, content, source("ecds", "*.csv", **more))


def test_a_month_sent_again_with_new_keys_and_prices_is_an_error(tmp_path: Path) -> None:
    found = ecds(tmp_path, attendances("a", range(1, 21)), attendances("b", range(1, 20), price="120"))
    told = found.only(RULE)
    assert (told.file, told.count, told.severity) == ("1.csv", 19, Severity.ERROR)
    assert "0.csv" in told.message
    assert "EPIKEY" in told.message
    assert "sends: months" in told.message


@pytest.mark.parametrize("said", [{"sends": "everything"}, {"sends": "months", "file_name": "{month:%Y-%m}/*.csv"}])
def test_it_is_none_where_the_later_file_replaces_the_earlier(tmp_path: Path, said: dict[str, str]) -> None:
    files = {f"2025-03/{key}.csv": lines(ECDS, *attendances(key, range(1, 21))) for key in "ab"}
    found = staged(tmp_path, files, source("ecds", "*/*.csv", **said))
    assert RULE not in found.rules
    assert sum(file.loaded for file in found.staging.files) == 20


def test_a_year_that_repeats_the_months_before_it_is_told_once(tmp_path: Path) -> None:
    months = ["2025-01", "2025-02", "2025-03"]
    year = [row for month in months for row in attendances("y", range(1, 11), month)]
    found = ecds(tmp_path, *(attendances(month, range(1, 11), month) for month in months), year)
    assert (found.only(RULE).file, found.only(RULE).count) == ("3.csv", 30)
    assert "0.csv and 2 more files" in found.only(RULE).message


def test_of_months_that_overlap_those_that_stand_twice_are_told(tmp_path: Path) -> None:
    first = [*attendances("a", range(1, 11), "2025-01"), *attendances("a", range(1, 11), "2025-02")]
    second = [*attendances("b", range(1, 11), "2025-02"), *attendances("b", range(1, 11), "2025-03")]
    assert ecds(tmp_path, first, second).only(RULE).count == 10


def test_a_few_rows_that_come_again_or_say_something_else_are_none(tmp_path: Path) -> None:
    first = attendances("a", range(1, 21))
    assert RULE not in ecds(tmp_path / "few", first, attendances("b", range(1, 8))).rules
    assert RULE not in ecds(tmp_path / "other", first, attendances("b", range(1, 21), acuity="1064901000000102")).rules
    assert RULE not in ecds(tmp_path / "mostly", first, [*attendances("b", range(1, 10)), *attendances("b", range(21, 32))]).rules


def test_a_column_that_one_file_lacks_says_nothing(tmp_path: Path) -> None:
    narrow = [",".join(row.split(",")[:5]) for row in attendances("b", range(1, 21))]
    files = {"0.csv": lines(ECDS, *attendances("a", range(1, 21))), "1.csv": lines(",".join(ECDS.split(",")[:5]), *narrow)}
    assert staged(tmp_path, files, source("ecds", "*.csv")).only(RULE).count == 20


def test_episodes_of_one_stay_in_files_of_two_months_are_no_repeats(tmp_path: Path) -> None:
    def episodes(order: int) -> str:
        rows = (f"{NUMBERS[n % 5]},{order}-{n},S{n},RWY,2025-03-{n:02},21,2025-04-{n:02},{order}" for n in range(1, 21))
        return lines(APC, *rows)

    found = staged(tmp_path, {"0.csv": episodes(1), "1.csv": episodes(2)}, source("apc", "*.csv"))
    assert RULE not in found.rules


def test_spells_numbered_anew_are_told_as_well(tmp_path: Path) -> None:
    def stays(key: str) -> str:
        return lines(APC, *(f"{NUMBERS[n % 5]},{key}{n},{key}S{n},RWY,2025-03-{n:02},21,2025-04-{n:02},1" for n in range(1, 21)))

    assert staged(tmp_path, {"0.csv": stays("a"), "1.csv": stays("b")}, source("apc", "*.csv")).only(RULE).count == 20


def test_people_known_by_pseudonym_or_by_name_are_the_same_too(tmp_path: Path) -> None:
    header = "SOURCE_PSEUDONYM,PERSON_BIRTH_DATE,PERSON_FAMILY_NAME,PERSON_GIVEN_NAME,SERVICE,ACTIVITY_DATE,KIND,ACTIVITY_ID"

    def sessions(key: str, who: str) -> str:
        return lines(header, *(f"{who.format(n=n % 5)},Walks,2025-03-{n:02},GROUP,{key}{n}" for n in range(1, 21)))

    for name, who in (("pseudonym", "P{n},,,"), ("name", ",1950-01-1{n},Family{n},Given")):
        files = {f"{key}.csv": sessions(key, who) for key in "ab"}
        assert staged(tmp_path / name, files, source("community_activity", "*.csv")).only(RULE).count == 20, name


def test_every_contract_of_activity_says_what_numbers_its_records() -> None:
    """A key by which rows are told apart beside person, day, provider and kind is a number of a record."""
    for contract in contracts().values():
        numbers = {field.name for field in contract.fields if field.record_number}
        texts = {field.name for field in contract.fields if field.name in contract.key and field.type == "text" and not field.identifier}
        assert texts - {"SERVICE", "KIND", "ACCOUNT"} <= numbers, contract.contract

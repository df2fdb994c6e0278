"""Keys that aren't unique, and corrections that were rejected: no row goes without a word, and none stays that the law keeps out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from joinedup.engine.duck import connect
from joinedup.findings import Severity
from joinedup.place.model import Partner
from joinedup.sources.landing import stage
from tests.unit.sources.extracts import APC, NUMBERS, Staged, counts, lines, place_with, source, staged

A, B, C = NUMBERS[:3]
ECDS = "NHS_NUMBER,EPIKEY,PROVIDER_CODE,ARRIVAL_DATE"
CALLS = "NHS_NUMBER,CALL_NUMBER,ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER,CALL_DATE"
CONTACTS = "NHS_NUMBER,CARE_CONTACT_IDENTIFIER,ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER,CARE_CONTACT_DATE"
DELETED = ECDS + ",CDS_UPDATE_TYPE"


def ecds(folder: Path, *files: str, **more: object) -> Staged:
    names = tuple(f"{number}.csv" for number in range(1, len(files) + 1))
    return staged(folder, dict(zip(names, files, strict=True)), source("ecds", names, **more))


def severity(found: Staged) -> Severity:
    return found.only("key-not-unique").severity


def test_two_providers_that_number_alike_lose_nothing(tmp_path: Path) -> None:
    rows = [f"{number},{key},{provider},2025-03-{key:02}" for provider, number in (("RWY", A), ("RCF", B)) for key in range(1, 21)]
    found = ecds(tmp_path, lines(ECDS, *rows))
    assert found.counts == (40, 40, 0, 0)
    told = found.only("key-not-unique")
    assert (told.severity, told.count) == (Severity.ERROR, 20)
    assert "EPIKEY isn't unique" in told.message


def test_numbers_that_begin_anew_each_month_lose_nothing(tmp_path: Path) -> None:
    months = [lines(ECDS, *(f"{NUMBERS[month % 5]},{key},RWY,2025-{month:02}-{key:02}" for key in range(1, 11))) for month in (1, 2, 3)]
    found = ecds(tmp_path, *months)
    assert [counts(file) for file in found.staging.files] == [(10, 10, 0, 0)] * 3
    assert severity(found) is Severity.ERROR


def test_call_numbers_that_begin_anew_each_day_lose_nothing(tmp_path: Path) -> None:
    rows = [f"{NUMBERS[day % 5]},{call},RX8,2025-04-{day:02}" for day in range(1, 6) for call in range(1, 5)]
    found = staged(tmp_path, {"file.csv": lines(CALLS, *rows)}, source("ambulance"))
    assert found.counts == (20, 20, 0, 0)


def test_each_of_several_records_is_corrected_and_deleted_by_itself(tmp_path: Path) -> None:
    first = lines(DELETED, f"{A},7,RWY,2025-03-02,9", f"{B},7,RCF,2025-03-02,9")
    second = lines(DELETED, f"{A},7,RWY,2025-03-03,9", f"{C},7,RCF,2025-03-02,9")
    third = lines(DELETED, f"{A},7,RWY,2025-03-03,1")
    found = ecds(tmp_path, first, second, third)
    assert [counts(file) for file in found.staging.files] == [(2, 0, 2, 0), (2, 1, 1, 0), (1, 0, 1, 0)]
    assert found.rows("ecds", "provider_code") == [(2, "RCF")]


def test_a_deletion_that_names_nobody_takes_out_all_of_its_key(tmp_path: Path) -> None:
    first = lines(DELETED, f"{A},7,RWY,2025-03-02,9", f"{B},7,RCF,2025-03-02,9")
    found = ecds(tmp_path, first, lines(DELETED, ",7,,,1"), lines(DELETED, f"{A},7,RWY,2025-03-02,9"))
    assert [counts(file) for file in found.staging.files] == [(2, 0, 2, 0), (1, 0, 1, 0), (1, 1, 0, 0)]
    assert "deletes-nothing" not in found.rules


def test_a_deletion_under_another_number_is_no_other_record(tmp_path: Path) -> None:
    found = ecds(tmp_path, lines(DELETED, f"{A},7,RWY,2025-03-02,9"), lines(DELETED, f"{B},7,RWY,,1"))
    assert [file.superseded for file in found.staging.files] == [1, 1]
    assert "key-not-unique" not in found.rules


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (f"{A},7,RCF,2025-03-02", False),
        (f"{A},7,RWY,2025-05-02", False),
        (f"{A},7,RCF,2025-05-02", True),
        (f"{B},7,RWY,2025-03-02", True),
        (",7,,2025-03-02", False),
        (",7,RWY,2025-05-02", True),
    ],
)
def test_a_correction_of_little_supersedes_and_one_of_much_is_told(tmp_path: Path, row: str, told: bool) -> None:
    found = ecds(tmp_path, lines(ECDS, f"{A},7,RWY,2025-03-02"), lines(ECDS, row))
    assert [counts(file) for file in found.staging.files] == [(1, 0, 1, 0), (1, 1, 0, 0)]
    assert ("key-not-unique" in found.rules) == told
    assert not told or severity(found) is Severity.WARNING


def test_pseudonyms_given_anew_are_no_other_people(tmp_path: Path) -> None:
    header = ECDS.replace("NHS_NUMBER", "SOURCE_PSEUDONYM")
    files = [lines(header, *(f"{given}{key},{key},RWY,2025-03-{key:02}" for key in range(1, 21))) for given in "PQ"]
    found = ecds(tmp_path, *files)
    assert [file.loaded for file in found.staging.files] == [0, 20]
    assert "key-not-unique" not in found.rules


def test_what_is_corrected_to_a_restricted_code_goes_too(tmp_path: Path) -> None:
    header = f"{APC},DIAG_01"
    first = lines(header, f"{A},1,2025-03-02,21,,J189", f"{B},2,2025-03-02,21,,J189", f"{C},3,2025-03-02,21,,J189")
    for number, second in enumerate(([f"{A},1,2025-03-02,21,,B20"], [f"{A},1,2025-03-02,21,,B20", f"{C},3,2025-03-02,21,,I10"])):
        folder = tmp_path / str(number)
        folder.mkdir()
        found = staged(folder, {"1.csv": first, "2.csv": lines(header, *second)}, source("apc", ("1.csv", "2.csv")))
        assert [counts(file) for file in found.staging.files] == [(3, 2 - number, 1 + number, 0), (1 + number, number, 0, 1)]
        assert "correction-rejected" not in found.rules
        assert found.con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'rejected_key%'").fetchall() == [(0,)]


def test_what_comes_after_a_restricted_code_counts_again(tmp_path: Path) -> None:
    files = {f"{n}.csv": lines(f"{APC},DIAG_01", f"{A},1,2025-03-02,21,,{code}") for n, code in enumerate(("J189", "B20", "I10"))}
    found = staged(tmp_path, files, source("apc", tuple(files)))
    assert [counts(file) for file in found.staging.files] == [(1, 0, 1, 0), (1, 0, 0, 1), (1, 1, 0, 0)]


def test_a_rejected_correction_is_told(tmp_path: Path) -> None:
    first = lines(APC, f"{A},1,2025-03-02,21,", f"{B},2,2025-03-02,21,")
    second = lines(APC, f"{A},1,2025-03-02,21,2025-03-01", f"{B},2,2025-03-02,21,", f"{C},3,2025-03-02,21,2025-03-01")
    found = staged(tmp_path, {"1.csv": first, "2.csv": second}, source("apc", ("1.csv", "2.csv")))
    told = found.only("correction-rejected")
    assert (told.file, told.count, told.severity) == ("2.csv", 1, Severity.WARNING)
    assert [counts(file) for file in found.staging.files] == [(2, 1, 1, 0), (3, 1, 0, 2)]


def test_a_year_sent_again_under_the_code_of_a_merged_provider_is_counted_once(tmp_path: Path) -> None:
    old = Partner(id="old", name="Old", code="RY6", roles=("provider",), end=date(2025, 10, 1), succeeded_by="new")
    new = Partner(id="new", name="New", code="RCF", roles=("provider",))
    for number, provider in enumerate(("RY6", "RCF")):
        rows = [f"{NUMBERS[key % 5]},{key},{provider},2025-03-{key:02}" for key in range(1, 11)]
        (tmp_path / f"{number}.csv").write_text(lines(CONTACTS, *rows), encoding="utf-8")
    place = place_with(source("csds", ("0.csv", "1.csv"))).model_copy(update={"partners": (old, new)})
    staging = stage(connect(), place, tmp_path)
    assert [counts(file) for file in staging.files] == [(10, 0, 10, 0), (10, 10, 0, 0)]
    assert "key-not-unique" not in [finding.rule for finding in staging.findings]


@pytest.mark.parametrize(("days", "told"), [(range(1, 21), True), (range(18, 28), False)])
def test_two_sources_of_the_same_attendances_are_told(tmp_path: Path, days: range, told: bool) -> None:
    files = {
        "sus.csv": lines(ECDS, *(f"{NUMBERS[day % 5]},S{day},RWY,2025-03-{day:02}" for day in range(1, 21))),
        "trust.csv": lines(ECDS, *(f"{NUMBERS[day % 5]},T{day},RWY,2025-03-{day:02}" for day in days)),
    }
    found = staged(tmp_path, files, source("ecds", "sus.csv", name="sus"), source("ecds", "trust.csv", name="trust"))
    assert [file.loaded for file in found.staging.files] == [20, len(days)]
    assert ("two-sources-alike" in found.rules) == told
    if told:
        assert (found.only("two-sources-alike").count, found.only("two-sources-alike").file) == (20, "trust.csv")

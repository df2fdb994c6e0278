"""Several rows with one key: the last one read is loaded."""

from __future__ import annotations

from pathlib import Path

from tests.unit.sources.extracts import APC, DEATHS, NUMBERS, REGISTER, counts, lines, register, source, staged

A, B, C = NUMBERS[:3]


def test_the_last_row_of_a_key_is_loaded(tmp_path: Path) -> None:
    rows = (f"{A},7,2025-01-01,21,", f"{B},8,2025-01-02,21,", f"{A},7,2025-01-03,21,", f"{A},7,2025-01-04,21,")
    found = staged(tmp_path, {"file.csv": lines(APC, *rows)}, source("apc"))
    assert found.counts == (4, 2, 2, 0)
    assert found.rows("apc", "admidate::VARCHAR") == [(2, "2025-01-02"), (4, "2025-01-04")]
    assert found.superseded() == [(1, 1, "same-key"), (1, 3, "same-key")]


def test_a_later_file_of_the_source_supersedes_an_earlier_one(tmp_path: Path) -> None:
    first = lines(APC, f"{A},7,2025-01-01,21,", f"{B},8,2025-01-02,21,")
    found = staged(tmp_path, {"1.csv": first, "2.csv": lines(APC, f"{A},7,2025-01-03,21,")}, source("apc", ("1.csv", "2.csv")))
    assert [counts(file) for file in found.staging.files] == [(2, 1, 1, 0), (1, 1, 0, 0)]
    assert found.superseded() == [(1, 1, "same-key")]


def test_files_that_each_list_everyone_are_doubted(tmp_path: Path) -> None:
    people = [f",REF{n},2025-01-01,21,".replace("REF", f"{n:04}") for n in range(120)]
    months = {"1.csv": lines(APC, *people), "2.csv": lines(APC, *people[:61])}
    found = staged(tmp_path, months, source("apc", ("1.csv", "2.csv")))
    doubt = found.only("mostly-repeated")
    assert (doubt.file, doubt.count) == ("1.csv", 61)
    corrections = {"1.csv": lines(APC, *people), "2.csv": lines(APC, *people[:60])}
    assert "mostly-repeated" not in staged(tmp_path, corrections, source("apc", ("1.csv", "2.csv"))).rules


def test_sources_do_not_supersede_one_another(tmp_path: Path) -> None:
    files = {"1.csv": lines(APC, f"{A},7,2025-01-01,21,"), "2.csv": lines(APC, f"{B},7,2025-01-03,21,")}
    found = staged(tmp_path, files, source("apc", "1.csv"), source("apc", "2.csv", name="other"))
    assert [counts(file) for file in found.staging.files] == [(1, 1, 0, 0), (1, 1, 0, 0)]


def test_a_rejected_row_supersedes_nothing(tmp_path: Path) -> None:
    found = staged(tmp_path, {"file.csv": lines(APC, f"{A},7,2025-01-01,21,", f"{A},7,2025-01-02,21,2024-01-01")}, source("apc"))
    assert found.counts == (2, 1, 0, 1)
    assert found.rows("apc", "admidate::VARCHAR") == [(1, "2025-01-01")]


def test_rows_that_name_no_record_stay(tmp_path: Path) -> None:
    found = staged(tmp_path, {"file.csv": lines(APC, f"{A},,2025-01-01,21,", f"{A},,2025-01-01,21,")}, source("apc"))
    assert found.counts == (2, 2, 0, 0)


def test_a_registration_is_named_by_person_practice_and_start(tmp_path: Path) -> None:
    rows = (
        f"{A},1950-01-01,Y00001,2010-01-01",
        f"{A},1950-01-01,Y00001,2015-01-01",
        f"{A},1950-01-01,Y00002,2010-01-01",
        "999 000 0018,1951-01-01,y00001,01/01/2010",
        f"{B},1950-01-01,Y00001,",
        f"{B},1952-01-01,Y00001,",
        ",1950-01-01,Y00001,2010-01-01",
        ",1950-01-01,Y00001,2010-01-01",
    )
    found = register(tmp_path, lines(REGISTER, *rows))
    assert found.counts == (8, 6, 2, 0)
    assert [row for _, row, _ in found.superseded()] == [1, 5]


def test_people_without_a_number_are_named_by_pseudonym(tmp_path: Path) -> None:
    header = "PSEUDO_HESID,DATE OF DEATH"
    found = staged(tmp_path, {"file.csv": lines(header, "aB1,2025-01-01", "AB1,2025-01-01", "aB1,2025-01-01")}, source("deaths"))
    assert found.counts == (3, 2, 1, 0)
    assert found.rows("deaths", "source_pseudonym") == [(2, "AB1"), (3, "aB1")]


def test_read_is_loaded_superseded_and_rejected_in_every_file(tmp_path: Path) -> None:
    rows = (f"{A},2025-01-01,", f"{A},2025-01-01,", f"{B},,", f"{C},2025-01-01,2025-02-01", "too,few", f"{B},2024-05-06,")
    found = staged(tmp_path, {"file.csv": lines(DEATHS, *rows)}, source("deaths"))
    assert found.counts == (6, 2, 1, 3)
    assert found.con.execute(
        "SELECT count(DISTINCT (file_id, source_row)) FROM (FROM staged_rejected UNION ALL FROM staged_superseded)"
    ).fetchall() == [(4,)]

"""Files that are not as they should be: whole files refused, or read all the same."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from joinedup.engine.duck import connect
from joinedup.findings import Severity
from joinedup.sources.landing import stage
from tests.unit.sources.extracts import ECDS, NUMBERS, REGISTER, counts, lines, place_with, register, source, staged

A, B, C = NUMBERS[:3]
SOUND = lines(REGISTER, f"{A},1950-01-02,Y00001,2010-01-01", f"{B},1960-03-04,Y00002,2011-02-03")


def refused(found, rule: str) -> str:
    """The message of the only finding, by which the only file was refused."""
    assert found.rules == [rule]
    assert found.file.refused
    assert found.counts == (0, 0, 0, 0)
    assert found.only(rule).severity is Severity.ERROR
    return found.only(rule).message


def test_a_sound_file_is_loaded_whole(tmp_path: Path) -> None:
    found = register(tmp_path, SOUND)
    assert found.counts == (2, 2, 0, 0)
    assert found.rules == []
    assert [row[1] for row in found.rows("register", "nhs_number")] == [A, B]
    assert found.file.data_to.isoformat() == "2011-02-03"


def test_a_missing_file(tmp_path: Path) -> None:
    found = register(tmp_path, SOUND, files=("list.csv", "file.csv"))
    finding = found.only("missing-file")
    assert (finding.file, finding.severity) == ("list.csv", Severity.ERROR)
    assert found.counts == (2, 2, 0, 0)


@pytest.mark.parametrize("body", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe\n\0"])
def test_an_empty_file(tmp_path: Path, body: bytes) -> None:
    assert "empty" in refused(register(tmp_path, body), "empty-file")


@pytest.mark.parametrize("body", [REGISTER, REGISTER + "\n", REGISTER + "\r\n\r\n"])
def test_a_header_without_rows(tmp_path: Path, body: str) -> None:
    found = register(tmp_path, body)
    assert found.rules == ["no-rows"]
    assert found.counts == (0, 0, 0, 0)
    assert not found.file.refused


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"PK\x03\x04" + bytes(50), "spreadsheet"),
        (b"%PDF-1.7 ...", "PDF"),
        (bytes(range(256)) * 20, "binary"),
        (b"PARE" + bytes(40), "encrypted"),
    ],
)
def test_a_file_that_is_no_table(tmp_path: Path, body: bytes, kind: str) -> None:
    assert kind in refused(register(tmp_path, body), "not-a-table")


def test_a_folder_with_the_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "file.csv").mkdir()
    found = staged(tmp_path, {}, source())
    assert found.rules == ["missing-file"]
    assert found.staging.files == ()


def test_a_folder_of_extracts_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "extracts").write_text("a file where the folder should be")
    found = stage(connect(), place_with(source(files=("a.csv", "*.csv"))), tmp_path / "extracts")
    assert [(finding.file, finding.rule, finding.severity) for finding in found.findings] == [
        ("a.csv", "unreadable-folder", Severity.ERROR),
        ("*.csv", "unreadable-folder", Severity.ERROR),
    ]
    assert "Not a directory" in found.findings[0].message


def test_a_folder_that_this_user_may_not_enter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(self: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(self))

    (tmp_path / "file.csv").write_text(SOUND)
    monkeypatch.setattr(Path, "is_dir", closed)
    found = stage(connect(), place_with(source()), tmp_path)
    assert [finding.rule for finding in found.findings] == ["unreadable-folder"]


def test_a_file_that_this_user_may_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(self: Path, *args: object, **more: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    (tmp_path / "file.csv").write_text(SOUND)
    monkeypatch.setattr(Path, "open", closed)
    assert "permissions" in refused(staged(tmp_path, {}, source()), "unreadable-file")


def test_other_files_go_on_when_one_is_refused(tmp_path: Path) -> None:
    found = staged(tmp_path, {"a.csv": b"", "b.csv": SOUND}, source(files=("a.csv", "b.csv")))
    assert [counts(file) for file in found.staging.files] == [(0, 0, 0, 0), (2, 2, 0, 0)]
    assert [file.refused for file in found.staging.files] == [True, False]


def test_gzip_whatever_its_name(tmp_path: Path) -> None:
    found = register(tmp_path, gzip.compress(SOUND.encode()[:60]) + gzip.compress(SOUND.encode()[60:]))
    assert (found.counts, found.rules) == ((2, 2, 0, 0), [])


@pytest.mark.parametrize("kept", [20, -1, -9])
def test_gzip_that_is_cut_short(tmp_path: Path, kept: int) -> None:
    assert "fetch it again" in refused(register(tmp_path, gzip.compress(SOUND.encode())[:kept]), "damaged-file")


@pytest.mark.parametrize("delimiter", [",", "|", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_usual_delimiter_and_line_end(tmp_path: Path, delimiter: str, end: str) -> None:
    found = register(tmp_path, SOUND.replace(",", delimiter).replace("\n", end))
    assert (found.counts, found.rules) == ((2, 2, 0, 0), [])


def test_line_ends_of_two_kinds(tmp_path: Path) -> None:
    found = register(tmp_path, SOUND.replace("\n", "\r\n", 2))
    assert (found.counts, found.rules) == ((2, 2, 0, 0), [])


def test_another_delimiter_than_sources_yml_says(tmp_path: Path) -> None:
    found = register(tmp_path, SOUND.replace(",", "|"), delimiter=";")
    assert found.rules == ["wrong-delimiter", "missing-column"]
    assert "it looks as if | did" in found.only("wrong-delimiter").message
    assert found.file.refused


def test_a_delimiter_that_nobody_uses(tmp_path: Path) -> None:
    found = register(tmp_path, SOUND.replace(",", "^"))
    assert found.rules == ["wrong-delimiter", "missing-column"]
    assert "^" in found.only("wrong-delimiter").message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
def test_any_usual_encoding(tmp_path: Path, encoding: str) -> None:
    body = lines(REGISTER + ",PERSON_FAMILY_NAME", f'{A},1950-01-02,Y00001,2010-01-01,"Müller, Zoë"')
    found = register(tmp_path, body.encode(encoding))
    assert (found.counts, found.rules) == ((1, 1, 0, 0), [])
    assert found.rows("register", "person_family_name") == [(1, "Müller, Zoë")]


def test_an_encoding_that_sources_yml_says(tmp_path: Path) -> None:
    body = lines(REGISTER + ",PERSON_FAMILY_NAME", f"{A},1950-01-02,Y00001,2010-01-01,Łoś")
    found = register(tmp_path, body.encode("cp1250"), encoding="cp1250")
    assert found.rows("register", "person_family_name") == [(1, "Łoś")]


def test_an_encoding_that_sources_yml_says_and_the_text_does_not_have(tmp_path: Path) -> None:
    body = lines(REGISTER + ",PERSON_FAMILY_NAME", f"{A},1950-01-02,Y00001,2010-01-01,Müller")
    found = register(tmp_path, body.encode(), encoding="cp1252")
    assert found.rules == ["encoding-in-doubt"]
    assert found.counts == (1, 1, 0, 0)


def test_windows_quotes_are_text(tmp_path: Path) -> None:
    body = lines(REGISTER + ",PERSON_FAMILY_NAME", f"{A},1950-01-02,Y00001,2010-01-01,O’Neill")
    assert register(tmp_path, body.encode("cp1252")).rows("register", "person_family_name") == [(1, "O’Neill")]


def test_no_clean_copy_of_a_file_stays_behind(tmp_path: Path) -> None:
    found = register(tmp_path, SOUND.encode("utf-16"))
    assert found.counts == (2, 2, 0, 0)
    assert [path.name for path in (tmp_path / "spill").iterdir()] == []


def test_a_title_above_the_header(tmp_path: Path) -> None:
    found = register(tmp_path, "Registration list\n\n" + SOUND)
    assert found.counts == (2, 2, 0, 0)
    assert [row[0] for row in found.rows("register", "nhs_number")] == [1, 2]


def test_a_file_without_a_header_shows_none_of_its_people(tmp_path: Path) -> None:
    message = refused(register(tmp_path, "\n".join(SOUND.split("\n")[1:])), "missing-column")
    assert "perhaps its first line is no header" in message
    assert A not in message


def test_a_file_name_with_signs_of_a_pattern(tmp_path: Path) -> None:
    found = staged(tmp_path, {"list [final]*.csv": SOUND, "list fx.csv": "none of this"}, source(files=("list *final*.csv",)))
    assert (found.counts, found.file.file) == ((2, 2, 0, 0), "list [final]*.csv")


def test_files_of_a_pattern_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    second = lines(REGISTER, f"{C},1970-05-06,Y00003,2012-03-04")
    found = staged(tmp_path, {"2025/b.csv": second, "2025/a.csv": SOUND}, source(files=("2025/*.csv", "2025/b.csv")))
    assert [(file.file_id, file.file, file.loaded) for file in found.staging.files] == [(1, "2025/a.csv", 2), (2, "2025/b.csv", 1)]


def test_two_files_with_the_same_content(tmp_path: Path) -> None:
    found = staged(tmp_path, {"a.csv": SOUND, "b.csv": SOUND}, source(files=("a.csv", "b.csv")))
    assert found.rules == ["same-file"]
    assert [counts(file) for file in found.staging.files] == [(2, 2, 0, 0), (2, 0, 2, 0)]


def test_parquet_by_its_content(tmp_path: Path) -> None:
    connect().execute(f"""
        COPY (SELECT {A} AS nhs_number, DATE '1950-01-02' AS person_birth_date, 'y00001' AS gp_practice_code,
            TIMESTAMP '2010-01-01 00:00:00' AS start_date_gmp_patient_registration, {A}::DOUBLE AS local_patient_identifier)
        TO '{tmp_path}/file.csv' (FORMAT parquet)""")
    found = staged(tmp_path, {}, source())
    assert (found.counts, found.rules) == ((1, 1, 0, 0), [])
    practice, starts = "general_medical_practice_code_patient_registration", "start_date_gmp_patient_registration"
    columns = f"nhs_number, person_birth_date::VARCHAR, {practice}, {starts}::VARCHAR, local_patient_identifier"
    assert found.rows("register", columns) == [(1, A, "1950-01-02", "Y00001", "2010-01-01", A)]


def test_parquet_that_is_cut_short(tmp_path: Path) -> None:
    connect().execute(f"COPY (SELECT '{A}' AS nhs_number) TO '{tmp_path}/whole.parquet'")
    assert "Parquet" in refused(register(tmp_path, (tmp_path / "whole.parquet").read_bytes()[:-30]), "damaged-file")


def test_a_line_that_never_ends(tmp_path: Path) -> None:
    body = SOUND + f"{C},1950-01-02,Y00001,{'x' * 3_000_000}\n"
    assert "two million" in refused(register(tmp_path, body), "damaged-file")


def test_every_contract_has_a_staged_table_even_without_a_source(tmp_path: Path) -> None:
    found = staged(tmp_path, {"file.csv": lines(ECDS, f"{A},1,2025-01-01")}, source("ecds"))
    assert found.rows("apc", "epikey, final_price_pence, nhs_number") == []
    assert found.rows("ecds", "file_id, epikey, arrival_date::VARCHAR, nhs_number") == [(1, 1, "1", "2025-01-01", A)]
    left_over = {"refusal", "marks"} & {row[0] for row in found.con.execute("DESCRIBE staged_ecds").fetchall()}
    assert left_over == set()

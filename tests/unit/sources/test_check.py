"""What `joinedup check` finds: in the folder, in the files, between files, and between them and the place."""

from __future__ import annotations

import shutil
from pathlib import Path

import nhs_number
import pyarrow as pa
import pytest

from joinedup.build import all_specs
from joinedup.engine.cases import run_case
from joinedup.engine.duck import connect
from joinedup.engine.engines import open_engine
from joinedup.engine.specs import Case
from joinedup.findings import Finding, Severity
from joinedup.sources.check import Checked, check
from joinedup.sources.cross_rules import trust_sql
from joinedup.sources.nhs_numbers import digits_sql, valid_sql
from tests.unit.sources.extracts import NUMBERS, lines

A, B, C, D, E = NUMBERS
PLACE = """\
name: Westermark
invented: true
as_at: 2026-03-31
neighbourhoods:
  - {id: north, name: North}
  - {id: south, name: South}
"""
PARTNERS = """\
partner_id,partner_name,partner_code,roles
board,Westermark Board,QZZ,commissioner
trust,Westermark Trust,RZZ,acute_provider
"""
PRACTICES = """\
practice_code,practice_name,neighbourhood,start,end,opened,closed,list_size
TST01,First,north,,,,,1
TST02,Second,,,,,,1
TST03,Third,south,,2025-07-01,,2025-07-01,1
"""
AREAS = "area_code,ward_code,ward_name,deprivation_index,deprivation_rank,deprivation_decile\nE01999001,E05999001,Ward,IMD 2019,100,1\n"
SOURCES = """\
sources:
  - {name: list, partner: board, contract: register, files: register.csv}
  - {name: inpatients, partner: trust, contract: apc, files: apc.csv}
  - {name: emergency, partner: trust, contract: ecds, files: ecds.csv}
  - {name: deaths, partner: board, contract: deaths, files: deaths.csv}
"""
REGISTER = "NHS_NUMBER,PERSON_BIRTH_DATE,PRACTICE_CODE,REGISTRATION_START_DATE,REGISTRATION_END_DATE,LSOA"
LIST = (f"{A},1950-01-02,TST01,2010-01-01,,E01999001", f"{B},1960-01-02,TST01,2010-01-01,,E01999001")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place folder and, in it, sound extracts of two people."""
    files = {
        "place.yml": PLACE,
        "partners.csv": PARTNERS,
        "practices.csv": PRACTICES,
        "areas.csv": AREAS,
        "sources.yml": SOURCES,
        "extracts/register.csv": lines(REGISTER, *LIST),
        "extracts/apc.csv": lines("NHS_NUMBER,EPIKEY,ADMIDATE,ADMIMETH,PROCODE3", f"{A},1,2025-05-06,21,RZZ"),
        "extracts/ecds.csv": lines("NHS_NUMBER,EPIKEY,ARRIVAL_DATE,PROVIDER_CODE", f"{B},1,2025-05-06,RZZ"),
        "extracts/deaths.csv": lines("NHS_NUMBER,REG_DATE_OF_DEATH", f"{C},2025-05-06"),
    }
    for name, text in files.items():
        path = tmp_path / "westermark" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "westermark"


def checked(folder: Path) -> Checked:
    return check(folder, folder / "extracts")


def found(folder: Path, rule: str) -> list[Finding]:
    return [finding for finding in checked(folder).findings if finding.rule == rule]


def add(folder: Path, name: str, *rows: str) -> None:
    path = folder / "extracts" / name
    path.write_text(path.read_text() + "".join(f"{row}\n" for row in rows))


def test_sound_extracts_are_counted(folder: Path) -> None:
    result = checked(folder)
    assert [(file.file, file.rows_read, file.loaded) for file in result.files] == [
        ("register.csv", 2, 2), ("apc.csv", 1, 1), ("ecds.csv", 1, 1), ("deaths.csv", 1, 1),
    ]  # fmt: skip
    assert [finding for finding in result.findings if finding.severity is Severity.ERROR] == []


def test_an_unknown_practice_is_named_and_counted(folder: Path) -> None:
    add(folder, "register.csv", f"{D},1950-01-02,TST99,2010-01-01,,", f"{E},1950-01-02,TST99,2011-01-01,,")
    (finding,) = found(folder, "unknown-practice")
    assert (finding.file, finding.count, finding.rows) == ("register.csv", 2, (3, 4))
    assert finding.message.startswith("2 rows: ")
    assert finding.message.endswith("(TST99)")
    assert "neighbourhood" in finding.endangers


def test_a_closed_practice(folder: Path) -> None:
    ends = {D: "2025-07-01", E: "2025-07-02", C: ""}
    add(folder, "register.csv", *(f"{number},1950-01-02,TST03,2010-01-01,{end}," for number, end in ends.items()))
    (finding,) = found(folder, "practice-closed")
    assert finding.rows == (4, 5)


def test_a_practice_in_no_neighbourhood(folder: Path) -> None:
    add(folder, "register.csv", f"{D},1950-01-02,TST02,2010-01-01,,", f"{E},1950-01-02,TST02,2010-01-01,2020-01-01,")
    (finding,) = found(folder, "people-in-no-neighbourhood")
    assert (finding.rows, finding.message[-7:]) == ((3,), "(TST02)")


@pytest.mark.parametrize(
    ("flag", "flagged", "count"), [("No", 60, None), ("0", 60, None), ("S", 60, 60), ("perhaps", 30, 30), ("S", 19, None)]
)
def test_a_flag_that_protects_nearly_everyone(flag: str, flagged: int, count: int | None, folder: Path) -> None:
    numbers = [f"999{n:06d}" for n in range(60)]
    numbers = [f"{nine}{nhs_number.calculate_checksum(nine)}" for nine in numbers if nhs_number.calculate_checksum(nine) in range(10)][:60]
    rows = [f"{n},1950-01-02,TST01,2010-01-01,,E01999001,{flag if at < flagged else 'U'}" for at, n in enumerate(numbers)]
    (folder / "extracts" / "register.csv").write_text(lines(f"{REGISTER},SENSITIVE_FLAG", *rows))
    findings = [(each.severity, each.count) for each in found(folder, "many-protected")]
    assert findings == ([] if count is None else [(Severity.ERROR, min(count, len(rows)))])


def test_a_neighbourhood_with_nobody(folder: Path) -> None:
    (finding,) = found(folder, "nobody-registered")
    assert "nobody is registered in South on 2026-03-31" in finding.message


def test_an_area_that_the_place_does_not_know(folder: Path) -> None:
    add(folder, "register.csv", f"{D},1950-01-02,TST01,2010-01-01,,E01999999")
    assert [finding.rows for finding in found(folder, "unknown-area")] == [(3,)]


def test_a_provider_that_is_no_partner(folder: Path) -> None:
    add(folder, "apc.csv", f"{A},2,2025-05-06,21,RXX", f"{A},3,2025-05-06,21,RZZ01")
    assert [(finding.file, finding.rows) for finding in found(folder, "provider-is-no-partner")] == [("apc.csv", (2,))]


def test_sites_are_their_trusts_as_in_the_record(tmp_path: Path) -> None:
    codes = ["RWY", "RWY01", "TAD01", "NT421", "A1B2C", "N81001", "R1", "T1234567", "RXX", "1-123456789"]
    table = all_specs()["provider_site"]
    given: dict[str, list[dict[str, object]]] = {"landed_apc": [{"procode3": code} for code in codes]}
    trusts = [{"site_code": "RWY01", "provider_code": "RWY"}, {"site_code": "TAD01", "provider_code": "TAD"}]
    case = Case(name="codes", given=given, expect=trusts)
    engine = open_engine("duckdb", tmp_path)
    assert run_case(table, case, all_specs(), engine) == []
    engine.close()
    with connect() as con:
        checked = dict(con.execute(f"SELECT code, {trust_sql('code')} FROM (SELECT unnest(?) AS code)", [codes]).fetchall())
    record = {"RWY01": "RWY", "TAD01": "TAD"}
    assert checked == {code: record.get(code, code) for code in codes}


def test_a_list_of_discharges_without_admitted_care(folder: Path) -> None:
    (folder / "sources.yml").write_text("sources:\n  - {name: flow, partner: board, contract: discharge_ready, files: ready.csv}\n")
    header = "NHS_NUMBER,ADMIDATE,DISREADYDATE,DISDATE"
    (folder / "extracts" / "ready.csv").write_text(
        lines(header, f"{A},2025-05-06,2025-05-07,2025-05-09", f"{A},2025-06-06,2025-06-07,", f"{B},2025-05-06,,2025-05-09")
    )
    assert [finding.rows for finding in found(folder, "ready-without-admitted-care")] == [(3,)]


def test_a_practice_of_the_place_gives_care_too(folder: Path) -> None:
    (folder / "sources.yml").write_text(SOURCES + "  - {name: surgeries, partner: board, contract: gp_appointment, files: gp.csv}\n")
    rows = lines("NHS_NUMBER,APPOINTMENT_ID,APPOINTMENT_DATE,PRACTICE_CODE", f"{A},1,2025-05-06,TST01", f"{A},2,2025-05-06,TST99")
    (folder / "extracts" / "gp.csv").write_text(rows)
    assert [(finding.file, finding.rows) for finding in found(folder, "provider-is-no-partner")] == [("gp.csv", (2,))]


def test_numbers_with_a_wrong_check_digit_and_without_one(folder: Path) -> None:
    add(folder, "ecds.csv", "9990000019,2,2025-05-06,RZZ", "9999999999,3,2025-05-06,RZZ", ",4,2025-05-06,RZZ")
    assert [(finding.file, finding.rows) for finding in found(folder, "nhs-number-check-digit")] == [("ecds.csv", (2, 3))]
    assert [(finding.file, finding.rows) for finding in found(folder, "no-nhs-number")] == [("ecds.csv", (4,))]
    (thin,) = found(folder, "few-rows-can-be-linked")
    assert "only 1 of 4 rows (25%)" in thin.message


def test_activity_after_death_and_registration_and_birth_after_it(folder: Path) -> None:
    add(folder, "deaths.csv", f"{A},2025-05-05", f"{B},2025-05-06", f"{D},1949-12-31")
    add(folder, "register.csv", f"{D},1950-01-02,TST01,2010-01-01,,")
    assert [(finding.file, finding.rows) for finding in found(folder, "activity-after-death")] == [("apc.csv", (1,))]
    assert [(finding.file, finding.rows) for finding in found(folder, "born-after-death")] == [("register.csv", (3,))]
    assert [(finding.file, finding.rows) for finding in found(folder, "registered-after-death")] == [("register.csv", (3,))]


def test_a_contract_without_an_extract(folder: Path) -> None:
    (folder / "sources.yml").write_text("".join(line for line in SOURCES.splitlines(True) if "deaths" not in line))
    assert ["registered deaths" in finding.message for finding in found(folder, "no-extract")] == [True]


@pytest.mark.parametrize(("body", "rule"), [(None, "missing-file"), ("", "empty-file")])
def test_a_source_without_a_usable_file_is_not_said_to_be_none(folder: Path, body: str | None, rule: str) -> None:
    path = folder / "extracts" / "deaths.csv"
    path.unlink() if body is None else path.write_text(body)
    assert [finding.file for finding in found(folder, rule)] == ["deaths.csv"]
    assert not any("registered deaths" in finding.message for finding in found(folder, "no-extract"))


def test_faults_of_the_folder_and_of_the_files_come_at_once(folder: Path) -> None:
    (folder / "partners.csv").write_text(PARTNERS.replace("trust,", "clinic,"))
    add(folder, "register.csv", f"{D},1950-01-02,TST01,2010-01-01,2009-01-01,")
    rules = {finding.rule for finding in checked(folder).findings}
    assert {"unknown-partner", "registration-ends-before-start"} <= rules


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    result = check(tmp_path / "nowhere", tmp_path)
    assert result.files == ()
    assert result.findings


def test_nothing_of_a_row_is_kept_or_said(folder: Path) -> None:
    before = sorted(path for path in folder.rglob("*"))
    add(folder, "register.csv", f"{D},1950-13-01,TST99,yesterday,,E01")
    said = " ".join(finding.message for finding in checked(folder).findings)
    assert sorted(path for path in folder.rglob("*")) == before
    assert not [secret for secret in (D, "1950-13", "yesterday") if secret in said]
    shutil.rmtree(folder)


def modulus_11(number: str) -> bool:
    """The check as the NHS Data Dictionary words it (attribute NHS NUMBER), written independently of the package."""
    remainder = 11 - sum(int(digit) * (10 - place) for place, digit in enumerate(number[:9])) % 11
    return (0 if remainder == 11 else remainder) == int(number[9])


def test_numbers_are_judged_as_the_data_dictionary_words_it() -> None:
    numbers = [str(4_000_000_000 + n * 4_999_919) for n in range(1_200)]
    assert judged(numbers) == [modulus_11(number) for number in numbers] == [nhs_number.is_valid(number) for number in numbers]
    odd = ["943 476-5919", "9434765918", "943476591", "x", "0000000000", "9434765919 1", "", "\u0669434765919"]
    assert judged(odd) == [True, *[False] * 7]


def judged(given: list[str]) -> list[bool]:
    con = connect(threads=1)
    query = f"SELECT {valid_sql('digits')} FROM (SELECT place, {digits_sql('given')} AS digits FROM tried) ORDER BY place"
    con.register("tried", pa.table({"place": range(len(given)), "given": given}))
    return [valid for (valid,) in con.execute(query).fetchall()]

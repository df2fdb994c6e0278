"""Legally restricted codes: rejected or blanked as files are read, counted, and nowhere told of anybody."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from joinedup.engine.duck import connect
from joinedup.place.folder import read_place
from joinedup.place.model import RestrictedCode
from joinedup.sources.contract import contracts
from joinedup.sources.landing import stage
from joinedup.sources.restricted import held_in, legal_codes, restricted_list, roughly
from tests.unit.sources.extracts import counts, lines, place_with, source, staged

SNOMED = "NHS_NUMBER,ENTRY_ID,PRACTICE,EVENT_DATE,CODE,TERM"
APC = "NHS_NUMBER,EPIKEY,ADMIDATE,ADMIMETH,DISDATE,DIAG_01,DIAG_02,DIAG_03,OPERTN_01,TRETSPEF,SUSHRG"
CODED = ("DIAG", "OPERTN", "SPEF", "TREATMENT_FUNCTION", "_COD_", "BNF_CODE", "DMD_CODE", "HRG", "RESOURCE_GROUP", "CHIEF_COMPLAINT")
"""What names of fields hold where the field may hold a restricted code."""
OTHER_CODES = {("ambulance", "CHIEF_COMPLAINT")}
"""Such fields whose codes are of no system that the list knows: those of the ambulance service's own triage."""


def test_every_field_that_may_hold_such_a_code_is_looked_at() -> None:
    fields = [(name, field.name) for name, contract in contracts().items() for field in contract.fields]
    coded = {(name, field) for name, field in fields if any(sign in field for sign in CODED)}
    assert {each for each in coded if each[1] not in held_in(each[0])} == OTHER_CODES


@pytest.mark.parametrize("name", sorted(restricted_list().held_in))
def test_fields_named_are_fields_of_the_contract(name: str) -> None:
    assert set(held_in(name)) <= {field.name for field in contracts()[name].fields}


def test_the_list_is_of_known_systems_and_each_kind_has_its_law() -> None:
    codes = legal_codes()
    assert {code.kind for code in codes} == set(restricted_list().kinds)
    assert {code.system for code in codes} <= set(restricted_list().systems)
    assert len({(code.system, code.code) for code in codes}) == len(codes)
    assert all(code.code == code.code.replace(".", "") for code in codes)


def test_concepts_of_the_list_have_their_check_digit() -> None:
    assert [code.code for code in legal_codes() if code.system == "SNOMED CT" and not verhoeff(code.code)] == []


def verhoeff(number: str) -> bool:
    """Whether an identifier has its check digit (J. Verhoeff, Error Detecting Decimal Codes, 1969; SNOMED International uses it)."""
    shift, check = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4), 0
    for place, digit in enumerate(reversed(number)):
        moved = int(digit)
        for _ in range(place % 8):
            moved = shift[moved]
        turned = (check + moved if check < 5 else check - moved) % 5
        check = turned + (5 if (check < 5) != (moved < 5) else 0)
    return check == 0


def test_an_entry_of_such_a_code_is_rejected_and_another_stays(tmp_path: Path) -> None:
    rows = [
        "9990000018,1,Y00001,2024-01-02,86406008,HIV infection",
        "9990000018,2,Y00001,2024-01-02,44054006,Diabetes",
        "9990000026,3,Y00001,2024-01-02,A90..,Congenital syphilis",
        "9990000026,4,Y00001,2024-01-02,C10..,Diabetes",
        "9990000034,5,Y00001,2024-01-02,Eu64.,Gender identity disorder",
    ]
    found = staged(tmp_path, {"gp.csv": lines(SNOMED, *rows)}, source("gp_record", files=["gp.csv"]))
    assert found.counts == (5, 2, 0, 3)
    assert found.file.rejected_by == {"restricted-code": 3}
    assert [row[1] for row in found.rows("gp_record", "code")] == ["44054006", "C10.."]


def test_of_an_episode_the_main_code_rejects_and_one_beside_it_is_blanked(tmp_path: Path) -> None:
    rows = [
        "9990000018,1,2024-01-02,21,,O04.9,,,,502,MA56B",
        "9990000018,2,2024-01-02,21,,J189,B24X,I10X,,300,DZ11V",
        "9990000026,3,2024-01-02,11,,N97.9,,,Q48.1,502,",
        "9990000026,4,2024-01-02,11,,R69X,,,,360,",
        "9990000034,5,2024-01-02,21,,O039,,,Q111,502,MA52B",
    ]
    found = staged(tmp_path, {"apc.csv": lines(APC, *rows)}, source("apc", files=["apc.csv"]))
    assert found.counts == (5, 2, 0, 3)
    assert found.file.blanked_codes == 2
    assert found.rows("apc", "diag_01, diag_02, diag_03, sushrg") == [(2, "J189", None, "I10X", "DZ11V"), (5, "O039", None, None, None)]


@pytest.mark.parametrize(
    "written",
    ["93461009", " 93461009", "93461009 | Gender dysphoria |", '"93461009"', "Gender dysphoria", "GENDER  DYSPHORIA", "093461009"],
)
def test_a_code_is_known_however_it_is_written(written: str, tmp_path: Path) -> None:
    quoted = '"' + written.replace('"', '""') + '"'
    rows = [f"9990000018,1,Y00001,2024-01-02,{quoted},x", "9990000026,2,Y00001,2024-01-02,44054006 | Diabetes |,x"]
    found = staged(tmp_path, {"gp.csv": lines(SNOMED, *rows)}, source("gp_record", files=["gp.csv"]))
    assert found.counts == (2, 1, 0, 1)
    assert found.file.rejected_by == {"restricted-code": 1}


def test_a_reason_is_known_by_its_meaning_and_a_specialty_with_a_nought_before_it(tmp_path: Path) -> None:
    head = "NHS_NUMBER,SERVICE_REQUEST_IDENTIFIER,CARE_CONTACT_IDENTIFIER,CARE_CONTACT_DATE,RECORD_TYPE,"
    head += "PRIMARY_REASON_FOR_REFERRAL_MENTAL_HEALTH"
    rows = [f"9990000018,S{at},C{at},2024-01-02,CONTACT,{why}" for at, why in enumerate(("20", "020", "Gender discomfort", "04"))]
    found = staged(tmp_path, {"m.csv": lines(head, *rows)}, source("mhsds", files=["m.csv"]))
    assert found.counts == (4, 1, 0, 3)
    assert not [each for each in found.findings if "020" in each.message or "discomfort" in each.message]
    rows = ["9990000018,1,2024-01-02,21,,J189,,,,0360,", "9990000018,2,2024-01-02,21,,J189,,,,300,"]
    found = staged(tmp_path, {"apc.csv": lines(APC, *rows)}, source("apc", files=["apc.csv"]))
    assert found.counts == (2, 1, 0, 1)


def test_who_has_died_stays_dead_without_the_cause(tmp_path: Path) -> None:
    text = lines("NHS_NUMBER,REG_DATE_OF_DEATH,S_UNDERLYING_COD_ICD10,S_COD_CODE_1", "9990000018,2024-01-02,B24,J18")
    found = staged(tmp_path, {"d.csv": text}, source("deaths", files=["d.csv"]))
    assert found.rows("deaths", "s_underlying_cod_icd10, s_cod_code_1") == [(1, None, "J18")]


def test_a_row_that_deletes_still_does(tmp_path: Path) -> None:
    first = lines(SNOMED + ",DELETED", "9990000018,1,Y00001,2024-01-02,44054006,Diabetes,")
    second = lines(SNOMED + ",DELETED", "9990000018,1,Y00001,2024-01-02,86406008,HIV infection,Y")
    found = staged(tmp_path, {"a.csv": first, "b.csv": second}, source("gp_record", files=["a.csv", "b.csv"]))
    assert found.rows("gp_record", "code") == []


def test_the_finding_tells_neither_rows_nor_few_nor_which(tmp_path: Path) -> None:
    rows = ["9990000018,1,Y00001,2024-01-02,86406008,HIV infection", "9990000018,2,Y00001,2024-01-02,44054006,Diabetes"]
    found = staged(tmp_path, {"gp.csv": lines(SNOMED, *rows)}, source("gp_record", files=["gp.csv"]))
    told = found.only("restricted-code")
    assert (told.count, told.rows) == (0, ())
    assert "fewer than 10 rows rejected" in told.message
    said = " ".join(f"{each.message}{each.rows}" for each in found.findings)
    assert "86406008" not in said
    assert "HIV" not in said
    assert [roughly(count, "row") for count in (0, 1, 9, 10, 14, 1234)] == [
        "no row",
        "fewer than 10 rows",
        "fewer than 10 rows",
        "about 10 rows",
        "about 10 rows",
        "about 1,230 rows",
    ]


def test_a_file_of_nothing_else_isnt_taken_for_a_wrong_one(tmp_path: Path) -> None:
    rows = [f"9990000018,{n},2024-01-02,11,,Z113,,,,360," for n in range(200)] + ["9990000018,900,2024-01-02,21,,J189,,,,300,"]
    found = staged(tmp_path, {"apc.csv": lines(APC, *rows)}, source("apc", files=["apc.csv"]))
    assert found.counts == (201, 1, 0, 200)
    assert not found.file.refused
    assert "mostly-rejected" not in found.rules


def test_a_place_adds_codes_and_takes_none_away(tmp_path: Path) -> None:
    rows = ["9990000018,1,Y00001,2024-01-02,86406008,x", "9990000018,2,Y00001,2024-01-02,44054006,x"]
    (tmp_path / "gp.csv").write_text(lines(SNOMED, *rows), encoding="utf-8")
    own = (RestrictedCode(system="SNOMED CT", code="44054006"),)
    place = place_with(source("gp_record", files=["gp.csv"])).model_copy(update={"restricted_codes": own})
    staging = stage(connect(), place, tmp_path)
    assert counts(staging.files[0]) == (2, 0, 0, 2)


def test_a_place_brings_its_own_list_of_concepts_and_medicines(tmp_path: Path, root: Path) -> None:
    """The file in its folder, as a reference set of many members: entries by their concept, medicines by their dm+d code."""
    folder = Path(shutil.copytree(root / "places" / "calderdale", tmp_path / "place", ignore=shutil.ignore_patterns("extracts")))
    (folder / "restricted_concepts.txt").write_text("referencedComponentId\n44054006\n39113511000001101\n", encoding="utf-8")
    own = read_place(folder).restricted_codes
    assert [code.code for code in own] == ["44054006", "39113511000001101"]
    entries = ["9990000018,1,Y00001,2024-01-02,44054006,x", "9990000018,2,Y00001,2024-01-02,38341003,x"]
    medicines = (
        "NHS_NUMBER,PROCESSING_PERIOD_DATE,PAID_DMD_CODE\n9990000018,2024-01-01,39113511000001101\n9990000018,2024-01-01,319775004\n"
    )
    (tmp_path / "gp.csv").write_text(lines(SNOMED, *entries), encoding="utf-8")
    (tmp_path / "med.csv").write_text(medicines, encoding="utf-8")
    place = place_with(source("gp_record", files=["gp.csv"]), source("gp_medication", files=["med.csv"], name="med"))
    staging = stage(connect(), place.model_copy(update={"restricted_codes": own}), tmp_path)
    assert [file.rejected_by.get("restricted-code") for file in staging.files] == [1, 1]


def test_a_list_of_many_thousand_concepts_is_no_work(tmp_path: Path) -> None:
    many = tuple(RestrictedCode(system="SNOMED CT", code=str(10**8 + number)) for number in range(50_000))
    (tmp_path / "gp.csv").write_text(lines(SNOMED, "9990000018,1,Y00001,2024-01-02,100049999,x"), encoding="utf-8")
    place = place_with(source("gp_record", files=["gp.csv"])).model_copy(update={"restricted_codes": many})
    assert stage(connect(), place, tmp_path).files[0].rejected_by == {"restricted-code": 1}

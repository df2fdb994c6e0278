"""A list of SNOMED CT concepts that a place brings: one id a row or a reference set, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinedup.place.concepts import FAULTS_TOLD, FILE, is_concept, read_concepts
from joinedup.sources.restricted import legal_codes

RF2 = "id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId"
REFSET = [
    RF2,
    "8000015c-0001-5000-8000-000000000001\t20240410\t1\t999000011000000103\t999004381000000107\t44054006",
    "8000015c-0001-5000-8000-000000000002\t20240410\t0\t999000011000000103\t999004381000000107\t38341003",
    "8000015c-0001-5000-8000-000000000003\t20240410\t1\t999000011000000103\t999004381000000107\t195967001",
]


def read(folder: Path, *lines: str) -> list[str]:
    (folder / FILE).write_text("\n".join(lines), encoding="utf-8")
    found, findings = read_concepts(folder)
    assert not findings
    assert {each.value.system for each in found} <= {"SNOMED CT"}
    return [each.value.code for each in found]


def test_a_place_may_do_without(tmp_path: Path) -> None:
    assert read_concepts(tmp_path) == ([], [])


@pytest.mark.parametrize("heading", [[], ["conceptId"], ["SNOMED concept id"]])
def test_one_id_a_row_is_read_with_and_without_a_heading(tmp_path: Path, heading: list[str]) -> None:
    assert read(tmp_path, *heading, "44054006", "", "  248171000000108 ", "195967001\tAsthma") == [
        "44054006",
        "248171000000108",
        "195967001",
    ]


def test_members_of_a_reference_set_are_read_where_they_are_active(tmp_path: Path) -> None:
    assert read(tmp_path, *REFSET) == ["44054006", "195967001"]


@pytest.mark.parametrize(
    "wrong", ["44054007", "4.4054E+07", "Asthma", "G30..", "-44054006", "٤٤٠٥٤٠٠٦", "2164541000000000019", "680946014"]
)
def test_what_is_no_concept_is_an_error_on_its_line(tmp_path: Path, wrong: str) -> None:
    (tmp_path / FILE).write_text(f"38341003\n{wrong}\n44054006\n", encoding="utf-8")
    found, [finding] = read_concepts(tmp_path)
    assert (finding.rule, finding.line) == ("no-concept", 2)
    assert wrong not in finding.message
    assert len(found) == 2


def test_many_wrong_rows_are_counted(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("\n".join(["44054006", *("12345678" for _ in range(500))]), encoding="utf-8")
    _, findings = read_concepts(tmp_path)
    assert len(findings) == FAULTS_TOLD + 1
    assert findings[-1].count == 500 - FAULTS_TOLD


def test_a_reference_set_of_another_shape_is_refused_row_by_row(tmp_path: Path) -> None:
    """A full release of descriptions isn't taken for a list of concepts."""
    (tmp_path / FILE).write_text("id\teffectiveTime\tactive\tterm\n680946014\t20020131\t1\tAsthma\n", encoding="utf-8")
    found, findings = read_concepts(tmp_path)
    assert (found, [finding.line for finding in findings]) == ([], [2])


@given(st.sampled_from([code.code for code in legal_codes() if code.system == "SNOMED CT"]), st.data())
def test_one_wrong_digit_is_always_found(code: str, data: st.DataObject) -> None:
    assert is_concept(code)
    at = data.draw(st.integers(0, len(code) - 1))
    digit = data.draw(st.sampled_from([each for each in "0123456789" if each != code[at]]))
    assert not is_concept(code[:at] + digit + code[at + 1 :])

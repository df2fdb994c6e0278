"""For whom accounts act: staff.csv, read, and everything that can be wrong with it."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from joinedup.errors import PlaceError
from joinedup.findings import Finding, Severity
from joinedup.place.folder import read_place
from joinedup.place.staff import acting

HEADER = "account,name,role,scope_kind,scope_id,starts,ends"
ERROR, WARNING = Severity.ERROR, Severity.WARNING


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root / "places" / "calderdale", tmp_path / "calderdale"))


def found(folder: Path, *rows: str) -> list[Finding]:
    (folder / "staff.csv").write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    try:
        return list(read_place(folder).warnings)
    except PlaceError as error:
        return list(error.findings)


def test_an_account_acts_from_its_start_up_to_its_end(folder: Path) -> None:
    rows = (
        "ada,Ada,analyst,place,,2025-04-01,2026-02-01",
        r"ada,Ada,care_team,practice,INV01;INV02,2026-02-01,",
        r"NET\ben,Ben,ig_lead,,,,",
    )
    assert [finding.rule for finding in found(folder, *rows)] == ["staff-ended"]
    place = read_place(folder)
    assert acting(place, "ada", date(2025, 3, 31)) is None
    assert acting(place, "ada", date(2026, 1, 31)).role == "analyst"
    later = acting(place, "ada", date(2026, 2, 1))
    assert (later.role, later.scope_kind, later.scope_ids) == ("care_team", "practice", ("INV01", "INV02"))
    assert acting(place, r"NET\ben", date(1990, 1, 1)).scope_kind == "place"
    assert acting(place, "Ada", date(2026, 2, 1)) is None
    assert acting(place, "nobody", date(2026, 2, 1)) is None


@pytest.mark.parametrize(
    ("rows", "rule", "said", "severity", "line"),
    [
        (["ada,Ada,analist,,,,"], "wrong-value", "'analist', where one of", ERROR, 2),
        (["ada,Ada,analyst,town,,,"], "wrong-value", "'town', where one of", ERROR, 2),
        (["ada lovelace,Ada,analyst,,,,"], "wrong-value", "as the operating system does", ERROR, 2),
        (["=cmd|x,Ada,analyst,,,,"], "wrong-value", "as the operating system does", ERROR, 2),
        (["ada,Ada,analyst,place,north-halifax,,"], "unknown-scope", "keep one of them", ERROR, 2),
        (["ada,Ada,coordinator,neighbourhood,,,"], "scope-missing", "place.yml", ERROR, 2),
        (["ada,Ada,coordinator,neighbourhood,north-halifx,,"], "unknown-scope", "did you mean north-halifax?", ERROR, 2),
        (["ada,Ada,care_team,practice,INV01;INV99,,"], "unknown-scope", "'INV99'", ERROR, 2),
        (["ada,Ada,care_team,service,council,,"], None, "", ERROR, 0),
        (["ada,Ada,care_team,service,../council,,"], "unknown-scope", "partners.csv", ERROR, 2),
        (["ada,Ada,analyst,,,2026-04-01,2026-04-01"], "ends-before-it-starts", "1 April 2026", ERROR, 2),
        (["ada,Ada,analyst,,,2025-04-01,2026-03-31"], "staff-ended", "30 March 2026", WARNING, 2),
        (["ada,Ada,analyst,,,,", "ben,Ben,board,,,,", "ada,Ada,ig_lead,,,2026-01-01,"], "overlapping-staff", "line 2", ERROR, 4),
        (["ada,Ada,analyst,,,,"] * 2, "overlapping-staff", "line 2", ERROR, 3),
        (["ada,,analyst,,,,"], "value-missing", "name", ERROR, 2),
    ],
)
def test_what_is_wrong_with_a_row(folder: Path, rows: list[str], rule: str | None, said: str, severity: Severity, line: int) -> None:
    findings = found(folder, *rows)
    if rule is None:
        assert findings == []
        return
    (finding,) = findings
    assert (finding.file, finding.rule, finding.severity, finding.line) == ("staff.csv", rule, severity, line)
    assert said in finding.message
    assert "Ada" not in finding.message


def test_a_place_may_do_without(folder: Path) -> None:
    (folder / "staff.csv").unlink()
    place = read_place(folder)
    assert (place.staff, place.warnings) == ((), ())

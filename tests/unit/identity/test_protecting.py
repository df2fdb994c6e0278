"""Protection by hand follows a person to another id, and who it protects nobody by is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from joinedup.findings import Finding, Severity
from joinedup.identity.protecting import follow_protected
from joinedup.identity.staged import SourceFile, Staged
from joinedup.kept.identity_register import open_register
from joinedup.kept.protected import protect, protected_by_hand
from tests.unit.identity.people import KEYS, Linked, linked, nhs_number

OLD, NEW, ELSE = nhs_number(1), nhs_number(2), nhs_number(3)
BORN = date(1950, 5, 4)
SOMEBODY = {"nhs_number": ELSE, "person_birth_date": date(1940, 1, 2)}
BABY = {
    "nhs_number": None,
    "person_birth_date": date(2025, 6, 3),
    "person_family_name": "Ashworth",
    "person_given_name": "Ivy",
    "general_medical_practice_code_patient_registration": "Y00001",
}

Landed = Callable[..., tuple[Linked, list[Finding]]]


@pytest.fixture
def landed(tmp_path: Path) -> Landed:
    register = open_register(tmp_path / "identity.sqlite")

    def land(landing_id: str, rows: list[dict[str, Any]], **more: Any) -> tuple[Linked, list[Finding]]:
        found = linked(register, {"list": ("register", [*rows, SOMEBODY])} | more, landing_id=landing_id)
        with register.landing(f"{landing_id} followed", KEYS) as entry:
            return found, follow_protected(Staged(found.con, [SourceFile(0, "list", "register", "list.csv", "list")]), entry, tmp_path)

    return land


def one(number: str) -> dict[str, Any]:
    return {"nhs_number": number, "person_birth_date": BORN}


def test_it_follows_who_is_shown_under_another_number(landed: Landed, tmp_path: Path) -> None:
    first, _ = landed("first", [one(OLD), one(NEW)])
    old, new, _ = first.people("register")
    protect(tmp_path, int(str(old)), "ann")
    replaced = [{"superseded_nhs_number": OLD, "nhs_number": NEW}]
    second, findings = landed("second", [one(NEW)], changes=("superseded_number", replaced))
    assert second.people("register")[0] == new
    assert protected_by_hand(tmp_path) == {old, new}
    assert findings == []
    assert "landing" in (tmp_path / "protected_people.csv").read_text(encoding="utf-8").splitlines()[-1]


@pytest.mark.parametrize("named", [True, False])
def test_it_follows_who_gets_a_number(landed: Landed, tmp_path: Path, named: bool) -> None:
    baby = BABY if named else {name: value for name, value in BABY.items() if not name.endswith("_name")}
    first, _ = landed("first", [baby])
    own = first.people("register")[0]
    protect(tmp_path, int(str(own)), "ann")
    for landing in ("second", "third"):
        second, findings = landed(landing, [baby | {"nhs_number": NEW}])
        now = second.people("register")[0]
        assert now != own
        assert protected_by_hand(tmp_path) == {own, now}
        assert findings == []


def test_who_is_nobody_is_an_error(landed: Landed, tmp_path: Path) -> None:
    first, _ = landed("first", [one(OLD)])
    protect(tmp_path, 123, "ann")
    protect(tmp_path, int(str(first.people("register")[0])), "ann")
    _, [finding] = landed("second", [one(OLD)])
    assert (finding.rule, finding.severity, finding.count) == ("protection-of-nobody", Severity.ERROR, 1)
    assert "123" not in finding.message

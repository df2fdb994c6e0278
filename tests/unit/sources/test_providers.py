"""An organisation that stops, begins late or leaves out months within a source that others share is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from joinedup.place.model import Practice
from joinedup.sources.contract import contracts
from joinedup.sources.providers import provider_findings
from tests.unit.sources.extracts import NUMBERS, Staged, lines, place_with, source, staged

MONTHS = [date(2024 + (3 + n) // 12, (3 + n) % 12 + 1, 1) for n in range(24)]
PRACTICES = [f"B8400{n}" for n in range(5)]
PER_MONTH = 10


def appointments(silent: range = range(0), who: str = PRACTICES[3], per_month: int = PER_MONTH) -> str:
    """Appointments of five practices; one of them has none in some of the 24 months."""
    rows = [
        f"{NUMBERS[n % 5]},{practice}-{at}-{n},{practice},{month:%Y-%m}-{1 + n % 28:02d},ATTENDED"
        for at, month in enumerate(MONTHS)
        for practice in PRACTICES
        for n in range(per_month if practice == who else PER_MONTH)
        if practice != who or at not in silent
    ]
    return lines("NHS_NUMBER,APPOINTMENT_ID,PRACTICE_CODE,APPOINTMENT_DATE,APPT_STATUS", *rows)


def told(found: Staged) -> list[tuple[str, str]]:
    return [(finding.rule, finding.message) for finding in found.findings if finding.rule.startswith("provider-")]


@pytest.mark.parametrize(
    ("silent", "rule", "said"),
    [
        (range(12, 24), "provider-stopped", "B84003 after March 2025"),
        (range(22, 24), "provider-stopped", "B84003 after January 2026"),
        (range(0, 6), "provider-began-late", "B84003 before October 2024"),
        (range(8, 10), "provider-month-missing", "B84003 in December 2024, January 2025"),
    ],
)
def test_a_practice_that_is_silent_within_a_source_is_named(tmp_path: Path, silent: range, rule: str, said: str) -> None:
    ((found, message),) = told(staged(tmp_path, {"file.csv": appointments(silent)}, source("gp_appointment")))
    assert found == rule
    assert said in message


@pytest.mark.parametrize(("silent", "per_month"), [(range(0), PER_MONTH), (range(23, 24), PER_MONTH), (range(12, 24), 7)])
def test_a_month_that_may_be_late_and_few_records_are_no_finding(tmp_path: Path, silent: range, per_month: int) -> None:
    content = {"file.csv": appointments(silent, per_month=per_month)}
    assert told(staged(tmp_path, content, source("gp_appointment"))) == []


def test_a_month_with_far_fewer_records_of_one_is_told(tmp_path: Path) -> None:
    fell = [row for row in appointments(per_month=40).splitlines() if "B84003-10-" not in row or int(row.split("-")[2].split(",")[0]) < 5]
    ((rule, message),) = told(staged(tmp_path, {"file.csv": lines(*fell)}, source("gp_appointment")))
    assert (rule, "B84003 in February 2025" in message) == ("provider-sudden-fall", True)


def test_who_moved_to_another_source_or_closed_did_not_stop(tmp_path: Path) -> None:
    header, *rows = appointments().splitlines()
    moved = [row for row in rows if "B84003-" in row and row.split("-")[1] >= "12" and len(row.split("-")[1]) == 2]
    content = {"a.csv": lines(header, *(row for row in rows if row not in set(moved))), "b.csv": lines(header, *moved)}
    assert told(staged(tmp_path, content, *(source("gp_appointment", f"{name}.csv", name=name) for name in "ab"))) == []
    found = staged(tmp_path, {"file.csv": appointments(range(12, 24))}, source("gp_appointment"))
    closed = Practice(code="B84003", name="The Old Surgery", closed=date(2025, 4, 1))
    open_still = Practice(code="B84003", name="The Old Surgery")
    for practice, expected in ((closed, []), (open_still, ["B84003 (The Old Surgery)"])):
        place = place_with(source("gp_appointment")).model_copy(update={"practices": (practice,)})
        findings = provider_findings(found.con, place, contracts(), found.staging.files)
        assert [name for finding in findings for name in expected if name in finding.message] == expected
        assert bool(expected) == bool(list(provider_findings(found.con, place, contracts(), found.staging.files)))


def test_a_part_of_the_names_of_files_that_stops_is_named(tmp_path: Path) -> None:
    def placements(part: str, month: date) -> str:
        return lines("CHILD_ID,NHS_NUMBER,START_DATE,RECORD_TYPE", *(f"{part}{n},,{month:%Y-%m}-{1 + n:02d},CIN" for n in range(12)))

    content = {
        f"{part}_{month:%Y-%m}.csv": placements(part, month) for part in "ab" for month in MONTHS if part == "a" or month < MONTHS[12]
    }
    own = source("children_social_care", "*.csv", sends="months", file_name=("{part}_{month:%Y-%m}.csv",))
    assert [rule for rule, message in told(staged(tmp_path, content, own)) if "of b after March 2025" in message] == ["provider-stopped"]

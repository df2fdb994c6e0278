"""The access log: append-only, numbered without gaps, sealed in batches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from joinedup.errors import Refused
from joinedup.kept.access_log import AccessLog, Look, open_access_log

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


def look(number: int, **differs: object) -> Look:
    same = {"account": "inv-care", "role": "care_team", "purpose": "direct care", "scope": "practice INV01", "door": "people"}
    values = same | {"at": AT + timedelta(minutes=number), "what": "person", "build_id": "b1", "people": (number,), "rows": 1}
    return Look(**(values | differs))


@pytest.fixture
def log(tmp_path: Path) -> AccessLog:
    return open_access_log(tmp_path / "kept" / "access_log.sqlite", {})


def test_what_is_appended_is_there(log: AccessLog) -> None:
    log.append([look(1, people=(7, 3, 3)), look(2, people=(), reason="a  reason\non two lines")])
    log.append([])
    log.append([look(3)])
    rows = log.looks().to_pylist()
    assert [(row["number"], row["people"], row["reason"]) for row in rows] == [
        (1, [3, 7], ""),
        (2, [], "a reason on two lines"),
        (3, [3], ""),
    ]
    assert rows[0]["at"] == AT + timedelta(minutes=1)
    assert [row["number"] for row in log.looks(person_id=3).to_pylist()] == [1, 3]
    assert [row["number"] for row in log.looks(since=AT + timedelta(minutes=2), until=AT + timedelta(minutes=3)).to_pylist()] == [2]


@pytest.mark.parametrize(
    "differs",
    [{"reason": "a\0b"}, {"what": "\x1b[2J"}, {"account": "x" * 201}, {"people": (2**63,)}, {"rows": -1}, {"at": datetime(2026, 3, 2)}],
)
def test_what_cannot_be_written_down_is_refused_and_nothing_is_logged(log: AccessLog, differs: dict) -> None:
    with pytest.raises(Refused, match="can't be logged"):
        log.append([look(1), look(2, **differs)])
    assert log.looks().num_rows == 0

"""The access log in backups: it comes back where it was lost, and what was logged since a backup is never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.errors import StoreProblem
from joinedup.kept import access_log
from joinedup.kept.access_log import AccessLog, open_access_log
from joinedup.kept.backup import backup
from joinedup.kept.log_verifying import verify
from joinedup.kept.restore import restore
from tests.unit.kept.looks import behind, look


@pytest.fixture
def kept(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    if request.param == "postgresql":
        monkeypatch.setenv("JOINEDUP_LOG", request.getfixturevalue("postgresql"))
    monkeypatch.setenv("JOINEDUP_SEALS", str(tmp_path / "elsewhere.jsonl"))
    yield tmp_path / "kept"
    while OPENED:
        OPENED.pop().close()


OPENED: list[AccessLog] = []


def opened(kept: Path) -> AccessLog:
    OPENED.append(open_access_log(access_log.log_place(kept)))
    return OPENED[-1]


on_both = pytest.mark.parametrize("kept", ["sqlite", "postgresql"], indirect=True)


@on_both
def test_a_log_that_was_lost_comes_back_and_is_as_it_was_sealed(kept: Path, tmp_path: Path) -> None:
    log = opened(kept)
    log.append([look(1), look(2)])
    log.seal()
    before = log.looks()
    backup("calderdale", kept, tmp_path / "one.backup")
    with log.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("DROP TABLE look")
        connection.exec_driver_sql("DROP TABLE seal")
    (restored,) = restore("calderdale", kept, tmp_path / "one.backup")
    assert (restored.rows, restored.kept_newer) == (3, False)
    log = opened(kept)
    assert log.looks() == before
    assert not verify(log, log.seal_file).faults
    log.append([look(3)])
    log.seal()
    assert not verify(log, log.seal_file).faults


@on_both
@pytest.mark.parametrize("replace", [True, False])
def test_what_was_logged_since_is_kept(kept: Path, tmp_path: Path, replace: bool) -> None:
    log = opened(kept)
    log.append([look(1)])
    log.seal()
    backup("calderdale", kept, tmp_path / "one.backup")
    log.append([look(2)])
    before = log.looks()
    log.close()
    (restored,) = restore("calderdale", kept, tmp_path / "one.backup", replace=replace)
    assert restored.kept_newer
    assert opened(kept).looks() == before


@on_both
def test_a_log_that_is_another_is_not_replaced_unless_told(kept: Path, tmp_path: Path) -> None:
    log = opened(kept)
    log.append([look(1)])
    log.seal()
    backup("calderdale", kept, tmp_path / "one.backup")
    with behind(log) as connection:
        connection.exec_driver_sql("DELETE FROM look")
        connection.exec_driver_sql("DELETE FROM seal")
    (tmp_path / "elsewhere.jsonl").unlink()
    log.append([look(9)])
    log.seal()
    log.close()
    with pytest.raises(StoreProblem, match="another one"):
        restore("calderdale", kept, tmp_path / "one.backup")
    (restored,) = restore("calderdale", kept, tmp_path / "one.backup", replace=True)
    assert restored.rows == 2
    assert [row["people"] for row in opened(kept).looks().to_pylist()] == [[1]]

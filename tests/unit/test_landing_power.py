"""Power loss at any instant of a landing: whatever the disk kept, the current landing is whole, and what restores its ids with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from joinedup.kept.access_log import open_access_log
from joinedup.kept.copies import note_copy
from joinedup.kept.identity_register import open_register
from joinedup.kept.keys import write_new_key
from joinedup.kept.protected import protect
from joinedup.kept.sealed_ids import ENDING
from joinedup.kept.sealed_ids import FOLDER as IDS
from joinedup.sources.landed import LandingRecord, read_landing
from tests.power import Call, Disk, Recorder, disks
from tests.unit.test_land import PEOPLE, Work, admitted, work, write

__all__ = ["work"]

FULL = 2
"""SQLite's PRAGMA synchronous: each commit is on disk before it is said to be done."""


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    recorder = Recorder(tmp_path)
    yield recorder
    recorder.close()


def faults(disk: Disk, taught: set[str]) -> Iterator[str]:
    """What is wrong with a disk: landings that may be current, and what they need that may not be there."""
    for file in disk.may_be("store/landed/current.json") - {None}:
        content = disk.held_by(file)
        if content is None:
            yield "current.json may be cut off"
            continue
        record = LandingRecord.model_validate_json(content)
        for table in record.tables.values():
            held = disk.surely(f"store/{table.file}")
            if held is None or hashlib.sha256(held).hexdigest() != table.digest:
                yield f"current.json names {table.file}, which may not be there"
        if record.landing_id in taught and disk.surely(f"store/kept/{IDS}/{record.landing_id}{ENDING}") is None:
            yield f"what landing {record.landing_id} taught may not be there"


def first_fault(calls: list[Call], torn: set[int], taught: set[str]) -> str:
    return next((f"after {count} calls {fault}" for count, disk in disks(calls, torn) for fault in faults(disk, taught)), "")


def test_whatever_is_lost_the_current_landing_is_whole(recorder: Recorder, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    with recorder.recording(monkeypatch):
        first = work.land().landing_id
        write(work.extracts / "apc.csv", [admitted(person, key) for key, person in enumerate(PEOPLE[1:])])
        second = work.land().landing_id
    assert first != second
    torn = recorder.written_later()
    assert first_fault(recorder.calls, torn, {first}) == ""
    tables = len(read_landing(work.store).tables)
    assert [call.what for call in recorder.calls].count("synced") > 2 * tables
    for lost, said in (("store/landed", "may not be there"), ("store/kept", f"what landing {first} taught")):
        calls = [call for call in recorder.calls if (call.what, call.path) != ("folder synced", lost)]
        assert said in first_fault(calls, torn, {first}), lost


def test_a_key_a_protection_and_a_copy_that_were_said_to_be_kept_are(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    with recorder.recording(monkeypatch):
        kept.mkdir()
        recorder.calls.append(Call("folder synced", "."))
        write_new_key(tmp_path / "key")
        protect(kept, 7, "anna")
        protect(kept, 8, "anna")
        note_copy(kept, "backup", tmp_path / "backup.zip")
    *_, (_, disk) = disks(recorder.calls, recorder.written_later())
    for name in ("key", "kept/protected_people.csv", "kept/copies.jsonl"):
        assert disk.surely(name) == (tmp_path / name).read_bytes(), name


def test_registers_say_done_once_it_is_on_disk(work: Work, tmp_path: Path) -> None:
    work.land()
    register = open_register(work.store.kept / "identity.sqlite")
    log = open_access_log(tmp_path / "access_log.sqlite")
    for engine in (register.database.engine, log.engine):
        with engine.connect() as connection:
            assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == FULL
            assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() in {"delete", "wal"}
    register.close()
    log.engine.dispose()

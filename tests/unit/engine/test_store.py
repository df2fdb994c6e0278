"""The store: private, held by one at a time, whole files or none, one sentence when the disk won't."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from joinedup.engine import store as store_module
from joinedup.engine.store import Store, atomic_write, store_errors
from joinedup.errors import StoreProblem

HOLD = """
import os, signal, sys
from pathlib import Path
from joinedup.engine.store import Store
with Store(Path(sys.argv[1])).lock("landing"):
    print("held", flush=True)
    signal.pause()
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "deep" / "store").create()


def test_closed_to_others(store: Store) -> None:
    atomic_write(store.manifest, b"{}")
    assert [folder.stat().st_mode & 0o777 for folder in store.folders] == [0o700] * 8
    assert store.manifest.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_was_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir(mode=0o755)
    Store(tmp_path).create()
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o700


def test_the_lock_says_who_holds_it(store: Store) -> None:
    with (
        store.lock("build"),
        pytest.raises(StoreProblem, match=rf"held by a build \(process {os.getpid()} on .*, since 20.*seconds\)"),
        store.lock("landing"),
    ):
        pass
    with store.lock("landing"):
        pass


def test_the_lock_of_a_killed_holder_is_free(store: Store, root: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(store.root)], stdout=subprocess.PIPE, cwd=root)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StoreProblem, match=f"held by a landing .process {holder.pid} "), store.lock("build"):
            pass
        holder.send_signal(signal.SIGKILL)
    with store.lock("build"):
        pass


def test_a_write_that_fails_leaves_what_was_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    atomic_write(store.manifest, b"before")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store_module.os, "fsync", full)
    with pytest.raises(StoreProblem, match="its disk is full; free some space and run it again"):
        atomic_write(store.manifest, b"after")
    assert store.manifest.read_bytes() == b"before"
    assert [path.name for path in store.root.iterdir() if path.is_file()] == ["manifest.json"]


def test_a_file_where_the_store_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreProblem, match="a file stands where a folder should; choose another with --store"):
        Store(tmp_path / "file" / "store").create()


def test_a_folder_where_a_file_of_the_store_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").mkdir()
    with pytest.raises(StoreProblem, match=r"at .*manifest\.json: a folder stands where a file should"), store_errors(tmp_path):
        (tmp_path / "manifest.json").write_text("{}", encoding="ascii")


def test_a_disk_that_is_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", read_only)
    with pytest.raises(StoreProblem, match="it lies on a read-only disk; choose another with --store"):
        Store(tmp_path / "store").create()


def test_what_killed_work_left_is_wiped(store: Store) -> None:
    (store.tmp / "spilt").mkdir()
    (store.tmp / "spilt" / "file").write_text("rows")
    for path in (store.builds / ".b1.json.77", store.landed / ".current.json.77", store.root / ".manifest.json.77"):
        path.write_text("{")
    young, old = (store.kept / f".staff_people.csv.{number}" for number in (7, 8))
    for path in (young, old):
        path.write_text("half")
    os.utime(old, (0, 0))
    store.wipe_tmp()
    left = [path for path in store.root.rglob("*") if path.is_file()]
    assert left == [young], "somebody may be writing it now, without holding the store"

"""Disks that are full or may only be read: one sentence, nothing published that isn't whole, and the next build completes."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from joinedup.engine import store as store_module
from joinedup.engine.builder import build
from joinedup.engine.collecting import collect
from joinedup.engine.manifest import Manifest
from joinedup.engine.reader import Reader
from joinedup.engine.rows import row_hash
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.errors import StoreProblem

from .made_up import SPECS, table, visits

FEW = ((1, 7, None, 250), (2, 8, None, None))
SIZE = 6_000_000
BIG = "SELECT a.id * 2000 + b.id AS id, (a.id * 7919 + b.id * 104729) % 1000003 AS n FROM visit AS a CROSS JOIN visit AS b"
WIDE = {**SPECS, "big": table("big", {"id": "BIGINT", "n": "BIGINT"}, sql=BIG)}


def mounted(folder: Path, *options: str) -> None:
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("a small disk of its own needs root")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of six megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted(folder, "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs")
    yield folder
    # What a process still holds of it goes with that process: the folder is free at once all the same.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path) -> None:
    """Nothing; the file has grown until not a byte more goes onto its disk."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND)
    try:
        with suppress(OSError):
            while os.write(descriptor, bytes(4096)):
                pass
    finally:
        os.close(descriptor)


def published(store: Store) -> tuple[Manifest, dict[str, str]]:
    reader = Reader(store)
    return reader.manifest, {name: row_hash(reader.table(name)) for name in reader.manifest.tables}


def test_a_disk_that_fills_up_leaves_what_was_published_and_goes_on_when_there_is_room(small: Path) -> None:
    store = Store(small / "store").create()
    build(SPECS, visits(store, *FEW), store)
    before = published(store)
    full = small / "somebody else's"
    full.write_bytes(bytes(SIZE // 2))
    many = visits(store, *((n, 7, None, None) for n in range(1500)))
    with pytest.raises(StoreProblem, match=r"^big can't be made: the disk is full; free some space and run it again$"):
        build(WIDE, many, store)
    assert published(store) == before
    assert list(store.tmp.iterdir()) == []
    fill(full)
    with pytest.raises(StoreProblem, match="free some space and run it again"):
        build({**SPECS, "busy": SPECS["busy"].model_copy(update={"version": 2})}, visits(store, *FEW), store)
    assert published(store) == before
    full.unlink()
    fewer = visits(store, *((n, 7, None, None) for n in range(100)))
    assert build(WIDE, fewer, store).tables["big"].rows == 10_000
    assert collect(store)
    assert Reader(store).table("busy").num_rows == 1


def test_a_disk_that_may_only_be_read_is_said_and_read(small: Path) -> None:
    store = Store(small / "store").create()
    build(SPECS, visits(store, *FEW), store)
    before = published(store)
    mounted(small, "-o", "remount,ro")
    with pytest.raises(StoreProblem, match="it lies on a read-only disk; choose another with --store"):
        build(SPECS, {}, store)
    with pytest.raises(StoreProblem, match="it lies on a read-only disk; choose another with --store"), store.lock("build"):
        pass
    assert published(store) == before


def ended(specs: Mapping[str, TableSpec], store: Store, turn: int) -> str:
    """What stopped a build; empty where nothing did."""
    try:
        build(specs, visits(store, *FEW), store, about={"turn": turn})
    except StoreProblem as error:
        return str(error)
    return ""


def test_whichever_write_fails_the_published_build_stays_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted everywhere, root or not: each write of a build to the disk in turn finds it full."""
    store = Store(tmp_path / "store").create()
    build(SPECS, visits(store, *FEW), store)
    sync, failed = os.fsync, 0
    for turn in range(100):
        before, written = published(store), 0

        def full(descriptor: int, turn: int = turn) -> None:
            nonlocal written
            written += 1
            if written > turn:
                raise OSError(errno.ENOSPC, "No space left on device")
            sync(descriptor)

        monkeypatch.setattr(store_module.os, "fsync", full)
        specs = {**SPECS, "busy": SPECS["busy"].model_copy(update={"version": 10 + turn})}
        said = ended(specs, store, turn)
        monkeypatch.setattr(store_module.os, "fsync", sync)
        if not said:
            break
        failed += 1
        assert "its disk is full; free some space and run it again" in said
        now = published(store)
        assert now == before or now[0].about == {"turn": turn}, turn
    assert failed >= 4
    assert published(store)[0].about == {"turn": turn}

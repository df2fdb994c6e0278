"""Two hosts on one folder whose locks reach no other host: who comes second publishes nothing, and says why."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from joinedup.engine import builder
from joinedup.engine import store as store_module
from joinedup.engine.builder import build
from joinedup.engine.manifest import Manifest, publish, read_manifest
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store, atomic_write
from joinedup.errors import StoreProblem

from .made_up import SPECS, visits

ROW = (1, 7, None, 250)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store").create()


@pytest.mark.parametrize("first", [True, False])
def test_who_was_overtaken_publishes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch, first: bool) -> None:
    if not first:
        build(SPECS, visits(store), store)
    inputs = visits(store, ROW)

    def overtaken(_: Store, manifest: Manifest, turn: int) -> None:
        monkeypatch.setattr(builder, "publish", publish)
        elsewhere = build(SPECS, visits(store, ROW, (2, 8, None, None)), store)
        assert elsewhere.number == manifest.number
        publish(store, manifest, turn)

    monkeypatch.setattr(builder, "publish", overtaken)
    with pytest.raises(StoreProblem, match=r"build 20\S+ is published in .* begun on (none|20\S+): another host, .* one host at a time"):
        build({**SPECS, "visit": SPECS["visit"].model_copy(update={"key": ()})}, inputs, store)
    published = read_manifest(store)
    assert published.inputs["visit"].rows == 2
    assert len(list(store.builds.iterdir())) == (1 if first else 2)
    again = build(SPECS, inputs, store)
    assert (again.before, again.number) == (published.build_id, published.number + 1)
    assert Reader(store).table("busy")["visits"].to_pylist() == [1]


@pytest.mark.parametrize("said", [errno.EINVAL, errno.EOPNOTSUPP])
def test_a_folder_that_knows_no_sync_of_names_is_written_all_the_same(store: Store, monkeypatch: pytest.MonkeyPatch, said: int) -> None:
    sync = os.fsync

    def of_files_alone(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").resolve().is_dir():
            raise OSError(said, os.strerror(said))
        sync(descriptor)

    monkeypatch.setattr(store_module.os, "fsync", of_files_alone)
    atomic_write(store.manifest, b"{}")
    assert store.manifest.read_bytes() == b"{}"


@pytest.mark.parametrize("said", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_folder_without_locks_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch, said: int) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(said, os.strerror(said))

    monkeypatch.setattr("joinedup.engine.held.fcntl.flock", no_locks)
    with pytest.raises(StoreProblem, match="its file system has no locks; choose another with --store"), store.lock("build"):
        pass

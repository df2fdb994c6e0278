"""Power loss at any instant of builds and collections: whatever the disk kept, one whole build is published, or none before the first."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from joinedup.engine.builder import build
from joinedup.engine.collecting import collect, drop_builds
from joinedup.engine.manifest import Manifest
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from joinedup.errors import NothingPublished
from tests.power import Call, Disk, Recorder, disks

from .made_up import SPECS, visits

FEW = ((1, 7, None, 250), (2, 8, None, None))
STATES = 12


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    recorder = Recorder(tmp_path)
    yield recorder
    recorder.close()


def story(store: Store) -> list[Manifest]:
    """Three builds, of which a collection then leaves the last; the second takes over files of a killed one."""
    store.create()
    made = [build(SPECS, visits(store, *FEW), store)]
    made.append(build(SPECS, visits(store, *FEW[:1]), store))
    made.append(build({**SPECS, "busy": SPECS["busy"].model_copy(update={"version": 2})}, visits(store), store))
    collect(store)
    return made


def faults(disk: Disk) -> Iterator[str]:
    """What is wrong with a disk: manifests that may stand there, and what they name that may not."""
    manifests = [name for name in disk.names if name == "store/manifest.json" or Path(name).match("builds/*.json")]
    for name in (name for name in manifests if not Path(name).name.startswith(".")):
        for file in disk.may_be(name) - {None}:
            content = disk.held_by(file)
            if content is None:
                yield f"{name} may be cut off"
                continue
            manifest = Manifest.model_validate_json(content)
            for record in (*manifest.tables.values(), *manifest.inputs.values()):
                held = disk.surely(f"store/{record.file}")
                if held is None or hashlib.sha256(held).hexdigest() != record.digest:
                    yield f"{name} names {record.file}, which may not be there"


def first_fault(calls: list[Call], torn: set[int] = frozenset()) -> str:
    """The first of all faults after any number of calls; empty where there is none."""
    return next((f"after {count} calls {fault}" for count, disk in disks(calls, torn) for fault in faults(disk)), "")


def test_whatever_is_lost_every_manifest_that_is_left_is_whole(recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with recorder.recording(monkeypatch):
        made = story(Store(tmp_path / "store"))
    assert first_fault(recorder.calls, recorder.written_later()) == ""
    assert [call.what for call in recorder.calls].count("synced") > 3 * len(made)
    seen = {tuple(sorted(disk.may_be("store/manifest.json"), key=str)) for _, disk in disks(recorder.calls)}
    assert len(seen) >= 2 * len(made)  # each build, and each instant at which either of two may be left


def without(calls: list[Call], lost: Callable[[Call], bool]) -> list[Call]:
    return [call for call in calls if not lost(call)]


def in_folder(name: str) -> Callable[[Call], bool]:
    return lambda call: call.what == "folder synced" and call.path == name


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (lambda call: call.what == "synced" and call.path.endswith(".parquet"), "parquet, which may not be there"),
        (lambda call: call.what == "synced" and "manifest" in call.path, "manifest.json may be cut off"),
        (in_folder("store/objects"), "names objects/"),
        (in_folder("store/inputs"), "names inputs/"),
        (in_folder("store"), "may not be there"),
        (in_folder("store/builds"), "may not be there"),
    ],
    ids=["files", "manifest", "objects", "inputs", "store", "builds"],
)
def test_each_sync_is_needed(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: Callable[[Call], bool], said: str
) -> None:
    """The test itself is held: without any one kind of sync it finds what would be lost."""
    with recorder.recording(monkeypatch):
        story(Store(tmp_path / "store"))
    assert said in first_fault(without(recorder.calls, lost))


def test_files_that_a_killed_build_left_are_on_disk_once_they_are_named(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build that was killed between naming a file and syncing its folder leaves names that nobody has synced."""
    store = Store(tmp_path / "store")
    with recorder.recording(monkeypatch):
        build(SPECS, visits(store.create(), *FEW), store)
        store.manifest.unlink()
        (left,) = store.builds.glob("*.json")
        left.unlink()
        done = [call for call in recorder.calls if ".json" not in call.path]
        recorder.calls = without(done, lambda call: call.what == "folder synced" and call.path not in {".", "store"})
        manifest = build(SPECS, visits(store, *FEW), store)
    assert all(table.reused for table in manifest.tables.values())
    assert sum(".json" in call.path for call in recorder.calls) == 8  # two files, each made, synced, named, gone from its first name
    assert first_fault(recorder.calls) == ""


def test_from_whatever_is_left_the_next_build_completes(recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with recorder.recording(monkeypatch):
        made = story(Store(tmp_path / "store"))
    rows = {manifest.build_id: manifest.tables["busy"].rows for manifest in made}
    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    counts = set(chance.sample(range(1, len(recorder.calls) + 1), STATES))
    for count, disk in disks(recorder.calls):
        if count in counts:
            left = tmp_path / "left" / str(count)
            left.mkdir(parents=True)
            disk.left(chance, left)
            store = Store(left / "store")
            try:
                reader = Reader(store)
                assert reader.table("busy").num_rows == rows[reader.manifest.build_id], f"seed {seed}"
            except NothingPublished:
                assert None in disk.may_be("store/manifest.json"), f"seed {seed}"
            build(SPECS, visits(store.create(), *FEW), store)
            assert Reader(store).table("busy")["visits"].to_pylist() == [1, 1], f"seed {seed}"


def test_what_an_erasure_drops_stays_gone(recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "store")
    with recorder.recording(monkeypatch):
        build(SPECS, visits(store.create(), *FEW), store)
        drop_builds(store)
    *_, (_, disk) = disks(recorder.calls)
    names = [name for name in disk.names if Path(name).match("objects/*") or Path(name).match("builds/*") or name == "store/manifest.json"]
    assert len(names) >= 4
    assert all(disk.may_be(name) == {None} for name in names)

"""Faults of stores and of what keeps them: damage, full and read-only disks, kills, clocks, two at once; what is published stays."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from unittest.mock import patch

from benchmarks.gauntlet.case import Case, expect
from benchmarks.gauntlet.ground import Ground, rewritten
from joinedup.engine import builder, store
from joinedup.engine.manifest import builds_by_number, read_build, read_manifest
from joinedup.engine.reader import Reader
from joinedup.engine.rows import row_hash
from joinedup.sources.landed import current_path, read_landing

KILLED = """
import os, signal, sys
from importlib import import_module
from joinedup.cli import main
module, name, nth = sys.argv[1], sys.argv[2], int(sys.argv[3])
place = import_module(module)
whole, calls = getattr(place, name), 0
def killing(*given, **named):
    global calls
    calls += 1
    if calls == nth:
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(*given, **named)
setattr(place, name, killing)
main(sys.argv[4:])
"""
"""A verb that is killed when it calls something for the nth time."""
KILLS = {
    "first-table": ("before its first table is in place", "joinedup.engine.making", "move_into_place", 1),
    "tables": ("among its tables", "joinedup.engine.making", "move_into_place", 2),
    "manifest": ("before its manifest is kept", "joinedup.engine.manifest", "atomic_write", 1),
    "publish": ("between keeping its manifest and publishing it", "joinedup.engine.manifest", "atomic_write", 2),
}
FAULTS = {
    "full": (errno.ENOSPC, "the disk is full", "free some space", "engine: full disk"),
    "quota": (errno.EDQUOT, "the quota is used up", "free some space", "engine: full disk"),
    "read-only": (errno.EROFS, "the disk may only be read", "read-only", "engine: read-only folder"),
    "not-allowed": (errno.EACCES, "this user may not write", "may not write", "engine: read-only folder"),
    "broken-disk": (errno.EIO, "the disk fails", "", "engine: damaged files"),
}
SMALL = "file_reach"
"""A table that little stands on, to be made again cheaply."""


def cases() -> Iterator[Case]:
    """A case for each fault of a store."""
    yield from _damages()
    for name, (number, broken, words, line) in FAULTS.items():
        expected = "the build ends with 5 and one sentence; the next one completes"
        yield Case(f"build/{name}", f"{broken} while a table is written", expected, partial(_disk, name, number, words), (line,))
    for name, (when, module, function, nth) in KILLS.items():
        killed = partial(_killed_build, name, (module, function, str(nth)))
        yield Case(
            f"kill/build-{name}",
            f"a build is killed {when}",
            "what was published stays; the next build completes",
            killed,
            ("engine: killed build", "record: kill -9 in the middle"),
        )
    yield Case(
        "build/two",
        "a second build begins while one runs",
        "it ends with 8 and says who holds the store",
        _two_builders,
        ("engine: two builders",),
    )
    yield Case(
        "build/wait", "a second build waits for one that runs", "it goes on when that has ended", _waiting, ("engine: two builders",)
    )
    yield Case(
        "land/two",
        "a second landing begins while one runs",
        "it ends with 8 and says who holds the store",
        _two_landings,
        ("doors: two landings at once",),
    )
    yield Case(
        "build/clock-back",
        "the clock goes back 20 years between two builds",
        "the later build has the higher number and is the published one",
        _clock,
        ("engine: clock going back",),
    )
    yield Case(
        "build/reader",
        "somebody reads while another build is published",
        "all that they read is of one build",
        _reader,
        ("engine: a reader during publish", "engine: a reader of an old build"),
    )
    yield Case(
        "build/collected",
        "old builds are collected",
        "every file that a kept manifest names is still there",
        _collected,
        ("engine: collection keeps what a manifest names",),
    )


def _damages() -> Iterator[Case]:
    recovered = "the next build makes it anew"
    damages: dict[str, tuple[str, Callable[[Path], object], tuple[str, ...]]] = {
        "object-gone": ("the file of a table is gone", Path.unlink, ()),
        "object-cut": ("the file of a table is cut short", lambda path: rewritten(path, path.read_bytes()[:-100]), ()),
        "object-altered": (
            "a byte of a table's file has changed",
            lambda path: rewritten(path, _altered(path.read_bytes())),
            ("--verify",),
        ),
    }
    for name, (broken, damage, words) in damages.items():
        yield Case(f"build/{name}", broken, recovered, partial(_damaged_object, name, damage, words), ("engine: damaged files",))
    manifests: dict[str, tuple[str, Callable[[str], str], int]] = {
        "cut": ("the manifest is cut short", lambda text: text[: len(text) // 2], 5),
        "empty": ("the manifest is empty", lambda text: "", 5),
        "not-one": ("another JSON file stands in the place of the manifest", lambda text: '{"hello": 1}', 5),
        "newer": ("the manifest is of a later version, with fields that this one doesn't know", lambda text: _with(text, parted=["x"]), 5),
        "older": ("the manifest is of an older version, without numbers, costs and reasons", _older, 0),
    }
    for name, (broken, change, code) in manifests.items():
        expected = f"show ends with {code}{' and says build again' if code else ''}; the next build completes"
        lines = ("engine: manifests of other versions",) if name in ("newer", "older") else ("engine: damaged files",)
        yield Case(f"build/manifest-{name}", broken, expected, partial(_manifest, name, change, code), lines)
    yield Case(
        "build/no-landed-table", "a landed table is gone", "the build ends with 5 and says which", _no_landed, ("engine: damaged files",)
    )
    yield Case(
        "build/landing-cut",
        "the record of the landing is cut short",
        "the build ends with 5 and says land again",
        _landing_cut,
        ("engine: damaged files",),
    )


def _altered(content: bytes) -> bytes:
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :]


def _with(text: str, **more: object) -> str:
    return json.dumps(json.loads(text) | more)


def _older(text: str) -> str:
    said = json.loads(text)
    for name in ("number", "before", "measured"):
        said.pop(name)
    for table in said["tables"].values():
        for name in ("because", "made_in", "measured", "definition", "made_of", "constants"):
            table.pop(name, None)
    return json.dumps(said)


def _object(ground: Ground) -> Path:
    return ground.store.root / ground.manifest.tables[SMALL].file


def _damaged_object(name: str, damage: Callable[[Path], object], words: tuple[str, ...], ground: Ground) -> str:
    copy, before = ground.copy(name), row_hash(Reader(ground.store).table(SMALL))
    damage(_object(copy))
    found = copy.build(*words).ended(0)
    expect(row_hash(Reader(copy.store).table(SMALL)) == before, "its rows are others now")
    return found


def _manifest(name: str, change: Callable[[str], str], code: int, ground: Ground) -> str:
    copy = ground.copy(f"manifest-{name}")
    rewritten(copy.store.manifest, change(copy.store.manifest.read_text(encoding="utf-8")).encode())
    found = copy.verb("show", "population").ended(code, *(("build again",) if code else ()))
    copy.build().ended(0)
    copy.verb("show", "population").ended(0)
    return found


def _no_landed(ground: Ground) -> str:
    copy = ground.copy("no-landed")
    table = read_landing(copy.store).tables["landed_apc"]
    (copy.store.root / table.file).unlink()
    _object(copy).unlink()
    copy.store.manifest.unlink()
    found = copy.build("--verify").ended(5, "landed_apc")
    shutil.copy2(ground.store.root / table.file, copy.store.root / table.file)
    copy.build("--verify").ended(0)
    return found


def _landing_cut(ground: Ground) -> str:
    copy = ground.copy("landing-cut")
    path = current_path(copy.store)
    rewritten(path, path.read_bytes()[:500])
    return copy.build().ended(5, "land again")


def _disk(name: str, number: int, words: str, ground: Ground) -> str:
    copy = ground.copy(f"disk-{name}")
    _object(copy).unlink()
    before = copy.store.manifest.read_bytes()

    def failing(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    with patch.object(store.os, "fsync", failing):
        found = copy.build().ended(5, words)
    expect(copy.store.manifest.read_bytes() == before, "the manifest was touched")
    copy.build().ended(0)
    return found


def killed(ground: Ground, where: tuple[str, str, str], *words: object) -> None:
    """Nothing; a verb has been killed there."""
    command = [sys.executable, "-c", KILLED, *where, *map(str, words)]
    ended = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    ground.said.append(ended.stdout + ended.stderr)
    expect(ended.returncode == -signal.SIGKILL, f"it wasn't killed: {ended.returncode} {ended.stderr[-300:]}")


def _killed_build(name: str, where: tuple[str, str, str], ground: Ground) -> str:
    copy = ground.copy(f"killed-{name}")
    renamed(copy, "14871")
    before = copy.store.manifest.read_bytes()
    killed(copy, where, "build", copy.place_folder, "--store", copy.store.root, "--no-land", "--quiet")
    expect(copy.store.manifest.read_bytes() == before, "the manifest was touched")
    copy.verb("show", "population").ended(0)
    copy.build().ended(0)
    expect(read_manifest(copy.store).number == ground.manifest.number + 1, "the next build isn't the next")
    left = [path.name for path in copy.store.root.glob(".*")] + [path.name for path in copy.store.tmp.iterdir()]
    expect(not left, f"left half written: {left}")
    return "published build untouched; the next build completed"


def renamed(ground: Ground, word: str) -> None:
    """Nothing; a practice of the place has another name, so that some tables must be made again."""
    path = ground.place_folder / "practices.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("Singing Kettle", f"Singing Kettle {word}"), encoding="utf-8")


def _two_builders(ground: Ground) -> str:
    copy = ground.copy("two-builders")
    with copy.store.lock("build"):
        return copy.build().ended(8, "is held by a build", "--wait")


def _waiting(ground: Ground) -> str:
    copy = ground.copy("waiting")
    begun, enough = threading.Event(), threading.Event()
    held_by = store.Store.held_by

    def holding() -> None:
        with copy.store.lock("build"):
            begun.set()
            enough.wait(20)

    def asked(held: store.Store) -> str:
        """Who holds it, who goes on with it a little while after somebody has asked."""
        threading.Timer(0.3, enough.set).start()
        return held_by(held)

    other = threading.Thread(target=holding)
    other.start()
    begun.wait(10)
    with patch.object(store.Store, "held_by", asked):
        found = copy.build("--wait", 20).ended(0, "waiting up to 20 seconds")
    other.join()
    return found


def _two_landings(ground: Ground) -> str:
    copy = ground.copy("two-landings")
    with copy.store.lock("landing"):
        return copy.land().ended(8, "is held by a landing")


def _clock(ground: Ground) -> str:
    copy = ground.copy("clock")
    renamed(copy, "14872")
    with patch.object(builder, "datetime", wraps=datetime) as clock:
        clock.now.return_value = datetime(2006, 1, 2, tzinfo=UTC)
        copy.build().ended(0)
    now = read_manifest(copy.store)
    expect(now.number == ground.manifest.number + 1 and builds_by_number(copy.store)[-1].build_id == now.build_id, f"number {now.number}")
    copy.cli("collect", copy.place_folder, "--store", copy.store.root).ended(0)
    return f"build {now.number} of {now.built_at:%Y} is the published one"


def _reader(ground: Ground) -> str:
    copy = ground.copy("reader")
    reader, fresh = Reader(copy.store), Reader(copy.store)
    before = row_hash(reader.table("person"))
    renamed(copy, "14873")
    copy.build().ended(0)
    expect(reader.manifest.build_id == ground.manifest.build_id, "the reader's build has changed")
    expect(fresh.manifest.build_id != ground.manifest.build_id, "a new reader sees the old build")
    expect(row_hash(reader.table("person")) == before and reader.table("activity").num_rows > 0, "its rows have changed")
    return f"build {reader.manifest.number} is read whole beside build {fresh.manifest.number}"


def _collected(ground: Ground) -> str:
    copy = ground.copy("collected")
    renamed(copy, "14874")
    copy.build().ended(0)
    found = copy.cli("collect", copy.place_folder, "--store", copy.store.root).ended(0)
    for path in copy.store.builds.glob("*.json"):
        gone = [name for name, table in read_build(path).tables.items() if not (copy.store.root / table.file).exists()]
        expect(not gone, f"gone: {gone}")
    return found

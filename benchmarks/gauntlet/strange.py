"""Stores that lie strangely, or in which something strange lies: names with signs, links, pipes and folders where files should be."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

from benchmarks.gauntlet.case import Case, expect
from benchmarks.gauntlet.ground import Ground
from benchmarks.gauntlet.stores import renamed
from joinedup.engine import collecting, store
from joinedup.engine.store import Store
from joinedup.sources.landed import current_path

ODD_NAME = "it's [1] {a,b} * ? %20 ;é"
SYNCS = 2
"""A collection of a replaced build waits for the disk so many times at least."""


def cases() -> Iterator[Case]:
    """A case for each."""
    yield Case(
        "store/odd-name",
        "a store whose path has quotes, stars, brackets, braces and blanks",
        "it is built, shown, exported and collected like any other",
        _odd_name,
    )
    yield Case("store/link", "a store that is a link to a folder elsewhere", "it is built and shown like any other", _link)
    planted: dict[str, tuple[str, Callable[[Path], None], Callable[[Ground], Path], int]] = {
        "manifest-folder": ("a folder in the place of the manifest", Path.mkdir, lambda ground: ground.store.manifest, 5),
        "manifest-pipe": ("a pipe, which nobody fills, in the place of the manifest", os.mkfifo, lambda ground: ground.store.manifest, 0),
        "landing-pipe": ("a pipe in the place of the landing's record", os.mkfifo, lambda ground: current_path(ground.store), 5),
    }
    for name, (broken, plant, where, code) in planted.items():
        ends = "ends with 5, in one sentence" if code else "puts a manifest there"
        yield Case(f"store/{name}", broken, f"the build {ends}, and waits for nothing", partial(_planted, plant, where, code))
    yield Case(
        "store/collect-full",
        "the disk fails at each sync of a collection, one after another",
        "it ends with 5; the published build stays, and the next collection goes through",
        _collect_full,
    )


def _odd_name(ground: Ground) -> str:
    copy = ground.copy("odd-name")
    there = copy.store.root.parent / ODD_NAME
    shutil.move(copy.store.root, there)
    ground.copies.remove(copy)
    moved = replace(copy, store=Store(there))
    renamed(moved, "14881")
    found = moved.build().ended(0)
    moved.verb("show", "population").ended(0)
    moved.verb("export", "person", "--purpose", "planning", "--out", there.parent / f"{ODD_NAME}.csv").ended(0)
    moved.verb("collect", "--days", 0).ended(0)
    return found


def _link(ground: Ground) -> str:
    copy = ground.copy("linked")
    there = copy.store.root.parent / "elsewhere"
    copy.store.root.rename(there)
    copy.store.root.symlink_to(there)
    renamed(copy, "14882")
    found = copy.build().ended(0)
    copy.verb("show", "population").ended(0)
    return found


def _planted(plant: Callable[[Path], None], where: Callable[[Ground], Path], code: int, ground: Ground) -> str:
    copy = ground.copy(plant.__name__ + where(ground).stem)
    ground.copies.remove(copy)
    where(copy).unlink()
    plant(where(copy))
    return copy.build().ended(code)


def _collect_full(ground: Ground) -> str:
    copy = ground.copy("collect-full")
    renamed(copy, "14883")
    copy.build().ended(0)
    sync, nth, failed = os.fsync, 0, 0

    def failing(descriptor: int) -> None:
        nonlocal nth, failed
        nth -= 1
        if nth == 0:
            failed += 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    with patch.object(collecting, "READERS_TIME", collecting.READERS_TIME * 0):
        for at in range(1, SYNCS + 1):
            nth = at
            with patch.object(store.os, "fsync", failing):
                copy.verb("collect", "--days", 0).ended(5, "disk is full")
            copy.verb("show", "population").ended(0)
        found = copy.verb("collect", "--days", 0).ended(0)
    expect(failed == SYNCS, f"{failed} failed")
    return found

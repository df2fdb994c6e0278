"""What takes long to make is made once in a run of tests, by whichever of its processes asks first; the others wait for it."""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from joinedup.engine.store import Store

Made = TypeVar("Made")


def folder_of_run(factory: pytest.TempPathFactory) -> Path:
    """The folder for temporary files that all processes of a run have in common."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Made]) -> Made:
    """What `make` gives, as it comes out of a pickle; it is given a folder that is there until the end of the run."""
    work = folder_of_run(factory) / f"once-{name}"
    work.mkdir(mode=0o700, exist_ok=True)
    told = work / "made.pickle"
    with (work / "making").open("w") as making:
        fcntl.flock(making, fcntl.LOCK_EX)
        if not told.exists():
            whole = told.with_suffix(".whole")
            whole.write_bytes(pickle.dumps(make(work)))
            whole.replace(told)
    made: Made = pickle.loads(told.read_bytes())
    return made


NEVER_WRITTEN_TO = ("landed", "objects", "inputs", "definitions", "profiles")
"""Folders of a store whose files are never written to again, so that copies may share them."""


def own_copy(store: Store, to: Path) -> Store:
    """The same store for one process to look into, build in and log in; the tables are the same files."""

    def copied(source: str, target: str) -> object:
        shares = source.endswith(".parquet") and Path(source).relative_to(store.root).parts[0] in NEVER_WRITTEN_TO
        return os.link(source, target) if shares else shutil.copy2(source, target)

    shutil.copytree(store.root, to, copy_function=copied)
    return Store(to)

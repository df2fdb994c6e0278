"""A folder that is written beside its name and renamed when it is whole: killed halfway there is none of that name."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from joinedup.engine.store import PRIVATE_FILE, PRIVATE_FOLDER, store_errors, sync_folder
from joinedup.errors import StoreProblem

LOCK = ".being-written"


def check_folder(out: Path) -> None:
    """Nothing where a new folder may be made there; StoreProblem where something is there already, or there is nowhere to make it."""
    if out.is_symlink() or out.exists():
        raise StoreProblem(f"{out} is there already and nothing is written over it or into it; name a new folder")
    if not out.parent.is_dir():
        raise StoreProblem(f"there is no folder {out.parent} for {out.name}; make it, or name another folder")


@contextmanager
def written_beside(out: Path) -> Iterator[Path]:
    """A folder to write in that only its owner can enter; it is `out` once all has been written and is on disk, and else it is gone.

    What a killed process left of a folder of this name is removed first.
    """
    check_folder(out)
    _remove_left(out)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    with store_errors(out):
        part.mkdir(mode=PRIVATE_FOLDER)
        lock = os.open(part / LOCK, os.O_WRONLY | os.O_CREAT, PRIVATE_FILE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with store_errors(out):
            yield part
            _onto_disk(part)
            check_folder(out)
            (part / LOCK).unlink()
            part.rename(out)
            sync_folder(out.parent)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def _onto_disk(part: Path) -> None:
    """Nothing; every file is its owner's alone and on disk."""
    for folder, _, files in os.walk(part):
        for name in files:
            path = Path(folder, name)
            path.chmod(PRIVATE_FILE)
            with path.open("rb+") as file:
                os.fsync(file.fileno())
        Path(folder).chmod(PRIVATE_FOLDER)
        sync_folder(Path(folder))


def _remove_left(out: Path) -> None:
    """Nothing; what nobody writes any more of a folder of this name is gone."""
    for left in out.parent.glob(f".{out.name}.*.part"):
        with suppress(OSError):
            descriptor = os.open(left / LOCK, os.O_WRONLY | os.O_CREAT, PRIVATE_FILE)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left)
            finally:
                os.close(descriptor)

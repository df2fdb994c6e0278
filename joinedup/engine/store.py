"""The store of one place: where everything that joinedup makes lies, private to its owner."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from joinedup.engine.held import held, held_by, is_held
from joinedup.errors import StoreProblem

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
HALF_WRITTEN = ".*.[0-9]*"
"""The names of files that are being written: they end with the number of the process that does, and with chance, for processes of two
hosts may have one number."""
LEFT_FOR = 3600
"""Seconds after which a half-written file isn't being written any more, also where nobody has to hold the store to write."""

WHY = {
    errno.ENOSPC: "its disk is full; free some space and run it again",
    errno.EDQUOT: "its owner's disk quota is used up; free some space and run it again",
    errno.EROFS: "it lies on a read-only disk; choose another with --store",
    errno.EACCES: "this user may not write there; choose another with --store, or change its owner",
    errno.EPERM: "this user may not write there; choose another with --store, or change its owner",
    errno.ENOTDIR: "a file stands where a folder should; choose another with --store",
    errno.ENOLCK: "its file system has no locks; choose another with --store",
    errno.EOPNOTSUPP: "its file system has no locks; choose another with --store",
    errno.EEXIST: "a file stands where a folder should; choose another with --store",
    errno.EISDIR: "a folder stands where a file should; move it away and run it again",
}


@dataclass(frozen=True, slots=True)
class Store:
    """The folder of one place's landings, builds and registers."""

    root: Path

    @property
    def kept(self) -> Path:
        """The registers: identities, looks, releases."""
        return self.root / "kept"

    @property
    def landed(self) -> Path:
        """The landings, and which of them is current."""
        return self.root / "landed"

    @property
    def objects(self) -> Path:
        """The results of builds, each an immutable file named by what it was made from."""
        return self.root / "objects"

    @property
    def inputs(self) -> Path:
        """The tables of the place, written for a build."""
        return self.root / "inputs"

    @property
    def builds(self) -> Path:
        """The manifest of every build that was published."""
        return self.root / "builds"

    @property
    def profiles(self) -> Path:
        """Query profiles of builds for which they were asked, a folder for each build."""
        return self.root / "profiles"

    @property
    def definitions(self) -> Path:
        """What the tables of kept builds were declared as, each under its hash."""
        return self.root / "definitions"

    @property
    def changes(self) -> Path:
        """What was found when two builds were compared: counts and no rows."""
        return self.root / "changes"

    @property
    def turns(self) -> Path:
        """Whose turn it was to publish, last: what decides between hosts that no lock keeps apart."""
        return self.root / "turns"

    @property
    def tmp(self) -> Path:
        """What is being written, and where engines spill; wiped when work starts."""
        return self.root / "tmp"

    @property
    def manifest(self) -> Path:
        """The manifest of the build that is published."""
        return self.root / "manifest.json"

    @property
    def folders(self) -> tuple[Path, ...]:
        """The store and every folder in it."""
        return (self.root, self.kept, self.landed, self.objects, self.inputs, self.builds, self.turns, self.tmp)

    @property
    def of_holder(self) -> frozenset[Path]:
        """The folders into which nobody writes but who holds the store."""
        of_turns = (self.turns / "builds", self.turns / "landings")
        return frozenset({self.root, self.landed, self.builds, self.definitions, self.kept / "ids", *of_turns})

    def create(self) -> Store:
        """This store, its folders made and closed to other users; StoreProblem when that can't be."""
        with store_errors(self.root):
            new = [folder for folder in (*self.root.parents, *self.folders) if not folder.exists()]
            self.root.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
            for folder in self.folders:
                folder.mkdir(exist_ok=True, mode=PRIVATE_FOLDER)
                folder.chmod(PRIVATE_FOLDER)
            for parent in sorted({folder.parent for folder in new}):
                sync_folder(parent)
        return self

    def sync_names(self, files: Iterable[Path]) -> None:
        """Nothing; these files of the store, if on disk themselves, will be found there by name, whoever made their folders."""
        above = {folder for file in files if file.is_relative_to(self.root) for folder in file.parents if folder.is_relative_to(self.root)}
        with store_errors(self.root):
            for folder in sorted(above):
                sync_folder(folder)

    def wipe_tmp(self) -> None:
        """Nothing; what killed work left half written is gone. Only the holder of the lock may, for others may be writing there."""
        with store_errors(self.tmp):
            shutil.rmtree(self.tmp)
            self.tmp.mkdir(mode=PRIVATE_FOLDER)
            for path in self.root.rglob(HALF_WRITTEN):
                if path.is_file() and (path.parent in self.of_holder or time.time() - path.stat().st_mtime > LEFT_FOR):
                    path.unlink(missing_ok=True)

    @contextmanager
    def lock(self, what: str, *, wait: float = 0) -> Iterator[None]:
        """Holds the store for `what` ("build", "landing"), after `wait` seconds at most; StoreHeld says who holds it, and since when."""
        self.create()
        with store_errors(self.root):
            descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        try:
            with ExitStack() as stack:
                with store_errors(self.root):
                    stack.enter_context(held(descriptor, f"the store {self.root}", what, wait=wait))
                yield
        finally:
            os.close(descriptor)

    def held_by(self) -> str:
        """Who holds the store, in words; empty where nobody does."""
        if not (self.root / "lock").exists():
            return ""
        with store_errors(self.root):
            descriptor = os.open(self.root / "lock", os.O_RDWR)
        try:
            return held_by(descriptor) if is_held(descriptor) else ""
        finally:
            os.close(descriptor)


@contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """Turns what the operating system says about `path` into a StoreProblem of one sentence."""
    try:
        yield
    except OSError as error:
        why = WHY.get(error.errno or 0, f"the operating system says: {error.strerror}")
        at = error.filename if error.errno == errno.EISDIR and isinstance(error.filename, str) else path
        raise StoreProblem(f"the store can't be written at {at}: {why}") from error


def atomic_write(path: Path, content: bytes) -> None:
    """Nothing; `path` then holds all of `content`, on disk, or what it held before: never a part."""
    being_written = half_written(path)
    with store_errors(path):
        try:
            write_synced(being_written, content)
            being_written.replace(path)
        except OSError:
            being_written.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def read_regular(path: Path) -> bytes:
    """What a file holds; OSError where something else stands there, such as a pipe that nobody fills, for which a reader would wait."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "no file, but something else, stands there")
    return path.read_bytes()


def half_written(path: Path) -> Path:
    """Where what `path` is to hold is written, and nobody else on any host writes."""
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")


def write_synced(path: Path, content: bytes) -> None:
    """Nothing; the file holds this, on disk, though its name may not be there yet."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def move_into_place(being_written: Path, path: Path) -> None:
    """Nothing; the finished file is on disk, private and under its final name."""
    with store_errors(path):
        being_written.chmod(PRIVATE_FILE)
        with being_written.open("rb+") as file:
            os.fsync(file.fileno())
        being_written.replace(path)
        sync_folder(path.parent)


NO_SYNC_OF_FOLDERS = {errno.EINVAL, errno.EOPNOTSUPP}
"""What network folders say that know no such thing: there it is the server that keeps names."""


def sync_folder(folder: Path) -> None:
    """Nothing; the names in `folder` are on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NO_SYNC_OF_FOLDERS:
            raise
    finally:
        os.close(descriptor)

"""A disk that loses power: what may be left of a folder at any instant, by the calls that were made on it.

Killing a process loses nothing that it wrote: the kernel keeps it. Power loss does. POSIX promises only that what a file held is there
once it was synced, and that a name stands for what it did once its folder was; names that changed since may each stand for any of what
they stood for, whatever the order of the calls. `Recorder` notes the calls, `Disk` says what may be left after so many of them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any

import pytest

FOLDER = -1
"""Instead of a file's number, of a folder."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `what` was done to `path`, and to which file."""

    what: str
    """synced, folder synced, named (now stands for the file), gone."""
    path: str
    file: int = FOLDER
    content: bytes = b""
    """What a file held when it was synced."""


@dataclass
class Recorder:
    """Every call on a folder that matters after power loss, in order."""

    root: Path
    calls: list[Call] = field(default_factory=list)
    held: dict[tuple[int, int], int] = field(default_factory=dict)
    """Device and inode -> an opening of the file, so that the number of its inode stands for no other file later."""
    lock: Any = field(default_factory=RLock)

    @contextmanager
    def recording(self, patch: pytest.MonkeyPatch) -> Iterator[Recorder]:
        """Notes what this process does meanwhile."""
        fsync, replace, rename, unlink, mkdir, rmdir, opened = os.fsync, os.replace, os.rename, os.unlink, os.mkdir, os.rmdir, os.open

        def noting_fsync(descriptor: int) -> None:
            with self.lock:
                fsync(descriptor)
                path = _by_number(descriptor)
                if path.is_dir():
                    self.note("folder synced", path.readlink())
                else:
                    self.note("synced", path.readlink(), self.number(path), path.read_bytes())

        def noting_rename(do: Any) -> Any:
            def renames(source: Any, target: Any, **more: Any) -> None:
                with self.lock:
                    file = FOLDER if Path(source).is_dir() else self.number(source)
                    do(source, target, **more)
                    self.note("named", target, file)
                    self.note("gone", source)

            return renames

        def noting_removal(do: Any) -> Any:
            def removes(path: Any, *, dir_fd: int | None = None) -> None:
                with self.lock:
                    do(path, dir_fd=dir_fd)
                    self.note("gone", path if dir_fd is None else _by_number(dir_fd).readlink() / path)

            return removes

        def noting_mkdir(path: Any, mode: int = 0o777, **more: Any) -> None:
            with self.lock:
                mkdir(path, mode, **more)
                self.note("named", path)

        def noting_open(path: Any, flags: int, *given: Any, **more: Any) -> int:
            with self.lock:
                new = bool(flags & os.O_CREAT) and not os.path.lexists(path)
                descriptor = opened(path, flags, *given, **more)
                if new:
                    self.note("named", path, self.number(_by_number(descriptor)))
                return descriptor

        with patch.context() as patched:
            patched.setattr(os, "fsync", noting_fsync)
            patched.setattr(os, "replace", noting_rename(replace))
            patched.setattr(os, "rename", noting_rename(rename))
            for name, do in (("unlink", unlink), ("remove", unlink), ("rmdir", rmdir)):
                patched.setattr(os, name, noting_removal(do))
            patched.setattr(os, "mkdir", noting_mkdir)
            patched.setattr(os, "open", noting_open)
            yield self

    def note(self, what: str, path: Any, file: int = FOLDER, content: bytes = b"") -> None:
        if Path(path).is_relative_to(self.root):
            self.calls.append(Call(what, str(Path(path).relative_to(self.root)), file, content))

    def number(self, path: Any) -> int:
        """The number of a file, which is no other file's while recording."""
        stat = Path(path).stat()
        if (stat.st_dev, stat.st_ino) not in self.held:
            self.held[stat.st_dev, stat.st_ino] = os.dup(descriptor := _opened(path))
            os.close(descriptor)
        return stat.st_ino

    def written_later(self) -> set[int]:
        """The files that now hold something else than when they were last synced."""
        last = {call.file: call.content for call in self.calls if call.what == "synced"}
        return {file for (_, file), descriptor in self.held.items() if file in last and _content(descriptor) != last[file]}

    def close(self) -> None:
        """Nothing; no file is open any more."""
        for descriptor in self.held.values():
            os.close(descriptor)


_open = os.open


def _opened(path: Any) -> int:
    return _open(path, os.O_RDONLY)


def _by_number(descriptor: int) -> Path:
    return Path(f"/proc/self/fd/{descriptor}")


def _content(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


@dataclass
class Disk:
    """What may be left after some calls."""

    torn: frozenset[int] = frozenset()
    """Files of which no sync can be trusted, for they were written again."""
    names: dict[str, list[int | None]] = field(default_factory=dict)
    """Name -> all that it may stand for: the first what its folder's last sync left there, None for nothing."""
    contents: dict[int, bytes] = field(default_factory=dict)

    def after(self, call: Call) -> None:
        """Nothing; the call was made, too."""
        if call.what == "synced":
            self.contents[call.file] = call.content
        elif call.what == "folder synced":
            for name, values in self.names.items():
                if str(Path(name).parent) == call.path:
                    del values[:-1]
        else:
            self.names.setdefault(call.path, [None]).append(None if call.what == "gone" else call.file)

    def may_be(self, name: str) -> set[int | None]:
        """All that a name may stand for, if the folders above it are there."""
        return set(self.names.get(name, [None]))

    def surely(self, name: str) -> bytes | None:
        """What the file of a name holds, whatever was lost; None where it may be missing, another's, or not whole."""
        above = (str(folder) for folder in Path(name).parents if str(folder) != ".")
        found = self.may_be(name)
        if len(found) != 1 or any(None in self.may_be(folder) for folder in above):
            return None
        return self.held_by(found.pop())

    def held_by(self, file: int | None) -> bytes | None:
        """What a file surely holds; None where it may be empty or cut off."""
        return None if file is None or file in self.torn else self.contents.get(file)

    def left(self, chance: random.Random, target: Path) -> None:
        """Nothing; the folder `target` is one of what may be left."""
        chosen = {name: chance.choice(values) for name, values in self.names.items()}
        for name in sorted(name for name, file in chosen.items() if file is not None):
            path = target / name
            if not path.parent.is_dir():
                continue
            if chosen[name] == FOLDER:
                path.mkdir()
            else:
                path.write_bytes(self.held_by(chosen[name]) or b"PAR1"[: chance.randrange(5)])


def disks(calls: Iterable[Call], torn: Iterable[int] = ()) -> Iterator[tuple[int, Disk]]:
    """After each call: how many there were, and what may be left then; the same disk each time, as it goes on."""
    disk = Disk(frozenset(torn))
    for count, call in enumerate(calls, 1):
        disk.after(call)
        yield count, disk

"""Turns to publish: numbers that are taken once each, by one act, whichever hosts want the same one in the same instant.

Locks may not reach from one host to another on a folder that they share; link(2) does. It gives a file a name only where nothing has
that name yet, and on a network folder it is the server that decides (RFC 1813, section 3.3.15 for NFS 3; RFC 8881, section 18.9 for
NFS 4.1). Where a file can have one name only it is the making of a new file that decides (O_EXCL).
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from joinedup.engine.store import PRIVATE_FILE, PRIVATE_FOLDER, Store, half_written, store_errors, sync_folder, write_synced

NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}
"""What file systems say on which a file has one name only, such as exFAT."""
DIGITS = 10


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns to publish one kind of thing, builds or landings, in one store."""

    folder: Path

    def latest(self) -> int:
        """The highest number that was taken; 0 where none was."""
        names = [path.name for path in self.folder.iterdir()] if self.folder.is_dir() else []
        return max((int(name) for name in names if name.isdecimal()), default=0)

    def next(self) -> int:
        """The number for whoever begins now, and for whoever else begins before that one has published."""
        return self.latest() + 1

    def publish(self, number: int, what: str, publish: Callable[[str], None]) -> bool:
        """Whether `what` was published in the turn of that number; False where somebody else took it, or a later one.

        Who is held up between taking a turn and publishing, until another has taken the next and published, puts an older one in the
        place of a newer: so it is looked at again, and the newer one put back.
        """
        if not self._take(number, what):
            return False
        publish(what)
        latest = self.latest()
        if latest > number:
            publish(self._whose(latest) or what)
            return False
        self._end_before(number)
        return True

    def _take(self, number: int, what: str) -> bool:
        """Whether nobody had taken the turn of that number, nor a later one, and it is now that of `what`."""
        with store_errors(self.folder):
            if not self.folder.is_dir():
                self.folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
                sync_folder(self.folder.parent)
            taken = _named_first(self.folder / f"{number:0{DIGITS}d}", f"{what}\n{secrets.token_hex(8)}\n")
            sync_folder(self.folder)
        return taken and self.latest() == number

    def _whose(self, number: int) -> str:
        """What has taken a turn; empty where that can't be told yet."""
        return (self.folder / f"{number:0{DIGITS}d}").read_text(encoding="utf-8").partition("\n")[0]

    def _end_before(self, number: int) -> None:
        """Nothing; turns before this one are gone, for who took one now would see that a later one was taken."""
        with store_errors(self.folder):
            for path in self.folder.iterdir():
                if path.name.isdecimal() and int(path.name) < number:
                    path.unlink(missing_ok=True)


def _named_first(path: Path, content: str) -> bool:
    """Whether nothing had that name, and it is now that of a file that holds this."""
    being_written = half_written(path)
    try:
        write_synced(being_written, content.encode())
        os.link(being_written, path)
    except FileExistsError:
        return path.read_text(encoding="utf-8") == content  # where an answer is lost on the way, a host asks again, and then it is there
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        return _made_first(path, content)
    finally:
        being_written.unlink(missing_ok=True)
    return True


def _made_first(path: Path, content: str) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    return True


def turns_of_builds(store: Store) -> Turns:
    """The turns of builds."""
    return Turns(store.turns / "builds")


def turns_of_landings(store: Store) -> Turns:
    """The turns of landings."""
    return Turns(store.turns / "landings")

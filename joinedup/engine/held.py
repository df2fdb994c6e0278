"""Files that one process holds at a time, and who that is: also when it died, and where locks don't reach from host to host."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

from joinedup.errors import StoreHeld

LOOK_AGAIN = 0.1
"""Seconds between two looks at whether a file is free."""
BEAT = 5.0
"""Seconds between two signs of life of who holds a file."""
BEATS_WATCHED = 3
"""For how many beats another host's sign of life is waited for."""
NO_BEAT = -1
"""Instead of a count of signs of life, of a holder that gives none."""
ROOM = 512
"""Bytes that the record of a holder takes, blanks and all, so that writing it again never leaves a part of the one before."""
BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a file, as the file itself says it."""

    what: str
    account: str
    pid: int
    host: str
    machine: str
    """What tells machines with one name apart: the id of its start. Containers of one machine share it, as they share its locks."""
    since: str
    beat: int = 0
    """How many signs of life it has given."""

    def in_words(self) -> str:
        """A build (process 12 on host1, account anna, since …, 34 seconds)."""
        seconds = int((datetime.now(UTC) - datetime.fromisoformat(self.since)).total_seconds())
        return f"a {self.what} (process {self.pid} on {self.host}, account {self.account}, since {self.since}, {seconds} seconds)"


@contextmanager
def held(descriptor: int, name: str, what: str, *, wait: float = 0, beats: bool = True) -> Iterator[Holder | None]:
    """Holds the open file for `what`, giving signs of life; gives who held it last and ended without letting go, None where nobody did.

    StoreHeld says who holds `name` where it isn't free in time. The kernel lets go of the file when its holder ends in whatever way, so a
    crash never blocks the next one. On a folder whose locks don't reach other hosts a holder there is known by its signs of life; what
    takes no longer than a beat or two needn't give any (`beats`).
    """
    left = _take(descriptor, name, wait)
    me = Holder(what, account(), os.getpid(), socket.gethostname(), machine(), datetime.now(UTC).isoformat(timespec="seconds"))
    _write(descriptor, me if beats else replace(me, beat=NO_BEAT), told=beats)
    ended, alive = Event(), None
    if beats:
        alive = Thread(target=_beat, args=(descriptor, me, ended), name="holding", daemon=True)
        alive.start()
    try:
        yield left
    finally:
        ended.set()
        if alive is not None:
            alive.join()
        os.ftruncate(descriptor, 0)
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _take(descriptor: int, name: str, wait: float) -> Holder | None:
    """Who held the file last and ended without letting go; the kernel's lock is then ours."""
    end = time.monotonic() + wait
    while True:
        if _locked(descriptor):
            left = holder(descriptor)
            if left is None or left.beat == NO_BEAT or left.machine == machine() or not _gives_signs_of_life(descriptor, left):
                return left
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        if time.monotonic() >= end:
            raise StoreHeld(f"{name} is held by {held_by(descriptor)}; wait for it to end (--wait SECONDS), or stop it")
        time.sleep(LOOK_AGAIN)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _gives_signs_of_life(descriptor: int, left: Holder) -> bool:
    """Whether a holder on another machine, which the kernel here knows nothing of, is at work: its record changes while we look."""
    end = time.monotonic() + BEATS_WATCHED * BEAT
    while time.monotonic() < end:
        now = _seen_anew(descriptor)
        if now is None:
            return False
        if now != left:
            return True
        time.sleep(min(LOOK_AGAIN, BEAT))
    return False


def _seen_anew(descriptor: int) -> Holder | None:
    """Who holds the file, by an opening of its own: what other hosts wrote network folders show to who opens a file."""
    if not Path(f"/proc/self/fd/{descriptor}").exists():
        return holder(descriptor)
    again = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY)
    try:
        return holder(again)
    finally:
        os.close(again)


def _beat(descriptor: int, me: Holder, ended: Event) -> None:
    beats = 0
    while not ended.wait(BEAT):
        beats += 1
        _write(descriptor, replace(me, beat=beats), told=True)


def _write(descriptor: int, who: Holder, *, told: bool) -> None:
    """Nothing; the file says who holds it, and other hosts are `told`: network folders send off the rest when they like."""
    os.pwrite(descriptor, json.dumps(asdict(who)).encode().ljust(ROOM), 0)
    os.ftruncate(descriptor, ROOM)
    if told:
        os.fsync(descriptor)


def holder(descriptor: int) -> Holder | None:
    """Who holds the file, or held it last and didn't let go; None where nobody is written there, or nothing that can be read."""
    try:
        return Holder(**json.loads(os.pread(descriptor, ROOM, 0)))
    except (ValueError, TypeError):
        return None


def held_by(descriptor: int) -> str:
    """Who holds the file, in words; the holder may not have written it yet."""
    who = holder(descriptor)
    return "another process that has only now begun" if who is None else who.in_words()


def is_held(descriptor: int) -> bool:
    """Whether another process holds the file, as far as this machine's kernel knows."""
    if not _locked(descriptor):
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def account() -> str:
    """The operating system's name of who runs this; its number where it has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def machine() -> str:
    """What tells this machine, since it was started, from any other."""
    try:
        return BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return socket.gethostname()

"""Files that one process holds at a time, and who that is."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from datetime import UTC, datetime

from joinedup.errors import StoreProblem

LOOK_AGAIN = 0.1
"""Seconds between two looks at whether a file is free."""


def take(descriptor: int, name: str, what: str, *, wait: float = 0) -> None:
    """Nothing; this process then holds the open file for `what`. StoreProblem says who holds `name` where it isn't free in time.

    The kernel lets go of it when its holder ends in whatever way, so a crash never blocks the next one.
    """
    end = time.monotonic() + wait
    while not _taken(descriptor):
        if time.monotonic() >= end:
            raise StoreProblem(f"{name} is held by {holder(descriptor)}; wait for it to end, or stop it")
        time.sleep(LOOK_AGAIN)
    who = {"what": what, "pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(who).encode(), 0)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def holder(descriptor: int) -> str:
    """Who wrote the lock file, in words; the holder may not have written it yet."""
    text = os.pread(descriptor, 4096, 0)
    if not text:
        return "another process that has only now begun"
    who = json.loads(text)
    seconds = int((datetime.now(UTC) - datetime.fromisoformat(who["since"])).total_seconds())
    return f"a {who['what']} (process {who['pid']} on {who['host']}, since {who['since']}, {seconds} seconds)"

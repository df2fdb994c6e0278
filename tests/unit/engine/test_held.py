"""Who holds a store: by name, also when the holder died, is on another host, or can't be told from its record."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from joinedup.engine import held as held_module
from joinedup.engine.held import ROOM, Holder, account, held, holder, machine
from joinedup.engine.store import Store
from joinedup.errors import StoreHeld

ELSEWHERE = {
    "what": "build",
    "account": "anna",
    "pid": 7,
    "host": "host2",
    "machine": "another",
    "since": "2026-03-31T10:00:00+00:00",
    "beat": 3,
}


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    yield descriptor
    os.close(descriptor)


def other(file: int) -> int:
    """Another opening of the same file, as another process has it."""
    return os.open(Path(f"/proc/self/fd/{file}").readlink(), os.O_RDWR)


def write(file: int, **record: object) -> None:
    os.pwrite(file, json.dumps(record).encode().ljust(ROOM), 0)


def test_it_says_account_host_process_since_and_what(file: int) -> None:
    second = other(file)
    with held(file, "the store", "build"):
        with pytest.raises(StoreHeld) as caught, held(second, "the store", "landing"):
            pass
        who = holder(second)
    assert who is not None
    assert (who.account, who.pid, who.machine, who.what) == (account(), os.getpid(), machine(), "build")
    said = f"the store is held by a build (process {os.getpid()} on {who.host}, account {account()}, since {who.since}, 0 seconds)"
    assert str(caught.value).replace(", 1 seconds", ", 0 seconds").startswith(said)
    assert holder(second) is None
    os.close(second)


def test_who_waits_gets_it_when_it_is_free(file: int) -> None:
    second, got = other(file), Event()

    def wait() -> None:
        with held(second, "the store", "landing", wait=20):
            got.set()

    with held(file, "the store", "build"):
        waiting = Thread(target=wait)
        waiting.start()
        assert not got.wait(0.3)
    assert got.wait(20)
    waiting.join()
    os.close(second)


def test_a_holder_of_this_machine_that_died_is_told_and_replaced(file: int) -> None:
    write(file, **{**ELSEWHERE, "machine": machine()})
    with held(file, "the store", "build") as left:
        assert left == Holder(**{**ELSEWHERE, "machine": machine()})
    with held(file, "the store", "build") as left:
        assert left is None


def test_a_holder_on_another_host_that_gives_no_sign_of_life_is_replaced(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_module, "BEAT", 0.05)
    write(file, **ELSEWHERE)
    with held(file, "the store", "build") as left:
        assert left is not None
        assert left.host == "host2"


def test_a_holder_on_another_host_that_lives_is_left_alone_where_locks_dont_reach(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_module, "BEAT", 0.05)
    ended, second = Event(), other(file)

    def live() -> None:
        beat = 0
        while not ended.wait(0.01):
            beat += 1
            write(second, **{**ELSEWHERE, "beat": beat})

    write(second, **ELSEWHERE)
    alive = Thread(target=live)
    alive.start()
    try:
        with pytest.raises(StoreHeld, match=r"process 7 on host2, account anna, since 2026-03-31"), held(file, "the store", "build"):
            pass
    finally:
        ended.set()
        alive.join()
    assert json.loads(os.pread(file, ROOM, 0))["host"] == "host2"
    os.close(second)


def test_a_holder_gives_signs_of_life(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_module, "BEAT", 0.01)
    second, seen = other(file), set()
    with held(file, "the store", "build"):
        while len(seen) < 3:
            who = holder(second)
            seen |= {who.beat} if who else set()
    os.close(second)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": 3}', b"\xff\xfe"])
def test_a_record_that_cant_be_read_is_nobodys(file: int, content: bytes) -> None:
    os.pwrite(file, content, 0)
    with held(file, "the store", "build") as left:
        assert left is None


def test_a_store_says_who_holds_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    assert store.held_by() == ""
    with store.lock("build"):
        assert store.held_by().startswith(f"a build (process {os.getpid()} on ")
    assert store.held_by() == ""

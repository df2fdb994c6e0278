"""A store on a slow network folder that two hosts share, really mounted: it works, and where no lock reaches the other host is known."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from joinedup.engine import builder
from joinedup.engine import held as held_module
from joinedup.engine.builder import build
from joinedup.engine.collecting import collect
from joinedup.engine.manifest import Manifest, publish, read_manifest
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from joinedup.engine.turns import turns_of_builds
from joinedup.errors import StoreHeld, StoreProblem
from tests.slow_folder import mounted, why_not
from tests.unit.test_land import Work, work

from .made_up import SPECS, visits

__all__ = ["work"]

FEW = ((1, 7, None, 250), (2, 8, None, None))
MILLISECONDS = 3
"""For each question to the server: a folder in the same building."""
HOLD = """
import sys, time
from pathlib import Path
from joinedup.engine import held
from joinedup.engine.store import Store
held.BEAT = 0.2
held.machine = lambda: "another"
with Store(Path(sys.argv[1])).lock("build"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    """One store, as two hosts see it."""
    if why := why_not():
        pytest.skip(why)
    remote = tmp_path / "remote"
    remote.mkdir()
    with (
        mounted(remote, tmp_path / "one", milliseconds=MILLISECONDS) as one,
        mounted(remote, tmp_path / "other", milliseconds=MILLISECONDS) as other,
    ):
        yield Store(one / "store").create(), Store(other / "store")


def test_it_is_landed_built_read_and_collected_on_a_slow_network_folder(hosts: tuple[Store, Store], work: Work) -> None:
    one, other = hosts
    work.store = one
    work.land()
    with one.lock("build"):
        build(SPECS, visits(one, *FEW), one)
    assert Reader(other).table("busy")["visits"].to_pylist() == [1, 1]
    reading = Reader(other)
    assert reading.manifest.number == 1
    with one.lock("build"):
        build(SPECS, visits(one, *FEW[:1]), one)
        collect(one, keep=2)
    assert reading.table("busy").num_rows == 2
    assert Reader(other).table("busy").num_rows == 1
    with other.lock("collection"):
        collect(other)
    assert [path.stem for path in one.builds.glob("*.json")] == [read_manifest(one).build_id]
    assert work.land().reused


def test_a_holder_on_the_other_host_is_known_by_its_signs_of_life(
    hosts: tuple[Store, Store], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = hosts
    monkeypatch.setattr(held_module, "BEAT", 1.0)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(one.root)], stdout=subprocess.PIPE, cwd=root)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        descriptor = os.open(other.root / "lock", os.O_RDWR)
        assert not held_module.is_held(descriptor), "the kernel's lock doesn't reach from mount to mount"
        os.close(descriptor)
        with pytest.raises(StoreHeld, match=f"is held by a build .process {holder.pid} on "), other.lock("landing"):
            pass
        holder.kill()
    with other.lock("landing"):
        pass


def test_who_builds_there_without_knowing_of_the_other_publishes_nothing(
    hosts: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = hosts
    build(SPECS, visits(one), one)
    inputs = visits(one, *FEW)

    def overtaken(store: Store, manifest: Manifest, turn: int) -> None:
        monkeypatch.setattr(builder, "publish", publish)
        build(SPECS, visits(other, *FEW[:1]), other)
        publish(store, manifest, turn)

    monkeypatch.setattr(builder, "publish", overtaken)
    with pytest.raises(StoreProblem, match="another host, that this lock doesn't reach, builds there too; nothing was published"):
        build(SPECS, inputs, one)
    assert Reader(one).table("busy").num_rows == 1
    assert read_manifest(one) == read_manifest(other)


def test_of_two_hosts_that_take_a_turn_at_once_one_does(hosts: tuple[Store, Store]) -> None:
    context = multiprocessing.get_context("fork")
    ready, won = context.Barrier(2), context.SimpleQueue()

    def take(store: Store) -> None:
        try:
            for number in range(1, 11):
                ready.wait(60)
                turns_of_builds(store).publish(number, store.root.parent.name, lambda host, number=number: won.put((number, host)))
        finally:
            won.put((0, ""))

    both = [context.Process(target=take, args=(store,)) for store in hosts]
    for host in both:
        host.start()
    taken = list[int]()
    while taken.count(0) < 2:
        taken.append(won.get()[0])
    for host in both:
        host.join()
    assert sorted(taken) == [0, *range(11)]

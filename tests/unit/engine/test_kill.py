"""Builds killed at random: the published build stays as it was, the next one takes over what was finished."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from joinedup.engine.manifest import Manifest
from joinedup.engine.reader import Reader
from joinedup.engine.rows import row_hash
from joinedup.engine.store import Store

from ...forking import Forks, Process
from .chain import TABLES, build_chain

KILLS, IN_THE_MIDDLE, MOST_TRIES = 5, 3, 30
BUILD = """
import sys
from pathlib import Path
from joinedup.engine.store import Store
from tests.unit.engine.chain import build_chain
build_chain(Store(Path(sys.argv[1])), int(sys.argv[2]))
"""


def start_build(forking: Forks, store: Store, version: int) -> Process:
    return forking.start(BUILD, store.root, version)


def objects(store: Store) -> set[str]:
    return {path.name for path in store.objects.glob("*.parquet")}


def kill(process: Process, store: Store, tables: int, wait: float) -> bool:
    """Whether the process was still at work when it was killed: once so many tables more lay there, and `wait` seconds later."""
    before = len(objects(store))
    while process.wait(0.002) is None and len(objects(store)) < before + tables:
        pass
    process.wait(wait)
    process.kill()
    return process.wait() == -signal.SIGKILL


def whole(store: Store) -> tuple[Manifest, dict[str, str]]:
    """The published build, and every row of it."""
    reader = Reader(store)
    return reader.manifest, {name: row_hash(reader.table(name)) for name in reader.manifest.tables}


@pytest.mark.slow
def test_random_kills(tmp_path: Path, forking: Forks) -> None:
    seed = random.SystemRandom().randrange(2**32)
    chance, store = random.Random(seed), Store(tmp_path / "store").create()
    build_chain(store, 0)
    killed = in_the_middle = version = 0
    while (killed < KILLS or in_the_middle < IN_THE_MIDDLE) and version < MOST_TRIES:
        version += 1
        published, before = whole(store), objects(store)
        if not kill(start_build(forking, store, version), store, chance.randrange(TABLES), chance.uniform(0, 0.1)):
            continue
        killed += 1
        finished, after = objects(store) - before, whole(store)
        completed = build_chain(store, version)
        if after[0].build_id == completed.build_id:
            assert completed == after[0], f"killed once it had published: seed {seed}"
            continue
        in_the_middle += bool(finished)
        assert after == published, f"seed {seed}"
        assert len(completed.tables) == TABLES, f"seed {seed}"
        assert {Path(table.file).name for table in completed.tables.values() if table.reused} == finished, f"seed {seed}"
    assert (killed >= KILLS, in_the_middle >= IN_THE_MIDDLE) == (True, True), f"seed {seed}: {killed} kills, {in_the_middle} in the middle"

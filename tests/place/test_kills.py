"""Kills of a real build in the middle: the published build stays readable and the next one completes."""

from __future__ import annotations

import random
import shutil
import signal
from dataclasses import replace
from pathlib import Path

from joinedup.build import build
from joinedup.engine.manifest import Manifest, read_manifest
from joinedup.engine.reader import Reader

from ..forking import Forks, Process
from .conftest import Example, copy_of, opened

KILLS, IN_THE_MIDDLE, MOST_TRIES = 5, 3, 40
VERB = "from joinedup.cli import main; main()"


def objects_in(example: Example) -> set[str]:
    return {path.name for path in example.store.objects.glob("*.parquet")}


def start_build(forking: Forks, example: Example) -> Process:
    return forking.start(VERB, "build", example.folder, "--store", example.store.root, "--no-land", "--quiet", "--jobs", 1)


def kill_during(process: Process, example: Example, tables_first: int, wait: float) -> bool:
    """Whether the process was still at work when it was killed: after so many tables, and then a little while."""
    before = len(objects_in(example))
    while process.wait(0.001) is None and len(objects_in(example)) < before + tables_first:
        pass
    process.wait(wait)
    process.kill()
    return process.wait() == -signal.SIGKILL


def test_random_kills_leave_the_published_build_and_the_next_completes(example: Example, forking: Forks, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    made = with_a_build_to_do(example, tmp_path)
    first, published = read_manifest(made.store), objects_in(made)
    killed = in_the_middle = 0
    for _ in range(MOST_TRIES):
        if killed >= KILLS and in_the_middle >= IN_THE_MIDDLE:
            break
        for name in objects_in(made) - published:
            (made.store.objects / name).unlink()
        if not kill_during(start_build(forking, made), made, tables_first=chance.randrange(6), wait=chance.uniform(0, 0.2)):
            restore(first, made)
            continue
        killed += 1
        in_the_middle += objects_in(made) > published
        assert read_manifest(made.store) == first, f"seed {seed}"
        assert Reader(made.store).table("person").num_rows == first.tables["person"].rows, f"seed {seed}"
    assert killed >= KILLS, f"seed {seed}"
    assert in_the_middle >= IN_THE_MIDDLE, f"seed {seed}"
    finished = objects_in(made) - published
    done = build(opened(made.folder), made.store)
    assert done.build_id != first.build_id
    assert sum(table.reused for table in done.tables.values()) >= len(finished)


def with_a_build_to_do(example: Example, work: Path) -> Example:
    """A published build, and a place folder whose as-at date has moved since, so that most tables are to be made."""
    made = copy_of(example, work)
    folder = work / "place"
    shutil.copytree(example.folder, folder)
    build(made.place, made.store)
    place_file = folder / "place.yml"
    text = place_file.read_text(encoding="utf-8")
    earlier = example.place.as_at.replace(month=2, day=28)
    changed = text.replace(f"as_at: {example.place.as_at}", f"as_at: {earlier}")
    assert changed != text
    place_file.write_text(changed, encoding="utf-8")
    return replace(made, folder=folder)


def restore(first: Manifest, made: Example) -> None:
    """Nothing; the first build is the published one again, after a build that ended before it could be killed."""
    made.store.manifest.write_bytes((made.store.builds / f"{first.build_id}.json").read_bytes())

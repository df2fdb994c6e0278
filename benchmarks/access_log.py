"""The access log: appending one look beside the disk's own flush, and sealing, verifying and reporting on many; seconds and memory.

python benchmarks/access_log.py [--looks 1000000] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np

from joinedup.access.look_report import look_report
from joinedup.kept.access_log import Look, open_access_log
from joinedup.kept.log_verifying import verify
from joinedup.place.model import Place

BEGINS = datetime(2024, 4, 1, 8, tzinfo=UTC)
ONE_BY_ONE = 500
PLACE = Place(
    id="bench",
    name="Bench",
    invented=True,
    folder=Path(),
    as_at=BEGINS.date(),
    neighbourhoods=(),
    partners=(),
    practices=(),
    memberships=(),
)


def look(number: int, person: int) -> Look:
    """One look of one of 200 accounts at one person."""
    at = BEGINS + timedelta(seconds=63 * number)
    team = {"role": "care_team", "purpose": "direct care", "scope": "practice INV01", "door": "people"}
    return Look(
        at=at, account=f"inv-{number % 200:03}", what="person", build_id="20260506T130412Z-b3f19c02", people=(person,), rows=1, **team
    )


def fill(path: Path, looks: int) -> None:
    """Nothing; the log holds so many looks, sealed by the thousand."""
    log, rng = open_access_log(path, {}), np.random.default_rng(1)
    for begin in range(0, looks, 50_000):
        people = rng.integers(1, 2**62, min(50_000, looks - begin))
        log.append([look(begin + i, int(person)) for i, person in enumerate(people)])
    log.seal()


def check(path: Path, looks: int) -> None:
    """Nothing; every look is as it was sealed."""
    log = open_access_log(path, {})
    found = verify(log, log.seal_file)
    assert not found.faults
    assert found.events == looks


def report(path: Path, looks: int) -> None:
    """Nothing; the report on all looks is made."""
    assert look_report(open_access_log(path, {}).sets(), PLACE).looks == looks


def history(path: Path, looks: int) -> None:
    """Nothing; the looks at one person are found among all."""
    assert open_access_log(path, {}).looks(person_id=7).num_rows == 0


def one_by_one(folder: Path) -> None:
    """Nothing; what appending single looks takes is printed beside what the disk takes for as many commits of as many bytes."""
    log = open_access_log(folder / "one.sqlite", {})
    now = datetime.now(UTC)
    bare = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    for statement in (
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "CREATE TABLE bare (number INTEGER PRIMARY KEY, said TEXT)",
    ):
        bare.execute(statement)
    ours, disk = [], []
    for number in range(ONE_BY_ONE):
        single = [Look(**{**vars_of(look(number, number)), "at": now})]
        began = time.perf_counter()
        log.append(single)
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        bare.execute("INSERT INTO bare VALUES (?, ?)", (number, "x" * 150))
        disk.append(time.perf_counter() - began)
    for what, seconds in (("append of one look", ours), ("a bare commit on that disk", disk)):
        print(f"{what:<28} median {median(seconds) * 1000:6.2f} ms, 95 in 100 within {np.quantile(seconds, 0.95) * 1000:6.2f} ms")


def vars_of(one: Look) -> dict[str, object]:
    """The fields of a look."""
    return {name: getattr(one, name) for name in Look.__dataclass_fields__}


def measured(what: Callable[[Path, int], None], path: Path, looks: int) -> None:
    """Nothing; seconds and the most memory of a process of its own are printed."""
    began = time.perf_counter()
    what(path, looks)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what.__name__:<28} {seconds:6.1f} s, processor {time.process_time():6.1f} s, {peak:6,.0f} MB", flush=True)


def main() -> None:
    """Nothing; prints a line for each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--looks", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=None)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        one_by_one(folder)
        for what in (fill, check, report, history):
            process = multiprocessing.get_context("spawn").Process(target=measured, args=(what, folder / "many.sqlite", asked.looks))
            process.start()
            process.join()
        sizes = [(folder / file).stat().st_size / 1e6 for file in ("many.sqlite", "many.seals.jsonl")]
        print(f"{asked.looks:,} looks: {sizes[0]:,.0f} MB, their seal file {sizes[1]:,.1f} MB")


if __name__ == "__main__":
    main()

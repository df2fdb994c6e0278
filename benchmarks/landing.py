"""Landing, identity apart, against DuckDB's own read_csv and COPY of the same files, in turns in one process.

    python benchmarks/landing.py PLACE EXTRACTS [--rounds 3] [--json]

Landing is everything that `joinedup land` does (reading, typing, rules, keys, accounts, checks between files, Parquet without identifiers,
publishing) less the steps that it calls "link". The ratio is of processor time and of time on the clock; each is the middle of its rounds.
"""

from __future__ import annotations

import argparse
import json
import secrets
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import duckdb

from joinedup.engine.store import Store
from joinedup.kept.keys import Keys, derived_keys
from joinedup.land import land
from joinedup.place.folder import read_place
from joinedup.place.model import Place
from joinedup.progress import Step

IDENTITY = "link"


def plain_copy(files: list[Path], out: Path) -> tuple[float, float]:
    """Seconds of processor and on the clock that DuckDB takes to read the files and write them as Parquet."""
    cpu, wall = time.process_time(), time.perf_counter()
    connection = duckdb.connect()
    for path in files:
        connection.execute(f"COPY (SELECT * FROM read_csv('{path}')) TO '{out / path.stem}.parquet' (FORMAT parquet)")
    connection.close()
    return time.process_time() - cpu, time.perf_counter() - wall


def landing(place: Place, extracts: Path, out: Path, keys: Keys) -> dict[str, tuple[float, float]]:
    """Seconds of processor and on the clock of a first landing, by stage."""
    spent: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    last = [time.process_time(), time.perf_counter()]

    def count(stage: str) -> None:
        now = [time.process_time(), time.perf_counter()]
        spent[stage] = (spent[stage][0] + now[0] - last[0], spent[stage][1] + now[1] - last[1])
        last[:] = now

    def on_step(step: Step) -> None:
        count(step.stage)

    land(place, extracts, Store(out / "store"), keys, progress=on_step)
    count("publish")
    return dict(spent)


def measure(place: Place, extracts: Path, rounds: int) -> dict[str, object]:
    """The seconds of every round, and the ratios of their medians."""
    keys = derived_keys(secrets.token_bytes(32))
    files = sorted({path for source in place.sources for pattern in source.files for path in extracts.glob(pattern)})
    copies, landings, stages = [], [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            copies.append(plain_copy(files, Path(folder)))
            spent = landing(place, extracts, Path(folder), keys)
        stages.append({stage: round(cpu, 2) for stage, (cpu, _) in spent.items()})
        apart = [seconds for stage, seconds in spent.items() if stage != IDENTITY]
        landings.append((sum(cpu for cpu, _ in apart), sum(wall for _, wall in apart)))
    middle = {
        name: [statistics.median(kind) for kind in zip(*runs, strict=True)] for name, runs in (("copy", copies), ("landing", landings))
    }
    return {
        "files MB": round(sum(path.stat().st_size for path in files) / 1e6),
        "read_csv and COPY, cpu and wall seconds": [round(seconds, 2) for seconds in middle["copy"]],
        "landing without identity, cpu and wall seconds": [round(seconds, 2) for seconds in middle["landing"]],
        "cpu seconds by stage": stages,
        "cpu ratio": round(middle["landing"][0] / middle["copy"][0], 2),
        "wall ratio": round(middle["landing"][1] / middle["copy"][1], 2),
    }


def main() -> None:
    """The figures on stdout."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("place", type=Path)
    options.add_argument("extracts", type=Path)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--json", action="store_true", help="for a program to read")
    asked = options.parse_args()
    result = measure(read_place(asked.place), asked.extracts, asked.rounds)
    if asked.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()

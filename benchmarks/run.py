"""Landing, build and the whole demo against plain copies of the same data, side by side in one run: `make bench`.

The build's yardstick is one COPY (SELECT * …) TO Parquet of each landed table, in a process of its own; landing's, identity apart,
is DuckDB's own read_csv and COPY of the same files (benchmarks/landing.py). Every figure is of whole processes, printed with the
machine and the versions. Results are written to benchmarks/results-<people>.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
JOINEDUP = [sys.executable, "-m", "joinedup.cli"]
COPY = """
import sys, duckdb
from pathlib import Path
out = Path(sys.argv[2]); connection = duckdb.connect()
for path in sorted(Path(sys.argv[1]).glob("landed_*.parquet")):
    connection.execute(f"COPY (SELECT * FROM read_parquet('{path}')) TO '{out / path.name}' (FORMAT parquet)")
"""

FROM_SMALL = """
import json, os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""
"""Runs a command from a small process: Linux counts what its starter held as the most memory of a new process."""


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds on the clock, seconds of processor, and the most memory in megabytes."""

    wall: float
    cpu: float
    memory: float


def cost_of(command: Sequence[object]) -> Cost:
    """What one command took, as a whole process; its children are counted."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        told = subprocess.run(
            [sys.executable, "-c", FROM_SMALL, *map(str, command)], cwd=ROOT, stdout=subprocess.PIPE, stderr=said, check=True
        ).stdout
        code, cpu, kilobytes = json.loads(told)
        if code not in (0, 1):
            said.seek(0)
            raise SystemExit(f"{' '.join(map(str, command))} ended with {code}: {said.read().decode()[-2000:]}")
    return Cost(round(time.perf_counter() - began, 2), round(cpu, 2), round(kilobytes / 1024))


def build_against_copy(place: str, store: Path, rounds: int) -> dict[str, object]:
    """The processor time of builds and of plain copies, taken in turns, and the ratio of their medians."""
    builds, copies = [], []
    landed = next(path for path in (store / "landed").iterdir() if path.is_dir())
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=store.parent) as folder:
            copies.append(cost_of([sys.executable, "-c", COPY, landed, folder]))
        for made in ("objects", "inputs", "builds"):
            shutil.rmtree(store / made, ignore_errors=True)
        (store / "manifest.json").unlink(missing_ok=True)
        builds.append(cost_of([*JOINEDUP, "build", place, "--store", store, "--no-land", "--quiet"]))
    again = cost_of([*JOINEDUP, "build", place, "--store", store, "--no-land", "--quiet"])
    middle = {"build": statistics.median(c.cpu for c in builds), "copy": statistics.median(c.cpu for c in copies)}
    return {
        "build": [asdict(c) for c in builds],
        "copy": [asdict(c) for c in copies],
        "unchanged build": asdict(again),
        "cpu ratio, build over copy": round(middle["build"] / middle["copy"], 2),
    }


def landing_against_read(place: str, extracts: Path) -> dict[str, object]:
    """What benchmarks/landing.py says of the same extracts."""
    said = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "landing.py"), place, str(extracts), "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, object] = json.loads(said.stdout)
    return result


def machine() -> dict[str, object]:
    """Where this ran, and on what."""
    names = ("joinedup", "duckdb", "pyarrow", "numpy", "sqlglot")
    return {
        "cores": os.cpu_count(),
        "memory GB": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "versions": {name: version(name) for name in names},
    }


def main() -> None:
    """The figures on stdout and in benchmarks/."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=210_000)
    options.add_argument("--place", default="places/calderdale")
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="joinedup-bench-") as folder:
        out = Path(folder)
        whole = cost_of([*JOINEDUP, "demo", asked.place, "--people", asked.people, "--out", out, "--no-serve", "--quiet"])
        result = {
            "people": asked.people,
            "machine": machine(),
            "demo, from nothing to pages": asdict(whole),
            "landing": landing_against_read(asked.place, out / "extracts"),
            "build": build_against_copy(asked.place, out / "store", asked.rounds),
        }
    text = json.dumps(result, indent=1)
    (ROOT / "benchmarks" / f"results-{asked.people}.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

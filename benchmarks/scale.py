"""A build of 210,000 people and of many more, against one COPY of the same landed tables, and what the sizes between say of the next.

    python -m benchmarks.scale --base STORE --sizes 1,5         build, copy, unchanged build, one person by id, at each size
    python -m benchmarks.scale --predict 12                     what these sizes say of 12 times as many; before they are measured
    python -m benchmarks.scale --base STORE --sizes 12          the figure beside it
    python -m benchmarks.scale --base STORE --sizes 48 --once   10 million people, by hand: about 40 GB of disk
    python -m benchmarks.scale --page                           the figures into docs/explanation/scale.md
    python -m benchmarks.scale --base STORE --sizes 1,5,12 --once --in-turn --page     all anew: 1 and 5, what they say of 12, then 12

STORE holds one landing (`joinedup synth` of 210,000 people, then `joinedup land`); a size is how many times its people are there
(benchmarks/replicated.py). Processor seconds are of whole processes. Results go into benchmarks/results-scale.json, size by size.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.replicated import replicate
from benchmarks.run import COPY, JOINEDUP, ROOT, cost_of, machine
from benchmarks.scale_page import lines, write_page
from joinedup.engine.manifest import Manifest, read_manifest
from joinedup.engine.store import Store
from joinedup.sources.landed import read_landing

RESULTS = ROOT / "benchmarks" / "results-scale.json"
LIMITED = "build, MB of memory"
"""Limited by a setting, so that it is the same at every size that is larger than the limit."""
PREDICTED = (
    "copy, processor seconds",
    "build, processor seconds",
    LIMITED,
    "unchanged build, seconds",
    "landed MB",
    "landed rows",
    "built MB",
    "built rows",
    "spilled MB",
    "one person, reader, median ms",
)


def built(place: str, store: Path, *, jobs: int | None = None) -> dict[str, Any]:
    """What a build from nothing costs."""
    for made in ("objects", "builds"):
        shutil.rmtree(store / made, ignore_errors=True)
    (store / "manifest.json").unlink(missing_ok=True)
    cost = cost_of([*JOINEDUP, "build", place, "--store", store, "--no-land", "--quiet", *(["--jobs", jobs] if jobs else [])])
    return asdict(cost) | {"spilled MB": most_spilled(read_manifest(Store(store)))}


def most_spilled(manifest: Manifest) -> int:
    """The most that the engine had on disk for want of memory, in MB."""
    return round(max((t.measured.spilled or 0 for t in manifest.tables.values() if t.measured), default=0) / 1e6)


def copied(store: Path) -> dict[str, Any]:
    """What one plain COPY of every landed table costs."""
    landed = next(path for path in (store / "landed").iterdir() if path.is_dir())
    with tempfile.TemporaryDirectory(dir=store.parent) as folder:
        return asdict(cost_of([sys.executable, "-c", COPY, landed, folder]))


def by_table(manifest: Manifest) -> dict[str, dict[str, Any]]:
    """What each table cost: the dearest first."""
    told = {
        name: {
            "rows": table.rows,
            "MB": round(table.size / 1e6, 2),
            "seconds": table.measured.seconds,
            "thread seconds": table.measured.thread_seconds,
            "processor seconds": table.measured.processor_seconds,
            "MB held": round((table.measured.peak_memory or 0) / 1e6),
            "spilled MB": round((table.measured.spilled or 0) / 1e6),
        }
        for name, table in manifest.tables.items()
        if table.measured
    }
    return dict(sorted(told.items(), key=lambda each: -each[1]["seconds"]))


JUDGED = {"measure_known"}
"""Tables of months that are judged not to be known: what is beyond chance among more records isn't among few."""


def uneven(one: dict[str, Any], manifest: Manifest, times: int) -> list[str]:
    """Tables that have neither as many rows as at one time the people, as those of areas do, nor so many times as many."""
    there = one.get("tables", {})
    return sorted(
        name
        for name, table in manifest.tables.items()
        if name in there and name not in JUDGED and table.rows not in {there[name]["rows"], there[name]["rows"] * times}
    )


def measured(base: Store, times: int, asked: argparse.Namespace, one: dict[str, Any]) -> dict[str, Any]:
    """Everything that is measured at one size."""
    folder = Path(asked.work) / f"x{times}"
    shutil.rmtree(folder, ignore_errors=True)
    store = Store(folder)
    landing = replicate(base, store, times)
    copies, builds = [], []
    for _ in range(asked.rounds):
        copies.append(copied(folder))
        builds.append(built(asked.place, folder))
    again = asdict(cost_of([*JOINEDUP, "build", asked.place, "--store", folder, "--no-land", "--quiet"]))
    manifest = read_manifest(store)
    looks = json.loads(_said([sys.executable, "-m", "benchmarks.by_id", folder, "--place", asked.place]))
    alone = built(asked.place, folder, jobs=1) if asked.by_table else None
    tables = by_table(read_manifest(store))
    middle = {name: statistics.median(each["cpu"] for each in of) for name, of in (("build", builds), ("copy", copies))}
    result = {
        "people": times * asked.people,
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine() | {"load, a minute": round(os.getloadavg()[0], 1), "memory limit": os.environ.get("JOINEDUP_MEMORY", "usual")},
        "copy": copies,
        "build": builds,
        "build, one table at a time": alone,
        "unchanged build": again,
        "one person by id": looks,
        "build over copy": round(middle["build"] / middle["copy"], 2),
        "figures": {
            "copy, processor seconds": middle["copy"],
            "build, processor seconds": middle["build"],
            "build, MB of memory": max(each["memory"] for each in builds),
            "unchanged build, seconds": again["wall"],
            "landed MB": round(sum((folder / file).stat().st_size for table in landing.tables.values() for file in table.files) / 1e6),
            "landed rows": sum(table.rows for table in landing.tables.values()),
            "built MB": round(sum(table.size for table in manifest.tables.values()) / 1e6),
            "built rows": sum(table.rows for table in manifest.tables.values()),
            "spilled MB": max(each["spilled MB"] for each in builds),
            "one person, reader, median ms": looks["reader"]["median ms"],
        },
        "neither as many rows nor so many times as many": uneven(one, manifest, times),
        "tables": tables,
    }
    if not asked.keep:
        shutil.rmtree(folder)
    return result


def _said(command: list[Any]) -> str:
    import subprocess  # noqa: PLC0415 - one use

    return subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def predicted(results: dict[str, Any], times: int, people: int) -> dict[str, Any]:
    """What the line through the smallest and the greatest size measured says of another: so much once, so much for each million people."""
    sizes = sorted(results["sizes"].values(), key=lambda size: size["people"])
    if len(sizes) < 2:
        raise SystemExit("two sizes are to be measured first: --sizes 1,5")
    if str(times) in results["sizes"]:
        raise SystemExit(f"{times} times has been measured already; a prediction is made before")
    least, most = sizes[0], sizes[-1]
    between = (most["people"] - least["people"]) / 1e6
    figures = {}
    for name in PREDICTED:
        if name == LIMITED:
            figures[name] = {"once": most["figures"][name], "for a million": 0.0, "predicted": most["figures"][name]}
            continue
        each = (most["figures"][name] - least["figures"][name]) / between
        once = least["figures"][name] - each * least["people"] / 1e6
        figures[name] = {"once": round(once, 3), "for a million": round(each, 3), "predicted": round(once + each * times * people / 1e6, 1)}
    return {
        "people": times * people,
        "from": [least["people"], most["people"]],
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
    } | {"figures": figures}


def exponent(results: dict[str, Any], name: str = "build, processor seconds") -> float | None:
    """By which power of people a figure grows, by least squares over the logarithms of all sizes."""
    sizes = results["sizes"].values()
    if len(sizes) < 2:
        return None
    x, y = (np.log([size["people"] for size in sizes]), np.log([size["figures"][name] for size in sizes]))
    return round(float(np.polyfit(x, y, 1)[0]), 3)


def main() -> None:
    """The figures in benchmarks/results-scale.json, and their tables on stdout."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--base", type=Path, help="a store with one landing")
    options.add_argument("--people", type=int, default=210_000, help="how many people STORE has")
    options.add_argument("--sizes", default="", help="how many times as many, with commas between")
    options.add_argument("--place", default="places/calderdale")
    options.add_argument("--work", default=tempfile.gettempdir() + "/joinedup-scale", help="where the stores of each size are made")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--once", action="store_const", const=1, dest="rounds")
    options.add_argument(
        "--by-table", action="store_true", help="one more build, a table at a time, which tells each table's processor time"
    )
    options.add_argument("--keep", action="store_true", help="leave the stores where they are made")
    options.add_argument("--predict", type=int)
    options.add_argument(
        "--in-turn", action="store_true", help="forget what was measured, and predict the last of the sizes before it is measured"
    )
    options.add_argument("--page", action="store_true", help="write the figures into docs/explanation/scale.md, too")
    options.add_argument("--out", type=Path, default=RESULTS)
    asked = options.parse_args()
    there = asked.out.exists() and not asked.in_turn
    results = json.loads(asked.out.read_text(encoding="utf-8")) if there else {"sizes": {}, "predicted": {}}
    sizes = [int(size) for size in asked.sizes.split(",") if size]
    for times in sizes[:-1] if asked.in_turn else sizes:
        measure(times, asked, results)
    if asked.predict or asked.in_turn:
        times = asked.predict or sizes[-1]
        results["predicted"][str(times)] = predicted(results, times, asked.people)
        keep(asked, results)
    if asked.in_turn:
        measure(sizes[-1], asked, results)
    keep(asked, results)
    print(lines(results))


def measure(times: int, asked: argparse.Namespace, results: dict[str, Any]) -> None:
    """Nothing; one more size is among the results, and they are kept."""
    read_landing(Store(asked.base))
    results["sizes"][str(times)] = measured(Store(asked.base), times, asked, results["sizes"].get("1", {}))
    results["exponent of the build"] = exponent(results)
    keep(asked, results)


def keep(asked: argparse.Namespace, results: dict[str, Any]) -> None:
    """Nothing; the results are in their file and, where asked for, on the page."""
    asked.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if asked.page:
        write_page(ROOT / "docs" / "explanation" / "scale.md", results)


if __name__ == "__main__":
    main()

"""Standardised rates, control charts and other statistics of many groups, beside PHStatsMethods; equal values are asserted.

    python -m benchmarks.statistics [--groups 100000]

uv makes an environment for PHStatsMethods, which is never a dependency; where it can't, the package is left out and the results say so.
Each side is given its data as it takes them (arrays, a data frame) and timed inside its process by processor time on one thread, the
least of the runs. Results go into benchmarks/results-statistics.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.run import ROOT, machine
from joinedup.statistics.averages import median
from joinedup.statistics.control import xmr
from joinedup.statistics.icons import icons
from joinedup.statistics.life import life_expectancy
from joinedup.statistics.rates import rate, wilson
from joinedup.statistics.signals import signals
from joinedup.statistics.standardised import standardised_rate

PEER = Path(__file__).with_name("statistics_peer.py")
PACKAGES = ("phstatsmethods==0.1.16", "pandas<3")
SEED = 20261123
BANDS, POINTS, CHARTS, MANY = 19, 36, 10_000, 1_000_000


def invented(groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Events and people of so many groups by band; every group has ten events or more, as the package asks."""
    rng = np.random.default_rng(SEED)
    people = rng.integers(50, 2000, (groups, BANDS)).astype(np.float64)
    events = rng.poisson(people * np.geomspace(0.002, 0.08, BANDS)).astype(np.float64)
    return events + (events.sum(axis=1, keepdims=True) < 10), people


def processor(work: Callable[[], Any], runs: int) -> tuple[float, Any]:
    """The least processor time of the runs, and what came of the last."""
    times = []
    for _ in range(runs):
        began = time.process_time()
        made = work()
        times.append(time.process_time() - began)
    return min(times), made


def charts(values: np.ndarray) -> Any:  # noqa: ANN401 - what icons gives
    """Limits, rules and icons of charts."""
    limits = xmr(values)
    return icons(values, limits, signals(values, limits), 1, 50)


def ours(groups: int, runs: int) -> dict[str, float]:
    """Processor seconds of each statistic; the standardised rates of `groups` are kept for comparison elsewhere."""
    rng = np.random.default_rng(SEED)
    events, people = invented(MANY)
    values = rng.normal(50, 5, (CHARTS, POINTS))
    deaths, lived = rng.integers(1, 60, (MANY // 10, 20)), np.full((MANY // 10, 20), 1000.0)
    waits, which = rng.integers(0, 300, 5_000_000).astype(np.float64), rng.integers(0, 100_000, 5_000_000)
    total, of = events.sum(axis=1), people.sum(axis=1)
    work: dict[str, Callable[[], Any]] = {
        f"standardised rates of {MANY:,} groups by {BANDS} bands": lambda: standardised_rate(events, people),
        "the same at two levels of confidence": lambda: standardised_rate(events, people, confidence=(0.95, 0.998)),
        f"rates of {MANY:,} groups": lambda: rate(total, of, per=100_000),
        f"proportions of {MANY:,} groups": lambda: wilson(total, of),
        f"life expectancy of {MANY // 10:,} groups": lambda: life_expectancy(deaths, lived),
        "medians of 5,000,000 values in 100,000 groups": lambda: median(waits, which, 100_000),
        f"limits, rules and icons of {CHARTS:,} control charts of {POINTS} points": lambda: charts(values),
    }
    return {name: round(processor(each, runs)[0], 3) for name, each in work.items()}


def python_of_peer(folder: Path) -> str | None:
    """A Python that has the package, in an environment that uv makes for it; None where uv can't."""
    uv, where = ROOT / ".uv" / "bin" / "uv", folder / "peer"
    for command in ([uv, "venv", "--quiet", "--python", "3.11", where], [uv, "pip", "install", "--quiet", "--python", where, *PACKAGES]):
        done = subprocess.run([str(part) for part in command], stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            print(f"PHStatsMethods is left out: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            return None
    return str(where / "bin" / "python")


def beside(python: str, groups: int, runs: int, folder: Path) -> dict[str, Any]:
    """Both on the same groups: processor seconds, the ratio and the greatest relative difference; AssertionError above 1e-9."""
    events, people = invented(groups)
    np.savez(folder / "given.npz", events=events, people=people)
    told = subprocess.run([python, PEER, folder / "given.npz", folder / "made.npz"], check=True, capture_output=True, text=True)
    theirs = json.loads(told.stdout)
    seconds, made = processor(lambda: standardised_rate(events, people), runs)
    other = np.load(folder / "made.npz")
    apart = max(float(np.max(np.abs(getattr(made, name) / other[name] - 1))) for name in ("value", "lower", "upper"))
    assert apart < 1e-9, apart
    return {
        "groups": groups,
        "ours, processor seconds": round(seconds, 4),
        "PHStatsMethods, processor seconds": round(theirs["standardised"], 2),
        "times as fast": round(theirs["standardised"] / seconds),
        "greatest relative difference": apart,
        "what PHStatsMethods makes of what it can't take": theirs["faults"],
    }


def main() -> None:
    """The results on stdout and in benchmarks/results-statistics.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results-statistics.json")
    asked = parser.parse_args()
    told: dict[str, Any] = {"machine": machine(), "packages": PACKAGES}
    with tempfile.TemporaryDirectory() as folder:
        python = python_of_peer(Path(folder))
        told["beside PHStatsMethods"] = beside(python, asked.groups, asked.runs, Path(folder)) if python else "left out"
    told["ours, processor seconds"] = ours(asked.groups, asked.runs)
    asked.out.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()

"""Inventing and landing a place at several sizes: rows and people per second, and the most memory: `python benchmarks/synth.py`.

Each size is a run of `joinedup synth` with every extract of the place, and with `--land` a first `joinedup land` of them into an empty
store, matching and register counted. Peers are commands that make patients, given as
`--peer name=people=command`, and run beside it in the same go. Results are written to benchmarks/results-synth.json.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
from run import JOINEDUP, ROOT, Cost, cost_of, machine

from joinedup.kept.keys import write_new_key


def measured(place: str, people: int, years: int, workers: int, with_landing: bool) -> dict[str, object]:
    """What one size took and made."""
    with tempfile.TemporaryDirectory(prefix="joinedup-bench-") as folder:
        extracts = Path(folder) / "extracts"
        asked = ["--people", people, "--years", years, "--workers", workers, "--out", extracts, "--quiet"]
        cost = cost_of([*JOINEDUP, "synth", place, *asked])
        faults = pq.read_table(extracts / "truth" / "faults.parquet", columns=["file", "rows_in_file"])
        rows = pc.sum(faults.group_by("file").aggregate([("rows_in_file", "max")])["rows_in_file_max"]).as_py()
        size = sum(path.stat().st_size for path in extracts.rglob("*") if path.is_file())
        landing = {"landing": spent(landed(place, extracts, Path(folder)), rows, people)} if with_landing else {}
    about: dict[str, object] = {"people": people, "years": years, "workers": workers, "rows": rows, "MB written": round(size / 1e6)}
    return about | spent(cost, rows, people) | landing


def landed(place: str, extracts: Path, out: Path) -> Cost:
    """What a first landing of everything into an empty store took."""
    key = out / "bench.key"
    write_new_key(key)
    return cost_of([*JOINEDUP, "land", place, "--extracts", extracts, "--store", out / "store", "--key-file", key, "--quiet"])


def spent(cost: Cost, rows: int, people: int) -> dict[str, object]:
    """A command's cost, by row and by person too."""
    return {
        "seconds": cost.wall,
        "processor seconds": cost.cpu,
        "MB, the largest process": cost.memory,
        "rows per second": round(rows / cost.wall),
        "people per second": round(people / cost.wall),
        "processor microseconds per row": round(cost.cpu / rows * 1e6, 1),
    }


def peer(told: str) -> dict[str, object]:
    """What another simulator took, as a whole process."""
    name, people, command = told.split("=", 2)
    cost = cost_of(shlex.split(command))
    return {
        "name": name,
        "people": int(people),
        "seconds": cost.wall,
        "MB": cost.memory,
        "people per second": round(int(people) / cost.wall, 1),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """The figures on stdout and in benchmarks/."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--place", default="places/calderdale")
    options.add_argument("--people", type=int, nargs="+", default=[20_000, 210_000])
    options.add_argument("--years", type=int, default=3)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--land", action="store_true", help="land what was invented, too")
    options.add_argument("--peer", action="append", default=[], help="name=people=command")
    asked = options.parse_args(arguments)
    runs = [measured(asked.place, people, asked.years, asked.workers, asked.land) for people in asked.people]
    result = {"machine": machine(), "runs": runs, "peers": [peer(told) for told in asked.peer]}
    text = json.dumps(result, indent=1)
    (ROOT / "benchmarks" / "results-synth.json").write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()

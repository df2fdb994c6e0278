"""Five tables of a build on DuckDB, with the same SQL on Spark, and in Polars by hand; equal rows are asserted.

    python -m benchmarks.peers STORE [--polars PYTHON]

STORE holds a published build; each table is made anew from the build's own files, sorted and written as Parquet, by one process an engine,
two threads. PYTHON is one that has Polars, where this one hasn't. Results go into benchmarks/results-peers.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.run import ROOT, machine
from joinedup.build import all_specs
from joinedup.engine.duck import connect
from joinedup.engine.engines import open_engine
from joinedup.engine.manifest import read_manifest
from joinedup.engine.order import inputs_of
from joinedup.engine.results import result_columns
from joinedup.engine.store import Store

TABLES = ("activity_primary", "activity", "place_activity", "area_cost", "told_count")
TICKS = os.sysconf("SC_CLK_TCK")


def files_of(store: Store) -> dict[str, list[str]]:
    """Every table that the build made or read -> its files."""
    manifest = read_manifest(store)
    records = {**manifest.inputs, **manifest.tables}
    return {name: [str(store.root / file) for file in record.files] for name, record in records.items()}


def processor_seconds() -> float:
    """Of this process and of those that it started and that still run, as Spark's does."""
    mine = time.process_time()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            mine += (int(fields[11]) + int(fields[12])) / TICKS
    return mine


def made(engine_name: str, inputs: dict[str, list[str]], out: Path) -> dict[str, Any]:
    """What each table took on one of the builder's engines, in this process; its rows lie in `out`."""
    specs, taken = all_specs(), {}
    began = processor_seconds()
    engine = open_engine(engine_name, out / "tmp", threads=2)
    taken["starting"] = {"processor seconds": processor_seconds() - began}
    for name in TABLES:
        spec = specs[name]
        clock, processor = time.perf_counter(), processor_seconds()
        for read in sorted(inputs_of(spec)):
            engine.show(read, [Path(file) for file in inputs[read]])
        engine.write(spec, result_columns(spec, engine.types(spec), engine.quote), out / f"{name}.parquet")
        taken[name] = {"seconds": time.perf_counter() - clock, "processor seconds": processor_seconds() - processor}
    engine.close()
    return taken | {"version": version({"duckdb": "duckdb", "spark": "pyspark"}[engine_name])}


def differing(inputs: dict[str, list[str]], out: Path) -> list[str]:
    """Tables whose rows aren't those of the build: their number, and the sum and parity of a hash of each row, cast as declared."""
    with connect() as connection:

        def told(name: str, files: list[str]) -> object:
            columns = ", ".join(f'CAST("{column.name}" AS {column.type})' for column in all_specs()[name].columns)
            row = f"hash({columns})"
            sql = f"SELECT count(*), sum(CAST({row} AS HUGEINT)), bit_xor({row}) FROM read_parquet(?)"
            return connection.execute(sql, [files]).fetchall()

        return [name for name in TABLES if told(name, inputs[name]) != told(name, [str(out / f"{name}.parquet")])]


def ratios(taken: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Processor time of each engine as a multiple of DuckDB's, by table and for all together."""
    duck = taken["duckdb"]
    told = {}
    for engine, each in taken.items():
        by_table = {name: each[name]["processor seconds"] for name in TABLES}
        told[engine] = {name: round(seconds / duck[name]["processor seconds"], 2) for name, seconds in by_table.items()}
        told[engine]["all five"] = round(sum(by_table.values()) / sum(duck[name]["processor seconds"] for name in TABLES), 2)
    return told


def main() -> None:
    """The ratios on stdout and in benchmarks/results-peers.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--polars", default=sys.executable, help="a Python that has Polars")
    parser.add_argument("--engine", choices=["duckdb", "spark"], help="make the tables in this process, and say what it took")
    parser.add_argument("--into", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results-peers.json")
    asked = parser.parse_args()
    inputs = files_of(Store(asked.store))
    if asked.engine:
        print(json.dumps(made(asked.engine, inputs, asked.into)))
        return
    taken: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "inputs.json"
        listed.write_text(json.dumps(inputs), encoding="utf-8")
        for engine in ("duckdb", "polars", "spark"):
            into = Path(folder) / engine
            into.mkdir()
            ours = [sys.executable, "-m", "benchmarks.peers", asked.store, "--engine", engine, "--into", into]
            theirs = [asked.polars, ROOT / "benchmarks" / "peers_polars.py", listed, into]
            command = [str(part) for part in (theirs if engine == "polars" else ours)]
            two = os.environ | {"POLARS_MAX_THREADS": "2"}
            said = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, env=two).stdout
            taken[engine] = json.loads(said.splitlines()[-1])
            different = differing(inputs, into)
            if different:
                raise SystemExit(f"{engine} gives other rows in {', '.join(different)}")
    rows = {name: read_manifest(Store(asked.store)).tables[name].rows for name in TABLES}
    load = round(os.getloadavg()[0], 1)
    result = {"machine": machine() | {"load, a minute": load}, "rows": rows, "taken": taken, "processor time over DuckDB's": ratios(taken)}
    asked.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result["processor time over DuckDB's"], indent=1))


if __name__ == "__main__":
    main()

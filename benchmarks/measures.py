"""Counting all lines of all measures by all declared cuts beside one GROUP BY of each event table on all their keys, in one run.

    python -m benchmarks.measures PLACE STORE [--times 5] [--threads 1]

Both join events with months and people as the build does, read Parquet and write Parquet. The rest of the tables of
measures, and the door's computing of every measure by neighbourhood, are recorded beside. Processor time, the least of
so many times. Results go into benchmarks/results-measures.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.run import ROOT, machine
from joinedup.access.aggregates import open_aggregates
from joinedup.access.caller import caller_for
from joinedup.build import all_specs
from joinedup.engine.duck import connect
from joinedup.engine.lying import rows_sql
from joinedup.engine.manifest import read_manifest
from joinedup.engine.order import inputs_of
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.outcomes.cell_sql import by_keys_sql
from joinedup.outcomes.measure_folder import definitions
from joinedup.outcomes.measure_keys import KEYS, Source
from joinedup.outcomes.measure_lines import PEOPLE, Line, every_line
from joinedup.place.folder import read_place
from joinedup.sources.contract import contracts

MADE = ("line_basis", "measure_exposure", "measure_cell", "measure_known")
RESULTS = ROOT / "benchmarks" / "results-measures.json"


def views(con: duckdb.DuckDBPyConnection, specs: Mapping[str, TableSpec], store: Store) -> None:
    """Every table that is read, as the build has it in its files."""
    manifest = read_manifest(store)
    for name in sorted({name for table in MADE for name in inputs_of(specs[table])} - set(MADE)):
        record = manifest.tables.get(name) or manifest.inputs[name]
        con.execute(f"CREATE VIEW {name} AS {rows_sql(record.lying(store.root))}").fetchall()


def seconds(con: duckdb.DuckDBPyConnection, sql: str, path: Path) -> float:
    """Processor seconds of a query whose rows are written to a Parquet file."""
    began = time.process_time()
    con.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)").fetchall()
    return time.process_time() - began


def measure(folder: Path, where: Path, times: int, threads: int) -> dict[str, Any]:
    """The least processor time of each table, of the GROUP BY and of the door, and the ratio."""
    place, store = read_place(folder, contract_names=tuple(contracts())), Store(where)
    specs, measures = all_specs(place), definitions(place.folder)
    lines = every_line(measures, specs)
    tables = sorted({line.table for line in lines.values()} - {PEOPLE})
    baseline = by_keys_sql(Source(table, table, "events", {table: Line(table, (), None, False, ())}, {"all": KEYS}) for table in tables)
    least: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as work:
        con = connect(threads=threads)
        views(con, specs, store)
        for _ in range(times):
            least["baseline"] = min(least.get("baseline", 9e9), seconds(con, baseline, Path(work) / "baseline.parquet"))
            for name in MADE:
                path = Path(work) / f"{name}.parquet"
                least[name] = min(least.get(name, 9e9), seconds(con, str(specs[name].sql), path))
                con.execute(f"CREATE OR REPLACE VIEW {name} AS FROM read_parquet('{path}')").fetchall()
        rows = {name: con.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in (*tables, *MADE)}
    door = open_aggregates(store, place, caller_for(place, "planning"))
    began = time.process_time()
    for each in door.measure_list():
        door.measure(
            each.id, area_type="neighbourhood" if "neighbourhood" in each.areas else "place", period="year" if each.yearly else "month"
        )
    return {
        "machine": machine(),
        "threads": threads,
        "times": times,
        "measures": len(measures),
        "lines": len(lines),
        "rows": rows,
        "seconds": {name: round(value, 4) for name, value in least.items()},
        "seconds_door_all_measures": round(time.process_time() - began, 3),
        "ratio_counting": round(least["measure_cell"] / least["baseline"], 1),
    }


def main() -> None:
    """The figures on stdout and in benchmarks/."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place", type=Path)
    parser.add_argument("store", type=Path)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    found = measure(asked.place, asked.store, asked.times, asked.threads)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

"""`person_year` for three years beside one GROUP BY person, year over `activity`, of a build, in turn in one run.

    python -m benchmarks.person_year PLACE STORE [--times 5] [--threads 1]

Both read Parquet and write Parquet. Measured are all tables that exist for person_year alone, each by its own SQL, in
their order and sorted as a build sorts them. Conditions, scores and place_activity are read as the build has them:
other tables and pages read them too. Processor time, the least of so many times. It needs a build that has these
tables; results go into benchmarks/results-person-year.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

import joinedup.place.tables as place_tables
from benchmarks.run import ROOT, machine
from joinedup.build import all_specs
from joinedup.engine.duck import connect
from joinedup.engine.lying import rows_sql
from joinedup.engine.order import inputs_of, order
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from joinedup.place.folder import read_place
from joinedup.sources.contract import contracts

MADE = (
    "belonging_spell",
    "package_year_days",
    "place_spell",
    "year_contract",
    "year_basis",
    "practice_year",
    "practice_basis",
    "person_year_days",
    "person_year_base",
    "person_year_use",
    "person_year_sector",
    "person_year_condition",
    "person_year",
)
"""What exists for person_year; place_activity, conditions and scores are there for others too."""
BASELINE = "SELECT person_id, extract(YEAR FROM starts) AS year, count(*) AS activities, sum(cost_pence) AS cost FROM activity GROUP BY ALL"
RESULTS = ROOT / "benchmarks" / "results-person-year.json"


def views(con: duckdb.DuckDBPyConnection, folder: Path, store: Path) -> None:
    """Every table that is read, as the build has it."""
    specs, manifest = all_specs(), Reader(Store(store)).manifest
    given = place_tables.tables(read_place(folder, contract_names=tuple(contracts())))
    for name in {name for table in MADE for name in inputs_of(specs[table])} - set(MADE):
        lies = manifest.tables.get(name) or manifest.inputs.get(name)
        if lies is not None:
            con.execute(f"CREATE VIEW {name} AS {rows_sql(lies.lying(store))}")
        elif name in given:
            con.register(f"given_{name}", given[name])
            con.execute(f"CREATE TABLE {name} AS FROM given_{name}")
        else:
            con.execute(f"CREATE TABLE {name} AS FROM read_csv('{specs[name].csv}')")


def seconds(con: duckdb.DuckDBPyConnection, sql: str, path: Path) -> float:
    """Processor seconds of a query whose rows are written to a Parquet file."""
    began = time.process_time()
    con.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
    return time.process_time() - began


def measure(folder: Path, store: Path, times: int, threads: int) -> dict[str, Any]:
    """The least processor time of each table and of the GROUP BY, and their ratio."""
    specs = all_specs()
    ours = [spec for spec in order(specs) if spec.table in MADE]
    least: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as work:
        con = connect(threads=threads)
        views(con, folder, store)
        for _ in range(times):
            least["baseline"] = min(least.get("baseline", 9e9), seconds(con, BASELINE, Path(work) / "baseline.parquet"))
            for spec in ours:
                path = Path(work) / f"{spec.table}.parquet"
                sql = f"SELECT * FROM ({spec.sql}) ORDER BY {', '.join(spec.order)}"
                least[spec.table] = min(least.get(spec.table, 9e9), seconds(con, sql, path))
                con.execute(f"CREATE OR REPLACE VIEW {spec.table} AS FROM read_parquet('{path}')")
        rows = {name: con.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in ("activity", "person_year")}
    whole = sum(value for name, value in least.items() if name != "baseline")
    return {
        "machine": machine(),
        "threads": threads,
        "times": times,
        "rows": rows,
        "seconds": {name: round(value, 4) for name, value in least.items()},
        "ratio_all_tables": round(whole / least["baseline"], 1),
        "ratio_person_year_alone": round(least["person_year"] / least["baseline"], 1),
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

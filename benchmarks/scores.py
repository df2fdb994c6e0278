"""Charlson and frailty scores of invented people with the package's own SQL, beside pycomorb and comorbidipy; equal scores are asserted.

    python -m benchmarks.scores [--people 100000 1000000] [--python-3.13 PYTHON]

Five diagnoses a person on average, in one Parquet file that each reads. Ours runs every query from coded entries to person_score: distinct
codes, codes in lists, entries of lists, scores. uv makes an environment for each package; comorbidipy 0.8 needs Python 3.13: where uv
finds none and none is named, it is left out, and the results say so. Results go into
benchmarks/results-scores.json: processor time of whole processes, since the clock tells of other work on the machine too.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.run import ROOT, machine
from joinedup.build import all_specs
from joinedup.engine.duck import connect
from joinedup.engine.order import inputs_of
from joinedup.population.code_list_tables import version_table
from joinedup.population.code_lists import read_code_lists
from joinedup.population.score_tables import score_tables, weighted_lists
from joinedup.population.scores import scores

PEER = Path(__file__).with_name("scores_peer.py")
PACKAGES = {"pycomorb": ("pycomorb==1.20261001.1", "3.11"), "comorbidipy": ("comorbidipy==0.8.0", "3.13")}
COMPARED = ("charlson_shmi", "charlson_quan", "charlson_quan_2011", "hospital_frailty")
SEED, EACH = 20261123, 5
YEAR = (date(2025, 4, 1), date(2026, 4, 1))
EMPTY = ("coded_field", "person_medicines", "person", "counted_spell")
"""Tables that these scores have no rows from."""
OURS = """
import json, sys, duckdb
connection = duckdb.connect(config={"threads": 2})
connection.execute("SET enable_progress_bar = false")
for query in json.load(open(sys.argv[1])):
    connection.execute(query)
connection.execute(f"COPY person_score TO '{sys.argv[2]}' (FORMAT parquet)")
"""


def codes() -> np.ndarray:
    """Listed codes, each with digits behind it too, and twice as many that no list has, as hospitals write them."""
    lists, _ = read_code_lists()
    listed = sorted({code.code for each in lists if each.list_id in (*COMPARED, "charlson_quan") for code in each.codes})
    long = [code if len(code) > 3 else f"{code:0<3}{digit}"[:4] for code in listed for digit in "0189"]
    chapters = "ABDHJLMNOPQRSTZ"
    other = [f"{letter}{number:02}{digit}" for letter in chapters for number in range(100) for digit in ("", "3", "7")]
    return np.array(sorted({*(code for code in listed if len(code) > 2), *long, *other}), dtype=object)


def invent(people: int, file: Path) -> None:
    """Diagnoses of so many people into a file: few have many, many have few, and common codes are common."""
    rng = np.random.default_rng(SEED)
    pool = rng.permutation(codes())
    rows = people * EACH
    share = 1 / np.arange(1, len(pool) + 1) ** 0.7
    drawn = rng.choice(len(pool), rows, p=share / share.sum())
    person = 1 + (people * rng.power(2, rows)).astype(np.int64).clip(0, people - 1)
    person[:people] = np.arange(1, people + 1)  # everyone has one, since pycomorb tells of nobody else
    days = rng.integers(0, 365, rows)
    table = pa.table(
        {
            "person_id": person,
            "code": pa.DictionaryArray.from_arrays(pa.array(drawn.astype(np.int32)), pa.array(pool)).cast(pa.string()),
            "coded_on": pa.array(np.datetime64(YEAR[0]) + days),
            "age": ((person * 7919) % 90).astype(np.int32),
        }
    )
    pq.write_table(table, file)


def prepare(folder: Path, diagnoses: Path) -> None:
    """What a build would have at hand into a folder: the definitions as Parquet, and the queries, each after what it reads."""
    specs = all_specs()
    lists, _ = read_code_lists()
    wanted = [each for each in lists if each.list_id in COMPARED]
    about = score_tables([score for score in scores(None, weighted_lists(lists))[0] if score.spec.id in COMPARED])
    for name, table in {"code_list_version": version_table(wanted), **about}.items():
        pq.write_table(table, folder / f"{name}.parquet")
    given = {
        "diagnosis": f"""SELECT 1 AS file_id, person_id, 'ICD-10' AS system, code, coded_on, CAST(NULL AS BIGINT) AS activity_id
            FROM read_parquet('{diagnoses}')""",
        "may_use": "SELECT DISTINCT person_id, TRUE AS planning, TRUE AS practice_planning FROM diagnosis",
        "file_use": "SELECT 1 AS file_id, 'apc' AS contract, TRUE AS planning, FALSE AS held_by_practice",
        "place_parameter": f"SELECT DATE '{YEAR[1] - timedelta(1)}' AS as_at",
        "place_year": f"SELECT DATE '{YEAR[0]}' AS year_starts, DATE '{YEAR[1]}' AS year_ends",
        "score_basis": """SELECT score_id, y.*, y.year_ends - window_days AS window_starts, TRUE AS known
            FROM score_about CROSS JOIN place_year AS y""",
    }
    read = {f"{name}": f"SELECT * FROM read_parquet('{folder / name}.parquet')" for name in ("code_list_version", *about)}
    steps = after_inputs("person_score", {*given, *read, *EMPTY})
    views = read | {"diagnosis": given.pop("diagnosis")}
    for name in (*EMPTY, *(step for step in steps if not specs[step].sql)):
        spec = specs[name]
        empty = f"SELECT {', '.join(f'CAST(NULL AS {column.type}) AS {column.name}' for column in spec.columns)} WHERE FALSE"
        views[name] = f"SELECT * FROM read_csv('{spec.csv}', all_varchar = true)" if spec.csv else empty
    made = given | {step: specs[step].sql or "" for step in steps if specs[step].sql}
    queries = [f"CREATE VIEW {name} AS {sql}" for name, sql in views.items()] + [
        f"CREATE TABLE {name} AS {sql}" for name, sql in made.items()
    ]
    (folder / "queries.json").write_text(json.dumps(queries), encoding="utf-8")


def after_inputs(table: str, there: set[str]) -> list[str]:
    """What a table is made from and isn't there, each after what it reads, and the table."""
    before = [name for read in sorted(inputs_of(all_specs()[table])) if read not in there for name in after_inputs(read, there)]
    return [*dict.fromkeys(before), table]


def python_for(package: str, folder: Path, newer: str | None) -> str | None:
    """A Python that has a package, in an environment that uv makes for it; None where uv can't."""
    requirement, python = PACKAGES[package]
    uv, where = ROOT / ".uv" / "bin" / "uv", folder / package
    chosen = newer if newer and python == "3.13" else python
    for command in ([uv, "venv", "--quiet", "--python", chosen, where], [uv, "pip", "install", "--quiet", "--python", where, requirement]):
        done = subprocess.run([str(part) for part in command], stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            print(f"{package} is left out: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            return None
    return str(where / "bin" / "python")


def taken(command: list[str]) -> dict[str, float]:
    """What a command took, as a whole process on two threads."""
    before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, env=os.environ | {"POLARS_MAX_THREADS": "2"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"processor seconds": round(processor, 2), "seconds": round(time.perf_counter() - clock, 2)}


def differing(mine: Path, theirs: Path) -> dict[str, int]:
    """Score -> people whose value differs by more than the last digits of a fraction; who has no row of ours has 0."""
    with connect() as connection:
        return {
            name: connection.execute(
                f"""
                SELECT count(*) FROM read_parquet('{theirs}') AS t
                FULL JOIN (FROM read_parquet('{mine}') WHERE score_id = '{name}') AS m ON m.person_id = t.person_id
                WHERE t.person_id IS NULL OR abs(CAST(t."{name}" AS DOUBLE) - coalesce(m.value, 0)) > 1e-9
                """
            ).fetchall()[0][0]
            for name in COMPARED
        }


def measured(people: int, pythons: dict[str, str], runs: int) -> dict[str, Any]:
    """What each took for so many people, in turn and the least of the runs, and for how many people the scores differ."""
    with tempfile.TemporaryDirectory() as folder:
        file, mine = Path(folder) / "diagnoses.parquet", Path(folder) / "ours.parquet"
        invent(people, file)
        prepare(Path(folder), file)
        commands = {"ours": [sys.executable, "-c", OURS, str(Path(folder) / "queries.json"), str(mine)]}
        commands |= {name: [python, str(PEER), name, str(file), str(Path(folder) / f"{name}.parquet")] for name, python in pythons.items()}
        each = [{name: taken(command) for name, command in commands.items()} for _ in range(runs)]
        least = {name: min((run[name] for run in each), key=lambda cost: cost["processor seconds"]) for name in commands}
        told: dict[str, Any] = {"rows": pq.read_metadata(file).num_rows, "taken": least}
        for name in pythons:
            told[f"{name} as a multiple of ours"] = {
                kind: round(least[name][kind] / least["ours"][kind], 2) for kind in ("processor seconds", "seconds")
            }
            told[f"people whose score differs from {name}'s"] = differing(mine, Path(folder) / f"{name}.parquet")
    return told


def main() -> None:
    """The results on stdout and in benchmarks/results-scores.json; AssertionError where a score isn't pycomorb's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--python-3.13", dest="newer", help="a Python 3.13, where uv doesn't find one")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results-scores.json")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {package: python_for(package, Path(folder), asked.newer) for package in PACKAGES}
        pythons = {package: python for package, python in found.items() if python}
        told = {
            "machine": machine(),
            "packages": PACKAGES,
            "people": {str(people): measured(people, pythons, asked.runs) for people in asked.people},
        }
    told["left out"] = [package for package, python in found.items() if not python]
    asked.out.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=2))
    unequal = {
        people: each["people whose score differs from pycomorb's"] for people, each in told["people"].items() if "pycomorb" in pythons
    }
    assert not any(count for each in unequal.values() for count in each.values()), unequal


if __name__ == "__main__":
    main()

"""A large CSV file with one broken line beside the same file sound: seconds and the most memory that staging takes, each by itself.

python benchmarks/broken_line.py [--megabytes 200] [--memory-limit 1GB]
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

from joinedup.engine.duck import connect
from joinedup.place.model import Place, Source
from joinedup.sources.contract_cases import AS_AT
from joinedup.sources.landing import stage

HEADER = "NHS_NUMBER,EPIKEY,ADMIDATE,ADMIMETH,DISDATE,DIAG_01,SITETRET,FINAL_PRICE\n"
ROW = "9990000018,{},2025-{:02}-{:02},21,2025-12-31,I219,LEICESTER ROYAL INFIRMARY,1234.50\n"
KINDS = {"sound": "{}", "a field too many": "more,{}", "an open quote": '"{}'}


def write(path: Path, megabytes: int, kind: str) -> int:
    """The rows of a file of that size, the middle one broken."""
    rows = megabytes * 1_000_000 // len(ROW.format(1_000_000, 1, 1))
    with path.open("w") as file:
        file.write(HEADER)
        file.writelines(
            KINDS[kind].format(line) if number == rows // 2 else line
            for number, line in ((number, ROW.format(number, number % 12 + 1, number % 28 + 1)) for number in range(1, rows + 1))
        )
    return rows


def measure(path: Path, kind: str, rows: int, memory_limit: str | None) -> None:
    """Nothing; what staging the file took is printed."""
    source = Source(name="apc", partner="trust", contract="apc", files=(path.name,))
    place = Place(
        id="bench",
        name="Bench",
        folder=Path(),
        as_at=AS_AT,
        neighbourhoods=(),
        partners=(),
        practices=(),
        memberships=(),
        sources=(source,),
    )
    connection = connect(threads=2, spill=path.parent / "spill", memory_limit=memory_limit)
    connection.execute("SET enable_progress_bar = false")
    began = time.perf_counter()
    staging = stage(connection, place, path.parent)
    seconds = time.perf_counter() - began
    found = [(finding.rule, finding.rows) for finding in staging.findings if finding.rows]
    assert kind == "sound" or [rows_of for _, rows_of in found] == [(rows // 2,)], found
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{kind:<17} {rows:>10,} rows  {seconds:6.1f} s  {peak:7,.0f} MB  {found or ''}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--megabytes", type=int, default=200)
    options.add_argument("--memory-limit")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            path = Path(folder) / "apc.csv"
            rows = write(path, chosen.megabytes, kind)
            process = multiprocessing.get_context("spawn").Process(target=measure, args=(path, kind, rows, chosen.memory_limit))
            process.start()
            process.join()

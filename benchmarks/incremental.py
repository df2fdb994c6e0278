"""One new month against a build from nothing, by processor time, in one run.

    python -m benchmarks.incremental --base STORE --place places/calderdale

STORE holds one landing; it is only read. Its big tables are put into parts by the month of their rows, as monthly files would be: a row's
file gets a number for each month. Then all but the last month are built, all of it after that, and all of it in an empty store; the rows
of the last two are the same, or the run stops. The as-at date stays, and so do tables too small for parts: of those nothing is new.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import duckdb

from joinedup.build import all_specs, landed_inputs, place_inputs
from joinedup.engine.builder import InputFile, PartFile, build
from joinedup.engine.manifest import Manifest
from joinedup.engine.measuring import processor_seconds
from joinedup.engine.objects import sha256_of
from joinedup.engine.parts import digest_of
from joinedup.engine.reader import Reader
from joinedup.engine.rows import same_rows
from joinedup.engine.store import Store
from joinedup.place.folder import read_place
from joinedup.sources.contract import contracts
from joinedup.sources.landed import read_landing
from joinedup.sources.parting import ROWS_WORTH_PARTS

MONTHS = 100
"""Numbers that each file is given: more than there are months in a landing."""


def in_months(inputs: Mapping[str, InputFile], folder: Path, least: int) -> dict[str, InputFile]:
    """The landed tables, those of so many rows in parts by month; `landed_file` and what names files know the new numbers."""
    con, found = duckdb.connect(), dict(inputs)
    numbered = "file_id * {months} + {month}".format(months=MONTHS, month="{month}")
    for contract in contracts().values():
        name = contract.landed_spec().table
        if name not in inputs or contract.dated_by is None or inputs[name].parts:
            continue
        rows = f"read_parquet('{inputs[name].path}')"
        day = contract.landed(contract.dated_by)
        months = f"coalesce(least(greatest(datediff('month', DATE '2023-12-01', {day}), 0), {MONTHS - 1}), 0)"
        big = inputs[name].rows >= least
        values = [each for (each,) in con.sql(f"SELECT DISTINCT {months} FROM {rows} ORDER BY 1").fetchall()] if big else [None]
        parts = []
        for month in values:
            path = folder / f"{name}.{month}.parquet"
            where = f"WHERE {months} = {month}" if big else ""
            number = numbered.format(month=month or 0)
            con.execute(
                f"COPY (SELECT * REPLACE (CAST({number} AS INTEGER) AS file_id) FROM {rows} {where}) TO '{path}' (COMPRESSION zstd)"
            )
            [(count, files)] = con.sql(f"SELECT count(*), coalesce(list(DISTINCT file_id), []) FROM '{path}'").fetchall()
            value = f"{2023 + (month + 11) // 12}-{(month + 11) % 12 + 1:02}" if big else "whole"
            parts.append(PartFile(value, path, sha256_of(path), count, tuple(files)))
        one = parts[0]
        found[name] = (
            InputFile(folder, digest_of(parts), sum(part.rows for part in parts), tuple(parts))
            if big
            else InputFile(one.path, one.digest, one.rows)
        )
    path = folder / "landed_file.parquet"
    number = f"CAST(file_id * {MONTHS} + month AS INTEGER) AS file_id"
    every = (
        f"SELECT * EXCLUDE (month) REPLACE ({number}) FROM read_parquet('{inputs['landed_file'].path}'), range({MONTHS}) AS months(month)"
    )
    con.execute(f"COPY (SELECT * FROM ({every}) ORDER BY file_id) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    found["landed_file"] = replace(inputs["landed_file"], path=path, digest=sha256_of(path), rows=inputs["landed_file"].rows * MONTHS)
    return found


def without(inputs: Mapping[str, InputFile], last: str) -> dict[str, InputFile]:
    """The same before the last month came."""
    return {name: _without(file, last) for name, file in inputs.items()}


def _without(file: InputFile, last: str) -> InputFile:
    kept = tuple(part for part in file.parts if part.value < last)
    return replace(file, parts=kept, digest=digest_of(kept), rows=sum(part.rows for part in kept)) if kept else file


def timed(inputs: Mapping[str, InputFile], store: Store, turn: int) -> tuple[Manifest, float]:
    """A build, and what it had of processors."""
    began = processor_seconds()
    made = build(all_specs(), inputs, store, about={"turn": turn})
    return made, processor_seconds() - began


def main() -> None:
    """The ratio, and the tables that took most of the new month."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--base", type=Path, required=True)
    asked.add_argument("--place", type=Path, required=True)
    asked.add_argument("--rows-worth-parts", type=int, default=ROWS_WORTH_PARTS)
    given = asked.parse_args()
    work, base = Path(tempfile.mkdtemp(prefix="incremental-", dir=given.base.parent)), Store(given.base)
    try:
        (work / "landed").mkdir()
        place, landing = read_place(given.place), read_landing(base)
        one, other = Store(work / "one").create(), Store(work / "other").create()
        landed = in_months(landed_inputs(landing, base), work / "landed", given.rows_worth_parts)
        last = f"{place.as_at:%Y-%m}"
        beside = {store: place_inputs(place, store, all_specs()) for store in (one, other)}
        timed(without(landed, last) | beside[one], one, 1)
        month, new = timed(landed | beside[one], one, 2)
        full, whole = timed(landed | beside[other], other, 1)
        differing = [name for name in full.tables if same_rows(Reader(one).table(name), Reader(other).table(name))]
        if differing:
            raise SystemExit(f"the new month gives other rows than a build from nothing in {', '.join(differing)}")
        print(f"{time.strftime('%Y-%m-%d')}: {full.tables['person'].rows:,} people, {full.tables['activity'].rows:,} activities")
        print(f"a build from nothing: {whole:.1f} s of processor; one new month: {new:.1f} s, {new / whole:.0%} of it")
        cost = {name: (each.measured.thread_seconds or 0) for name, each in month.tables.items() if not each.reused and each.measured}
        for name in sorted(cost, key=lambda name: -cost[name])[:12]:
            parts = month.tables[name].parts
            made = f"{sum(not part.reused for part in parts)} of {len(parts)} parts" if parts else "whole"
            print(f"  {name:<24} {cost[name]:7.2f} s   {made}")
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()

"""One new month against a build from nothing, by processor time, in one run.

    python -m benchmarks.incremental --base STORE --place places/calderdale [--times 5]

STORE holds one landing; it is only read. Its people are laid into it so many `--times` over, and its big tables into parts as monthly files
would be: a row's file gets a number for each month. Three builds follow: of the month before, of the new month after it, and of the new
month in an empty store; the rows of the last two are the same, or the run stops.

The month before is as a landing of one: nothing of the last month is there, nor who was first registered or objected in it; nobody had
left in it; the as-at date is a month earlier. Of the four months before the last some rows have since been sent again, as two landings of
20,000 invented people had them (CORRECTED), and of so many people one was not linked yet (--one-relinked-in; 0 for none).
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb

from benchmarks.replicated import replicate
from joinedup.build import all_specs, landed_inputs, place_inputs
from joinedup.engine.builder import InputFile, PartFile, build
from joinedup.engine.lying import rows_sql
from joinedup.engine.manifest import Manifest
from joinedup.engine.measuring import processor_seconds
from joinedup.engine.objects import sha256_of
from joinedup.engine.parts import WHOLE, digest_of
from joinedup.engine.reader import Reader
from joinedup.engine.rows import same_rows
from joinedup.engine.store import Store
from joinedup.periods import add_months
from joinedup.place.folder import read_place
from joinedup.sources.contract import ContractSpec, contracts
from joinedup.sources.landed import read_landing
from joinedup.sources.parting import GOES_ON, GOING_ON, ROWS_WORTH_PARTS, part_of_month
from joinedup.sources.synthetic.month_before import place_before

MONTHS = 100
"""Numbers that each file is given: more than there are months in a landing."""
CORRECTED = {1: 27, 2: 22, 3: 13, 4: 7}
"""Of the month so many before the last, the rows in 1,000 that it sends again (prescriptions of 20,000 people, sent monthly)."""
RELINKED = 10_000
"""One person in so many is linked otherwise after a landing (two of 20,000 were, as numbers were traced and superseded)."""
ROWS_AGAIN = 1_000_000_000
"""Added to the row number of what is sent again."""
TO_SORT = 1_000_000
"""Rows from which on two tables are compared by a sum of hashes, not one by one."""
LEFT = "end_date_gmp_patient_registration"


@dataclass(frozen=True)
class Months:
    """Landed tables as monthly files would have brought them."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    as_at: date
    least: int
    """Rows from which on a table lies in parts."""
    relinked: int

    @property
    def first(self) -> date:
        """The month before all others: what is older or has no day lies there."""
        return add_months(self.as_at.replace(day=1), -27)

    @property
    def last(self) -> int:
        """The number of the last month."""
        return (self.as_at.year - self.first.year) * 12 + self.as_at.month - self.first.month

    def inputs(self, inputs: Mapping[str, InputFile], *, before: bool) -> dict[str, InputFile]:
        """All landed tables, as they are or as they were a month before."""
        known = {contract.landed_spec().table: contract for contract in contracts().values()}
        dated = {name: contract for name, contract in known.items() if name in inputs and contract.dated_by}
        found = {name: self.table(inputs[name], name, contract, before=before) for name, contract in dated.items()}
        return dict(inputs) | found | {"landed_file": self.files(inputs["landed_file"], before=before)}

    def table(self, file: InputFile, name: str, contract: ContractSpec, *, before: bool) -> InputFile:
        """One landed table."""
        rows = f"read_parquet({[str(path) for path in file.files]})"
        columns = {column for column, *_ in self.connection.sql(f"DESCRIBE SELECT * FROM {rows}").fetchall()}
        state, day = "before" if before else "now", contract.landed(contract.dated_by or "")
        day = day if day in columns else "CAST(NULL AS DATE)"
        month = f"coalesce(least(greatest(datediff('month', DATE '{self.first}', {day}), 0), {self.last}), 0)"
        big = file.rows >= self.least and not contract.lists
        again = f"({self.again(month)})" if big else "false"
        other = {"file_id": f"CAST(file_id * {MONTHS} + {'month' if big else 0} AS INTEGER)"}
        if not before:
            other["source_row"] = f"source_row + CASE WHEN again THEN {ROWS_AGAIN} ELSE 0 END"
        elif self.relinked and "person_id" in columns:
            other["person_id"] = f"CASE WHEN hash(person_id) % {self.relinked} = 0 THEN NULL ELSE person_id END"
        if before and LEFT in columns:
            other[LEFT] = f"CASE WHEN {LEFT} < DATE '{self.as_at.replace(day=1)}' THEN {LEFT} END"
        now = month if before else f"CASE WHEN {again} THEN {self.last} ELSE {month} END"
        told = ", ".join(f"{sql} AS {column}" for column, sql in other.items())
        query = f"SELECT * EXCLUDE (month, again) REPLACE ({told}) FROM (SELECT *, {now} AS month, {again} AS again FROM {rows})"
        query += f" WHERE month < {self.last}" if before else " WHERE true"
        if not big:
            path = self.written(f"{query}", f"{name}.{state}.parquet")
            return InputFile(path, sha256_of(path), self.count(path))
        on = GOING_ON if contract.contract in GOES_ON else ""
        parts = [self.part(query, name, state, f"{value}{on}", months) for value, months in self.values().items()]
        there = tuple(part for part in parts if part.rows)
        return InputFile(self.folder, digest_of(there), sum(part.rows for part in there), there)

    def again(self, month: str) -> str:
        """Whether a row of a month is sent again in the last, as SQL."""
        share = " ".join(f"WHEN {self.last - back} THEN {share}" for back, share in CORRECTED.items())
        return f"hash(file_id, source_row) % 1000 < CASE {month} {share} ELSE 0 END"

    def values(self) -> dict[str, list[int]]:
        """Part -> the numbers of its months."""
        found: dict[str, list[int]] = {}
        for number in range(self.last + 1):
            found.setdefault(part_of_month(add_months(self.first, number), self.as_at), []).append(number)
        return found

    def part(self, query: str, name: str, state: str, value: str, months: Sequence[int]) -> PartFile:
        """The part of some months."""
        path = self.written(f"{query} AND month IN ({', '.join(map(str, months))})", f"{name}.{state}.{value}.parquet")
        files = [each for (each,) in self.connection.sql(f"SELECT DISTINCT file_id FROM '{path}' ORDER BY 1").fetchall()]
        return PartFile(value, path, sha256_of(path), self.count(path), tuple(files))

    def files(self, file: InputFile, *, before: bool) -> InputFile:
        """The files of a landing, each as many as there are months."""
        number = f"CAST(file_id * {MONTHS} + month AS INTEGER) AS file_id"
        months = f"range({self.last if before else self.last + 1}) AS months(month)"
        every = f"SELECT * EXCLUDE (month) REPLACE ({number}) FROM read_parquet({[str(path) for path in file.files]}), {months}"
        path = self.written(f"SELECT * FROM ({every}) ORDER BY file_id", f"landed_file.{'before' if before else 'now'}.parquet")
        return replace(file, path=path, digest=sha256_of(path), rows=self.count(path))

    def written(self, query: str, name: str) -> Path:
        """The file of a query's rows."""
        path = self.folder / name
        self.connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
        return path

    def count(self, path: Path) -> int:
        """How many rows a file has."""
        [(rows,)] = self.connection.sql(f"SELECT count(*) FROM '{path}'").fetchall()
        return int(rows)


def timed(inputs: Mapping[str, InputFile], store: Store, turn: int) -> tuple[Manifest, float]:
    """A build, and what it had of processors."""
    began = processor_seconds()
    made = build(all_specs(), inputs, store, about={"turn": turn})
    return made, processor_seconds() - began


def differs(name: str, one: Store, other: Store) -> bool:
    """Whether a table of two stores has other rows in one than in the other."""
    readers = Reader(one), Reader(other)
    if readers[0].manifest.tables[name].rows < TO_SORT:
        return bool(same_rows(readers[0].table(name), readers[1].table(name)))
    columns = ", ".join(f'"{column}"' for column in all_specs()[name].names)
    rows = (rows_sql(reader.manifest.tables[name].lying(reader.store.root)) for reader in readers)
    sums = [duckdb.sql(f"SELECT count(*), sum(CAST(hash({columns}) AS HUGEINT)) FROM ({each})").fetchall() for each in rows]
    return bool(sums[0] != sums[1])


def told(month: Manifest, full: Manifest, new: float, whole: float) -> None:
    """Nothing; the ratio and the tables that took most of the new month are printed."""
    print(f"{time.strftime('%Y-%m-%d')}: {full.tables['person'].rows:,} people, {full.tables['activity'].rows:,} activities")
    print(f"a build from nothing: {whole:.1f} s of processor; one new month: {new:.1f} s, {new / whole:.0%} of it")
    seconds = [
        {name: (each.measured.thread_seconds or 0) for name, each in made.tables.items() if not each.reused and each.measured}
        for made in (month, full)
    ]
    for name in sorted(seconds[0], key=lambda name: -seconds[0][name])[:16]:
        parts = month.tables[name].parts
        made = f"{sum(not part.reused for part in parts)} of {len(parts)} parts" if parts else WHOLE
        print(f"  {name:<24} {seconds[0][name]:7.2f} s of {seconds[1].get(name, 0):7.2f} s   {made}")


def main() -> None:
    """The ratio, and the tables that took most of the new month."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--base", type=Path, required=True)
    asked.add_argument("--place", type=Path, required=True)
    asked.add_argument("--work", type=Path, help="where the builds lie for as long as it runs; beside STORE, where nothing is said")
    asked.add_argument("--times", type=int, default=1, help="people so many times over")
    asked.add_argument("--one-relinked-in", type=int, default=RELINKED)
    asked.add_argument("--rows-worth-parts", type=int, default=ROWS_WORTH_PARTS)
    given = asked.parse_args()
    work, base = Path(tempfile.mkdtemp(prefix="incremental-", dir=given.work or given.base.parent)), Store(given.base)
    try:
        (work / "landed").mkdir()
        if given.times > 1:
            many = Store(work / "many")
            replicate(base, many, given.times)
            base = many
        place, landing = read_place(given.place), read_landing(base)
        one, other = Store(work / "one").create(), Store(work / "other").create()
        with duckdb.connect(config={"memory_limit": "2GB", "temp_directory": str(work / "spill")}) as connection:
            months = Months(connection, work / "landed", place.as_at, given.rows_worth_parts, given.one_relinked_in)
            landed = {before: months.inputs(landed_inputs(landing, base), before=before) for before in (True, False)}
        timed(landed[True] | place_inputs(place_before(place), one, all_specs()), one, 1)
        month, new = timed(landed[False] | place_inputs(place, one, all_specs()), one, 2)
        full, whole = timed(landed[False] | place_inputs(place, other, all_specs()), other, 1)
        differing = [name for name in full.tables if differs(name, one, other)]
        if differing:
            raise SystemExit(f"the new month gives other rows than a build from nothing in {', '.join(differing)}")
        told(month, full, new, whole)
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()

"""What the people door adds to a query of one person: the same rows read straight from the build's file, beside it, in one run.

python benchmarks/doors.py [--people 210000] [--looks 300]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from joinedup.access.caller import caller_for
from joinedup.access.looking import log_of
from joinedup.access.people import open_people
from joinedup.build import all_specs
from joinedup.engine.engines import ROWS_IN_GROUP
from joinedup.engine.manifest import Manifest, TableRecord, publish
from joinedup.engine.reader import Reader
from joinedup.engine.results import schema
from joinedup.engine.store import Store
from joinedup.place.model import Place

EACH = 28
"""Activities of a person over two years, of every sector, on average: as the invented place of 210,000 people has."""
HEAD = "account,name,role,scope_kind,scope_id,starts,ends\n"


def filled(name: str, given: dict[str, object], rows: int) -> pa.Table:
    """A table as its description has it: the given columns, and plausible values in the others."""
    rng = np.random.default_rng(7)
    fillers = {
        pa.string(): lambda: pa.array(rng.choice(["one", "another", "a third"], rows)),
        pa.date32(): lambda: pa.array((np.datetime64("2024-04-01") + rng.integers(0, 730, rows)).astype("datetime64[D]")),
        pa.bool_(): lambda: pa.array(np.ones(rows, dtype=bool)),
    }
    columns = {
        field.name: given[field.name] if field.name in given else fillers.get(field.type, lambda: pa.array(rng.integers(1, 9_999, rows)))()
        for field in schema(all_specs()[name])
    }
    return pa.table(columns).cast(schema(all_specs()[name]))


def build(store: Store, people: int) -> None:
    """Nothing; the store holds a published build of so many people, its files as a build writes them."""
    ids = np.arange(1, people + 1)
    of = np.sort(np.random.default_rng(1).integers(1, people + 1, people * EACH))
    sure = {"linked_by": pa.array(["nhs_number"] * people)}
    tables = {
        "person": filled("person", {"person_id": ids, **sure}, people),
        "may_use": filled("may_use", {"person_id": ids}, people),
        "listed_person": filled("listed_person", {"person_id": ids, "neighbourhood_id": pa.array(["one"] * people)}, people),
        "file_use": filled("file_use", {"file_id": [1, 2], "contract": pa.array(["apc", "register"])}, 2),
        "activity": filled(
            "activity",
            {"person_id": of, "file_id": np.ones(len(of), dtype=np.int32), "linked_by": pa.array(["nhs_number"] * len(of))},
            len(of),
        ),
    }
    records = {}
    for name, table in tables.items():
        pq.write_table(table, store.objects / f"{name}.parquet", row_group_size=ROWS_IN_GROUP, compression="zstd")
        records[name] = TableRecord(file=f"objects/{name}.parquet", digest="", size=0, rows=table.num_rows)
    about = {
        "place": {"id": "bench", "as_at": "2026-03-31", "invented": False},
        "version": "bench",
        "landing": {"files": [], "findings": []},
    }
    publish(store, Manifest(build_id="bench", built_at=datetime.now(UTC), engine="duckdb", software="bench", about=about, tables=records))


def milliseconds(asked: Callable[[int], object], person: int) -> tuple[float, float]:
    """How long it takes: by the clock, and of the processors."""
    clock, processors = time.perf_counter(), time.process_time()
    asked(person)
    return (time.perf_counter() - clock) * 1000, (time.process_time() - processors) * 1000


def main() -> None:
    """Nothing; the table of measurements is printed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=210_000)
    parser.add_argument("--looks", type=int, default=300)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "staff.csv").write_text(HEAD + "".join(f"user{n},User {n},care_team,neighbourhood,one,,\n" for n in range(200)))
        place = Place(
            id="bench", name="Bench", folder=root, as_at=date(2026, 3, 31), neighbourhoods=(), partners=(), practices=(), memberships=()
        )
        store = Store(root / "store").create()
        build(store, asked.people)
        reader, files = Reader(store), duckdb.connect()
        caller = caller_for(place, "direct care", account="user7", reason="benchmark")
        door = open_people(store, place, caller, log=log_of(store))
        people = np.random.default_rng(3).integers(1, asked.people + 1, asked.looks).tolist()
        [path] = reader.paths("activity")
        ways: dict[str, Callable[[int], object]] = {
            "DuckDB, the file as it is": lambda person: files.sql(
                f"SELECT * FROM read_parquet('{path}') WHERE person_id = {person}"
            ).to_arrow_table(),
            "the engine's reader": lambda person: reader.rows_of("activity", person),
            "the door": lambda person: door.rows(caller, person, "activity"),
        }
        print(f"{asked.people:,} people, {asked.people * EACH:,} activities, {asked.looks} looks in turn, one by one")
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for person in people:  # in turn, so that a busy machine slows all alike
            for name, way in ways.items():
                taken[name].append(milliseconds(way, person))
        middle = {name: [statistics.median(of) for of in zip(*each, strict=True)] for name, each in taken.items()}
        for name, (clock, processors) in middle.items():
            print(f"{name:<28} median {clock:6.1f} ms, of the processors {processors:6.1f} ms")
        added = [door - alone for door, alone in zip(middle["the door"], middle["the engine's reader"], strict=True)]
        print(f"the door adds {added[0]:.1f} ms, of the processors {added[1]:.1f} ms")
        print(f"of DuckDB's time on the file: {middle['the door'][1] / middle['DuckDB, the file as it is'][1]:.2f}, of the processors")


if __name__ == "__main__":
    main()

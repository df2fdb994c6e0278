"""One person's rows by id: the engine's reader and the people door, in a build of any size.

python -m benchmarks.by_id STORE [--place places/calderdale] [--looks 200]: milliseconds by the clock and of the processor, as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from joinedup.access.caller import Caller, caller_for
from joinedup.access.looking import log_of
from joinedup.access.people import People, open_people
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from joinedup.errors import Refused
from joinedup.place.folder import read_place

TABLE = "activity"
STAFF = "account,name,role,scope_kind,scope_id,starts,ends\n"
Taken = list[tuple[float, float]]


def timed(what: Callable[[], object]) -> tuple[float, float]:
    """How long it takes, in milliseconds: by the clock, and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    what()
    return (time.perf_counter() - clock) * 1000, (time.process_time() - processor) * 1000


def summary(taken: Taken) -> dict[str, float]:
    """The middle and the 95th percentile, by the clock and of the processor."""
    clock, processor = (sorted(each) for each in zip(*taken, strict=True))
    at = min(len(clock) - 1, int(0.95 * len(clock)))
    return {
        "looks": len(clock),
        "median ms": round(statistics.median(clock), 2),
        "95 in 100 ms": round(clock[at], 2),
        "median processor ms": round(statistics.median(processor), 2),
        "95 in 100 processor ms": round(processor[at], 2),
    }


def out_of_memory(paths: Sequence[Path]) -> None:
    """Nothing; the system's memory holds nothing of the files, so that they are read from the disk."""
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def somebody(reader: Reader, neighbourhood: str, looks: int) -> list[int]:
    """So many people of one neighbourhood, drawn from all."""
    listed = reader.table("listed_person", ["person_id", "neighbourhood_id"]).to_pydict()
    there = sorted(i for i, where in zip(listed["person_id"], listed["neighbourhood_id"], strict=True) if where == neighbourhood)
    drawn = np.random.default_rng(3).choice(len(there), min(looks, len(there)), replace=False)
    return [there[at] for at in drawn]


def shown(door: People, caller: Caller, person: int) -> bool:
    """Whether the door shows somebody; a record may not be shared."""
    try:
        door.rows(caller, person, TABLE)
    except Refused:
        return False
    return True


def by_id(store: Store, place_folder: Path, looks: int) -> dict[str, object]:
    """What one look takes, through each way."""
    with tempfile.TemporaryDirectory() as folder:
        place = read_place(place_folder)
        where = place.neighbourhoods[0].id
        (Path(folder) / "staff.csv").write_text(f"{STAFF}bench,Bench,care_team,neighbourhood,{where},,\n", encoding="utf-8")
        place = place.model_copy(update={"folder": Path(folder)})
        caller = caller_for(place, "direct care", account="bench", reason="benchmark of the people door, on invented people")
        drawn = somebody(Reader(store), where, 2 * looks)
        door = open_people(store, place, caller, log=log_of(store))
        first = timed(lambda: shown(door, caller, drawn[0]))
        people = [person for person in drawn if shown(door, caller, person)][:looks]
        few = people[:20]
        reader = Reader(store)
        paths = reader.paths(TABLE)
        ways: dict[str, Taken] = {}
        reader.rows_of(TABLE, people[0])
        ways["reader"] = [timed(lambda p=person: reader.rows_of(TABLE, p)) for person in people]  # type: ignore[misc]
        cold: Taken = []
        for person in few:
            out_of_memory(paths)
            cold.append(timed(lambda p=person: reader.rows_of(TABLE, p)))  # type: ignore[misc]
        ways["reader, file not in memory"] = cold
        ways["a new reader each time"] = [timed(lambda p=person: Reader(store).rows_of(TABLE, p)) for person in few]  # type: ignore[misc]
        ways["door, first look"] = [first]
        ways["door"] = [timed(lambda p=person: door.rows(caller, p, TABLE)) for person in people]  # type: ignore[misc]
        rows = [reader.rows_of(TABLE, person).num_rows for person in people]
    figures: dict[str, object] = {name: summary(taken) for name, taken in ways.items()}
    return figures | {"rows of a person": round(statistics.mean(rows), 1), "rows in all": reader.manifest.tables[TABLE].rows}


def main() -> None:
    """Nothing; the figures are printed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--place", type=Path, default=Path("places/calderdale"))
    parser.add_argument("--looks", type=int, default=200)
    asked = parser.parse_args()
    print(json.dumps(by_id(Store(asked.store), asked.place, asked.looks)))


if __name__ == "__main__":
    main()

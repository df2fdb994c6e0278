"""Who reads through a door while builds are published and collected sees one build each time, whole, and no error."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from joinedup.access.aggregates import open_aggregates
from joinedup.access.caller import caller_for
from joinedup.engine.collecting import READERS_TIME, drop, older_than
from joinedup.engine.manifest import Manifest, builds_by_number, publish, read_manifest
from joinedup.engine.objects import sha256_of
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from joinedup.errors import StoreProblem

from .conftest import Built

TURNS, READERS = 20, 2
TABLES = ("area_population", "area_deprivation")
A_TURN = READERS_TIME + timedelta(minutes=1)


@pytest.fixture
def copied(fell_side: Built, tmp_path: Path) -> Built:
    """The made-up place in a store that a test may change, its files written long ago."""
    shutil.copytree(fell_side.store.root, tmp_path / "store")
    for path in (tmp_path / "store").rglob("*.parquet"):
        os.utime(path, (0, 0))
    return Built(fell_side.place, Store(tmp_path / "store"), fell_side.landed)


def people_tables(store: Store) -> dict[str, pa.Table]:
    """The tables of people of the published build."""
    return {name: Reader(store).table(name) for name in TABLES}


def next_build(store: Store, first: Manifest, rows: Mapping[str, pa.Table], times: int) -> Manifest:
    """A build after the published one, with so many times the people; its files were written long ago."""
    before, tables = read_manifest(store), dict(first.tables)
    for name, table in rows.items():
        more = table.set_column(table.schema.get_field_index("people"), "people", pc.multiply(table["people"], times).cast("int64"))
        path = store.objects / f"{name}-{times:020}.parquet"
        pq.write_table(more.cast(table.schema), path)
        os.utime(path, (0, 0))
        record = {"file": f"objects/{path.name}", "digest": sha256_of(path), "size": path.stat().st_size}
        tables[name] = first.tables[name].model_copy(update=record)
    told = {"build_id": f"turn-{times}", "number": before.number + 1, "before": before.build_id, "built_at": before.built_at + A_TURN}
    return first.model_copy(update={"tables": tables, **told})


def people(copied: Built) -> tuple[int, int]:
    """What one opening of the door says of people, by age and by deprivation."""
    doors = open_aggregates(copied.store, copied.place, caller_for(copied.place, "planning"))
    return pc.sum(doors.population()["people"]).as_py(), pc.sum(doors.deprivation()["people"]).as_py()


class Counting:
    """Somebody who reads again and again."""

    def __init__(self, copied: Built) -> None:
        self.copied, self.readings, self.ended = copied, list[tuple[int, int]](), Event()

    def read(self) -> list[tuple[int, int]]:
        while not self.ended.is_set():
            self.readings.append(people(self.copied))
        return self.readings


def test_readers_see_one_build_each_while_twenty_are_published_and_collected(copied: Built) -> None:
    first, rows, (by_age, by_deprivation) = read_manifest(copied.store), people_tables(copied.store), people(copied)
    readers = [Counting(copied) for _ in range(READERS)]
    with ThreadPoolExecutor(READERS) as pool:
        reading = [pool.submit(reader.read) for reader in readers]
        try:
            for turn in range(2, TURNS + 2):
                publish(copied.store, next_build(copied.store, first, rows, turn))
                drop(copied.store, older_than(copied.store, 0, read_manifest(copied.store).built_at), spare=READERS_TIME)
                begun = [len(reader.readings) for reader in readers]
                while any(len(each.readings) < count + 2 for each, count in zip(readers, begun, strict=True)) and not any(
                    future.done() for future in reading
                ):
                    time.sleep(0.001)  # the hour that they are left, in short: whoever read before has ended
        finally:
            for reader in readers:
                reader.ended.set()
    seen = [pair for future in reading for pair in future.result()]
    assert {(ages % by_age, deprivation % by_deprivation) for ages, deprivation in seen} == {(0, 0)}
    assert all(ages // by_age == deprivation // by_deprivation for ages, deprivation in seen), "a mixture of two builds"
    assert {ages // by_age for ages, _ in seen} >= set(range(2, TURNS + 2))
    assert [build.number for build in builds_by_number(copied.store)] == [first.number + TURNS - 1, first.number + TURNS]
    assert len(list(copied.store.objects.glob("area_population-*.parquet"))) == 2


def test_who_opened_a_door_an_hour_ago_reads_on_and_then_is_told(copied: Built) -> None:
    first, before = read_manifest(copied.store), people(copied)
    doors = open_aggregates(copied.store, copied.place, caller_for(copied.place, "planning"))
    publish(copied.store, next_build(copied.store, first, people_tables(copied.store), 2))
    replaced = read_manifest(copied.store).built_at
    drop(copied.store, older_than(copied.store, 0, replaced + timedelta(minutes=59)), spare=READERS_TIME)
    assert pc.sum(doors.population()["people"]).as_py() == before[0]
    drop(copied.store, older_than(copied.store, 0, replaced + timedelta(minutes=61)), spare=READERS_TIME)
    with pytest.raises(StoreProblem, match="missing or damaged"):
        doors.population()
    assert people(copied) == (2 * before[0], 2 * before[1])

"""The benchmark of larger places stands on copies that are people of their own: a build of them holds so many times as many."""

from __future__ import annotations

from pathlib import Path

from benchmarks.replicated import replicate
from benchmarks.scale import uneven
from joinedup.build import build
from joinedup.engine.manifest import read_manifest
from joinedup.engine.store import Store
from tests.place.conftest import Example


def test_a_place_of_copies_has_as_many_rows_for_each_person_and_as_many_areas(example: Example, tmp_path: Path) -> None:
    twice = Store(tmp_path / "twice")
    landing = replicate(example.store, twice, 2)
    one = read_manifest(example.store)
    two = build(example.place, twice)
    rows = {name: {"rows": table.rows} for name, table in one.tables.items()}
    assert landing.tables["landed_person"].rows == 2 * example.landing.record.tables["landed_person"].rows
    assert two.tables["activity"].rows == 2 * one.tables["activity"].rows > 0
    assert two.tables["person"].rows == 2 * one.tables["person"].rows
    assert two.tables["spell"].rows == 2 * one.tables["spell"].rows
    assert uneven({"tables": rows}, two, 2) == []

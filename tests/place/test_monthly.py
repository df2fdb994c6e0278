"""Two years sent month by month, each partner in its own way, with faults, make the record that one file of each source makes."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from joinedup.build import all_specs, build, landed_inputs, place_inputs
from joinedup.engine.builder import InputFile, PartFile
from joinedup.engine.builder import build as build_tables
from joinedup.engine.manifest import Manifest
from joinedup.engine.objects import sha256_of
from joinedup.engine.parts import digest_of
from joinedup.engine.reader import Reader
from joinedup.engine.rows import same_rows
from joinedup.engine.store import Store
from joinedup.kept.keys import read_key, write_new_key
from joinedup.land import land
from joinedup.sources.landed import read_landing
from joinedup.sources.synthetic import synthesise

from .conftest import opened

PEOPLE, SEED, NOISE = 600, 20, 1.5
"""The seed is one with which hospitals send by discharge and by admission, as changes, as whole months and as everything each time."""
OF_FILES = ("landed", "file_", "data_", "freshness", "source", "place_")
"""How the tables begin that tell of files rather than of people."""
REACH = "known_to"
"""A column that tells up to which day a row's file reaches."""


@pytest.fixture(scope="module")
def records(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reader]:
    """The record of the example place from one file of each source, and from two years of monthly ones; the same faults in both."""
    work = tmp_path_factory.mktemp("monthly")
    write_new_key(work / "key")
    found = {}
    for name in ("once", "monthly"):
        folder, extracts = work / name / "calderdale", work / name / "extracts"
        shutil.copytree(root / "places" / "calderdale", folder)
        own = name == "monthly"
        synthesise(opened(folder), PEOPLE, SEED, extracts, noise=NOISE, monthly=own, own_ways=own)
        if name == "monthly":
            shutil.copy(extracts / "sources.yml", folder / "sources.yml")
        place, store = opened(folder), Store(work / name / "store").create()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("joinedup.sources.parting.ROWS_WORTH_PARTS", 200 if own else 10**9)
            landing = land(place, extracts, store, read_key(work / "key", outside=(folder, store.root)))
        assert not any(file.refused for file in landing.accounts)
        build(place, store)
        found[name] = Reader(store)
    return found


def without_file_numbers(table: pa.Table) -> Counter[tuple[object, ...]]:
    """The rows, without the ids that follow from the file and row in which something stood."""
    names = [name for name in table.column_names if name == "person_id" or not name.endswith(("_id", "source_row", REACH))]
    columns = [table[name].to_pylist() for name in names]
    return Counter(tuple(map(_told, row)) for row in zip(*columns, strict=True))


def _told(value: object) -> str:
    """The value as text; sums of fractions in whatever order they were added up."""
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def test_the_record_is_the_same(records: dict[str, Reader]) -> None:
    once, monthly = records["once"], records["monthly"]
    compared = [name for name in once.manifest.tables if not name.startswith(OF_FILES)]
    assert len(compared) > 12
    different = {}
    for name in compared:
        first, second = without_file_numbers(once.table(name)), without_file_numbers(monthly.table(name))
        if first != second:
            different[name] = (sum((first - second).values()), sum((second - first).values()))
    assert different == {}


def test_there_is_something_to_compare(records: dict[str, Reader]) -> None:
    for name in ("activity", "registration", "residence", "person"):
        assert records["monthly"].table(name).num_rows > 500, name


LAST, CORRECTED = "2026-03", "2026-01"
"""The month that comes second, and one of which the first landing has a file whose rows are then corrected."""


@pytest.fixture(scope="module")
def by_month(records: dict[str, Reader], tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Manifest, Manifest]:
    """A store in which the landing without its last month was built, and then all of it: both builds."""
    of_all, store = records["monthly"].store, Store(tmp_path_factory.mktemp("by-month")).create()
    place, specs = opened(of_all.root.parent / "calderdale"), all_specs()
    landed, beside = landed_inputs(read_landing(of_all), of_all), place_inputs(place, store, specs)
    first = build_tables(specs, {name: _before(file, store) for name, file in landed.items()} | beside, store, about={"turn": 1})
    return store, first, build_tables(specs, landed | beside, store, about={"turn": 2})


def _before(file: InputFile, store: Store) -> InputFile:
    """A landed table without its last month, and with another first row where rows are corrected afterwards."""
    kept = [part for part in file.parts if part.value != LAST]
    if not kept:  # in one file, or in one part, as of a source that sends everything each time
        return file
    parts = tuple(
        _otherwise(part, store) if part.value == CORRECTED and part.path.name.startswith("landed_ecds") else part for part in kept
    )
    return InputFile(file.path, digest_of(parts), sum(part.rows for part in parts), parts)


def _otherwise(part: PartFile, store: Store) -> PartFile:
    path = store.inputs / part.path.name
    pq.write_table(pq.read_table(part.path, partitioning=None).slice(1), path, compression="zstd")
    return PartFile(part.value, path, sha256_of(path), part.rows - 1, part.of_files)


def test_a_new_month_gives_the_rows_of_a_full_build(records: dict[str, Reader], by_month: tuple[Store, Manifest, Manifest]) -> None:
    store, _, again = by_month
    found, full = Reader(store), records["monthly"]
    assert again.tables.keys() == full.manifest.tables.keys()
    assert {name: differ for name in again.tables if (differ := same_rows(found.table(name), full.table(name), tolerance=1e-9))} == {}


def test_only_the_parts_that_a_month_changed_are_made(by_month: tuple[Store, Manifest, Manifest]) -> None:
    _, first, again = by_month
    in_parts = {name: record for name, record in again.tables.items() if record.parts}
    assert {name for name, spec in all_specs().items() if spec.derived and spec.apart} == in_parts.keys()
    made = {name: {part.value for part in record.parts if not part.reused} for name, record in in_parts.items()}
    assert made["activity_primary"] == {LAST}
    assert made["activity_attendance"] == {LAST, CORRECTED}
    assert made["activity"] == {LAST, CORRECTED, "whole"}  # the whole of what lies in one file, of which something is new each month
    assert len(first.tables["activity"].parts) > len(made["activity"])

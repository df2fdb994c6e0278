"""Two years sent month by month, each partner in its own way, with faults, make the record that one file of each source makes."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from joinedup.build import build
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from joinedup.kept.keys import read_key, write_new_key
from joinedup.land import land
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

"""Reading a table in sets: a set at a time is in memory, however slowly whoever asked for them takes the next."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from joinedup.engine.reader import ROWS_A_SET, Reader
from joinedup.engine.store import Store

ROWS, GROUP = 640_000, 20_000
A_ROW = 16
"""Bytes of a row's two whole numbers."""


class OfOneFile(Reader):
    """A reader of a file that no build names."""

    def paths(self, name: str) -> tuple[Path, ...]:
        return (self.store.root / f"{name}.parquet",)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> OfOneFile:
    store = Store(tmp_path_factory.mktemp("sets") / "store").create()
    drawn = np.random.default_rng(1).integers(0, 2**60, ROWS)
    pq.write_table(pa.table({"person_id": np.arange(ROWS), "drawn": drawn}), store.root / "visit.parquet", row_group_size=GROUP)
    return OfOneFile(store)


def test_sets_hold_all_rows_in_their_order(reader: OfOneFile) -> None:
    sets = list(reader.sets("visit", ["person_id"], pc.field("drawn").is_valid()))
    assert [each.num_rows for each in sets[:-1]] == [ROWS_A_SET] * (len(sets) - 1)
    assert pa.concat_tables(sets)["person_id"].to_pylist() == list(range(ROWS))


def test_one_set_at_a_time_is_in_memory(reader: OfOneFile) -> None:
    before, most = pa.total_allocated_bytes(), 0
    for each in reader.sets("visit", ["person_id", "drawn"], pc.field("drawn").is_valid()):
        assert each.num_rows
        most = max(most, pa.total_allocated_bytes() - before)
    assert most < 4 * ROWS_A_SET * A_ROW  # this set, the one before until it is let go, and what is decoded of it


def test_row_groups_that_hold_nothing_asked_for_are_passed_over(reader: OfOneFile) -> None:
    sets = list(reader.sets("visit", ["person_id"], pc.field("person_id") >= ROWS - 7))
    assert [each.num_rows for each in sets] == [7]


def test_a_set_of_no_rows_is_no_fault(reader: OfOneFile) -> None:
    assert not sum(each.num_rows for each in reader.sets("visit", ["person_id"], pc.field("person_id") > ROWS))

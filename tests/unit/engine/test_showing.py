"""What an engine shows under a name is what it was told last."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from joinedup.engine.engines import Engine

from .made_up import table

THING = table("thing", {"thing_id": "BIGINT"}, key=["thing_id"])


@pytest.mark.parametrize("here", [False, True])
def test_files_shown_after_rows_take_their_name(engine: Engine, tmp_path: Path, here: bool) -> None:
    pq.write_table(pa.table({"thing_id": [2, 3]}), tmp_path / "thing.parquet")
    engine.show("thing", pa.table({"thing_id": [1]}), here=here)
    assert engine.rows(THING, "SELECT thing_id FROM thing").to_pydict() == {"thing_id": [1]}
    engine.show("thing", tmp_path / "thing.parquet")
    assert sorted(engine.rows(THING, "SELECT thing_id FROM thing")["thing_id"].to_pylist()) == [2, 3]


def test_rows_shown_after_files_take_their_name(engine: Engine, tmp_path: Path) -> None:
    pq.write_table(pa.table({"thing_id": [2, 3]}), tmp_path / "thing.parquet")
    engine.show("thing", tmp_path / "thing.parquet")
    engine.show("thing", pa.table({"thing_id": [1]}))
    assert engine.rows(THING, "SELECT thing_id FROM thing").to_pydict() == {"thing_id": [1]}


def test_a_query_that_is_asked_again_finds_what_was_shown_since(engine: Engine) -> None:
    asked = THING.model_copy(update={"sql": "SELECT thing_id FROM thing"})
    for rows in ([1], [2, 3]):
        engine.show("thing", pa.table({"thing_id": pa.array(rows, pa.int64())}))
        assert engine.types(asked) == [("thing_id", "BIGINT")]
        assert sorted(engine.result(asked, ["thing_id"])["thing_id"].to_pylist()) == rows


@pytest.mark.parametrize("here", [False, True])
def test_a_query_that_is_asked_again_gives_the_columns_of_the_files_shown_since(engine: Engine, tmp_path: Path, here: bool) -> None:
    asked = THING.model_copy(update={"sql": "SELECT thing_id FROM thing"})
    for name, ids, kind in (("a", pa.array([1]), "BIGINT"), ("b", pa.array(["x"]), "STRING"), ("c", pa.array([2]), "BIGINT")):
        pq.write_table(pa.table({"thing_id": ids}), tmp_path / f"{name}.parquet")
        engine.show("thing", tmp_path / f"{name}.parquet", here=here)
        assert engine.types(asked) == [("thing_id", kind)]


def test_a_query_gives_the_columns_of_rows_shown_here_and_not_of_the_files_they_hide(engine: Engine, tmp_path: Path) -> None:
    asked = THING.model_copy(update={"sql": "SELECT thing_id FROM thing"})
    pq.write_table(pa.table({"thing_id": pa.array([1])}), tmp_path / "thing.parquet")
    engine.show("thing", tmp_path / "thing.parquet")
    assert engine.types(asked) == [("thing_id", "BIGINT")]
    engine.show("thing", pa.table({"thing_id": ["x"]}), here=True)
    assert engine.types(asked) == [("thing_id", "STRING")]

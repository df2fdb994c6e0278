"""Two builds table by table, also where a table is declared otherwise."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from joinedup.engine.builder import build, write_input
from joinedup.engine.comparing import tables_changed
from joinedup.engine.duck import connect
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store

from .made_up import rows, table

WORD = table("word", {"id": "BIGINT", "said": "STRING"})
THEN = table("thing", {"id": "BIGINT", "v": "STRING", "here": "BOOLEAN"}, sql="SELECT id, said AS v, id > 5 AS here\nFROM word")
NUMBERS = table("thing", {"id": "BIGINT", "v": "BIGINT", "here": "BOOLEAN"}, sql="SELECT id, id AS v, id > 5 AS here\nFROM word")
SMALLER = table(
    "thing", {"id": "INTEGER", "v": "STRING", "here": "BOOLEAN"}, sql=str(THEN.sql).replace("id,", "CAST(id AS INTEGER) AS id,")
)
OTHER_KEY = table(
    "thing", {"id": "STRING", "v": "STRING", "here": "BOOLEAN"}, sql="SELECT said AS id, said AS v, id > 5 AS here\nFROM word"
)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (NUMBERS, (0, 0, 1, {"v": 1})),
        (SMALLER, (0, 0, 0, {})),
        (OTHER_KEY, (1, 1, 0, {})),
    ],
    ids=["a column of another type", "smaller numbers", "a key of another type"],
)
def test_a_type_that_changed_is_no_fault(tmp_path: Path, now: TableSpec, said: tuple[object, ...]) -> None:
    """Of two rows one says the same as text: 2; and a column that is called as the comparison might call its own decides nothing."""
    store = Store(tmp_path / "store").create()
    inputs = {"word": write_input(rows(WORD, (1, "x"), (2, "2")), WORD, store)}
    before, after = (build({"word": WORD, "thing": spec}, inputs, store) for spec in (THEN, now))
    with closing(connect()) as con:
        [found] = tables_changed(con, store, before, after, {"word": WORD, "thing": now})
    assert (found.added, found.gone, found.changed, found.columns) == said

"""Files that nobody's build names are removed, the others stay."""

from __future__ import annotations

from pathlib import Path

from joinedup.engine.builder import build
from joinedup.engine.collecting import collect
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store

from .made_up import SPECS, visits

FEW = ((1, 7, None, 250), (2, 8, None, None))


def test_what_no_kept_build_names_is_removed(tmp_path: Path) -> None:
    store = Store(tmp_path / "store").create()
    for rows in (FEW, FEW[:1], ()):
        build(SPECS, visits(store, *rows), store, about={"rows": len(rows)})
    (store.objects / "total-0123.parquet").write_text("of a killed build")
    assert collect(store, keep=3) == [store.objects / "total-0123.parquet"]
    kept = {path.name for path in (*store.objects.iterdir(), *store.inputs.iterdir())}
    removed = {path.name for path in collect(store)}
    assert {name.split("-")[0] for name in removed if name.endswith(".parquet")} == {"busy", "total", "visit"}
    assert len(list(store.builds.iterdir())) == 1
    assert {path.name for path in (*store.objects.iterdir(), *store.inputs.iterdir())} == kept - removed
    assert Reader(store).table("busy").num_rows == 0
    assert collect(store) == []

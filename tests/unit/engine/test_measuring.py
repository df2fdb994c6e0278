"""What tables cost is measured, each figure of what it says it is of; and why a table was made stands with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from joinedup.engine import measuring
from joinedup.engine.builder import build
from joinedup.engine.causes import began_with
from joinedup.engine.duck import connect
from joinedup.engine.manifest import Because, Manifest, read_manifest
from joinedup.engine.measuring import AtOnce, Steps, Watch, peak_memory
from joinedup.engine.on_duckdb import DuckEngine
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.progress import Step, belonging, silent

from .made_up import SPECS, table, visits

FEW = ((1, 7, None, 250), (2, 7, None, 100), (3, 8, None, None))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store").create()


def changed(name: str, **what: Any) -> dict[str, TableSpec]:
    return {**SPECS, name: SPECS[name].model_copy(update=what)}


def why(manifest: Manifest) -> dict[str, Because | None]:
    return {name: record.because for name, record in manifest.tables.items()}


def test_each_table_says_what_it_cost(store: Store) -> None:
    manifest = build(SPECS, visits(store, *FEW), store, jobs=1)
    busy = manifest.tables["busy"].measured
    assert busy is not None
    assert (busy.rows_read, busy.spilled, busy.beside) == (3, 0, 0)
    assert busy.peak_memory is not None
    assert 0 < busy.peak_memory < 100_000_000
    assert busy.processor_seconds is not None
    assert 0 <= busy.processor_seconds <= busy.seconds * 64
    assert (busy.seconds, manifest.tables["busy"].made_in) == (manifest.tables["busy"].seconds, manifest.build_id)
    assert manifest.measured is not None
    assert manifest.measured.jobs == 1
    assert manifest.measured.seconds >= busy.seconds
    assert manifest.measured.peak_memory >= 30_000_000


def test_beside_another_table_the_processor_is_nobodys(store: Store) -> None:
    slow = "SELECT a.id AS id FROM visit AS a CROSS JOIN visit AS b CROSS JOIN visit AS c WHERE a.id = b.id AND b.id = c.id"
    specs = {"visit": SPECS["visit"]} | {f"x{n}": table(f"x{n}", {"id": "BIGINT"}, sql=f"{slow} AND a.id > -{n}") for n in range(6)}
    manifest = build(specs, visits(store, *((n, 1, None, None) for n in range(300))), store, jobs=3)
    costs = [record.measured for record in manifest.tables.values() if record.measured is not None]
    assert len(costs) == 6
    assert max(cost.beside for cost in costs) == 2
    assert all((cost.processor_seconds is None) == bool(cost.beside) for cost in costs)
    assert all(cost.thread_seconds is not None for cost in costs)


def test_at_once_counts_the_most_others_of_each() -> None:
    at_once = AtOnce()
    with at_once.one_more() as first:
        with at_once.one_more() as second, at_once.one_more() as third:
            assert (first.most, second.most, third.most) == (2, 2, 2)
        with at_once.one_more() as fourth:
            assert fourth.most == 1
    assert (first.most, second.most, fourth.most) == (2, 2, 1)


def test_what_is_spilled_is_counted(tmp_path: Path) -> None:
    source = tmp_path / "numbers.parquet"
    con = connect(spill=tmp_path / "spill", threads=2, memory_limit="64MB")
    con.execute(f"COPY (SELECT range AS id, md5(CAST(hash(range) AS VARCHAR)) AS s FROM range(800000)) TO '{source}' (FORMAT parquet)")
    spec = table("sorted", {"id": "BIGINT", "s": "STRING"}, sql="SELECT id, s FROM numbers", sort=("s",))
    engine = DuckEngine(con)
    engine.show("numbers", source)
    cost = engine.write(spec, ["id", "s"], tmp_path / "sorted.parquet")
    engine.close()
    assert cost.spilled is not None
    assert cost.spilled > 1_000_000
    assert cost.peak_memory is not None
    assert 20_000_000 < cost.peak_memory < 80_000_000
    assert cost.rows_read == 800_000


def test_the_peak_is_of_the_work_and_not_of_what_was_before() -> None:
    held = bytearray(200_000_000)
    held[::4096] = b"x" * len(held[::4096])
    before = peak_memory()
    del held
    watch = Watch()
    if watch.peak_is_of_all:
        pytest.skip("this system counts the peak of memory of a whole process only")
    assert watch.process().peak_memory < before - 150_000_000


def test_the_peak_of_the_whole_holds_what_was_before_its_last_part() -> None:
    whole = Watch()
    if whole.peak_is_of_all:
        pytest.skip("this system counts the peak of memory of a whole process only")
    before = peak_memory()
    held = bytearray(200_000_000)
    held[::4096] = b"x" * len(held[::4096])
    del held
    Watch(part=True)
    assert whole.process().peak_memory > before + 150_000_000


def test_where_the_system_cant_forget_the_peak_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(measuring, "CLEAR", tmp_path / "nowhere" / "clear_refs")
    monkeypatch.setattr(measuring, "STATUS", tmp_path / "nowhere" / "status")
    found = Watch().process()
    assert found.peak_of_all_it_did
    assert found.peak_memory > 10_000_000


def test_steps_are_kept_and_passed_on() -> None:
    seen: list[Step] = []
    steps = Steps(belonging(seen.append, "l1"))
    steps(Step("read", "apc", 1, 2, 0.25, {"read": 3}))
    steps(Step("link", "people", 2, 2, 0.5))
    assert [(step.stage, step.rows, step.seconds) for step in steps.kept] == [("read", {"read": 3}, 0.25), ("link", {}, 0.5)]
    assert [step.of for step in seen] == ["l1", "l1"]
    silent(seen[0])


def test_a_first_build_has_nothing_before_it(store: Store) -> None:
    manifest = build(SPECS, visits(store, *FEW), store)
    assert why(manifest) == {"busy": Because(first=True), "total": Because(first=True)}
    assert manifest.before == ""


def test_other_rows_are_why_and_where_it_began(store: Store) -> None:
    first = build(SPECS, visits(store, *FEW), store)
    manifest = build(SPECS, visits(store, *FEW[:2]), store)
    assert why(manifest) == {"busy": Because(inputs=("visit",)), "total": Because(inputs=("busy",))}
    assert began_with(manifest, "total") == ("visit",)
    assert manifest.before == first.build_id


def test_another_definition_is_why(store: Store) -> None:
    first = build(SPECS, visits(store, *FEW), store, about={"turn": 1})
    manifest = build(changed("total", version=2), visits(store, *FEW), store, about={"turn": 2})
    assert why(manifest) == {"busy": None, "total": Because(definition=True)}
    assert began_with(manifest, "total") == ("total",)
    busy = manifest.tables["busy"]
    assert (busy.reused, busy.seconds, busy.made_in, busy.measured) == (True, 0.0, first.build_id, first.tables["busy"].measured)


def test_two_causes_are_both_told(store: Store) -> None:
    build(SPECS, visits(store, *FEW), store)
    manifest = build(changed("total", version=2), visits(store, *FEW[:2]), store)
    assert why(manifest)["total"] == Because(definition=True, inputs=("busy",))
    assert began_with(manifest, "total") == ("total", "visit")


def test_a_damaged_file_is_why(store: Store) -> None:
    manifest = build(SPECS, visits(store, *FEW), store)
    (store.root / manifest.tables["busy"].file).unlink()
    again = build(SPECS, visits(store, *FEW), store, about={"turn": 2})
    assert why(again) == {"busy": Because(damaged=True), "total": None}
    assert began_with(again, "busy") == ("busy",)


def test_a_manifest_of_before_still_reads(store: Store) -> None:
    manifest = build(SPECS, visits(store, *FEW), store)
    new = {"definition", "because", "made_in", "measured"}
    old = manifest.model_dump(mode="json", exclude={"before": True, "measured": True, "tables": dict.fromkeys(manifest.tables, new)})
    assert "measured" not in str(old)
    earlier = Manifest.model_validate(old)
    store.manifest.write_text(earlier.model_dump_json(), encoding="utf-8")
    assert read_manifest(store).tables["busy"].because is None
    again = build(changed("total", version=2), visits(store, *FEW), store)
    assert why(again) == {"busy": None, "total": Because(definition=True)}

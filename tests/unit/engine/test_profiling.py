"""Query profiles: of each table by itself, kept in the store; the build stays as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from joinedup.engine.builder import build
from joinedup.engine.collecting import drop_builds
from joinedup.engine.manifest import read_manifest
from joinedup.engine.profiles import WORDS, read_profile
from joinedup.engine.profiling import profile
from joinedup.engine.store import Store
from joinedup.errors import StoreProblem
from joinedup.progress import Step

from .made_up import SPECS, visits

FEW = ((1, 7, None, 250), (2, 7, None, 100), (3, 8, None, None))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store").create()
    build(SPECS, visits(store, *FEW), store)
    return store


def test_each_table_has_its_profile_and_the_build_stays(store: Store) -> None:
    manifest, steps = read_manifest(store), list[Step]()
    before = {path: path.read_bytes() for path in (*store.objects.iterdir(), *store.builds.iterdir(), store.manifest)}
    made = profile(SPECS, manifest, store, steps.append)
    assert {path: path.read_bytes() for path in before} == before
    assert list(store.tmp.iterdir()) == []
    assert {table.table for table in made.tables} == {"busy", "total"}
    assert all(table.measured.beside == 0 and table.measured.processor_seconds is not None for table in made.tables)
    assert [(step.stage, step.name, step.of) for step in steps] == [("profile", name, manifest.build_id) for name in ("busy", "total")]
    folder = store.profiles / manifest.build_id
    whole = json.loads((folder / "busy.json").read_bytes())
    assert whole["query"]["total_rows_scanned"] == 3
    assert {path.name for path in folder.iterdir()} == {"busy.json", "total.json", "summary.json", "slowest.txt"}
    assert {path.stat().st_mode & 0o077 for path in (store.profiles, *store.profiles.rglob("*"))} == {0}
    assert read_profile(store, manifest.build_id) == made


def test_the_slowest_have_their_plans_in_words(store: Store) -> None:
    manifest = read_manifest(store)
    made = profile(SPECS, manifest, store)
    busy = next(table for table in made.slowest if table.table == "busy")
    kinds = [line.operator for line in busy.plan]
    assert "TABLE_SCAN" in kinds
    scan = next(line for line in busy.plan if line.operator == "TABLE_SCAN")
    assert scan.about == "visit"
    assert scan.depth == max(line.depth for line in busy.plan)
    text = (store.profiles / manifest.build_id / WORDS).read_text(encoding="utf-8")
    assert "busy: " in text
    assert "3 rows read, 2 written" in text
    assert "TABLE_SCAN visit" in text


def test_no_value_that_a_filter_compares_with_is_in_words(store: Store) -> None:
    sql = "SELECT person, visits, cost_pence FROM busy WHERE cost_pence > 98765"
    specs = {**SPECS, "busy2": SPECS["busy"].model_copy(update={"table": "busy2", "sql": sql})}
    manifest = build(specs, visits(store, *FEW), store)
    made = profile(specs, manifest, store)
    assert "98765" not in made.model_dump_json()


def test_profiles_go_with_their_builds(store: Store) -> None:
    manifest = read_manifest(store)
    profile(SPECS, manifest, store)
    drop_builds(store)
    assert read_profile(store, manifest.build_id) is None


def test_a_build_of_another_engine_has_none(store: Store) -> None:
    manifest = read_manifest(store).model_copy(update={"engine": "spark", "software": "spark 4.3.0"})
    with pytest.raises(StoreProblem, match=r"was made with spark 4.3.0, and only DuckDB gives query profiles"):
        profile(SPECS, manifest, store)
    assert read_profile(store, "none") is None

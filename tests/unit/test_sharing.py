"""What the tests share among their processes is made once, whole, and each process writes into its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from joinedup.engine.builder import build
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from tests.conftest import LONGEST, scope_of, turn_of
from tests.sharing import folder_of_run, made_once, own_copy
from tests.unit.engine.made_up import SPECS, visits


def test_who_asks_at_the_same_time_gets_the_same_made_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    asking, makers, run = Barrier(4), [], folder_of_run(tmp_path_factory)

    def make(work: Path) -> dict[str, Path]:
        makers.append(work)
        return {"work": work}

    def ask(_: int) -> dict[str, Path]:
        asking.wait(60)
        return made_once(tmp_path_factory, "asked at once", make)

    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(ask, range(4)))
    assert len(makers) == 1
    assert given == [{"work": makers[0]}] * 4
    assert makers[0].parent == run


def test_what_could_not_be_made_is_made_by_the_next_who_asks(tmp_path_factory: pytest.TempPathFactory) -> None:
    def fails(_: Path) -> int:
        raise ValueError("not today")

    with pytest.raises(ValueError, match="not today"):
        made_once(tmp_path_factory, "failed first", fails)
    assert made_once(tmp_path_factory, "failed first", lambda _: 7) == 7


def test_a_copy_shares_its_tables_and_nothing_that_is_written_to(tmp_path: Path) -> None:
    store = Store(tmp_path / "store").create()
    build(SPECS, visits(store, (1, 7, None, 250)), store)
    (store.kept / "register").write_text("one")
    copy = own_copy(store, tmp_path / "copy")
    assert Reader(copy).manifest == Reader(store).manifest
    (copy.kept / "register").write_text("another")
    assert (store.kept / "register").read_text() == "one"
    objects = sorted(path.name for path in store.objects.glob("*.parquet"))
    assert len(objects) >= len([spec for spec in SPECS.values() if spec.derived])
    assert all((copy.objects / name).samefile(store.objects / name) for name in objects)
    before = Reader(store).manifest
    build(SPECS, visits(copy), copy)
    assert Reader(copy).manifest != before
    assert Reader(store).manifest == before


def test_scopes_keep_together_what_is_made_for_them() -> None:
    assert scope_of("tests/spec/test_tables.py::test_case[spark-person: One]") == "spark"
    assert scope_of("tests/spec/test_tables.py::test_case[duckdb-person: One]") == "tests/spec/test_tables.py"
    assert scope_of("tests/unit/place/test_spark_of_a_place.py::test_a") == "tests/unit/place/test_spark_of_a_place.py"
    assert scope_of("tests/place/test_cluster.py::test_on_spark") == scope_of("tests/place/test_why.py::test_a") == "laid out"
    assert turn_of("tests/spec/test_tables.py::test_case[spark-person: One]") == 0
    assert turn_of("tests/unit/test_periods.py::test_a") < turn_of("tests/unit/kept/test_keys.py::test_a") == len(LONGEST)

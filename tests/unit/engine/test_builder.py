"""The builder: made once, taken over while nothing has changed, published at once, nothing hidden."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from joinedup.engine.builder import InputFile, build, write_input
from joinedup.engine.engines import Engine
from joinedup.engine.manifest import Because, Manifest, read_manifest
from joinedup.engine.reader import Reader
from joinedup.engine.rows import same_rows
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.errors import NothingPublished, SqlError, StoreProblem
from joinedup.progress import Step

from .made_up import BUSY, SPECS, TOTAL, VISIT, rows, table, visits

DAY = date(2026, 1, 31)
DEARER = str(BUSY.sql).replace("sum(cost_pence)", "sum(cost_pence + 1)")
FEW = ((1, 7, DAY, 250), (2, 7, None, 100), (3, 8, DAY, None), (4, None, DAY, 5))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store").create()


def changed(name: str, **what: Any) -> dict[str, TableSpec]:
    """The made-up tables, one of them changed."""
    return {**SPECS, name: SPECS[name].model_copy(update=what)}


def reused(manifest: Manifest) -> dict[str, bool]:
    return {name: record.reused for name, record in manifest.tables.items()}


def test_made_checked_and_published(store: Store) -> None:
    steps: list[Step] = []
    manifest = build(SPECS, visits(store, *FEW), store, about={"place": "nowhere", "as_at": DAY}, progress=steps.append)
    assert Reader(store).table("busy").to_pylist() == [
        {"person": 7, "visits": 2, "cost_pence": 350},
        {"person": 8, "visits": 1, "cost_pence": None},
    ]
    assert Reader(store).table("total", columns=["mean_visits"]).to_pylist() == [{"mean_visits": 1.5}]
    assert manifest == read_manifest(store)
    assert (manifest.engine, manifest.about) == ("duckdb", {"place": "nowhere", "as_at": "2026-01-31"})
    assert {name: record.rows for name, record in manifest.tables.items()} == {"busy": 2, "total": 1}
    assert manifest.inputs["visit"].rows == 4
    assert manifest.tables["total"].inputs == ("busy",)
    assert [(step.name, step.done, step.total, step.rows, step.reused) for step in steps] == [
        ("busy", 1, 2, {"written": 2}, False),
        ("total", 2, 2, {"written": 1}, False),
    ]


def test_files_are_closed_to_others_and_tmp_is_empty(store: Store) -> None:
    build(SPECS, visits(store, *FEW), store)
    files = [path for path in store.root.rglob("*") if path.is_file()]
    assert len(files) == 8  # a manifest twice, an input, two tables and what each is declared as, and the turn to publish
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert list(store.tmp.iterdir()) == []


def test_an_unchanged_build_does_nothing(store: Store) -> None:
    inputs = visits(store, *FEW)
    first = build(SPECS, inputs, store)
    before = {path: path.stat().st_mtime_ns for path in store.root.rglob("*.*")}
    assert build(SPECS, inputs, store) == first
    assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*.*")} == before


def test_an_unchanged_build_reads_no_sql(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = visits(store, *FEW)
    first = build(SPECS, inputs, store)
    monkeypatch.setattr("joinedup.engine.building.plan", None)
    assert build(SPECS, inputs, store) == first


def test_another_version_of_the_place_is_published_without_work(store: Store) -> None:
    inputs = visits(store, *FEW)
    first = build(SPECS, inputs, store, about={"place": "nowhere"})
    second = build(SPECS, inputs, store, about={"place": "somewhere"})
    assert second.build_id != first.build_id
    assert reused(second) == {"busy": True, "total": True}
    assert sorted(path.stem for path in store.builds.iterdir()) == sorted([first.build_id, second.build_id])


@pytest.mark.parametrize(
    ("specs", "made"),
    [
        (changed("total", sql=f"{TOTAL.sql} WHERE true"), {"total"}),
        (changed("total", sql=f"-- why\n{TOTAL.sql} /* the same */".replace("\n", "\r\n    ")), set()),
        (changed("busy", sql=f"{BUSY.sql} -- in words"), set()),
        (changed("total", version=2), {"total"}),
        (changed("total", sort=("mean_visits",)), {"total"}),
        (changed("busy", version=2), {"busy"}),  # it comes out the same, so what reads it stays
        (changed("busy", sql=DEARER), {"busy", "total"}),
        (changed("total", title="only words"), set()),
    ],
)
def test_only_what_changed_and_what_reads_it_is_made_again(store: Store, specs: Mapping[str, TableSpec], made: set[str]) -> None:
    inputs = visits(store, *FEW)
    build(SPECS, inputs, store, about={"turn": 1})
    again = build(specs, inputs, store, about={"turn": 2})
    assert {name for name, was in reused(again).items() if not was} == made


def test_what_comes_out_the_same_ends_the_work(store: Store) -> None:
    """A visit that nobody is said to have made changes the landed rows, and not the people; nothing below those is made."""
    below = table("below", {"visits": "BIGINT"}, key=["visits"], sql="SELECT visits\nFROM total")
    specs = {**SPECS, "below": below}
    first = build(specs, visits(store, *FEW), store)
    again = build(specs, visits(store, *FEW, (5, None, None, None)), store)
    assert reused(again) == {"busy": False, "total": True, "below": True}
    assert again.tables["busy"].because == Because(inputs=("visit",))
    assert again.tables["busy"].digest == first.tables["busy"].digest
    assert again.tables["busy"].file != first.tables["busy"].file


def test_what_was_made_otherwise_before_its_hashes_were_of_content(store: Store) -> None:
    """A build of an older version is no build of which anything is damaged."""
    inputs = visits(store, *FEW)
    first = build(SPECS, inputs, store)
    store.manifest.write_text(first.model_copy(update={"form": 1, "signature": ""}).model_dump_json(), encoding="utf-8")
    for name in ("busy", "total"):
        (store.root / first.tables[name].file).unlink()
    again = build(SPECS, inputs, store, about={"turn": 2})
    assert {name: record.because for name, record in again.tables.items()} == dict.fromkeys(
        SPECS.keys() - {"visit"}, Because(definition=True)
    )


def test_other_rows_make_other_tables_and_the_old_build_stays_readable(store: Store) -> None:
    before = Reader(store)
    build(SPECS, visits(store, *FEW), store)
    first = before.table("busy")
    build(SPECS, visits(store, *FEW[:2]), store)
    assert before.table("busy").equals(first)
    assert Reader(store).table("busy").num_rows == 1


def test_several_tables_at_a_time_give_the_same(store: Store, tmp_path: Path) -> None:
    wide = {f"busy{n}": BUSY.model_copy(update={"table": f"busy{n}"}) for n in range(8)} | {"visit": VISIT}
    wide["all"] = table(
        "all",
        {"n": "BIGINT"},
        key=["n"],
        sql=" UNION ALL ".join(f"SELECT {n} + visits AS n FROM busy{n} WHERE person = 7" for n in range(8)),
    )
    inputs = visits(store, *FEW)
    build(wide, inputs, store, jobs=4)
    other = Store(tmp_path / "other").create()
    build(wide, inputs, other, jobs=1)
    for name in wide.keys() - {"visit"}:
        assert same_rows(Reader(store).table(name), Reader(other).table(name)) == []
    assert Reader(store).table("all")["n"].to_pylist() == list(range(2, 10))


def test_rows_of_one_person_lie_together_in_small_groups(store: Store) -> None:
    many = "SELECT a.id * 1000 + b.id AS person, a.id % 7 AS n FROM visit AS a CROSS JOIN visit AS b WHERE a.id < 400"
    specs = {"visit": VISIT, "many": table("many", {"person": "BIGINT", "n": "BIGINT"}, key=["person"], sort=["n", "person"], sql=many)}
    build(specs, visits(store, *((n, None, None, None) for n in range(400))), store)
    footer = pq.read_metadata(Reader(store).paths("many")[0])
    groups = [footer.row_group(group) for group in range(footer.num_row_groups)]
    assert footer.num_rows == 160_000
    assert max(group.num_rows for group in groups) <= 50_000
    ranges = [(group.column(0).statistics.min, group.column(1).statistics.min, group.column(1).statistics.max) for group in groups]
    assert all(low <= high for (_, _, high), (_, low, _) in pairwise(ranges))
    assert Reader(store).table("many")["n"].to_pylist() == sorted(Reader(store).table("many")["n"].to_pylist())


FAULTS = {
    "another name": (
        changed("total", sql="SELECT 1 AS visit, 1.0e0 AS mean_visits FROM busy"),
        "total gives visit where visits is declared",
    ),
    "another order": (
        changed("total", sql="SELECT 1.0e0 AS mean_visits, 1 AS visits FROM busy"),
        "in the order mean_visits, visits, declared is visits, mean",
    ),
    "another type": (
        changed("total", sql="SELECT 'x' AS visits, 1.0e0 AS mean_visits FROM busy"),
        "total.visits is STRING, declared is BIGINT; write CAST",
    ),
    "a null": (changed("busy", sql=str(BUSY.sql).replace("IS NOT NULL", "IS NULL OR 1 = 1")), "busy.person is required and holds 1 nulls"),
    "a repeated key": (
        changed("total", sql="SELECT 3 AS visits, 1.0e0 AS mean_visits FROM busy"),
        "total holds 1 keys .visits. with more than one row",
    ),
    "unportable": (
        changed("total", sql="SELECT concat('a') AS visits, 1 / visits AS mean_visits FROM busy"),
        "tables are at fault, 2 findings in all: total.sql:1: one engine stops at a division by zero",
    ),
    "unknown": (
        changed("total", sql="SELECT 1 AS visits, 1.0e0 AS mean_visits FROM bussy"),
        "reads the table bussy, .* nearest known table is busy",
    ),
    "a column that isn't there": (
        changed("total", sql="SELECT visitors AS visits, 1.0e0 AS mean_visits FROM busy"),
        "total.sql: .* can't run it: .*visitors",
    ),
    "a number that doesn't fit": (
        changed("total", sql="SELECT CAST(visits * 9000000000 AS INTEGER) AS visits, 1.0e0 AS mean_visits FROM busy"),
        "total.sql: .* stopped with .*; look for a CAST",
    ),
}


def test_a_key_on_two_rows_stops_the_build_too_where_the_engine_counts_keys(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joinedup.engine.making.FEW", -1)
    specs, said = FAULTS["a repeated key"]
    with pytest.raises(SqlError, match=said):
        build(specs, visits(store, *FEW), store)


@pytest.mark.parametrize(("specs", "said"), FAULTS.values(), ids=list(FAULTS))
def test_what_isnt_as_declared_stops_the_build(store: Store, specs: Mapping[str, TableSpec], said: str) -> None:
    inputs = visits(store, *FEW)
    first = build(SPECS, inputs, store)
    with pytest.raises(SqlError, match=said):
        build(specs, inputs, store)
    assert read_manifest(store) == first
    assert list(store.tmp.iterdir()) == []


def test_an_error_holds_no_value_of_a_row(store: Store) -> None:
    secret = "Ermintrude"
    specs = {
        "visit": table("visit", {"id": "BIGINT", "name": "STRING"}),
        "x": table("x", {"id": "BIGINT", "n": "DATE"}, sql="SELECT id, CAST(name AS DATE) AS n FROM visit"),
    }
    inputs = {"visit": write_input(rows(specs["visit"], (1, secret)), specs["visit"], store)}
    with pytest.raises(SqlError) as caught:
        build(specs, inputs, store)
    assert secret not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_table_that_wasnt_supplied(store: Store) -> None:
    with pytest.raises(StoreProblem, match="not supplied: visit; land again"):
        build(SPECS, {}, store)


def test_a_supplied_file_that_isnt_there(store: Store) -> None:
    with pytest.raises(StoreProblem, match=r"visit was supplied as .*gone.parquet, which is not there"):
        build(SPECS, {"visit": InputFile(store.inputs / "gone.parquet", "0", 0)}, store)


def test_a_supplied_table_of_another_version(store: Store) -> None:
    inputs = visits(store, *FEW)
    more = VISIT.model_copy(update={"columns": (*VISIT.columns, VISIT.columns[0].model_copy(update={"name": "ward"}))})
    with pytest.raises(StoreProblem, match=r"visit was written by another version and differs in ward; land again"):
        build({**SPECS, "visit": more}, inputs, store)


def test_a_truncated_result_is_made_again(store: Store) -> None:
    inputs = visits(store, *FEW)
    first = build(SPECS, inputs, store)
    [path] = Reader(store).paths("busy")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(StoreProblem, match="missing or damaged; build again with --verify"):
        Reader(store).table("busy")
    build(SPECS, inputs, store)
    assert Reader(store).table("busy").num_rows == first.tables["busy"].rows


def test_verify_finds_what_a_size_doesnt_tell(store: Store) -> None:
    inputs = visits(store, *FEW)
    build(SPECS, inputs, store)
    [path] = Reader(store).paths("busy")
    content = bytearray(path.read_bytes())
    content[20] ^= 255
    path.write_bytes(content)
    steps: list[Step] = []
    build(SPECS, inputs, store, progress=steps.append)
    assert steps == []
    build(SPECS, inputs, store, progress=steps.append, verify=True)
    assert {step.name: step.reused for step in steps} == {"total": True, "busy": False}
    assert Reader(store).table("busy").num_rows == 2


def test_verify_finds_a_damaged_input(store: Store) -> None:
    inputs = visits(store, *FEW)
    build(SPECS, inputs, store, verify=True)
    content = bytearray(inputs["visit"].path.read_bytes())
    content[20] ^= 255
    inputs["visit"].path.write_bytes(content)
    with pytest.raises(StoreProblem, match=r"visit in .* is not what was written there; land again"):
        build(SPECS, inputs, store, verify=True)


def test_verify_takes_nothing_over_that_no_manifest_vouches_for(store: Store) -> None:
    """Of a build before the last: nobody has looked at its files since."""
    inputs = visits(store, *FEW)
    first = build(SPECS, inputs, store)
    build(changed("busy", sql=DEARER), inputs, store)
    path = store.root / first.tables["busy"].file
    content = bytearray(path.read_bytes())
    content[20] ^= 255
    path.write_bytes(content)
    again = build(SPECS, inputs, store, verify=True)
    assert (again.tables["busy"].reused, again.tables["busy"].digest) == (False, first.tables["busy"].digest)


def test_a_supplied_file_that_is_damaged(store: Store) -> None:
    inputs = visits(store, *FEW)
    inputs["visit"].path.write_bytes(inputs["visit"].path.read_bytes()[:90])
    with pytest.raises(StoreProblem, match=r"visit in .* is damaged, or can't be read; land again"):
        build(SPECS, inputs, store)
    assert build(SPECS, visits(store, *FEW), store).tables["busy"].rows == 2, "what joinedup writes itself is written again"


def test_a_manifest_that_cant_be_read_is_replaced(store: Store) -> None:
    inputs = visits(store, *FEW)
    build(SPECS, inputs, store)
    store.manifest.write_text('{"build_id": 3}')
    with pytest.raises(StoreProblem, match="not a manifest that this version can read"):
        read_manifest(store)
    assert reused(build(SPECS, inputs, store)) == {"busy": True, "total": True}


def test_nothing_published(store: Store) -> None:
    with pytest.raises(NothingPublished, match=r"nothing has been built in .* yet; run joinedup build"):
        Reader(store).table("busy")


def test_a_table_that_no_build_made(store: Store) -> None:
    build(SPECS, visits(store, *FEW), store)
    with pytest.raises(NothingPublished, match="holds no table bussy; the nearest is busy"):
        Reader(store).table("bussy")


def test_a_full_disk_is_said_in_one_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = visits(store, *FEW)
    monkeypatch.setattr("joinedup.engine.making._being_written", lambda store, path: Path("/dev/full"))
    with pytest.raises(StoreProblem, match=r"^busy can't be made: the disk is full; free some space and run it again$"):
        build(SPECS, inputs, store)


@pytest.mark.parametrize("fault", [MemoryError(), RuntimeError("can't start new thread")], ids=["memory", "threads"])
def test_what_the_operating_system_gives_no_more_of_is_said(store: Store, monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    def refused(*_: object, **__: object) -> None:
        raise fault

    first = build(SPECS, visits(store, *FEW), store)
    monkeypatch.setattr("joinedup.engine.building.ThreadPoolExecutor.submit", refused)
    with pytest.raises(StoreProblem, match="no more memory or threads: ask for more"):
        build(changed("busy", version=2), visits(store, *FEW), store)
    assert read_manifest(store) == first


def test_reference_data_is_read_once_and_typed(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "price.csv"
    path.write_text("day,factor\n2026-01-31,1.5\n")
    price = table("price", {"day": "DATE", "factor": "DOUBLE"}, key=["day"], csv=path)
    sql = "SELECT id, CAST(round(cost_pence * factor) AS BIGINT) AS cost_pence FROM visit JOIN price ON price.day = visit.day"
    specs = {"visit": VISIT, "price": price, "priced": table("priced", {"id": "BIGINT", "cost_pence": "BIGINT"}, sql=sql)}
    inputs = visits(store, *FEW)
    manifest = build(specs, inputs, store)
    assert Reader(store).table("priced").to_pylist()[0] == {"id": 1, "cost_pence": 375}
    assert manifest.inputs["price"].rows == 1
    path.write_text("day,factor\n2026-01-31,2.5\n")
    assert build(specs, inputs, store).tables["priced"].reused is False
    assert Reader(store).table("priced").to_pylist()[0] == {"id": 1, "cost_pence": 625}


@pytest.mark.spark
def test_spark_makes_the_same_tables(store: Store, tmp_path: Path, spark_engine: Engine) -> None:
    inputs = visits(store, *FEW)
    build(SPECS, inputs, store)
    other = Store(tmp_path / "other").create()
    manifest = build(SPECS, inputs, other, engine="spark", jobs=2)
    assert re.fullmatch(r"spark 4\..*", manifest.software)
    for name in ("busy", "total"):
        duck, spark = Reader(store).table(name), Reader(other).table(name)
        assert duck.schema.types == spark.schema.types
        assert duck.to_pylist() == spark.to_pylist()
    assert {path.stat().st_mode & 0o777 for path in other.objects.iterdir()} == {0o600}


@pytest.mark.spark
def test_long_texts_of_which_spark_keeps_no_statistics(store: Store, spark_engine: Engine) -> None:
    """Its files don't say then how many values are missing: they are counted."""
    letter = table("letter", {"id": "BIGINT", "words": "STRING"})
    copied = {"id": "BIGINT", "words": "STRING"}
    given = {"letter": write_input(rows(letter, (1, "a" * 5_000), (2, "b" * 5_000)), letter, store)}
    whole = table("copied", copied, required=["words"], sql="SELECT id, words\nFROM letter")
    assert build({"letter": letter, "copied": whole}, given, store, engine="spark").tables["copied"].rows == 2
    half = table("copied", copied, required=["words"], sql="SELECT id, CASE WHEN id = 1 THEN words END AS words\nFROM letter")
    with pytest.raises(SqlError, match=r"copied\.words is required and holds 1 nulls"):
        build({"letter": letter, "copied": half}, given, store, engine="spark")


@pytest.mark.spark
@pytest.mark.parametrize("fault", FAULTS)
def test_spark_stops_at_the_same_faults(store: Store, spark_engine: Engine, fault: str) -> None:
    specs, said = FAULTS[fault]
    with pytest.raises(SqlError, match=said):
        build(specs, visits(store, *FEW), store, engine="spark")


def test_an_engine_that_isnt_there(store: Store) -> None:
    with pytest.raises(SqlError, match="there is no engine sqlite; choose duckdb or spark"):
        build(SPECS, visits(store, *FEW), store, engine="sqlite")


SLOW = (
    "SELECT count(*) AS n FROM visit AS a CROSS JOIN visit AS b CROSS JOIN visit AS c CROSS JOIN visit AS d WHERE a.id + b.id < c.id + d.id"
)


def test_a_build_that_is_asked_to_end_gives_up_a_long_query_at_once(store: Store) -> None:
    specs = {**SPECS, "slow": table("slow", {"n": "BIGINT"}, key=["n"], sql=SLOW)}
    inputs = visits(store, *((n, 7, None, None) for n in range(3000)))
    seen = []

    def interrupts(step: Step) -> None:
        seen.append(step.name)
        if step.name == "total":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(specs, inputs, store, jobs=2, progress=interrupts)
    assert seen == ["busy", "total"]
    assert list(store.tmp.iterdir()) == []
    with pytest.raises(NothingPublished):
        read_manifest(store)

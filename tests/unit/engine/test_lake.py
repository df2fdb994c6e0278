"""The lake: files that are created once, results that are whole or not there, and of two builders one that wins."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from joinedup.engine.builder import build
from joinedup.engine.cluster import Cluster
from joinedup.engine.engines import Engine
from joinedup.engine.lake import Files, Lake, LakeTable, open_lake
from joinedup.engine.lake_collecting import drop_from_lake
from joinedup.engine.lake_files import open_files
from joinedup.engine.lake_tables import joined
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from joinedup.errors import StoreHeld, StoreProblem

from ...s3 import new_bucket, s3_server
from .made_up import SPECS, visits

ROWS = [(n, n % 50, None, n) for n in range(1, 1000)]


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    for name, value in (("ENDPOINT_URL", s3), ("ALLOW_HTTP", "true"), ("ACCESS_KEY_ID", "a"), ("SECRET_ACCESS_KEY", "b"), ("REGION", "x")):
        monkeypatch.setenv(f"AWS_{name}", value)
    return new_bucket(s3, f"lake-{abs(hash(tmp_path)):x}")


@pytest.fixture(params=["folder", "s3", pytest.param("hadoop", marks=pytest.mark.spark)])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    """Files of a folder, of an S3 server in another process, and of Spark's own Hadoop."""
    if request.param == "s3":
        return open_files(f"s3a://{request.getfixturevalue('bucket')}/a lake/place", {})
    address = f"file://{tmp_path}/a lake/place"
    if request.param == "folder":
        return open_files(address, {})
    request.getfixturevalue("java")
    from joinedup.engine.lake_hadoop import HadoopFiles

    return HadoopFiles(address, {"spark.hadoop.io.file.buffer.size": "8192"})


def test_a_file_is_created_once(files: Files) -> None:
    assert files.read("builds/1.json") is None
    assert files.below("builds") == {}
    assert files.create("builds/1.json", b"first")
    assert not files.create("builds/1.json", b"second")
    assert files.read("builds/1.json") == b"first"
    assert files.below("builds").keys() == {"builds/1.json"}
    assert abs(files.below("builds")["builds/1.json"] - datetime.now(UTC)) < timedelta(minutes=5)


def test_of_many_that_create_a_file_at_once_one_does(files: Files) -> None:
    for name in ("a", "b", "c"):
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda n, name=name: files.create(f"{name}.json", b"%d" % n), range(8)))  # type: ignore[misc]
        if "HadoopFiles" not in type(files).__name__:  # Hadoop's own folder looks first and renames then; HDFS does both at once
            assert made.count(True) == 1
            assert files.read(f"{name}.json") == b"%d" % made.index(True)


def test_files_are_brought_fetched_listed_and_removed(files: Files, tmp_path: Path) -> None:
    given, got = tmp_path / "given.parquet", tmp_path / "got.parquet"
    pq.write_table(pa.table({"n": range(100_000)}), given)
    files.put("inputs/x/given.parquet", given)
    assert files.below("inputs").keys() == {"inputs/x/given.parquet"}
    files.fetch("inputs/x/given.parquet", got)
    assert got.read_bytes() == given.read_bytes()
    files.remove(["inputs/x/given.parquet"])
    assert files.below("inputs") == {}
    with pytest.raises(StoreProblem, match="can't be used"):
        files.fetch("inputs/x/given.parquet", got)


def test_an_s3_server_that_isnt_there_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ENDPOINT_URL", "http://127.0.0.1:9"), ("ALLOW_HTTP", "true"), ("ACCESS_KEY_ID", "a"), ("SECRET_ACCESS_KEY", "b")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setattr("joinedup.engine.lake_files.PATIENCE", {"max_retries": 0})
    with pytest.raises(StoreProblem, match=r"the lake s3a://nobody/x/place can't be used: .*look at its address") as said:
        open_lake("s3a://nobody/x", "place", {})
    assert "\n" not in str(said.value)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store").create()


def of(tmp_path: Path) -> str:
    return f"file://{tmp_path}/lake"


def lake(tmp_path: Path) -> Lake:
    return open_lake(of(tmp_path), "place", {})


def test_of_two_builders_one_wins_and_the_other_says_so(store: Store, bucket: str, tmp_path: Path) -> None:
    address = f"s3a://{bucket}"
    first, second = open_lake(address, "place", {}), open_lake(address, "place", {})
    other = Store(tmp_path / "other").create()
    mine = build(SPECS, visits(store, *ROWS), store, lake=first)
    with pytest.raises(StoreHeld, match=f"build {mine.build_id} .* was published on the lake .* while this one was being made"):
        build(SPECS, visits(other, *ROWS[:5]), other, lake=second)
    assert StoreHeld.exit_code == 8
    assert not other.manifest.exists(), "what isn't on the lake isn't published here either"
    published = open_lake(address, "place", {}).published()
    assert published is not None
    assert (published.number, published.manifest) == (1, mine)
    theirs = build(SPECS, visits(other, *ROWS[:5]), other, lake=open_lake(address, "place", {}))
    again = open_lake(address, "place", {}).published()
    assert again is not None
    assert (again.number, again.manifest) == (2, theirs)


def test_a_lake_has_every_table_and_nothing_of_it_twice(store: Store, tmp_path: Path) -> None:
    manifest = build(SPECS, visits(store, *ROWS), store)
    there = lake(tmp_path)
    published = there.publish(manifest, store)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "lake").rglob("*") if path.is_file()}
    assert {name: table.rows for name, table in published.tables.items()} == {"busy": 50, "total": 1}
    for name, table in (published.tables | published.inputs).items():
        rows = sum(pq.read_metadata(tmp_path / "lake" / "place" / file).num_rows for file in table.files)
        assert rows == table.rows, name
    assert lake(tmp_path).publish(manifest, store) == published
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "lake").rglob("*") if path.is_file()} == before


def test_a_manifest_of_a_later_version_stops_the_build(store: Store, tmp_path: Path) -> None:
    manifest = build(SPECS, visits(store, *ROWS), store)
    lake(tmp_path).files.create("builds/00000007.json", b'{"number": 7, "of": "another time"}')
    with pytest.raises(StoreProblem, match="later version"):
        lake(tmp_path).publish(manifest, store)


def test_a_result_that_somebody_else_finished_first_is_used(tmp_path: Path) -> None:
    a, b = lake(tmp_path), lake(tmp_path)
    path = tmp_path / "busy-abc.parquet"
    attempts = []
    for each in (a, b):
        attempt = each.attempt(path.stem)
        folder = tmp_path / "lake" / "place" / attempt
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"n": [1]}), folder / "part-0.parquet")
        attempts.append(attempt)
    finished = a.finish(path, attempts[0], 1)
    assert b.finish(path, attempts[1], 1) == finished
    assert (tmp_path / "lake" / "place" / attempts[0] / "part-0.parquet").exists()
    assert not (tmp_path / "lake" / "place" / attempts[1] / "part-0.parquet").exists()


def test_what_a_killed_worker_wrote_is_no_result(store: Store, tmp_path: Path) -> None:
    manifest = build(SPECS, visits(store, *ROWS), store)
    file = store.root / manifest.tables["busy"].file
    half = tmp_path / "lake" / "place" / "results" / file.stem / "killed"
    half.mkdir(parents=True)
    (half / "part-00000.parquet").write_bytes(b"PAR1 half of it")
    published = lake(tmp_path).publish(manifest, store)
    assert published.tables["busy"].rows == 50
    assert not any("killed" in name for name in published.tables["busy"].files)


def test_files_that_are_gone_are_told(tmp_path: Path) -> None:
    there = lake(tmp_path)
    given = tmp_path / "given.parquet"
    pq.write_table(pa.table({"n": [1, 2]}), given)
    there.files.put("results/x/part-0.parquet", given)
    with pytest.raises(StoreProblem, match="gave 2 rows of got, and Spark wrote 3"):
        joined(there, LakeTable(files=("results/x/part-0.parquet",), rows=3), tmp_path / "got.parquet")


@pytest.mark.parametrize("sizes", [(1, 30_000, 0, 20_000, 3), (50_004,), (20_480, 20_480, 9_044)])
def test_however_many_files_rows_lie_in_the_store_has_the_same_file(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    there, begin, names = lake(tmp_path), 0, []
    for number, size in enumerate(sizes):
        part = tmp_path / "part.parquet"
        pq.write_table(pa.table({"n": pa.array(range(begin, begin + size), pa.int64())}), part, compression="zstd")
        names.append(f"results/x/{number}.parquet")
        there.files.put(names[-1], part)
        begin += size
    joined(there, LakeTable(files=tuple(names), rows=begin), tmp_path / "got.parquet")
    got = pq.ParquetFile(tmp_path / "got.parquet")
    assert got.read()["n"].to_pylist() == list(range(50_004))
    if len(sizes) > 1:
        assert [got.metadata.row_group(n).num_rows for n in range(got.num_row_groups)] == [20_480, 20_480, 9_044]


PUBLISHING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from joinedup.engine.lake import open_lake
from joinedup.engine.manifest import read_manifest
from joinedup.engine.store import Store
store = Store(Path(sys.argv[1]))
manifest = read_manifest(store)
print("begins", flush=True)
for number in range(10_000):
    lake = open_lake(sys.argv[2], "place", {})
    lake.publish(manifest.model_copy(update={"about": {"turn": number, "of": "x" * 20_000}}), store)
"""


def test_a_builder_that_is_killed_leaves_the_published_build_whole(store: Store, tmp_path: Path) -> None:
    build(SPECS, visits(store, *ROWS), store)
    clock, last = random.Random(4), 0
    for _ in range(4):
        with subprocess.Popen([sys.executable, "-c", PUBLISHING, store.root, of(tmp_path)], stdout=subprocess.PIPE) as builder:
            assert builder.stdout is not None
            assert builder.stdout.readline()
            time.sleep(clock.uniform(0.01, 0.3))
            builder.send_signal(signal.SIGKILL)
        published = lake(tmp_path).published()
        number = 0 if published is None else published.number
        assert number >= last
        last = number
        for table in () if published is None else (*published.tables.values(), *published.inputs.values()):
            assert sum(pq.read_metadata(tmp_path / "lake" / "place" / file).num_rows for file in table.files) == table.rows
    assert last > 0


@pytest.mark.spark
@pytest.mark.parametrize("most", [0, 500_000], ids=["several files", "one file"])
def test_spark_on_a_lake_makes_the_same_tables(
    store: Store, tmp_path: Path, spark_engine: Engine, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("joinedup.engine.on_spark.ROWS_IN_FILE", most)
    build(SPECS, visits(store, *ROWS), store)
    other = Store(tmp_path / "the other").create()
    there = lake(tmp_path)
    three = Cluster(settings={"spark.sql.adaptive.enabled": "false", "spark.sql.shuffle.partitions": "3"})
    manifest = build(SPECS, visits(other, *ROWS), other, engine="spark", cluster=three, lake=there)
    for name in ("busy", "total"):
        assert Reader(store).table(name).to_pylist() == Reader(other).table(name).to_pylist()
    published = there.published()
    assert published is not None
    assert published.manifest == manifest
    files = published.tables["busy"].files
    assert all(name.startswith("results/busy-") for name in files)
    assert len(files) == (1 if most else 3)
    measured = manifest.tables["busy"].measured
    assert measured is not None
    assert measured.rows_read is not None
    assert measured.rows_read >= len(ROWS)


def test_what_no_kept_build_names_goes_from_a_lake_after_a_day(store: Store, bucket: str, tmp_path: Path) -> None:
    there = open_lake(f"s3a://{bucket}", "place", {})
    old = build(SPECS, visits(store, *ROWS), store, lake=there)
    new = build(SPECS, visits(store, *ROWS[:5]), store, lake=there)
    there.files.create("results/killed-abc/attempt/part-00000.parquet", b"half")
    before, now = there.published(), datetime.now(UTC)
    assert drop_from_lake(there, {old.build_id, new.build_id}, now) == []
    soon = now + timedelta(days=2)
    killed = ["results/killed-abc/attempt/part-00000.parquet"]
    assert drop_from_lake(there, {old.build_id}, soon, dry_run=True) == killed
    assert drop_from_lake(there, {old.build_id}, soon) == killed, "the published build stays, whatever a store keeps"
    gone = drop_from_lake(there, set(), soon)
    assert gone[0] == "builds/00000001.json"
    assert len(gone) == 4, "its manifest, what it read and two tables"
    assert there.published() == before
    left = set().union(*(there.files.below(folder) for folder in ("inputs", "results")))
    assert left == {name for table in (*before.tables.values(), *before.inputs.values()) for name in table.files}  # type: ignore[union-attr]
    assert drop_from_lake(there, set(), soon) == []

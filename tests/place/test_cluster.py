"""The example on a cluster: a master and two workers of Spark, each a process of its own, and a build that is another."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from joinedup.engine.lake import open_lake
from joinedup.engine.reader import Reader
from joinedup.engine.rows import same_rows

from ..clusters import standalone_cluster
from .conftest import Example, copy_of

SETTINGS = {
    "spark.executor.memory": "512m",  # of a worker's gigabyte
    "spark.pyspark.python": "/there/is/none",  # SQL needs no Python on workers
    # Of so few rows most of the work would be in making plans anew and in compiling them.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


@pytest.mark.spark
@pytest.mark.usefixtures("java")
def test_the_whole_example_is_equal_on_duckdb_and_two_workers_of_spark(small: Example, tmp_path: Path) -> None:
    """Of 600 people each table is planned, sent to workers and written all the same; Spark on one machine has 5,000 (test_example.py)."""
    there = copy_of(small, tmp_path)
    lake = f"file://{tmp_path}/a lake"
    settings = [word for name, value in SETTINGS.items() for word in ("--setting", f"{name}={value}")]
    with standalone_cluster(tmp_path / "cluster") as cluster:
        verb = ["build", str(there.folder), "--no-land", "--store", str(there.store.root), "--engine", "spark"]
        where = ["--master", cluster.master, "--lake", lake, *settings]
        done = subprocess.run(
            [sys.executable, "-m", "joinedup.cli", *verb, *where], env=cluster.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        workers = [list((cluster.work / f"worker{number}").glob("app-*/*/stderr")) for number in range(2)]
        assert all(workers), "both workers took part"
    duck, spark = Reader(small.store), Reader(there.store)
    assert duck.manifest.tables.keys() == spark.manifest.tables.keys()
    assert len(duck.manifest.tables) > 50
    different = {name: same_rows(duck.table(name), spark.table(name), tolerance=1e-9) for name in duck.manifest.tables}
    assert {name: said for name, said in different.items() if said} == {}
    published = open_lake(lake, there.place.id, {}).published()
    assert published is not None
    assert published.manifest == spark.manifest
    root = tmp_path / "a lake" / there.place.id
    lie = {name: sum(pq.read_metadata(root / file).num_rows for file in table.files) for name, table in published.tables.items()}
    assert lie == {name: record.rows for name, record in duck.manifest.tables.items()}

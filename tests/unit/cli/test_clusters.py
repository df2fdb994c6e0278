"""Options of Spark on the command line: what is refused before anything starts, in sentences that repeat no key."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from joinedup.cli import main

WORD = "hunter2"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--master", "yarn"], "are of Spark: add --engine spark"),
        (["--engine", "spark", "--master", "spark://head:7077"], "need a place that all of them reach"),
        (["--engine", "spark", "--master", "sc://host"], "Spark Connect"),
        (["--engine", "spark", "--lake", "/data"], "file:///folder"),
        (["--engine", "spark", "--setting", WORD], "write NAME=VALUE"),
        (["--engine", "spark", "--setting", f"spark.hadoop.fs.s3a.secret.key={WORD}"], "looks like a key"),
        (["--engine", "spark", "--setting", "spark.sql.ansi.enabled=false"], "changes what SQL gives"),
    ],
)
def test_where_spark_cant_run_is_said_before_anything_starts(root: Path, tmp_path: Path, words: list[str], said: str) -> None:
    verb = ["build", str(root / "places" / "calderdale"), "--no-land", "--store", str(tmp_path / "store"), *words]
    done = CliRunner().invoke(main, verb)
    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())
    assert WORD not in done.output
    assert not (tmp_path / "store").exists()

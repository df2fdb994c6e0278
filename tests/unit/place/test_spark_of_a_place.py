"""Where Spark runs: spark.yml, read, and everything that may not stand in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from joinedup.engine.cluster import Cluster
from joinedup.errors import PlaceError
from joinedup.findings import Finding
from joinedup.place.folder import read_place

WORD = "hunter2"


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root / "places" / "calderdale", tmp_path / "calderdale"))


def found(folder: Path, text: str) -> list[Finding]:
    (folder / "spark.yml").write_text(text, encoding="utf-8")
    try:
        read_place(folder)
    except PlaceError as error:
        return [finding for finding in error.findings if finding.file == "spark.yml"]
    return []


def test_a_place_says_where_spark_runs_and_how(folder: Path) -> None:
    assert read_place(folder).spark == Cluster()
    text = "master: spark://head:7077\nlake: s3a://bucket/joinedup\nsettings:\n  spark.executor.memory: 8g\n  spark.executor.instances: 4\n"
    assert found(folder, text) == []
    settings = {"spark.executor.memory": "8g", "spark.executor.instances": "4"}
    said = read_place(folder).spark
    assert said == Cluster("spark://head:7077", "s3a://bucket/joinedup", settings)
    assert said.overridden("yarn", None, {"spark.executor.memory": "4g"}) == Cluster(
        "yarn", "s3a://bucket/joinedup", settings | {"spark.executor.memory": "4g"}
    )


@pytest.mark.parametrize(
    "name",
    [
        "spark.hadoop.fs.s3a.secret.key",
        "spark.hadoop.fs.s3a.access.key",
        "spark.hadoop.fs.s3a.session.token",
        "spark.hadoop.fs.s3a.encryption.key",
        "spark.hadoop.fs.azure.account.key.place.dfs.core.windows.net",
        "spark.hadoop.fs.azure.account.oauth2.client.secret",
        "spark.hadoop.fs.azure.sas.fixed.token",
        "spark.hadoop.fs.gs.auth.service.account.private.key",
        "spark.authenticate.secret",
        "spark.ssl.keyPassword",
    ],
)
def test_a_key_may_not_stand_there_and_is_never_repeated(folder: Path, name: str) -> None:
    [finding] = found(folder, f"settings:\n  spark.executor.cores: 2\n  {name}: {WORD}\n")
    assert (finding.line, finding.rule) == (3, "secret-in-folder")
    assert "instance profile or managed identity" in finding.message
    assert WORD not in finding.message


@pytest.mark.parametrize(
    "name",
    [
        "spark.hadoop.fs.s3a.aws.credentials.provider",
        "spark.hadoop.hadoop.security.credential.provider.path",
        "spark.hadoop.fs.azure.account.auth.type",
        "spark.hadoop.fs.azure.account.oauth.provider.type",
        "spark.hadoop.fs.azure.account.oauth2.client.id",
        "spark.authenticate.secret.file",
        "spark.kubernetes.authenticate.driver.oauthTokenFile",
        "spark.sql.shuffle.partitions",
        "spark.sql.adaptive.enabled",
        "spark.sql.autoBroadcastJoinThreshold",
        "spark.kubernetes.driver.label.team",
        "spark.executorEnv.TZ",
        "spark.databricks.delta.optimizeWrite.enabled",
        "spark.microsoft.delta.optimizeWrite.enabled",
        "spark.synapse.vegas.useCache",
        "spark.emr-serverless.driver.disk",
        "spark.dynamicAllocation.maxExecutors",
    ],
)
def test_what_names_where_a_key_lies_or_how_work_is_done_may(folder: Path, name: str) -> None:
    assert found(folder, f"settings:\n  {name}: something\n") == []


@pytest.mark.parametrize(
    ("text", "line", "rule", "said"),
    [
        ("settings:\n  spark.sql.ansi.enabled: false\n", 2, "pinned-setting", "joinedup sets it to true"),
        ("settings:\n  spark.sql.session.timeZone: Europe/London\n", 2, "pinned-setting", "joinedup sets it to UTC"),
        ("settings:\n  spark.sql.timestampType: TIMESTAMP_LTZ\n", 2, "pinned-setting", "differ from the same on DuckDB"),
        ("settings:\n  spark.sql.files.ignoreMissingFiles: true\n", 2, "pinned-setting", "take it out"),
        ("settings:\n  spark.sql.legacy.timeParserPolicy: LEGACY\n", 2, "pinned-setting", "take it out"),
        ("settings:\n  spark.sql.parquet.datetimeRebaseModeInRead: LEGACY\n", 2, "pinned-setting", "take it out"),
        ("settings:\n  spark.master: yarn\n", 2, "pinned-setting", "write master:"),
        ("settings:\n  executor.memory: 8g\n", 2, "unknown-setting", "did you mean spark.executor.memory?"),
        ("settings:\n  spark.executor.memroy: 8g\n", 2, "unknown-setting", "did you mean spark.executor.memory?"),
        ("settings:\n  spark.sql.shuffle.Partitions: 8\n", 2, "unknown-setting", "did you mean spark.sql.shuffle.partitions?"),
        ("settings:\n  spark.hadop.fs.s3a.endpoint: here\n", 2, "unknown-setting", "did you mean spark.hadoop.fs.s3a.endpoint?"),
        (f"settings:\n  spark.executor.extraJavaOptions: -Dfs.s3a.secret.key={WORD}\n", 2, "secret-in-folder", "have another key made"),
        ("lake: s3a://bucket/x\nmaster: sc://host\n", 2, "wrong-master", "Spark Connect"),
        ("lake: s3a://bucket/x\nmaster: head:7077\n", 2, "wrong-master", "spark://host:7077"),
        ("master: spark://head:7077\n", 1, "no-lake", "write lake:"),
        ("lake: /data/lake\n", 1, "wrong-lake", "file:///folder"),
        ("lake: file://data/lake\n", 1, "wrong-lake", "its whole path"),
        ("lake: s3a:///joinedup\n", 1, "wrong-lake", "names no bucket"),
        (f"lake: abfss://c@a.dfs.core.windows.net/x?sig={WORD}\n", 1, "secret-in-folder", "looks like a key"),
        (f"lake: s3a://anna:{WORD}@bucket/x\n", 1, "secret-in-folder", "looks like a key"),
        ("setings:\n  spark.executor.memory: 8g\n", 1, "unknown-key", "did you mean settings?"),
        ("spark.executor.memory: 8g\n", 1, "unknown-key", "below the line 'settings:'"),
        (f"settings:\n  spark.x:\n    secret: {WORD}\n", 2, "wrong-value", "no single value"),
        ("settings:\n  - spark.executor.memory\n", 1, "wrong-value", "write name: value"),
    ],
)
def test_what_is_wrong_is_told_on_its_line(folder: Path, text: str, line: int, rule: str, said: str) -> None:
    findings = found(folder, text)
    assert [(finding.line, finding.rule) for finding in findings] == [(line, rule)]
    assert said in findings[0].message
    assert WORD not in findings[0].message


def test_an_access_key_of_a_cloud_is_known_by_its_look(folder: Path) -> None:
    [finding] = found(folder, f"settings:\n  spark.executorEnv.NAME: {'AKIA' + 'A1B2C3D4E5F6G7H8'}\n")
    assert finding.rule == "secret-in-folder"

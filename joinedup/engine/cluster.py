"""Where Spark runs: its master, the lake that its workers reach, and its settings; and what of these a place may not say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from joinedup.engine.spark_names import meant

LOOPBACK = re.compile(r"spark://(127\.0\.0\.1|localhost)\b")
MASTER = re.compile(r"local(\[(\d+|\*)(,\s*\d+)?\])?|spark://[^\s/@]+:\d+(,[^\s/@]+:\d+)*|yarn|k8s://[^\s@]+")
LAKE = re.compile(r"[a-z][a-z0-9+.-]*://[^\s].*")

PINNED: Mapping[str, str] = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
}
"""What makes SQL mean what it means on DuckDB."""

CHANGE_ROWS = re.compile(
    r"spark\.sql\.(ansi\..*|legacy\..*|session\.timeZone|timestampType|caseSensitive|storeAssignmentPolicy|mapKeyDedupPolicy"
    r"|groupByOrdinal|orderByOrdinal|groupByAliases|decimalOperations\..*|collation\..*|session\.collation\..*|.*[rR]ebaseMode.*"
    r"|parquet\.(int96.*|outputTimestampType|binaryAsString|mergeSchema|inferTimestampNTZ\.enabled)"
    r"|files\.ignore(Corrupt|Missing)Files|extensions|optimizer\.excludedRules)"
)
"""Settings by which the same SQL gives other rows, or rows are passed over without a word."""

OURS: Mapping[str, str] = {
    "spark.master": "write master: beside settings:, or say --master",
    "spark.remote": "write master: beside settings:, or say --master",
    "spark.submit.deployMode": "joinedup is the driver, and runs where it was started",
    "spark.sql.warehouse.dir": "nothing is written there; where results lie is lake:",
    "spark.driver.extraJavaOptions": "joinedup says there where Spark's log goes; set JAVA_TOOL_OPTIONS in the environment",
}
"""Settings that joinedup makes itself: what to do instead."""

SECRET = re.compile(
    r"secret(?!s?\.(file|provider)|.*file$)|passw|passphrase|token(?!.*(file|provider|path|\.type)$)|access\.?-?key|account\.?-?key|private\.?-?key"
    r"|\.sas\b|sas\.?-?(fixed|key)|signature|encryption\.key$|credentials?$",
    re.IGNORECASE,
)
"""Names of settings whose value opens something; a file or a provider that holds it is named, and isn't meant."""

SECRET_VALUE = re.compile(
    r"\bAKIA[0-9A-Z]{16}\b|\bASIA[0-9A-Z]{16}\b|[?&]sig=|://[^/\s@]+:[^/\s@]+@|-D\S*(secret|passw|token|access\.?key)\S*=", re.IGNORECASE
)

INSTEAD = (
    "take it out, have another key made, since who reads the folder may have read this one, and let the machine alone know it, by an "
    "instance profile or managed identity, environment variables (AWS_…, AZURE_…), or a Hadoop credential provider named by "
    "spark.hadoop.hadoop.security.credential.provider.path"
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where Spark runs and what it is told; nothing of it: on two cores of this machine."""

    master: str = ""
    lake: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def local(self) -> bool:
        """Whether Spark runs inside this process."""
        return not self.master or self.master.startswith("local")

    @property
    def on_this_machine(self) -> bool:
        """Whether nothing but this machine need reach the driver."""
        return self.local or LOOPBACK.match(self.master) is not None

    def overridden(self, master: str | None, lake: str | None, settings: Mapping[str, str]) -> Cluster:
        """The same with what a command line says instead."""
        return Cluster(self.master if master is None else master, self.lake if lake is None else lake, {**self.settings, **settings})


Fault = tuple[tuple[str, ...], str, str]
"""Which part is at fault, the rule, and a sentence that never repeats a value."""


def faults(cluster: Cluster) -> Iterator[Fault]:
    """Everything that is wrong with what is said of a cluster."""
    if cluster.master and not MASTER.fullmatch(cluster.master):
        yield ("master",), *_master_fault(cluster.master)
    if cluster.lake:
        yield from ((("lake",), *fault) for fault in _lake_faults(cluster.lake))
    for name, value in cluster.settings.items():
        yield from ((("settings", name), *fault) for fault in _setting_faults(name, value))
    if not cluster.local and not cluster.lake:
        yield (
            ("master",),
            "no-lake",
            "the workers of a cluster and this machine need a place that all of them reach: write lake:, such as s3a://bucket/joinedup",
        )


def _master_fault(master: str) -> tuple[str, str]:
    if master.startswith("sc://"):
        return "wrong-master", (
            "an address of Spark Connect (sc://) can't be used: start joinedup where a session runs, such as a notebook or a job of the "
            "platform, and leave master out, or write the address of the cluster's master"
        )
    return "wrong-master", "master is no address of a Spark master: write local[4], spark://host:7077, yarn or k8s://https://host:6443"


def _lake_faults(lake: str) -> Iterator[tuple[str, str]]:
    if not LAKE.fullmatch(lake):
        yield (
            "wrong-lake",
            "lake is no address: write s3a://bucket/folder, abfss://…, gs://…, hdfs://… or, for a shared folder, file:///folder",
        )
        return
    parts = urlsplit(lake)
    if parts.query or parts.fragment or (parts.password is not None) or SECRET_VALUE.search(lake):
        yield "secret-in-folder", f"lake holds what looks like a key: {INSTEAD}"
    if parts.scheme == "file" and (parts.netloc or not parts.path.strip("/")):
        yield "wrong-lake", "lake is no folder: write file:/// and its whole path, which every worker sees under the same name"
    if parts.scheme != "file" and not parts.netloc and parts.scheme != "hdfs":
        yield "wrong-lake", "lake names no bucket, container or host: write it after the two slashes"


def _setting_faults(name: str, value: str) -> Iterator[tuple[str, str]]:
    if SECRET.search(name) or SECRET_VALUE.search(value):
        yield "secret-in-folder", f"{name} holds what looks like a key: {INSTEAD}"
    elif not name.startswith("spark."):
        yield "unknown-setting", f"{name} is no setting of Spark (did you mean spark.{name}?): Hadoop's begin with spark.hadoop."
    elif name in OURS:
        yield "pinned-setting", f"{name} is joinedup's to set: {OURS[name]}"
    elif CHANGE_ROWS.fullmatch(name):
        pinned = f"; joinedup sets it to {PINNED[name]}" if name in PINNED else ""
        yield "pinned-setting", f"{name} changes what SQL gives, so that a build would differ from the same on DuckDB{pinned}: take it out"
    elif right := meant(name):
        yield "unknown-setting", f"{name} is no setting of Spark, which would pass over it without a word: did you mean {right}?"

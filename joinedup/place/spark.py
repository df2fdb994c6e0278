"""What a place folder says of Spark: spark.yml, which most places do without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from joinedup.engine.cluster import Cluster, faults
from joinedup.findings import Finding
from joinedup.place.located import Located
from joinedup.place.sentences import unknown
from joinedup.place.yaml_file import Document, read_yaml

FILE = "spark.yml"
KNOWN = ("master", "lake", "settings")


def read_spark(folder: Path) -> tuple[list[Located[Cluster]], list[Finding]]:
    """Where Spark is to run, and its settings (one, or none without the file); no finding repeats a value, which may be a key."""
    if not (folder / FILE).exists() and not (folder / FILE).is_symlink():
        return [], []
    document, findings = read_yaml(folder, FILE)
    findings += [_unknown(document, name) for name in document.content if name not in KNOWN]
    read = {name: document.content.get(name) or "" for name in ("master", "lake")}
    settings = document.content.get("settings") or {}
    findings += [_no_text(document, name) for name, value in read.items() if not isinstance(value, str)]
    if not isinstance(settings, dict):
        findings.append(document.spot("settings").fault("wrong-value", "settings is no list of names with values: write name: value"))
        settings = {}
    findings += [_no_text(document, "settings", name) for name, value in settings.items() if not isinstance(value, str)]
    texts: dict[str, Any] = {name: value if isinstance(value, str) else "" for name, value in read.items()}
    cluster = Cluster(**texts, settings={name: value for name, value in settings.items() if isinstance(value, str)})
    return [Located(cluster, document.spot())], findings + [
        document.spot(*path).fault(rule, message) for path, rule, message in faults(cluster)
    ]


def _unknown(document: Document, name: str) -> Finding:
    if name.startswith("spark."):
        return document.spot(name).fault("unknown-key", f"{name} stands beside settings: write it below the line 'settings:'")
    return document.spot(name).fault("unknown-key", unknown(name, KNOWN))


def _no_text(document: Document, *path: str) -> Finding:
    return document.spot(*path).fault("wrong-value", f"{'.'.join(path)} has no single value: write name: value")

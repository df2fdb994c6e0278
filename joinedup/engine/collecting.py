"""Removing the files of builds that nobody keeps."""

from __future__ import annotations

import shutil
from pathlib import Path

from joinedup.engine.manifest import Manifest
from joinedup.engine.store import Store, store_errors


def collect(store: Store, *, keep: int = 1) -> list[Path]:
    """The files removed: all that neither the published build nor the `keep` latest ones name. The caller holds the store's lock."""
    builds = sorted(store.builds.glob("*.json"))
    kept = [store.manifest, *builds[len(builds) - keep :]]
    named = {store.root / file for path in kept if path.exists() for file in _files(path)}
    files = [*store.objects.glob("*.parquet"), *store.inputs.glob("*.parquet")]
    removed = [path for path in files if path not in named] + builds[: len(builds) - keep]
    with store_errors(store.root):
        for path in removed:
            path.unlink()
    return removed


def drop_builds(store: Store) -> list[str]:
    """The builds that are gone, with everything made for them; nothing is published until the next one."""
    gone = sorted(path.stem for path in store.builds.glob("*.json"))
    with store_errors(store.root):
        store.manifest.unlink(missing_ok=True)
        for path in (*store.builds.glob("*.json"), *store.objects.glob("*.parquet")):
            path.unlink()
        shutil.rmtree(store.root / "charts", ignore_errors=True)
    return gone


def _files(path: Path) -> list[str]:
    manifest = Manifest.model_validate_json(path.read_bytes())
    return [table.file for table in manifest.tables.values()] + [source.file for source in manifest.inputs.values()]

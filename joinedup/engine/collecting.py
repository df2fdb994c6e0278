"""Removing what no build that is kept names: tables, tables of the place, charts, and the manifests of old builds themselves."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from joinedup.engine.clock import believed, replaced_at
from joinedup.engine.manifest import Manifest, builds_by_number, read_build
from joinedup.engine.store import Store, store_errors, sync_folder
from joinedup.errors import StoreProblem

READERS_TIME = timedelta(hours=1)
"""For how long a build stays at least once another is published: whoever opened it before may still be reading it. A file that no build
names, as a killed one leaves it, stays as long from when it was written, for the next build may take it over (our choice, 2026)."""


def older_than(store: Store, days: int, now: datetime, *, sure: bool = False) -> list[Manifest]:
    """Builds that aren't published and were the published one last more than so many days, and an hour, before now, the oldest first.

    A build counts from when the one after it was published, for until then it was what pages were made from. By number, not by time: a
    clock that went back makes no build older than it is, and the newest always stays. A clock that has leapt ahead is believed once it has
    stood there for a day, unless somebody is `sure` of it.
    """
    builds = builds_by_number(store)
    now = now if sure else believed(builds, now)
    until = replaced_at(builds, now)
    return [build for build, then in zip(builds, until, strict=False) if now - then > max(timedelta(days=days), READERS_TIME)]


def collect(store: Store, *, keep: int = 1, spare: timedelta = timedelta(0)) -> list[Path]:
    """The files removed: all that neither the published build nor the `keep` latest ones name, unless younger than `spare`.

    The caller holds the store's lock.
    """
    builds = builds_by_number(store)
    return drop(store, builds[: max(len(builds) - keep, 0)], spare=spare)


def drop(store: Store, builds: Sequence[Manifest], *, spare: timedelta = timedelta(0)) -> list[Path]:
    """The files removed: these builds, unless published, and all that no build that is left names, unless younger than `spare`.

    Manifests go first, on disk too: stopped in between, files stay that nobody names, and the next time they go. StoreProblem where a
    manifest can't be read, for what it names can't be told then; the caller holds the store's lock.
    """
    published = _published(store)
    going = [store.builds / f"{build.build_id}.json" for build in builds if build.build_id != published]
    kept = [path for path in (store.manifest, *sorted(store.builds.glob("*.json"))) if path.exists() and path not in going]
    named = {store.root / file for path in kept for file in read_build(path).files}
    with store_errors(store.root):
        for path in going:
            path.unlink(missing_ok=True)
        if going:
            sync_folder(store.builds)
        unnamed = [path for path in unnamed_files(store, named) if _older(path, spare)]
        for path in unnamed:
            path.unlink(missing_ok=True)
        _drop_with_builds(store, spare)
    return [*unnamed, *going]


def _drop_with_builds(store: Store, spare: timedelta) -> None:
    """Nothing; query profiles, definitions and comparisons of builds that are no more are gone."""
    kept = {path.stem: read_build(path) for path in store.builds.glob("*.json")}
    for folder in store.profiles.iterdir() if store.profiles.is_dir() else ():
        if folder.name not in kept:
            shutil.rmtree(folder)
    declared = {record.definition for build in kept.values() for record in build.tables.values()}
    for path in store.definitions.glob("*.json"):
        if path.stem not in declared and _older(path, spare):
            path.unlink()
    for path in store.changes.glob("*.json"):
        if not kept.keys() >= set(path.stem.split("_")):
            path.unlink()


def unnamed_files(store: Store, named: set[Path]) -> list[Path]:
    """The files of tables that aren't among those named."""
    return [path for path in (*store.objects.glob("*.parquet"), *store.inputs.glob("*.parquet")) if path not in named]


def _older(path: Path, spare: timedelta) -> bool:
    """Whether a file was written that long ago; one from the future, as by a clock that went back, counts as old."""
    age = time.time() - path.stat().st_mtime
    return age >= spare.total_seconds() or age < 0


def _published(store: Store) -> str:
    """The id of the published build; empty where there is none or it can't be read."""
    try:
        return read_build(store.manifest).build_id if store.manifest.exists() else ""
    except StoreProblem:
        return ""


def drop_builds(store: Store) -> list[str]:
    """The builds that are gone, with everything made for them; nothing is published until the next one."""
    gone = sorted(path.stem for path in store.builds.glob("*.json"))
    with store_errors(store.root):
        store.manifest.unlink(missing_ok=True)
        sync_folder(store.root)
        for path in (*store.builds.glob("*.json"), *store.objects.glob("*.parquet")):
            path.unlink()
        for folder in (store.builds, store.objects):
            sync_folder(folder)
        shutil.rmtree(store.root / "charts", ignore_errors=True)
        for folder in (store.profiles, store.definitions, store.changes):
            shutil.rmtree(folder, ignore_errors=True)
    return gone

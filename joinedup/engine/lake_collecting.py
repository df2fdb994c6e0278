"""Removing from a lake what no build that is kept names."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from joinedup.engine.lake import Lake

BUILDERS_TIME = timedelta(days=1)
"""For how long a file that no build names stays at least: a builder may be writing it, or about to name it (our choice, 2026)."""


def drop_from_lake(lake: Lake, kept: Collection[str], now: datetime, *, dry_run: bool = False) -> list[str]:
    """The files removed, or that would be: builds that aren't among the ids that are `kept`, nor published, and what none left names.

    Manifests go first, then what says that a result is whole, then files: stopped in between, nothing is named that isn't there.
    StoreProblem where a manifest can't be read, for what it names can't be told then. Nobody else may be building on the lake.
    """
    builds = lake.builds()
    going = [name for name, build in list(builds.items())[:-1] if build.manifest.build_id not in kept]
    left = [build for name, build in builds.items() if name not in going]
    named = {file for build in left for table in (*build.tables.values(), *build.inputs.values()) for file in table.files}
    results = {file.split("/")[1] for file in named if file.startswith("results/")}
    old = sorted(name for folder in ("results", "inputs") for name, at in lake.files.below(folder).items() if now - at > BUILDERS_TIME)
    says = [name for name in old if name.endswith(".json") and name.removeprefix("results/").removesuffix(".json") not in results]
    files = [name for name in old if not name.endswith(".json") and name not in named]
    for names in () if dry_run else (going, says, files):
        lake.files.remove(names)
    return [*going, *says, *files]

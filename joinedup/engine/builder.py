"""The builder: makes what isn't there yet, then publishes all of it at once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from joinedup.engine.cluster import Cluster
from joinedup.engine.definitions import keep_definitions
from joinedup.engine.engines import open_engine, software_of
from joinedup.engine.manifest import FORM, Manifest, builds_by_number, publish, read_manifest
from joinedup.engine.measuring import Watch
from joinedup.engine.objects import InputFile, PartFile, signature, write_input
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.engine.turns import turns_of_builds
from joinedup.errors import NothingPublished, StoreProblem
from joinedup.progress import Progress, belonging, silent

if TYPE_CHECKING:
    from joinedup.engine.lake import Lake

__all__ = ["InputFile", "PartFile", "build", "write_input"]


def build(  # noqa: PLR0913 - what a build depends on, each by its name
    specs: Mapping[str, TableSpec],
    inputs: Mapping[str, InputFile],
    store: Store,
    *,
    engine: str = "duckdb",
    jobs: int | None = None,
    about: Mapping[str, Any] | None = None,
    progress: Progress = silent,
    verify: bool = False,
    cluster: Cluster | None = None,
    lake: Lake | None = None,
) -> Manifest:
    """The manifest of the published build. When nothing has changed it is the one that was published before.

    Every derived table of `specs` is made from `inputs` and the reference data, or taken over where it has been made
    already, also by a build that was killed. Until the last instant the build published before stays as it was. `jobs`
    tables are made at a time. With `verify` every file is hashed again, and a damaged result is made anew. The caller
    holds the store's lock.
    """
    watch = Watch()
    store.create().wipe_tmp()
    turn = turns_of_builds(store).next()
    published, software = _published(store), software_of(engine)
    said = json.loads(json.dumps(about or {}, default=str))
    draft = _draft(signature(specs, inputs, software, said), software, said, store, _next(published, store))
    if published is not None and published.signature == draft.signature and not verify and _all_there(published, store):
        return published
    from joinedup.engine.building import plan  # noqa: PLC0415 - SQL is read only where something may have changed
    from joinedup.engine.describing import described, supplied  # noqa: PLC0415 - likewise

    jobs = jobs or usual_jobs()
    progress = belonging(progress, draft.build_id)
    work = plan(specs, inputs, store, draft, published, verify=verify)
    work.make_all(partial(open_engine, engine, store.tmp, cluster=cluster, lake=lake), jobs, progress, verify=verify)
    keep_definitions(work.derived, store)
    inside = {name: supplied(specs[name], file, store.root) for name, file in work.supplied.items()}
    tables = {name: described(record, specs[name], specs) for name, record in sorted(work.records.items())}
    told = {"before": "" if published is None else published.build_id, "measured": watch.process(jobs)}
    manifest = draft.model_copy(update={"inputs": inside, "tables": tables, **told})
    if published is not None and published.same_content(manifest):
        return published
    if lake is not None:
        lake.publish(manifest, store)
    publish(store, manifest, turn)
    return manifest


def usual_jobs() -> int:
    """How many tables are made at a time where nobody says: as many as there are cores, up to four.

    DuckDB spreads one table over all cores already; two small tables at a time take a third less time on the clock and no more of
    the processor (30 tables of 100,000 rows on 2 cores: 2.1 s one at a time, 1.6 s two at a time).
    """
    return min(os.cpu_count() or 1, 4)


def _published(store: Store) -> Manifest | None:
    """The build published before; a manifest that can't be read is replaced."""
    try:
        return read_manifest(store)
    except (NothingPublished, StoreProblem):
        return None


def _all_there(manifest: Manifest, store: Store) -> bool:
    """Whether no file of a build has gone or changed its size."""
    sizes = {table.file: table.size for table in manifest.tables.values() if not table.parts}
    sizes |= {file: size for table in manifest.tables.values() for part in table.parts for file, size, _ in part.each_file}
    there = {file: store.root / file for file in sizes}
    return all(path.exists() and path.stat().st_size == sizes[file] for file, path in there.items())


def _next(published: Manifest | None, store: Store) -> int:
    """The number of a build after the published one, or after all that are kept where that can't be read."""
    latest = [published] if published is not None else builds_by_number(store)
    return 1 + max((build.number for build in latest), default=0)


def _draft(made_from: str, software: str, about: Mapping[str, Any], store: Store, number: int) -> Manifest:
    """The manifest of a build that begins now; its id is nobody else's, also where a clock that went back gives one second twice."""
    now = datetime.now(UTC).replace(microsecond=0)
    build_id = f"{now:%Y%m%dT%H%M%SZ}-{made_from[:8]}"
    return Manifest(
        build_id=f"{build_id}-{number}" if (store.builds / f"{build_id}.json").exists() else build_id,
        number=number,
        built_at=now,
        engine=software.split(" ", maxsplit=1)[0],
        software=software,
        signature=made_from,
        about=dict(about),
        form=FORM,
    )

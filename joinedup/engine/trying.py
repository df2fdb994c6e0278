"""Tables made of other inputs or definitions than any build's: to see what they would come to. Nothing is published."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from joinedup.engine.builder import usual_jobs
from joinedup.engine.building import Work
from joinedup.engine.engines import open_engine
from joinedup.engine.manifest import Manifest, TableRecord
from joinedup.engine.objects import InputFile, PartFile
from joinedup.engine.order import inputs_of, order
from joinedup.engine.parts import Part
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.progress import Progress, silent


def tried(  # noqa: PLR0913 - what tables depend on, each by its name
    specs: Mapping[str, TableSpec],
    inputs: Mapping[str, InputFile],
    wanted: Collection[str],
    store: Store,
    *,
    like: Manifest,
    progress: Progress = silent,
) -> dict[str, TableRecord]:
    """The records of the tables that are `wanted` and of all that they read, made by the engine of the build that they are to be `like`.

    They lie among the results of builds, so that what was made before is used again and what no build names is collected. SqlError where a
    definition doesn't fit what it reads. The caller holds the store's lock.
    """
    needed = _needed(specs, wanted)
    derived = [spec for spec in order(_with_leaves(specs, needed)) if spec.table in needed]
    supplied = {name: file for name, file in inputs.items() if name in needed}
    draft = Manifest(build_id="", built_at=datetime.now(UTC), engine=like.engine, software=like.software)
    work = Work.planned({name: specs[name] for name in needed if name in specs}, derived, supplied, store, draft, like)
    work.make_all(partial(open_engine, like.engine, store.tmp), usual_jobs(), progress, verify=False)
    return work.records


class Given(Protocol):
    """What a manifest, or the record of a landing, says of a table from outside the build."""

    @property
    def file(self) -> str:
        """Below the store's root; empty for a table in parts."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """None for a table in one file."""

    @property
    def digest(self) -> str:
        """The SHA-256 of what it holds."""

    @property
    def rows(self) -> int:
        """How many rows it has."""


def given(store: Store, record: Given) -> InputFile:
    """A table as a build takes it that an earlier one was given."""
    parts = tuple(PartFile(part.value, store.root / part.file, part.digest, part.rows, part.of_files) for part in record.parts)
    return InputFile(parts[0].path.parent if parts else store.root / record.file, record.digest, record.rows, parts)


def _needed(specs: Mapping[str, TableSpec], wanted: Collection[str]) -> set[str]:
    """Some tables and all that they read, directly or not."""
    found: set[str] = set()
    waiting = [name for name in wanted if name in specs]
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting += [each for each in (inputs_of(specs[name]) if name in specs else ()) if each not in found]
    return found


def _with_leaves(specs: Mapping[str, TableSpec], needed: Collection[str]) -> dict[str, TableSpec]:
    """The tables needed; of those from outside that nobody declares any more no more than their names."""
    return {name: specs[name] if name in specs else _named(name) for name in needed}


def _named(name: str) -> TableSpec:
    return TableSpec(table=name, title=name, grain="", key=(), columns=(), owner="", source="")

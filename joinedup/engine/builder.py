"""The builder: makes what isn't there yet, table by table, then publishes all of it at once."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from joinedup.engine.checks import table_findings
from joinedup.engine.engines import Engine, open_engine, software_of
from joinedup.engine.making import make
from joinedup.engine.manifest import InputRecord, Manifest, TableRecord, publish, read_manifest
from joinedup.engine.objects import InputFile, new_record, object_path, recipe, record_of, write_input
from joinedup.engine.order import inputs_of, order
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.engine.supply import supply
from joinedup.errors import NothingPublished, SqlError, StoreProblem
from joinedup.progress import Progress, Step, silent

__all__ = ["InputFile", "build", "write_input"]


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
) -> Manifest:
    """The manifest of the published build. When nothing has changed it is the one that was published before.

    Every derived table of `specs` is made from `inputs` and the reference data, or taken over where it has been made
    already, also by a build that was killed. Until the last instant the build published before stays as it was. `jobs`
    tables are made at a time. With `verify` every file is hashed again, and a damaged result is made anew. The caller
    holds the store's lock.
    """
    store.create().wipe_tmp()
    findings = table_findings(specs)
    if findings:
        raise SqlError(f"{len(findings)} faults in tables; the first: {findings[0].where}: {findings[0].message}", findings)
    derived = order(specs)
    supplied = supply(specs, derived, inputs, store, verify=verify)
    published = _published(store)
    work = Work.planned(derived, supplied, store, software_of(engine), progress)
    work.take_over({} if published is None else published.tables, verify=verify)
    work.make_rest(engine, jobs or usual_jobs())
    return _published_now(work, published, about or {})


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


@dataclass
class Work:
    """The tables of one build: which there are, where each will lie, and the records of those that are there."""

    derived: Sequence[TableSpec]
    supplied: Mapping[str, InputFile]
    store: Store
    software: str
    progress: Progress
    recipes: dict[str, str] = field(default_factory=dict)
    records: dict[str, TableRecord] = field(default_factory=dict)

    @classmethod
    def planned(
        cls, derived: Sequence[TableSpec], supplied: Mapping[str, InputFile], store: Store, software: str, progress: Progress
    ) -> Work:
        """The work, each table's recipe written down before anything is made."""
        work = cls(derived, supplied, store, software, progress)
        work.recipes = {name: file.digest for name, file in supplied.items()}
        for spec in derived:
            work.recipes[spec.table] = recipe(spec, work.made_from(spec), software)
        return work

    def made_from(self, spec: TableSpec) -> dict[str, str]:
        """The recipes of what a table reads."""
        return {name: self.recipes[name] for name in inputs_of(spec)}

    def path(self, spec: TableSpec) -> Path:
        """Where a table lies, or will lie."""
        return object_path(self.store, spec, self.recipes[spec.table])

    def take_over(self, known: Mapping[str, TableRecord], *, verify: bool) -> None:
        """Nothing; whatever has been made by this recipe before needn't be made again."""
        for spec in self.derived:
            record = known.get(spec.table)
            same = record if record is not None and self.store.root / record.file == self.path(spec) else None
            found = record_of(self.store, self.path(spec), self.made_from(spec), same, verify=verify)
            if found is not None:
                self.done(spec, found)

    def done(self, spec: TableSpec, record: TableRecord) -> None:
        """Nothing; the table is there."""
        self.records[spec.table] = record
        rows = {"written": record.rows}
        self.progress(Step("build", spec.table, len(self.records), len(self.derived), record.seconds, rows, record.reused))

    def make_rest(self, engine: str, jobs: int) -> None:
        """Nothing; every table is there. The engine starts only when there is something to make."""
        rest = {spec.table: spec for spec in self.derived if spec.table not in self.records}
        if rest:
            running = open_engine(engine, self.store.tmp)
            try:
                self.show_inputs(rest, running)
                self.make_in_order(rest, running, jobs)
            finally:
                running.close()
                self.store.wipe_tmp()

    def show_inputs(self, rest: Mapping[str, TableSpec], engine: Engine) -> None:
        """Nothing; SQL finds what is there already."""
        there = {spec.table: self.path(spec) for spec in self.derived} | {name: file.path for name, file in self.supplied.items()}
        for name in sorted(frozenset().union(*map(inputs_of, rest.values())) - rest.keys()):
            engine.show(name, there[name])

    def make_in_order(self, rest: Mapping[str, TableSpec], engine: Engine, jobs: int) -> None:
        """Nothing; each table was made once all that it reads was there."""
        sorter = TopologicalSorter({name: inputs_of(spec) & rest.keys() for name, spec in rest.items()})
        sorter.prepare()
        running: dict[Future[TableRecord], str] = {}
        with ThreadPoolExecutor(jobs, thread_name_prefix="table") as pool:
            try:
                while sorter.is_active():
                    running |= {pool.submit(self.make_one, rest[name], engine): name for name in sorter.get_ready()}
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        name = running.pop(future)
                        self.done(rest[name], future.result())
                        sorter.done(name)
            finally:
                pool.shutdown(cancel_futures=True)

    def make_one(self, spec: TableSpec, engine: Engine) -> TableRecord:
        """The record of a table that was made now."""
        began = time.perf_counter()
        rows = make(spec, engine.beside(), self.store, self.path(spec))
        record = new_record(self.store, self.path(spec), self.made_from(spec), rows)
        return record.model_copy(update={"seconds": round(time.perf_counter() - began, 3)})


def _published_now(work: Work, published: Manifest | None, about: Mapping[str, Any]) -> Manifest:
    """The manifest of what has been made, published unless the one before says the same."""
    manifest = _manifest(work, json.loads(json.dumps(about, default=str)))
    if published is not None and published.same_content(manifest):
        return published
    publish(work.store, manifest)
    return manifest


def _manifest(work: Work, about: dict[str, Any]) -> Manifest:
    now = datetime.now(UTC).replace(microsecond=0)
    content = json.dumps([sorted(work.recipes.items()), about], sort_keys=True)
    inputs = {
        name: InputRecord(file=_below(file.path, work.store), digest=file.digest, rows=file.rows) for name, file in work.supplied.items()
    }
    return Manifest(
        build_id=f"{now:%Y%m%dT%H%M%SZ}-{hashlib.sha256(content.encode()).hexdigest()[:8]}",
        built_at=now,
        engine=work.software.split(" ")[0],
        software=work.software,
        about=about,
        inputs=inputs,
        tables=dict(sorted(work.records.items())),
    )


def _below(path: Path, store: Store) -> str:
    """A path as it is below the store's root; as it is when it lies elsewhere."""
    return str(path.relative_to(store.root)) if path.is_relative_to(store.root) else str(path)

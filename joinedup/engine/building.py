"""Making the tables of one build: which are there, which are to be made, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

from joinedup.engine.causes import because
from joinedup.engine.checks import table_findings
from joinedup.engine.engines import Engine
from joinedup.engine.making import make
from joinedup.engine.manifest import Manifest, TableRecord
from joinedup.engine.measuring import AtOnce, Measured, Watch
from joinedup.engine.objects import InputFile, definition, new_record, object_path, recipe, record_of
from joinedup.engine.order import inputs_of, order
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.engine.supply import supply
from joinedup.errors import SqlError
from joinedup.progress import Progress, Step

STOP_AGAIN = 0.1
"""Seconds until a query is told again to stop: one that began just now may not have heard."""


def plan(  # noqa: PLR0913 - what a build depends on, each by its name
    specs: Mapping[str, TableSpec], inputs: Mapping[str, InputFile], store: Store, draft: Manifest, before: Manifest | None, *, verify: bool
) -> Work:
    """The work of the build that `draft` begins, nothing of it done yet; SqlError or StoreProblem where it can't be done."""
    findings = table_findings(specs)
    if findings:
        raise SqlError(f"tables are at fault, {len(findings)} findings in all: {findings[0].where}: {findings[0].message}", findings)
    derived = order(specs)
    return Work.planned(derived, supply(specs, derived, inputs, store, verify=verify), store, draft, before)


@dataclass
class Work:
    """The tables of one build: which there are, where each will lie, and the records of those that are there."""

    derived: Sequence[TableSpec]
    supplied: Mapping[str, InputFile]
    store: Store
    draft: Manifest
    before: Manifest | None
    """The build that is published."""
    digests: dict[str, str] = field(default_factory=dict)
    """Of every table that is there."""
    records: dict[str, TableRecord] = field(default_factory=dict)
    at_once: AtOnce = field(default_factory=AtOnce)
    engine: Engine | None = None
    """None until there is something to make."""
    shown: set[str] = field(default_factory=set)
    """The tables that its SQL finds."""
    engines: set[Engine] = field(default_factory=set)
    """Those that make a table now."""

    @classmethod
    def planned(
        cls, derived: Sequence[TableSpec], supplied: Mapping[str, InputFile], store: Store, draft: Manifest, before: Manifest | None
    ) -> Work:
        """The work, of which only what was supplied is there."""
        return cls(derived, supplied, store, draft, before, {name: file.digest for name, file in supplied.items()})

    def made_from(self, spec: TableSpec) -> dict[str, str]:
        """The digests of what a table reads, all of which is there."""
        return {name: self.digests[name] for name in inputs_of(spec)}

    def path(self, spec: TableSpec) -> Path:
        """Where a table lies, or will lie; what it reads is there.

        It is named by what those tables hold and not by how they came about: what was made anew and came out the same changes nothing.
        """
        return object_path(self.store, spec, recipe(spec, self.made_from(spec), self.draft.software))

    def make_all(self, start: Callable[[], Engine], jobs: int, progress: Progress, *, verify: bool) -> None:
        """Nothing; every table is there. The engine starts only when there is something to make."""
        try:
            self.make_in_order(start, jobs, progress, verify=verify)
        finally:
            if self.engine is not None:
                self.engine.close()
                self.store.wipe_tmp()

    def make_in_order(self, start: Callable[[], Engine], jobs: int, progress: Progress, *, verify: bool) -> None:
        """Nothing; each table was taken over or made once all that it reads was there."""
        specs = {spec.table: spec for spec in self.derived}
        sorter = TopologicalSorter({name: inputs_of(spec) & specs.keys() for name, spec in specs.items()})
        sorter.prepare()
        running: dict[Future[TableRecord], str] = {}
        with ThreadPoolExecutor(jobs, thread_name_prefix="table") as pool:
            try:
                while sorter.is_active():
                    ready = sorter.get_ready()
                    for name in ready:
                        if (found := self.taken_over(specs[name], verify=verify)) is not None:
                            self.done(specs[name], found, progress)
                            sorter.done(name)
                        else:
                            running[pool.submit(self.make_one, specs[name], self.ready(specs[name], start))] = name
                    for future in () if ready else wait(running, return_when=FIRST_COMPLETED).done:
                        name = running.pop(future)
                        self.done(specs[name], future.result(), progress)
                        sorter.done(name)
            except BaseException:
                self.stop(running)
                raise
            finally:
                pool.shutdown(cancel_futures=True)

    def taken_over(self, spec: TableSpec, *, verify: bool) -> TableRecord | None:
        """The record of a table that has been made from the same before; None where it has to be made."""
        known = None if self.before is None else self.before.tables.get(spec.table)
        same = known if known is not None and self.store.root / known.file == self.path(spec) else None
        found = record_of(self.store, self.path(spec), self.made_from(spec), same, verify=verify)
        return None if found is None else found.model_copy(update={"definition": definition(spec)})

    def ready(self, spec: TableSpec, start: Callable[[], Engine]) -> Engine:
        """The engine, its SQL finding all that a table reads."""
        if self.engine is None:
            self.engine = start()
        for name in sorted(inputs_of(spec) - self.shown):
            self.engine.show(name, self.files(name))
            self.shown.add(name)
        return self.engine

    def files(self, name: str) -> list[Path]:
        """The files of a table that is there."""
        if name in self.supplied:
            return list(self.supplied[name].files)
        return [self.store.root / file for file in self.records[name].files]

    def done(self, spec: TableSpec, record: TableRecord, progress: Progress) -> None:
        """Nothing; the table is there."""
        self.records[spec.table] = record
        self.digests[spec.table] = record.digest
        rows = {"written": record.rows}
        progress(Step("build", spec.table, len(self.records), len(self.derived), record.seconds, rows, record.reused))

    def stop(self, running: Iterable[Future[TableRecord]]) -> None:
        """Nothing; tables that are still being made are given up at once: whoever asked the build to end doesn't wait for them."""
        for future in running:
            future.cancel()
        while not all(future.done() for future in running):
            for engine in list(self.engines):
                engine.stop()
            wait(running, timeout=STOP_AGAIN)

    def make_one(self, spec: TableSpec, engine: Engine) -> TableRecord:
        """The record of a table that was made now."""
        watch = Watch(part=True)
        with self.at_once.one_more() as others:
            beside = engine.beside()
            self.engines.add(beside)
            rows, cost = make(spec, beside, self.store, self.path(spec))
            self.engines.discard(beside)
            record = new_record(self.store, self.path(spec), self.made_from(spec), rows)
        measured = Measured(
            **cost.model_dump(), seconds=watch.seconds(), processor_seconds=None if others.most else watch.processor(), beside=others.most
        )
        why = because(spec, self.made_from(spec), self.draft.software, self.before)
        told = {"seconds": measured.seconds, "made_in": self.draft.build_id, "measured": measured, "because": why}
        return record.model_copy(update={"definition": definition(spec), **told})

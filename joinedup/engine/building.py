"""Making the tables of one build: which are there, which are to be made, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

from joinedup.engine.causes import because
from joinedup.engine.checks import table_findings
from joinedup.engine.engines import Engine, open_engine
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
    recipes: dict[str, str] = field(default_factory=dict)
    records: dict[str, TableRecord] = field(default_factory=dict)
    at_once: AtOnce = field(default_factory=AtOnce)
    engines: set[Engine] = field(default_factory=set)
    """Those that make a table now."""

    @classmethod
    def planned(
        cls, derived: Sequence[TableSpec], supplied: Mapping[str, InputFile], store: Store, draft: Manifest, before: Manifest | None
    ) -> Work:
        """The work, each table's recipe written down before anything is made."""
        work = cls(derived, supplied, store, draft, before)
        work.recipes = {name: file.digest for name, file in supplied.items()}
        for spec in derived:
            work.recipes[spec.table] = recipe(spec, work.made_from(spec), draft.software)
        return work

    def made_from(self, spec: TableSpec) -> dict[str, str]:
        """The recipes of what a table reads."""
        return {name: self.recipes[name] for name in inputs_of(spec)}

    def path(self, spec: TableSpec) -> Path:
        """Where a table lies, or will lie."""
        return object_path(self.store, spec, self.recipes[spec.table])

    def take_over(self, progress: Progress, *, verify: bool) -> None:
        """Nothing; whatever has been made by this recipe before needn't be made again."""
        known = {} if self.before is None else self.before.tables
        for spec in self.derived:
            record = known.get(spec.table)
            same = record if record is not None and self.store.root / record.file == self.path(spec) else None
            found = record_of(self.store, self.path(spec), self.made_from(spec), same, verify=verify)
            if found is not None:
                self.done(spec, found.model_copy(update={"definition": definition(spec)}), progress)

    def done(self, spec: TableSpec, record: TableRecord, progress: Progress) -> None:
        """Nothing; the table is there."""
        self.records[spec.table] = record
        rows = {"written": record.rows}
        progress(Step("build", spec.table, len(self.records), len(self.derived), record.seconds, rows, record.reused))

    def make_rest(self, engine: str, jobs: int, progress: Progress) -> None:
        """Nothing; every table is there. The engine starts only when there is something to make."""
        rest = {spec.table: spec for spec in self.derived if spec.table not in self.records}
        if rest:
            running = open_engine(engine, self.store.tmp)
            try:
                self.show_inputs(rest, running)
                self.make_in_order(rest, running, jobs, progress)
            finally:
                running.close()
                self.store.wipe_tmp()

    def show_inputs(self, rest: Mapping[str, TableSpec], engine: Engine) -> None:
        """Nothing; SQL finds what is there already."""
        there = {spec.table: self.path(spec) for spec in self.derived} | {name: file.path for name, file in self.supplied.items()}
        for name in sorted(frozenset().union(*map(inputs_of, rest.values())) - rest.keys()):
            engine.show(name, there[name])

    def make_in_order(self, rest: Mapping[str, TableSpec], engine: Engine, jobs: int, progress: Progress) -> None:
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
                        self.done(rest[name], future.result(), progress)
                        sorter.done(name)
            except BaseException:
                self.stop(running)
                raise
            finally:
                pool.shutdown(cancel_futures=True)

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
        watch = Watch()
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

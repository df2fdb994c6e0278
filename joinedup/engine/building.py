"""Making the tables of one build: which are there, which are to be made, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

import pyarrow.parquet as pq

from joinedup.engine import amending
from joinedup.engine.amending import State
from joinedup.engine.causes import because
from joinedup.engine.checks import table_findings
from joinedup.engine.engines import IN_PARTS, Engine
from joinedup.engine.lying import paths_of
from joinedup.engine.making import grain_findings, key_findings, make, refuse
from joinedup.engine.manifest import Manifest, TableRecord, parts_made
from joinedup.engine.measuring import AtOnce, EngineMeasured, Measured, Watch, added
from joinedup.engine.objects import InputFile, definition, new_record, object_path, of_file, recipe, record_of
from joinedup.engine.order import inputs_of, order
from joinedup.engine.parts import FILE, WHOLE, Lying, Part, digest_of, own_rows
from joinedup.engine.results import result_columns
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.engine.supply import supply
from joinedup.errors import SqlError, StoreProblem
from joinedup.progress import Progress, Step

PART = "part"
"""Stands among the digests of what a table that is made as a whole is made from, for which of its parts a file holds, and whose rows."""
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
    return Work.planned(specs, derived, supply(specs, derived, inputs, store, verify=verify), store, draft, before)


@dataclass(frozen=True, slots=True)
class Piece:
    """A table, or a part of one: where it lies or will lie, and the digests of the same part of what it is made from by file."""

    value: str
    """Empty for a whole table."""
    path: Path
    of_part: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ShownPart:
    """A part that is there."""

    value: str
    lying: Lying
    digest: str


@dataclass
class Work:
    """The tables of one build: which there are, where each will lie, and the records of those that are there."""

    specs: Mapping[str, TableSpec]
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
    verify: bool = False
    """Whether every file is hashed again, and a damaged one made anew."""
    engine: Engine | None = None
    """None until there is something to make."""
    shown: set[str] = field(default_factory=set)
    """The tables that its SQL finds."""
    engines: set[Engine] = field(default_factory=set)
    """Those that make a table now."""
    known: amending.Known = field(default_factory=dict)
    """Whose rows of what is read changed since the build before, as far as somebody asked."""

    @classmethod
    def planned(  # noqa: PLR0913, PLR0917 - as `plan`
        cls,
        specs: Mapping[str, TableSpec],
        derived: Sequence[TableSpec],
        supplied: Mapping[str, InputFile],
        store: Store,
        draft: Manifest,
        before: Manifest | None,
    ) -> Work:
        """The work, of which only what was supplied is there."""
        return cls(specs, derived, supplied, store, draft, before, {name: file.digest for name, file in supplied.items()})

    def made_from(self, spec: TableSpec) -> dict[str, str]:
        """The digests of what a table reads, all of which is there."""
        return {name: self.digests[name] for name in inputs_of(spec)}

    def pieces(self, spec: TableSpec) -> list[Piece]:
        """What a table, of which all that it reads is there, is made in: its parts, or the whole of it.

        Each is named by what those tables hold and not by how they came about: what was made anew and came out the same changes nothing.
        """
        whole = self.made_from(spec)
        return [
            Piece(value, object_path(self.store, spec, recipe(spec, whole | of_part, self.draft.software)), of_part)
            for value, of_part in self.in_parts(spec).items()
        ]

    def in_parts(self, spec: TableSpec) -> dict[str, dict[str, str]]:
        """Part -> the digests of that part of each table that it is made from by file; the part without a name is all of it."""
        if not spec.apart or self.draft.engine not in IN_PARTS:
            return {"": {}}
        if not spec.by_file:
            held = {value: f"{value} {sorted(set(own))}" for value, own in sorted(self.files_of().items())}
            if not held:
                return {"": {}}
            return {value: {PART: which} for value, which in (*held.items(), (WHOLE, f"{WHOLE} {[*held.values()]}"))}
        names = [name for name in sorted(inputs_of(spec)) if name in self.specs and self.specs[name].apart]
        own = {name: {part.value: part.digest for part in self.parts_of(name)} for name in names}
        values = sorted(frozenset().union(*own.values()))
        if values in ([], [WHOLE]):
            return {"": {}}
        return {value: {name: parts.get(value, "") for name, parts in own.items()} for value in values}

    def files_of(self) -> dict[str, list[int]]:
        """Part -> the numbers of the landed files whose rows it holds, as far as landed tables are in parts."""
        found: dict[str, list[int]] = {}
        for part in (part for file in self.supplied.values() for part in file.parts):
            found.setdefault(part.value, []).extend(part.of_files)
        return found

    def parts_of(self, name: str) -> list[ShownPart]:
        """The parts of a table that is there; of one in one file, that with all of it."""
        if name in self.supplied:
            file = self.supplied[name]
            of_file = [ShownPart(part.value, part.path, part.digest) for part in file.parts]
            return of_file or [ShownPart(WHOLE, file.path, file.digest)]
        record = self.records[name]
        parts = [ShownPart(part.value, part.lying(self.store.root), part.digest) for part in record.parts]
        return parts or [ShownPart(WHOLE, self.store.root / record.file, record.digest)]

    def state(self, name: str, value: str) -> State | None:
        """A table that is there, or one part of it; None where it has no such part."""
        if not value:
            return State(tuple(self.files(name)), self.digests[name])
        return next((State((part.lying,), part.digest) for part in self.parts_of(name) if part.value == value), None)

    def make_all(self, start: Callable[[], Engine], jobs: int, progress: Progress, *, verify: bool) -> None:
        """Nothing; every table is there. The engine starts only when there is something to make."""
        self.verify = verify
        try:
            with _limits_told():
                self.make_in_order(start, jobs, progress)
        finally:
            if self.engine is not None:
                self.engine.close()
                self.store.wipe_tmp()

    def make_in_order(self, start: Callable[[], Engine], jobs: int, progress: Progress) -> None:
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
                        if (found := self.taken_over(specs[name])) is not None:
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

    def taken_over(self, spec: TableSpec) -> TableRecord | None:
        """The record of a table that has been made from the same before; None where it, or a part of it, has to be made."""
        found = [self.there(spec, piece) for piece in self.pieces(spec)]
        there = [record for record in found if record is not None]
        if len(there) < len(found):
            return None
        record = self.together(spec, self.pieces(spec), there).model_copy(update={"definition": definition(spec)})
        return record if self.grain_is_known(spec, record) else None

    def grain_is_known(self, spec: TableSpec, record: TableRecord) -> bool:
        """Whether no key of a table can stand in two parts of it, or they were looked at together by the build before."""
        known = None if self.before is None else self.before.tables.get(spec.table)
        same = known is not None and (known.definition, known.digest) == (definition(spec), record.digest)
        return same or not (record.parts and spec.by_file) or (FILE in spec.key and not spec.by_person)

    def there(self, spec: TableSpec, piece: Piece) -> TableRecord | None:
        """The record of a piece that has been made before."""
        known = None if self.before is None else self.before.tables.get(spec.table)
        if spec.by_person and not piece.path.exists():
            return amending.there(self.store, piece, known, inputs_of(spec), verify=self.verify)
        same = None if known is None else of_file(known, str(piece.path.relative_to(self.store.root)))
        return record_of(self.store, piece.path, self.made_from(spec), same, verify=self.verify)

    def together(self, spec: TableSpec, pieces: Sequence[Piece], records: Sequence[TableRecord]) -> TableRecord:
        """The record of a table from those of its pieces."""
        if [piece.value for piece in pieces] == [""]:
            return records[0]
        parts = tuple(
            each.parts[0]
            if each.parts
            else Part(value=piece.value, file=each.file, digest=each.digest, size=each.size, rows=each.rows, reused=each.reused)
            for piece, each in zip(pieces, records, strict=True)
        )
        first = records[0] if all(each.reused for each in records) else records[[each.reused for each in records].index(False)]
        sums = {"size": sum(size for part in parts for _, size, _ in part.each_file), "rows": sum(part.rows for part in parts)}
        return first.model_copy(update={"file": "", "parts": parts, "digest": digest_of(parts), **sums})

    def ready(self, spec: TableSpec, start: Callable[[], Engine]) -> Engine:
        """The engine, its SQL finding all that a table reads."""
        if self.engine is None:
            self.engine = start()
        for name in sorted(inputs_of(spec) - self.shown):
            self.engine.show(name, self.files(name))
            self.shown.add(name)
        return self.engine

    def files(self, name: str) -> list[Lying]:
        """Where a table lies that is there."""
        if name in self.supplied:
            return list(self.supplied[name].files)
        return list(self.records[name].lying(self.store.root))

    def done(self, spec: TableSpec, record: TableRecord, progress: Progress) -> None:
        """Nothing; the table is there."""
        self.records[spec.table] = record
        self.digests[spec.table] = record.digest
        rows = {"written": record.rows}
        done, every = len(self.records), len(self.derived)
        progress(Step("build", spec.table, done, every, record.seconds, rows, record.reused, note=parts_made(record)))

    def stop(self, running: Iterable[Future[TableRecord]]) -> None:
        """Nothing; tables that are still being made are given up at once: whoever asked the build to end doesn't wait for them."""
        for future in running:
            future.cancel()
        while not all(future.done() for future in running):
            for engine in list(self.engines):
                engine.stop()
            wait(running, timeout=STOP_AGAIN)

    def make_one(self, spec: TableSpec, engine: Engine) -> TableRecord:
        """The record of a table of which something was made now."""
        watch, pieces = Watch(part=True), self.pieces(spec)
        with self.at_once.one_more() as others:
            beside = engine.beside()
            self.engines.add(beside)
            each_sql = self.kept_apart(spec, beside) if PART in pieces[0].of_part else {}
            made = [self.make_piece(spec, piece, beside, each_sql.get(piece.value, spec)) for piece in pieces]
            record = self.together(spec, pieces, [each for each, _ in made])
            if not self.grain_is_known(spec, record):
                self.look_at_grain(spec, record, beside)
            self.engines.discard(beside)
        if record.reused:
            return record.model_copy(update={"definition": definition(spec)})
        cost = added([each for _, each in made if each is not None])
        measured = Measured(
            **cost.model_dump(), seconds=watch.seconds(), processor_seconds=None if others.most else watch.processor(), beside=others.most
        )
        why = because(spec, self.made_from(spec), self.draft.software, self.before)
        told = {"seconds": measured.seconds, "made_in": self.draft.build_id, "measured": measured, "because": why}
        return record.model_copy(update={"definition": definition(spec), **told})

    def look_at_grain(self, spec: TableSpec, record: TableRecord, engine: Engine) -> None:
        """Nothing; SqlError where a key of a table in parts stands on two rows, whichever parts they lie in."""
        rows = amending.grain_of(record.parts, self.store.root)
        refuse(grain_findings(spec, engine, rows[True], rows[False]))

    def kept_apart(self, spec: TableSpec, engine: Engine) -> dict[str, TableSpec]:
        """Part -> the table that has its rows alone, from the whole, which is made for it and gone with the build."""
        path = self.store.tmp / f"{spec.table}.whole"
        engine.write(spec, result_columns(spec, engine.types(spec), engine.quote), path)
        engine.show(spec.table, path, here=True)
        refuse(key_findings(spec, engine))
        engine.show(f"{spec.table}_whole", path, here=True)
        all_of_it = f"SELECT * FROM {spec.table}_whole"
        return {value: spec.model_copy(update={"sql": f"{all_of_it} WHERE {rows}"}) for value, rows in own_rows(self.files_of()).items()}

    def make_piece(self, spec: TableSpec, piece: Piece, engine: Engine, asked: TableSpec) -> tuple[TableRecord, EngineMeasured | None]:
        """The record of a table, or of one part of it, made as `asked`, and what it cost; nothing where it was there."""
        if piece.value and (found := self.there(spec, piece)) is not None:
            return found, None
        for name in piece.of_part.keys() - {PART}:
            own = [part.lying for part in self.parts_of(name) if part.value == piece.value]
            engine.show(name, own or pq.read_schema(paths_of(self.files(name))[0]).empty_table(), here=True)
        if spec.by_person and piece.value and not self.verify:
            amended = amending.amended(self, spec, piece, engine)
            if amended is not None:
                return amended
        rows, cost = make(asked, engine, self.store, piece.path, own_rows(self.files_of()).get(piece.value, ""))
        return new_record(self.store, piece.path, self.made_from(spec), rows), cost


@contextmanager
def _limits_told() -> Iterator[None]:
    """Turns what Python says where the operating system gives it nothing more into a StoreProblem."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and "thread" not in str(error):
            raise
        raise StoreProblem(
            "the operating system gives this process no more memory or threads: ask for more (ulimit, or the limits of a container), "
            "or build with --jobs 1 and less of both (JOINEDUP_MEMORY=1GB, JOINEDUP_THREADS=1)"
        ) from None

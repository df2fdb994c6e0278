"""Parts that stay although a few people's rows in them have changed: who is void is listed, and what is theirs now stands beside.

Who they are is found from what the part reads, as it was in the build before and as it is now, by the columns that its SQL names. It may be
more people than have changed, never fewer: the rows of all of them are made anew, by the same SQL from no more than their own rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlglot import exp

from joinedup.engine.engines import Engine
from joinedup.engine.lying import PERSON, paths_of, rows_sql, void_of
from joinedup.engine.making import make, refuse
from joinedup.engine.manifest import FORM, Manifest, TableRecord
from joinedup.engine.measuring import EngineMeasured
from joinedup.engine.objects import definition, major, object_path, recipe, sha256_of
from joinedup.engine.order import inputs_of
from joinedup.engine.parse import parse
from joinedup.engine.parts import AmendedFile, Amends, Lying, Part, RowsOfPeople, own_rows
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store, move_into_place
from joinedup.findings import Finding

if TYPE_CHECKING:
    from joinedup.engine.building import Piece, Work

ROWS_WORTH_AMENDING = 50_000
"""Rows of a part's file from which on it is amended: below it making it anew takes less than asking what has changed (our choice, 2026)."""
MOST_VOID = 8
"""Of so many rows one may be void; where more are, the part is made anew, so that readers don't go past many rows for nothing."""
SAID = b"joinedup.part"
"""Under this name the file of void people says which part it belongs to."""
PEOPLE = pa.schema([pa.field(PERSON, pa.int64())])


@dataclass(frozen=True, slots=True)
class State:
    """What a table has, or one part of it, in one build."""

    lying: tuple[Lying, ...]
    digest: str


Known = dict[tuple[str, str, tuple[str, ...]], pa.Array]
"""Table, part (empty for the whole) and the columns compared -> the people whose rows there aren't those of the build before."""


def there(store: Store, piece: Piece, known: TableRecord | None, inputs: Iterable[str], *, verify: bool) -> TableRecord | None:
    """The record of an amended part that has been made before; None where it hasn't, or a file of it is gone or damaged."""
    part = _said(store, void_path(piece.path), verify=verify)
    if part is None:
        return None
    found = {"file": part.file, "parts": (part,), "digest": part.digest, "size": part.size, "rows": part.rows}
    if known is not None:
        return known.model_copy(update=found | {"reused": True, "seconds": 0.0, "because": None})
    return TableRecord(**found, reused=True, inputs=tuple(sorted(inputs)))


def void_path(path: Path) -> Path:
    """Where the list of void people lies, of the part that would else lie at `path`."""
    return path.with_suffix(".void.parquet")


def _said(store: Store, path: Path, *, verify: bool) -> Part | None:
    """The part that a list of void people says it belongs to; None where not all of it is there."""
    if not path.exists():
        return None
    try:
        void = pq.read_table(path, partitioning=None)
        part = Part.model_validate_json(void.schema.metadata[SAID])
    except (pa.ArrowInvalid, OSError, KeyError, TypeError, ValueError):
        return None
    if part.amends is None or _digest(part.amends, void[PERSON]) != part.digest:
        return None
    own = {"void_size": path.stat().st_size, "void_digest": sha256_of(path)}
    part = part.model_copy(update={"reused": True, "amends": part.amends.model_copy(update=own)})
    for file, size, digest in part.each_file:
        lies = store.root / file
        if not lies.exists() or lies.stat().st_size != size or (verify and sha256_of(lies) != digest):
            return None
    return part


def _digest(amends: Amends, void: pa.ChunkedArray | pa.Array) -> str:
    """The digest of what a part holds: that of its file where nobody is void."""
    if not len(void):
        return amends.own
    people = hashlib.sha256(json.dumps(void.to_pylist()).encode()).hexdigest()
    return hashlib.sha256(f"{amends.own} {people} {amends.instead_digest}".encode()).hexdigest()


def amended(work: Work, spec: TableSpec, piece: Piece, engine: Engine) -> tuple[TableRecord, EngineMeasured | None] | None:
    """The record of a part that is that of the build before but for some people, and what theirs cost; None where it is to be made."""
    amending = Amending(work, spec, piece, engine)
    old = amending.before()
    changed = None if old is None else amending.changed()
    return None if old is None or changed is None else amending.record(old, changed)


@dataclass(frozen=True, slots=True)
class Amending:
    """One part that may stay."""

    work: Work
    spec: TableSpec
    piece: Piece
    engine: Engine

    def before(self) -> Part | None:
        """The part as the build before has it, where it is large, all there, and was made of the same SQL by the same engine."""
        before, root = self.work.before, self.work.store.root
        if before is None or before.form != FORM or major(before.software) != major(self.work.draft.software):
            return None
        known = before.tables.get(self.spec.table)
        if known is None or known.definition != definition(self.spec):
            return None
        part = next((part for part in known.parts if part.value == self.piece.value), None)
        if part is None or part.rows < ROWS_WORTH_AMENDING:
            return None
        files = [(root / file, size) for file, size, _ in part.each_file]
        return part if all(path.exists() and path.stat().st_size == size for path, size in files) else None

    def changed(self) -> pa.Array | None:
        """The people whose rows may be others than in the build before; None where those of anybody may."""
        assert self.work.before is not None
        found, read, known = [], _names(self.spec), self.work.known
        for name in sorted(inputs_of(self.spec)):
            value = self.piece.value if name in self.piece.of_part else ""
            was, now = _before(self.work.before, name, value, self.work.store.root), self.work.state(name, value)
            if (None if was is None else was.digest) == (None if now is None else now.digest):
                continue
            declared = self.work.specs[name].names
            if PERSON not in declared:
                return None
            columns = tuple(column for column in declared if column == PERSON or not read or column.lower() in read)
            if (name, value, columns) not in known:
                people = self.between(was, now, columns)
                if people is None:
                    return None
                known[name, value, columns] = people
            found.append(known[name, value, columns])
        return _together(found)

    def between(self, was: State | None, now: State | None, columns: Sequence[str]) -> pa.Array | None:
        """The people who have other rows now than then; None where the two can't be compared, as files of then are gone."""
        lying = [[] if state is None else [*state.lying] for state in (was, now)]
        if not all(path.exists() for path in paths_of(lying[0])):
            return None
        declared = [[(field.name, field.type) for field in pq.read_schema(paths_of(each)[0])] for each in lying if each]
        if any(each != declared[0] for each in declared):
            return None
        if all(len(each) == 1 for each in lying) and _file(lying[0][0]) == _file(lying[1][0]):
            void = [void_of(each) for (each,) in lying if isinstance(each, AmendedFile)]
            return _together(void) if void else None  # one file that holds something else now: what it held then is gone
        told = ", ".join(f'"{column}"' for column in columns)
        sides = " UNION ALL ".join(
            f"SELECT {PERSON}, {sign} * CAST(hash({told}) >> 1 AS BIGINT) AS told FROM ({rows_sql(each)}) AS side"
            for sign, each in zip((-1, 1), lying, strict=True)
            if each
        )
        others = f"SELECT {PERSON} FROM ({sides}) AS sides GROUP BY {PERSON} HAVING sum(told) <> 0"
        return self.engine.rows(self.spec, others)[PERSON].combine_chunks().cast(pa.int64())

    def record(self, old: Part, changed: pa.Array) -> tuple[TableRecord, EngineMeasured | None] | None:
        """The record of the part, and what was made cost; None where so many are void that it is to be made as a whole."""
        store, root, cost = self.work.store, self.work.store.root, None
        lying = old.lying(root)
        void = _together([changed, *([void_of(lying)] if isinstance(lying, AmendedFile) else [])])
        beside = {"void": _below(void_path(self.piece.path), root)}
        amends, rows = (old.amends or Amends(void="", instead="", own=old.digest)).model_copy(update=beside), old.rows
        listed = store.tmp / f"{self.piece.path.stem}.void"
        _write_void(listed, void, b"")
        if len(changed):
            held = pq.read_metadata(root / old.file).num_rows
            gone = self.count(RowsOfPeople((root / old.file,), listed))
            if gone * MOST_VOID > held:
                return None
            instead, cost = self.instead(listed, _digest(amends, void))
            amends = amends.model_copy(update=instead)
            rows = held - gone + amends.instead_rows
        told = {"amends": amends, "rows": rows, "digest": _digest(amends, void), "reused": not len(changed)}
        part = old.model_copy(update=told)
        _write_void(listed, void, part.model_dump_json().encode())
        move_into_place(listed, void_path(self.piece.path))
        own = {"void_size": void_path(self.piece.path).stat().st_size, "void_digest": sha256_of(void_path(self.piece.path))}
        part = part.model_copy(update={"amends": amends.model_copy(update=own)})
        found = {"file": part.file, "parts": (part,), "digest": part.digest, "size": part.size, "rows": rows, "reused": part.reused}
        return TableRecord(**found, inputs=tuple(sorted(self.work.made_from(self.spec)))), cost

    def instead(self, listed: Path, void: str) -> tuple[dict[str, object], EngineMeasured]:
        """What says where the rows of the people listed lie now, and what they cost; SqlError for rows of anybody else."""
        work, spec, piece = self.work, self.spec, self.piece
        path = object_path(work.store, spec, recipe(spec, work.made_from(spec) | dict(piece.of_part) | {"void": void}, work.draft.software))
        of_people = [name for name in sorted(inputs_of(spec)) if PERSON in work.specs[name].names]
        states = {name: work.state(name, piece.value if name in piece.of_part else "") for name in of_people}
        held = {name: state.lying for name, state in states.items() if state is not None}  # of others nothing is shown already
        for name, lying in held.items():
            self.engine.show(name, RowsOfPeople(lying, listed), here=True)
        rows, cost = make(spec, self.engine, work.store, path, own_rows(work.files_of()).get(piece.value, ""))
        for name, lying in held.items():
            self.engine.show(name, lying, here=True)
        strays = rows - self.count(RowsOfPeople((path,), listed))
        message = (
            f"{spec.table} is made by person and has {strays} rows with another person_id than those that they are made from; "
            "take person_id over as it is, or take by_person out of its .yml"
        )
        refuse([Finding(spec.sql_file, "by-person", message, count=strays)] if strays else [])
        said = {"instead": _below(path, work.store.root), "instead_digest": sha256_of(path), "instead_size": path.stat().st_size}
        return said | {"instead_rows": rows}, cost

    def count(self, rows: RowsOfPeople) -> int:
        """How many rows there are."""
        return int(self.engine.rows(self.spec, f"SELECT count(*) AS found FROM ({rows_sql(rows)}) AS these")["found"][0].as_py())


def _before(before: Manifest, name: str, value: str, root: Path) -> State | None:
    """A table, or one part of it, in the build before; None where there was none."""
    record = before.tables.get(name) or before.inputs.get(name)
    if record is None or not value:
        return None if record is None else State(record.lying(root), record.digest)
    return next((State((part.lying(root),), part.digest) for part in record.parts if part.value == value), None)


def _names(spec: TableSpec) -> frozenset[str]:
    """The names that stand in a table's SQL, among them those of all columns that it reads; none where it reads whatever there is."""
    trees = parse(spec.sql or "").trees
    if any(not isinstance(star.parent, exp.Count) for tree in trees for star in tree.find_all(exp.Star)):
        return frozenset()
    return frozenset(each.name.lower() for tree in trees for each in tree.find_all(exp.Identifier))


def _file(each: Lying) -> Path:
    return each.path if isinstance(each, AmendedFile) else each


def _together(people: Sequence[pa.Array]) -> pa.Array:
    """Everybody among them once, in order; nobody known comes last."""
    every = pc.unique(pa.chunked_array(people, pa.int64()).combine_chunks()) if people else pa.array([], pa.int64())
    return every.take(pc.array_sort_indices(every))


def _write_void(path: Path, void: pa.Array, said: bytes) -> None:
    pq.write_table(pa.table([void], PEOPLE.with_metadata({SAID: said})), path, compression="zstd")


def _below(path: Path, root: Path) -> str:
    return str(path.relative_to(root))


def grain_of(parts: Sequence[Part], root: Path) -> Mapping[bool, list[Lying]]:
    """Where the rows of parts lie that were made now (True), and those that were there."""
    found: dict[bool, list[Lying]] = {True: [], False: []}
    for part in parts:
        if part.reused or part.amends is None:
            found[not part.reused].append(part.lying(root))
        else:
            found[True].append(root / part.amends.instead)
            found[False].append(AmendedFile(root / part.file, root / part.amends.void))
    return found

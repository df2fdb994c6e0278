"""The files of a build: named by what they were made from, so that one that is there need not be made again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from joinedup.engine.engines import ROWS_IN_GROUP
from joinedup.engine.manifest import TableRecord
from joinedup.engine.results import schema
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store, move_into_place
from joinedup.errors import SqlError

DIGITS = 20
"""Of the hash in a file's name: 80 bits, so that no two recipes of a place ever share one."""

SAYS_NOTHING = re.compile(r"""('(?:[^']|'')*'|"[^"]*"|`[^`]*`)|(?:--[^\n]*|/\*.*?\*/|\s+)+""", re.DOTALL)
"""What stands between words; quoted text, of which all says something, comes first."""


@dataclass(frozen=True, slots=True)
class PartFile:
    """A part of a table that comes from outside the build: where its Parquet file lies, the SHA-256 of the file, how many rows."""

    value: str
    path: Path
    digest: str
    rows: int
    of_files: tuple[int, ...] = ()
    """The numbers (file_id) of the landed files whose rows it holds."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A table that comes from outside the build: where its Parquet file lies, the SHA-256 of the file, how many rows.

    One in parts has a file for each, and its `path` is the folder that they lie in.
    """

    path: Path
    digest: str
    rows: int
    parts: tuple[PartFile, ...] = ()

    @property
    def files(self) -> dict[Path, str]:
        """Every file of the table with its digest."""
        return {part.path: part.digest for part in self.parts} or {self.path: self.digest}


def recipe(spec: TableSpec, inputs: Mapping[str, str], software: str) -> str:
    """The hash of all that a result depends on: its SQL and declaration, the digests of what it reads and the engine."""
    return _hash([_declared(spec), sorted(inputs.items()), major(software)])


def signature(specs: Mapping[str, TableSpec], inputs: Mapping[str, InputFile], software: str, about: Mapping[str, Any]) -> str:
    """The hash of all that a build depends on; the next one with the same has nothing to do, and needn't read any SQL to know."""
    csvs = {name: sha256_of(spec.csv) for name, spec in specs.items() if spec.csv is not None}
    digests = {name: file.digest for name, file in inputs.items()}
    return _hash([[_declared(specs[name]) for name in sorted(specs)], csvs, digests, major(software), about])


def _declared(spec: TableSpec) -> list[Any]:
    columns = [(column.name, column.type, column.required) for column in spec.columns]
    return [spec.table, None if spec.sql is None else as_run(spec.sql), spec.version, columns, spec.key, spec.sort]


@lru_cache(maxsize=1024)
def as_run(sql: str) -> str:
    """SQL without what engines pass over: comments are gone, and blanks and new lines between words are one blank."""
    return SAYS_NOTHING.sub(lambda found: found[1] or " ", sql).strip()


def definition(spec: TableSpec) -> str:
    """The hash of what a table is declared as, whatever it reads."""
    return _hash(_declared(spec))[:DIGITS]


def major(software: str) -> str:
    """An engine and its major version: smaller versions give the same rows."""
    return software.split(".", maxsplit=1)[0]


def _hash(content: list[Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def object_path(store: Store, spec: TableSpec, made_from: str) -> Path:
    """Where a result lies or will lie."""
    return store.objects / f"{spec.table}-{made_from[:DIGITS]}.parquet"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_input(table: pa.Table, spec: TableSpec, store: Store) -> InputFile:
    """The table as a file of the store, under the hash of what it holds; SqlError when it isn't what its .yml declares."""
    try:
        typed = table.select([column.name for column in spec.columns]).cast(schema(spec))
    except (KeyError, ValueError) as error:
        raise SqlError(f"{spec.table} isn't what its .yml declares: {error}") from error
    sink = pa.BufferOutputStream()
    pq.write_table(typed, sink, compression="zstd", row_group_size=ROWS_IN_GROUP)
    content = sink.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    path = store.inputs / f"{spec.table}-{digest[:DIGITS]}.parquet"
    if not _holds(path, content):
        being_written = store.tmp / path.name
        being_written.write_bytes(content)
        move_into_place(being_written, path)
    return InputFile(path, digest, typed.num_rows)


def _holds(path: Path, content: pa.Buffer) -> bool:
    """Whether a file is there and holds just this: one that was damaged is written again, for nobody else would."""
    if not path.exists() or path.stat().st_size != content.size:
        return False
    return bool(path.read_bytes() == content.to_pybytes())


def record_of(store: Store, path: Path, inputs: Mapping[str, str], known: TableRecord | None, *, verify: bool) -> TableRecord | None:
    """What is known of a result that is there; None when it isn't there, or is damaged, and so has to be made.

    With `verify` what the build before doesn't know is made again: that its file is whole nobody can say.
    """
    if not path.exists() or (verify and known is None):
        return None
    if known is not None and known.size == path.stat().st_size and not verify:
        return known.model_copy(update={"reused": True, "seconds": 0.0, "because": None})
    if known is not None and sha256_of(path) != known.digest:
        return None
    rows = rows_of(path)
    if rows is None:
        return None
    told = {} if known is None else {"made_in": known.made_in, "measured": known.measured}
    return new_record(store, path, inputs, rows).model_copy(update={"reused": True, **told})


def of_file(record: TableRecord, file: str) -> TableRecord | None:
    """What is known of one file of a table, as if it were the whole of one; None where the table hasn't that file."""
    if record.file == file:
        return record
    part = next((part for part in record.parts if part.file == file and part.amends is None), None)
    said = None if part is None else {"file": file, "parts": (), "digest": part.digest, "size": part.size, "rows": part.rows}
    return None if said is None else record.model_copy(update=said)


def rows_of(path: Path) -> int | None:
    """How many rows a Parquet file says it has; None when it isn't a whole Parquet file."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except pa.ArrowInvalid:
        return None


def new_record(store: Store, path: Path, inputs: Mapping[str, str], rows: int) -> TableRecord:
    """The record of a result that lies in the store."""
    file = str(path.relative_to(store.root))
    return TableRecord(file=file, digest=sha256_of(path), size=path.stat().st_size, rows=rows, inputs=tuple(sorted(inputs)))

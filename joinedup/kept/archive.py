"""The file that a backup is: a zip of Arrow streams, one for each table, and a manifest with the hash of each."""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
from pydantic import ValidationError

from joinedup.engine.specs import Frozen
from joinedup.errors import StoreProblem

FORMAT = "joinedup backup 2"
READABLE = ("joinedup backup 1", FORMAT)
"""The first form had no files beside the registers."""
MANIFEST = "manifest.json"
BESIDE = "beside"
BYTES_AT_A_TIME = 1 << 20
MOST_OF_A_MANIFEST = 64 << 20
"""Bytes; a million landings' names are fewer."""


class TableCopy(Frozen):
    """One table as it is kept in a backup."""

    file: str
    rows: int
    sha256: str


class RegisterCopy(Frozen):
    """One register as it is kept in a backup."""

    about: dict[str, str]
    marks: tuple[str, ...]
    tables: dict[str, TableCopy]


class FileCopy(Frozen):
    """One file beside the registers as it is kept in a backup."""

    file: str
    size: int
    sha256: str


class BackupManifest(Frozen):
    """What a backup holds."""

    format: str
    place: str
    made_at: datetime
    software: str
    registers: dict[str, RegisterCopy]
    files: dict[str, FileCopy] = {}
    """By path below the kept area."""


class _Hashing(io.RawIOBase):
    """A file that hashes what is written to it."""

    def __init__(self, inner: IO[bytes]) -> None:
        super().__init__()
        self.inner, self.hash, self.written = inner, hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.written

    def write(self, content: Any) -> int:  # noqa: ANN401 - whatever holds bytes
        self.hash.update(content)
        self.written += len(content)
        return self.inner.write(content)


def write_table(archive: zipfile.ZipFile, file: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> TableCopy:
    """What was written: the batches, as a stream in the archive, never all in memory."""
    rows = 0
    with archive.open(file, "w", force_zip64=True) as inner:
        hashing = _Hashing(inner)
        with pa.ipc.new_stream(pa.PythonFile(hashing, mode="w"), schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
            for batch in batches:
                writer.write_batch(batch)
                rows += batch.num_rows
        return TableCopy(file=file, rows=rows, sha256=hashing.hash.hexdigest())


def read_table(archive: zipfile.ZipFile, copy: TableCopy) -> Iterator[pa.RecordBatch]:
    """The batches of one table."""
    with archive.open(copy.file) as inner:
        yield from pa.ipc.open_stream(pa.PythonFile(inner, mode="r"))


def write_file(archive: zipfile.ZipFile, name: str, path: Path) -> FileCopy:
    """What was written: a file as it is, never all in memory."""
    file = f"{BESIDE}/{name}"
    with path.open("rb") as source, archive.open(file, "w", force_zip64=True) as inner:
        hashing = _Hashing(inner)
        shutil.copyfileobj(source, hashing, BYTES_AT_A_TIME)
        return FileCopy(file=file, size=hashing.written, sha256=hashing.hash.hexdigest())


def write_manifest(archive: zipfile.ZipFile, manifest: BackupManifest) -> None:
    """Nothing; the archive says what it holds."""
    archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))


def read_manifest(archive: zipfile.ZipFile, path: Path) -> BackupManifest:
    """What an archive holds, every hash compared; StoreProblem when it is no backup, or not as it was written."""
    try:
        with archive.open(MANIFEST) as inner:
            manifest = BackupManifest.model_validate_json(inner.read(MOST_OF_A_MANIFEST))
    except (KeyError, ValidationError, zipfile.BadZipFile):
        raise StoreProblem(f"{path} is no backup of joinedup, or its list of what it holds is damaged; nothing was written") from None
    if manifest.format not in READABLE:
        raise StoreProblem(
            f"{path} is of the format {manifest.format}, and {' or '.join(READABLE)} is expected; use the version of joinedup that wrote it"
        )
    for register in manifest.registers.values():
        for name, copy in register.tables.items():
            if _hash_in(archive, copy.file) != copy.sha256:
                raise StoreProblem(f"{path} is damaged: its table {name} isn't as it was written; nothing was written: take another backup")
    for name, held in manifest.files.items():
        if _hash_in(archive, held.file) != held.sha256:
            raise StoreProblem(f"{path} is damaged: its file {name} isn't as it was written; nothing was written: take another backup")
    return manifest


def _hash_in(archive: zipfile.ZipFile, file: str) -> str:
    """The hash of what a file in the archive holds; empty where it isn't there, or can't be read."""
    found = hashlib.sha256()
    try:
        with archive.open(file) as inner:
            while content := inner.read(BYTES_AT_A_TIME):
                found.update(content)
    except (KeyError, zipfile.BadZipFile, OSError, EOFError):
        return ""
    return found.hexdigest()

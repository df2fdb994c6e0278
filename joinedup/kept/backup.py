"""Backup of the registers, and of files beside them, into one file: each as at one instant, encrypted as it is; no key is needed."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from joinedup.engine.store import PRIVATE_FILE, PRIVATE_FOLDER, store_errors, sync_folder
from joinedup.errors import StoreProblem
from joinedup.kept.archive import FORMAT, BackupManifest, RegisterCopy, read_manifest, write_file, write_manifest, write_table
from joinedup.kept.backed_up import REGISTERS, BackedUp
from joinedup.kept.beside import files_beside, kind_of
from joinedup.kept.bulk import ROWS_AT_A_TIME, arrow_schema, batches

WIDE_ROWS = 16
"""How many rows of a table with long ciphertexts are read at a time: a batch of identifiers is some megabytes."""
BYTES_TOGETHER = 16 << 20


def backup(place: str, kept: Path, out: Path, registers: Sequence[BackedUp] = REGISTERS) -> BackupManifest:
    """What the new file `out` holds: all that the registers of a place and the files beside them hold, checked once it is written.

    A landing that is under way is in it whole or not at all. StoreProblem when there is nothing to back up, or `out` is
    there already or can't be written.
    """
    if out.exists():
        raise StoreProblem(f"{out} is there already, and a backup is never written over; name a new file")
    being_written = out.with_name(f".{out.name}.{os.getpid()}")
    with store_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        descriptor = os.open(being_written, os.O_RDWR | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _write(file, place, kept, registers)
            file.flush()
            os.fsync(file.fileno())
        manifest = open_backup(being_written)
        with store_errors(out):
            being_written.rename(out)
            sync_folder(out.parent)
    finally:
        being_written.unlink(missing_ok=True)
    return manifest


def _write(file: object, place: str, kept: Path, registers: Sequence[BackedUp]) -> None:
    with store_errors(kept), zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
        copies = {register.id: copy for register in registers if (copy := _copied(archive, register, kept, place)) is not None}
        files = {name: write_file(archive, name, path) for name, path in files_beside(kept)}  # after the register that they belong to
        if not copies and not files:
            raise StoreProblem("no register of this place holds anything yet, so that there is nothing to back up; land first")
        made = {"made_at": datetime.now(UTC), "software": version("joinedup")}
        write_manifest(archive, BackupManifest(format=FORMAT, place=place, registers=copies, files=files, **made))


def open_backup(path: Path) -> BackupManifest:
    """What a backup holds, compared with its hashes; StoreProblem when it isn't one, or is damaged."""
    with opened(path) as archive:
        return read_manifest(archive, path)


def opened(path: Path) -> zipfile.ZipFile:
    """The archive of a backup."""
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise StoreProblem(f"{path} is no backup of joinedup, or was cut off; nothing was written") from None
    except OSError as error:
        raise StoreProblem(f"the backup {path} can't be read ({error.strerror})") from None


def _copied(archive: zipfile.ZipFile, register: BackedUp, kept: Path, place: str) -> RegisterCopy | None:
    """The copy of one register; None where it holds nothing yet."""
    where = register.place(kept)
    if isinstance(where, Path) and not where.exists():
        return None
    with closing(register.open(kept)) as database:
        database.verify()
        with database.reading() as connection:
            about = {name: value for name, value in register.about(connection).items() if name != "pseudonym"}
            if not about:
                return None
            refuse_another_place(register, about, place)
            there = set(sa.inspect(connection).get_table_names())
            tables = {
                table.name: write_table(archive, f"{register.id}/{table.name}.arrows", arrow_schema(table), _rows(connection, table))
                for table in register.tables.sorted_tables
                if table.name in there
            }
            return RegisterCopy(about=about, marks=tuple(register.marks(connection)), tables=tables)


def refuse_another_place(register: BackedUp, about: dict[str, str], place: str) -> None:
    """Nothing; StoreProblem when a register says that it is of another place."""
    whose = about.get("place")
    if whose and whose != place:
        raise StoreProblem(f"{register.name} is that of the place {whose}, and {place} was given; nothing was written")


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[pa.RecordBatch]:
    """The rows of a table in the order of its key, in batches of some megabytes."""
    wide = any(isinstance(column.type, sa.LargeBinary) and column.type.length is None for column in table.columns)
    query = sa.select(*table.columns).order_by(*table.primary_key)
    together: list[pa.RecordBatch] = []
    for batch in batches(connection, query, arrow_schema(table), WIDE_ROWS if wide else ROWS_AT_A_TIME):
        together.append(batch)
        if sum(each.nbytes for each in together) >= BYTES_TOGETHER or sum(each.num_rows for each in together) >= ROWS_AT_A_TIME:
            yield _one(together)
            together = []
    if together:
        yield _one(together)


def _one(parts: list[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(parts).combine_chunks().to_batches()[0]


def said_of(copy: RegisterCopy) -> str:
    """How far a register had grown, in words."""
    kept = ", ".join(f"{_in_words(name)} {table.rows:,}" for name, table in copy.tables.items() if table.rows and name != "meta")
    return f"form {copy.about.get('schema', '?')}, key {copy.about.get('key_fingerprint', 'none')}; rows: {kept or 'none'}"


def said_of_files(manifest: BackupManifest) -> list[str]:
    """The files beside the registers, a line for each kind."""
    found: dict[str, list[int]] = {}
    for name, copy in manifest.files.items():
        kind = kind_of(name)
        assert kind is not None
        found.setdefault(kind.name, []).append(copy.size)
    return [f"{name}: {len(sizes):,} {'file' if len(sizes) == 1 else 'files'}, {sum(sizes):,} bytes" for name, sizes in found.items()]


def _in_words(table: str) -> str:
    return table.replace("_", " ")

"""Restoring registers from a backup: each in one transaction, never over what is newer unless told so; files beside them come back too."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from joinedup.engine.store import store_errors
from joinedup.errors import StoreProblem
from joinedup.kept.archive import RegisterCopy, read_manifest, read_table
from joinedup.kept.backed_up import REGISTERS, BackedUp
from joinedup.kept.backup import opened, refuse_another_place
from joinedup.kept.beside import put_back, refuse_unknown_file
from joinedup.kept.bulk import append

BESIDE_A_FILE = ("", "-journal", "-wal", "-shm")
"""What SQLite may keep of one database."""
DAYS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of one register."""

    name: str
    rows: int
    lost: str
    """What it held and the backup doesn't, in words; empty when that is nothing."""
    aside: Path | None
    """Where its damaged file lies now."""
    kept_newer: bool = False
    """Whether it had grown from the backup and was left as it is."""
    unit: str = "rows"


def restore(place: str, kept: Path, file: Path, *, replace: bool = False, registers: Sequence[BackedUp] = REGISTERS) -> list[Restored]:
    """What became of each register that the backup holds, and of files beside them; then they are as they were when it was made.

    StoreProblem, and nothing is written, when the backup is damaged or of another place, or when a register holds what the
    backup doesn't and `replace` isn't said. A damaged SQLite file is moved aside first.
    """
    with opened(file) as archive:
        manifest = read_manifest(archive, file)
        if manifest.place != place:
            raise StoreProblem(f"{file} is a backup of the place {manifest.place}, and {place} was given; nothing was written")
        known = {register.id: register for register in registers}
        for name, copy in manifest.registers.items():
            _refuse_unknown(known.get(name), name, copy, file)
        for name in manifest.files:
            refuse_unknown_file(name, file)
        chosen = [(known[name], copy) for name, copy in manifest.registers.items()]
        aside = {register.id: _moved_aside(register, kept) for register, _ in chosen}
        grown = [(register, copy) for register, copy in chosen if _has_grown(register, copy, kept)]
        chosen = [each for each in chosen if each not in grown]
        for register, copy in () if replace else chosen:
            with closing(register.open(kept)) as database, database.reading() as connection:
                _refuse_loss(register, copy, connection, place, file)
        besides = [
            Restored(each.kind.name, each.rows, "", each.aside, kept_newer=not each.rows, unit=each.kind.unit)
            for each in put_back(kept, {name: partial(archive.read, copy.file) for name, copy in manifest.files.items()})
        ]
        made = [_restored(archive, register, copy, kept, place, file, replace, aside[register.id]) for register, copy in chosen]
        return made + [Restored(register.name, 0, "", None, kept_newer=True) for register, _ in grown] + besides


def _refuse_unknown(register: BackedUp | None, name: str, copy: RegisterCopy, file: Path) -> None:
    tables = register.tables.tables if register else {}
    unknown = sorted(set(copy.tables) - set(tables))
    if register is None or unknown:
        what = f"the register {name}" if register is None else f"tables of {register.name} ({', '.join(unknown)})"
        raise StoreProblem(f"{file} holds {what} that this version of joinedup doesn't know; use the version that wrote it")


def _has_grown(register: BackedUp, copy: RegisterCopy, kept: Path) -> bool:
    """Whether what is there holds all of the copy, in a register that then stays as it is."""
    where = register.place(kept)
    if not register.keeps_newer or (isinstance(where, Path) and not where.exists()):
        return False
    with closing(register.open(kept)) as database, database.reading() as connection:
        about = register.about(connection)
        marks = tuple(register.marks(connection)) if about else ()
        rows = (
            {table: connection.scalar(sa.select(sa.func.count()).select_from(register.tables.tables[table])) or 0 for table in copy.tables}
            if about
            else {}
        )
    same = bool(about) and about.get("register_id") == copy.about.get("register_id")
    return same and marks[: len(copy.marks)] == copy.marks and all(rows[name] >= table.rows for name, table in copy.tables.items())


def _moved_aside(register: BackedUp, kept: Path) -> Path | None:
    """Where the register's damaged file was moved to; None when it is sound, isn't there, or has no file."""
    where = register.place(kept)
    with closing(register.open(kept)) as database:
        if not database.is_damaged():
            return None
        path = database.file or where
    assert isinstance(path, Path)
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    with store_errors(path):
        for end in BESIDE_A_FILE:
            if (part := path.with_name(path.name + end)).exists():
                part.rename(aside.with_name(aside.name + end))
    return aside


def _restored(  # noqa: PLR0913, PLR0917 - what one restoring is made from
    archive: zipfile.ZipFile, register: BackedUp, copy: RegisterCopy, kept: Path, place: str, file: Path, replace: bool, aside: Path | None
) -> Restored:
    with closing(register.open(kept)) as database, database.writing("restore") as connection:
        lost = _loss(register, copy, connection) if replace else _refuse_loss(register, copy, connection, place, file)
        register.tables.drop_all(connection)
        register.tables.create_all(connection)
        rows = 0
        for table in register.tables.sorted_tables:
            if table.name in copy.tables:
                for batch in read_table(archive, copy.tables[table.name]):
                    append(connection, table, batch)
                    rows += batch.num_rows
        _number_on(connection, register.tables)
        return Restored(register.name, rows, lost, aside)


def _refuse_loss(register: BackedUp, copy: RegisterCopy, connection: sa.Connection, place: str, file: Path) -> str:
    """Nothing to say; StoreProblem when something would be lost."""
    about = register.about(connection)
    refuse_another_place(register, about, place)
    if about and about.get("register_id") != copy.about.get("register_id") and register.marks(connection):
        raise StoreProblem(
            f"{register.name} is another one ({about.get('register_id')}) than that in {file} ({copy.about.get('register_id')}); "
            "nothing was written: give --replace to put the backup in its place"
        )
    if lost := _loss(register, copy, connection):
        raise StoreProblem(
            f"{register.name} is newer than {file}, and restoring would lose {lost}; nothing was written: give --replace to lose that"
        )
    return ""


def _loss(register: BackedUp, copy: RegisterCopy, connection: sa.Connection) -> str:
    """What the register holds and the copy doesn't, in words."""
    there = set(sa.inspect(connection).get_table_names())
    marks = [mark for mark in register.marks(connection) if mark not in copy.marks] if register.about(connection) else []
    more = {}
    for table in register.tables.sorted_tables:
        had = copy.tables[table.name].rows if table.name in copy.tables else 0
        now = (connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0) if table.name in there else 0
        if now > had and table.name != "meta":
            more[table.name.replace("_", " ")] = now - had
    if not marks and not more:
        return ""
    named = ", ".join(marks[:DAYS_SHOWN]) + (f" and {len(marks) - DAYS_SHOWN} more" if len(marks) > DAYS_SHOWN else "")
    rows = ", ".join(f"{name} {count:,}" for name, count in more.items())
    return "; ".join(part for part in (f"what came with {named}" if marks else "", f"rows of {rows}" if more else "") if part)


def _number_on(connection: sa.Connection, tables: sa.MetaData) -> None:
    """Nothing; PostgreSQL's sequences go on after what was restored. SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            last = sa.select(sa.func.max(column)).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(sequence, sa.func.coalesce(last, 1), last.is_not(None))))

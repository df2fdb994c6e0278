"""The tables of the access log, what keeps them insert-only, and how an event is written out to be hashed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

FORM = 1
"""Of the events' serialisation and of the seals: both say it, so that a later one can be told apart."""
LOCK = 0x6A6F696E_6C6F67  # "joinlog": the advisory lock under which events and seals are numbered in PostgreSQL
NO_CHANGE = "the access log takes no changes: events and seals are only added"
NEXT_ONLY = "an event or seal of the access log takes the next number"

LOG = sa.MetaData()
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _column(name: str, kind: sa.types.TypeEngine[Any], *, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=key, nullable=False, autoincrement=False)


LOOK = sa.Table(
    "look",
    LOG,
    _column("number", WHOLE, key=True),  # from 1 without gaps
    _column("at", WHOLE),  # microseconds since 1970, UTC
    *(_column(name, sa.Text()) for name in ("account", "role", "purpose", "scope", "door", "what", "build_id")),
    _column("people", sa.Text()),  # person_ids between commas, in order: ,12,34,
    _column("row_count", WHOLE),
    _column("reason", sa.Text()),
    sqlite_strict=True,
)
SEAL = sa.Table(
    "seal",
    LOG,
    _column("number", WHOLE, key=True),  # from 1 without gaps
    *(_column(name, WHOLE) for name in ("form", "first_event", "last_event", "event_count")),
    _column("batch_hash", sa.Text()),  # SHA-256 of the batch's lines
    _column("marks", sa.Text()),  # four bytes of each event's SHA-256, base64: they say which event differs
    _column("sealed_at", WHOLE),
    _column("key_id", sa.Text()),  # blank where the seal is not keyed
    _column("before_hash", sa.Text()),  # hash of the seal before
    _column("seal_hash", sa.Text()),  # SHA-256, or HMAC-SHA-256 under the seal key, of the seal's line
    sqlite_strict=True,
)
HASHED = tuple(column for column in LOOK.columns if column.name != "number")
"""What of an event is hashed, in this order; its number is given by its place in the batch."""


def line_of_event(dialect: str) -> sa.ColumnElement[bytes]:
    """An event as UTF-8 bytes: its fields as text parted by tabs, ended by a line feed.

    No field holds a control character, so that no two events have one line; a field altered to hold one gives a line that no event had.
    """
    parts: list[sa.ColumnElement[str]] = []
    for column in HASHED:
        parts += [sa.cast(column, sa.Text()), sa.literal("\n" if column is HASHED[-1] else "\t", sa.Text())]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + part
    if dialect == "sqlite":
        return sa.cast(joined, sa.LargeBinary())
    return sa.func.convert_to(joined, "UTF8", type_=sa.LargeBinary())


@sa.event.listens_for(LOG, "after_create")
def _guard(_target: object, connection: sa.Connection, **_said: object) -> None:
    """Nothing; whoever makes the tables makes what keeps them insert-only in the same transaction."""
    for statement in guards(connection.dialect.name):
        connection.exec_driver_sql(statement)


def guards(dialect: str) -> Iterator[str]:
    """What refuses changes, as statements that may be run again: triggers in both databases."""
    return _guards_of_sqlite() if dialect == "sqlite" else _guards_of_postgresql()


def _guards_of_sqlite() -> Iterator[str]:
    """REPLACE deletes without firing a delete trigger, and so does what takes a number twice: an insert takes the next number or none."""
    for table in LOG.tables:
        for act in ("update", "delete"):
            body = f"BEGIN SELECT RAISE(ABORT, '{NO_CHANGE}'); END"
            yield f"CREATE TRIGGER IF NOT EXISTS {table}_no_{act} BEFORE {act.upper()} ON {table} {body}"
        last = f"(SELECT coalesce(max(number), 0) + 1 FROM {table})"
        body = f"WHEN NEW.number IS NOT {last} BEGIN SELECT RAISE(ABORT, '{NEXT_ONLY}'); END"
        yield f"CREATE TRIGGER IF NOT EXISTS {table}_next_number BEFORE INSERT ON {table} {body}"


def _guards_of_postgresql() -> Iterator[str]:
    head = "LANGUAGE plpgsql SET search_path = pg_catalog AS $$"
    yield f"CREATE OR REPLACE FUNCTION joinedup_no_change() RETURNS trigger {head} BEGIN RAISE EXCEPTION '{NO_CHANGE}'; END $$"
    table = "quote_ident(TG_TABLE_SCHEMA) || '.' || quote_ident(TG_TABLE_NAME)"
    last = f"EXECUTE 'SELECT coalesce(max(number), 0) + 1 FROM ' || {table} INTO expected;"
    body = f"DECLARE expected bigint; BEGIN {last} IF NEW.number IS DISTINCT FROM expected THEN RAISE EXCEPTION '{NEXT_ONLY}'; END IF;"
    yield f"CREATE OR REPLACE FUNCTION joinedup_next_number() RETURNS trigger {head} {body} RETURN NEW; END $$"
    for table in LOG.tables:
        for act in ("update", "delete", "truncate"):
            on = f"BEFORE {act.upper()} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION joinedup_no_change()"
            yield f"CREATE OR REPLACE TRIGGER {table}_no_{act} {on}"
        on = f"BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION joinedup_next_number()"
        yield f"CREATE OR REPLACE TRIGGER {table}_next_number {on}"


GUARD_NAMES = {
    "sqlite": frozenset(f"{table}_{what}" for table in LOG.tables for what in ("no_update", "no_delete", "next_number")),
    "postgresql": frozenset(f"{table}_{what}" for table in LOG.tables for what in ("no_update", "no_delete", "no_truncate", "next_number")),
}


def grants(role: str, dialect: sa.Dialect) -> Iterator[str]:
    """What a role of PostgreSQL that writes the log may do, and no more: read it, and add to it."""
    name = dialect.identifier_preparer.quote(role)
    for table in LOG.tables:
        yield f"REVOKE ALL ON {table} FROM PUBLIC"
        yield f"REVOKE ALL ON {table} FROM {name}"
        yield f"GRANT SELECT, INSERT ON {table} TO {name}"

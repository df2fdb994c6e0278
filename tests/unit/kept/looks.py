"""Looks for tests, and ways round what keeps the access log insert-only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from joinedup.kept.access_log import AccessLog, Look

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


def look(number: int, **differs: object) -> Look:
    same = {"account": "inv-care", "role": "care_team", "purpose": "direct care", "scope": "practice INV01", "door": "people"}
    values = same | {"at": AT + timedelta(minutes=number), "what": "person", "build_id": "b1", "people": (number,), "rows": 1}
    return Look(**(values | differs))


@contextmanager
def behind(log: AccessLog) -> Iterator[sa.Connection]:
    """A transaction of somebody who may switch the triggers off, and puts them back afterwards."""
    with log.engine.connect().execution_options(joinedup_writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            yield connection
        else:
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            triggers = connection.exec_driver_sql(query).all()
            for name, _ in triggers:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            yield connection
            for _, sql in triggers:
                connection.exec_driver_sql(sql)


def in_sqlite(log: AccessLog) -> sqlite3.Connection:
    """The log's file, opened by somebody else."""
    return sqlite3.connect(log.engine.url.database)

"""Tables that only grow: the database itself refuses to change or delete what they hold, on SQLite and on PostgreSQL.

One path is left open: the erasure of a person, within one transaction, for as long as `may_shrink` lasts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

ON_POSTGRESQL = """
    CREATE OR REPLACE FUNCTION joinedup_only_grows() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '% only grows', TG_TABLE_NAME; END $$
"""
BUT = "only_grows_but"
"""Under which a table keeps the columns of it that may change."""


def only_grows(table: sa.Table, *, but: Sequence[str] = ()) -> sa.Table:
    """The table, which from its making on refuses UPDATE, except of the columns `but`, and DELETE.

    On SQLite REPLACE deletes without a trigger of deletion, so that a row whose key is there is refused before.
    """
    table.info[BUT] = tuple(but)
    _after_making(table, ON_POSTGRESQL, "postgresql")
    for dialect in ("sqlite", "postgresql"):
        for statement in _guards(table, dialect).values():
            _after_making(table, statement, dialect)
    return table


@contextmanager
def may_shrink(connection: sa.Connection, *tables: sa.Table) -> Iterator[None]:
    """Within the block these tables lose and change rows; afterwards they only grow again.

    For erasure alone, in the transaction of whoever writes: nobody else ever sees the tables without their guards, and a block that
    fails, or is killed, leaves tables and guards as they were.
    """
    dialect = connection.dialect.name
    for table in tables:
        for name in _guards(table, dialect):
            connection.exec_driver_sql(f"DROP TRIGGER {name}" + (f" ON {table.name}" if dialect == "postgresql" else ""))
    yield
    for table in tables:
        for statement in _guards(table, dialect).values():
            connection.exec_driver_sql(statement)


def _guards(table: sa.Table, dialect: str) -> dict[str, str]:
    """The triggers that keep a table growing, by name."""
    fixed = ", ".join(column.name for column in table.columns if column.name not in table.info[BUT])
    return _guards_of_sqlite(table, fixed) if dialect == "sqlite" else _guards_of_postgresql(table, fixed)


def _guards_of_sqlite(table: sa.Table, fixed: str) -> dict[str, str]:
    made = {}
    for action, when in (("update", f"UPDATE OF {fixed}"), ("delete", "DELETE")):
        refuse = f"SELECT RAISE(ABORT, '{table.name} only grows')"
        made[f"{table.name}_{action}"] = f"CREATE TRIGGER {table.name}_{action} BEFORE {when} ON {table.name} BEGIN {refuse}; END"
    taken = " OR ".join(f"({' AND '.join(f'{name} = NEW.{name}' for name in key)})" for key in _keys(table))
    again = f"BEFORE INSERT ON {table.name} WHEN EXISTS (SELECT 1 FROM {table.name} WHERE {taken})"
    there = f"SELECT RAISE(ABORT, '{table.name} has that row already')"
    return made | {f"{table.name}_insert": f"CREATE TRIGGER {table.name}_insert {again} BEGIN {there}; END"}


def _guards_of_postgresql(table: sa.Table, fixed: str) -> dict[str, str]:
    row = f"CREATE TRIGGER {table.name}_row BEFORE UPDATE OF {fixed} OR DELETE ON {table.name} FOR EACH ROW"
    whole = f"CREATE TRIGGER {table.name}_all BEFORE TRUNCATE ON {table.name} FOR EACH STATEMENT"
    refuse = "EXECUTE FUNCTION joinedup_only_grows()"
    return {f"{table.name}_row": f"{row} {refuse}", f"{table.name}_all": f"{whole} {refuse}"}


def _keys(table: sa.Table) -> list[list[str]]:
    """The columns of everything that must be unique in it."""
    constraints = [each for each in table.constraints if isinstance(each, sa.PrimaryKeyConstraint | sa.UniqueConstraint)]
    keys = [[column.name for column in each.columns] for each in constraints] + [[each.name] for each in table.columns if each.unique]
    return sorted(keys)


def _after_making(table: sa.Table, statement: str, dialect: str) -> None:
    """Nothing; the statement runs in the transaction that makes the table, on databases of that kind."""
    made: sa.DDL = sa.DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
    sa.event.listen(table, "after_create", made.execute_if(dialect=dialect))

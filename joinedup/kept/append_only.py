"""Tables that only grow: the database itself refuses to change or delete what they hold, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

ON_POSTGRESQL = """
    CREATE OR REPLACE FUNCTION joinedup_only_grows() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '% only grows', TG_TABLE_NAME; END $$
"""


def only_grows(table: sa.Table, *, but: Sequence[str] = ()) -> sa.Table:
    """The table, which from its making on refuses UPDATE, except of the columns `but`, and DELETE.

    On SQLite REPLACE deletes without a trigger of deletion, so that a row whose key is there is refused before.
    """
    fixed = ", ".join(column.name for column in table.columns if column.name not in but)
    for action, when in (("update", f"UPDATE OF {fixed}"), ("delete", "DELETE")):
        refuse = f"SELECT RAISE(ABORT, '{table.name} only grows')"
        on_sqlite = f"CREATE TRIGGER {table.name}_{action} BEFORE {when} ON {table.name} BEGIN {refuse}; END"
        _after_making(table, on_sqlite, "sqlite")
    taken = " OR ".join(f"({' AND '.join(f'{name} = NEW.{name}' for name in key)})" for key in _keys(table))
    again = f"BEFORE INSERT ON {table.name} WHEN EXISTS (SELECT 1 FROM {table.name} WHERE {taken})"
    there = f"SELECT RAISE(ABORT, '{table.name} has that row already')"
    _after_making(table, f"CREATE TRIGGER {table.name}_insert {again} BEGIN {there}; END", "sqlite")
    _after_making(table, ON_POSTGRESQL, "postgresql")
    row = f"CREATE TRIGGER {table.name}_row BEFORE UPDATE OF {fixed} OR DELETE ON {table.name} FOR EACH ROW"
    _after_making(table, f"{row} EXECUTE FUNCTION joinedup_only_grows()", "postgresql")
    whole = f"CREATE TRIGGER {table.name}_all BEFORE TRUNCATE ON {table.name} FOR EACH STATEMENT"
    _after_making(table, f"{whole} EXECUTE FUNCTION joinedup_only_grows()", "postgresql")
    return table


def _keys(table: sa.Table) -> list[list[str]]:
    """The columns of everything that must be unique in it."""
    constraints = [each for each in table.constraints if isinstance(each, sa.PrimaryKeyConstraint | sa.UniqueConstraint)]
    keys = [[column.name for column in each.columns] for each in constraints] + [[each.name] for each in table.columns if each.unique]
    return sorted(keys)


def _after_making(table: sa.Table, statement: str, dialect: str) -> None:
    """Nothing; the statement runs in the transaction that makes the table, on databases of that kind."""
    made: sa.DDL = sa.DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
    sa.event.listen(table, "after_create", made.execute_if(dialect=dialect))

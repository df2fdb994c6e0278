"""Whether what keeps the access log insert-only is still in place, in either database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import sqlalchemy as sa

from joinedup.kept.log_tables import GUARD_NAMES, LOG, guards

CHANGES = ("UPDATE", "DELETE", "TRUNCATE")


def guards_that_lack(connection: sa.Connection) -> Iterator[str]:
    """A sentence for each guard that is gone, switched off or rewritten, and for each role that was granted changes."""
    if connection.dialect.name == "sqlite":
        return _lacking_on_sqlite(connection)
    return _lacking_on_postgresql(connection)


def _lacking_on_sqlite(connection: sa.Connection) -> Iterator[str]:
    """Tables and triggers are compared with those of a new log, word for word."""
    query = "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'trigger') AND sql IS NOT NULL"
    found = {name: sql for name, sql in connection.exec_driver_sql(query)}  # noqa: C416 -- rows are no pairs to the type checker
    new = sqlite3.connect(":memory:")
    for table in LOG.sorted_tables:
        new.execute(str(sa.schema.CreateTable(table).compile(dialect=connection.dialect)))
    for statement in guards("sqlite"):
        new.execute(statement)
    for name, sql in new.execute(query):
        if name not in found:
            yield f"the database has no {name} any more, which keeps the log insert-only: see who removed it, and when"
        elif " ".join(found[name].split()) != " ".join(sql.split()):
            yield f"{name} of the database is not as joinedup made it: see who changed it, and when"
    new.close()
    for name in found.keys() - GUARD_NAMES["sqlite"] - LOG.tables.keys():
        yield f"the database holds {name!r}, which joinedup didn't make: see who added it"


def _lacking_on_postgresql(connection: sa.Connection) -> Iterator[str]:
    tables = [table.name for table in LOG.sorted_tables]
    triggers = sa.text(
        "SELECT t.tgname, t.tgenabled, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
        "WHERE NOT t.tgisinternal AND t.tgrelid IN (SELECT to_regclass(n) FROM unnest(CAST(:tables AS text[])) AS n)"
    )
    found = {row.tgname: row for row in connection.execute(triggers, {"tables": tables})}
    bodies = [statement.split("$$")[1].strip() for statement in guards("postgresql") if "$$" in statement]
    for name in sorted(GUARD_NAMES["postgresql"]):
        if name not in found or found[name].tgenabled not in ("O", "A", b"O", b"A"):
            yield f"the trigger {name}, which keeps the log insert-only, is gone or switched off: see who did it, and when"
        elif found[name].prosrc.strip() not in bodies:
            yield f"the function behind the trigger {name} is not as joinedup made it: see who changed it, and when"
    for name in sorted(found.keys() - GUARD_NAMES["postgresql"]):
        yield f"the log has a trigger {name!r}, which joinedup didn't make: see who added it"
    granted = sa.text(
        "SELECT DISTINCT g.grantee, g.privilege_type FROM information_schema.role_table_grants g JOIN pg_tables t "
        "ON t.schemaname = g.table_schema AND t.tablename = g.table_name WHERE g.table_name = ANY(:tables) "
        "AND g.table_schema = current_schema() AND g.privilege_type = ANY(:changes) AND g.grantee <> t.tableowner ORDER BY 1, 2"
    )
    for grantee, privilege in connection.execute(granted, {"tables": tables, "changes": list(CHANGES)}):
        yield f"the role {grantee!r} was granted {privilege} on the log: take it away (joinedup audit prepare grants what is needed)"

"""Two builds table by table: rows that came, went or hold other values, counted by key in sets. No row leaves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from joinedup.engine.lying import rows_sql
from joinedup.engine.manifest import InputRecord, Manifest, TableRecord
from joinedup.engine.parts import Lying
from joinedup.engine.specs import Frozen, TableSpec
from joinedup.engine.store import Store

ROWS = """
SELECT count(*) FILTER (NOT b."is here" IS NOT DISTINCT FROM true), count(*) FILTER (NOT a."is here" IS NOT DISTINCT FROM true),
    count(*) FILTER (b."is here" AND a."is here" AND ({differs})){columns}
FROM (SELECT *, true AS "is here" FROM ({before}) AS rows_before) AS b
FULL JOIN (SELECT *, true AS "is here" FROM ({after}) AS rows_after) AS a ON {key}
"""
NUMBERS = frozenset({"INTEGER", "BIGINT", "DOUBLE"})


class TableChange(Frozen):
    """One table that two builds hold otherwise."""

    table: str
    title: str
    kind: str
    """derived, landed, place or reference."""
    before: int | None
    """Rows; None where the build has no such table."""
    after: int | None
    added: int | None = None
    """Keys that only the later build has; None where rows weren't compared."""
    gone: int | None = None
    changed: int | None = None
    """Keys that both have, with another value in some column."""
    columns: dict[str, int] = {}
    """Column -> rows with another value, where there are any."""
    shares: tuple[int, ...] = ()
    """By how many rows it grew or shrank at each turn, which adds up to the whole; none where turns weren't followed."""
    moved: tuple[bool, ...] = ()
    """Whether it held something else after each turn."""


def tables_changed(
    con: duckdb.DuckDBPyConnection, store: Store, before: Manifest, after: Manifest, specs: Mapping[str, TableSpec]
) -> list[TableChange]:
    """The tables whose content differs; rows of those that have a key in both builds are compared by it.

    Landed rows have no key that lasts, for their numbers are those of files: of them no more than their number is told.
    """
    then, now = _records(before), _records(after)
    found = []
    for name in sorted(then.keys() | now.keys()):
        old, new = then.get(name), now.get(name)
        if old is not None and new is not None and old.digest == new.digest:
            continue
        known = new or old
        assert known is not None
        kind = known.kind or "landed" if isinstance(known, InputRecord) else "derived"
        rows = {"before": None if old is None else old.rows, "after": None if new is None else new.rows}
        plain = TableChange(table=name, title=known.title or name, kind=kind, **rows)
        spec = specs.get(name)
        if old is None or new is None or spec is None or kind == "landed":
            found.append(plain)
            continue
        found.append(plain.model_copy(update=_rows(con, spec.key, files_of(store, old), files_of(store, new))))
    return found


def _records(manifest: Manifest) -> dict[str, InputRecord | TableRecord]:
    return {**manifest.inputs, **manifest.tables}


def _rows(con: duckdb.DuckDBPyConnection, key: Sequence[str], before: Sequence[Lying], after: Sequence[Lying]) -> dict[str, object]:
    """What rows of a table came, went and changed; nothing where its key isn't in both."""
    then, now = (_columns(con, files) for files in (before, after))
    if not all({*key} <= each.keys() for each in (then, now)):
        return {}
    shared = [name for name in then if name in now and name not in key]
    pairs = {name: _pair(name, then[name], now[name]) for name in (*key, *shared)}
    other = {name: "{} IS DISTINCT FROM {}".format(*pairs[name]) for name in shared}
    sql = ROWS.format(
        differs=" OR ".join(other.values()) or "false",
        columns="".join(f', count(*) FILTER (b."is here" AND a."is here" AND {each})' for each in other.values()),
        before=rows_sql(before),
        after=rows_sql(after),
        key=" AND ".join("{} IS NOT DISTINCT FROM {}".format(*pairs[name]) for name in key) or "true",
    )
    [(added, gone, changed, *counts)] = con.execute(sql).fetchall()
    columns = {name: count for name, count in zip(shared, counts, strict=True) if count}
    return {"added": added, "gone": gone, "changed": changed, "columns": columns}


def _columns(con: duckdb.DuckDBPyConnection, files: Sequence[Lying]) -> dict[str, str]:
    """The columns of a table and their types."""
    return {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {rows_sql(files)}").fetchall()}


def _pair(name: str, before: str, after: str) -> tuple[str, str]:
    """The values of a column in both builds as they can be compared: as text where its type is another, unless both are numbers."""
    if before == after or {before, after} <= NUMBERS:
        return f'b."{name}"', f'a."{name}"'
    return f'CAST(b."{name}" AS VARCHAR)', f'CAST(a."{name}" AS VARCHAR)'


def files_of(store: Store, record: InputRecord | TableRecord) -> list[Lying]:
    """Where a table of a build lies."""
    return list(record.lying(store.root))

"""Lists of who or what is there on a day: of each record one row stays, and from which list to which it was listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding, Severity
from joinedup.sources.contract import ContractSpec
from joinedup.sources.leaving import BY_CHANCE, MANY_LEFT, SHRANK, are_many, until_confirmed, warning

LISTED_LATER = "listed-later"
ALIKE_ROWS = 100
"""Rows from which on no list is like that of another day in every value, whatever its bytes."""

PLACED = """
    CREATE OR REPLACE TEMP TABLE list_placed AS
    WITH listed AS (
        SELECT rows.file_id, rows.source_row, source, part, number, last_number, {keys}, {content} AS content, {birth} AS birth
        FROM staged_{contract} AS rows JOIN list_given USING (file_id)
    ),
    compared AS (
        SELECT *, min(number) OVER record AS first_list, max(number) OVER record AS last_list, count(*) OVER record AS lists,
            last_value(birth) OVER (
                PARTITION BY source, part, {names} ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS last_birth,
            lag(content) OVER run IS DISTINCT FROM content AND lag(number) OVER run IS NOT NULL AS changed,
            lead(content) OVER run IS DISTINCT FROM content AND lead(number) OVER run IS NOT NULL AS changes,
            lead(number) OVER run AS next_list
        FROM listed WHERE key_0 IS NOT NULL
        WINDOW record AS (PARTITION BY source, part, {names}), run AS (PARTITION BY source, part, {names} ORDER BY number)
    ),
    versions AS (
        SELECT *, max(CASE WHEN changed THEN number END) OVER (
            PARTITION BY source, part, {names} ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS version_list
        FROM compared
    )
    SELECT file_id, source_row, source, part, {names}, last_birth, first_list, last_list, last_number, lists, version_list,
        CASE WHEN changes THEN next_list END AS changed_list, next_list IS NULL OR changes AS stays, next_list IS NULL AS is_last
    FROM versions
    UNION ALL
    SELECT file_id, source_row, source, part, {names}, NULL, NULL, NULL, last_number, NULL, NULL, NULL, number = last_number, false
    FROM listed WHERE key_0 IS NULL
"""

BIRTH = "person_birth_date = coalesce(placed.last_birth, person_birth_date),"
DATED = """
    UPDATE {table} SET {birth}
        listed_from = placed.listed_from, listed_to = placed.listed_to,
        version_from = placed.version_from, version_to = placed.version_to
    FROM (
        SELECT placed.file_id, source_row, last_birth, CASE WHEN first_list > 1 THEN first.day END AS listed_from, gone.day AS listed_to,
            version.day AS version_from, changed.day AS version_to
        FROM list_placed AS placed
        LEFT JOIN list_given AS first ON (first.source, first.part, first.number) = (placed.source, placed.part, first_list)
        LEFT JOIN list_given AS gone ON (gone.source, gone.part, gone.number) = (placed.source, placed.part, last_list + 1)
        LEFT JOIN list_given AS version ON (version.source, version.part, version.number) = (placed.source, placed.part, version_list)
        LEFT JOIN list_given AS changed ON (changed.source, changed.part, changed.number) = (placed.source, placed.part, changed_list)
        WHERE stays AND (first_list > 1 OR last_list < placed.last_number OR version_list IS NOT NULL OR changed_list IS NOT NULL)
    ) AS placed WHERE {at_row}
"""


def supersede_lists(
    con: Connection, contract: ContractSpec, keys: Sequence[str], lists: Sequence[tuple[int, str, str, Any, str, str | None]]
) -> list[Finding]:
    """What was found; of the rows of all lists, given as file_id, source, part, day, name and hash, each record's last has stayed, with
    those that showed it otherwise before, and they know from which list to which. One list counts once, whatever it holds twice.

    A row that names no record can't be followed: those of the last list stay.
    """
    if not lists:
        return []
    con.execute(
        "CREATE OR REPLACE TEMP TABLE list_day (file_id INTEGER, source VARCHAR, part VARCHAR, day DATE, name VARCHAR, sha256 VARCHAR)"
    )
    con.executemany("INSERT INTO list_day VALUES (?, ?, ?, ?, ?, ?)", lists)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE list_given AS
        SELECT *, row_number() OVER (PARTITION BY source, part ORDER BY day) AS number,
            count(*) OVER (PARTITION BY source, part) AS last_number
        FROM list_day
    """)
    names = ", ".join(f"key_{place}" for place in range(len(keys)))
    several = len({(source, part) for _, source, part, *_ in lists}) > len({source for _, source, *_ in lists})
    births = [field.landed for field in contract.fields if field.name == "PERSON_BIRTH_DATE"]
    history = ", ".join(contract.landed(name) for name in contract.history_of)
    con.execute(
        PLACED.format(
            contract=contract.contract,
            keys=", ".join(f"{part} AS key_{place}" for place, part in enumerate(keys)),
            names=names,
            content=f"row({history})" if history else "0",
            birth=births[0] if births else "CAST(NULL AS DATE)",
        )
    )
    found = [*_alike(con, contract), *_shrunk(con, contract), *_gaps(con, contract), *(_in_parts(con, contract, names) if several else ())]
    con.execute(
        "INSERT INTO staged_superseded SELECT file_id, source_row, $rule, $reason FROM list_placed WHERE NOT stays",
        {"rule": LISTED_LATER, "reason": "a later list of the same source tells of the same record"},
    )
    at_row = f"staged_{contract.contract}.file_id = placed.file_id AND staged_{contract.contract}.source_row = placed.source_row"
    con.execute(f"DELETE FROM staged_{contract.contract} USING list_placed AS placed WHERE {at_row} AND NOT stays")
    if contract.lists:
        con.execute(DATED.format(table=f"staged_{contract.contract}", birth=BIRTH if births else "", at_row=at_row))
    con.execute("DROP TABLE list_day; DROP TABLE list_given; DROP TABLE list_placed")
    return found


def _shrunk(con: Connection, contract: ContractSpec) -> Iterator[Finding]:
    """Lists that have far fewer rows than the one before: whoever they lack is taken to have left, unless a later one has them again."""
    counts = con.execute(f"""
        WITH given AS (
            SELECT source, part, number, name, row_count AS rows, lag(row_count) OVER (PARTITION BY source, part ORDER BY number) AS before
            FROM list_given JOIN (SELECT file_id, count(*) AS row_count FROM staged_{contract.contract} GROUP BY file_id) USING (file_id)
        ),
        left_with AS (
            SELECT source, part, last_list + 1 AS number, count(*) AS ended FROM list_placed WHERE is_last GROUP BY ALL
        )
        SELECT name, rows, before, coalesce(ended, 0) FROM given LEFT JOIN left_with USING (source, part, number)
        WHERE before - rows > greatest({SHRANK} * before, {BY_CHANCE} * sqrt({SHRANK} * before)) ORDER BY name
    """).fetchall()
    for name, rows, before, ended in counts:
        message = f"it lists {rows:,} where the list before had {before:,}"
        if contract.lists and not contract.keeps_back and are_many(ended, before):
            message += f", and {ended:,} records of that one are on no list since and taken to have ended, as if it was cut short"
            yield warning(name, MANY_LEFT, f"{message}; {until_confirmed(name, ended)}", contract, ended)
        else:
            message += ": whoever it lacks is taken to have left, unless a later list has them; was it cut short?"
            yield warning(name, "list-shrank", message, contract, before - rows)


def _alike(con: Connection, contract: ContractSpec) -> list[Finding]:
    """Lists that are, byte for byte, the list of the day before; of large ones also those that hold the same row for row."""
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE list_pair AS
        SELECT file_id, source, number, name, day, row_count,
            sha256 = lag(sha256) OVER list AS is_same, lag(file_id) OVER list AS file_before,
            lag(name) OVER list AS name_before, lag(day) OVER list AS day_before, lag(row_count) OVER list AS count_before
        FROM list_given JOIN (SELECT file_id, count(*) AS row_count FROM staged_{contract.contract} GROUP BY file_id) USING (file_id)
        WINDOW list AS (PARTITION BY source, part ORDER BY number)
    """)
    content = ", ".join(field.landed for field in contract.fields)
    compared = f"row_count = count_before AND row_count >= {ALIKE_ROWS} AND NOT is_same"
    pairs = con.execute(f"""
        WITH summed AS (
            SELECT file_id, sum(hash({content})::HUGEINT) AS content FROM staged_{contract.contract}
            WHERE file_id IN (SELECT unnest([file_id, file_before]) FROM list_pair WHERE {compared}) GROUP BY file_id
        )
        SELECT source, number, name, day, name_before, day_before, row_count FROM list_pair
        LEFT JOIN summed AS own USING (file_id) LEFT JOIN summed AS other ON other.file_id = file_before
        WHERE is_same OR ({compared} AND own.content = other.content) ORDER BY source, number DESC, name
    """).fetchall()
    con.execute("DROP TABLE list_pair")
    found = []
    for _, group in groupby(pairs, key=lambda pair: pair[0]):
        (_, _, name, day, other, other_day, rows), *more = group
        also = f", and {len(more)} more of its lists are like the one before" if more else ""
        message = (
            f"it is to list {day} and holds the same as {other}, the list of {other_day}{also}: was one list sent for both? Who came, left "
            "or died between the two isn't known then; ask for the list of its day, unless so little changes"
        )
        found.append(Finding(name, "same-list", message, severity=Severity.WARNING, count=rows, endangers=contract.endangers))
    return found


def undated(con: Connection, contract: ContractSpec, files: Mapping[int, tuple[str, str]]) -> list[Finding]:
    """The records of each source of a list, given as file_id -> source and name, of which nothing says since when they hold."""
    if not (contract.undated and contract.dated_by):
        return []
    rows = con.execute(f"""
        SELECT file_id, count(*) FROM staged_{contract.contract}
        WHERE {contract.day_sql} IS NULL AND listed_from IS NULL AND version_to IS NULL GROUP BY file_id ORDER BY file_id
    """).fetchall()
    counts: dict[str, tuple[str, int]] = {}
    for file_id, count in rows:
        source, name = files[file_id]
        counts[source] = (name, counts.get(source, ("", 0))[1] + count)
    return [
        Finding(
            name,
            "not-dated",
            f"{count:,} {'record' if count == 1 else 'records'} of source {source} have no {contract.dated_by}, and no earlier list lacks "
            f"them, so they {contract.undated}: ask for that column",
            severity=Severity.WARNING,
            count=count,
            endangers=contract.endangers,
        )
        for source, (name, count) in counts.items()
    ]


def _in_parts(con: Connection, contract: ContractSpec, names: str) -> list[Finding]:
    """Parts whose last lists hold records that the last lists of other parts hold too: the same record counts for each."""
    same = " AND ".join(f"held.{name} IS NOT DISTINCT FROM twice.{name}" for name in names.split(", "))
    last = f"(SELECT file_id, source, part, {names} FROM list_placed WHERE is_last AND last_list = last_number)"
    counts = con.execute(f"""
        SELECT name, held.part, count(*) FROM {last} AS held JOIN list_given USING (file_id)
        JOIN (SELECT source, {names} FROM {last} GROUP BY ALL HAVING count(DISTINCT part) > 1) AS twice
            ON twice.source = held.source AND {same}
        GROUP BY name, held.part, list_given.day ORDER BY list_given.day, name
    """).fetchall()
    if not counts:
        return []
    name, part, count = counts[0]
    others = ", ".join(other for _, other, _ in counts[1:4])
    message = (
        f"{count:,} of its records stand on the last lists of other parts too, of {others} beside {part}, and so are there twice: was a "
        "part renamed, or sent under a list of several? Take out the files of the one that is no more, or name them alike"
    )
    return [Finding(name, "in-several-parts", message, severity=Severity.WARNING, count=count, endangers=contract.endangers)]


def _gaps(con: Connection, contract: ContractSpec) -> list[Finding]:
    """Records that some list between others lacks: they were never away."""
    gaps = con.execute("""
        SELECT name, count(*) FROM list_placed JOIN list_given USING (file_id)
        WHERE is_last AND lists < last_list - first_list + 1 GROUP BY name ORDER BY name
    """).fetchall()
    return [
        Finding(
            name,
            "gap-in-lists",
            f"{count:,} of its records are missing from a list or several between those that have them; they are taken to have stayed",
            severity=Severity.WARNING,
            count=count,
            endangers=contract.endangers,
        )
        for name, count in gaps
    ]

"""Lists of who waits on a day: who is on one and not on the next of the same provider has left, though no row gives a discharge.

Each row has the day of its list in a column, or its file has it: in its name, or, where no row of the source gives a discharge, as the
latest day that the file tells of. A stay is known up to the last list that has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding
from joinedup.sources.about_whom import key_columns
from joinedup.sources.contract import ContractSpec
from joinedup.sources.leaving import leave, warning
from joinedup.sources.order import ReadFile
from joinedup.sources.snapshots import LISTED_LATER


def waiting_days(con: Connection, contract: ContractSpec, files: Sequence[ReadFile], as_at: date) -> list[Finding]:
    """What was found; rows know the day of the last list that has their stay (`listed_on`) and of the next one, which hasn't (`listed_to`).

    Of a stay on several lists in one file the row of the last has stayed; of files the later one counts, as everywhere.
    """
    if contract.listed_by is None:
        return []
    _list_days(con, contract, files, as_at)
    keys = ", ".join(f"{part} AS key_{place}" for place, part in enumerate(key_columns(contract)))
    names = ", ".join(f"key_{place}" for place in range(len(contract.key)))
    provider = contract.landed(contract.provided_by) if contract.provided_by else "NULL"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE waiting AS
        WITH listed AS (
            SELECT file_id, source_row, source, snapshot OR guessed AS by_file, {provider} AS provider, {keys},
                coalesce({contract.landed(contract.listed_by)}, list_day.day) AS day, {contract.landed(contract.ends_by)} AS ended
            FROM staged_{contract.contract} JOIN list_day USING (file_id)
        ),
        days AS (SELECT source, provider, day, lead(day) OVER (PARTITION BY source, provider ORDER BY day) AS next_day
            FROM (SELECT DISTINCT source, provider, day FROM listed WHERE day IS NOT NULL)),
        placed AS (
            SELECT *, CASE WHEN key_0 IS NULL THEN day ELSE max(day) OVER stay END AS listed_on,
                max(file_id) OVER stay AS winner FROM listed WINDOW stay AS (PARTITION BY source, {names})
        )
        SELECT placed.*, days.next_day FROM placed LEFT JOIN days
            ON days.source = placed.source AND days.provider IS NOT DISTINCT FROM placed.provider AND days.day = placed.listed_on
        WHERE placed.day IS NOT NULL
    """)
    con.execute(f"""
        UPDATE staged_{contract.contract} AS rows SET listed_on = waiting.listed_on, listed_to = waiting.next_day
        FROM waiting WHERE waiting.file_id = rows.file_id AND waiting.source_row = rows.source_row
    """)
    found = [*_taken_for_lists(con, contract), *_left(con, contract)]
    which = "SELECT file_id, source_row, winner FROM waiting WHERE day < listed_on AND key_0 IS NOT NULL AND NOT by_file"
    leave(con, contract, which, LISTED_LATER, "a later list of the same source tells of the same stay")
    con.execute("DROP TABLE waiting; DROP TABLE list_day")
    return found


def _list_days(con: Connection, contract: ContractSpec, files: Sequence[ReadFile], as_at: date) -> None:
    """Nothing; the temp table `list_day` has for each file the day of its list, where it has one, and whether that was guessed."""
    con.execute("CREATE OR REPLACE TEMP TABLE named_day (file_id INTEGER, name VARCHAR, source VARCHAR, snapshot BOOLEAN, named DATE)")
    con.executemany("INSERT INTO named_day VALUES (?, ?, ?, ?, ?)", [_named(file) for file in files])
    latest = ", ".join(
        f"max({name}) FILTER ({name} <= DATE '{as_at}')"
        for name in (contract.landed(each) for each in (contract.dated_by, *contract.reaches_by) if each)
    )
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE list_day AS
        WITH told AS (
            SELECT file_id, greatest({latest}) AS latest, count({contract.landed(contract.ends_by)}) AS ended,
                count({contract.landed(contract.listed_by or "")}) AS listed
            FROM staged_{contract.contract} GROUP BY file_id
        ),
        known AS (SELECT *, sum(ended) OVER (PARTITION BY source) AS all_ended, sum(listed) OVER (PARTITION BY source) AS all_listed
            FROM named_day LEFT JOIN told USING (file_id))
        SELECT file_id, name, source, snapshot,
            CASE
                WHEN snapshot THEN named
                -- A year that is sent again tells of no earlier day than the file before it.
                WHEN all_ended = 0 AND all_listed = 0 THEN max(coalesce(named, latest)) OVER (PARTITION BY source ORDER BY file_id)
            END AS day,
            NOT snapshot AND all_ended = 0 AND all_listed = 0 AS guessed, named IS NULL AS unnamed
        FROM known
    """)
    con.execute("DROP TABLE named_day")


def _named(file: ReadFile) -> tuple[int, str, str, bool, date | None]:
    told, source = file.drop.told, file.drop.source
    return file.file_id, file.drop.name, source.name, source.sends == "snapshot", told.day or (told.sent.date() if told.sent else None)


def _taken_for_lists(con: Connection, contract: ContractSpec) -> list[Finding]:
    """Sources none of whose rows gives a discharge: each file was taken for a list of who waits on a day."""
    rows = con.execute("""
        SELECT source, min(name), count(*), count(*) FILTER (unnamed) FROM list_day WHERE guessed GROUP BY source ORDER BY source
    """).fetchall()
    return [
        warning(
            name,
            "taken-for-lists",
            f"no row of source {source} gives a discharge, so each of its {count:,} files is taken for a list of who waits on a day"
            + (f"; the day of {unnamed:,} is taken to be the latest that their rows tell of" if unnamed else "")
            + ": ask for dates of discharge, or say sends: snapshot and a file_name with {day:%Y-%m-%d}",
            contract,
            count,
        )
        for source, name, count, unnamed in rows
    ]


def _left(con: Connection, contract: ContractSpec) -> list[Finding]:
    """Stays without a discharge that the next list lacks: they are taken to end the day after the last one that has them."""
    rows = con.execute("""
        SELECT waiting.source, max(name), count(*), count(*) FILTER (next_day > listed_on + 1)
        FROM waiting JOIN list_day USING (file_id)
        WHERE waiting.day = listed_on AND next_day IS NOT NULL AND ended IS NULL AND key_0 IS NOT NULL
        GROUP BY waiting.source ORDER BY waiting.source
    """).fetchall()
    return [
        warning(
            name,
            "left-between-lists",
            f"{count:,} stays of source {source} have no discharge and are missing from the next list of their provider: they are taken to "
            f"end the day after the last list that has them; {apart:,} of these lists are more than a day apart, and delays may be longer",
            contract,
            count,
        )
        for source, name, count, apart in rows
    ]

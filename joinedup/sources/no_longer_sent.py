"""Records that each file of a source repeats until they end: which a later file has no more, though none gave their end.

A source may list what goes on in every file, or send what changed. So a later file ends what it lacks only where it repeats at least as
much of what goes on as it lacks, of that kind and of all kinds that it has, and nothing that began before or after all that it tells of, as
a year sent again lacks it; a list of a day ends what it lacks in any case. The record ends on the day of that file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding
from joinedup.sources.about_whom import key_columns
from joinedup.sources.contract import ContractSpec
from joinedup.sources.leaving import warning
from joinedup.sources.order import ReadFile
from joinedup.sources.over_files import Repeated

MANY = 0.1
"""Our choice, 2026, as for lists: no tenth of what goes on ends at once without a word."""

FEWEST = 3
"""Our choice, 2026: a file that repeats fewer records than this may as well have brought changes."""

FOLLOWED = """
    CREATE OR REPLACE TEMP TABLE repeated_row AS
    WITH told AS (
        SELECT dense_rank() OVER (ORDER BY source, part, {by}, {keys}) AS record, dense_rank() OVER (ORDER BY source, part, {by}) AS series,
            file_id, source_row, {until} IS NULL AS open, {begins} AS begins
        FROM staged_{contract} JOIN repeated_file USING (file_id) WHERE {first} IS NOT NULL
    )
    SELECT *, dense_rank() OVER (PARTITION BY series ORDER BY file_id) AS number FROM told
"""
STEP = """
    CREATE OR REPLACE TEMP TABLE repeated_gone AS
    WITH here AS (
        SELECT record, series, file_id, arg_max(open, source_row) AS open FROM repeated_row WHERE number = {number} GROUP BY ALL
    ),
    given AS (
        SELECT series, file_id, any_value(listing) AS listing, min(begins) AS begins, max(begins) AS begins_last
        FROM repeated_row JOIN repeated_file USING (file_id) WHERE number = {number} GROUP BY ALL
    ),
    weighed AS (
        SELECT standing.record, given.series, given.file_id, given.listing, here.record IS NULL AS missing,
            count(*) FILTER (here.open) OVER own AS repeated, count(*) FILTER (here.record IS NULL) OVER own AS lacked,
            count(*) FILTER (here.open) OVER whole AS repeated_in_file, count(*) FILTER (here.record IS NULL) OVER whole AS lacked_in_file
        FROM repeated_standing AS standing JOIN given ON given.series = standing.series LEFT JOIN here ON here.record = standing.record
        WHERE standing.open
            AND (here.record IS NOT NULL OR given.listing OR standing.begins BETWEEN given.begins AND given.begins_last)
        WINDOW own AS (PARTITION BY given.series), whole AS (PARTITION BY given.file_id)
    )
    SELECT record, series, file_id, repeated, lacked FROM weighed
    WHERE missing AND (listing OR (repeated >= lacked AND repeated_in_file >= greatest(lacked_in_file, {fewest})))
"""


def no_longer_sent(con: Connection, contract: ContractSpec, files: Sequence[ReadFile], as_at: date) -> list[Finding]:
    """What was found; rows without an end that a later file no longer has know its day (`listed_to`).

    It looks before the rows of a key are weighed, while every file still has its own.
    """
    own = [file for file in files if file.drop.source.sends != "everything" and not (contract.lists and _is_list(file))]
    if contract.repeated is None or len(own) < 2:
        return []
    _follow(con, contract, contract.repeated, own, as_at)
    last = con.execute("SELECT max(number) FROM repeated_row").fetchall()[0][0] or 0
    con.execute("CREATE OR REPLACE TEMP TABLE repeated_end (record BIGINT, series BIGINT, file_id INTEGER, repeated BIGINT, lacked BIGINT)")
    con.execute("CREATE OR REPLACE TEMP TABLE repeated_standing (record BIGINT, series BIGINT, file_id INTEGER, open BOOLEAN, begins DATE)")
    for number in range(1, last + 1):
        _step(con, number)
    con.execute(f"""
        UPDATE staged_{contract.contract} AS rows SET listed_to = greatest(ended.day, {contract.day_sql})
        FROM (
            SELECT known.file_id, known.source_row, repeated_file.day FROM repeated_row AS known
            JOIN repeated_standing AS standing USING (record, file_id)
            JOIN repeated_end AS gone USING (record) JOIN repeated_file ON repeated_file.file_id = gone.file_id
        ) AS ended WHERE ended.file_id = rows.file_id AND ended.source_row = rows.source_row
    """)
    found = _told(con, contract, {file.file_id: file.drop.name for file in own})
    con.execute("DROP TABLE repeated_row; DROP TABLE repeated_end; DROP TABLE repeated_standing; DROP TABLE repeated_file")
    return found


def _is_list(file: ReadFile) -> bool:
    return file.drop.source.sends == "snapshot"


def _follow(con: Connection, contract: ContractSpec, repeated: Repeated, files: Sequence[ReadFile], as_at: date) -> None:
    """Nothing; the temp tables `repeated_file` (its day: as its name says, else the latest that its rows tell of) and `repeated_row`."""
    con.execute("CREATE OR REPLACE TEMP TABLE repeated_named (file_id INTEGER, source VARCHAR, part VARCHAR, listing BOOLEAN, named DATE)")
    con.executemany("INSERT INTO repeated_named VALUES (?, ?, ?, ?, ?)", [(f.file_id, *f.series, _is_list(f), _named(f)) for f in files])
    days = [contract.landed(name) for name in (contract.dated_by, *contract.reaches_by, repeated.until) if name]
    latest = ", ".join(f"max({day}) FILTER ({day} <= DATE '{as_at}')" for day in days)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE repeated_file AS
        SELECT file_id, source, part, listing, coalesce(named, latest) AS day
        FROM repeated_named LEFT JOIN (SELECT file_id, greatest({latest}) AS latest FROM staged_{contract.contract} GROUP BY file_id)
        USING (file_id)
    """)
    con.execute("DROP TABLE repeated_named")
    keys = key_columns(contract)
    by = ", ".join(contract.landed(name) for name in repeated.by)
    until = contract.landed(repeated.until)
    con.execute(
        FOLLOWED.format(contract=contract.contract, by=by, keys=", ".join(keys), first=keys[0], until=until, begins=contract.day_sql)
    )


def _named(file: ReadFile) -> date | None:
    """The day that the name of a file says: of its list, after its months, or on which it was sent."""
    told = file.drop.told
    return told.day or (told.covers.end if told.covers else told.sent.date() if told.sent else None)


def _step(con: Connection, number: int) -> None:
    """Nothing; the files of that number have ended what they lack, and what they have stands as they show it."""
    con.execute(STEP.format(number=number, fewest=FEWEST))
    con.execute("INSERT INTO repeated_end SELECT * FROM repeated_gone")
    con.execute("UPDATE repeated_standing SET open = false WHERE record IN (SELECT record FROM repeated_gone)")
    con.execute(f"""
        DELETE FROM repeated_standing WHERE record IN (SELECT record FROM repeated_row WHERE number = {number});
        DELETE FROM repeated_end WHERE record IN (SELECT record FROM repeated_row WHERE number = {number});
        INSERT INTO repeated_standing
        SELECT record, series, file_id, arg_max(open, source_row), min(begins) FROM repeated_row WHERE number = {number} GROUP BY ALL;
        DROP TABLE repeated_gone
    """)


def _told(con: Connection, contract: ContractSpec, names: Mapping[int, str]) -> list[Finding]:
    """Files that lack what went on until then, with how many records end so, and whether those are many at once."""
    rows = con.execute(f"""
        SELECT file_id, count(*), bool_or(lacked >= 3 AND lacked > {MANY} * (repeated + lacked))
        FROM repeated_end GROUP BY file_id ORDER BY file_id
    """).fetchall()
    found = []
    for file_id, count, many in rows:
        what = "record that went on is" if count == 1 else "records that went on are"
        message = (
            f"{count:,} {what} missing from it without an end, and taken to have ended by its day: ask for the days on which they ended"
        )
        message += "; that is a tenth or more of what went on: was it cut short?" if many else ""
        found.append(warning(names[file_id], "no-longer-sent", message, contract, count))
    return found

"""What a file that repeats earlier ones lacks, or brings back: rows that stay, or are loaded again, only by the rule of their source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding, Severity
from joinedup.sources.about_whom import key_columns
from joinedup.sources.contract import ContractSpec
from joinedup.sources.order import ReadFile

MONTH_SHARE, OWN_SHARE, OWN_ROWS = 0.5, 0.25, 8
"""Our choice, 2026: of a month's records, from which on a file repeats the month rather than corrects it; and of the file's own rows,
and in number, how many have to be such repeats, for in months with one or two records a correction is most of them."""


def month_sql(contract: ContractSpec) -> str:
    """The first day of the month that a record belongs to; NULL where its contract dates none."""
    return f"CAST(date_trunc('month', {contract.day_sql}) AS DATE)" if contract.dated_by else "CAST(NULL AS DATE)"


def keep_repeats(con: Connection, contract: ContractSpec, files: Sequence[ReadFile], keyed: str) -> None:
    """Nothing; the temp table `month_repeated` holds which files of changes mostly repeat which months, before rows leave.

    `keyed` is the query of all rows with their keys; `key_placed` holds those whose key stands more than once.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE file_of_changes (file_id INTEGER, series VARCHAR, row_count BIGINT)")
    con.execute("CREATE OR REPLACE TEMP TABLE month_repeated (series VARCHAR, file_id INTEGER, month DATE)")
    changes = [file for file in files if file.drop.source.sends == "changes" and contract.dated_by and not contract.lists]
    if len(changes) <= len({file.series for file in changes}):
        return
    rows = [(file.file_id, "/".join(file.series), file.account.loaded) for file in changes]
    con.executemany("INSERT INTO file_of_changes VALUES (?, ?, ?)", rows)
    con.execute(f"""
        INSERT INTO month_repeated
        WITH given AS (
            SELECT series, file_id, month, sum(new)::BIGINT AS new, sum(repeats)::BIGINT AS repeats FROM (
                SELECT file_id, month, count(*) AS new, 0 AS repeats FROM ({keyed}) WHERE key_0 IS NOT NULL GROUP BY ALL
                UNION ALL
                SELECT file_id, month, -count(*) FILTER (place > 1), count(*) FILTER (file_before < file_id AND NOT deletes)
                FROM key_placed GROUP BY ALL
            ) JOIN file_of_changes USING (file_id) WHERE month IS NOT NULL GROUP BY ALL
        ),
        compared AS (
            SELECT *, sum(new) OVER (PARTITION BY series, month ORDER BY file_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS known
            FROM given
        ),
        mostly AS (
            SELECT *, sum(repeats) OVER (PARTITION BY file_id) AS in_all FROM compared WHERE repeats > {MONTH_SHARE} * known
        )
        SELECT series, file_id, month FROM mostly JOIN file_of_changes USING (file_id, series)
        WHERE in_all >= {OWN_ROWS} AND in_all > {OWN_SHARE} * row_count
    """)


def not_repeated(con: Connection, contract: ContractSpec, named: Mapping[int, str]) -> Iterator[Finding]:
    """Files of changes that mostly repeat some months, and lack rows of these that earlier files had, and that are still loaded."""
    repeat = con.execute("SELECT count(*) > 0 FROM month_repeated").fetchall()[0][0]
    found = _lacking(con, contract) if repeat else []
    con.execute("DROP TABLE file_of_changes")
    for file_id, count in found:
        what, stay = ("1 row", "it stays") if count == 1 else (f"{count:,} rows", "they stay")
        message = (
            f"it lacks {what} of months that it mostly repeats; {stay} as earlier files say, as its source sends changes (rule same-key: "
            "a row goes only where a later one has its key, or deletes it): if the file holds all there is of those months, say "
            "sends: months in sources.yml"
        )
        yield Finding(named[file_id], "kept-not-repeated", message, severity=Severity.WARNING, count=count, endangers=contract.endangers)


def _lacking(con: Connection, contract: ContractSpec) -> list[tuple[int, int]]:
    """Those files and how many such rows each lacks."""
    return con.execute(f"""
        SELECT lacking, count(*) FROM (
            SELECT rows.file_id, source_row, max(again.file_id) AS lacking
            FROM (SELECT file_id, source_row, {month_sql(contract)} AS month, {key_columns(contract)[0]} IS NOT NULL AS keyed
                FROM staged_{contract.contract}) AS rows
            JOIN file_of_changes USING (file_id)
            JOIN month_repeated AS again
                ON again.series = file_of_changes.series AND again.month = rows.month AND again.file_id > rows.file_id
            WHERE keyed GROUP BY ALL
        ) GROUP BY lacking ORDER BY lacking
    """).fetchall()


def loaded_again(con: Connection, contract: ContractSpec, named: Mapping[int, str]) -> Iterator[Finding]:
    """Files that hold records which an earlier file deleted."""
    again = """
        SELECT file_id, count(*) FROM key_placed WHERE deleted_before AND NOT deletes AND file_before < file_id
            AND (file_id, source_row) NOT IN (SELECT file_id, source_row FROM key_superseded WHERE deleted)
        GROUP BY file_id ORDER BY file_id
    """
    for file_id, count in con.execute(again).fetchall():
        what = "1 record that an earlier file deleted is" if count == 1 else f"{count:,} records that earlier files deleted are"
        message = f"{what} in it, and loaded again: if the file was made before the deletion, it has to be read before it"
        yield Finding(named[file_id], "loaded-again", message, severity=Severity.WARNING, count=count, endangers=contract.endangers)

"""Services that a later file has under another code: of the same person, number and first day, so that the code was corrected.

Where a file has a record of somebody's that the file before hadn't, from the same first day and under the same number, and lacks one
that it had and that reaches the period on which it reports, the new stands for the old, in every earlier file.
"""

from __future__ import annotations

from collections.abc import Sequence

from joinedup.engine.files_lines import Connection, literal
from joinedup.findings import Finding
from joinedup.sources.about_whom import key_columns
from joinedup.sources.contract import ContractSpec
from joinedup.sources.leaving import leave, warning
from joinedup.sources.order import ReadFile

RECODED = "recoded"

CODED = """
    CREATE OR REPLACE TEMP TABLE coded_row AS
    WITH told AS (
        SELECT dense_rank() OVER (ORDER BY source, part, {same}) AS record, dense_rank() OVER (ORDER BY {codes}) AS code,
            file_id, source_row, {ends} AS ends, {reports_from} AS reports_from
        FROM staged_{contract} JOIN (VALUES {files}) AS files (file_id, source, part) USING (file_id)
        WHERE {first} IS NOT NULL AND {when}
    )
    SELECT * FROM told WHERE record IN (SELECT record FROM told GROUP BY record HAVING count(DISTINCT code) > 1)
"""
REPLACED = """
    WITH steps AS (
        SELECT record, file_id, min(reports_from) AS reports_from, lag(file_id) OVER (PARTITION BY record ORDER BY file_id) AS file_before
        FROM coded_row GROUP BY record, file_id
    ),
    lost AS (
        SELECT steps.record, steps.file_id, own.code FROM steps
        JOIN coded_row AS own ON own.record = steps.record AND own.file_id = steps.file_before
        WHERE coalesce(own.ends >= steps.reports_from, true)
        GROUP BY ALL
    ),
    gained AS (
        SELECT steps.record, steps.file_id, count(DISTINCT own.code) AS codes FROM steps
        JOIN coded_row AS own ON own.record = steps.record AND own.file_id = steps.file_id
        WHERE steps.file_before IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM coded_row AS other
            WHERE other.record = own.record AND other.file_id = steps.file_before AND other.code = own.code
        )
        GROUP BY steps.record, steps.file_id
    ),
    gone AS (
        SELECT lost.*, count(*) OVER (PARTITION BY lost.record, lost.file_id) AS codes FROM lost WHERE NOT EXISTS (
            SELECT 1 FROM coded_row AS own
            WHERE own.record = lost.record AND own.file_id = lost.file_id AND own.code = lost.code
        )
    )
    SELECT earlier.file_id, earlier.source_row, max(gone.file_id) AS winner
    FROM gone JOIN gained ON gained.record = gone.record AND gained.file_id = gone.file_id AND gained.codes >= gone.codes
    JOIN coded_row AS earlier ON earlier.record = gone.record AND earlier.code = gone.code AND earlier.file_id < gone.file_id
    GROUP BY earlier.file_id, earlier.source_row
"""


def recoded(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> list[Finding]:
    """What was found; rows of records that a later file has under another code have left, while every file still has its own."""
    own = [file for file in files if file.drop.source.sends == "changes"]
    if contract.goes_on is None or not contract.goes_on.codes or len(own) < 2:
        return []
    listed = ", ".join(f"({file.file_id}, {', '.join(literal(each) for each in file.series)})" for file in own)
    parts = dict(zip(contract.key, key_columns(contract), strict=True))
    con.execute(
        CODED.format(
            contract=contract.contract,
            files=listed,
            first=parts[contract.key[0]],
            same=", ".join(part for name, part in parts.items() if name not in contract.goes_on.codes),
            codes=", ".join(parts[name] for name in contract.goes_on.codes),
            when=contract.goes_on.when,
            ends=contract.landed(contract.goes_on.ends),
            reports_from=contract.landed(contract.covers[0]) if contract.covers else "CAST(NULL AS DATE)",
        )
    )
    named = {file.file_id: file.drop.name for file in own}
    rows = con.execute(f"SELECT winner, count(*) FROM ({REPLACED}) GROUP BY winner ORDER BY winner").fetchall()
    codes = " or ".join(contract.goes_on.codes)
    leave(con, contract, REPLACED, RECODED, f"a later file of the same source has the record under another {codes}")
    con.execute("DROP TABLE coded_row")
    return [warning(named[winner], RECODED, _message(count, codes), contract, count) for winner, count in rows]


def _message(count: int, codes: str) -> str:
    rows = "row of an earlier file is of a record" if count == 1 else "rows of earlier files are of records"
    return f"{count:,} {rows} that it has with another {codes}, from the same day on: the later code counts for all their days"

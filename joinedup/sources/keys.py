"""Rows of one record, by the key of their contract: the last one stays, and nothing of what was deleted."""

from __future__ import annotations

from collections.abc import Sequence

from joinedup.engine.files_lines import Connection, literal
from joinedup.findings import Finding
from joinedup.sources.about_whom import key_columns
from joinedup.sources.contract import ContractSpec
from joinedup.sources.leaving import DELETION, SAME_KEY, SAME_ROW, leave, warning
from joinedup.sources.one_record import shared_keys, tell_apart, whose_sql
from joinedup.sources.order import ReadFile
from joinedup.sources.rejected_keys import has_restricted, key_names, rejected_corrections
from joinedup.sources.repeats import keep_repeats, loaded_again, month_sql, not_repeated
from joinedup.sources.rows import deletes_sql

TELLS_APART = ("LOCAL_PATIENT_IDENTIFIER", "PERSON_BIRTH_DATE", "PERSON_FAMILY_NAME")
"""One of these has to be there for two rows without a number to be of one person: without any, alike rows may be of two."""


def by_key(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> list[Finding]:
    """What was found; of several rows with one key the last has stayed, and nothing of what was deleted. A list counts by itself."""
    _weigh_keys(con, contract, files)
    key = " and ".join(contract.key)
    leave(
        con,
        contract,
        "SELECT file_id, source_row, winner FROM key_superseded WHERE NOT deleted",
        SAME_KEY,
        f"a later row of the same source has the same {key}",
    )
    leave(
        con,
        contract,
        "SELECT file_id, source_row, winner FROM key_superseded WHERE deleted",
        DELETION,
        f"a row of the same source deletes what has its {key}",
    )
    _same_rows(con, contract)
    named = {file.file_id: file.drop.name for file in files}
    found = [*shared_keys(con, contract, key_names(contract), named), *rejected_corrections(con, contract, named)]
    nothing = con.execute("SELECT file_id, count(*) FROM key_superseded WHERE deletes_nothing GROUP BY 1 ORDER BY 1").fetchall()
    found += [_deletes_nothing(named[file_id], count, contract) for file_id, count in nothing]
    found += [*loaded_again(con, contract, named), *not_repeated(con, contract, named)]
    con.execute(
        "DROP TABLE keyed_file; DROP TABLE key_repeated; DROP TABLE key_placed; DROP TABLE key_superseded; DROP TABLE month_repeated"
    )
    return found


def _weigh_keys(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> None:
    """Nothing; the temp table `key_superseded` names the rows that another of their key replaces or deletes, with which, and deletions."""
    group_of = {
        file.file_id: f"{file.drop.source.name}{f' {file.file_id}' if file.drop.source.sends == 'snapshot' else ''}" for file in files
    }
    listed = ", ".join(f"({file_id}, {literal(group)})" for file_id, group in group_of.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE keyed_file AS SELECT * FROM (VALUES {listed}) AS files (file_id, source)")
    keys = ", ".join(["source", *(f"{part} AS key_{place}" for place, part in enumerate(key_columns(contract)))])
    names = key_names(contract)
    columns = f"file_id, source_row, {keys}, {month_sql(contract)} AS month, {whose_sql(contract)}"
    staged = f"staged_{contract.contract} JOIN keyed_file USING (file_id)"
    keyed = f"SELECT {columns}, {deletes_sql(contract)} AS deletes, false AS gone FROM {staged}"
    if has_restricted(con, contract):
        keyed += f"""
            UNION ALL SELECT {columns}, false, true FROM rejected_key_{contract.contract} JOIN keyed_file USING (file_id) WHERE restricted
        """
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE key_repeated AS
        SELECT {names} FROM ({keyed}) WHERE key_0 IS NOT NULL GROUP BY {names} HAVING count(*) > 1 OR bool_or(deletes)
    """)
    same = " AND ".join(f"rows.{name} IS NOT DISTINCT FROM repeated.{name}" for name in names.split(", "))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE key_row AS
        SELECT rows.*, CAST(0 AS BIGINT) AS record, false AS spread FROM ({keyed}) AS rows JOIN key_repeated AS repeated ON {same}
    """)
    tell_apart(con, contract, names)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE key_placed AS
        SELECT *, row_number() OVER record AS place, lag(file_id) OVER record AS file_before, lag(deletes) OVER record AS deleted_before
        FROM key_row WINDOW record AS (PARTITION BY {names}, record ORDER BY file_id, source_row)
    """)
    con.execute("DROP TABLE key_row")
    keep_repeats(con, contract, files, keyed)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE key_superseded AS
        WITH weighed AS (
            SELECT *, max(place) OVER record AS last, max(file_id) OVER record AS winner,
                coalesce(max(CASE WHEN deletes THEN place END) OVER record, 0) AS deleted_at
            FROM key_placed WINDOW record AS (PARTITION BY {names}, record)
        )
        SELECT file_id, source_row, max(winner) AS winner, bool_or(place <= deleted_at) AS deleted,
            bool_and(deletes AND place = 1) AS deletes_nothing
        FROM weighed WHERE (place < last OR deletes) AND NOT gone GROUP BY file_id, source_row
        UNION ALL
        SELECT file_id, source_row, file_id, true, true FROM ({keyed}) WHERE key_0 IS NULL AND deletes
    """)


def _same_rows(con: Connection, contract: ContractSpec) -> None:
    """Nothing; rows that name no record have left where a later file has them again: all is the same but the reporting period."""
    apart = [field.landed for field in contract.fields if field.name in TELLS_APART]
    if not apart:
        return
    content = ", ".join(field.landed for field in contract.fields if field.name not in (contract.covers or ()))
    which = f"""
        SELECT file_id, source_row, last AS winner FROM (
            SELECT file_id, source_row, max(file_id) OVER (PARTITION BY source, {content}) AS last
            FROM staged_{contract.contract} JOIN keyed_file USING (file_id)
            WHERE {key_columns(contract)[0]} IS NULL AND coalesce({", ".join(f"{name}::VARCHAR" for name in apart)}) IS NOT NULL
        ) WHERE file_id < last
    """
    leave(con, contract, which, SAME_ROW, "a later file of the same source has the same row, which names no record")


def _deletes_nothing(file: str, count: int, contract: ContractSpec) -> Finding:
    rows = "row deletes a record" if count == 1 else "rows delete records"
    message = f"{count:,} {rows} that no earlier row of the source has: a file is missing, or is read too late"
    return warning(file, "deletes-nothing", message, contract, count)

"""Words that somebody typed are landed where they recur; a seldom one may be somebody's name, and `Other` is landed instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from joinedup.engine.files_lines import Connection, literal
from joinedup.engine.files_text import plain
from joinedup.engine.files_values import values_sql
from joinedup.findings import Finding, Severity
from joinedup.place.model import Source
from joinedup.sources.accounts import FileAccount
from joinedup.sources.contract import ContractField, ContractSpec, FieldType

LEAST_ROWS, LEAST_PEOPLE = 5, 3
"""Rows and people of one source from which a word is taken for that of a service and not of a person; our choice, 2026."""
OTHER = "Other"
ROWS_NAMED = 5
PERSON = "coalesce(nhs_number, source_pseudonym)"


def keep_what_recurs(con: Connection, contract: ContractSpec, files: Sequence[FileAccount], sources: Sequence[Source]) -> Iterator[Finding]:
    """What was found of fields that take free words; their seldom values have left the staged table.

    Codes of a field's list stay, and so does what sources.yml says of every row.
    """
    fields = [field for field in contract.fields if field.recurs]
    if not fields or not files:
        return
    con.execute("CREATE OR REPLACE TEMP TABLE file_said (file_id INTEGER, source VARCHAR)")
    con.executemany("INSERT INTO file_said VALUES (?, ?)", [(file.file_id, file.source) for file in files])
    for field in fields:
        yield from _of_field(con, contract, field, files, sources)
    con.execute("DROP TABLE file_said")


def _of_field(
    con: Connection, contract: ContractSpec, field: ContractField, files: Sequence[FileAccount], sources: Sequence[Source]
) -> Iterator[Finding]:
    """What was found of one field; its seldom values have left."""
    table, name = f"staged_{contract.contract}", field.landed
    own = [source.constants for source in sources if source.contract == contract.contract]
    said = {*field.codes, *(value for constants in own for each, value in constants.items() if plain(each) == field.name)}
    known = f"upper({name}) IN {values_sql(sorted(each.upper() for each in said))}" if said else "false"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE seldom AS
        WITH word AS (
            SELECT source, upper(trim({name})) AS word FROM {table} JOIN file_said USING (file_id)
            WHERE {name} IS NOT NULL AND NOT ({known}) GROUP BY ALL
            HAVING count(*) < {LEAST_ROWS} OR count(DISTINCT {PERSON}) < {LEAST_PEOPLE}
        )
        SELECT s.file_id, s.source_row FROM {table} s JOIN file_said f USING (file_id)
        JOIN word w ON w.source = f.source AND w.word = upper(trim(s.{name}))
    """)
    names = {file.file_id: file.file for file in files}
    found = con.execute(
        f"SELECT file_id, count(*), list_sort(min(source_row, {ROWS_NAMED})) FROM seldom GROUP BY file_id ORDER BY 1"
    ).fetchall()
    if found:
        other = OTHER.upper() if field.type is FieldType.CODE else OTHER
        con.execute(
            f"UPDATE {table} SET {name} = {literal(other)} WHERE (file_id, source_row) IN (SELECT (file_id, source_row) FROM seldom)"
        )
    for file_id, count, rows in found:
        message = (
            f"{count:,} {'row' if count == 1 else 'rows'}: a {field.name} that fewer than {LEAST_ROWS} rows or {LEAST_PEOPLE} people of "
            f"the source have, and that may be somebody's name or a note: {OTHER} is landed instead; use the same few words in every row, "
            "or say them once under constants"
        )
        yield Finding(
            names[file_id],
            "seldom-words",
            message,
            severity=Severity.WARNING,
            count=count,
            rows=tuple(rows),
            endangers="activity by service",
        )
    con.execute("DROP TABLE seldom")

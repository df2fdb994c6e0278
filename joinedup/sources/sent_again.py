"""The same activity in two files of one source, under keys that were given anew: it counts twice, and is told.

Systems number their records anew when a year is made again, and a source that sends changes replaces by key alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding
from joinedup.sources.about_whom import NAME, provider_now
from joinedup.sources.contract import ContractSpec, FieldType
from joinedup.sources.order import ReadFile

ALIKE_SHARE, ALIKE_ROWS = 0.5, 8
"""Our choice, 2026: of a month's rows of the smaller file, and in number, how many have to be in the other too."""
FILLED_FROM = 50
"""Rows from which on a file that has a column, and nothing in it, doesn't fill it."""


def sent_again(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> Iterator[Finding]:
    """An error for each file that mostly repeats earlier ones of its source, in all but what numbers its records.

    It looks at what stays, once later rows have superseded earlier ones.
    """
    if contract.dated_by is None or contract.lists or contract.listed_by or not any(field.record_number for field in contract.fields):
        return
    for _, group in groupby(sorted(files, key=lambda file: (file.drop.source.name, file.file_id)), key=lambda file: file.drop.source.name):
        own = list(group)
        if len(own) > 1:
            yield from _of_source(con, contract, own)


def _of_source(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> Iterator[Finding]:
    names = {file.file_id: file.drop.name for file in files}
    for later, earlier, shared, months in con.execute(_again_sql(contract, files, _told_of(con, contract, files))).fetchall():
        others = f" and {len(earlier) - 1} more files" if len(earlier) > 1 else ""
        message = (
            f"{shared:,} of its rows are of the same people and day as rows of {names[min(earlier)]}{others}, and say the same in all but "
            f"{_numbers(contract)}, in {months:,} {'month' if months == 1 else 'months'} half or more of the smaller: the records were "
            "sent again under new numbers, and count twice; say sends: months and a file_name that tells the months, or sends: everything "
            "where each file holds all there is, in sources.yml, or leave the older file out"
        )
        yield Finding(names[later], "sent-again-under-new-keys", message, count=shared, endangers=contract.endangers)


def _numbers(contract: ContractSpec) -> str:
    return " and ".join(field.name for field in contract.fields if field.record_number)


def _told_of(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> list[str]:
    """What rows tell of that was done, as SQL: every field that all files fill but numbers, prices, and what is of the file."""
    of_file = {*(contract.covers or ()), contract.deleted_by.field if contract.deleted_by else ""}
    fields = [
        field
        for field in contract.fields
        if not (field.identifier or field.record_number or field.type is FieldType.MONEY or field.name in of_file)
    ]
    missing = {name for file in files for name in file.account.missing_columns}
    filled = con.execute(f"""
        SELECT count(*), {", ".join(f"count({field.landed})" for field in fields)} FROM staged_{contract.contract}
        WHERE file_id IN ({_listed(files)}) GROUP BY file_id HAVING count(*) >= {FILLED_FROM}
    """).fetchall()
    told = [field for at, field in enumerate(fields, 1) if field.name not in missing and all(row[at] for row in filled)]
    return [provider_now(field.landed) if field.name == contract.provided_by else field.landed for field in told]


def _person_sql(contract: ContractSpec) -> str:
    """Whom a row is about as its file says, as SQL: by number, the source's pseudonym, else full name and date of birth."""
    landed = {field.name: field.landed for field in contract.fields}
    known = [f"'{name} ' || {landed[name]}" for name in ("NHS_NUMBER", "SOURCE_PSEUDONYM") if name in landed]
    if all(part in landed for part in NAME):
        known.append(" || ' ' || ".join(f"upper(trim(CAST({landed[part]} AS VARCHAR)))" for part in NAME))
    return f"coalesce({', '.join(known)})"


def _listed(files: Sequence[ReadFile]) -> str:
    return ", ".join(str(file.file_id) for file in files)


def _again_sql(contract: ContractSpec, files: Sequence[ReadFile], told_of: Sequence[str]) -> str:
    """The query of later file, the earlier ones, how many rows it repeats in months mostly alike, and how many these are."""
    return f"""
        WITH told AS (
            SELECT file_id, date_trunc('month', day) AS month, hash({", ".join(("person", "day", *told_of))}) AS content, count(*) AS told
            FROM (
                SELECT *, {_person_sql(contract)} AS person, {contract.day_sql} AS day FROM staged_{contract.contract}
                WHERE file_id IN ({_listed(files)})
            ) WHERE person IS NOT NULL AND day IS NOT NULL GROUP BY ALL
        ),
        months AS (SELECT file_id, month, sum(told) AS row_count FROM told GROUP BY ALL),
        alike AS (
            SELECT later.file_id AS later, earlier.file_id AS earlier, later.month, sum(least(later.told, earlier.told)) AS shared
            FROM told AS later JOIN told AS earlier USING (content, month) WHERE earlier.file_id < later.file_id GROUP BY ALL
        ),
        mostly AS (
            SELECT later, alike.month, list(earlier) AS earlier, least(sum(shared), any_value(own.row_count)) AS shared
            FROM alike JOIN months AS own ON own.file_id = later AND own.month = alike.month
            JOIN months AS other ON other.file_id = earlier AND other.month = alike.month
            WHERE shared >= {ALIKE_SHARE} * least(own.row_count, other.row_count) GROUP BY later, alike.month
        )
        SELECT later, list_sort(list_distinct(flatten(list(earlier)))), sum(shared)::BIGINT AS shared, count(*)
        FROM mostly GROUP BY later HAVING sum(shared) >= {ALIKE_ROWS} ORDER BY later
    """

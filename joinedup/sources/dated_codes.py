"""Codes that began, ended or were replaced: a row's day tells whether its code was in use; a replaced one is landed as its successor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from joinedup.engine.files_lines import Connection, literal
from joinedup.findings import Finding, Severity
from joinedup.sources.accounts import FileAccount
from joinedup.sources.contract import ContractField, ContractSpec, DatedCode

ENDED, NOT_BEGUN = "code-after-its-end", "code-before-its-start"
ROWS_NAMED = 5


def map_codes(con: Connection, contract: ContractSpec, files: Sequence[FileAccount]) -> Iterator[Finding]:
    """What was found of codes out of their time; in the staged table replaced codes have become their successors.

    A code is held against the day that dates its row; where a contract or row has no day it is mapped and not judged.
    """
    names = {file.file_id: file.file for file in files}
    for field in contract.fields if files else ():
        if not field.dated:
            continue
        said = ", ".join(map(literal, field.dated))
        column = f"SELECT DISTINCT {field.landed} FROM staged_{contract.contract} WHERE {field.landed} IN ({said}) ORDER BY 1"
        dated = {code: field.dated[code] for (code,) in con.execute(column).fetchall()}
        if contract.dated_by:
            yield from _findings(con, contract, field, dated, names)
        successors = {code: each.becomes for code, each in dated.items() if each.becomes}
        if successors:
            cases = " ".join(f"WHEN {literal(code)} THEN {literal(to)}" for code, to in successors.items())
            held = ", ".join(map(literal, successors))
            con.execute(
                f"UPDATE staged_{contract.contract} SET {field.landed} = CASE {field.landed} {cases} END WHERE {field.landed} IN ({held})"
            )


def _findings(
    con: Connection, contract: ContractSpec, field: ContractField, dated: Mapping[str, DatedCode], names: Mapping[int, str]
) -> Iterator[Finding]:
    """A finding for each file and code out of its time."""
    for code, each in dated.items():
        for rule, when in _out_of_time(contract.day_sql, each):
            found = con.execute(f"""
                SELECT file_id, count(*), list_sort(min(source_row, {ROWS_NAMED})) FROM staged_{contract.contract}
                WHERE {field.landed} = {literal(code)} AND {when} GROUP BY file_id ORDER BY file_id
            """).fetchall()
            for file_id, count, rows in found:
                yield Finding(
                    names[file_id],
                    rule,
                    f"{count:,} {'row' if count == 1 else 'rows'}: {_message(field, code, each, rule)}",
                    severity=Severity.WARNING,
                    count=count,
                    rows=tuple(rows),
                )


def _out_of_time(day: str, each: DatedCode) -> Iterator[tuple[str, str]]:
    """The rules that a code may break, with what is true of such rows."""
    if each.ends:
        yield ENDED, f"{day} >= DATE '{each.ends}'"
    if each.starts:
        yield NOT_BEGUN, f"{day} < DATE '{each.starts}'"


def _message(field: ContractField, code: str, each: DatedCode, rule: str) -> str:
    read = f"it is read as {each.becomes}" if each.becomes else "it is kept as it is"
    when = f"ended before {each.ends}" if rule == ENDED else f"began on {each.starts}"
    return f"{field.name} {code} ({each.meaning}) {when}, and the row is of another time; {read}: ask which list of codes the source uses"

"""What is counted of every file once its rows are staged: how far it reaches, by month, what is blank, whom it can tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from joinedup.engine.files_lines import Connection
from joinedup.place.model import Place
from joinedup.sources.accounts import MOST_ROWS_REJECTED, FileAccount
from joinedup.sources.contract import ContractSpec
from joinedup.sources.freshness import first_month_shown
from joinedup.sources.nhs_numbers import digits_sql, valid_sql


def keep_whom_rows_tell_of(con: Connection, place: Place, contracts: Mapping[str, ContractSpec], files: Sequence[FileAccount]) -> None:
    """Nothing; the temp tables `number_invalid` and `file_namespace` are made."""
    there = sorted({file.contract for file in files if not file.refused})
    nobody = "SELECT CAST(NULL AS VARCHAR) AS nhs_number WHERE false"
    given = " UNION ".join([nobody, *(f"SELECT nhs_number FROM staged_{name} WHERE nhs_number IS NOT NULL" for name in there)])
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE number_invalid AS
        SELECT nhs_number FROM (SELECT nhs_number, {digits_sql("nhs_number")} AS digits FROM ({given})) WHERE NOT {valid_sql("digits")}
    """)
    namespaces = {source.name: source.pseudonym or source.name for source in place.sources}
    con.execute("CREATE OR REPLACE TEMP TABLE file_namespace (file_id INTEGER, namespace VARCHAR)")
    if files:
        con.executemany("INSERT INTO file_namespace VALUES (?, ?)", [(file.file_id, namespaces[file.source]) for file in files])


def counted(con: Connection, contract: ContractSpec, files: Sequence[FileAccount], as_at: date) -> list[FileAccount]:
    """The accounts of a contract's files, after superseding, with everything that their staged rows tell."""
    of_rows, months = _of_rows(con, contract, as_at), months_by_file(con, contract, first_month_shown(as_at))
    rules = {table: _by_rule(con, table) for table in ("staged_superseded", "staged_rejected")}
    accounts = []
    for file in files:
        found = dict(of_rows.get(file.file_id, {"loaded": 0}))
        blank = found.pop("blank", {})
        superseded, rejected = (rules[table].get(file.file_id, {}) for table in ("staged_superseded", "staged_rejected"))
        accounts.append(
            replace(
                file,
                **found,
                superseded=sum(superseded.values()),
                rejected=sum(rejected.values()),
                superseded_by=superseded,
                rejected_by=rejected,
                refused=file.refused or MOST_ROWS_REJECTED in rejected,
                months={month: rows for month, rows in months.get(file.file_id, {}).items() if month},
                earlier=months.get(file.file_id, {}).get(None, 0),
                blank={field.landed: blank[field.landed] for field in contract.fields if _is_blank(field.name, field.landed, file, blank)},
            )
        )
    return accounts


def _is_blank(name: str, landed: str, file: FileAccount, blank: Mapping[str, int]) -> bool:
    return name not in file.missing_columns and bool(blank.get(landed))


def _of_rows(con: Connection, contract: ContractSpec, as_at: date) -> dict[int, dict[str, Any]]:
    """File -> what its loaded rows tell."""
    dated = [contract.landed(name) for name in (contract.dated_by, *contract.reaches_by) if name]
    latest = ", ".join(f"max({day}) FILTER ({day} <= DATE '{as_at}')" for day in dated)
    fields = [field.landed for field in contract.fields]
    linkable = "(nhs_number IS NOT NULL AND nhs_number NOT IN (FROM number_invalid)) OR source_pseudonym IS NOT NULL"
    rows = con.execute(f"""
        SELECT file_id, count(*), count(*) FILTER ({linkable}), {f"min({contract.day_sql})" if dated else "NULL"},
            {f"greatest({latest})" if dated else "NULL"}, {", ".join(f"count({name})" for name in fields)}
        FROM staged_{contract.contract} GROUP BY file_id
    """).fetchall()
    return {
        file_id: {
            "loaded": loaded,
            "linkable": linked,
            "data_from": first,
            "data_to": last,
            "blank": {name: loaded - filled for name, filled in zip(fields, counts, strict=True)},
        }
        for file_id, loaded, linked, first, last, *counts in rows
    }


def months_by_file(con: Connection, contract: ContractSpec, first: date) -> dict[int, dict[date | None, int]]:
    """File -> first day of a month -> its loaded records dated in that month, None for all before the `first`; nothing of lists."""
    if contract.lists or contract.dated_by is None:
        return {}
    found: dict[int, dict[date | None, int]] = {}
    day = contract.day_sql
    rows = con.execute(f"""
        SELECT file_id, CASE WHEN {day} >= DATE '{first}' THEN CAST(date_trunc('month', {day}) AS DATE) END AS month, count(*)
        FROM staged_{contract.contract} WHERE {day} IS NOT NULL GROUP BY ALL ORDER BY ALL
    """).fetchall()
    for file_id, month, count in rows:
        found.setdefault(file_id, {})[month] = count
    return found


def _by_rule(con: Connection, table: str) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for file_id, rule, count in con.execute(f"SELECT file_id, rule, count(*) FROM {table} GROUP BY ALL ORDER BY ALL").fetchall():
        found.setdefault(file_id, {})[rule] = count
    return found

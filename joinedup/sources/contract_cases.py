"""Running a contract's cases: a few rows as a source writes them, and what differs from what landing should make of them."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from joinedup.engine.duck import connect
from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding
from joinedup.place.model import Neighbourhood, Place, Source
from joinedup.sources.contract import ContractCase, ContractSpec
from joinedup.sources.landing import stage

AS_AT = date(2026, 3, 31)
"""The as-at date of the cases."""
EXPECTED = {"missing-columns", "few-rows-can-be-linked"}
"""What every small file is told: it has a few columns only."""


def run_contract_case(contract: ContractSpec, case: ContractCase) -> list[str]:
    """What differs from what a case expects, a line each; none when all is as expected."""
    with tempfile.TemporaryDirectory(prefix="contract-case-") as folder:
        usual = [f"{number}.csv" for number in range(1, len(case.files) + 1)]
        names = [_write(Path(folder) / name, rows) for name, rows in zip(case.names or usual, case.files, strict=True)]
        con = connect()
        try:
            staging = stage(con, _place(contract, case, names), Path(folder))
            return [
                *_differences("loaded", list(case.loaded), _loaded(con, contract, case)),
                *_differences("superseded", case.superseded, _counted(con, "staged_superseded")),
                *_differences("rejected", case.rejected, _counted(con, "staged_rejected")),
                *_differences("warned", case.warned, _warned(staging.findings, case.rejected)),
            ]
        finally:
            con.close()


def _write(path: Path, rows: Sequence[Mapping[str, str]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path.name


def _place(contract: ContractSpec, case: ContractCase, names: Sequence[str]) -> Place:
    """A place that is nothing but the source of those files."""
    return Place(
        id="case",
        name="Case",
        folder=Path("nowhere"),
        invented=True,
        as_at=AS_AT,
        neighbourhoods=(Neighbourhood(id="north", name="North"),),
        partners=(),
        practices=(),
        memberships=(),
        sources=(
            Source.model_validate(
                {"name": "case", "partner": "council", "contract": contract.contract, "files": tuple(names)} | case.source
            ),
        ),
    )


def _loaded(con: Connection, contract: ContractSpec, case: ContractCase) -> list[dict[str, object]]:
    """The loaded rows in order, with the columns that the case names."""
    names = list(dict.fromkeys(name for row in case.loaded for name in row)) or ["source_row"]
    table = f"staged_{contract.contract}"
    rows: list[dict[str, object]] = (
        con.sql(f"SELECT {', '.join(names)} FROM {table} ORDER BY file_id, source_row").to_arrow_table().to_pylist()
    )
    return rows


def _counted(con: Connection, table: str) -> dict[str, int]:
    return dict(con.execute(f"SELECT rule, count(*) FROM {table} GROUP BY rule").fetchall())


def _warned(findings: Sequence[Finding], rejected: Mapping[str, int]) -> dict[str, int]:
    """Rule -> rows of the findings that speak of rows which are used all the same."""
    told = [finding for finding in findings if finding.rule not in EXPECTED and finding.rule not in rejected and finding.count]
    return {finding.rule: sum(each.count for each in told if each.rule == finding.rule) for finding in told}


def _differences(what: str, expected: object, found: object) -> list[str]:
    if isinstance(expected, list) and isinstance(found, list):
        found = [{name: row.get(name) for name in want} for row, want in zip(found, expected, strict=False)] + found[len(expected) :]
    return [] if expected == found else [f"{what}: expected {expected}, found {found}"]

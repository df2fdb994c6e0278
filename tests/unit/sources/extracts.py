"""Small extracts by hand: what landing makes of a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from joinedup.engine.duck import connect
from joinedup.findings import Finding
from joinedup.place.model import Place, Source
from joinedup.sources.accounts import FileAccount, Staging
from joinedup.sources.landing import stage

AS_AT = date(2026, 3, 31)
REGISTER = "NHS_NUMBER,PERSON_BIRTH_DATE,GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION,START_DATE_GMP_PATIENT_REGISTRATION"
DEATHS = "NHS_NUMBER,REG_DATE_OF_DEATH,PERSON_BIRTH_DATE"
APC = "NHS_NUMBER,EPIKEY,ADMIDATE,ADMIMETH,DISDATE"
ECDS = "NHS_NUMBER,EPIKEY,ARRIVAL_DATE"
NUMBERS = ("9990000018", "9990000026", "9990000034", "9990000042", "9990000050")
"""Valid NHS numbers of invented people."""
EXPECTED = {"missing-columns", "not-dated"}
"""What every small file lacks: columns, and of registrations mostly the start."""


@dataclass
class Staged:
    """What landing made of some files."""

    con: duckdb.DuckDBPyConnection
    staging: Staging

    @property
    def file(self) -> FileAccount:
        """The account of the only file."""
        (account,) = self.staging.files
        return account

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Rows read, loaded, superseded, rejected of the only file."""
        return counts(self.file)

    @property
    def findings(self) -> list[Finding]:
        """What was found, beside the columns that every small file lacks."""
        return [finding for finding in self.staging.findings if finding.rule not in EXPECTED]

    @property
    def rules(self) -> list[str]:
        return [finding.rule for finding in self.findings]

    def only(self, rule: str) -> Finding:
        """The one finding of a rule."""
        (found,) = [finding for finding in self.findings if finding.rule == rule]
        return found

    def rows(self, contract: str, columns: str) -> list[tuple[Any, ...]]:
        return self.con.execute(f"SELECT source_row, {columns} FROM staged_{contract} ORDER BY file_id, source_row").fetchall()

    def rejected(self) -> list[tuple[int, str]]:
        return self.con.execute("SELECT source_row, rule FROM staged_rejected ORDER BY file_id, source_row").fetchall()

    def superseded(self) -> list[tuple[int, int, str]]:
        return self.con.execute("SELECT file_id, source_row, rule FROM staged_superseded ORDER BY file_id, source_row").fetchall()


def counts(account: FileAccount) -> tuple[int, int, int, int]:
    return account.rows_read, account.loaded, account.superseded, account.rejected


def place_with(*sources: Source) -> Place:
    return Place(
        id="invented",
        name="Invented",
        folder=Path("nowhere"),
        as_at=AS_AT,
        neighbourhoods=(),
        partners=(),
        practices=(),
        memberships=(),
        sources=sources,
    )


def source(contract: str = "register", files: str | tuple[str, ...] = "file.csv", **more: Any) -> Source:
    files = (files,) if isinstance(files, str) else files
    return Source(**{"name": contract, "partner": "partner", "contract": contract, "files": files} | more)


def staged(folder: Path, content: Mapping[str, bytes | str], *sources: Source) -> Staged:
    """What landing makes of these files (name -> content), written into `folder`."""
    for name, body in content.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body.encode() if isinstance(body, str) else body)
    con = connect(threads=1, spill=folder / "spill")
    return Staged(con, stage(con, place_with(*sources), folder))


def register(folder: Path, body: bytes | str, **more: Any) -> Staged:
    """What landing makes of one registration list."""
    return staged(folder, {"file.csv": body}, source(**more))


def lines(header: str, *rows: str, end: str = "\n") -> str:
    return end.join([header, *rows]) + end

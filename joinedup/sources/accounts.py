"""What became of every file and row of a landing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from joinedup.findings import Finding


@dataclass(frozen=True, slots=True)
class FileAccount:
    """One file: what it is, and what became of its rows. Every row read is loaded, superseded or rejected."""

    file_id: int
    source: str
    partner: str
    contract: str
    file: str
    sha256: str | None
    """None where it couldn't be read at all."""
    size: int | None
    mtime_ns: int | None
    rows_read: int = 0
    loaded: int = 0
    superseded: int = 0
    rejected: int = 0
    data_to: date | None = None
    """The latest day, not after the place's as-at date, by which its loaded records are dated."""
    missing_columns: tuple[str, ...] = ()
    extra_columns: tuple[str, ...] = ()
    refused: bool = False
    """It couldn't be used, and none of its rows was read."""

    def __post_init__(self) -> None:
        if self.rows_read != self.loaded + self.superseded + self.rejected:
            parts = f"{self.loaded} loaded, {self.superseded} superseded and {self.rejected} rejected"
            raise AssertionError(f"{self.file}: {self.rows_read} rows read, but {parts}")


@dataclass(frozen=True, slots=True)
class Staging:
    """The accounts and findings of files whose rows are staged in a connection's temp tables.

    staged_<contract> holds file_id, source_row and every field by its landed name, identifiers among them, for every contract;
    staged_superseded and staged_rejected hold file_id, source_row, rule and reason.
    """

    files: tuple[FileAccount, ...]
    findings: tuple[Finding, ...]

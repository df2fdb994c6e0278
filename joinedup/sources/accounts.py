"""What became of every file and row of a landing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import TypeAdapter

from joinedup.findings import Finding

REFUSED_SHARE, REFUSED_ROWS = 0.9, 100
"""Our choice, 2026: where more than nine rows in ten are rejected, something said of the file is wrong, not its rows, and the few
left would be taken for all there are. In files of fewer rows than this a share says little."""
MOST_ROWS_REJECTED = "most-rows-rejected"
"""The rule by which the other rows of such a file are rejected."""
REST_REJECTED = "nearly all other rows of the file were rejected, so that the file as a whole isn't used"


BLANK_ROW = "blank-row"
"""The rule by which rows are rejected that hold nothing. They say nothing of their file: a spreadsheet leaves thousands under its table."""


def refused_for_rejections(rows: int, rejected: int) -> bool:
    """Whether so many of a file's rows are rejected that it is refused as a whole."""
    return rows >= REFUSED_ROWS and rejected > rows * REFUSED_SHARE


def most_rows_rejected(file: str, rows: int, rejected: int, contract: str) -> Finding:
    """The error by which such a file is refused."""
    message = (
        f"{rejected:,} of its {rows:,} rows were rejected, so none of it is used: it is probably not what sources.yml and place.yml "
        "say it is; look at why its rows were rejected and correct what is wrong there, or ask for another extract"
    )
    return Finding(file, MOST_ROWS_REJECTED, message, count=rejected, endangers=f"everything from {contract}")


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
    size: int | None = None
    mtime_ns: int | None = None
    rows_read: int = 0
    loaded: int = 0
    superseded: int = 0
    rejected: int = 0
    linkable: int = 0
    """Loaded rows with an NHS number that can be one, or a pseudonym."""
    linked: int | None = None
    """Loaded rows with a person; None before linking."""
    data_from: date | None = None
    """The earliest day by which its loaded records are dated."""
    data_to: date | None = None
    """The latest day, not after the place's as-at date, that its loaded records tell of."""
    day: date | None = None
    """The day of whom or what it lists, where its name says one."""
    part: str = ""
    """Which of several files that belong together it is, where its name says so."""
    first_month: date | None = None
    last_month: date | None = None
    """The first days of the months that it covers, where its name says so."""
    months: dict[date, int] = field(default_factory=dict)
    """First day of a month -> loaded records dated in it, from 36 months before the as-at date on; empty for lists."""
    earlier: int = 0
    """Loaded records dated before those months."""
    blank: dict[str, int] = field(default_factory=dict)
    """Landed name of a field that the file has -> loaded rows without a value there, where there are any."""
    rejected_by: dict[str, int] = field(default_factory=dict)
    """Rule -> rows rejected by it."""
    superseded_by: dict[str, int] = field(default_factory=dict)
    """Rule -> rows superseded by it."""
    blanked_codes: int = 0
    """Fields of loaded rows that were blanked since they held a legally restricted code."""
    missing_columns: tuple[str, ...] = ()
    extra_columns: tuple[str, ...] = ()
    kept_out: int = 0
    """In an account for others than who landed it: roughly how many rows hold what the law restricts, which aren't among those read."""
    refused: bool = False
    """It couldn't be used: none of its rows was read, or all of them were rejected."""

    def __post_init__(self) -> None:
        if self.rows_read != self.loaded + self.superseded + self.rejected:
            parts = f"{self.loaded} loaded, {self.superseded} superseded and {self.rejected} rejected"
            raise AssertionError(f"{self.file}: {self.rows_read} rows read, but {parts}")


def read_accounts(rows: Sequence[Mapping[str, Any]]) -> tuple[FileAccount, ...]:
    """The accounts that a landing's record, or a manifest, keeps as JSON."""
    return TypeAdapter(tuple[FileAccount, ...]).validate_python(rows)


@dataclass(frozen=True, slots=True)
class Staging:
    """The accounts and findings of files whose rows are staged in a connection's temp tables.

    staged_<contract> holds file_id, source_row and every field by its landed name, identifiers among them, for every contract, and
    `LISTED` for lists; staged_superseded and staged_rejected hold file_id, source_row, rule and reason. `number_invalid` holds
    the NHS numbers given that can be none, `file_namespace` whose pseudonyms a file brings.
    """

    files: tuple[FileAccount, ...]
    findings: tuple[Finding, ...]

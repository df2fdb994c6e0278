"""How published files are read for a new place: where they lie, for which day, their dates and counts, and what is told on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from joinedup.engine.files_lines import Connection
from joinedup.engine.files_values import date_sql, likely_date_sql
from joinedup.findings import Finding, Severity
from joinedup.starting.published import Shelf

DAY_STYLES = ("%Y%m%d", "%Y-%m-%d", "%d/%m/%Y", "%d%b%Y", "%d-%b-%Y", "%d %B %Y")
SHOWN = 12
"""Names shown of a longer list."""


@dataclass
class Told:
    """What was decided, and what was found, in the order in which it was."""

    decided: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def decide(self, sentence: str) -> None:
        """Nothing; the sentence is kept."""
        self.decided.append(sentence)

    def warn(self, file: str, rule: str, message: str, endangers: str = "") -> None:
        """Nothing; the finding is kept."""
        self.findings.append(Finding(file, rule, message, severity=Severity.WARNING, endangers=endangers))


@dataclass(frozen=True)
class Reading:
    """The reading of published files: where they lie, the day that the place is looked at, and what is told on the way."""

    con: Connection
    shelf: Shelf
    as_at: date
    told: Told = field(default_factory=Told)


def day_sql(column: str) -> str:
    """A published date as a date; null where it isn't one."""
    read = date_sql(column, DAY_STYLES)
    return f"CASE WHEN {likely_date_sql(read)} THEN {read} END"


def number_sql(column: str) -> str:
    """A published count; null where it is blank or suppressed."""
    return f"TRY_CAST(replace({column}, ',', '') AS DOUBLE)"


def after(last: date | None) -> date | None:
    """Registers give the last day; a place folder the first day after it."""
    return last + timedelta(days=1) if last else None


def listed(names: Iterable[str]) -> str:
    """Names in a row, the first of many."""
    every = list(names)
    return ", ".join(every[:SHOWN]) + (f" and {len(every) - SHOWN} more" if len(every) > SHOWN else "")

"""Faults in people's data and folders, as values: collected all, then decided upon."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters: an error stops the use of what it names, a warning is counted and shown."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: where it is, the rule it breaks, and a sentence that says what was found, expected and what to do.

    `file` is as its owner knows it (relative to the place folder or the extracts). `line` is the line of a
    folder's file; `rows` are the first few row numbers of an extract (1 is the first row after the header) and
    `count` how many rows in all. A message never holds a person's data. `endangers` names the tables, measures or
    pages that suffer.
    """

    file: str
    rule: str
    message: str
    line: int | None = None
    severity: Severity = Severity.ERROR
    count: int = 0
    rows: tuple[int, ...] = ()
    endangers: str = ""

    @property
    def where(self) -> str:
        """The file, with the line or the first rows where there are any."""
        if self.line is not None:
            return f"{self.file}:{self.line}"
        if self.rows:
            more = ", …" if self.count > len(self.rows) else ""
            word = "row" if len(self.rows) == 1 and not more else "rows"
            return f"{self.file} {word} {', '.join(map(str, self.rows))}{more}"
        return self.file


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that stop the use of what they name."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]

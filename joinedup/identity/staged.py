"""What linking sees of a landing: the staged tables of its files, named staged_<contract> in the connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import duckdb

from joinedup.errors import StoreProblem
from joinedup.findings import Finding, Severity

ROWS_NAMED = 5
"""How many row numbers a finding gives, to begin looking."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file whose rows were staged: its number in this landing, where it came from, and whose pseudonyms it brings."""

    file_id: int
    source: str
    contract: str
    file: str
    namespace: str
    """Sources whose pseudonyms have one namespace share their people."""
    sender: str = ""
    """The partner who sends it; what two extracts of one partner say is one partner's word. Its source where none is named."""


@dataclass(frozen=True)
class Staged:
    """The staged tables of one landing: the connection that holds them, and the files they came from."""

    con: duckdb.DuckDBPyConnection
    files: Sequence[SourceFile]
    left_out: set[str] = field(default_factory=set)
    """Contracts that were read here and are no rows of anybody's."""

    def leave_out(self, contract: str) -> None:
        """Nothing; the contract has no staged table any more."""
        self.left_out.add(contract)
        self.read_again()

    def read_again(self) -> None:
        """Nothing; the staged tables have other columns than before."""
        self.__dict__.pop("columns", None)

    @cached_property
    def columns(self) -> dict[str, frozenset[str]]:
        """Contract -> the columns of its staged table; contracts in order of name, without those that were left out."""
        contracts = sorted({file.contract for file in self.files} - self.left_out)
        described = {contract: self.con.execute(f"DESCRIBE staged_{contract}").fetchall() for contract in contracts}
        return {contract: frozenset(row[0] for row in rows) for contract, rows in described.items()}


@dataclass(frozen=True, slots=True)
class RowRule:
    """Something found of rows: its name, what follows "so many rows", and what suffers."""

    name: str
    message: str
    endangers: str
    severity: Severity = Severity.WARNING


def row_findings(staged: Staged, rule: RowRule, rows: str) -> list[Finding]:
    """A finding for each file of which the query `rows` names rows, by file_id and source_row."""
    names = {file.file_id: file.file for file in staged.files}
    found = staged.con.execute(f"""
        SELECT file_id, count(*), list_sort(min(source_row, {ROWS_NAMED})) FROM ({rows}) GROUP BY file_id ORDER BY file_id
    """).fetchall()
    return [
        Finding(
            names[file_id],
            rule.name,
            f"{count:,} {'row' if count == 1 else 'rows'}: {rule.message}",
            severity=rule.severity,
            count=count,
            rows=tuple(first),
            endangers=rule.endangers,
        )
        for file_id, count, first in found
    ]


@contextmanager
def without_values(doing: str) -> Iterator[None]:
    """Turns what DuckDB says while `doing` into a StoreProblem that repeats none of it: it may quote a person's row."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise StoreProblem(
            f"{doing} needs more memory, or room to spill, than there is; free some memory or disk and run it again"
        ) from None
    except duckdb.IOException:
        raise StoreProblem(f"{doing} failed, for a file of the store can't be written or read; look at its disk and owner") from None
    except duckdb.Error as error:
        raise StoreProblem(
            f"{doing} failed with {type(error).__name__}, said without detail because it may quote a row; please report it"
        ) from None

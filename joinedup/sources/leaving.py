"""Rows that leave the staged table of a contract since others of their source supersede them: by which rule, and to which file."""

from __future__ import annotations

from math import sqrt

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding, Severity
from joinedup.sources.contract import ContractSpec

SAME_KEY, DELETION, REPLACED, MONTH_REPLACED, SAME_FILE = "same-key", "deletion", "replaced", "month-replaced", "same-file"
SAME_ROW = "same-row"
SHRANK = 0.1
"""Our choice, 2026: no list loses a tenth of its people in a month, nor a small one three times the root of its tenth, which is chance."""
SMALLER_SHARE, BY_CHANCE = 0.5, 3.0
"""Our choice, 2026: what replaces other rows and has less than half of them was probably cut short, and of a few rows three times the root
of that half, which is chance."""
MANY_LEFT = "many-left-list"
"""The rule by which it is told that many records of a list end with one that has far fewer."""


def are_many(ended: int, before: int) -> bool:
    """Whether so many records of a list end at once that it was probably cut short."""
    usual = SHRANK * before
    return ended > max(usual, BY_CHANCE * sqrt(usual))


def until_confirmed(source_file: str, count: int) -> str:
    """What stops a build of real people, and by what it goes on: the number of endings, confirmed under the source."""
    return (
        "nothing is built of real people until the list is mended or, under its source in sources.yml, somebody has written "
        f'ended_confirmed: {{"{source_file}": {count}}}'
    )


def leave(con: Connection, contract: ContractSpec, which: str, rule: str, reason: str) -> None:
    """Nothing; rows of the query `which` (file_id, source_row, winner) have left the table of the contract."""
    [(leaving,)] = con.execute(f"CREATE OR REPLACE TEMP TABLE leaving AS {which}").fetchall()
    if leaving:  # of most files nothing leaves, and each statement is planned for all columns of the contract
        told = "INSERT INTO staged_superseded SELECT file_id, source_row, $rule, $reason FROM leaving"
        con.execute(told, {"rule": rule, "reason": reason})
        _delete_leaving(con, contract)
    con.execute("DROP TABLE leaving")


def _delete_leaving(con: Connection, contract: ContractSpec) -> None:
    con.execute("INSERT INTO superseding_pair SELECT file_id, winner, count(*) FROM leaving WHERE winner <> file_id GROUP BY ALL")
    con.execute(f"""
        DELETE FROM staged_{contract.contract} AS rows USING leaving AS gone
        WHERE rows.file_id = gone.file_id AND rows.source_row = gone.source_row
    """)


def warning(file: str, rule: str, message: str, contract: ContractSpec, count: int = 0) -> Finding:
    """A finding that says what the contract is for."""
    return Finding(file, rule, message, severity=Severity.WARNING, count=count, endangers=contract.endangers)


def was_cut_short(rows: int, before: int) -> bool:
    """Whether what replaces so many rows has so few that it was probably cut short."""
    usual = SMALLER_SHARE * before
    return before - rows > max(usual, BY_CHANCE * sqrt(usual))


def cut_short(file: str, replaces: str, rows: str, before: int, contract: ContractSpec) -> Finding:
    """The finding of a file that `was_cut_short`."""
    message = f"it replaces {replaces} and has {rows} where that had {before:,}: was it cut short?"
    return warning(file, "much-smaller", message, contract)

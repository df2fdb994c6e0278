"""Dates of birth that systems write where they know none: they are missing, whatever the extract."""

from __future__ import annotations

from joinedup.engine.files_lines import Connection
from joinedup.sources.contract import ContractSpec

BIRTH = "PERSON_BIRTH_DATE"
DEFAULTS = ("1900-01-01", "1900-01-02", "1901-01-01")
"""What systems write for a date of birth that they don't have: our list, 2026."""
EARLIEST = "1900-01-01"
"""Nobody alive was born before: the oldest person of whom it was proved reached 122 years (Jeanne Calment, 1997)."""
ROWS_NAMED = 5
"""How many row numbers a finding gives, to begin looking."""


def is_default_sql(day: str) -> str:
    """Whether a date of birth is what systems write for none, or lies before anyone's."""
    return f"({day} IN ({', '.join(f'DATE {written!r}' for written in DEFAULTS)}) OR {day} < DATE '{EARLIEST}')"


def blank_defaults(con: Connection, contract: ContractSpec, file_id: int) -> tuple[int, tuple[int, ...]]:
    """Of how many usable staged rows of a file the date of birth was such, and the first of them; it is missing in them now."""
    if not any(field.name == BIRTH for field in contract.fields):
        return 0, ()
    which = f"file_id = {file_id} AND refusal = 0 AND {is_default_sql(contract.landed(BIRTH))}"
    table = f"staged_{contract.contract}"
    [(count, first)] = con.execute(f"SELECT count(*), list_sort(min(source_row, {ROWS_NAMED})) FROM {table} WHERE {which}").fetchall()
    if count:
        con.execute(f"UPDATE {table} SET {contract.landed(BIRTH)} = NULL WHERE {which}")
    return count, tuple(first or ())

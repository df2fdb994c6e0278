"""What add-source says of files that are named like the one it looked into."""

from __future__ import annotations

import pytest

from joinedup.sources.contract import contracts
from joinedup.starting.naming import naming

NAMES = [
    ("apc_2025-04.csv", "apc", "files: apc_*.csv, file_name: apc_{month:%Y-%m}.csv"),
    ("apc_2024-25.csv", "apc", "files: apc_*.csv, file_name: apc_{financial_year:%Y-%y}.csv"),
    ("APCApr25 final.csv", "apc", "files: APC* final.csv, file_name: APC{month:%b%y} final.csv"),
    ("apc_20250502.csv", "apc", "files: apc_*.csv, file_name: apc_{sent:%Y%m%d}.csv"),
    ("list 01-04-2025.xlsx", "register", "files: list *.xlsx, file_name: list {day:%d-%m-%Y}.xlsx, sends: snapshot"),
    ("list_2025-04.csv", "register", None),
    ("apc.csv", "apc", None),
    ("ward123.csv", "apc", None),
]


@pytest.mark.parametrize(("name", "contract", "said"), NAMES)
def test_a_name_with_a_date_tells_how_others_are_named(name: str, contract: str, said: str | None) -> None:
    assert naming(name, contracts()[contract]) == said

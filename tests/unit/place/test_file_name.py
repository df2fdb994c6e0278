"""Templates of file names: what a name says of its file."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import PurePath

import pytest

from joinedup.periods import Period
from joinedup.place.file_name import NameSays, read_name

APRIL = Period(date(2025, 4, 1), date(2025, 5, 1))
FINANCIAL = Period(date(2024, 4, 1), date(2025, 4, 1))

NAMES = [
    ("list_{day:%Y-%m-%d}.csv", "list_2025-04-03.csv", NameSays(day=date(2025, 4, 3))),
    ("list_{day:%Y-%m-%d}.csv", "LIST_2025-04-03.CSV", NameSays(day=date(2025, 4, 3))),
    ("apc_{month:%b%y}*.csv", "apc_Apr25_v2 (final).csv", NameSays(covers=APRIL)),
    ("apc_{from:%Y-%m}_{to:%Y-%m}.csv", "apc_2025-04_2025-04.csv", NameSays(covers=APRIL)),
    ("apc_{from:%Y%m}_{to:%Y%m}.csv", "apc_202404_202503.csv", NameSays(covers=Period(date(2024, 4, 1), date(2025, 4, 1)))),
    ("{month:%Y-%m}/apc.csv", "drops/2025-04/apc.csv", NameSays(covers=APRIL)),
    ("*_{sent:%Y%m%dT%H%M}.csv", "a_b_20250409T0730.csv", NameSays(sent=datetime(2025, 4, 9, 7, 30))),
    ("{part}_{day:%d.%m.%Y}.csv", "B84001_03.04.2025.csv", NameSays(day=date(2025, 4, 3), part="b84001")),
    ("apc[1]_{month:%Y-%m}.csv", "apc[1]_2025-04.csv", NameSays(covers=APRIL)),
    ("apc_{year:%Y}.csv", "apc_2024.csv", NameSays(covers=Period(date(2024, 1, 1), date(2025, 1, 1)))),
    ("apc_{financial_year:%Y-%y}_resent.csv", "apc_2024-25_resent.csv", NameSays(covers=FINANCIAL)),
    ("apc_{financial_year:%Y_%Y}.csv", "apc_2024_2025.csv", NameSays(covers=FINANCIAL)),
    ("apc_{financial_year:%y%y}.csv", "apc_2425.csv", NameSays(covers=FINANCIAL)),
    ("apc_FY{financial_year:%Y}.csv", "apc_fy2024.csv", NameSays(covers=FINANCIAL)),
    ("apc_{financial_year:%Y-%y}.csv", "apc_1999-00.csv", NameSays(covers=Period(date(1999, 4, 1), date(2000, 4, 1)))),
    ("apc_{financial_year:%Y-%y}.csv", "apc_2024-05.csv", None),
    ("apc_{financial_year:%Y-%y}.csv", "apc_2024-24.csv", None),
    ("list_{day:%Y-%m-%d}.csv", "list_2025-04-31.csv", None),
    ("list_{day:%Y-%m-%d}.csv", "list_2025-4-3.csv", None),
    ("list_{day:%Y-%m-%d}.csv", "old list_2025-04-03.csv", None),
    ("apc_{from:%Y-%m}_{to:%Y-%m}.csv", "apc_2025-05_2025-04.csv", None),
]


@pytest.mark.parametrize(("template", "name", "says"), NAMES)
def test_a_name_says(template: str, name: str, says: NameSays | None) -> None:
    assert read_name(template, PurePath("extracts", name)) == says

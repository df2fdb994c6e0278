"""Which account is whose: pseudonyms of staff beside their accounts, in `staff_people.csv` of the kept area, as the last landing had it.

It is for one question: whether somebody asks for their own record. Where it isn't (a host that only builds), nobody's own is known.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

from joinedup.cells import read_rows, write_rows
from joinedup.engine.store import atomic_write

FILE = "staff_people.csv"
HEADER = ("person_id", "account")


def keep_staff(kept: Path, staff: Iterable[tuple[int, str]]) -> None:
    """Nothing; the file has these people and accounts, and no others."""
    text = io.StringIO()
    write_rows(text, HEADER, sorted(set(staff)))
    atomic_write(kept / FILE, text.getvalue().encode())


def is_own(kept: Path, person_id: int, account: str) -> bool:
    """Whether a person is who has an account."""
    try:
        text = (kept / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return {"person_id": str(person_id), "account": account} in read_rows(text)

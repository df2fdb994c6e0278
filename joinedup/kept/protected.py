"""People whose details somebody has protected by hand, at once and until a list says so: `protected_people.csv` of the kept area.

A row is added for each time that protection begins or ends, and none is changed. It holds pseudonyms alone, and never why.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import TextIO

import pyarrow as pa

from joinedup.cells import read_rows, write_rows
from joinedup.engine.store import PRIVATE_FILE, PRIVATE_FOLDER, atomic_write, store_errors, sync_folder
from joinedup.errors import StoreProblem
from joinedup.kept.staff import FILE as STAFF

FILE = "protected_people.csv"
HEADER = ("at", "person_id", "protected", "account")
BEGINS, ENDS = "yes", "no"

_READ: dict[Path, tuple[tuple[int, int], frozenset[int]]] = {}
"""By file: its state when it was last read, and whom it protected."""


def protected_by_hand(kept: Path) -> frozenset[int]:
    """The person_ids that are protected by hand now; StoreProblem where the file can't be read, for then nobody may be shown."""
    path = kept / FILE
    try:
        state = path.stat()
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise _unreadable(path, error.strerror or "it can't be read") from None
    seen = (state.st_mtime_ns, state.st_size)
    if path not in _READ or _READ[path][0] != seen:
        _READ[path] = seen, _read(path)
    return _READ[path][1]


def _read(path: Path) -> frozenset[int]:
    """Who is protected by the last row that names them."""
    try:
        rows = list(read_rows(path.read_text(encoding="utf-8")))
        last = {int(row["person_id"]): row["protected"] for row in rows}
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError, csv.Error):
        raise _unreadable(path, "it isn't what joinedup protect wrote") from None
    return frozenset(person for person, said in last.items() if said != ENDS)


def protect(kept: Path, person_id: int, account: str, *, ends: bool = False) -> None:
    """Nothing; from now on a person's details are protected, or by hand no longer."""
    path = kept / FILE
    with store_errors(path):
        kept.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        with held(path) as file:
            new = os.fstat(file.fileno()).st_size == 0
            row = (datetime.now(UTC).isoformat(timespec="milliseconds"), person_id, ENDS if ends else BEGINS, account)
            write_rows(file, HEADER, [row], head=new)
            file.flush()
            os.fsync(file.fileno())
            if new:
                sync_folder(kept)


@contextmanager
def held(path: Path) -> Iterator[TextIO]:
    """The list, open to add to it and made where it isn't there; nobody else adds to it or writes it anew meanwhile."""
    while True:
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE_FILE), "a", encoding="utf-8", newline="") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:  # else it was written anew while we waited
                yield file
                return


def in_order_of_time(there: bytes, backed_up: bytes) -> tuple[bytes, bool]:
    """Every sound row of two versions of the list once, the earliest first, and whether the first had another."""
    before, earlier = (
        [tuple(row.get(name, "") for name in HEADER) for row in read_rows(part.decode(errors="replace"))] for part in (there, backed_up)
    )
    sound = [row for row in dict.fromkeys([*earlier, *before]) if row[1].isdigit() and row[2] in {BEGINS, ENDS} and row[0] and row[3]]
    text = io.StringIO()
    write_rows(text, HEADER, sorted(sound, key=itemgetter(0)))
    return text.getvalue().encode(), not set(before).issubset(sound)


def people_in_lists(kept: Path) -> pa.Array:
    """The person_ids of whom the lists of protected people and of staff hold anything, each as often as a row names them."""
    rows = [row for name in (FILE, STAFF) for row in _rows(kept / name)]
    return pa.array([int(row["person_id"]) for row in rows], pa.int64())


def forget_in_lists(kept: Path, erased: Callable[[pa.Array], Iterable[int]]) -> None:
    """Nothing; the lists hold nothing of whoever, of the people in them, was `erased`."""
    gone = set(erased(people_in_lists(kept)))
    for path in (kept / FILE, kept / STAFF):
        if any(int(row["person_id"]) in gone for row in _rows(path)):
            with held(path):
                rows = _rows(path)
                text = io.StringIO()
                write_rows(text, list(rows[0]), [row for row in rows if int(row["person_id"]) not in gone])
                atomic_write(path, text.getvalue().encode())


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows of a list; none where there is no such file."""
    try:
        return list(read_rows(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return []


def _unreadable(path: Path, why: str) -> StoreProblem:
    return StoreProblem(f"{path}: {why}, so whose details are protected isn't known and nobody is shown; restore it from a copy")

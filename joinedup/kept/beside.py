"""Files beside the registers that are backed up with them: sealed ids, who is protected by hand, staff, certificates, copies that left.

Each comes back without undoing what has been written since: what is there and newer stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from joinedup.engine.store import PRIVATE_FOLDER, atomic_write, store_errors
from joinedup.errors import StoreProblem
from joinedup.kept.copies import copies_path
from joinedup.kept.protected import FILE as PROTECTED
from joinedup.kept.protected import held, in_order_of_time
from joinedup.kept.sealed_ids import ENDING, FOLDER
from joinedup.kept.staff import FILE as STAFF

MARKER = "erase-again"
"""A file that says that files were put back, in which somebody may be who has been erased since."""
COPIES = copies_path(Path()).name


@dataclass(frozen=True, slots=True)
class Beside:
    """One kind of file."""

    name: str
    """As sentences call it."""
    path: re.Pattern[str]
    """Its path below the kept area."""
    pattern: str
    """The same, as a folder is searched."""
    together: Callable[[bytes, bytes], tuple[bytes, bool]] | None
    """What is there and what the backup holds, as one, and whether what is there was damaged. None: what is there stays."""
    unit: str


def _lines_of_copies(there: bytes, backed_up: bytes) -> tuple[bytes, bool]:
    """Every line of both lists once, in order of time; one that a crash cut off is left out, as whoever reads the list does."""
    found = {}
    for line in (backed_up + b"\n" + there).decode(errors="replace").splitlines():
        try:
            found[line] = str(json.loads(line)["made_at"])
        except (ValueError, KeyError, TypeError):
            continue
    return "".join(f"{line}\n" for line in sorted(found, key=found.__getitem__)).encode(), False


KINDS = (
    Beside("people protected by hand", re.compile(re.escape(PROTECTED)), PROTECTED, in_order_of_time, "rows"),
    Beside("accounts of staff", re.compile(re.escape(STAFF)), STAFF, None, "files"),
    Beside("ids that landings sealed", re.compile(rf"{FOLDER}/[\w-]+{re.escape(ENDING)}"), f"{FOLDER}/*{ENDING}", None, "files"),
    Beside("certificates of erasure", re.compile(r"erasures/erasure-\w+\.(json|md|html)"), "erasures/erasure-*", None, "files"),
    Beside("the list of copies that left", re.compile(re.escape(COPIES)), COPIES, _lines_of_copies, "rows"),
)
"""All that are backed up beside the registers; the list that the law asks for comes back first."""


def files_beside(kept: Path) -> Iterator[tuple[str, Path]]:
    """The files that are there, each with its path below the kept area."""
    for kind in KINDS:
        for path in sorted(kept.glob(kind.pattern)):
            name = path.relative_to(kept).as_posix()
            if kind.path.fullmatch(name) and path.is_file() and not path.is_symlink():
                yield name, path


def kind_of(name: str) -> Beside | None:
    """The kind of a file by its path below the kept area; None where it is none."""
    return next((kind for kind in KINDS if kind.path.fullmatch(name)), None)


@dataclass(frozen=True, slots=True)
class PutBack:
    """What became of the files of one kind."""

    kind: Beside
    rows: int
    """How many have come back, in its unit."""
    aside: Path | None = None
    """Where a damaged file lies now."""


def put_back(kept: Path, contents: Mapping[str, Callable[[], bytes]]) -> list[PutBack]:
    """What became of each kind of file; before it each path has been found to be of some kind.

    Killed at any instant each file is as it was or as it is to be, and the next landing looks for whoever was erased in all of them.
    """
    if not contents:
        return []
    with store_errors(kept):
        kept.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    atomic_write(kept / MARKER, b"")
    found = []
    for kind in KINDS:
        made = [_one(kind, kept / name, content) for name, content in contents.items() if kind.path.fullmatch(name)]
        if made:
            found.append(PutBack(kind, sum(rows for rows, _ in made), next((aside for _, aside in made if aside), None)))
    return found


def _one(kind: Beside, path: Path, content: Callable[[], bytes]) -> tuple[int, Path | None]:
    """How much of one file has come back, and where it lies now if it was damaged."""
    with store_errors(path):
        path.parent.mkdir(exist_ok=True, mode=PRIVATE_FOLDER)
        if kind.together is None:
            if path.exists():
                return 0, None
            atomic_write(path, content())
            return 1, None
    with held(path) if path.name == PROTECTED else nullcontext():
        before = path.read_bytes() if path.exists() else b""
        now, damaged = kind.together(before, content())
        aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}") if damaged else None
        if aside:
            atomic_write(aside, before)
        if now != before:
            atomic_write(path, now)
    return len(set(now.splitlines()) - set(before.splitlines())), aside


def may_hold_erased(kept: Path) -> bool:
    """Whether files were put back that nobody has looked through since for people who were erased."""
    return (kept / MARKER).exists()


def looked_through(kept: Path) -> None:
    """Nothing; in the files that were put back nobody is who was erased."""
    with store_errors(kept):
        (kept / MARKER).unlink(missing_ok=True)


def refuse_unknown_file(name: str, backup: Path) -> None:
    """Nothing; StoreProblem where a backup holds a file that isn't of a known kind, such as one that would lie elsewhere."""
    if kind_of(name) is None:
        raise StoreProblem(f"{backup} holds a file that this version of joinedup doesn't know; nothing was written: use what wrote it")

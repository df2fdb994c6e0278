"""Which copies left the store: backups, landings handed over, releases. A list by path and time, so that an erasure can name them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

from joinedup.engine.store import PRIVATE_FILE, PRIVATE_FOLDER, store_errors, sync_folder

Kind: TypeAlias = Literal["backup", "hand-over", "release", "lake"]


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy: what it is, where it was written, when (UTC, ISO)."""

    kind: Kind
    path: str
    made_at: str


def copies_path(kept: Path) -> Path:
    """Where the list lies."""
    return kept / "copies.jsonl"


def note_copy(kept: Path, kind: Kind, path: Path | str) -> None:
    """Nothing; the list has this copy, on disk. What isn't a file of this machine is given by its address."""
    where = path if isinstance(path, str) else str(path.resolve())
    line = json.dumps(asdict(Copy(kind, where, datetime.now(UTC).isoformat(timespec="seconds"))))
    with store_errors(copies_path(kept)):
        kept.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        descriptor = os.open(copies_path(kept), os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        sync_folder(kept)


def copies(kept: Path) -> list[Copy]:
    """The copies, oldest first; a line that was cut off by a crash is passed over."""
    if not copies_path(kept).exists():
        return []
    found = []
    for line in copies_path(kept).read_text(encoding="utf-8").splitlines():
        try:
            found.append(Copy(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found

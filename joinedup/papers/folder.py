"""The folder that pages lie in: what was written there before, and each file written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from joinedup.engine.store import PRIVATE_FOLDER, atomic_write
from joinedup.errors import StoreProblem

WRITTEN = ".pages.json"
"""In the folder of pages: the files that were written there last, so that those no longer written can be removed.

A folder that holds anything but not this file is somebody else's.
"""


def prepare(out: Path, *folders: str) -> set[str]:
    """The files that the last writing left; the folder is there then, its owner's only, with those in it that are named.

    StoreProblem where it holds files but no pages.
    """
    _refuse_others(out)
    before = _written(out)
    for folder in (out, *(out / name for name in folders)):
        folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    out.chmod(PRIVATE_FOLDER)
    return before


def note(out: Path, names: Collection[str]) -> None:
    """Nothing; the folder is known as one of pages that holds these files, however the writing ends."""
    _write(out / WRITTEN, json.dumps(sorted(names)).encode())


def write(out: Path, files: Mapping[str, bytes]) -> None:
    """Nothing; the files lie there. One that holds the same already stays as it is."""
    for name, content in files.items():
        _write(out / name, content)


def _write(path: Path, content: bytes) -> None:
    if not (path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content):
        atomic_write(path, content)


def _refuse_others(out: Path) -> None:
    """Nothing; StoreProblem when the folder holds something and isn't one of pages."""
    found = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    if found and WRITTEN not in found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise StoreProblem(
            f"the folder {out} holds {found[0]}{more} and no pages that joinedup wrote, so nothing was written there; "
            "name a folder that is new or empty, or one of earlier pages"
        )


def _written(out: Path) -> set[str]:
    """The files that the last writing left, by their names in `out`; a name that leads out of it is none of ours."""
    path = out / WRITTEN
    try:
        names = json.loads(path.read_bytes()) if path.exists() else []
    except ValueError as error:
        raise StoreProblem(f"{path} should list the pages that joinedup wrote and can't be read; write to a new folder instead") from error
    return {name for name in names if (out / name).resolve().is_relative_to(out.resolve())}

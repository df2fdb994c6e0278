"""Whether a landing would be the one that is there: the same files, place, contracts and code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from joinedup.engine.objects import sha256_of
from joinedup.place.model import Place, Source
from joinedup.sources.contract import contracts
from joinedup.sources.landed import LandingRecord, SeenFile
from joinedup.sources.order import drops

LANDED_BY = (
    "land.py",
    "place/file_name.py",
    "engine/files*.py",
    "sources/*.py",
    "sources/restricted_codes.*",
    "identity/*.py",
    "kept/*.py",
)
"""The code that decides what a landing holds: after a change in it a landing is made again."""
NOT_LANDED = {"folder", "name", "word", "contracts", "thresholds", "warnings", "retention"}
"""What a place says that no landing depends on."""


@cache
def software() -> str:
    """The code and the engine that land, as one short name."""
    package = Path(str(files("joinedup")))
    paths = sorted(path for pattern in LANDED_BY for path in package.glob(pattern))
    code = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    return f"landing {code[:12]}, duckdb {version('duckdb')}"


def signature(place: Place, seen: tuple[SeenFile, ...]) -> str:
    """The hash of everything that a landing is made from; the key aside, for another key is refused."""
    made_from = [
        software(),
        place.model_dump(mode="json", exclude=NOT_LANDED),
        [contract.model_dump(mode="json") for contract in contracts().values()],
        [(file.source, file.file, file.sha256) for file in seen],
    ]
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def see_again(place: Place, extracts: Path, before: LandingRecord) -> tuple[SeenFile, ...] | None:
    """The files that were landed `before`, as they are now; None when some are other files, or hold something else.

    A file with the same size and modification time isn't read again. What can't be read isn't the same: landing says what is wrong.
    """
    try:
        return _see_again(place, extracts, before)
    except OSError:
        return None


def _see_again(place: Place, extracts: Path, before: LandingRecord) -> tuple[SeenFile, ...] | None:
    remembered = {(file.source, file.file): file for file in before.seen}
    present = {(source.name, str(path.relative_to(extracts))): path for source, path in files_of(place, extracts)}
    if present.keys() != remembered.keys():
        return None
    now = tuple(_as_it_is(path, remembered[name]) for name, path in present.items())
    return now if [file.sha256 for file in now] == [remembered[name].sha256 for name in present] else None


def files_of(place: Place, extracts: Path) -> Iterator[tuple[Source, Path]]:
    """Each source's files that are there, in the order of reading."""
    for source in place.sources:
        for drop in drops(source, extracts, _refuse, lambda _: None):
            yield source, drop.path


def _refuse(_: str, error: OSError) -> None:
    raise error


def _as_it_is(path: Path, before: SeenFile) -> SeenFile:
    status = path.stat()
    if (status.st_size, status.st_mtime_ns) == (before.size, before.mtime_ns):
        return before
    digest = sha256_of(path) if status.st_size == before.size else "another size"
    return before.model_copy(update={"size": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": digest})

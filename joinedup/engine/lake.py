"""The lake: where Spark's workers read what was landed and write results, and where the manifest says which of them are published.

    inputs/<table>-<hash of its content>.parquet     what was landed, and tables of the place
    results/<table>-<recipe>/<attempt>/part-….parquet  as workers wrote it, half of it where they were killed
    results/<table>-<recipe>.json                    which of these files the result is: without it there is none
    builds/00000012.json                             the twelfth manifest; the last is the published one

Nothing is ever renamed or written again. What says that something is whole, a result or a build, is one small file that is created, by
a write that fails where there is one already (If-None-Match on object stores). So of two builders one wins, whichever, and the other knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import pyarrow.parquet as pq
from pydantic import ValidationError

from joinedup.engine.manifest import InputRecord, Manifest, TableRecord
from joinedup.engine.objects import DIGITS, sha256_of
from joinedup.engine.specs import Frozen
from joinedup.engine.store import Store
from joinedup.errors import StoreHeld, StoreProblem

BUILDS = "builds"
BUILD_DIGITS = 8


class Files(Protocol):
    """Files below one address, by names with slashes; what goes wrong is a StoreProblem."""

    root: str
    """The address as Spark takes it, without a slash at its end."""

    def create(self, name: str, content: bytes) -> bool:
        """Whether the file was made now, whole and at once; False where there is one of that name, which stays as it is."""

    def put(self, name: str, path: Path) -> None:
        """Nothing; the file holds what `path` does. Until it does there is none."""

    def read(self, name: str) -> bytes | None:
        """What a small file holds; None where there is none."""

    def fetch(self, name: str, path: Path) -> None:
        """Nothing; `path` holds what the file does."""

    def below(self, folder: str) -> dict[str, datetime]:
        """The files in a folder and below it, and when each was written."""

    def remove(self, names: Sequence[str]) -> None:
        """Nothing; the files are gone."""


class LakeTable(Frozen):
    """A table on the lake."""

    files: tuple[str, ...]
    """Below the lake's root, in the order of their rows."""
    rows: int


class LakeBuild(Frozen):
    """A build on the lake: what the store's manifest says of it, and which files its tables are there."""

    number: int
    manifest: Manifest
    inputs: dict[str, LakeTable] = {}
    tables: dict[str, LakeTable] = {}


class Lake:
    """One place's part of a lake."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.known: dict[Path, LakeTable] = {}
        """By the file of the store that is the same."""
        self.made: dict[str, LakeTable] = {}
        """What was made now, by the name that its file in the store has, also while that is being written."""
        self.inputs = frozenset(files.below("inputs"))
        self.began_after = self.last_number()

    def address(self, name: str) -> str:
        """A file or folder as Spark takes it."""
        return f"{self.files.root}/{name}"

    def addresses(self, table: LakeTable) -> list[str]:
        """The files of a table as Spark takes them."""
        return [self.address(name) for name in table.files]

    def attempt(self, stem: str) -> str:
        """A folder of the lake that nobody else writes to, for a result."""
        return f"results/{stem}/{uuid4().hex}"

    def finish(self, path: Path, attempt: str, rows: int) -> LakeTable:
        """The result that workers wrote to the folder of an attempt, which stands for the store's `path` from now on.

        Where another builder has finished the same result first, that one.
        """
        written = self.files.below(attempt)
        made = LakeTable(files=tuple(sorted(name for name in written if name.endswith(".parquet"))), rows=rows)
        if not self.files.create(f"results/{path.stem}.json", made.model_dump_json().encode()):
            self.files.remove(list(written))
            made = self._finished(path.stem) or made
        self.made[path.name] = made
        return made

    def _finished(self, stem: str) -> LakeTable | None:
        """What says that a result is whole; None where nothing does."""
        content = self.files.read(f"results/{stem}.json")
        try:
            return None if content is None else LakeTable.model_validate_json(content)
        except ValidationError as error:
            raise StoreProblem(f"{self.address(f'results/{stem}.json')} can't be read: another version wrote it; remove it") from error

    def brought(self, path: Path) -> LakeTable:
        """A table of the store as it is on the lake, brought there where it isn't."""
        found = self.made.get(path.name) or self.known.get(path) or self._finished(path.stem)
        if found is None:
            name = f"inputs/{path.stem.rsplit('-', 1)[0]}-{sha256_of(path)[:DIGITS]}.parquet"
            if name not in self.inputs:
                self.files.put(name, path)
            found = LakeTable(files=(name,), rows=int(pq.read_metadata(path).num_rows))
        self.known[path] = found
        return found

    def _all_of(self, record: InputRecord | TableRecord, store: Store) -> LakeTable:
        """A table of the store, of one file or of parts, as it is on the lake."""
        brought = [self.brought(store.root / file) for file in record.files]
        return LakeTable(files=tuple(name for each in brought for name in each.files), rows=sum(each.rows for each in brought))

    def last_number(self) -> int:
        """The number of the published build; 0 where there is none."""
        numbers = [name.rpartition("/")[2].removesuffix(".json") for name in self.files.below(BUILDS)]
        return max((int(number) for number in numbers if number.isdecimal()), default=0)

    def published(self) -> LakeBuild | None:
        """The build that is published on the lake; None where there is none."""
        number = self.last_number()
        return self._build(_build(number)) if number else None

    def builds(self) -> dict[str, LakeBuild]:
        """Every build that is on the lake, by the name of its manifest, the published one last; StoreProblem where one can't be read."""
        return {name: self._build(name) for name in sorted(self.files.below(BUILDS))}

    def _build(self, name: str) -> LakeBuild:
        try:
            return LakeBuild.model_validate_json(self.files.read(name) or b"")
        except ValidationError as error:
            raise StoreProblem(f"{self.address(name)} can't be read: a later version wrote it; update joinedup") from error

    def publish(self, manifest: Manifest, store: Store) -> LakeBuild:
        """The build, published on the lake; StoreHeld where another builder has published there since this one began."""
        last = self.published()
        if last is not None and last.number == self.began_after and last.manifest.same_content(manifest):
            return last
        inputs = {name: self._all_of(record, store) for name, record in manifest.inputs.items()}
        tables = {name: self._all_of(record, store) for name, record in manifest.tables.items()}
        build = LakeBuild(number=self.began_after + 1, manifest=manifest, inputs=inputs, tables=tables)
        if not self.files.create(_build(build.number), build.model_dump_json(indent=1).encode()):
            raise self._beaten()
        self.began_after = build.number
        return build

    def _beaten(self) -> StoreHeld:
        other = self.published()
        which = "another build" if other is None else f"build {other.manifest.build_id} (made by {other.manifest.software})"
        return StoreHeld(
            f"{which} was published on the lake {self.files.root} while this one was being made, so this one isn't: look whether it is "
            "still wanted, and run it again; what it made is there"
        )


def _build(number: int) -> str:
    return f"{BUILDS}/{number:0{BUILD_DIGITS}d}.json"


def open_lake(address: str, place: str, settings: Mapping[str, str]) -> Lake:
    """A place's part of the lake at an address; StoreProblem where it can't be reached."""
    from joinedup.engine.lake_files import open_files  # noqa: PLC0415 - what speaks to object stores starts only when it is used

    return Lake(open_files(f"{address.rstrip('/')}/{place}", settings))

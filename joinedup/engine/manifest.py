"""The manifest: what a published build holds and what each table was made from. It holds no person."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from joinedup.engine.measuring import Measured, ProcessMeasured
from joinedup.engine.parts import InFiles
from joinedup.engine.specs import Frozen
from joinedup.engine.store import Store, atomic_write, read_regular, store_errors
from joinedup.engine.turns import turns_of_builds
from joinedup.errors import NothingPublished, StoreProblem


class InputRecord(InFiles):
    """A table that came from outside the build: a landed extract, a table of the place or reference data."""

    digest: str
    """SHA-256 of the file, or of those of its parts."""
    rows: int
    title: str = ""
    version: int = 1
    """Of its description: for a code list, that of the list."""
    source: str = ""
    kind: Literal["", "landed", "place", "reference"] = ""


FORM = 2


class Because(Frozen):
    """Why a table couldn't be taken over from the build before."""

    first: bool = False
    """The build before had no such table, or there was none."""
    engine: bool = False
    """Another engine, or another major version of it."""
    definition: bool = False
    """Its SQL, version, columns, key or order."""
    inputs: tuple[str, ...] = ()
    """The tables that it reads and that were others in the build before."""
    damaged: bool = False
    """Its file was gone or damaged, and nothing else had changed."""


class TableRecord(InFiles):
    """A table that the build made. The names of its files hold the hash of what they were made from."""

    digest: str
    """SHA-256 of the file, or of those of its parts."""
    size: int
    """Of all its files."""
    rows: int
    seconds: float = 0.0
    reused: bool = False
    """True when it had been made before this build."""
    inputs: tuple[str, ...] = ()
    definition: str = ""
    """The hash of its SQL, version, columns, key and order; empty in manifests of before it was kept."""
    because: Because | None = None
    """Why it was made in this build; None where it is used again."""
    made_in: str = ""
    """The build that made it; empty where no manifest says, as of one that was killed."""
    measured: Measured | None = None
    """What making it cost, in whichever build that was."""
    title: str = ""
    version: int = 1
    """Of its description."""
    made_of: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Column -> the columns (table.column) that it is made from; under the empty name what decides which rows there are."""
    constants: dict[str, str] = Field(default_factory=dict)
    """Column -> the one value that every row has, where its SQL says so."""


def parts_made(record: TableRecord) -> str:
    """How many parts of a table were made, where others were used again, and of how many only some people's rows; empty for one that was
    made, or used again, as a whole."""
    made = sum(not part.reused for part in record.parts)
    amended = sum(not part.reused and part.amends is not None for part in record.parts)
    told = f"{made} of {len(record.parts)} parts" if amended or 0 < made < len(record.parts) else ""
    return f"{told}, of {amended} some people's rows" if amended else told


class Manifest(Frozen):
    """One published build."""

    build_id: str
    built_at: datetime
    engine: str
    software: str
    signature: str = ""
    """Of everything that the build was made from."""
    about: dict[str, Any] = Field(default_factory=dict)
    """What the caller says about the build: the place, its version, the landing and its sources."""
    inputs: dict[str, InputRecord] = Field(default_factory=dict)
    tables: dict[str, TableRecord] = Field(default_factory=dict)
    before: str = ""
    """The build that was published when this one began."""
    number: int = 0
    """One more than that of the build before: what tells which is later, whatever the clock says; 0 in manifests of before it was kept."""
    measured: ProcessMeasured | None = None
    """What the build cost."""
    form: int = 1
    """How what a table was made from is hashed: 1 by the recipes of what it reads, 2 by what that holds."""

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that it names, below the store's root."""
        return tuple(file for records in (self.tables, self.inputs) for record in records.values() for file in record.files)

    def same_content(self, other: Manifest) -> bool:
        """Whether two builds hold the same files and say the same about them, whenever they were built."""
        return self._content() == other._content()

    def _content(self) -> tuple[Any, ...]:
        files: Mapping[str, Any] = {name: (record.files, record.digest, record.rows, record.inputs) for name, record in self.tables.items()}
        return self.engine, self.about, self.inputs, files


def read_manifest(store: Store) -> Manifest:
    """The manifest of the published build; NothingPublished when there is none."""
    if not store.manifest.exists():
        raise NothingPublished(f"nothing has been built in {store.root} yet; run joinedup build")
    return read_build(store.manifest)


def read_build(path: Path) -> Manifest:
    """The manifest in a file; StoreProblem where it is none that this version can read."""
    try:
        return Manifest.model_validate_json(read_regular(path))
    except ValidationError as error:
        # Another build replaces what is published, never a manifest that was kept.
        mend = (
            "remove it, and the next collection takes what it alone named" if path.parent.name == "builds" else "build again to replace it"
        )
        raise StoreProblem(f"{path} is not a manifest that this version can read (faults: {error.error_count()}); {mend}") from error
    except OSError as error:
        raise StoreProblem(f"{path} can't be read: {error.strerror}") from error


def builds_by_number(store: Store) -> list[Manifest]:
    """Every build that is kept and can be read, in the order in which they were published; the clock decides where no number does."""
    builds = []
    for path in store.builds.glob("*.json"):
        with suppress(StoreProblem):
            builds.append(read_build(path))
    return sorted(builds, key=lambda build: (build.number, build.built_at, build.build_id))


def manifest_before(store: Store, manifest: Manifest) -> Manifest | None:
    """The manifest of the build that was published before another; None where there was none, or it can't be read any more."""
    path = store.builds / f"{manifest.before}.json"
    try:
        return Manifest.model_validate_json(path.read_bytes()) if manifest.before else None
    except (OSError, ValidationError):
        return None


def publish(store: Store, manifest: Manifest, turn: int | None = None) -> None:
    """Nothing; from its last instant on, `manifest` is the published build, and all that it names is on disk.

    StoreProblem where another build was published since this one began, in that `turn`: on a folder that hosts share, locks may not reach
    from one to the other, and of two that publish in the same instant one does.
    """
    turns = turns_of_builds(store)
    refuse_overtaken(store, manifest)
    with store_errors(store.builds):
        store.sync_names(store.root / file for file in manifest.files)
        kept = _kept(store, manifest.build_id)
        atomic_write(kept, manifest.model_dump_json(indent=1).encode())
    if not turns.publish(turn or turns.next(), manifest.build_id, partial(_name, store)):
        if not (store.manifest.exists() and read_manifest(store).build_id == manifest.build_id):
            kept.unlink(missing_ok=True)
        refuse_overtaken(store, manifest)
        raise StoreProblem(f"another host publishes in {store.root} in the same instant; nothing was published: build again")


def _kept(store: Store, build_id: str) -> Path:
    return store.builds / f"{build_id}.json"


def _name(store: Store, build_id: str) -> None:
    """Nothing; a build that is kept is the published one."""
    with store_errors(store.manifest):
        atomic_write(store.manifest, _kept(store, build_id).read_bytes())


def refuse_overtaken(store: Store, manifest: Manifest) -> None:
    """Nothing where the published build is still the one that `manifest` was begun on; StoreProblem where it no longer is."""
    try:
        published = read_manifest(store).build_id
    except (NothingPublished, StoreProblem):
        published = ""
    if published != manifest.before:
        raise StoreProblem(
            f"build {published or 'none'} is published in {store.root}, and this one was begun on {manifest.before or 'none'}: another "
            "host, that this lock doesn't reach, builds there too; nothing was published: build again, from one host at a time"
        )

"""The record of a landing: what was read, loaded and linked, and where its tables lie. It holds no person."""

from __future__ import annotations

from datetime import datetime
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from joinedup.engine.measuring import ProcessMeasured, StepMeasured
from joinedup.engine.parts import InFiles
from joinedup.engine.specs import Frozen, TableSpec, read_specs
from joinedup.engine.store import Store, atomic_write, read_regular, store_errors
from joinedup.engine.turns import turns_of_landings
from joinedup.errors import NothingPublished, StoreProblem
from joinedup.findings import Finding
from joinedup.sources.accounts import FileAccount
from joinedup.sources.restricted import for_others

LANDING_FILE = "landing.json"
"""The record of a landing, beside its tables."""
SAFE_NAME_ONLY = r"^[A-Za-z0-9_][A-Za-z0-9_-]*$"
"""It becomes the name of a folder, and may come from another host."""


class LandedTable(InFiles):
    """One table of a landing."""

    digest: str
    """SHA-256 of what the file holds, or of those of its parts."""
    rows: int

    def handed_over(self, name: str) -> dict[str, tuple[str, str]]:
        """What the files of the table of that name are called where it is handed over -> where each lies, and its digest."""
        if not self.parts:
            return {f"{name}.parquet": (self.file, self.digest)}
        return {f"{name}.{part.value}.parquet": (part.file, part.digest) for part in self.parts}

    def lying_in(self, folder: str, name: str) -> LandedTable:
        """The same table where its files, called as they are handed over, lie in a folder below the store's root."""
        parts = tuple(part.model_copy(update={"file": f"{folder}/{name}.{part.value}.parquet"}) for part in self.parts)
        return self.model_copy(update={"file": "" if parts else f"{folder}/{name}.parquet", "parts": parts})


class SeenFile(Frozen):
    """A file as it was when it was landed: unchanged while path, size and modification time are, it isn't read again."""

    source: str
    file: str
    size: int
    mtime_ns: int
    sha256: str


class RegisterVersion(Frozen):
    """The identity register as a landing left it: which one, and how far it had grown."""

    register_id: str
    form: str
    landing: int
    """How many landings it had, this one included."""
    key_fingerprint: str
    ids_fingerprint: str
    """Of the secret that every person_id follows from; it stays when the key changes."""
    erased: int = 0
    """How many erasures were on its list."""


class LandingRecord(Frozen):
    """One landing, as `landing.json` keeps it."""

    landing_id: str = Field(pattern=SAFE_NAME_ONLY)
    landed_at: datetime
    place_id: str = ""
    """Empty in records of before it was kept."""
    software: str
    signature: str
    """Of everything that the landing was made from; the next one with the same does nothing."""
    key_fingerprint: str
    register_version: RegisterVersion | None = None
    """None in records of before there were such."""
    tables: dict[Annotated[str, Field(pattern=SAFE_NAME_ONLY)], LandedTable]
    files: tuple[FileAccount, ...]
    seen: tuple[SeenFile, ...] = ()
    missing_contracts: tuple[str, ...] = ()
    """Contracts that no source of this place follows, or whose every file was refused."""
    links: dict[str, dict[str, int]] = Field(default_factory=dict)
    """Contract -> how its rows were linked, or why not -> rows."""
    findings: tuple[Finding, ...] = ()
    erased: int = 0
    """The number of the last erasure that it has been through: it holds nobody whom that one or those before erased."""

    steps: tuple[StepMeasured, ...] = ()
    """What each step cost; empty in records of before it was kept."""
    measured: ProcessMeasured | None = None
    """What the landing cost."""

    def summary(self) -> dict[str, Any]:
        """What a build's manifest keeps of it; neither accounts nor steps tell exactly how much the law kept out."""
        told = {"landing_id", "landed_at", "software", "register_version", "files", "missing_contracts", "links", "findings"}
        steps = tuple(step.model_copy(update={"rows": _told_of(step)}) for step in self.steps)
        others = self.model_copy(update={"files": tuple(map(for_others, self.files)), "steps": steps})
        return others.model_dump(mode="json", include=told | {"steps", "measured"})


def _told_of(step: StepMeasured) -> dict[str, int]:
    """The rows of a step, but for totals that hold what the law kept out."""
    return {kind: count for kind, count in step.rows.items() if kind not in {"read", "rejected"}}


@cache
def landing_specs() -> dict[str, TableSpec]:
    """The tables in which a landing accounts for itself, as their .yml declare them."""
    return read_specs(Path(str(files("joinedup.sources"))) / "tables")


def current_path(store: Store) -> Path:
    """Where the name of the current landing stands."""
    return store.landed / "current.json"


def read_landing(store: Store) -> LandingRecord:
    """The current landing; NothingPublished when nothing has been landed."""
    path = current_path(store)
    if not path.exists():
        raise NothingPublished(f"nothing has been landed in {store.root} yet; run joinedup land")
    return parse_landing(path)


def parse_landing(path: Path) -> LandingRecord:
    """The record of a landing in a file; StoreProblem when it is none that this version can read."""
    try:
        return LandingRecord.model_validate_json(read_regular(path))
    except OSError as error:
        raise StoreProblem(f"{path} can't be read ({error.strerror}); name the folder that joinedup land --hand-over wrote") from None
    except ValidationError as error:
        raise StoreProblem(
            f"{path} is not a landing that this version can read (faults: {error.error_count()}); land again to replace it"
        ) from error


def publish_landing(store: Store, record: LandingRecord, turn: int | None = None) -> None:
    """Nothing; from its last instant on, `record` is the current landing, and all that it names is on disk.

    StoreProblem where another host, which no lock of this folder reaches, took this `turn` to publish.
    """
    turns = turns_of_landings(store)
    atomic_write(store.landed / record.landing_id / LANDING_FILE, record.model_dump_json(indent=1).encode())
    store.sync_names(store.root / file for table in record.tables.values() for file in table.files)
    if not turns.publish(turn or turns.next(), record.landing_id, partial(_name, store)):
        raise StoreProblem(
            f"another host, which the lock of this folder doesn't reach, has landed in {store.root} in the same instant, and its landing "
            "is current: land again, from one host at a time"
        )


def _name(store: Store, landing_id: str) -> None:
    """Nothing; a landing that lies in the store is the current one."""
    with store_errors(current_path(store)):
        atomic_write(current_path(store), (store.landed / landing_id / LANDING_FILE).read_bytes())

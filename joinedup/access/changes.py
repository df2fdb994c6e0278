"""What changed between two builds, as it is kept: which causes there were, what each did to every published number, and to which tables."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from joinedup.engine.comparing import TableChange
from joinedup.engine.manifest import Manifest
from joinedup.engine.specs import Frozen
from joinedup.engine.store import PRIVATE_FOLDER, Store, atomic_write, store_errors

FORM = 2
"""Of what is kept: 2 since what a landing counts goes to what changed of its contract."""


class Cause(StrEnum):
    """Why a number is another, in the order in which causes are changed one at a time.

    From what says how a record is read and counted to what it is made of: so that a new definition is told by what it does to the data that
    were there, and new data by what they add to a place, lists and definitions as they are now.
    """

    SOFTWARE = "software"
    PLACE = "place folder"
    CODES = "code list"
    DEFINITION = "definition"
    LINKAGE = "linkage"
    CORRECTION = "late correction"
    POPULATION = "population"
    NEW = "new data"


class Turn(Frozen):
    """One step of the way from one build to another: what was changed in it."""

    causes: tuple[Cause, ...]
    """One, or several that couldn't be told apart."""
    details: tuple[str, ...] = ()
    """What exactly, in words."""
    made: int = 0
    """Tables that had to be made to see what it does."""
    reused: int = 0

    @property
    def name(self) -> str:
        """The causes in words."""
        return " and ".join(self.causes)


class Cell(Frozen):
    """One published number: what it was in the earlier build, after each turn, and so in the later build."""

    name: str
    """Of the measure or published table, as evidence keys have it."""
    key: str
    """Of its evidence."""
    told_apart: tuple[str, ...]
    count: str
    """Which of its counts, or value."""
    values: tuple[float | None, ...]
    """One more than there are turns; None where it isn't known or not published."""

    @property
    def before(self) -> float | None:
        """What it was."""
        return self.values[0]

    @property
    def after(self) -> float | None:
        """What it is."""
        return self.values[-1]

    @property
    def difference(self) -> float | None:
        """By how much it is another; None where either isn't known."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def shares(self) -> tuple[float | None, ...]:
        """What each turn did, which adds up to the difference; None for a turn after which it isn't known.

        What it is once it is known again is the share of the turn that made it known.
        """
        if self.before is None or self.after is None:
            return tuple(None for _ in self.values[1:])
        found: list[float | None] = []
        last = self.before
        for value in self.values[1:]:
            found.append(None if value is None else value - last)
            last = last if value is None else value
        return tuple(found)


class Of(Frozen):
    """A build that is compared."""

    build_id: str
    number: int
    built_at: str
    as_at: str
    """The day of which the record is."""
    landing_id: str


class Changes(Frozen):
    """What changed between two builds."""

    before: Of
    after: Of
    turns: tuple[Turn, ...]
    tables: tuple[TableChange, ...]
    cells: tuple[Cell, ...]
    """The published numbers that changed at any turn."""
    compared: int = 0
    """How many published numbers were compared."""
    not_told: tuple[str, ...] = ()
    """What can't be told, and why."""
    form: int = 1

    @cached_property
    def by_key(self) -> dict[str, list[Cell]]:
        """Evidence key -> what changed of it."""
        found: dict[str, list[Cell]] = {}
        for cell in self.cells:
            found.setdefault(cell.key, []).append(cell)
        return found


def of_build(manifest: Manifest) -> Of:
    """A build as comparisons name it."""
    about = manifest.about
    return Of(
        build_id=manifest.build_id,
        number=manifest.number,
        built_at=manifest.built_at.isoformat(),
        as_at=str(about.get("place", {}).get("as_at", "")),
        landing_id=str(about.get("landing", {}).get("landing_id", "")),
    )


def path_of(store: Store, before: str, after: str) -> Path:
    """Where what changed between two builds is kept."""
    return store.changes / f"{before}_{after}.json"


def keep_changes(store: Store, found: Changes) -> None:
    """Nothing; what changed is kept with the builds."""
    with store_errors(store.changes):
        store.changes.mkdir(exist_ok=True, mode=PRIVATE_FOLDER)
    atomic_write(path_of(store, found.before.build_id, found.after.build_id), found.model_dump_json().encode())


def kept_changes(store: Store, before: str, after: str) -> Changes | None:
    """What was found to have changed between two builds; None where nobody has asked, or this version can't read it."""
    try:
        found = Changes.model_validate_json(path_of(store, before, after).read_bytes())
    except (OSError, ValidationError):
        return None
    return found if found.form == FORM else None


def largest(cells: Sequence[Cell]) -> list[Cell]:
    """Cells in the order of how much they changed for what chance makes of counts of their size, the most first."""
    return sorted(cells, key=lambda cell: -abs(cell.difference or 0.0) / max(abs(cell.before or 0.0), abs(cell.after or 0.0), 1.0) ** 0.5)

"""An odd file as data: what writes it, what sources.yml says of it, and what landing must make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.gauntlet.planting import Written


@dataclass(frozen=True, slots=True)
class Odd:
    """A broken file: what writes it, and what landing must make of it."""

    name: str
    broken: str
    contract: str
    write: Callable[[str], Written]
    """The file, from what its keys begin with."""
    finds: Mapping[str, int | None] = field(default_factory=dict)
    """Rule -> in how many rows; 0 where it is about the file, None where the number says nothing. No other rule may be found."""
    rows: tuple[int, int, int, int] | None = None
    """Rows read, loaded, superseded and rejected."""
    holds: Mapping[str, int] = field(default_factory=dict)
    """An SQL condition on its landed rows -> how many fulfil it."""
    says: tuple[str, ...] = ()
    """Words of what is found."""
    source: Mapping[str, Any] = field(default_factory=dict)
    """What sources.yml says of it besides."""
    lines: tuple[str, ...] = ()
    refused: bool = False

    @property
    def expected(self) -> str:
        """In words what must come of it."""
        found = ", ".join(rule if not rows else f"{rule} in {rows} rows" for rule, rows in self.finds.items()) or "nothing found"
        return f"{'refused as a whole; ' if self.refused else self._told()}{found}"

    def _told(self) -> str:
        if self.rows is None:
            return ""
        read, loaded, superseded, rejected = self.rows
        return f"{read} rows read, {loaded} loaded, {superseded} superseded, {rejected} rejected; "

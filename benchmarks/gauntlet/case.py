"""A case: what is broken, how, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.gauntlet.ground import Ground


class Unexpected(Exception):
    """What was found instead of what was expected."""


@dataclass(frozen=True, slots=True)
class Case:
    """One broken input or fault."""

    id: str
    """Its kind and name, such as file/utf-16."""
    broken: str
    """What is broken, in a few words."""
    expected: str
    """The finding, error or recovery that must come of it."""
    attempt: Callable[[Ground], str]
    """What was found; Unexpected where it isn't what was expected."""
    lines: tuple[str, ...] = ()
    """The lines of the lists (lines.py) that it stands for."""

    @property
    def kind(self) -> str:
        """What is broken: the rows of a contract, a file, the place folder, a build."""
        return self.id.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Tried:
    """How a case came out."""

    case: Case
    passed: bool
    found: str
    seconds: float
    """Of the clock."""

    def line(self) -> str:
        """It in one line; a case that failed says what was expected."""
        begins = f"{'pass' if self.passed else 'FAIL'} {self.case.id} ({self.seconds:.2f} s): "
        return f"{begins}{self.found}" if self.passed else f"{begins}{self.case.broken}; expected {self.case.expected}; found {self.found}"

    def told(self) -> dict[str, Any]:
        """It as JSON."""
        case = {name: getattr(self.case, name) for name in ("id", "broken", "expected", "lines")}
        return case | {"passed": self.passed, "found": self.found, "seconds": round(self.seconds, 3)}


def expect(holds: bool, found: object) -> None:
    """Nothing where it holds; Unexpected says what was found."""
    if not holds:
        raise Unexpected(str(found))

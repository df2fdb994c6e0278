"""Progress of long work: one value a step, which the command line shows and everything else may ignore."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Step:
    """One step that ended: of which stage, what it made, and its rows by kind (loaded, superseded, rejected, written)."""

    stage: str
    name: str
    done: int
    total: int
    seconds: float
    rows: Mapping[str, int] = field(default_factory=dict)
    reused: bool = False
    note: str = ""
    contract: str = ""
    """Of a file of a partner's, whose name may be anything: what it follows."""
    of: str = ""
    """The build or landing that it belongs to, by its id."""


Progress = Callable[[Step], None]


def belonging(progress: Progress, to: str) -> Progress:
    """What tells of each step that it belongs to a build or landing."""
    return lambda step: progress(replace(step, of=to))


def silent(step: Step) -> None:
    """Shows nothing."""

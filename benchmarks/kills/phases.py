"""What a verb is at when it is killed: its phases, noted where a killed process can't take them with it."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

PHASES = (
    "starting",
    "reading",
    "linking",
    "handing over",
    "planning",
    "making tables",
    "publishing",
    "published",
    "collecting",
    "ending",
)
STEPS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "land": (
        ("joinedup.land", "stage", "reading"),
        ("joinedup.land", "link", "linking"),
        ("joinedup.land", "write_landed", "handing over"),
        ("joinedup.land", "publish_landing", "publishing"),
    ),
    "build": (
        ("joinedup.engine.building", "plan", "planning"),
        ("joinedup.engine.making", "move_into_place", "making tables"),
        ("joinedup.engine.builder", "publish", "publishing"),
    ),
    "collect": (("joinedup.engine.collecting", "drop", "collecting"),),
    "show": (),
}
"""Verb -> where one of its phases begins: when this function of that module is called."""
AFTER = {"plan": "making tables", "drop": "ending"}
"""What is begun when a function has ended, where nothing else says it."""


class Noted:
    """The phase of this process, in a file that it maps: what is written there stays, however it ends."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(1))
        with path.open("rb+") as file:
            self.byte = mmap.mmap(file.fileno(), 1)

    @property
    def now(self) -> str:
        """The phase."""
        return PHASES[self.byte[0]]

    def enter(self, phase: str) -> None:
        """Nothing; the phase has begun, unless a later one has."""
        self.byte[0] = max(self.byte[0], PHASES.index(phase))

    def listen(self, verb: str) -> None:
        """Nothing; from now on the verb's phases are noted."""
        for module, name, phase in STEPS[verb]:
            place = import_module(module)
            setattr(place, name, self._noting(getattr(place, name), phase, AFTER.get(name)))

    def _noting(self, whole: Callable[..., Any], phase: str, after: str | None) -> Callable[..., Any]:
        def noting(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the function is given, and gives
            self.enter(phase)
            made = whole(*given, **named)
            if after:
                self.enter(after)
            return made

        return noting


def phase_in(path: Path) -> str:
    """The phase in which the process that wrote the file ended."""
    return PHASES[path.read_bytes()[0]] if path.exists() else PHASES[0]

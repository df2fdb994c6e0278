"""joinedup: the working system of a place, from its partners' extracts to a page per neighbourhood.

A module imports only from layers below it; neighbours on one line don't see each other (pyproject.toml holds this):

    cli
    demo | report | session | tabular
    land | build | starting | naming
    forget
    hand_off
    papers
    access
    outcomes | money
    population
    records
    identity
    sources
    place
    kept
    engine | statistics
    journal
    findings, periods, errors, progress
    sheets
    cells
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from joinedup.session import OpenPlace


def open(folder: str | Path, purpose: str, *, store: str | Path | None = None, reason: str = "") -> OpenPlace:
    """A place for an analyst: `place.records("activity", columns=[…], where=[…])`, through the doors and as the account that runs this."""
    from joinedup.session import open_place  # noqa: PLC0415 - nothing is loaded before it is asked for

    return open_place(folder, purpose, store=store, reason=reason)

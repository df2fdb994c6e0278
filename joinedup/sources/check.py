"""Everything that is wrong with a place's folder and its extracts, at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from joinedup.engine.duck import connect
from joinedup.errors import PlaceError
from joinedup.findings import Finding
from joinedup.place import sharing
from joinedup.place.facts import read_facts
from joinedup.place.folder import assembled, read_place
from joinedup.place.model import Place, Source
from joinedup.progress import Progress, silent
from joinedup.sources.accounts import FileAccount
from joinedup.sources.contract import contracts
from joinedup.sources.cross_checks import people_findings, place_findings
from joinedup.sources.landing import stage


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: in the folder, in each file, between the files, and between them and the place."""

    files: tuple[FileAccount, ...]
    findings: tuple[Finding, ...]
    place: Place | None = None
    """As much of the place as could be read; None where its place.yml can't be."""


def check(folder: Path, extracts: Path, progress: Progress = silent) -> Checked:
    """The accounts of a place's files and everything wrong with folder and files; nothing is kept of any row.

    Where the folder itself has errors, the files that its sources name are checked all the same, though not against it.
    """
    try:
        place = read_place(folder, contract_names=tuple(contracts()))
    except PlaceError as error:
        return _check_files(_what_can_be_read(folder), error.findings, extracts, progress, sound=False)
    return _check_files(place, (*place.warnings, *sharing.findings(place, date.today())), extracts, progress, sound=True)


def check_sources(place: Place, sources: Sequence[Source], extracts: Path, progress: Progress = silent) -> Checked:
    """The accounts of some sources' files and what is wrong with them and between them, though not beside the place's other files."""
    return _check_files(place.model_copy(update={"sources": tuple(sources)}), (), extracts, progress, sound=False)


def _what_can_be_read(folder: Path) -> Place | None:
    """As much of a place with errors as is needed to read its files."""
    facts, _ = read_facts(folder)
    return assembled(folder, facts, []) if facts.heads else None


def _check_files(place: Place | None, found: tuple[Finding, ...], extracts: Path, progress: Progress, *, sound: bool) -> Checked:
    if place is None:
        return Checked((), found)
    con = connect()
    try:
        staging = stage(con, place, extracts, progress)
        between = list(people_findings(con, contracts(), staging.files))
        beside = list(place_findings(con, place, contracts(), staging.files)) if sound else []
    finally:
        con.close()
    return Checked(staging.files, tuple(dict.fromkeys([*found, *staging.findings, *between, *beside])), place)

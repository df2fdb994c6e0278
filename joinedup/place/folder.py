"""A place folder, read: the place as frozen values, or everything that is wrong with the folder."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

from joinedup.engine.cluster import Cluster
from joinedup.errors import PlaceError
from joinedup.findings import Finding, Severity, errors
from joinedup.place.facts import Facts, Many, Model, read_facts
from joinedup.place.model import Place
from joinedup.place.rules import broken
from joinedup.place.sentences import nearest

FOLDERS = ("segments", "cohorts", "codelists", "scores", "measures")
DEFINITIONS = ("conditions.yml", *FOLDERS)
"""What a place defines for itself: the tables of population and outcomes read it; here it is only seen to lie in the folder."""
READ = (
    "place.yml",
    "partners.csv",
    "practices.csv",
    "areas.csv",
    "area_people.csv",
    "sources.yml",
    "sharing.yml",
    "staff.csv",
    "restricted_codes.csv",
    "restricted_concepts.txt",
    "spark.yml",
    *DEFINITIONS,
)
FOR_LATER = (
    "service_lines.csv",
    "outcomes.yml",
    "boundaries.geojson",
    "interventions",
)
"""Parts of a place folder that this version leaves alone."""


def read_place(folder: Path, contract_names: Collection[str] | None = None, today: date | None = None) -> Place:
    """The place that a folder describes, with warnings; raises PlaceError with all findings where it can't be used.

    `contract_names` are the contracts that sources may follow; without them, which contract a source names is not checked.
    `today` is the day on which agreements hold or don't: the machine's when none is given.
    """
    names = names_in(folder)
    facts, findings = read_facts(folder, today or date.today())
    findings += broken(facts, contract_names)
    findings += list(strays(names)) + list(elsewhere(folder))
    found = sorted(dict.fromkeys(findings + no_id(folder, facts)), key=lambda finding: (finding.file, finding.line or 0))
    if faults := errors(found):
        first = f"{faults[0].where}: {faults[0].message}"
        raise PlaceError(f"the place folder {folder} has {len(faults)} {'error' if len(faults) == 1 else 'errors'}; {first}", found)
    return assembled(folder, facts, found)


def assembled(folder: Path, facts: Facts, warnings: list[Finding]) -> Place:
    """The place that facts without errors make."""
    head = facts.heads[0].value
    return Place(
        id=head.id or id_from(folder),
        name=head.name,
        folder=folder,
        invented=head.invented,
        word=head.word,
        as_at=head.as_at,
        district_code=head.district_code,
        linking=head.linking,
        retention=head.retention,
        access_log=head.access_log,
        handed_over_by=head.handed_over_by,
        sign_in=head.sign_in,
        neighbourhoods=values(facts.neighbourhoods),
        partners=values(facts.partners),
        contracts=values(facts.contracts),
        practices=values(facts.practices),
        memberships=values(facts.memberships),
        areas=values(facts.areas),
        area_people=values(facts.area_people),
        thresholds=values(facts.thresholds),
        sources=values(facts.sources),
        staff=values(facts.staff),
        restricted_codes=values(facts.restricted_codes),
        agreements=values(facts.agreements),
        has_sharing=facts.has_sharing,
        spark=facts.spark[0].value if facts.spark else Cluster(),
        warnings=tuple(warnings),
    )


def id_from(folder: Path) -> str:
    """The id that the folder's own name gives: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")[:60].rstrip("-")


def no_id(folder: Path, facts: Facts) -> list[Finding]:
    """A finding where neither place.yml nor the folder's name gives an id."""
    if id_from(folder) or not facts.heads or facts.heads[0].value.id:
        return []
    return [Finding("place.yml", "no-id", "has no id, and the folder's name gives none: write a line such as id: my-place", line=1)]


def names_in(folder: Path) -> list[str]:
    """The names of the files in a folder, in order."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError as error:
        message = f"can't be opened as a folder ({error.strerror}): name the folder of a place, such as places/mine"
        raise PlaceError(f"{folder} {message}", [Finding(str(folder), "no-folder", message)]) from None


def strays(names: list[str]) -> Iterator[Finding]:
    """Files that no version of joinedup reads, which may be misspelt ones."""
    known = (*READ, *FOR_LATER)
    for name in names:
        if name not in known and not name.startswith(".") and not name.lower().endswith((".md", ".txt")):
            message = f"is not a part of a place folder{nearest(name, known)}: nothing reads it"
            yield Finding(printable(name), "unknown-file", message, severity=Severity.WARNING)


def elsewhere(folder: Path) -> Iterator[Finding]:
    """Definitions that are links to outside the folder, or files where a folder is expected."""
    for name in DEFINITIONS:
        path = folder / name
        try:
            outside = path.is_symlink() and not path.resolve(strict=True).is_relative_to(folder.resolve())
        except (OSError, RuntimeError):  # a link to nowhere, or to itself
            outside = True
        if outside:
            yield Finding(name, "file-elsewhere", "is a link to something outside the folder: put what it leads to in its place")
        elif name in FOLDERS and path.exists() and not path.is_dir():
            yield Finding(
                name, "file-unreadable", "is a file where a folder of definitions is expected: take it away, or name it otherwise"
            )


def printable(name: str) -> str:
    """A file's name with bytes that are no text made visible."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def values(many: Many[Model]) -> tuple[Model, ...]:
    """The values without their lines."""
    return tuple(found.value for found in many)

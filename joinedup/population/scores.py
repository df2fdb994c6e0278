"""Scores as their definitions say: which groups of which code list, looked for where and how far back, with which weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from joinedup.errors import PlaceError
from joinedup.findings import Finding, Severity, errors
from joinedup.place.located import Located, validated
from joinedup.place.sentences import nearest
from joinedup.place.yaml_file import Document, read_yaml
from joinedup.sources.contract import contracts

FOLDER = "scores"
"""In the package and in a place folder."""
MILLION = 1_000_000
"""Weights are added up as whole millionths, so that a sum is the same in whatever order and on whichever engine."""

Setting = Literal[
    "general practice",
    "hospital admission",
    "outpatient",
    "emergency department",
    "mental health",
    "medication",
    "adult social care",
    "children's social care",
    "community",
    "maternity",
    "continuing care",
]
NotEmpty = Annotated[str, Field(min_length=1)]


class Frozen(BaseModel):
    """A value that doesn't change and takes no field it doesn't know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Rung(Frozen):
    """Two groups of which only the more severe one counts where a person has both."""

    severe: NotEmpty
    mild: NotEmpty


class AgePoints(Frozen):
    """Points added from an age on."""

    age_from: int = Field(ge=0, le=130)
    points: float = Field(allow_inf_nan=False)


class Age(Frozen):
    """The points that a publication adds for age; `use: false` leaves them out."""

    use: bool = False
    points: tuple[AgePoints, ...] = Field(min_length=1)


class Medicines(Frozen):
    """A group that is present where a person has so many different medicines."""

    group: NotEmpty
    at_least: int = Field(ge=1)


class Band(Frozen):
    """A band by its name and where it begins: `from` that value, or `over` it; the lowest has neither."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    band: NotEmpty
    at_least: float | None = Field(default=None, alias="from")
    over: float | None = None


class ScoreSpec(Frozen):
    """One score, read from `scores/<id>.yml`."""

    id: str = Field(alias="score", pattern=r"^[a-z][a-z0-9_]*$")
    title: NotEmpty
    order: int
    """Its place on pages."""
    about: str = ""
    not_for: str = ""
    """What it is not for."""
    kind: Literal["groups", "medicines"] = "groups"
    """groups: weights of the groups that a person has; medicines: how many different medicines."""
    list_id: str = Field(default="", alias="list")
    """The code list whose groups it counts."""
    slot: bool = False
    """Whether the list is left to the place: nothing is shown until it brings one."""
    weights: dict[str, float] = Field(default_factory=dict)
    """Weight of each group; where none is written, the weights of the list."""
    entries_needed: dict[str, int] = Field(default_factory=dict)
    """Groups that one entry is too little for."""
    window_days: int = Field(ge=1)
    """Entries count from so many days before the end of the year on."""
    settings: tuple[Setting, ...] = ()
    contracts: tuple[NotEmpty, ...] = Field(min_length=1)
    """The contracts without whose extracts it isn't known."""
    hierarchy: tuple[Rung, ...] = ()
    least: float | None = None
    """A sum below it is taken for it."""
    divided_by_groups: bool = False
    """Whether the sum is divided by the number of groups of the list, as deficits are."""
    medicines: Medicines | None = None
    age: Age | None = None
    bands: tuple[Band, ...] = ()
    source: NotEmpty
    owner: NotEmpty
    reviewer: str = "none yet"
    version: int
    valid_from: date


@dataclass(frozen=True)
class WeightedList:
    """What a score needs of a code list: its groups, each with its weight where the list has one, and whose it is."""

    groups: Mapping[str, float | None]
    origin: str
    doubtful: tuple[str, ...] = ()
    """Groups whose codes have more than one weight."""


@dataclass(frozen=True)
class Score:
    """A score with the list that it counts; None where no list is loaded."""

    spec: ScoreSpec
    listed: WeightedList | None

    @property
    def loaded(self) -> bool:
        """Whether it can be counted: it needs no list, or its list is there and has weights."""
        return self.spec.kind == "medicines" or bool(self.weights)

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each group that counts, by group."""
        if self.listed is None:
            return {}
        if self.spec.weights:
            return {group: weight for group, weight in self.spec.weights.items() if group in self.listed.groups}
        return {group: weight for group, weight in sorted(self.listed.groups.items()) if weight is not None}

    @property
    def divisor(self) -> int | None:
        """What the sum is divided by."""
        return len(self.weights) or None if self.spec.divided_by_groups else None

    def outranked_by(self, group: str) -> str | None:
        """The group in whose presence this one doesn't count."""
        return next((rung.severe for rung in self.spec.hierarchy if rung.mild == group), None)


def scores(place_folder: Path | None, lists: Mapping[str, WeightedList]) -> tuple[list[Score], list[Finding]]:
    """The scores of the package and of a place folder, in the order of pages, and what is wrong with them.

    A definition of the place takes the place of the package's of the same name. One with an error is left out.
    """
    of_place, findings = read_scores(place_folder) if place_folder is not None else ({}, [])
    shipped = {name: located for name, located in _of_package().items() if name not in of_place}
    findings += [fault for located in of_place.values() for fault in faults(located, lists)]
    findings += [of_list(fault, located.value) for located in shipped.values() for fault in faults(located, lists)]
    found = shipped | of_place
    spoilt = {finding.file for finding in errors(findings)}
    kept = [located.value for located in found.values() if located.spot.file not in spoilt]
    ordered = sorted(kept, key=lambda spec: (spec.order, spec.id))
    return [Score(spec, lists.get(spec.list_id)) for spec in ordered], findings


def of_list(fault: Finding, spec: ScoreSpec) -> Finding:
    """A fault of a definition of the package: the list that a place brings for it lacks something, and the rest still counts."""
    severity = fault.severity if fault.rule == "two-weights" else Severity.WARNING
    return replace(
        fault, file=f"codelists/{spec.list_id}.csv", line=None, message=f"the score {spec.id} {fault.message}", severity=severity
    )


@cache
def _of_package() -> Mapping[str, Located[ScoreSpec]]:
    found, findings = read_scores(Path(str(files("joinedup.population"))))
    if findings:
        raise PlaceError(f"{findings[0].where}: {findings[0].message}", findings)
    return found


def read_scores(folder: Path) -> tuple[dict[str, Located[ScoreSpec]], list[Finding]]:
    """The definitions in the `scores` of a folder, by id, and what is wrong with them, by file and line."""
    found: dict[str, Located[ScoreSpec]] = {}
    findings: list[Finding] = []
    for path in sorted((folder / FOLDER).glob("*.yml")):
        document, unread = read_yaml(folder, f"{FOLDER}/{path.name}")
        findings += unread or _read_into(found, document, path.stem)
    return found, findings


def _read_into(found: dict[str, Located[ScoreSpec]], document: Document, stem: str) -> list[Finding]:
    names = {"list_id": "list", "id": "score"}
    known = [names.get(name, name) for name in ScoreSpec.model_fields]
    specs, findings = validated(ScoreSpec, document.content, document.spot(), names, known)
    for located in specs:
        if located.value.id != stem:
            findings.append(located.fault("score-name", f"the score is called {located.value.id}: name it {stem}, as its file is", "score"))
        found[stem] = located
    return findings


def faults(located: Located[ScoreSpec], lists: Mapping[str, WeightedList]) -> Iterator[Finding]:
    """What is wrong with a definition beside the code lists that there are."""
    spec = located.value
    yield from _faults_of_form(located)
    if spec.kind == "medicines":
        return
    if not spec.settings:
        yield located.fault("value-missing", "settings is missing: write in which settings of care its codes are looked for", "settings")
    listed = lists.get(spec.list_id)
    if listed is None:
        if not spec.slot:
            close = nearest(spec.list_id, lists)
            yield located.fault("unknown-list", f"counts the code list {spec.list_id or '(none)'}, which isn't there{close}", "list")
        return
    yield from _faults_of_weights(located, listed)
    for field, named in _named_groups(spec):
        if named not in listed.groups:
            message = f"names the group {named}, which {spec.list_id} doesn't have{nearest(named, listed.groups)}"
            yield located.fault("unknown-group", message, field)
    severe = {rung.severe for rung in spec.hierarchy}
    for rung in spec.hierarchy:
        if rung.mild in severe:
            yield located.fault("ladder", f"{rung.mild} is both the milder and the more severe one: write each group once", "hierarchy")


def _faults_of_form(located: Located[ScoreSpec]) -> Iterator[Finding]:
    """Contracts that there aren't, and bands that don't follow one another."""
    spec = located.value
    for name in spec.contracts:
        if name not in contracts():
            message = (
                f"needs {name}, which is no contract{nearest(name, contracts())}: without its extract nobody would ever have the score"
            )
            yield located.fault("unknown-contract", message, "contracts")
    begins = [band.at_least if band.at_least is not None else band.over for band in spec.bands]
    for before, (band, start) in zip(begins, list(zip(spec.bands, begins, strict=True))[1:], strict=False):
        if start is None or (before is not None and start <= before):
            message = f"has the band {band.band} after one that begins as high or higher: write the lowest first, which begins nowhere"
            yield located.fault("bands-order", message, "bands")


def _faults_of_weights(located: Located[ScoreSpec], listed: WeightedList) -> Iterator[Finding]:
    spec = located.value
    weighted = spec.weights or {group: weight for group, weight in listed.groups.items() if weight is not None}
    without = sorted(listed.groups.keys() - weighted.keys())
    if without and weighted:
        message = f"{len(without)} groups of {spec.list_id} have no weight and count nothing, such as {without[0]}: write one, or 0"
        yield located.spot.fault("no-weight", message, at=("weights",), severity=Severity.WARNING, endangers=spec.id)
    if listed.doubtful and not spec.weights:
        message = f"takes its weights from {spec.list_id}, where codes of {listed.doubtful[0]} have more than one: give a group one weight"
        yield located.fault("two-weights", message, "list")
    if not weighted:
        yield located.fault("no-weight", f"no group of {spec.list_id} has a weight: write weights here or in the list", "weights")


def _named_groups(spec: ScoreSpec) -> Iterator[tuple[str, str]]:
    yield from (("weights", group) for group in spec.weights)
    yield from (("entries_needed", group) for group in spec.entries_needed)
    for rung in spec.hierarchy:
        yield from (("hierarchy", rung.severe), ("hierarchy", rung.mild))
    if spec.medicines is not None:
        yield "medicines", spec.medicines.group

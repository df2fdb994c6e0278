"""Conditions as they are defined: which entries give one, for how long, and what ends it; read, or told as findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from joinedup.engine.portable_words import RESERVED
from joinedup.engine.reference import reference_table
from joinedup.engine.specs import TableSpec, read_specs
from joinedup.findings import Finding
from joinedup.place.located import Located, validated
from joinedup.place.sentences import nearest, repeated
from joinedup.place.sentences import unknown as unknown_name
from joinedup.place.yaml_file import Document, read_yaml
from joinedup.population.code_lists import CodeList, read_code_lists

FILE = "conditions.yml"
FOLDER = Path(__file__).parent
REGISTER = "registration list"
AT_ADDRESS = Literal["care home", "no care home"]
Kind = Literal["long-term condition", "mental health", "disability", "frailty", "circumstance", "life stage", "risk"]
MOST_NEEDED = 3
"""On how many days entries may be asked for: condition_spell looks back over so many."""


class Line(BaseModel):
    """One line of evidence, or of what ends a condition: groups of a list, an activity, or what the list says of the address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    list_id: str | None = Field(default=None, alias="list")
    groups: tuple[str, ...] = ()
    activity: str | None = None
    register_says: AT_ADDRESS | None = Field(default=None, alias="register")
    settings: tuple[str, ...] = ()
    needed: int = Field(default=1, ge=1, le=MOST_NEEDED)
    look_back: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _one_kind(self) -> Line:
        if sum(each is not None for each in (self.list_id, self.activity, self.register_says)) != 1:
            raise ValueError("a line has one of list, activity and register")
        if not self.settings and self.register_says is None:
            raise ValueError("a line of a list or an activity names its settings")
        return self


class Condition(BaseModel):
    """One condition, as it is defined."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    condition: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    title: str = Field(min_length=1)
    kind: Kind
    long_term: bool = False
    known_by: str
    evidence: tuple[Line, ...] = Field(min_length=1)
    ends: tuple[Line, ...] = ()
    why: str | None = None

    @property
    def column(self) -> str:
        """Its column in person_year_has: the id, as names of columns are written."""
        name = self.condition.replace("-", "_")
        return name if name[0].isalpha() else f"c_{name}"


@dataclass(frozen=True, slots=True)
class Known:
    """What definitions may name: groups by list, settings, and points of delivery."""

    lists: dict[str, tuple[str, ...]]
    settings: frozenset[str]
    activities: frozenset[str]


class Head(BaseModel):
    """What stands above the conditions of a file."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    owner: str = Field(min_length=1)
    source: str = Field(min_length=1)


def read_conditions(place_folder: Path | None = None) -> tuple[list[Condition], list[Finding]]:
    """The conditions in use, in their order, and what is wrong with their definitions; one of the place goes before one of the package."""
    lists, _ = read_code_lists(place_folder)
    held = known(lists)
    own = place_folder is not None and (place_folder / FILE).exists()
    shipped, _ = read_file(FOLDER, known(read_code_lists()[0]))
    columns = {each.column: each.condition for each in shipped}
    read, findings = read_file(place_folder, held, columns) if own and place_folder else ([], [])
    found = {each.condition: each for each in (*shipped, *read)}
    lacking = [fault for each in shipped if found[each.condition] is each for fault in missing(each, held)]
    return list(found.values()), [*findings, *lacking]


def check_conditions(folder: Path) -> list[Finding]:
    """What is wrong with the conditions of a place folder, and what its own code lists lack for those of the package."""
    return read_conditions(folder)[1]


def read_file(folder: Path, held: Known, columns: Mapping[str, str] | None = None) -> tuple[list[Condition], list[Finding]]:
    """The conditions of one folder's file that can be used, each once, and the findings about it.

    `columns` has those of the package's conditions, with their names.
    """
    document, findings = read_yaml(folder, FILE)
    if findings:
        return [], findings
    _, head = validated(Head, document.content, document.spot())
    read, faults = document.items("conditions", Condition)
    told = [*strangers(document), *repeats(read, columns or {})]
    for each in read:
        wrong = [*taken(each), *unknown(each, held)]
        told += wrong or undecided(each)
    usable = {each.value.column: each.value for each in reversed(read) if not any(taken(each))}
    return list(reversed(usable.values())), [*head, *faults, *told]


def strangers(document: Document) -> Iterator[Finding]:
    """A finding for each part of a file that nothing reads, and where it has no conditions at all."""
    parts = ("conditions", *Head.model_fields)
    for name in document.content:
        if name not in parts:
            yield document.spot(name).fault("unknown-key", unknown_name(name, parts))
    if not document.content.get("conditions"):
        yield document.spot("conditions").fault(
            "value-missing", "has no conditions: write them below the line conditions:, or take the file away"
        )


def taken(found: Located[Condition]) -> Iterator[Finding]:
    """A finding where the name of a condition can't be a column of person_year_has, or is that of something else that is known by year."""
    name = found.value.column
    if name in RESERVED:
        message = f"is called {found.value.condition}, a word of SQL, by which no column can be called: give it another name"
        yield found.fault("name-taken", message, "condition")
    elif name in _not_for_conditions():
        message = f"is called {found.value.condition}, as another column of people's years is: give it another name"
        yield found.fault("name-taken", message, "condition")


def repeats(read: Iterable[Located[Condition]], columns: Mapping[str, str]) -> Iterator[Finding]:
    """A finding for each condition that a file defines again, or whose name differs from another's in hyphens alone."""
    seen: dict[str, str] = {}
    for each in read:
        name, column = each.value.condition, each.value.column
        other = seen.get(column) or columns.get(column, name)
        if other != name:
            yield each.fault("name-taken", f"is called {name}, whose column is that of {other}: give it another name", "condition")
        elif column in seen:
            yield each.fault("repeated-condition", f"defines {repeated(name)} again: keep one definition", "condition")
        seen[column] = name


def unknown(found: Located[Condition], held: Known) -> Iterator[Finding]:
    """A finding for each name that is none: of a list, a group, a setting or an activity."""
    condition, settings = found.value, held.settings | {REGISTER}
    if condition.known_by not in settings:
        yield found.fault("unknown-setting", _no(condition.known_by, "setting", settings), "known_by")
    for part in ("evidence", "ends"):
        for at, line in enumerate(getattr(condition, part)):
            for rule, message in _wrong(line, condition.condition, held):
                yield found.spot.fault(rule, f"{condition.condition} {message}", at=(part, at))


def undecided(found: Located[Condition]) -> Iterator[Finding]:
    """A warning where the records that a condition is known by give no evidence of it."""
    condition = found.value
    told = {each for line in condition.evidence for each in line.settings or (REGISTER,)}
    if condition.known_by not in told:
        message = f"{condition.condition} is known by {condition.known_by}, whose records give no evidence of it, so that it is never known"
        advice = f"name one of {', '.join(sorted(told))}, or add a line of evidence"
        yield found.warning("nobody-decides", f"{message}: {advice}", "known_by")


def missing(found: Condition, held: Known) -> Iterator[Finding]:
    """A finding for each group that a condition of the package asks a list for, where the place's list of that name lacks it."""
    for line in (*found.evidence, *found.ends):
        for group in (line.groups or (found.condition,)) if line.list_id else ():
            if group not in held.lists[str(line.list_id)]:
                message = f"has no group {group}, which the condition {found.condition} asks for"
                advice = "add its codes, or define the condition in conditions.yml"
                yield Finding(f"codelists/{line.list_id}.csv", "missing-group", f"{message}: {advice}")


def _wrong(line: Line, condition: str, held: Known) -> Iterator[tuple[str, str]]:
    """What is wrong with one line: the rule, and a sentence without its subject."""
    for setting in line.settings:
        if setting not in held.settings:
            yield "unknown-setting", _no(setting, "setting", held.settings)
    if line.activity is not None and line.activity not in held.activities:
        yield "unknown-activity", _no(line.activity, "point of delivery", held.activities)
    if line.list_id is None:
        return
    if line.list_id not in held.lists:
        yield "unknown-list", _no(line.list_id, "code list", held.lists)
        return
    for group in line.groups or (condition,):
        if group not in held.lists[line.list_id]:
            yield "unknown-group", _no(group, f"group of the list {line.list_id}", held.lists[line.list_id])


def _no(name: str, what: str, names: Iterable[str]) -> str:
    return f"names {repeated(name)}, which is no {what}{nearest(name, names) or ': known are ' + ', '.join(sorted(names))}"


def known(lists: Iterable[CodeList]) -> Known:
    """What definitions may name, given the code lists in use."""
    return Known({each.list_id: each.groups for each in lists}, *_said())


@cache
def _said() -> tuple[frozenset[str], frozenset[str]]:
    """The settings of coded_setting, and the points of delivery that have a cost or a reason for none."""
    settings = _column(FOLDER, "coded_setting", "setting")
    records = FOLDER.parent / "records"
    return settings, _column(records, "published_cost", "point_of_delivery") | _column(records, "without_cost", "point_of_delivery")


def _column(folder: Path, table: str, column: str) -> frozenset[str]:
    return frozenset(reference_table(specs_of(folder)[table]).column(column).to_pylist())


@cache
def specs_of(folder: Path) -> dict[str, TableSpec]:
    """The tables that a folder of the package describes, by name."""
    return read_specs(folder, below=False)


@cache
def _not_for_conditions() -> frozenset[str]:
    """The columns of person_year_has, and what else year_basis tells of, by whose names no condition can be called."""
    columns = frozenset(column.name for column in specs_of(FOLDER)["person_year_has"].columns)
    return (
        columns
        | _column(FOLDER, "year_need", "what")
        | _column(FOLDER.parent / "records", "practice_held", "contract")
        | {"long_term_conditions"}
    )

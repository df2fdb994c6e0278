"""Cohorts and segment models: pairs of a .yml and a .sql, of the package and of the place folder, read into tables or into findings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from joinedup.engine.portable_words import RESERVED
from joinedup.engine.specs import Case, Column, ColumnType, Frozen, TableSpec
from joinedup.engine.specs import read_yaml as typed
from joinedup.errors import SqlError
from joinedup.findings import Finding, Severity, errors
from joinedup.place.located import Spot, validated
from joinedup.place.text import read_text
from joinedup.place.yaml_file import MOST_BYTES, read_yaml, without
from joinedup.population.pair_sql import sql_findings, with_fault

KEY = ("person_id", "year_starts")
INDEX = "index_on"
NAME = r"^[a-z][a-z0-9_]*$"
Origin = Literal["package", "place"]


class Step(Frozen):
    """One step of a cohort or segment of a model: a boolean column of the .sql, by its name, and what it is called."""

    name: str = Field(pattern=NAME)
    title: str = Field(min_length=1)
    about: str = ""
    otherwise: bool = False
    """Of a model's last segment: whoever no rule takes; it has no column."""


class Head(Frozen):
    """What both kinds of .yml say."""

    title: str = Field(min_length=1)
    about: str = ""
    owner: str = Field(min_length=1)
    source: str = Field(min_length=1)
    version: int = 1
    order: int = 100
    """Its place on pages."""
    cases: tuple[Case, ...] = ()


class CohortHead(Head):
    """A cohort: steps that somebody passes one after the other, and perhaps an index date."""

    list_name: ClassVar[str] = "steps"
    word: ClassVar[str] = "cohort"

    id: str = Field(alias="cohort", pattern=NAME)
    steps: tuple[Step, ...] = Field(min_length=1)
    index_on: str = ""
    """What the day in the column index_on is; without it the .sql has no such column."""


class SegmentsHead(Head):
    """A segment model: segments in order, of which the first that takes somebody is theirs."""

    list_name: ClassVar[str] = "segments"
    word: ClassVar[str] = "segment_model"

    id: str = Field(alias="segment_model", pattern=NAME)
    steps: tuple[Step, ...] = Field(alias="segments", min_length=1)


KINDS: Mapping[str, type[CohortHead | SegmentsHead]] = {"cohorts": CohortHead, "segments": SegmentsHead}
"""The folders that hold pairs, in the package as in a place folder, and what their .yml files say."""
PREFIX = {"cohorts": "cohort_", "segments": "segment_"}


@dataclass(frozen=True)
class Pair:
    """One cohort or segment model: what its .yml says, and the table that its .sql makes, one row per person and year."""

    kind: str
    head: CohortHead | SegmentsHead
    origin: Origin
    spec: TableSpec
    spot: Spot

    @property
    def id(self) -> str:
        """Its id, which is the stem of its files."""
        return self.head.id

    @property
    def columns(self) -> tuple[Step, ...]:
        """The steps that are columns of its table: all but a model's last segment, which takes whoever is left."""
        return tuple(step for step in self.head.steps if not step.otherwise)

    @property
    def has_index(self) -> bool:
        """Whether its rows have an index date."""
        return isinstance(self.head, CohortHead) and bool(self.head.index_on)


def pairs(place_folder: Path | None = None) -> tuple[Pair, ...]:
    """Every pair in the order of pages, those of the place in the stead of the package's of the same name; SqlError with findings."""
    found, findings = read_pairs(place_folder, "place") if place_folder is not None else ((), [])
    _refuse(findings)
    mine = {(pair.kind, pair.id) for pair in found}
    shipped = [pair for pair in packaged() if (pair.kind, pair.id) not in mine]
    return tuple(sorted([*shipped, *found], key=lambda pair: (pair.kind, pair.head.order, pair.id)))


def _refuse(findings: Sequence[Finding]) -> None:
    """Nothing unless there is an error; SqlError then."""
    if faults := errors(findings):
        raise SqlError(f"{faults[0].where}: {faults[0].message}", faults)


@cache
def packaged() -> tuple[Pair, ...]:
    """The pairs that joinedup ships."""
    found, findings = read_pairs(Path(str(files("joinedup.population"))), "package")
    if findings:
        raise SqlError(f"{findings[0].where}: {findings[0].message}", findings)
    return found


def read_pairs(folder: Path, origin: Origin) -> tuple[tuple[Pair, ...], list[Finding]]:
    """The pairs of a folder that can be read, and what is wrong with the others by themselves; their SQL isn't looked at yet."""
    found: list[Pair] = []
    findings: list[Finding] = []
    for kind in KINDS:
        names = sorted(path.name for path in (folder / kind).glob("*")) if (folder / kind).is_dir() else []
        findings += [_alone(f"{kind}/{name}", names) for name in names if _is_alone(name, names)]
        for stem in sorted({Path(name).stem for name in names if name.endswith(".yml") and f"{Path(name).stem}.sql" in names}):
            pair, faults = _read_pair(folder, kind, stem, origin)
            found += [pair] if pair is not None else []
            findings += faults
    return tuple(found), findings


def _is_alone(name: str, names: Collection[str]) -> bool:
    other = {".yml": ".sql", ".sql": ".yml"}.get(Path(name).suffix)
    if other is None:
        return not name.startswith(".") and not name.lower().endswith((".md", ".txt")) and name != "__pycache__"
    return f"{Path(name).stem}{other}" not in names


def _alone(file: str, names: Collection[str]) -> Finding:
    path = Path(file)
    if path.suffix not in (".yml", ".sql"):
        message = "is neither a .yml nor a .sql, and nothing reads it: take it away, or name it so"
        return Finding(file, "unknown-file", message, severity=Severity.WARNING)
    other = ".sql" if path.suffix == ".yml" else ".yml"
    near = next((name for name in names if name.endswith(other) and name.lower().startswith(path.stem.lower()[:4])), "")
    hint = f", or name {near} so" if near else ""
    return Finding(file, "pair-incomplete", f"has no {path.stem}{other} beside it: write one{hint}; a pair is a .yml and a .sql", line=1)


def _read_pair(folder: Path, kind: str, stem: str, origin: Origin) -> tuple[Pair | None, list[Finding]]:
    model, file = KINDS[kind], f"{kind}/{stem}.yml"
    document, findings = read_yaml(folder, file)
    sql = read_text(folder, f"{kind}/{stem}.sql", MOST_BYTES)
    if findings or isinstance(sql, Finding):
        return None, [*findings, *([sql] if isinstance(sql, Finding) else [])]
    content: dict[str, Any] = without(document.content, ["cases"])
    if "cases" in document.content:
        content["cases"] = typed(file, (folder / file).read_text(encoding="utf-8-sig"))["cases"]
    known = [str(field.alias or name) for name, field in model.model_fields.items()]
    heads, faults = validated(model, content, document.spot(), known=known)
    faults += _form_findings(heads[0].value, stem, document.spot()) if heads else []
    if not heads or errors(faults):
        return None, faults
    spec = _spec(kind, heads[0].value, sql, folder / file)
    return Pair(kind, heads[0].value, origin, spec, document.spot()), faults


def _form_findings(head: CohortHead | SegmentsHead, stem: str, spot: Spot) -> list[Finding]:
    """What is wrong with a .yml whose parts are well-formed each by itself."""
    names, listed = [step.name for step in head.steps], head.list_name
    found = []
    if head.id != stem:
        found.append(spot.fault("pair-name", f"{head.word} is {head.id!r}; write {stem}, the name of its file", at=(head.word,)))
    for at, name in enumerate(names):
        if name in names[:at] or name in (*KEY, INDEX):
            message = f"{name!r} is taken: give each of {listed} a name of its own, other than {', '.join((*KEY, INDEX))}"
            found.append(spot.fault("pair-step", message, at=(listed, at, "name")))
        elif name in RESERVED:
            message = f"{name!r} is a word of SQL, by which no column can be called: give it another name, such as is_{name}"
            found.append(spot.fault("pair-step", message, at=(listed, at, "name")))
    last = isinstance(head, SegmentsHead)
    for at, step in enumerate(head.steps):
        wanted = last and at == len(names) - 1
        if step.otherwise != wanted:
            message = (
                "the last segment takes whoever is left: write otherwise: true below it, and give it no column"
                if wanted
                else f"otherwise: true is for the last segment of a model alone: take it from {step.name}"
            )
            found.append(spot.fault("pair-otherwise", message, at=(listed, at)))
    if not head.cases:
        message = "has no case: write a tiny input and the rows that you expect, below the line cases:"
        found.append(spot.fault("pair-cases", message, severity=Severity.WARNING))
    return found


def _spec(kind: str, head: CohortHead | SegmentsHead, sql: str, path: Path) -> TableSpec:
    steps = [Column(name=s.name, type=ColumnType.BOOLEAN, meaning=f"{s.title}; empty is not known") for s in head.steps if not s.otherwise]
    key = [
        Column(name="person_id", type=ColumnType.BIGINT, required=True, meaning="The person"),
        Column(name="year_starts", type=ColumnType.DATE, required=True, meaning="First day of the year, as place_year has it"),
    ]
    index = head.index_on if isinstance(head, CohortHead) else ""
    day = [Column(name=INDEX, type=ColumnType.DATE, meaning=index)] if index else []
    return TableSpec(
        table=f"{PREFIX[kind]}{head.id}",
        title=head.title,
        grain="one row per person and year" + (", of those whom the cohort may be of" if index or kind == "cohorts" else ""),
        key=KEY,
        columns=(*key, *steps, *day),
        version=head.version,
        owner=head.owner,
        source=head.source,
        about=head.about,
        sort=KEY,
        cases=head.cases,
        sql=sql,
        path=path,
        written_in=f"{kind}/{path.stem}.sql",
    )


def pair_specs(found: Sequence[Pair], specs: Mapping[str, TableSpec]) -> dict[str, TableSpec]:
    """The tables of pairs by name, each saying what of it may multiply rows; SqlError with findings where a place's SQL can't be used."""
    _refuse([finding for pair in found if pair.origin == "place" for finding in findings_of(pair, specs)])
    return {pair.spec.table: with_fault(pair.spec, specs) for pair in found}


def findings_of(pair: Pair, specs: Mapping[str, TableSpec]) -> list[Finding]:
    """What is wrong with the SQL of a pair, and where its .yml says otherwise, by file and line."""
    if pair.spec.table in specs:
        message = f"{pair.id} can't be its name, since {pair.spec.table} is another table: give it another, and its files, too"
        return [pair.spot.fault("pair-name", message, at=(pair.head.word,))]
    return in_files(pair, sql_findings(pair.spec, specs, pair.head.list_name))


def in_files(pair: Pair, found: Iterable[Finding]) -> list[Finding]:
    """The findings of a pair's table, named by the files in the place folder."""
    where = f"{pair.kind}/{pair.id}"
    return [replace(finding, file=f"{where}.yml" if finding.file.endswith(".yml") else f"{where}.sql") for finding in found]

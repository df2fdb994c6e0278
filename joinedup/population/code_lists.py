"""Code lists, read: those of the package and those of a place folder, as tables for the builder or as findings by file and line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from joinedup.errors import PlaceError
from joinedup.findings import Finding, Severity, errors
from joinedup.place.csv_file import Columns, Row, read_csv
from joinedup.place.located import validated
from joinedup.place.model import Place
from joinedup.place.sentences import repeated
from joinedup.place.yaml_file import read_yaml
from joinedup.population.code_forms import systems, unknown_system

FOLDER = "codelists"
COLUMNS = Columns(known=("system", "code", "group", "term", "weight"), required=("system", "code"))


class Head(BaseModel):
    """What the .yml of a list says of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1)
    version: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    valid_from: date
    replaces: str | None = None
    owner: str = Field(min_length=1)
    reviewer: str | None = None
    review_by: date
    licence: str = Field(min_length=1)
    source: str = Field(min_length=1)
    about: str | None = None
    matches: dict[str, Literal["exact", "prefix"]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListedCode:
    """One code of a list: as written and in its plain form, and where it stands."""

    group_id: str
    system: str
    code: str
    written: str
    matches: str
    weight: float | None
    term: str | None
    line: int


@dataclass(frozen=True, slots=True)
class CodeList:
    """One version of a list."""

    list_id: str
    head: Head
    origin: str
    codes: tuple[ListedCode, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """Its groups, in the order of the file."""
        return tuple(dict.fromkeys(code.group_id for code in self.codes))


def package_folder() -> Path:
    """The folder of the package whose codelists are everywhere."""
    return Path(str(files("joinedup.population")))


def read_code_lists(place_folder: Path | None = None) -> tuple[list[CodeList], list[Finding]]:
    """The lists in use, by id, and what is wrong with those of the place; a list of the place goes before one of the package."""
    found, findings = read_folder(package_folder(), "package")
    own, faults = read_folder(place_folder, "place") if place_folder else ([], [])
    lists = {each.list_id: each for each in (*found, *own)}
    return [lists[list_id] for list_id in sorted(lists)], [*findings, *faults]


def read_folder(folder: Path, origin: str) -> tuple[list[CodeList], list[Finding]]:
    """The lists in a folder's codelists, and the findings about them."""
    lists: list[CodeList] = []
    findings: list[Finding] = []
    for path in sorted((folder / FOLDER).glob("*.yml")):
        read, faults = read_list(folder, path.stem, origin)
        lists += read
        findings += faults
    return lists, findings


def read_list(folder: Path, list_id: str, origin: str) -> tuple[list[CodeList], list[Finding]]:
    """One list (none where it can't be used) and its findings."""
    document, findings = read_yaml(folder, f"{FOLDER}/{list_id}.yml")
    if findings or (origin == "package" and "table" in document.content):
        return [], findings
    heads, faults = validated(Head, document.content, document.spot())
    if not heads:
        return [], faults
    head = heads[0].value
    codes, more = read_codes(folder, f"{FOLDER}/{list_id}.csv", list_id, head.matches)
    return [CodeList(list_id, head, origin, tuple(codes))], [*faults, *more]


def read_codes(folder: Path, file: str, list_id: str, matches: Mapping[str, str]) -> tuple[list[ListedCode], list[Finding]]:
    """The codes of a file, each once in a group, and what is wrong with its rows; a code that its system can't have is left out."""
    rows, findings = read_csv(folder, file, COLUMNS)
    codes: dict[tuple[str, str, str], ListedCode] = {}
    for row in rows:
        read = read_code(row, list_id, matches)
        if isinstance(read, Finding):
            findings.append(read)
            continue
        key = (read.group_id, read.system, read.code)
        if key in codes:
            message = f"lists {repeated(read.written)} of {read.system} in {read.group_id} again, after line {codes[key].line}: keep one"
            findings.append(row.spot.fault("repeated-code", message, severity=Severity.WARNING))
        codes.setdefault(key, read)
    return list(codes.values()), findings


def read_code(row: Row, list_id: str, matches: Mapping[str, str]) -> ListedCode | Finding:
    """The code of one row, or what is wrong with it."""
    name, written = row.cells.get("system", ""), row.cells.get("code", "")
    if name not in systems():
        return row.spot.fault("unknown-system", unknown_system(name))
    if not written:
        return row.spot.fault("value-missing", "has no code: write one, or take the line away")
    system = systems()[name]
    if fault := system.fault(written):
        message = f"has the code {repeated(written)} of {name}, {fault}; it is left out"
        return row.spot.fault("wrong-code", message, severity=Severity.WARNING)
    try:
        weight = float(row.cells["weight"]) if "weight" in row.cells else None
    except ValueError:
        return row.spot.fault("wrong-value", f"has the weight {repeated(row.cells['weight'])}, where a number is expected")
    return ListedCode(
        group_id=row.cells.get("group", list_id),
        system=name,
        code=system.plain(written),
        written=written,
        matches=matches.get(name, system.matches),
        weight=weight,
        term=row.cells.get("term"),
        line=row.line,
    )


def tables(place: Place) -> dict[str, pa.Table]:
    """The code lists as the builder takes them; PlaceError with all findings where one of the place can't be used."""
    lists, findings = read_code_lists(place.folder)
    if faults := errors(findings):
        first = f"{faults[0].where}: {faults[0].message}"
        raise PlaceError(f"the code lists have {len(faults)} {'error' if len(faults) == 1 else 'errors'}; {first}", findings)
    return {"code_list": list_table(lists), "code_list_code": code_table(lists)}


def list_table(lists: Iterable[CodeList]) -> pa.Table:
    """One row per list."""
    said = list(Head.model_fields)
    rows = [
        {"list_id": each.list_id, "origin": each.origin} | {name: getattr(each.head, name) for name in said if name != "matches"}
        for each in lists
    ]
    dates = {"valid_from", "review_by"}
    names = ["list_id", "origin", *(name for name in said if name != "matches")]
    return pa.Table.from_pylist(rows, pa.schema([(name, pa.date32() if name in dates else pa.string()) for name in names]))


def code_table(lists: Iterable[CodeList]) -> pa.Table:
    """One row per list, group, system and code, in the order of the key."""
    rows = [
        {
            "list_id": each.list_id,
            "group_id": code.group_id,
            "system": code.system,
            "code": code.code,
            "written": code.written,
            "matches": code.matches,
            "weight": code.weight,
            "term": code.term,
        }
        for each in lists
        for code in sorted(each.codes, key=lambda code: (code.group_id, code.system, code.code))
    ]
    names = ("list_id", "group_id", "system", "code", "written", "matches", "weight", "term")
    return pa.Table.from_pylist(rows, pa.schema([(name, pa.float64() if name == "weight" else pa.string()) for name in names]))

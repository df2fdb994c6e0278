"""Code lists, read: those of the package and those of a place folder, with findings by file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from importlib.resources import files
from math import isfinite, nan
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from joinedup.errors import SqlError
from joinedup.findings import Finding, Severity, errors
from joinedup.place.csv_file import Columns, Row, read_csv
from joinedup.place.located import Spot, validated
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
    """A list: its version in use and, by their names, the codes of earlier ones."""

    list_id: str
    head: Head
    spot: Spot
    origin: str
    codes: tuple[ListedCode, ...]
    earlier: Mapping[str, tuple[ListedCode, ...]] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """The file of its codes, below the folder that it was read from."""
        return f"{FOLDER}/{self.list_id}.csv"

    @property
    def groups(self) -> tuple[str, ...]:
        """Its groups, in the order of the file."""
        return tuple(dict.fromkeys(code.group_id for code in self.codes))


def package_folder() -> Path:
    """The folder of the package whose codelists are everywhere."""
    return Path(str(files("joinedup.population")))


def read_code_lists(place_folder: Path | None = None) -> tuple[list[CodeList], list[Finding]]:
    """The lists in use, by id, and what is wrong with those of the place; a list of the place goes before one of the package.

    SqlError where one of the package can't be used.
    """
    packaged, faults = _packaged(package_folder())
    if wrong := errors(faults):
        raise SqlError(f"the package's code lists can't be used: {wrong[0].where}: {wrong[0].message}", faults)
    own, findings = read_folder(place_folder, "place") if place_folder else ([], [])
    lists = {each.list_id: each for each in packaged}
    for each in own:
        lists[each.list_id] = after(each, lists.get(each.list_id))
    return [lists[list_id] for list_id in sorted(lists)], findings


def _packaged(folder: Path) -> tuple[list[CodeList], list[Finding]]:
    """The lists of the package, read once: a build asks for them several times."""
    return _read_as_it_is(folder, tuple((path.name, path.stat().st_mtime_ns) for path in sorted((folder / FOLDER).glob("*"))))


@lru_cache(maxsize=2)
def _read_as_it_is(folder: Path, files: tuple[tuple[str, int], ...]) -> tuple[list[CodeList], list[Finding]]:
    """The lists of a folder that has these files, each last written then."""
    return read_folder(folder, "package") if files else ([], [])


def after(own: CodeList, packaged: CodeList | None) -> CodeList:
    """A list of the place with what the package has under its name, if anything, among its earlier versions."""
    if packaged is None:
        return own
    return replace(own, earlier={f"package {packaged.head.version}": packaged.codes} | dict(own.earlier))


def read_folder(folder: Path, origin: str) -> tuple[list[CodeList], list[Finding]]:
    """The lists in a folder's codelists, and the findings about their files."""
    names = sorted(path.name for path in (folder / FOLDER).glob("*"))
    lists: list[CodeList] = []
    findings: list[Finding] = []
    for name in names:
        if name.endswith(".yml"):
            read, faults = read_list(folder, name.removesuffix(".yml"), origin, names)
            lists += read
            findings += faults
    return lists, findings + list(strays(names))


def strays(names: list[str]) -> Iterator[Finding]:
    """Files of codes that no .yml describes, and files that are neither."""
    for name in names:
        stem, _, kind = name.rpartition(".")
        beside = f"{stem.partition('@')[0]}.yml"
        if kind == "csv" and beside not in names:
            message = f"has no {beside} beside it, so nothing reads it: write one, with title, version, owner, licence, source and dates"
            yield Finding(f"{FOLDER}/{name}", "no-description", message, severity=Severity.WARNING)
        elif kind not in {"csv", "yml", "md", "txt"} and not name.startswith("."):
            yield Finding(f"{FOLDER}/{name}", "unknown-file", "is neither .yml nor .csv: nothing reads it", severity=Severity.WARNING)


def read_list(folder: Path, list_id: str, origin: str, names: list[str]) -> tuple[list[CodeList], list[Finding]]:
    """One list (none where it can't be used) and its findings."""
    file = f"{FOLDER}/{list_id}.yml"
    if not re.fullmatch(r"[a-z0-9][a-z0-9_]*", list_id):
        return [], [Finding(file, "wrong-name", "is no name of a list: write small letters, digits and underscores")]
    document, findings = read_yaml(folder, file)
    if findings or (origin == "package" and "table" in document.content):
        return [], findings
    heads, faults = validated(Head, document.content, document.spot())
    if not heads:
        return [], faults
    head, spot = heads[0].value, heads[0].spot
    wrong = [*faults, *wrong_matches(head, spot)]
    codes, more = read_codes(folder, f"{FOLDER}/{list_id}.csv", list_id, head.matches)
    if not codes and not more:
        more = [Finding(f"{FOLDER}/{list_id}.csv", "no-codes", "lists no code: write at least one below the header", line=1)]
    earlier, doubts = read_earlier(folder, list_id, head, names)
    return [CodeList(list_id, head, spot, origin, tuple(codes), earlier)], [*wrong, *more, *doubts]


def wrong_matches(head: Head, spot: Spot) -> Iterator[Finding]:
    """What is wrong with how the codes of each system are to match."""
    for name, how in head.matches.items():
        if name not in systems():
            yield spot.fault("unknown-system", f"matches {unknown_system(name)}", at=("matches", name))
        elif how == "prefix" and name in {"SNOMED CT", "CTV3"}:
            message = f"matches {name} by prefix, though the beginning of such a code says nothing of its kind: list each code"
            yield spot.fault("wrong-value", message, at=("matches", name))


def read_earlier(folder: Path, list_id: str, head: Head, names: list[str]) -> tuple[dict[str, tuple[ListedCode, ...]], list[Finding]]:
    """The codes of earlier versions, each from <list>@<version>.csv, and what is wrong with those files."""
    earlier: dict[str, tuple[ListedCode, ...]] = {}
    findings: list[Finding] = []
    for name in names:
        stem, at, version = name.removesuffix(".csv").partition("@")
        if stem != list_id or not at or not name.endswith(".csv"):
            continue
        if version in {"", head.version}:
            message = f"is called after version {version or 'nothing'}, where one before {head.version}, the version in use, is expected"
            findings.append(Finding(f"{FOLDER}/{name}", "wrong-name", message))
            continue
        codes, faults = read_codes(folder, f"{FOLDER}/{name}", list_id, head.matches)
        earlier[version] = tuple(codes)
        findings += faults
    return earlier, findings


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
        weight = nan
    if weight is not None and not isfinite(weight):
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

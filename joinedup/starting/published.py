"""What published files hold: each file's kinds, told by its columns and never by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from time import perf_counter
from typing import Any

from joinedup.engine.files_lines import Connection
from joinedup.engine.specs import Frozen, read_yaml
from joinedup.findings import Finding, Severity
from joinedup.progress import Progress, Step, silent
from joinedup.starting.tables import FileTable, keep_table

READ = {".csv", ".txt", ".tsv", ".gz", ".parquet", ".xlsx", ".xls", ".ods", ".tab", ".dat"}
"""Ends of names of files that are looked into; maps, licences and notes are left alone."""
CODE = re.compile(r"[A-Z0-9]{3,9}")
DAY = re.compile(r"\d{8}|\d{1,2}/\d{1,2}/\d{4}")


class Kind(Frozen):
    """One kind of published file: which columns tell it, and what each holds."""

    title: str
    needs: tuple[str, ...]
    unless: tuple[str, ...] = ()
    """It is not of this kind where it has one of these."""
    columns: dict[str, tuple[str, ...]]
    prefer: int = 0
    headless: dict[str, int] | None = None
    """Where the publisher writes no header: how many columns there are, and which is which."""


@dataclass(frozen=True)
class Published:
    """A file that is of one kind."""

    kind: str
    file: FileTable
    at: Mapping[str, int]
    """What a column holds -> its position."""
    year: int | None = None
    """The census that its small areas are of, 2011 or 2021, where its columns say so."""

    def column(self, role: str) -> str:
        """The SQL name of the column that holds something; a null where the file has none."""
        return f"{self.file.table}.c{self.at[role]}" if role in self.at else "CAST(NULL AS VARCHAR)"


@dataclass(frozen=True)
class Shelf:
    """Every published file that was found, by kind, the preferred first."""

    found: tuple[Published, ...]
    findings: tuple[Finding, ...] = ()

    def of(self, *names: str) -> list[Published]:
        """Those of some kinds, in the order of the kinds, then of preference."""
        return [each for name in names for each in self.found if each.kind == name]


@cache
def kinds() -> dict[str, Kind]:
    """The kinds of published files, by name."""
    content = read_yaml("published.yml", (files("joinedup.starting") / "published.yml").read_text(encoding="utf-8"))
    return {name: Kind(**said) for name, said in content["kinds"].items()}


def shelf_of(con: Connection, paths: Sequence[Path], scratch: Path, progress: Progress = silent) -> Shelf:
    """What some files hold; those that hold nothing of use are findings, where they were named and not only found."""
    found: list[Published] = []
    findings: list[Finding] = []
    for number, path in enumerate(paths, 1):
        began = perf_counter()
        here, fault = _look_into(con, path, f"published_{number}", scratch)
        found += here
        findings += fault
        what = ", ".join(kinds()[each.kind].title for each in here) or "nothing of use"
        rows = {"rows": here[0].file.rows} if here else {}
        progress(Step("read", path.name, number, len(paths), perf_counter() - began, rows, note=what))
    return Shelf(tuple(sorted(found, key=lambda each: kinds()[each.kind].prefer)), tuple(findings))


def files_below(folder: Path) -> list[Path]:
    """The files below a folder that may hold a table, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() in READ)


def _look_into(con: Connection, path: Path, table: str, scratch: Path) -> tuple[list[Published], list[Finding]]:
    file = keep_table(con, path, table, scratch)
    if isinstance(file, Finding):
        return [], [Finding(file.file, file.rule, file.message, severity=Severity.WARNING)]
    if headless := _without_header(file):
        again = keep_table(con, path, table, scratch, headless=True)
        assert isinstance(again, FileTable)
        at = {role: position for role, position in (kinds()[headless].headless or {}).items() if role != "columns"}
        return [Published(headless, again, at)], []
    found = [each for name, kind in kinds().items() for each in _of_kind(name, kind, file)]
    if not found:
        con.execute(f"DROP TABLE {table}")
    for number, sheet in enumerate(file.others, 1):
        other = keep_table(con, path, f"{table}_{number}", scratch, sheet=sheet)
        if isinstance(other, FileTable):
            found += [each for name, kind in kinds().items() for each in _of_kind(name, kind, other)]
    return found, []


def _without_header(file: FileTable) -> str | None:
    """The kind of a file whose first line is a row; None for one with a header."""
    for name, kind in kinds().items():
        said = kind.headless
        if said and len(file.columns) in (said["columns"], said["columns"] - 1):
            first = file.columns
            if CODE.fullmatch(first[said["code"]].upper()) and DAY.fullmatch(first[said["opened"]]):
                return name
    return None


def _of_kind(name: str, kind: Kind, file: FileTable) -> Iterator[Published]:
    """The file as one of a kind; more than once where it holds the small areas of both censuses."""
    names = [re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_") for column in file.columns]
    years = sorted({year for written in names if (year := _year(kind, written))})
    for year in years or (None,):
        at: dict[str, int] = {}
        for role, patterns in kind.columns.items():
            for position, written in enumerate(names):
                if role not in at and _fits(patterns, written, role, year):
                    at[role] = position
        if all(role in at for role in kind.needs) and not any(role in at for role in kind.unless):
            yield Published(name, file, at, year)


def _year(kind: Kind, written: str) -> int | None:
    """The census year that a column of small areas names."""
    for pattern in kind.columns.get("area", ()):
        found = re.fullmatch(pattern, written)
        if found and "year" in found.groupdict() and found["year"]:
            return 2000 + int(found["year"][-2:])
    return None


def _fits(patterns: Sequence[str], written: str, role: str, year: int | None) -> bool:
    for pattern in patterns:
        found = re.fullmatch(pattern, written)
        if found:
            named = found.groupdict().get("year")
            return role not in ("area", "name") or named is None or year is None or int(named[-2:]) == year % 100
    return False


def texts(con: Connection, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    return con.execute(sql).fetchall()

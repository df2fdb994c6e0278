"""What a table is: its grain, columns, cases and, where it is derived, the SQL that makes it."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from joinedup.errors import SqlError
from joinedup.findings import Finding

SHARED = re.compile(r"^columns_of: *[\"']?([a-z0-9_]+)", re.MULTILINE)
"""Where a description says whose columns its own begin with."""


class ColumnType(StrEnum):
    """The types that both engines agree on, by the names that portable SQL uses."""

    STRING = "STRING"
    INTEGER = "INTEGER"
    BIGINT = "BIGINT"
    DOUBLE = "DOUBLE"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    TIMESTAMP = "TIMESTAMP"


class Frozen(BaseModel):
    """A value that doesn't change and takes no field it doesn't know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(Frozen):
    """One column: its type, what it means and, where it is a quantity, its unit."""

    name: str
    type: ColumnType
    meaning: str
    unit: str | None = None
    required: bool = False
    """True when the column never holds a null; the builder checks it."""


class Case(Frozen):
    """A tiny input and the expected answer: run as a test on every engine and shown in the docs.

    Columns that a given row doesn't name are null; tables that `given` doesn't name are empty. Only the columns
    that the expected rows name are compared, in any row order.
    """

    name: str
    given: dict[str, list[dict[str, Any]]] = Field(default_factory=dict)
    expect: list[dict[str, Any]] = Field(default_factory=list)


class TableSpec(Frozen):
    """One table, read from `<table>.yml` and, beside it, `<table>.sql` (derived) or `<table>.csv` (reference data).

    With neither it is an input that the caller of the builder supplies (landed extracts, tables of the place).
    """

    table: str
    title: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    version: int = 1
    owner: str
    source: str
    about: str = ""
    sort: tuple[str, ...] = ()
    """The order in which rows are written; tables read one person at a time begin with person_id."""
    by_file: bool = False
    """Whether each of its rows comes from rows of one landed file, its column file_id, and nothing of other files decides it; such a
    table is made part by part."""
    kept_by_file: bool = False
    """Whether it is kept in parts by its column file_id, though made as a whole: what reads it by file is spared the parts that stay."""
    by_person: bool = False
    """Whether, being `by_file`, each of its rows is one person's (person_id, which may be null) and comes from that person's rows of all
    that it reads and that has a person_id; where few people's rows changed in a part, only theirs are made anew."""
    follows: str = ""
    """The table that it reads and whose rows it passes on one by one, or not at all. Both are in the same order, so that a long one is made
    range by range of the first column, each range from what the other tables have of it."""
    reference: bool = False
    """Whether it is reference data though the caller supplies it: it says how things are counted, and a place may replace some of it."""
    cases: tuple[Case, ...] = ()
    sql: str | None = None
    csv: Path | None = None
    path: Path | None = None
    """The .yml file itself."""
    written_in: str = ""
    """Its .sql as errors are to call it, where its file's name alone would be that of another."""
    at_fault: str = ""
    """What may give it more rows than one for a key, where its text shows it; said when that has happened."""

    @model_validator(mode="after")
    def _names_agree(self) -> TableSpec:
        names = [column.name for column in self.columns]
        repeated = {name for name in names if names.count(name) > 1}
        unknown = (set(self.key) | set(self.sort)) - set(names)
        if names and not self.key:
            raise ValueError("key names no column: say which tell its rows apart, since the builder counts by them")
        if repeated or unknown:
            raise ValueError(f"columns repeated: {sorted(repeated)}; key or sort names no column: {sorted(unknown)}")
        return self

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of its columns, in their order."""
        return tuple(column.name for column in self.columns)

    @property
    def derived(self) -> bool:
        """Whether the builder makes it by SQL."""
        return self.sql is not None

    @property
    def apart(self) -> bool:
        """Whether the rows of each landed file lie apart from those of others."""
        return self.by_file or self.kept_by_file

    @property
    def order(self) -> tuple[str, ...]:
        """The columns by which its rows are ordered: the key comes last, so that the same rows always give the same file."""
        return tuple(dict.fromkeys((*self.sort, *self.key)))

    @property
    def sql_file(self) -> str:
        """The name of its .sql, as findings and errors call it."""
        return self.written_in or f"{self.table if self.path is None else self.path.stem}.sql"


def read_yaml(file: str, text: str) -> Any:  # noqa: ANN401 - whatever was written; models check it
    """What a description says; SqlError that names file and line when it isn't YAML."""
    try:
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        finding = Finding(file, "yaml", f"{error.problem}; expected YAML: look at this line and the one before it", line=line)
        raise SqlError(f"{finding.where}: {finding.message}", [finding]) from error


def read_specs(folder: Path, *, below: bool = True) -> dict[str, TableSpec]:
    """The tables described by `.yml` files in `folder`, and `below` it, that hold a `table:`, by name; raises SqlError with findings.

    `columns_of: <name>` begins a table's columns with those that `columns/<name>.yml` beside it lists, for tables of one shape.
    """
    specs: dict[str, TableSpec] = {}
    findings: list[Finding] = []
    for path in sorted(folder.rglob("*.yml") if below else folder.glob("*.yml")):
        csv, text = path.with_suffix(".csv"), path.read_text(encoding="utf-8")
        named = SHARED.search(text)
        shared = path.parent / "columns" / f"{named[1]}.yml" if named else None
        try:
            spec = _read_spec(path, text, shared, _text_of(shared), _text_of(path.with_suffix(".sql")), csv if csv.exists() else None)
        except ValidationError as error:
            findings += [Finding(path.name, "table-spec", f"{'.'.join(map(str, e['loc']))}: {e['msg']}") for e in error.errors()]
            continue
        if spec is None:
            continue
        if spec.table != path.stem or spec.table in specs:
            findings.append(Finding(path.name, "table-name", f"table is called {spec.table}; a table has the name of its file, once"))
        specs[spec.table] = spec
    if findings:
        raise SqlError(f"descriptions of tables can't be used, {len(findings)} in all: {findings[0].file}: {findings[0].message}", findings)
    return specs


@lru_cache(maxsize=1024)
def _read_spec(  # noqa: PLR0913, PLR0917 - each text that a description is written in
    path: Path, text: str, shared: Path | None, shared_text: str | None, sql: str | None, csv: Path | None
) -> TableSpec | None:
    """The table that a description of this text is of, None where it is of something else; the same texts are read once in a process."""
    content = read_yaml(path.name, text)
    if not (isinstance(content, dict) and "table" in content):
        return None
    if shared is not None and content.pop("columns_of", None) is not None:
        if shared_text is None:
            raise SqlError(f"{path.name} takes columns of {shared.name}, which isn't there; correct columns_of")
        content["columns"] = [*read_yaml(shared.name, shared_text)["columns"], *content.get("columns", [])]
    return TableSpec(**content, sql=sql, csv=csv, path=path)


def _text_of(path: Path | None) -> str | None:
    """What a file says, None where there is none."""
    return path.read_text(encoding="utf-8") if path is not None and path.exists() else None

"""Reference data: a .csv beside its .yml, read into typed rows."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from joinedup.engine.results import schema
from joinedup.engine.specs import Column, ColumnType, TableSpec
from joinedup.errors import SqlError
from joinedup.findings import Finding

Row = list[str]

TRUTHS = {"true": True, "false": False}
READ: Mapping[ColumnType, Callable[[str], Any]] = {
    ColumnType.STRING: str,
    ColumnType.INTEGER: int,
    ColumnType.BIGINT: int,
    ColumnType.DOUBLE: float,
    ColumnType.BOOLEAN: TRUTHS.__getitem__,
    ColumnType.DATE: date.fromisoformat,
    ColumnType.TIMESTAMP: datetime.fromisoformat,
}
WRITTEN = {ColumnType.BOOLEAN: "true or false", ColumnType.DATE: "2026-03-31", ColumnType.TIMESTAMP: "2026-03-31 10:00:00"}


def reference_table(spec: TableSpec) -> pa.Table:
    """The rows of a table's .csv by the columns of its .yml; SqlError with every value that doesn't fit, by file and line."""
    assert spec.csv is not None
    lines = _lines(spec.csv)
    findings = list(_findings(spec, spec.csv.name, lines))
    if findings:
        raise SqlError(f"{findings[0].where}: {findings[0].message}", findings)
    columns = [[_value(column, row[index]) for _, row in lines[1:]] for index, column in enumerate(spec.columns)]
    return pa.Table.from_arrays(
        [pa.array(values, type=field.type) for values, field in zip(columns, schema(spec), strict=True)], schema=schema(spec)
    )


def _lines(path: Path) -> list[tuple[int, Row]]:
    """The rows that hold anything, each with the line on which it ends."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        return [(reader.line_num, row) for row in reader if any(row)]


def _findings(spec: TableSpec, file: str, lines: list[tuple[int, Row]]) -> Iterator[Finding]:
    names = [column.name for column in spec.columns]
    if not lines or lines[0][1] != names:
        yield Finding(file, "header", f"the first line is not {','.join(names)}, as {spec.table}.yml declares; make them agree", line=1)
        return
    keys: dict[tuple[str, ...], int] = {}
    for line, row in lines[1:]:
        if len(row) != len(names):
            yield Finding(file, "values", f"{len(row)} values where {len(names)} columns are declared; check commas and quotes", line=line)
            continue
        yield from (_fault(column, value, file, line) for column, value in zip(spec.columns, row, strict=True) if not _fits(column, value))
        key = tuple(row[names.index(name)] for name in spec.key)
        if keys.setdefault(key, line) != line:
            yield Finding(file, "key", f"the key {', '.join(key)} stands on line {keys[key]} already; keep one", line=line)


def _fits(column: Column, text: str) -> bool:
    try:
        value = _value(column, text)
    except (ValueError, KeyError):
        return False
    return not (value is None and column.required)


def _value(column: Column, text: str) -> object:
    return READ[column.type](text) if text != "" else None


def _fault(column: Column, value: str, file: str, line: int) -> Finding:
    written = WRITTEN.get(column.type, str(column.type))
    return Finding(file, "value", f"{column.name} is {value!r}, expected is {'' if column.required else 'nothing or '}{written}", line=line)

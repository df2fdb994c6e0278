"""Running a table's cases: tiny inputs through its SQL, and what differs from the expected answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from joinedup.engine.engines import Engine
from joinedup.engine.order import inputs_of
from joinedup.engine.results import ARROW, column_findings, key_finding, null_finding, result_columns, schema
from joinedup.engine.specs import Case, Column, ColumnType, TableSpec
from joinedup.errors import SqlError
from joinedup.findings import Finding

Row = Mapping[str, Any]

WRITTEN_AS: Mapping[ColumnType, tuple[type, ...]] = {
    ColumnType.STRING: (str,),
    ColumnType.INTEGER: (int,),
    ColumnType.BIGINT: (int,),
    ColumnType.DOUBLE: (float, int),
    ColumnType.BOOLEAN: (bool,),
    ColumnType.DATE: (date,),
    ColumnType.TIMESTAMP: (datetime,),
}
"""What YAML makes of a value of each type."""

TOLERANCE = 1e-9
"""Of fractions: relative, or absolute below 1. Sums of fractions depend on the order in which an engine adds them."""


def run_case(spec: TableSpec, case: Case, specs: Mapping[str, TableSpec], engine: Engine) -> list[str]:
    """What differs from the expected answer, a line each; none when all is as expected. SqlError when the case is malformed."""
    unread = case.given.keys() - inputs_of(spec)
    if unread:
        raise _malformed(spec, case, f"gives {', '.join(sorted(unread))}, which {spec.table} doesn't read")
    for name in sorted(inputs_of(spec)):
        engine.show(name, given(specs[name], case, spec))
    found = engine.types(spec)
    faults = column_findings(spec, found)
    if faults:
        return [fault.message for fault in faults]
    rows = engine.result(spec, result_columns(spec, found, engine.quote)).cast(schema(spec))
    expect = expected(spec, case)
    return [fault.message for fault in _declared_findings(spec, rows, named=set().union(*expect))] + differences(expect, rows.to_pylist())


def given(source: TableSpec, case: Case, spec: TableSpec) -> pa.Table:
    """The rows that a case gives for one input: columns not named are null, tables not named are empty."""
    rows = case.given.get(source.table, [])
    columns = {column.name: column for column in source.columns}
    _known_columns(spec, case, source.table, rows, columns)
    arrays = [_array(spec, case, f"{source.table}.{name}", [row.get(name) for row in rows], column) for name, column in columns.items()]
    return pa.Table.from_arrays(arrays, schema=schema(source))


def expected(spec: TableSpec, case: Case) -> list[Row]:
    """The rows that a case expects, their values typed as the table's."""
    columns = {column.name: column for column in spec.columns}
    _known_columns(spec, case, spec.table, case.expect, columns)
    names = [name for name in columns if any(name in row for row in case.expect)]
    arrays = [_array(spec, case, f"{spec.table}.{name}", [row.get(name) for row in case.expect], columns[name]) for name in names]
    return pa.Table.from_arrays(arrays, names=names).to_pylist() if names else []


def _known_columns(spec: TableSpec, case: Case, table: str, rows: Sequence[Row], columns: Mapping[str, Column]) -> None:
    unknown = sorted({name for row in rows for name in row} - columns.keys())
    if unknown:
        raise _malformed(spec, case, f"names {', '.join(f'{table}.{name}' for name in unknown)}, which isn't a column")


def _array(spec: TableSpec, case: Case, where: str, values: list[Any], column: Column) -> pa.Array:
    kinds = WRITTEN_AS[column.type]
    if any(value is not None and type(value) not in kinds for value in values):
        raise _malformed(spec, case, f"gives {where} a value that isn't a {column.type} (in YAML, text needs quotes and dates none)")
    return pa.array(values, type=ARROW[column.type])


def _malformed(spec: TableSpec, case: Case, what: str) -> SqlError:
    file = f"{spec.table}.yml" if spec.path is None else spec.path.name
    return SqlError(f"{file}: the case {case.name!r} {what}", [Finding(file, "case", f"the case {case.name!r} {what}")])


def _declared_findings(spec: TableSpec, rows: pa.Table, named: set[str]) -> list[Finding]:
    """Nulls and repeated keys among the columns that a case speaks of; of the others it gives too little to tell."""
    required = {column.name: rows[column.name].null_count for column in spec.columns if column.required and column.name in named}
    findings = [null_finding(spec, name, nulls) for name, nulls in required.items() if nulls]
    repeated = rows.num_rows - rows.group_by(list(spec.key)).aggregate([]).num_rows if named.issuperset(spec.key) else 0
    return [*findings, key_finding(spec, repeated)] if repeated else findings


def differences(expect: Sequence[Row], found: Sequence[Row]) -> list[str]:
    """Rows expected and not found, and found and not expected, by the columns that are expected; their order doesn't count."""
    names = list(expect[0]) if expect else []
    left = [{name: row[name] for name in names or row} for row in found]
    missing = [row for row in expect if not _take(row, left)]
    return [f"missing:    {_shown(row)}" for row in missing] + [f"unexpected: {_shown(row)}" for row in left]


def _take(row: Row, rows: list[dict[str, Any]]) -> bool:
    """Whether an equal row was there; it is taken out."""
    for index, other in enumerate(rows):
        if all(same_value(value, other[name]) for name, value in row.items()):
            del rows[index]
            return True
    return False


def same_value(one: object, other: object) -> bool:
    """Whether two values are equal, fractions to 1e-9."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return one == other


def _shown(row: Row) -> str:
    return ", ".join(f"{name}: {value}" for name, value in row.items())

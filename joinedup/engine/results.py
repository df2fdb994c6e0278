"""What a query must give: the columns that its .yml declares, in order, of their types, without nulls where required, one row a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from joinedup.engine.specs import Column, ColumnType, TableSpec
from joinedup.errors import SqlError
from joinedup.findings import Finding

ARROW: Mapping[ColumnType, pa.DataType] = {
    ColumnType.STRING: pa.string(),
    ColumnType.INTEGER: pa.int32(),
    ColumnType.BIGINT: pa.int64(),
    ColumnType.DOUBLE: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.TIMESTAMP: pa.timestamp("us"),
}

Found = Sequence[tuple[str, str]]
"""The columns of a result as an engine sees them: name and type, by the type's name in portable SQL where it has one."""

NULL = "NULL"
WHOLE = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT"})
WIDENED: Mapping[ColumnType, frozenset[str]] = {
    # The engines give different whole numbers for extract(), row_number() and the like, so each may become the other; a
    # number that doesn't fit stops the build.
    ColumnType.INTEGER: WHOLE,
    ColumnType.BIGINT: WHOLE,
    ColumnType.DOUBLE: WHOLE | {"DOUBLE", "FLOAT"},
}


def schema(spec: TableSpec) -> pa.Schema:
    """The columns of a table as Arrow types them."""
    return pa.schema([pa.field(column.name, ARROW[column.type]) for column in spec.columns])


def result_columns(spec: TableSpec, found: Found, quote: str) -> list[str]:
    """The columns to select from the query's result, each cast to its declared type; SqlError when they are not what is declared."""
    findings = column_findings(spec, found)
    if findings:
        raise SqlError(f"{findings[0].file}: {findings[0].message}", findings)
    return [_cast(column, was, quote) for column, (_, was) in zip(spec.columns, found, strict=True)]


def _cast(column: Column, was: str, quote: str) -> str:
    name = f"{quote}{column.name}{quote}"
    return name if was == column.type else f"CAST({name} AS {column.type}) AS {name}"


def column_findings(spec: TableSpec, found: Found) -> list[Finding]:
    """Where the columns of a result differ from those declared."""
    declared, names = [column.name for column in spec.columns], [name for name, _ in found]
    if names != declared:
        return [Finding(spec.sql_file, "columns", f"{spec.table} {_name_fault(declared, names)}; make the .sql and the .yml agree")]
    wrong = [(column, was) for column, (_, was) in zip(spec.columns, found, strict=True) if not _fits(column.type, was)]
    return [Finding(spec.sql_file, "column-type", _type_fault(spec, column, was)) for column, was in wrong]


def _name_fault(declared: list[str], names: list[str]) -> str:
    missing, extra = [name for name in declared if name not in names], [name for name in names if name not in declared]
    if missing or extra:
        return f"gives {', '.join(extra) or 'nothing'} where {', '.join(missing) or 'nothing'} is declared"
    return f"gives its columns in the order {', '.join(names)}, declared is {', '.join(declared)}"


def _fits(declared: ColumnType, was: str) -> bool:
    return was in (declared, NULL) or was in WIDENED.get(declared, frozenset())


def _type_fault(spec: TableSpec, column: Column, was: str) -> str:
    return f"{spec.table}.{column.name} is {was}, declared is {column.type}; write CAST(… AS {column.type}) or correct the .yml"


def null_finding(spec: TableSpec, column: str, nulls: int) -> Finding:
    """A required column that holds nulls: how many, never which rows."""
    message = f"{spec.table}.{column} is required and holds {nulls} nulls; give it a value or leave out such rows"
    return Finding(spec.sql_file, "required", message, count=nulls)


def key_finding(spec: TableSpec, repeated: int) -> Finding:
    """A grain that isn't kept: how many keys have more than one row, never which."""
    why = f": {spec.at_fault}" if spec.at_fault else ""
    message = f"{spec.table} holds {repeated} keys ({', '.join(spec.key)}) with more than one row; it is {spec.grain}{why}"
    return Finding(spec.sql_file, "grain", message, count=repeated)


def nulls_sql(spec: TableSpec, columns: Sequence[str], quote: str) -> str:
    """A query that counts the nulls of some columns of a table."""
    counted = ", ".join(f"count(*) - count({quote}{name}{quote}) AS {quote}{name}{quote}" for name in columns)
    return f"SELECT {counted} FROM {quote}{spec.table}{quote}"


def repeated_sql(spec: TableSpec, quote: str) -> str:
    """A query that counts the keys of a table that have more than one row."""
    key = ", ".join(f"{quote}{column}{quote}" for column in spec.key)
    many = f"SELECT {key} FROM {quote}{spec.table}{quote} GROUP BY {key} HAVING count(*) > 1"
    return f"SELECT count(*) AS repeated FROM ({many}) AS many"


def shared_sql(spec: TableSpec, other: str, quote: str) -> str:
    """A query that counts the keys that a table has in common with `other`, which holds more rows of it."""
    key = ", ".join(f"{quote}{column}{quote}" for column in spec.key)
    both = f"SELECT {key} FROM {quote}{other}{quote} INTERSECT SELECT {key} FROM {quote}{spec.table}{quote}"
    return f"SELECT count(*) AS repeated FROM ({both}) AS shared"

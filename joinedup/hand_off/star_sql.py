"""The star as SQL: the tables of SQL Server and PostgreSQL with their keys, and how the files are loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from joinedup.engine.specs import ColumnType
from joinedup.hand_off.described import Field, Table
from joinedup.hand_off.terms import Terms

LENGTHS = (20, 50, 100, 200, 400, 1000, 4000)
"""Lengths of text columns: the first that is at least twice that of the longest text here, so that the next release fits too."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A database: its types, and how it reads a file of the folder."""

    name: str
    types: Mapping[ColumnType, str]
    text: str
    load: Callable[[Table], str]
    before: str


def _bulk_insert(table: Table) -> str:
    return (
        f"BULK INSERT {table.name} FROM '$(folder)\\{table.name}.csv'\n"
        "    WITH (FORMAT = 'CSV', FIRSTROW = 2, FIELDQUOTE = '\"', ROWTERMINATOR = '0x0a', CODEPAGE = '65001', "
        "KEEPNULLS, CHECK_CONSTRAINTS, TABLOCK);"
    )


def _copy(table: Table) -> str:
    columns = ", ".join(each.name for each in table.fields)
    return f"\\copy {table.name} ({columns}) FROM '{table.name}.csv' WITH (FORMAT csv, HEADER true, ENCODING 'UTF8')"


SQL_SERVER = Dialect(
    "SQL Server",
    {
        ColumnType.INTEGER: "INT",
        ColumnType.BIGINT: "BIGINT",
        ColumnType.DOUBLE: "FLOAT",
        ColumnType.BOOLEAN: "BIT",
        ColumnType.DATE: "DATE",
        ColumnType.TIMESTAMP: "DATETIME2",
    },
    "NVARCHAR({})",
    _bulk_insert,
    "-- With sqlcmd, on Windows (CODEPAGE is no option on Linux: leave it out there, in a database with a UTF-8 collation):\n"
    "--   sqlcmd -S server -d database -E -i create_tables.sql\n"
    '--   sqlcmd -S server -d database -E -v folder="C:\\this folder, as the server sees it" -i load_tables.sql\n'
    "-- FORMAT = 'CSV' needs SQL Server 2017 or later.",
)
POSTGRESQL = Dialect(
    "PostgreSQL",
    {
        ColumnType.INTEGER: "integer",
        ColumnType.BIGINT: "bigint",
        ColumnType.DOUBLE: "double precision",
        ColumnType.BOOLEAN: "boolean",
        ColumnType.DATE: "date",
        ColumnType.TIMESTAMP: "timestamp",
    },
    "varchar({})",
    _copy,
    "-- In this folder: psql -d database -f create_tables.postgresql.sql -f load_tables.postgresql.sql",
)


def create_tables(terms: Terms, tables: Sequence[Table], dialect: Dialect) -> str:
    """Every table with its keys, dimensions first: what facts lead to is there before them."""
    made = [_create(table, dialect) for table in in_order(tables)]
    return "\n\n".join([_head(terms, dialect), *made]) + "\n"


def load_tables(terms: Terms, tables: Sequence[Table], dialect: Dialect) -> str:
    """What fills them from the folder's CSV files."""
    return "\n".join([_head(terms, dialect), "", *(dialect.load(table) for table in in_order(tables))]) + "\n"


def in_order(tables: Sequence[Table]) -> list[Table]:
    """Dimensions, then facts."""
    return sorted(tables, key=lambda table: not table.name.startswith("dim_"))


def _head(terms: Terms, dialect: Dialect) -> str:
    people = " Invented people." if terms.invented else ""
    release = "" if terms.release is None else f" Release {terms.release}."
    said = f"-- {terms.place}, a star for {dialect.name}, build {terms.build_id}.{release}{people}"
    return f"{said} README.txt says what must not be done with it.\n{dialect.before}"


def _create(table: Table, dialect: Dialect) -> str:
    lines = [f"    {each.name} {_type(each, dialect)}{' NOT NULL' if _never_null(each, table) else ''}" for each in table.fields]
    if table.key:
        lines.append(f"    CONSTRAINT pk_{table.name} PRIMARY KEY ({', '.join(table.key)})")
    for each in table.foreign:
        to = f"{each.table} ({', '.join(each.key)})"
        lines.append(f"    CONSTRAINT fk_{table.name}_{each.fields[0]} FOREIGN KEY ({', '.join(each.fields)}) REFERENCES {to}")
    body = ",\n".join(lines)
    return f"-- {table.title}: {table.grain}\nCREATE TABLE {table.name} (\n{body}\n);"


def _never_null(each: Field, table: Table) -> bool:
    return each.name in table.key or each.name in {name for foreign in table.foreign for name in foreign.fields}


def _type(each: Field, dialect: Dialect) -> str:
    if each.type is not ColumnType.STRING:
        return dialect.types[each.type]
    return dialect.text.format(next((length for length in LENGTHS if length >= 2 * each.longest), "MAX"))


def relationships(tables: Sequence[Table]) -> list[tuple[str, str, str, str, str, str]]:
    """What Power BI's model view is to join: from, to, how many to how many, and which of several to one dimension is active."""
    rows = []
    for table in in_order(tables):
        seen: set[str] = set()
        for each in table.foreign:
            rows.append(
                (
                    table.name,
                    each.fields[0],
                    each.table,
                    each.key[0],
                    "many to one, single direction",
                    "no" if each.table in seen else "yes",
                )
            )
            seen.add(each.table)
    return rows

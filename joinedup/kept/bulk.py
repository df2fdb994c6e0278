"""Many rows at once, into and out of a register's tables: Arrow on our side, whatever is quickest on the database's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import sqlalchemy as sa

ROWS_AT_A_TIME = 50_000
ON_POSTGRESQL = {
    sa.BigInteger: "int8",
    sa.SmallInteger: "int2",
    sa.Integer: "int4",
    sa.String: "text",
    sa.LargeBinary: "bytea",
    sa.DateTime: "timestamp",
    sa.Date: "date",
    sa.Float: "float8",
    sa.Boolean: "bool",
}
"""Kinds of columns as PostgreSQL's binary COPY calls them; the first that fits, so that kinds stand before what they are kinds of."""
IN_ARROW = {
    "int8": pa.int64(),
    "int2": pa.int16(),
    "int4": pa.int32(),
    "text": pa.string(),
    "bytea": pa.binary(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
    "float8": pa.float64(),
    "bool": pa.bool_(),
}


def arrow_schema(table: sa.Table) -> pa.Schema:
    """The columns of a table, as Arrow has them."""
    return pa.schema([(column.name, IN_ARROW[_kind(column)]) for column in table.columns])


def append(connection: sa.Connection, table: sa.Table, rows: pa.Table | pa.RecordBatch) -> None:
    """Nothing; the rows are in the table, by PostgreSQL's COPY or by SQLite's own driver: a million take seconds."""
    for batch in [rows] if isinstance(rows, pa.RecordBatch) else rows.to_batches(ROWS_AT_A_TIME):
        if batch.num_rows:
            columns = [table.columns[name] for name in batch.schema.names]
            (_copy if connection.dialect.name == "postgresql" else _insert)(connection, table, columns, batch)


def _insert(connection: sa.Connection, table: sa.Table, columns: Sequence[sa.Column[object]], batch: pa.RecordBatch) -> None:
    if connection.dialect.name != "sqlite" or any(pa.types.is_temporal(kind) for kind in batch.schema.types):
        connection.execute(sa.insert(table), batch.to_pylist())
        return
    names, marks = ", ".join(f'"{column.name}"' for column in columns), ", ".join("?" for _ in columns)
    rows = list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', rows)


def _copy(connection: sa.Connection, table: sa.Table, columns: Sequence[sa.Column[object]], batch: pa.RecordBatch) -> None:
    names = ", ".join(f'"{column.name}"' for column in columns)
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN (FORMAT BINARY)') as copy:
        copy.set_types([_kind(column) for column in columns])
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            copy.write_row(row)


def batches(
    connection: sa.Connection, query: sa.Select[tuple[object, ...]], schema: pa.Schema, rows_at_a_time: int = ROWS_AT_A_TIME
) -> Iterator[pa.RecordBatch]:
    """What a query gives, in batches under `schema`, never all of it in memory."""
    with connection.execute(query, execution_options={"yield_per": rows_at_a_time}) as rows:
        for part in rows.partitions():
            arrays = [pa.array(column, kind.type) for column, kind in zip(zip(*part, strict=True), schema, strict=True)]
            yield pa.record_batch(arrays, schema=schema)


def _kind(column: sa.Column[object]) -> str:
    return next(name for kind, name in ON_POSTGRESQL.items() if isinstance(column.type, kind))

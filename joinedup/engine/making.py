"""Making one table: its SQL run, its rows written, what its .yml declares checked on the file."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from joinedup.engine.engines import Engine
from joinedup.engine.measuring import EngineMeasured
from joinedup.engine.results import key_finding, null_finding, nulls_sql, repeated_sql, result_columns
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store, move_into_place
from joinedup.errors import SqlError
from joinedup.findings import Finding


def make(spec: TableSpec, engine: Engine, store: Store, path: Path) -> tuple[int, EngineMeasured]:
    """How many rows the table has, which then lies at `path`, and what its query cost; SqlError when it isn't what its .yml declares."""
    being_written = _being_written(store, path)
    columns = result_columns(spec, engine.types(spec), engine.quote)
    cost = engine.write(spec, columns, being_written)
    engine.show(spec.table, being_written, here=True)
    footer = pq.read_metadata(being_written)
    findings = [*_null_findings(spec, footer, engine), *_key_findings(spec, engine)]
    if findings:
        raise SqlError(f"{findings[0].file}: {findings[0].message}", findings)
    move_into_place(being_written, path)
    return int(footer.num_rows), cost


def _being_written(store: Store, path: Path) -> Path:
    return store.tmp / path.name


def _null_findings(spec: TableSpec, footer: pq.FileMetaData, engine: Engine) -> list[Finding]:
    """Nulls in required columns, as the file's own statistics count them: the rows aren't read again where these say.

    Of a column of long texts Spark's say nothing.
    """
    counts = {column.name: _nulls(footer, index) for index, column in enumerate(spec.columns) if column.required}
    not_said = [name for name, nulls in counts.items() if nulls is None]
    if not_said:
        counts |= engine.rows(spec, nulls_sql(spec, not_said, engine.quote)).to_pylist()[0]
    return [null_finding(spec, name, nulls) for name, nulls in counts.items() if nulls]


def _nulls(footer: pq.FileMetaData, column: int) -> int | None:
    """None where a row group doesn't say."""
    said = [footer.row_group(group).column(column).statistics for group in range(footer.num_row_groups)]
    counts = [None if each is None or not each.has_null_count else each.null_count for each in said]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _key_findings(spec: TableSpec, engine: Engine) -> list[Finding]:
    repeated = engine.rows(spec, repeated_sql(spec, engine.quote))["repeated"][0].as_py()
    return [key_finding(spec, repeated)] if repeated else []

"""Making one table: its SQL run, its rows written, what its .yml declares checked on the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from joinedup.engine.engines import Engine
from joinedup.engine.keys import repeated_in
from joinedup.engine.measuring import EngineMeasured
from joinedup.engine.parts import FILE, Lying
from joinedup.engine.results import key_finding, null_finding, nulls_sql, repeated_sql, result_columns, shared_sql
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store, move_into_place
from joinedup.errors import SqlError
from joinedup.findings import Finding

FEW = 100_000
"""Rows up to which keys are counted in memory."""


def make(spec: TableSpec, engine: Engine, store: Store, path: Path, own: str = "") -> tuple[int, EngineMeasured]:
    """How many rows the table has, which then lies at `path`, and what its query cost; SqlError when it isn't what its .yml declares.

    Of one part of a table, `own` is true of rows of its own files, and a key without the file is left to `grain_findings`.
    """
    being_written = _being_written(store, path)
    columns = result_columns(spec, engine.types(spec), engine.quote)
    cost = engine.write(spec, columns, being_written)
    footer = pq.read_metadata(being_written)
    few = footer.num_rows <= FEW
    nulls = {column.name: _nulls(footer, index) for index, column in enumerate(spec.columns) if column.required}
    if own or None in nulls.values():
        engine.show(spec.table, being_written, here=True)
    findings = [*_null_findings(spec, nulls, engine), *(_stray_findings(spec, engine, own) if own else ())]
    if FILE in spec.key or not own:
        findings += _key_findings_of_few(spec, being_written) if few else _key_findings_of_many(spec, [being_written], engine)
    refuse(findings)
    move_into_place(being_written, path)
    return int(footer.num_rows), cost


def refuse(findings: Sequence[Finding]) -> None:
    """Nothing where there are no findings; SqlError else."""
    if findings:
        raise SqlError(f"{findings[0].file}: {findings[0].message}", findings)


def _being_written(store: Store, path: Path) -> Path:
    return store.tmp / path.name


def _null_findings(spec: TableSpec, said: Mapping[str, int | None], engine: Engine) -> list[Finding]:
    """Nulls in required columns, as the file's own statistics count them: the rows aren't read again where these say.

    Of a column of long texts Spark's say nothing.
    """
    not_said = [name for name, nulls in said.items() if nulls is None]
    counted = engine.rows(spec, nulls_sql(spec, not_said, engine.quote)).to_pylist()[0] if not_said else {}
    counts = {**said, **counted}
    return [null_finding(spec, name, nulls) for name, nulls in counts.items() if nulls]


def _nulls(footer: pq.FileMetaData, column: int) -> int | None:
    """None where a row group doesn't say."""
    said = [footer.row_group(group).column(column).statistics for group in range(footer.num_row_groups)]
    counts = [None if each is None or not each.has_null_count else each.null_count for each in said]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _stray_findings(spec: TableSpec, engine: Engine, own: str) -> list[Finding]:
    """Rows that lie in a part to which their file doesn't belong: the next build would leave them out, or have them twice."""
    strays = engine.rows(spec, f"SELECT count(*) AS strays FROM {spec.table} WHERE NOT coalesce({own}, TRUE)")["strays"][0].as_py()
    message = (
        f"{spec.table} is made by file and has {strays} rows with another file_id than those that they are made from; "
        "take file_id over as it is, or take by_file out of its .yml"
    )
    return [Finding(spec.sql_file, "by-file", message, count=strays)] if strays else []


def key_findings(spec: TableSpec, engine: Engine) -> list[Finding]:
    """Keys that stand on more than one row of the table that the engine shows under its name."""
    repeated = engine.rows(spec, repeated_sql(spec, engine.quote))["repeated"][0].as_py()
    return [key_finding(spec, repeated)] if repeated else []


def _key_findings_of_few(spec: TableSpec, path: Path) -> list[Finding]:
    """The same of a file of few rows, in memory: a query takes longer to begin than they take to count."""
    keys = pq.read_table(path, columns=list(spec.key), partitioning=None)
    counts = keys.group_by(list(spec.key), use_threads=False).aggregate([([], "count_all")])["count_all"]
    repeated = pc.sum(pc.greater(counts, 1)).as_py() if keys.num_rows > 1 else 0
    return [key_finding(spec, repeated)] if repeated else []


def _key_findings_of_many(spec: TableSpec, lying: Sequence[Lying], engine: Engine) -> list[Finding]:
    """The same of files of many rows: by the order that they lie in where that tells, which takes about half of what a query takes."""
    repeated = repeated_in(spec, lying)
    if repeated is None:
        engine.show(spec.table, lying, here=True)
        return key_findings(spec, engine)
    return [key_finding(spec, repeated)] if repeated else []


def grain_findings(spec: TableSpec, engine: Engine, made: Sequence[Lying], there: Sequence[Lying]) -> list[Finding]:
    """Keys that stand on more than one row of a table in parts, of which some were made now and the others had been looked at before."""
    found = _key_findings_of_many(spec, made or there, engine)
    if found or not (made and there):
        return found
    engine.show(spec.table, made, here=True)
    engine.show(f"{spec.table}_there", there, here=True)
    repeated = engine.rows(spec, shared_sql(spec, f"{spec.table}_there", engine.quote))["repeated"][0].as_py()
    return [key_finding(spec, repeated)] if repeated else []

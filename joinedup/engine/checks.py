"""Everything that can be known to be wrong with tables before any row is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from joinedup.engine.by_file import by_file_findings, by_person_findings
from joinedup.engine.order import inputs_of, order_findings
from joinedup.engine.portable import findings_of
from joinedup.engine.specs import ColumnType, TableSpec
from joinedup.findings import Finding


def check_tables(specs: Mapping[str, TableSpec]) -> list[Finding]:
    """What `make check` refuses: SQL that isn't portable, tables that can't be ordered, and descriptions without cases or meanings."""
    return [*table_findings(specs), *(finding for spec in specs.values() for finding in _description_findings(spec))]


def table_findings(specs: Mapping[str, TableSpec]) -> list[Finding]:
    """What stops a build: SQL that isn't portable, unknown tables, circles, money that isn't whole pence."""
    found = order_findings(specs)
    for spec in specs.values():
        if spec.derived:
            reads = {name: specs[name] for name in sorted(inputs_of(spec) & specs.keys())}
            found += findings_of(spec.sql or "", spec.sql_file, reads)
        found += [*_money_findings(spec), *_following_findings(spec, specs)]
    return found or [finding for spec in specs.values() for finding in (*by_file_findings(spec, specs), *by_person_findings(spec, specs))]


def _money_findings(spec: TableSpec) -> Iterator[Finding]:
    for column in spec.columns:
        if column.name.endswith("_pence") and column.type is not ColumnType.BIGINT:
            message = f"{spec.table}.{column.name} is {column.type}; money is whole pence: declare it BIGINT"
            yield Finding(_yml(spec), "money", message)


def _following_findings(spec: TableSpec, specs: Mapping[str, TableSpec]) -> Iterator[Finding]:
    if not spec.follows:
        return
    if spec.follows not in inputs_of(spec) or spec.follows not in specs:
        message = f"{spec.table} is said to follow {spec.follows or 'nothing'}, which it doesn't read"
        yield Finding(_yml(spec), "follows", f"{message}; name a table of its .sql, or leave follows out")
    elif specs[spec.follows].order != spec.order:
        own, other = ", ".join(spec.order), ", ".join(specs[spec.follows].order)
        message = f"{spec.table} is ordered by {own} and {spec.follows}, which it is said to follow, by {other}"
        yield Finding(_yml(spec), "follows", f"{message}; give it the same sort, or leave follows out")


def _description_findings(spec: TableSpec) -> Iterator[Finding]:
    for column in spec.columns:
        if not column.meaning.strip():
            yield Finding(_yml(spec), "meaning", f"{spec.table}.{column.name} has no meaning; say what it holds, in the field's words")
    if spec.derived and not spec.cases:
        yield Finding(_yml(spec), "cases", f"{spec.table} has no case; add a tiny input and the answer that is expected")


def _yml(spec: TableSpec) -> str:
    return f"{spec.table}.yml" if spec.path is None else spec.path.name

"""In which order tables are made: what each reads is seen in its SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from joinedup.engine.parse import inputs_of_sql
from joinedup.engine.specs import TableSpec
from joinedup.errors import SqlError
from joinedup.findings import Finding


def inputs_of(spec: TableSpec) -> frozenset[str]:
    """The tables that a derived table reads, in lower case; none for an input or reference table."""
    return inputs_of_sql(spec.sql) if spec.sql is not None else frozenset()


def order(specs: Mapping[str, TableSpec]) -> list[TableSpec]:
    """The derived tables, each after what it reads; SqlError when one reads an unknown table or they read each other."""
    findings = order_findings(specs)
    if findings:
        raise SqlError(f"{findings[0].file}: {findings[0].message}", findings)
    return [specs[name] for name in TopologicalSorter(_graph(specs)).static_order() if specs[name].derived]


def order_findings(specs: Mapping[str, TableSpec]) -> list[Finding]:
    """What stands against an order: unknown tables, or else tables that read each other."""
    unknown = [_unknown(spec, name, specs) for spec in specs.values() for name in sorted(inputs_of(spec) - specs.keys())]
    return unknown or list(_cycle(specs))


def _graph(specs: Mapping[str, TableSpec]) -> dict[str, list[str]]:
    return {name: sorted(inputs_of(specs[name])) for name in sorted(specs)}


def _unknown(spec: TableSpec, name: str, specs: Mapping[str, TableSpec]) -> Finding:
    near = get_close_matches(name, specs, n=1, cutoff=0.0)
    hint = f"; the nearest known table is {near[0]}" if near else ""
    message = f"{spec.table} reads the table {name}, which nobody makes{hint}; correct the name, or add {name}.yml and {name}.sql"
    return Finding(spec.sql_file, "unknown-table", message)


def _cycle(specs: Mapping[str, TableSpec]) -> Iterable[Finding]:
    try:
        TopologicalSorter(_graph(specs)).prepare()
    except CycleError as error:
        names = list(reversed(error.args[1]))
        message = f"tables read each other in a circle: {' reads '.join(names)}; break the circle with a table of its own"
        yield Finding(specs[names[0]].sql_file, "cycle", message)

"""Everything that can be said of one table's SQL: what isn't portable, what it reads and gives, and how each engine would run it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from joinedup.engine.cases import run_case
from joinedup.engine.engines import Engine, open_engine, software_of
from joinedup.engine.explaining import Given, Read, gives_of, grain_reason, grouped_by, reads_of
from joinedup.engine.order import inputs_of, order_findings
from joinedup.engine.plans import Told, in_words, show_shapes
from joinedup.engine.portable import refusals_of
from joinedup.engine.portable_context import Refusal
from joinedup.engine.portable_fixes import Fix, fixable
from joinedup.engine.results import Found, column_findings, repeated_sql
from joinedup.engine.specs import TableSpec, read_specs
from joinedup.errors import SqlError
from joinedup.findings import Finding


@dataclass(frozen=True, slots=True)
class Lesson:
    """One thing that isn't portable: where, what to write instead, and what --fix would make of it where that is safe."""

    refusal: Refusal
    fix: Fix | None


@dataclass(frozen=True, slots=True)
class Plan:
    """How an engine would run the query; without steps, why there are none, and whether that is the query's fault."""

    engine: str
    steps: tuple[Told, ...] = ()
    why_not: str = ""
    at_fault: bool = False


@dataclass(frozen=True, slots=True)
class Explained:
    """What one table reads and gives, what keeps its grain, whether its cases hold, and its plans."""

    spec: TableSpec
    reads: tuple[Read, ...]
    gives: tuple[Given, ...]
    grain: str
    check: str
    cases: tuple[tuple[str, tuple[str, ...]], ...]
    """Each case with what differs from its expected answer."""
    findings: tuple[Finding, ...]
    plans: tuple[Plan, ...]
    grouped_by: tuple[str, ...] = ()
    """The columns given that the last GROUP BY is by, which are likely the key."""


def read_table(path: Path, specs: Mapping[str, TableSpec]) -> tuple[TableSpec, dict[str, TableSpec]]:
    """The table of a .sql file, and all tables that it may read: those known, and those described beside it.

    Without a .yml beside it the table has no columns and no key. SqlError when it can't be read as text, or a .yml can't be used.
    """
    try:
        sql = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise SqlError(f"{path.name} isn't text in UTF-8, at byte {error.start}; save it as UTF-8") from error
    known = {**specs, **read_specs(path.parent, below=False)}
    described = known.get(path.stem) if path.with_suffix(".yml").exists() else None
    bare = TableSpec(table=path.stem, title="", grain="", key=(), columns=(), owner="", source="", path=path)
    spec = (described or bare).model_copy(update={"sql": sql})
    return spec, known | {spec.table: spec}


def known_reads(spec: TableSpec, specs: Mapping[str, TableSpec]) -> dict[str, TableSpec]:
    """The tables that a table's SQL reads, as far as they are known."""
    return {name: specs[name] for name in sorted(inputs_of(spec) & specs.keys())}


def lessons_of(spec: TableSpec, specs: Mapping[str, TableSpec]) -> list[Lesson]:
    """Everything in a table's SQL that isn't portable."""
    reads = known_reads(spec, specs)
    return [Lesson(refusal, fixable(spec.sql or "", refusal, reads)) for refusal in refusals_of(spec.sql or "", reads)]


def unknown_tables(spec: TableSpec, specs: Mapping[str, TableSpec]) -> list[Finding]:
    """The tables that a table's SQL reads and nobody makes, or a circle that it is part of."""
    return [finding for finding in order_findings(specs) if finding.file == spec.sql_file]


def explain(spec: TableSpec, specs: Mapping[str, TableSpec], engines: Sequence[str]) -> Explained:
    """What there is to say of a table whose SQL is portable and reads known tables; SqlError when DuckDB can't run it."""
    reads = tuple(known_reads(spec, specs).values())
    with TemporaryDirectory(prefix="joinedup-sql-") as tmp:
        duck = open_engine("duckdb", Path(tmp), threads=1)
        try:
            show_shapes(duck, reads, Path(tmp))
            found = duck.types(spec)
            plans = [_plan(name, duck, spec, reads, Path(tmp)) for name in engines]
            cases = [(case.name, tuple(run_case(spec, case, specs, duck))) for case in spec.cases]
        finally:
            duck.close()
    return Explained(
        spec,
        tuple(reads_of(spec, specs)),
        tuple(gives_of(spec, specs, found)),
        grain_reason(spec, specs),
        repeated_sql(spec, "").replace(") AS many", "\n) AS many").replace("FROM (", "FROM (\n    ") if spec.key else "",
        tuple(cases),
        tuple(_declared(spec, found)),
        tuple(plans),
        grouped_by(spec),
    )


def _declared(spec: TableSpec, found: Found) -> Iterator[Finding]:
    if spec.columns:
        yield from column_findings(spec, found)


def _plan(name: str, duck: Engine, spec: TableSpec, reads: Sequence[TableSpec], tmp: Path) -> Plan:
    """The plan of one engine, or why there is none: Spark isn't installed, can't start, or can't run it."""
    try:
        if name == duck.name:
            return Plan(name, tuple(in_words(duck.plan(spec), reads)))
        software_of(name)
        engine = open_engine(name, tmp, threads=1)
    except SqlError as error:
        return Plan(name, why_not=str(error))
    try:
        show_shapes(engine, reads, tmp)
        return Plan(name, tuple(in_words(engine.plan(spec), reads)))
    except SqlError as error:
        return Plan(name, why_not=str(error), at_fault=True)
    finally:
        engine.close()

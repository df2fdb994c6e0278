"""The query profiles of a build as they are kept: each table by itself, and the plans of the slowest."""

from __future__ import annotations

from datetime import datetime

from joinedup.engine.measuring import Measured
from joinedup.engine.specs import Frozen
from joinedup.engine.store import Store

MOST_LINES = 25
"""Operators of a plan that are shown."""
SUMMARY, WORDS = "summary.json", "slowest.txt"


class PlanLine(Frozen):
    """An operator of a query: how deep in the plan, what it is, the rows that it gave and the seconds of threads that it took."""

    depth: int
    operator: str
    about: str = ""
    rows: int
    seconds: float


class TableProfile(Frozen):
    """What a table's query cost by itself; with its plan where it is one of the slowest."""

    table: str
    rows: int
    measured: Measured
    plan: tuple[PlanLine, ...] = ()


class BuildProfile(Frozen):
    """The query profiles of a build, the slowest table first."""

    build_id: str
    at: datetime
    software: str
    tables: tuple[TableProfile, ...]

    @property
    def slowest(self) -> tuple[TableProfile, ...]:
        """Those with a plan."""
        return tuple(table for table in self.tables if table.plan)


def in_words(made: BuildProfile) -> str:
    """The slowest tables with their plans, as text."""
    total = sum(table.measured.seconds for table in made.tables)
    said = [f"build {made.build_id}, {made.software}: {len(made.tables)} tables one at a time, {total:.1f} s"]
    for table in made.slowest:
        said += ["", heading(table, total), plan_text(table)]
    return "\n".join(said) + "\n"


def heading(table: TableProfile, total: float) -> str:
    """A table with its share of the time."""
    cost = table.measured
    share = f"{100 * cost.seconds / total:.0f}% of all" if total else ""
    memory = f", {cost.peak_memory / 1_000_000:,.0f} MB" if cost.peak_memory is not None else ""
    return f"{table.table}: {cost.seconds:.2f} s, {share}; {cost.rows_read or 0:,} rows read, {table.rows:,} written{memory}"


def plan_text(table: TableProfile) -> str:
    """The plan of a table's query, an operator a line, what comes last first; of a long one the operators that took longest."""
    shown = {id(line) for line in sorted(table.plan, key=lambda line: -line.seconds)[:MOST_LINES]}
    said = [
        f"{line.seconds:8.3f} s {line.rows:>13,} rows  {'  ' * line.depth}{line.operator} {line.about}".rstrip()
        for line in table.plan
        if id(line) in shown
    ]
    rest = [line.seconds for line in table.plan if id(line) not in shown]
    return "\n".join([*said, *([f"{sum(rest):8.3f} s in {len(rest)} operators that took less"] if rest else [])])


def read_profile(store: Store, build_id: str) -> BuildProfile | None:
    """The query profiles of a build; None where nobody asked for them, or they can't be read."""
    try:
        return BuildProfile.model_validate_json((store.profiles / build_id / SUMMARY).read_bytes())
    except (OSError, ValueError):
        return None

"""Lines of counting: each a set of events, or of people's days, that one or more measures stand on, counted once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from joinedup.engine.specs import Column, ColumnType, TableSpec, read_specs
from joinedup.outcomes.measure_definition import GIVEN, OWN, Counted, MeasureDefinition, OutOf

PEOPLE = "people"
EVENT_COLUMNS = ("event_id", "person_id", "on_date", "neighbourhood_id", "practice_code", "age", "provider_code", "file_id")
"""What every event table has."""
WHOLE = (ColumnType.INTEGER, ColumnType.BIGINT)


OF_EVENTS = (
    Column(name="event_id", type=ColumnType.BIGINT, required=True, meaning="The event"),
    Column(name="person_id", type=ColumnType.BIGINT, required=True, meaning="The person"),
    Column(name="on_date", type=ColumnType.DATE, required=True, meaning="Its day"),
    Column(name="neighbourhood_id", type=ColumnType.STRING, meaning="The neighbourhood on that day; empty for none"),
    Column(name="practice_code", type=ColumnType.STRING, meaning="The practice on that day"),
    Column(name="age", type=ColumnType.INTEGER, unit="years", meaning="Age in full years that day; empty when not known"),
    Column(name="provider_code", type=ColumnType.STRING, meaning="Who would have to send it; empty where nobody is known"),
    Column(name="file_id", type=ColumnType.INTEGER, meaning="File of the record"),
)
"""The columns that every event has, as events of a measure's own .sql have them."""


class WrongDefinition(Exception):
    """A part of a definition that can't be used: where in the .yml, and what is wrong."""

    def __init__(self, at: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.at, self.message = at, message


@dataclass(frozen=True)
class Condition:
    """What one column must be: some values, or from and below, or a beginning; values are of the column's type."""

    column: str
    type: ColumnType
    values: tuple[Any, ...] = ()
    begins: tuple[str, ...] = ()
    least: Any = None
    below: Any = None


@dataclass(frozen=True)
class Line:
    """What is counted together: a table of events or people, conditions and perhaps an amount, and which contracts it needs."""

    table: str
    conditions: tuple[Condition, ...]
    amount: str | None
    each: bool
    """Whether events are kept apart by their amount, as medians need."""
    needs: tuple[tuple[int, str, str | None], ...]
    """(way, contract, field): of several ways one is enough."""
    follow_days: int = 0
    """Days after an event until what it led to or cost is known."""

    @property
    def id(self) -> str:
        """Its name: the table, and a hash of all that it says, so that a build knows whether it holds it."""
        conditions, later = [_said(each) for each in self.conditions], [self.follow_days] if self.follow_days else []
        said = [self.table, conditions, self.amount, self.each, self.needs, *later]
        return f"{self.table}_{sha256(json.dumps(said, default=str).encode()).hexdigest()[:10]}"


def _said(condition: Condition) -> list[Any]:
    return [condition.column, condition.type.value, condition.values, condition.begins, condition.least, condition.below]


@dataclass(frozen=True)
class Lines:
    """The lines of one variant of a measure."""

    count: Line
    out_of: Line | None


def lines_of(measure: MeasureDefinition, variant: str, specs: Mapping[str, TableSpec]) -> Lines | None:
    """What a variant stands on, checked against the tables; None of published values. WrongDefinition where it can't be used."""
    if measure.form in GIVEN or measure.count is None:
        return None
    other = measure.variant(variant)
    at: tuple[str | int, ...] = ("count",) if other is None else ("variants", measure.variants.index(other))
    counted = measure.count if other is None else _overridden(measure.count, other.where, other.amount)
    specs = {**specs, OWN: own_table(measure)} if measure.brings_events else specs
    needs, follow = _needs(measure), measure.follow_days
    count = replace(_line(counted, specs, at, needs, each=measure.form == "median"), follow_days=follow)
    if measure.out_of is None:
        return Lines(count, None)
    out_of = measure.out_of
    if other is not None:
        over = other.out_of
        changed = {"where": _merged(out_of.where, over.where), "amount": over.amount or out_of.amount, "event": over.event or out_of.event}
        out_of = out_of.model_copy(update={**changed, "people": out_of.people if over.people is None else over.people})
    made = _out_of(out_of, specs, needs)
    return Lines(count, replace(made, follow_days=follow) if made.needs else made)


def _overridden(counted: Counted, where: Mapping[str, Any], amount: str | None) -> Counted:
    return counted.model_copy(update={"where": _merged(counted.where, where), "amount": amount or counted.amount})


def _merged(where: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**where, **over}.items() if value is not None}


def _needs(measure: MeasureDefinition) -> tuple[tuple[int, str, str | None], ...]:
    """The contracts of activity that it needs, by way: those as written, and those with another in the stead of one."""
    return tuple(
        (way, name, field)
        for contract, fields in sorted(measure.needs.items())
        if contract != "register"
        for way, name in enumerate((contract, *([measure.instead[contract]] if contract in measure.instead else [])), 1)
        for field in (fields or (None,))
    )


def _out_of(out_of: OutOf, specs: Mapping[str, TableSpec], needs: tuple[tuple[int, str, str | None], ...]) -> Line:
    if out_of.event is not None:
        counted = Counted(event=out_of.event, where=out_of.where, amount=out_of.amount)
        return _line(counted, specs, ("out_of",), needs, each=False)
    flags = {column.name: column for column in specs["person_year"].columns if column.type is ColumnType.BOOLEAN}
    flags["age"] = Column(name="age", type=ColumnType.INTEGER, meaning="Age on the first of the month")
    flags["sex"] = Column(name="sex", type=ColumnType.STRING, meaning="Sex")
    conditions = _conditions(out_of.people or {}, flags, PEOPLE, ("out_of", "people"))
    return Line(PEOPLE, conditions, "person_days", False, ())


def _line(
    counted: Counted,
    specs: Mapping[str, TableSpec],
    at: tuple[str | int, ...],
    needs: tuple[tuple[int, str, str | None], ...],
    *,
    each: bool,
) -> Line:
    table = specs.get(counted.event)
    if table is None or not _holds_events(table):
        raise WrongDefinition((*at, "event"), f"no event table is called {counted.event}{near(counted.event, event_tables(specs))}")
    columns = {column.name: column for column in table.columns}
    if counted.amount is not None:
        column = columns.get(counted.amount)
        if column is None or column.type not in WHOLE:
            whole = [name for name, one in columns.items() if one.type in WHOLE and name not in EVENT_COLUMNS]
            raise WrongDefinition(
                (*at, "amount"), f"{counted.event} has no whole number called {counted.amount}{near(counted.amount, whole)}"
            )
    return Line(table.table, _conditions(counted.where, columns, table.table, (*at, "where")), counted.amount, each, needs)


def own_table(measure: MeasureDefinition) -> TableSpec:
    """The table of the events that a measure brings, but for their SQL; columns that are listed twice are in it once."""
    columns = {column.name: column for column in (*measure.columns, *OF_EVENTS)}
    own = [column for name, column in columns.items() if name not in EVENT_COLUMNS]
    return TableSpec(
        table=f"{measure.id}_event",
        title=f"Events of {measure.title}",
        grain="one row per event",
        key=("event_id",),
        columns=(*OF_EVENTS, *own),
        version=measure.version,
        owner=measure.owner,
        source=measure.source,
        sql="",
    )


@cache
def countable() -> Mapping[str, TableSpec]:
    """The tables that definitions may name: the event tables, and person_year for flags of people."""
    people = read_specs(Path(str(files("joinedup.population"))), below=False)["person_year"]
    return {people.table: people, **read_specs(Path(str(files("joinedup.outcomes"))) / "events")}


def event_tables(specs: Mapping[str, TableSpec]) -> dict[str, TableSpec]:
    """The tables that hold events: those with all columns that an event has."""
    return {name: spec for name, spec in specs.items() if _holds_events(spec)}


def _holds_events(spec: TableSpec) -> bool:
    return spec.derived and set(EVENT_COLUMNS) <= set(spec.names)


def _conditions(where: Mapping[str, Any], columns: Mapping[str, Column], table: str, at: tuple[str | int, ...]) -> tuple[Condition, ...]:
    made = []
    for name, wanted in sorted(where.items()):
        if name not in columns:
            raise WrongDefinition((*at, name), f"{table} has no column {name}{near(name, columns)}")
        made.append(_condition(name, columns[name].type, wanted, (*at, name)))
    return tuple(made)


def _condition(name: str, kind: ColumnType, wanted: Any, at: tuple[str | int, ...]) -> Condition:  # noqa: ANN401 - as written
    if isinstance(wanted, Mapping):
        unknown = set(wanted) - {"from", "below", "begins"}
        if unknown or not wanted:
            raise WrongDefinition(at, f"{name} says {', '.join(sorted(map(str, unknown))) or 'nothing'}; write from, below or begins")
        if "begins" in wanted:
            if kind is not ColumnType.STRING or len(wanted) > 1:
                raise WrongDefinition(at, f"begins is for text by itself, and {name} is {kind.value}")
            begins = wanted["begins"] if isinstance(wanted["begins"], list) else [wanted["begins"]]
            return Condition(name, kind, begins=tuple(sorted(map(str, begins))))
        if kind in (ColumnType.STRING, ColumnType.BOOLEAN):
            raise WrongDefinition(at, f"from and below are for numbers and dates, and {name} is {kind.value}")
        least, below = (None if wanted.get(key) is None else _typed(wanted[key], kind, name, at) for key in ("from", "below"))
        return Condition(name, kind, least=least, below=below)
    values = wanted if isinstance(wanted, list) else [wanted]
    if not values:
        raise WrongDefinition(at, f"{name} is an empty list, which matches nothing: write a value")
    return Condition(name, kind, values=tuple(sorted({_typed(value, kind, name, at) for value in values})))


def _typed(value: Any, kind: ColumnType, name: str, at: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - as written
    """A value as the column's type has it; it may be written as text, as place folders are read."""
    text = str(value).strip()
    try:
        if kind is ColumnType.BOOLEAN and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if kind in WHOLE and not isinstance(value, bool):
            return int(text)
        if kind is ColumnType.DATE:
            return date.fromisoformat(text)
        if kind is ColumnType.STRING and not isinstance(value, bool):
            return text
    except ValueError:
        pass
    raise WrongDefinition(at, f"{name} is {kind.value}, and {value!r} is none: write {_EXAMPLES.get(kind, 'a value of that type')}")


_EXAMPLES = {ColumnType.BOOLEAN: "true or false", ColumnType.INTEGER: "a whole number", ColumnType.DATE: "a date such as 2026-03-31"}


def near(name: str, known: Iterable[str]) -> str:
    """The nearest name, or all there are, as the end of a message."""
    known = sorted(known)
    alike = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; the nearest is {alike[0]}" if alike else f"; there are {', '.join(known)}"


def every_line(measures: Iterable[MeasureDefinition], specs: Mapping[str, TableSpec]) -> dict[str, Line]:
    """Each line that measures stand on, once, by its id in order."""
    found: dict[str, Line] = {}
    for measure in measures:
        for variant in measure.variant_ids:
            lines = lines_of(measure, variant, specs)
            for line in () if lines is None else (lines.count, lines.out_of):
                if line is not None:
                    found[line.id] = line
    return dict(sorted(found.items()))

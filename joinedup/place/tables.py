"""A place as tables, for the builder: what the place folder says, in the columns that `tables/*.yml` describe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from joinedup.engine.specs import ColumnType, TableSpec, read_specs
from joinedup.periods import Period, add_months, year_name
from joinedup.place.model import PURPOSES, Place, SmallArea
from joinedup.place.sharing import allows_everything, covering
from joinedup.place.spans import Span
from joinedup.place.successions import successions

Row: TypeAlias = tuple[str | int | date | None, ...]

ARROW = {ColumnType.STRING: pa.string(), ColumnType.INTEGER: pa.int32(), ColumnType.BIGINT: pa.int64(), ColumnType.DATE: pa.date32()}

TREND_MONTHS = 24
YEARS = 3


@cache
def specs() -> dict[str, TableSpec]:
    """What each table of a place holds, by name."""
    return read_specs(Path(__file__).parent / "tables")


def tables(place: Place, today: date | None = None) -> dict[str, pa.Table]:
    """Every table of a place, by name: columns and types as specified, rows in the order of the key. `today` is when sources are used."""
    rows: dict[str, Iterable[Row]] = {
        "place_parameter": [(place.as_at, place.period.start, place.period.end, place.period.days)],
        "place_neighbourhood": ((n.id, n.name, n.code, n.start, n.end, n.list_size) for n in place.neighbourhoods),
        "place_practice": ((p.code, p.name, p.opened, p.closed) for p in place.practices),
        "place_membership": memberships(place),
        "place_area": (area(found) for found in place.areas),
        "place_month": ((month.start, month.end, month.days) for month in trend(place.period).months()),
        "place_year": ((y.start, y.end, year_name(y), y.days) for y in years(place.period)),
        "place_year_month": ((m.start, m.end, y.start, m.days) for y in years(place.period) for m in y.months()),
        "place_succession": ((s.kind, s.code, s.successor_code, s.starts, s.ends) for s in successions(place)),
        "place_source": ((s.name, s.contract, s.price_of) for s in place.sources),
        "place_partner": ((p.id, p.name, p.code, p.start, p.end) for p in place.partners),
        "agreement_source": shared(place, today or date.today()),
    }
    assert rows.keys() == specs().keys()
    return {name: table(specs()[name], found) for name, found in rows.items()}


def shared(place: Place, day: date) -> Iterator[Row]:
    """What each source may be used for on a day, and under which agreements."""
    for source, purpose in product((source.name for source in place.sources), PURPOSES):
        if allows_everything(place):
            yield source, purpose, "none", None, None
        for found in covering(place, source, purpose, day):
            yield source, purpose, found.id, found.starts, found.ends


def memberships(place: Place) -> Iterator[Row]:
    """The memberships, each for as long as both its practice and its neighbourhood are there."""
    practices = {p.code: Span.of(p.opened, p.closed) for p in place.practices}
    neighbourhoods = {n.id: Span.of(n.start, n.end) for n in place.neighbourhoods}
    for member in place.memberships:
        written = Span.of(member.start, member.end)
        held = written & neighbourhoods[member.neighbourhood] & practices[member.practice]
        if held:
            yield member.practice, member.neighbourhood, held.start_or_none, held.end_or_none


def area(found: SmallArea) -> Row:
    """A small area, with the fifth that its decile lies in."""
    fifth = (found.deprivation_decile + 1) // 2 if found.deprivation_decile else None
    return (
        found.code,
        found.ward_code,
        found.ward_name,
        found.deprivation_index,
        found.deprivation_rank,
        fifth,
        found.start,
        found.end,
    )


def trend(period: Period) -> Period:
    """The months that trends are drawn over: they end with the period."""
    return Period(add_months(period.end, -TREND_MONTHS), period.end)


def years(period: Period) -> list[Period]:
    """The twelve months of a period and the two times twelve before them, earliest first."""
    return [Period(add_months(period.end, -12 * (back + 1)), add_months(period.end, -12 * back)) for back in reversed(range(YEARS))]


def table(spec: TableSpec, rows: Iterable[Row]) -> pa.Table:
    """Rows as a table of the specified columns, in the order of its key."""
    ordered = sorted(rows, key=lambda row: [(value is not None, value) for value in row])
    columns = list(zip(*ordered, strict=True)) or [()] * len(spec.columns)
    schema = pa.schema([pa.field(column.name, ARROW[column.type]) for column in spec.columns])
    return pa.table([pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema)

"""The published numbers of a build, and of tables that were made to see what one cause does, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose

import pyarrow as pa

from joinedup.access.changes import Cell
from joinedup.access.measured import with_values
from joinedup.access.published import PUBLISHED, evidence_key
from joinedup.access.stamp import Stamp
from joinedup.engine.files_lines import Connection
from joinedup.engine.lying import rows_sql
from joinedup.engine.parts import Lying
from joinedup.engine.reader import read_rows
from joinedup.outcomes.definitions import MeasureSpec

COUNTED = "measure_count"
OF_A_MEASURE = ("measure_id", "area_type", "area_id")
OF_MEASURES = ("value", "events", "numerator", "denominator", "registered")
BY_MONTH = "month"
AS_ADDED = 1e-9
"""How far sums of the same fractions may be apart, as a part of them, since engines add in an order of their own; no two counts below a
billion are as near to each other."""
STEP = "step_of_the_way"
"""At which point of the way a row is; no published table may have a column of this name."""
SIDE_BY_SIDE = """
SELECT {grain}, {values} FROM ({steps}) GROUP BY {grain} ORDER BY {grain}
"""


@dataclass(frozen=True, slots=True)
class Point:
    """What is published at one point of the way: the tables, and what measures go by."""

    tables: Mapping[str, Sequence[Lying]]
    measures: Mapping[str, MeasureSpec]
    stamp: Stamp


def wanted() -> tuple[str, ...]:
    """The tables that published numbers are read from."""
    return (COUNTED, *dict.fromkeys(each.table for each in PUBLISHED.values()))


def cells_of(con: Connection, points: Sequence[Point]) -> tuple[list[Cell], int]:
    """The published numbers that differ anywhere on the way, and how many there are in all."""
    found: list[Cell] = []
    compared = 0
    for cell in _all_cells(con, points):
        compared += 1
        if len(set(cell.values)) > 1:
            found.append(cell)
    return found, compared


def _all_cells(con: Connection, points: Sequence[Point]) -> Iterator[Cell]:
    for number, point in enumerate(points):
        con.register(f"measures_{number}", _measures(point))
    measured = [f"SELECT {number} AS {STEP}, * FROM measures_{number}" for number in range(len(points))]
    for told_apart, count, values in _side_by_side(con, measured, OF_A_MEASURE, OF_MEASURES, len(points)):
        yield _cell(str(told_apart[0]), told_apart[1:], count, values)
    for name, of in PUBLISHED.items():
        if all(of.table in point.tables for point in points):
            steps = [
                f"SELECT {number} AS {STEP}, * FROM ({rows_sql(point.tables[of.table])}) AS rows" for number, point in enumerate(points)
            ]
            for told_apart, count, values in _side_by_side(con, steps, of.grain, of.counts, len(points)):
                yield _cell(name, told_apart, count, values if BY_MONTH in of.grain else _none_is_nothing(values))


def _cell(name: str, told_apart: Sequence[object], count: str, values: Sequence[float | None]) -> Cell:
    said = tuple("" if value is None else str(value) for value in told_apart)
    return Cell(name=name, key=evidence_key(name, *told_apart), told_apart=said, count=count, values=tuple(values))


def _none_is_nothing(values: Sequence[float | None]) -> list[float | None]:
    """Counts where a row that isn't there counts nobody."""
    return [0.0 if value is None else value for value in values]


def _measures(point: Point) -> pa.Table:
    """The measures as they would be published."""
    counts = read_rows(point.tables[COUNTED])
    order = [(name, "ascending") for name in ("area_type", "area_id")]
    made = with_values(counts.sort_by(order), point.measures, point.stamp)
    return made.select([*OF_A_MEASURE, *OF_MEASURES])


def _side_by_side(
    con: Connection, steps: Sequence[str], grain: Sequence[str], counts: Sequence[str], points: int
) -> Iterator[tuple[tuple[object, ...], str, list[float | None]]]:
    """What tells numbers apart, which of their counts, and its value at each step."""
    values = ", ".join(f"sum(CAST({count} AS DOUBLE)) FILTER ({STEP} = {step})" for count in counts for step in range(points))
    by = ", ".join(grain)
    rows = con.execute(SIDE_BY_SIDE.format(grain=by, values=values, steps=" UNION ALL BY NAME ".join(steps))).fetchall()
    for row in rows:
        told_apart = row[: len(grain)]
        for at, count in enumerate(counts):
            first = len(grain) + at * points
            yield told_apart, count, settled(row[first : first + points])


def settled(values: Sequence[float | None]) -> list[float | None]:
    """The same values, each that is the one before but for the order in which an engine added exactly that."""
    found: list[float | None] = []
    for value in values:
        last = found[-1] if found else None
        found.append(last if value is not None and last is not None and isclose(value, last, rel_tol=AS_ADDED) else value)
    return found

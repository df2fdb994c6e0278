"""The published numbers of a build, and of tables that were made to see what one cause does, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isclose

from joinedup.access.changed_measures import COUNTED, Point, measured_side_by_side
from joinedup.access.changes import Cell
from joinedup.access.published import PUBLISHED, evidence_key
from joinedup.engine.files_lines import Connection
from joinedup.engine.lying import rows_sql

BY_MONTH = "month"
AS_ADDED = 1e-9
"""How far sums of the same fractions may be apart, as a part of them, since engines add in an order of their own; no two counts below a
billion are as near to each other."""
STEP = "step_of_the_way"
"""At which point of the way a row is; no published table may have a column of this name."""
SIDE_BY_SIDE = """
SELECT {grain}, {values} FROM ({steps}) GROUP BY {grain} ORDER BY {grain}
"""


def wanted() -> tuple[str, ...]:
    """The tables that published numbers are read from."""
    return tuple(dict.fromkeys((*COUNTED, *(each.table for each in PUBLISHED.values() if not each.columns))))


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
    for key, count, values in measured_side_by_side(points):
        yield _cell(key[0], key[1:], count, settled(values))
    for name, of in PUBLISHED.items():
        if not of.columns and all(of.table in point.tables for point in points):
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

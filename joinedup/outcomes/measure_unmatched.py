"""Filters of measures that match no row of what is there: which condition, and the nearest value that is there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

import pyarrow as pa
import pyarrow.compute as pc

from joinedup.engine.specs import ColumnType, TableSpec
from joinedup.findings import Finding, Severity
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.outcomes.measure_lines import PEOPLE, Condition, Line, lines_of

Columns = Callable[[str, Sequence[str]], pa.Table]
"""Columns of a table of the build."""
RULE = "measure-matches-nothing"
MOST_NAMED = 5


def unmatched(
    measures: Iterable[MeasureDefinition], specs: Mapping[str, TableSpec], counted: Collection[str], columns: Columns
) -> list[Finding]:
    """A warning for each set of conditions on events that no row holds anywhere; none of tables without rows, whose source is missing.

    `counted` are the lines of which something was counted, which needn't be looked into. Of measures that joinedup ships only conditions
    on texts are told of: that in a small place nobody had a rare thing is no fault.
    """
    found: dict[tuple[str, str], Finding] = {}
    for measure in measures:
        for variant, line in _lines(measure, specs):
            if line.id in counted or line.table == PEOPLE or not line.conditions or (measure.origin == "package" and not _of_text(line)):
                continue
            said = _fault(line, columns(line.table, [condition.column for condition in line.conditions]))
            if said:
                about = measure.id if variant == "standard" else f"{measure.id}, variant {variant}"
                told = Finding(f"measures/{measure.id}.yml", RULE, f"{about}: {said}", severity=Severity.WARNING, endangers=measure.id)
                found.setdefault((measure.id, line.id), told)
    return list(found.values())


def _lines(measure: MeasureDefinition, specs: Mapping[str, TableSpec]) -> Iterator[tuple[str, Line]]:
    for variant in measure.variant_ids:
        lines = lines_of(measure, variant, specs)
        for line in () if lines is None else (lines.count, lines.out_of):
            if line is not None:
                yield variant, line


def _of_text(line: Line) -> bool:
    return any(condition.type is ColumnType.STRING for condition in line.conditions)


def _fault(line: Line, rows: pa.Table) -> str:
    """What matches nothing; '' where some row holds all conditions, and where there is no row at all."""
    masks = [(condition, pc.fill_null(_holds(condition, rows[condition.column]), False)) for condition in line.conditions]
    if not rows.num_rows:
        return ""
    every = masks[0][1]
    for _, mask in masks[1:]:
        every = pc.and_(every, mask)
    if pc.any(every).as_py():
        return ""
    alone = [condition for condition, mask in masks if not pc.any(mask).as_py()]
    if not alone:
        names = " and ".join(condition.column for condition in line.conditions)
        return f"each of the conditions on {names} holds somewhere in {line.table}, and all of them together in none of its {_rows(rows)}"
    return "; ".join(_nearest(line.table, condition, rows) for condition in alone)


def _rows(rows: pa.Table) -> str:
    return f"{rows.num_rows:,} rows"


def _holds(condition: Condition, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Of each value whether the condition holds."""
    if condition.begins:
        return _either([pc.starts_with(column, begins) for begins in condition.begins])
    if condition.values:
        return pc.and_(pc.is_valid(column), pc.is_in(column, pa.array(condition.values, column.type)))
    limits = [(pc.greater_equal, condition.least), (pc.less, condition.below)]
    held = [compare(column, pa.scalar(value, column.type)) for compare, value in limits if value is not None]
    return held[0] if len(held) == 1 else pc.and_(*held)


def _either(masks: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    made = masks[0]
    for mask in masks[1:]:
        made = pc.or_(made, mask)
    return made


def _nearest(table: str, condition: Condition, rows: pa.Table) -> str:
    """A condition that no row holds, and what is there in its stead."""
    column = rows[condition.column].drop_null()
    name = f"{condition.column} of {table}"
    if not len(column):
        return f"{name} has no value in any of its {_rows(rows)}: its source doesn't send it"
    if condition.type is ColumnType.STRING:
        there = sorted(set(pc.unique(column).to_pylist()))
        asked = [str(value) for value in (*condition.values, *condition.begins)]
        near = [get_close_matches(value, there, n=1, cutoff=0.0)[0] for value in asked[:MOST_NAMED]]
        wanted = " nor ".join(repr(value) for value in asked[:MOST_NAMED])
        verb = "begins nowhere with" if condition.begins else "is nowhere"
        return f"{name} {verb} {wanted}; the nearest that is there is {', '.join(repr(value) for value in dict.fromkeys(near))}"
    if condition.type is ColumnType.BOOLEAN:
        return f"{name} is {str(column[0].as_py()).lower()} in each of its {_rows(rows)}"
    ends = pc.min_max(column).as_py()
    return f"{name} lies between {ends['min']} and {ends['max']} in its {_rows(rows)}, and the measure asks for others"

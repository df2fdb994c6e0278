"""Measures that are counted by lines, as evidence has them: their definition in words, their lines, and the rows that keys name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pyarrow as pa

from joinedup.errors import Refused
from joinedup.outcomes.measure_definition import STANDARD, MeasureDefinition
from joinedup.outcomes.measure_lines import PEOPLE, Line, countable, lines_of

GRAIN = ("area_type", "area_id", "breakdown", "group_value")
WHOLE = ("all", "all")
"""What stands for the groups where a key names an area alone."""
EXPOSURE = ("measure_exposure", ("person_days",))
KEYS_OF_EVENTS = ("on_date", "neighbourhood_id", "provider_code")
FORMS = {
    "rate": "events over people's time, 95% limits by Poisson",
    "proportion": "share, with Wilson's 95% limits",
    "mean": "mean, with 95% limits by Student's t",
    "median": "median, with 95% limits by ranks",
    "days": "sum of days over people's time, 95% limits that allow for how much the amounts vary",
    "ratio": "one sum over the other",
    "published": "value as published",
    "survey": "score as published",
}


def in_words(line: Line | None) -> str:
    """What a line counts, for people to read."""
    if line is None:
        return "The events themselves"
    what = "Days of registered people" if line.table == PEOPLE else f"Rows of {line.table}"
    what = f"{line.amount} of {what[0].lower()}{what[1:]}" if line.amount and line.table != PEOPLE else what
    holds = [_condition(each.column, each.values, each.begins, (each.least, each.below)) for each in line.conditions]
    return f"{what} with {'; '.join(holds)}" if holds else what


def _condition(column: str, values: tuple[Any, ...], begins: tuple[str, ...], limits: tuple[Any, Any]) -> str:
    if begins:
        return f"{column} beginning with {' or '.join(begins)}"
    if values:
        return f"{column} {' or '.join(str(value).lower() if isinstance(value, bool) else str(value) for value in values)}"
    words = [f"{word} {value}" for word, value in zip(("from", "below"), limits, strict=True) if value is not None]
    return f"{column} {' and '.join(words)}"


def lines_behind(measure: MeasureDefinition) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The tables and columns that the lines of a measure are counted from, since the tables of all lines lead to what any of them needs."""
    lines = lines_of(measure, STANDARD, countable())
    parts = () if lines is None else [line for line in (lines.count, lines.out_of) if line is not None]
    return tuple(each for line in parts for each in _counted_from(line))


def counted_in(measure: MeasureDefinition) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The tables, and columns of them, in which all lines are counted together."""
    lines = lines_of(measure, STANDARD, countable())
    if lines is None:
        return ()
    people = lines.out_of is not None and lines.out_of.table == PEOPLE
    return (("measure_cell", ("events", "amount")), *([EXPOSURE] if people else []))


def _counted_from(line: Line) -> list[tuple[str, tuple[str, ...]]]:
    asked = [each.column for each in line.conditions]
    if line.table != PEOPLE:
        columns = (*KEYS_OF_EVENTS, *asked, *([line.amount] if line.amount else []))
        return [(line.table, tuple(dict.fromkeys(columns))), *([("line_basis", ("known",))] if line.needs else [])]
    flags = tuple(name for name in asked if name not in ("age", "sex"))
    born = [("person", ("birth_month",))] if "age" in asked else []
    return [("counted_spell", ("starts", "ends", "neighbourhood_id")), *born, *([("person_year", flags)] if flags else [])]


def evident_rows(measure: MeasureDefinition, cut: Callable[..., pa.Table]) -> Iterator[dict[str, Any]]:
    """The rows of the latest stretch of time by area, and of the place by group, as far as the audience may have them."""
    wanted = [(area, "all") for area in measure.areas] + [("place", group) for group in measure.breakdowns]
    told: set[tuple[str, ...]] = set()
    for area, group in wanted:
        with suppress(Refused):
            rows = cut(measure.id, area_type=area, breakdown=group).to_pylist()
            latest = max((row["period_start"] for row in rows), default=None)
            for row in rows:
                key = tuple(row[name] for name in GRAIN)
                if row["period_start"] == latest and key not in told:
                    told.add(key)
                    yield row

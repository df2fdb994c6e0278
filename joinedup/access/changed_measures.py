"""The measures of a build, or of tables made to see what one cause does, as they are compared: the latest year of all that has evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.measure_evidence import GRAIN, WHOLE, evident_rows
from joinedup.access.measure_results import MeasureResults
from joinedup.access.measure_rows import Names
from joinedup.access.measured import source_reason
from joinedup.access.stamp import Stamp
from joinedup.engine.parts import Lying
from joinedup.engine.reader import read_rows
from joinedup.outcomes.measure_definition import STANDARD, MeasureDefinition
from joinedup.outcomes.measure_lines import countable, lines_of

COUNTED = ("measure_cell", "measure_exposure", "measure_known")
"""The tables of a build that measures are worked out from."""
MONTHS = "place_year_month"
"""The months that they are counted by, which are given."""
YEAR = {"variant": STANDARD, "period": "year"}
NOTHING = "\0"
"""Stands for a missing value where rows are held against each other."""
Row = Mapping[str, Any]
Rows = dict[tuple[str, ...], Row]
"""What tells an area or group apart -> its row."""
OF_MEASURES = ("value", "events", "numerator", "denominator", "known_share")


@dataclass(frozen=True)
class Point:
    """What is published at one point of the way: the tables, and what measures go by."""

    tables: Mapping[str, Sequence[Lying]]
    measures: Sequence[MeasureDefinition]
    stamp: Stamp
    months: Sequence[Lying]
    names: Names

    def measured(self, before: Point | None = None) -> dict[str, Rows]:
        """Measure -> its rows by area and, but for everybody, group; those of the point before where nothing of it is another.

        None where the point doesn't have what they are made of.
        """
        if not self.months or not all(name in self.tables for name in COUNTED):
            return {}
        for each in self.measures:
            mark = self._mark(each)
            self._marks[each.id] = mark
            same = before is not None and before._marks.get(each.id) == mark
            self._rows_of[each.id] = before._rows_of[each.id] if same and before is not None else self._worked_out(each)
        return self._rows_of

    def _worked_out(self, measure: MeasureDefinition) -> Rows:
        tables = {name: self._of_lines(name, measure) for name in COUNTED} | {MONTHS: self._year}

        def rows(name: str, where: pc.Expression | None) -> pa.Table:
            return tables[name] if where is None else tables[name].filter(where)

        results = MeasureResults((measure,), rows, self.stamp, self.names, "internal")

        def cut(name: str, *, area_type: str = "neighbourhood", breakdown: str = "all") -> pa.Table:
            return results.table(results.asked(name, {**YEAR, "area_type": area_type, "breakdown": breakdown}))

        made: Rows = {}
        for row in evident_rows(measure, cut):
            apart = tuple(str(row[name]) for name in GRAIN)
            made[apart[:2] if apart[2:] == WHOLE else apart] = row
        return made

    def _mark(self, measure: MeasureDefinition) -> str:
        """The hash of all that a measure's rows come from."""
        made = sha256(measure.model_dump_json(exclude={"cases"}).encode())
        made.update(repr((self._year.to_pylist(), source_reason(measure, self.stamp, self._year["month_end"][-1].as_py()))).encode())
        for name in COUNTED:
            rows = self._of_lines(name, measure)
            for column in rows.sort_by([(each, "ascending") for each in rows.column_names]).columns:
                made.update(column.cast(pa.string()).fill_null(NOTHING).to_numpy().astype("U").tobytes())
        return made.hexdigest()

    def _of_lines(self, name: str, measure: MeasureDefinition) -> pa.Table:
        """The rows of a table that are of the measure as it is defined."""
        lines = lines_of(measure, STANDARD, countable())
        ids = [] if lines is None else [line.id for line in (lines.count, lines.out_of) if line is not None]
        held = self._held[name]
        return pa.concat_tables([held[1].slice(*held[0][each]) for each in dict.fromkeys(ids) if each in held[0]] or [held[1].slice(0, 0)])

    @cached_property
    def _year(self) -> pa.Table:
        """The months of the latest year."""
        months = read_rows(self.months).sort_by("month")
        return months.filter(pc.field("year_starts") == pc.max(months["year_starts"]))

    @cached_property
    def _held(self) -> dict[str, tuple[dict[str, tuple[int, int]], pa.Table]]:
        """The rows of the year of each table in the order of lines, and where those of a line begin and how many they are."""
        made = {}
        for name in COUNTED:
            rows = read_rows(self.tables[name], where=pc.field("month") >= self._year["month"][0]).sort_by("line_id")
            names, starts, counts = np.unique(np.array(rows["line_id"].to_pylist(), dtype="U"), return_index=True, return_counts=True)
            spans = zip(starts.tolist(), counts.tolist(), strict=True)
            made[name] = (dict(zip(names.tolist(), spans, strict=True)), rows)
        return made

    @cached_property
    def _marks(self) -> dict[str, str]:
        return {}

    @cached_property
    def _rows_of(self) -> dict[str, Rows]:
        return {}


def measured_side_by_side(points: Sequence[Point]) -> list[tuple[tuple[str, ...], str, list[float | None]]]:
    """What tells numbers of measures apart, which of their counts, and its value at each point."""
    steps: list[dict[tuple[str, ...], Row]] = []
    for before, point in zip([None, *points[:-1]], points, strict=True):
        found = point.measured(before)
        steps.append({(name, *key): row for name, rows in found.items() for key, row in rows.items()})
    every = sorted({key for step in steps for key in step})
    return [(key, count, [(step.get(key) or {}).get(count) for step in steps]) for key in every for count in OF_MEASURES]

"""Running a measure's cases: tiny event tables through the SQL that is written for it, and what differs from the expected counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import chain, pairwise
from typing import Any

from joinedup.engine.cases import run_case
from joinedup.engine.engines import Engine
from joinedup.engine.order import inputs_of
from joinedup.engine.specs import Case, Column, ColumnType, TableSpec
from joinedup.outcomes.cell_sql import NUMBERS, by_keys_sql
from joinedup.outcomes.measure_definition import STANDARD, MeasureDefinition
from joinedup.outcomes.measure_keys import KEYS, sources_of
from joinedup.outcomes.measure_lines import Line, lines_of, own_table
from joinedup.outcomes.measure_tables import measure_inputs

INTEGER, STRING = ColumnType.INTEGER, ColumnType.STRING
SUMS = ("events", "amount", "amount_squares")
YEAR = date(2025, 4, 1)
"""The first day of the twelve months that a case is in, where it gives none."""


def run_measure_case(measure: MeasureDefinition, case: Case, specs: Mapping[str, TableSpec], engine: Engine) -> list[str]:
    """What differs from the expected counts, a line each; none when all is as expected. SqlError when the case is malformed.

    Expected rows are counts by the keys that they name, with `part` (count or out_of) and `variant` in the stead of
    line_id. Only the variants and parts that are named are counted. Where months aren't given, they are twelve from 1 April 2025.
    """
    lines = _named(measure, case, specs)
    spec = _summed(specs["measure_cell"], {line.id: line for line in lines.values()}, set().union(*case.expect))
    own = specs.get(own_table(measure).table) if measure.brings_events else None
    if own is not None and own.table not in case.given:
        spec = spec.model_copy(update={"sql": f"WITH {own.table} AS (\n{own.sql}\n)\n{spec.sql}"})
    values = [
        row for row in measure_inputs([measure], specs)["measure_value"].to_pylist() if row["line_id"] in {x.id for x in lines.values()}
    ]
    given = {"measure_value": values, "place_year_month": _months(), **case.given}
    read = inputs_of(spec)
    told = {name: rows for name, rows in given.items() if name in read or name in case.given}
    expect = [_row(row, lines) for row in case.expect]
    differs = run_case(spec, case.model_copy(update={"given": told, "expect": expect}), {**specs, spec.table: spec}, engine)
    return [_in_its_words(each, lines) for each in differs]


def _in_its_words(difference: str, lines: Mapping[tuple[str, str], Line]) -> str:
    """A difference with part and variant in the stead of the line's id, as the case is written; all of those that the line stands for."""
    ids = {
        line.id: " and ".join(f"{part} of {variant}" for (variant, part), one in lines.items() if one.id == line.id)
        for line in lines.values()
    }
    for known, words in ids.items():
        difference = difference.replace(f"line_id: {known}", f"part and variant: {words}")
    return difference


def _summed(cell: TableSpec, lines: Mapping[str, Line], named: set[str]) -> TableSpec:
    """The counts by the keys that expected rows name, in the stead of areas and groups."""
    own = tuple(name for name in KEYS if name in named)
    key = ("line_id", *(name for name in ("month", *own, "each_amount") if name in named))
    sources = [replace(each, sets={"case": own}) for each in sources_of(lines, dict.fromkeys(lines, ()))]
    sums = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in SUMS)
    made = f"SELECT {', '.join(key)}, {sums} FROM (\n{by_keys_sql(sources)}) AS counted GROUP BY {', '.join(key)}"
    columns = {column.name: column for column in cell.columns}
    columns |= {name: Column(name=name, type=INTEGER if name in NUMBERS else STRING, meaning=name) for name in own}
    return cell.model_copy(update={"sql": made, "key": key, "columns": tuple(columns[name] for name in (*key, *SUMS)), "sort": ()})


def _named(measure: MeasureDefinition, case: Case, specs: Mapping[str, TableSpec]) -> dict[tuple[str, str], Line]:
    """The lines that the expected rows name by variant and part; the count as defined where there are none."""
    named = {(row.get("variant", STANDARD), row.get("part", "count")) for row in case.expect} or {(STANDARD, "count")}
    return dict(chain.from_iterable(_lines(measure, variant, part, specs) for variant, part in sorted(named)))


def _lines(measure: MeasureDefinition, variant: str, part: str, specs: Mapping[str, TableSpec]) -> Iterator[tuple[tuple[str, str], Line]]:
    known = lines_of(measure, variant, specs)
    line = None if known is None else getattr(known, part)
    if line is not None:
        yield (variant, part), line


def _row(row: Mapping[str, Any], lines: Mapping[tuple[str, str], Line]) -> dict[str, Any]:
    line = lines[row.get("variant", STANDARD), row.get("part", "count")]
    return {"line_id": line.id} | {name: value for name, value in row.items() if name not in ("variant", "part")}


def _months() -> list[dict[str, Any]]:
    starts = [date(YEAR.year + (YEAR.month - 1 + at) // 12, (YEAR.month - 1 + at) % 12 + 1, 1) for at in range(13)]
    return [{"month": month, "month_end": after, "year_starts": YEAR, "days": (after - month).days} for month, after in pairwise(starts)]

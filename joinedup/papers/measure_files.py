"""A measure as files to take away: every month of every area as CSV, and a workbook of all its cuts with its definition."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import pyarrow as pa
from xlsxwriter.worksheet import Worksheet

from joinedup.papers.measure_facts import Measured
from joinedup.sheets import workbook, write_csv

BARE = (
    "area_type",
    "area_id",
    "area_name",
    "breakdown",
    "group_value",
    "group_name",
    "period_start",
    "period_end",
    "events",
    "numerator",
    "denominator",
    "value",
    "lower",
    "upper",
    "reason",
    "comparison",
    "known_share",
)
BREAKDOWNS = ("deprivation", "ethnic_group", "sex", "age", "segment")


def files(measured: Measured) -> Mapping[str, Callable[[], bytes]]:
    """What makes each file, by its name: it is made when the page is written."""
    name = f"measure-{measured.id}"
    return {f"{name}.csv": lambda: csv(measured), f"{name}.xlsx": lambda: xlsx(measured)}


def csv(measured: Measured) -> bytes:
    """Each cut below the other, months first, with whose numbers they are."""
    stamp, out = measured.facts.stamp, io.BytesIO()
    parts = [each.select(list(BARE)) for each in cuts(measured).values()]
    table = pa.concat_tables(parts) if parts else pa.table({name: pa.array([], pa.string()) for name in BARE})
    same = {
        "place": measured.facts.place.id,
        "invented_people": str(stamp.invented),
        "audience": measured.facts.aggregates.audience,
        "build_id": stamp.build_id,
        "measure_id": measured.id,
        "version": str(measured.definition.version),
    }
    for name, value in reversed(same.items()):
        table = table.add_column(0, name, pa.array([value] * table.num_rows, pa.string()))
    write_csv(table, out)
    return out.getvalue()


def cuts(measured: Measured) -> dict[str, pa.Table]:
    """What was asked of the door, by the names of sheets."""
    found = {"Months": measured.months_table, "Years": measured.years_table, "Practices": measured.practices_table}
    found |= {f"By {name.replace('_', ' ')}": measured.groups_table(name) for name in BREAKDOWNS}
    return {name: table for name, table in found.items() if table is not None and table.num_rows}


def xlsx(measured: Measured) -> bytes:
    """A workbook: what it is, then a sheet for each cut; text in it stays text."""
    definition, stamp, out = measured.definition, measured.facts.stamp, io.BytesIO()
    said = {
        "Measure": definition.title,
        "Place": measured.facts.place.name + (" (invented people)" if stamp.invented else ""),
        "Audience": measured.facts.aggregates.audience,
        "Definition": definition.definition,
        "Unit": definition.unit,
        "Polarity": definition.polarity,
        "Source": definition.source,
        "Version": f"{definition.version}, valid from {definition.valid_from.isoformat()}",
        "Build": stamp.build_id,
    }
    with workbook(out) as book:
        book.set_properties({"title": definition.title, "created": stamp.built_at.replace(tzinfo=None)})
        sheet = book.add_worksheet("About")
        for at, (name, value) in enumerate(said.items()):
            sheet.write_string(at, 0, name)
            sheet.write_string(at, 1, value)
        for name, table in cuts(measured).items():
            _fill(book.add_worksheet(name), table.select(list(BARE)))
    return out.getvalue()


def _fill(sheet: Worksheet, table: pa.Table) -> None:
    for at, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        sheet.write_string(0, at, name)
        for row, value in enumerate(column.to_pylist(), start=1):
            if isinstance(value, int | float):
                sheet.write_number(row, at, value)
            elif value is not None:
                sheet.write_string(row, at, str(value))
    sheet.freeze_panes(1, 0)

"""The tables of measures: their counts with the SQL as it is written for them, and what their lines say as tables for the builder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa

from joinedup.engine.specs import TableSpec
from joinedup.errors import SqlError
from joinedup.outcomes.cell_sql import cells_sql, exposure_sql
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.outcomes.measure_folder import definition_findings, definitions, packaged, read_definitions
from joinedup.outcomes.measure_keys import Cut, cuts_of, key_set, kind_of, sources_of
from joinedup.outcomes.measure_lines import Line

CELL, EXPOSURE = "measure_cell", "measure_exposure"


def measure_specs(measures: Iterable[MeasureDefinition], specs: Mapping[str, TableSpec]) -> dict[str, TableSpec]:
    """measure_cell and measure_exposure as they count these measures."""
    sources = sources_of(*cuts_of(measures, specs))
    events, people = ([each for each in sources if (each.kind == "people") == of_people] for of_people in (False, True))
    written = {CELL: cells_sql(events), EXPOSURE: exposure_sql(people)}
    return {name: specs[name].model_copy(update={"sql": sql}) for name, sql in written.items()}


def checked_definitions(place_folder: Path | None, specs: Mapping[str, TableSpec]) -> tuple[MeasureDefinition, ...]:
    """Every measure, held against the tables that it names; SqlError with findings where one can't be used."""
    own = read_definitions(place_folder, "place")[0] if place_folder is not None else []
    faults = [fault for measure, spot in (*packaged(), *own) for fault in definition_findings(measure, spot, specs)]
    if faults:
        raise SqlError(f"{faults[0].where}: {faults[0].message}", faults)
    return definitions(place_folder)


def measure_inputs(measures: Iterable[MeasureDefinition], specs: Mapping[str, TableSpec]) -> dict[str, pa.Table]:
    """What lines say, as tables: the texts of their conditions, the contracts they need, and by what they are counted."""
    lines, cuts = cuts_of(measures, specs)
    return {"measure_value": _values(lines), "line_need": _needs(lines), "measure_cut": _cuts(lines, cuts)}


def _values(lines: Mapping[str, Line]) -> pa.Table:
    rows = sorted(
        (name, condition.column, text)
        for name, line in lines.items()
        for condition in line.conditions
        for text in (*condition.begins, *(value for value in condition.values if isinstance(value, str)))
    )
    return _table(("line_id", "column_name", "text_value"), rows)


def _needs(lines: Mapping[str, Line]) -> pa.Table:
    rows = [(name, way, contract, field, line.follow_days) for name, line in lines.items() for way, contract, field in line.needs]
    columns = list(zip(*rows, strict=True)) or [(), (), (), (), ()]
    types = {"line_id": pa.string(), "way": pa.int32(), "contract": pa.string(), "field": pa.string(), "follow_days": pa.int32()}
    return pa.table({name: pa.array(column, kind) for (name, kind), column in zip(types.items(), columns, strict=True)})


def _cuts(lines: Mapping[str, Line], cuts: Mapping[str, Iterable[Cut]]) -> pa.Table:
    rows = [(name, kind_of(line)[0], key_set(cut)[0], *cut) for name, line in lines.items() for cut in sorted(cuts[name])]
    return _table(("line_id", "counted", "key_set", "area_type", "breakdown"), rows)


def _table(names: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [() for _ in names]
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)})

"""The tables of measures: measure_fine with its SQL as it is written for them, and what their lines say as tables for the builder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa

from joinedup.engine.specs import TableSpec
from joinedup.errors import SqlError
from joinedup.outcomes.exposure_sql import exposure_sql
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.outcomes.measure_folder import definition_findings, definitions, packaged, read_definitions
from joinedup.outcomes.measure_lines import PEOPLE, Line, every_line, lines_of
from joinedup.outcomes.measure_sql import fine_sql

FINE, EXPOSURE = "measure_fine", "measure_exposure"


def measure_specs(measures: Iterable[MeasureDefinition], specs: Mapping[str, TableSpec]) -> dict[str, TableSpec]:
    """measure_fine and measure_exposure as they count these measures."""
    lines = every_line(measures, specs)
    events = {name: line for name, line in lines.items() if line.table != PEOPLE}
    written = {FINE: fine_sql(events), EXPOSURE: exposure_sql(lines)}
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
    listed = list(measures)
    lines = every_line(listed, specs)
    return {"measure_value": _values(lines), "line_need": _needs(lines), "measure_cut": _cuts(listed, specs)}


def _values(lines: Mapping[str, Line]) -> pa.Table:
    rows = sorted(
        (name, condition.column, text)
        for name, line in lines.items()
        for condition in line.conditions
        for text in (*condition.begins, *(value for value in condition.values if isinstance(value, str)))
    )
    return _table(("line_id", "column_name", "text_value"), rows)


def _needs(lines: Mapping[str, Line]) -> pa.Table:
    rows = [(name, way, contract, field) for name, line in lines.items() for way, contract, field in line.needs]
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    types = {"line_id": pa.string(), "way": pa.int32(), "contract": pa.string(), "field": pa.string()}
    return pa.table({name: pa.array(column, kind) for (name, kind), column in zip(types.items(), columns, strict=True)})


def _cuts(measures: Iterable[MeasureDefinition], specs: Mapping[str, TableSpec]) -> pa.Table:
    rows: set[tuple[str, str, str]] = set()
    for measure in measures:
        for variant in measure.variant_ids:
            lines = lines_of(measure, variant, specs)
            for line in () if lines is None else (lines.count, lines.out_of):
                if line is not None:
                    rows |= {(line.id, area, breakdown) for area in areas_of(measure) for breakdown in breakdowns_of(measure, area)}
    return _table(("line_id", "area_type", "breakdown"), sorted(rows))


def areas_of(measure: MeasureDefinition) -> tuple[str, ...]:
    """The kinds of area that it is counted by; the place is always there, and people in no neighbourhood beside neighbourhoods."""
    return tuple(dict.fromkeys(("place", *measure.areas, *(("none",) if "neighbourhood" in measure.areas else ()))))


def breakdowns_of(measure: MeasureDefinition, area: str) -> tuple[str, ...]:
    """By what it is counted in a kind of area, what standardising needs included."""
    groups = (
        measure.breakdowns if area in (*measure.groups_in, "place", *(("none",) if "neighbourhood" in measure.groups_in else ())) else ()
    )
    whole: tuple[str, ...] = (measure.standardised,) if measure.standardised else ()
    whole += ("age_sex_deprivation",) if measure.standardised and area == "place" and "deprivation" in measure.breakdowns else ()
    return tuple(dict.fromkeys(("all", *groups, *whole)))


def _table(names: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [() for _ in names]
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)})

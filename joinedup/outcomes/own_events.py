"""Events that a place's measure brings itself: `measures/<id>.sql` beside `measures/<id>.yml`, as a table of the build or as findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from joinedup.engine.specs import TableSpec
from joinedup.errors import SqlError
from joinedup.findings import Finding, errors
from joinedup.outcomes.measure_definition import OWN, MeasureDefinition
from joinedup.outcomes.measure_folder import FOLDER, Located, read_definitions
from joinedup.outcomes.measure_lines import EVENT_COLUMNS, own_table
from joinedup.place.located import Spot
from joinedup.place.text import read_text
from joinedup.place.yaml_file import MOST_BYTES
from joinedup.population.pair_sql import sql_findings, with_fault


def own_events(folder: Path | None, specs: Mapping[str, TableSpec]) -> dict[str, TableSpec]:
    """The event tables that measures of a place folder bring, by name; SqlError with findings where one can't be used."""
    if folder is None:
        return {}
    found, findings = read_own_events(folder, read_definitions(folder, "place")[0], specs)
    if faults := errors(findings):
        raise SqlError(f"{faults[0].where}: {faults[0].message}", faults)
    return found


def read_own_events(
    folder: Path, measures: Iterable[Located], specs: Mapping[str, TableSpec]
) -> tuple[dict[str, TableSpec], list[Finding]]:
    """Those that can be used, and what is wrong with the others by file and line."""
    measures, found, findings = list(measures), {}, [*_alone(folder, {measure.id for measure, _ in measures})]
    for measure, spot in measures:
        file = f"{FOLDER}/{measure.id}.sql"
        if not (folder / file).is_file():
            if measure.brings_events:
                message = f"event: {OWN} stands for the events of {measure.id}.sql, which isn't there: write it, or name an event table"
                findings.append(spot.fault("measure-sql", message, at=("count",)))
            continue
        if not measure.brings_events:
            message = f"nothing counts its events: write event: {OWN} in {measure.id}.yml, or take the file away"
            findings.append(Finding(file, "measure-sql", message, line=1))
            continue
        sql = read_text(folder, file, MOST_BYTES)
        if isinstance(sql, Finding):
            findings.append(sql)
            continue
        spec = own_table(measure).model_copy(update={"sql": sql, "path": folder / file, "written_in": file})
        faults = [*_taken(spec, specs, measure, spot), *map(_of_events, sql_findings(spec, specs, "columns"))]
        findings += faults
        if not errors(faults):
            found[spec.table] = with_fault(spec, specs)
    return found, findings


def _alone(folder: Path, ids: set[str]) -> Iterator[Finding]:
    for path in sorted((folder / FOLDER).glob("*.sql")):
        if path.stem not in ids and not (folder / FOLDER / f"{path.stem}.yml").is_file():
            yield Finding(
                f"{FOLDER}/{path.name}", "measure-sql", f"has no {path.stem}.yml beside it, which says what is counted: write one", line=1
            )


def _taken(spec: TableSpec, specs: Mapping[str, TableSpec], measure: MeasureDefinition, spot: Spot) -> Iterator[Finding]:
    if spec.table in specs:
        message = f"{measure.id} can't be its name, since {spec.table} is another table: give it another, and its files, too"
        yield spot.fault("measure-sql", message, at=("measure",))
    names = [column.name for column in measure.columns]
    taken = sorted({name for name in names if name in EVENT_COLUMNS or names.count(name) > 1})
    if taken:
        message = f"columns lists {', '.join(taken)} twice, or as one that every event has ({', '.join(EVENT_COLUMNS)}): take it away"
        yield spot.fault("measure-sql", message, at=("columns",))


def _of_events(finding: Finding) -> Finding:
    """What is said of cohorts' SQL, in the words of events."""
    said = finding.message.replace("for a person and year", "for an event")
    said = said.replace("the key, then the columns of the .yml", "what every event has, then the columns of the .yml")
    return replace(finding, rule=finding.rule.replace("pair-", "measure-"), message=said)

"""Everything that is wrong with the measures of a place folder: as written, against the tables, and as their cases show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from joinedup.engine.engines import Engine, open_engine
from joinedup.engine.specs import TableSpec
from joinedup.errors import SqlError
from joinedup.findings import Finding, errors
from joinedup.outcomes.measure_cases import run_measure_case
from joinedup.outcomes.measure_folder import Located, definition_findings, read_definitions
from joinedup.outcomes.measure_lines import own_table
from joinedup.outcomes.measure_variants import one_sided
from joinedup.outcomes.own_events import read_own_events


def check_measures(folder: Path, specs: Mapping[str, TableSpec]) -> list[Finding]:
    """The findings of every measure in a place folder; the cases of one that can be counted are run."""
    found, findings = read_definitions(folder, "place")
    own, faults_of_events = read_own_events(folder, found, specs)
    findings += faults_of_events
    specs = {**specs, **own}
    sound: list[Located] = []
    for measure, spot in found:
        faults = definition_findings(measure, spot, specs)
        findings += [*faults, *one_sided((measure, spot))]
        there = not measure.brings_events or own_table(measure).table in own
        sound += [(measure, spot)] if there and not errors(faults) else []
    if any(measure.cases for measure, _ in sound):
        with TemporaryDirectory(prefix="joinedup-measures-") as tmp:
            engine = open_engine("duckdb", Path(tmp), threads=1)
            try:
                findings += [finding for each in sound for finding in _case_findings(each, specs, engine)]
            finally:
                engine.close()
    return findings


def _case_findings(of: Located, specs: Mapping[str, TableSpec], engine: Engine) -> Iterator[Finding]:
    """The first difference of each case that gives something else than is expected, on the line of the case."""
    measure, spot = of
    for at, case in enumerate(measure.cases):
        try:
            differs = run_measure_case(measure, case, specs, engine)
        except SqlError as error:
            differs = [str(error)]
        if differs:
            more = f", and {len(differs) - 1} more" if len(differs) > 1 else ""
            message = f"the case {case.name!r} gives something else than is expected: {' '.join(differs[0].split())}{more}"
            yield spot.fault("measure-case", message, at=("cases", at))

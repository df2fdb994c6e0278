"""Everything that is wrong with the cohorts and segment models of a place folder: as written, and as their cases show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from joinedup.engine.cases import run_case
from joinedup.engine.engines import Engine, open_engine
from joinedup.engine.reference import reference_table
from joinedup.engine.specs import TableSpec, read_specs
from joinedup.errors import SqlError
from joinedup.findings import Finding, errors
from joinedup.population.code_lists import read_code_lists
from joinedup.population.conditions import read_conditions
from joinedup.population.pair_sql import literal_findings, with_fault
from joinedup.population.pairs import Pair, findings_of, in_files, read_pairs
from joinedup.population.score_tables import weighted_lists
from joinedup.population.scores import scores


def check_pairs(folder: Path, specs: Mapping[str, TableSpec]) -> list[Finding]:
    """The findings of every pair in a place folder; the cases of one whose SQL can be used are run."""
    found, findings = read_pairs(folder, "place")
    sound, names = [], names_of(folder)
    for pair in found:
        faults = findings_of(pair, specs)
        faults += [] if errors(faults) else in_files(pair, literal_findings(pair.spec, names))
        findings += faults
        sound += [] if errors(faults) else [pair]
    if any(pair.spec.cases for pair in sound):
        with TemporaryDirectory(prefix="joinedup-pairs-") as tmp:
            engine = open_engine("duckdb", Path(tmp), threads=1)
            try:
                findings += [finding for pair in sound for finding in _case_findings(pair, specs, engine)]
            finally:
                engine.close()
    return findings


def names_of(folder: Path) -> dict[str, set[str]]:
    """The texts that columns which name a definition can have: lists and their groups, conditions, scores, and sectors."""
    lists, _ = read_code_lists(folder)
    conditions, _ = read_conditions(folder)
    found, _ = scores(folder, weighted_lists(lists))
    sectors = reference_table(read_specs(Path(__file__).parent, below=False)["year_need"]).column("what").to_pylist()
    return {
        "list_id": {each.list_id for each in lists},
        "group_id": {group for each in lists for group in each.groups},
        "condition_id": {each.condition for each in conditions},
        "score_id": {score.spec.id for score in found},
        "sector": set(sectors),
    }


def _case_findings(pair: Pair, specs: Mapping[str, TableSpec], engine: Engine) -> Iterator[Finding]:
    """The first difference of each case that gives something else than is expected, on the line of the case."""
    spec = with_fault(pair.spec, specs)
    for at, case in enumerate(spec.cases):
        try:
            differs = run_case(spec, case, {**specs, spec.table: spec}, engine)
        except SqlError as error:
            differs = [str(error)]
        if differs:
            more = f", and {len(differs) - 1} more" if len(differs) > 1 else ""
            message = f"the case {case.name!r} gives something else than is expected: {' '.join(differs[0].split())}{more}"
            yield pair.spot.fault("pair-case", message, at=("cases", at))

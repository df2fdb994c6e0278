"""Everything that is wrong with the cohorts and segment models of a place folder: as written, and as their cases show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from joinedup.engine.cases import run_case
from joinedup.engine.engines import Engine, open_engine
from joinedup.engine.reference import reference_table
from joinedup.engine.specs import Case, TableSpec, read_specs
from joinedup.errors import SqlError
from joinedup.findings import Finding, Severity, errors
from joinedup.population.code_lists import read_code_lists
from joinedup.population.conditions import read_conditions
from joinedup.population.pair_sql import literal_findings, with_fault
from joinedup.population.pairs import CohortHead, Pair, findings_of, in_files, read_pairs
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
    if sound:
        with TemporaryDirectory(prefix="joinedup-pairs-") as tmp:
            engine = open_engine("duckdb", Path(tmp), threads=1)
            try:
                findings += [finding for pair in sound for finding in _case_findings(pair, specs, engine)]
                findings += [finding for pair in sound for finding in _takes_unknown(pair, specs, engine)]
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


NOBODY_KNOWN = {"person_id": 1, "year_starts": date(2025, 4, 1)}
"""Somebody who is counted, and of whom nothing else is known."""


def _takes_unknown(pair: Pair, specs: Mapping[str, TableSpec], engine: Engine) -> Iterator[Finding]:
    """That a cohort takes somebody of whom nothing is known, where it does: a warning, for a cohort may be meant so."""
    if not isinstance(pair.head, CohortHead):
        return
    steps = [step.name for step in pair.columns]
    words = set(re.findall(r"\w+", pair.spec.sql or ""))
    given = {name: [NOBODY_KNOWN] for name, spec in specs.items() if name in words and set(spec.key) == NOBODY_KNOWN.keys()}
    case = Case(name="nothing known", given=given, expect=[NOBODY_KNOWN | dict.fromkeys(steps, True)])
    try:
        differs = run_case(pair.spec.model_copy(update={"cases": (case,)}), case, {**specs, pair.spec.table: pair.spec}, engine)
    except SqlError:
        return  # its own cases tell what is wrong
    if not differs:
        message = (
            f"takes people of whom nothing is known: somebody with every column of {' and '.join(given)} empty passes {', '.join(steps)}; "
            "leave a step empty where it isn't known (no coalesce(…, FALSE) or IS NOT TRUE around what may be "
            "empty), or add a step that asks whether it is known"
        )
        yield Finding(pair.spec.sql_file, "takes-unknown", message, line=1, severity=Severity.WARNING)

"""Everything that is wrong with the cohorts and segment models of a place folder: as written, and as their cases show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from joinedup.engine.cases import run_case
from joinedup.engine.engines import Engine, open_engine
from joinedup.engine.specs import TableSpec
from joinedup.errors import SqlError
from joinedup.findings import Finding, errors
from joinedup.population.pair_sql import with_fault
from joinedup.population.pairs import Pair, findings_of, read_pairs


def check_pairs(folder: Path, specs: Mapping[str, TableSpec]) -> list[Finding]:
    """The findings of every pair in a place folder; the cases of one whose SQL can be used are run."""
    found, findings = read_pairs(folder, "place")
    sound = []
    for pair in found:
        faults = findings_of(pair, specs)
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

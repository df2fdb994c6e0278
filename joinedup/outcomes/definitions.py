"""Measures as their descriptions define them: what is counted, for whom, in which unit, by which statistic."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from joinedup.engine.specs import read_yaml
from joinedup.errors import SqlError
from joinedup.findings import Finding


class Statistic(StrEnum):
    """How counts become a value with limits, by the functions of statistics/."""

    RATE = "rate"
    """Events over people, Poisson limits."""
    RATE_OF_SUM = "rate_of_sum"
    """A sum of amounts (days) over people, limits that know how much the amounts vary."""


class MeasureSpec(BaseModel):
    """One measure, read from `outcomes/measures/<id>.yml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(alias="measure", pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    order: int
    """Its place on pages."""
    why: str
    """Why it matters."""
    definition: str
    numerator: str
    denominator: str
    variant: str
    """Where official texts differ from one another or from what is counted here: which way was chosen, and why."""
    source: str
    """The official source, with its page."""
    statistic: Statistic
    per: float = Field(gt=0)
    """The value is `per` times numerator over denominator."""
    unit: str
    """As it stands behind the value."""
    events: str
    """What one event is, in the plural."""
    polarity: Literal["lower is better", "higher is better", "neither"]
    contracts: tuple[str, ...]
    """The contracts without whose extracts it can't be counted."""
    instead: dict[str, str] = Field(default_factory=dict)
    """Of these contracts one -> another that will do in its place."""
    owner: str
    reviewer: str
    version: int
    valid_from: date

    def lacks(self, missing: frozenset[str]) -> bool:
        """Whether an extract that it needs is among the missing ones, and none that will do in its place is there."""
        return any(name in missing and self.instead.get(name, name) in missing for name in self.contracts)


@cache
def measures() -> dict[str, MeasureSpec]:
    """Every measure that joinedup ships, by id, in the order of pages; SqlError with findings when one can't be used."""
    return read_measures(Path(str(files("joinedup.outcomes"))) / "measures")


def read_measures(folder: Path) -> dict[str, MeasureSpec]:
    """The measures of one folder, by id, in the order of pages; SqlError with findings when one can't be used."""
    specs: list[MeasureSpec] = []
    findings: list[Finding] = []
    for path in sorted(folder.glob("*.yml")):
        content = read_yaml(path.name, path.read_text(encoding="utf-8"))
        if "form" in content:
            continue  # counted by lines, as measure_folder reads it
        try:
            spec = MeasureSpec.model_validate(content)
        except ValidationError as error:
            findings += [Finding(path.name, "measure", f"{'.'.join(map(str, e['loc']))}: {e['msg']}") for e in error.errors()]
            continue
        if spec.id != path.stem:
            findings.append(Finding(path.name, "measure-name", f"the measure is called {spec.id}; a measure has the name of its file"))
        specs.append(spec)
    if findings:
        first = f"{findings[0].file}: {findings[0].message}"
        raise SqlError(f"descriptions of measures can't be used, {len(findings)} in all: {first}", findings)
    return {spec.id: spec for spec in sorted(specs, key=lambda spec: (spec.order, spec.id))}

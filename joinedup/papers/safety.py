"""The hazard log, read, and as it stands on the page of the safety case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

import yaml
from pydantic import Field, model_validator

from joinedup.access.published import evidence_key
from joinedup.engine.specs import Frozen
from joinedup.papers.figure import Column, Table
from joinedup.papers.words import capital

RISK = {
    "very high": (3, 4, 4, 5, 5),
    "high": (2, 3, 3, 4, 5),
    "medium": (2, 2, 3, 3, 4),
    "low": (1, 2, 2, 3, 4),
    "very low": (1, 1, 2, 2, 3),
}
"""Likelihood -> the risk for each severity, minor first: the matrix of NHS England's guidance to DCB0129 and DCB0160."""
MEANING = {
    1: "acceptable",
    2: "acceptable where further reduction would cost more than it brings",
    3: "undesirable: only where it can't reasonably be reduced further",
    4: "mandatory to reduce",
    5: "unacceptable",
}


class Estimate(Frozen):
    """How bad and how likely."""

    severity: str
    likelihood: str


class Control(Frozen):
    """What stands against a hazard, and the tests that hold it; without one it is a procedure of whoever runs joinedup."""

    text: str
    tests: tuple[Annotated[str, Field(pattern=r"^tests/[\w/]+\.py::test_\w+$")], ...] = ()


class Hazard(Frozen):
    """What could harm a person."""

    id: str
    title: str
    cause: str
    effect: str
    before: Estimate
    after: Estimate
    owner: str
    controls: tuple[Control, ...] = Field(min_length=1)


class HazardLog(Frozen):
    """All of them, with what joinedup is for and isn't."""

    version: str
    reviewed: date
    intended_use: str
    users: str
    not_done: str
    severities: tuple[str, ...]
    likelihoods: tuple[str, ...]
    hazards: tuple[Hazard, ...]

    @model_validator(mode="after")
    def _known_words(self) -> HazardLog:
        for hazard in self.hazards:
            for estimate in (hazard.before, hazard.after):
                if estimate.severity not in self.severities or estimate.likelihood not in self.likelihoods:
                    raise ValueError(f"{hazard.id}: {estimate.severity}, {estimate.likelihood} is none of the words at the top")
            if self.risk(hazard.after) > self.risk(hazard.before):
                raise ValueError(f"{hazard.id}: its controls make it worse")
        return self

    def risk(self, estimate: Estimate) -> int:
        """1 (acceptable) to 5 (unacceptable)."""
        return RISK[estimate.likelihood][self.severities.index(estimate.severity)]


@cache
def hazard_log() -> HazardLog:
    """The log that comes with joinedup."""
    return HazardLog.model_validate(yaml.safe_load((files("joinedup.papers") / "hazards.yml").read_text(encoding="utf-8")))


def table(log: HazardLog) -> Table:
    """A row for each hazard: risk before and after its controls."""
    said = [(hazard, log.risk(hazard.before), log.risk(hazard.after)) for hazard in log.hazards]
    words = [f"{before}: {_words(hazard.before)}" for hazard, before, _ in said]
    left = [f"{after}: {_words(hazard.after)}" for hazard, _, after in said]
    owners = [hazard.owner for hazard in log.hazards]
    tests = [len({test for control in hazard.controls for test in control.tests}) for hazard in log.hazards]
    return Table(
        "Hazards, with the risk (1 to 5) before and after their controls",
        [
            Column("Hazard", [hazard.title for hazard in log.hazards], "hazard", [hazard.id for hazard in log.hazards], text=True),
            Column("Before", words, "risk_before", [before for _, before, _ in said], text=True),
            Column("After", left, "risk_after", [after for _, _, after in said], text=True),
            Column("Tests", [str(count) for count in tests], "tests", tests),
            Column("Owner", [capital(owner) for owner in owners], "owner", owners, text=True),
        ],
        why=[evidence_key("hazards", hazard.id) for hazard in log.hazards],
    )


def in_template(log: HazardLog) -> Mapping[str, Any]:
    """What the page shows."""
    return {"log": log, "hazards": table(log), "meaning": MEANING, "words": _words}


def _words(estimate: Estimate) -> str:
    return f"{estimate.severity}, {estimate.likelihood}"

"""What must hold between the parts of a place folder: each rule gives findings, none stops the others."""

from __future__ import annotations

from collections.abc import Collection

from joinedup.findings import Finding
from joinedup.place.facts import Facts
from joinedup.place.rules import (
    agreements,
    areas,
    dates,
    linking,
    memberships,
    neighbourhoods,
    organisations,
    practices,
    repeats,
    sources,
    staff,
    successions,
)

RULES = (
    *dates.RULES,
    *linking.RULES,
    *repeats.RULES,
    *successions.RULES,
    *organisations.RULES,
    *neighbourhoods.RULES,
    *practices.RULES,
    *memberships.RULES,
    *areas.RULES,
    *sources.RULES,
    *staff.RULES,
    *agreements.RULES,
)


def broken(facts: Facts, contract_names: Collection[str] | None) -> list[Finding]:
    """Every finding of every rule; names of contracts are checked only where they are given."""
    found = [finding for rule in RULES for finding in rule(facts)]
    return found + list(sources.unknown_contracts(facts, contract_names) if contract_names is not None else [])

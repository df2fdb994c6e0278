"""Variants that change whom a measure counts and leave those whom it is counted out of as they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from joinedup.findings import Finding, Severity
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.outcomes.measure_folder import Located


def one_sided(located: Located) -> list[Finding]:
    """A warning for each condition that was the same of both parts of a measure, and that a variant changes of the count alone.

    Then the count holds people or events that aren't in what it is out of. A column that the two parts held to different conditions
    all along (the mode of an appointment, out of all modes) may change in one.
    """
    measure, spot = located
    both = _same_of_both(measure)
    found = []
    for at, variant in enumerate(measure.variants):
        below = {**variant.out_of.where, **(variant.out_of.people or {})}
        for column in sorted(set(variant.where) & set(both) - set(below)):
            part = "people" if measure.out_of is not None and measure.out_of.people is not None else "where"
            message = (
                f"variant {variant.id} has another {column} in the count than in what it is out of, which stays {_written(both[column])}: "
                f"write out_of: {{{part}: {{{column}: ...}}}} in the variant, too"
            )
            found.append(spot.fault("measure-one-sided", message, at=("variants", at), severity=Severity.WARNING))
    return found


def _same_of_both(measure: MeasureDefinition) -> Mapping[str, Any]:
    """The conditions that hold of the count and of what it is out of alike, by column."""
    if measure.count is None or measure.out_of is None:
        return {}
    below = {**measure.out_of.where, **(measure.out_of.people or {})}
    return {column: one for column, one in measure.count.where.items() if column in below and below[column] == one}


def _written(condition: Any) -> str:  # noqa: ANN401 - whatever a condition may be
    """A condition as the file writes it."""
    return ", ".join(f"{name}: {bound}" for name, bound in condition.items()) if isinstance(condition, dict) else str(condition)

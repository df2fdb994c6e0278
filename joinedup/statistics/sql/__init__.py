"""The same statistics as portable SQL, for any number of groups where the data lie.

Each statement is one SELECT that runs as it is written on DuckDB and Spark, over relations by the names that statements.yml describes; the
tests hold it equal to the numpy functions. Values are never written into the text: levels, exact limits and weights are relations too,
whose rows `parameters` gives.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from joinedup.statistics.estimates import Confidence, normal_quantile
from joinedup.statistics.poisson import EXACT_BELOW, exact_limits_below_ten
from joinedup.statistics.standardised import LEAST_EVENTS, european_standard_bands

FOLDER = Path(__file__).parent
STATEMENTS = ("rates", "proportions", "standardised_rates", "control_charts")
Rows = list[dict[str, Any]]


def statement(name: str) -> str:
    """The text of a statement: rates, proportions, standardised_rates or control_charts; ValueError for another."""
    if name not in STATEMENTS:
        raise ValueError(f"there is no statement {name!r}: choose one of {', '.join(STATEMENTS)}")
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


@cache
def described() -> dict[str, Any]:
    """What the statements read (`inputs`) and give (`statements`), with cases."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / "statements.yml").read_text(encoding="utf-8"))
    return found


def parameters(confidence: Confidence = 0.95, *, per: float = 1.0, minimum: float = LEAST_EVENTS) -> dict[str, Rows]:
    """The rows of the relations of parameters, by name; the standard population is the European one of 2013."""
    levels = [confidence] if isinstance(confidence, float) else list(confidence)
    exact = {level: exact_limits_below_ten(level) for level in levels}
    return {
        "confidence_level": [{"level": level, "z": normal_quantile(level)} for level in levels],
        "poisson_limit": [
            {"level": level, "events": float(count), "lower": float(lower[count]), "upper": float(upper[count])}
            for level, (lower, upper) in exact.items()
            for count in range(EXACT_BELOW)
        ],
        "statistic_setting": [{"per": float(per), "minimum": float(minimum)}],
        "standard_population": [{"band": band, "weight": weight} for band, weight in european_standard_bands().items()],
    }

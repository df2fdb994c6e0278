"""What portable SQL refuses, by example: each with what to write instead, and what comes of it on the engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from joinedup.engine.parse import BEGINNINGS, TokenType, parse
from joinedup.engine.portable import refusals_of
from joinedup.engine.portable_context import Refusal
from joinedup.engine.portable_fixes import fixed
from joinedup.engine.specs import Column, TableSpec

RUNS = {
    "differ": "the engines give different answers, without a word",
    "duckdb": "it runs on DuckDB alone",
    "spark": "it runs on Spark alone",
    "neither": "it runs on neither",
    "alike": "it runs alike here, and is refused since it needn't elsewhere, or as a rule of the house",
}
"""What comes of what is refused."""


@dataclass(frozen=True, slots=True)
class Example:
    """One thing that is refused, and how it is written portably; each a value of the table's rows, or a whole query."""

    refused: str
    portable: str
    runs: str = "alike"

    @property
    def refusals(self) -> list[Refusal]:
        """What the linter says of it."""
        return refusals_of(query(self.refused), reads())

    @property
    def mended(self) -> bool:
        """Whether --fix makes it portable."""
        return not fixed(query(self.refused), reads()).left


@dataclass(frozen=True, slots=True)
class Examples:
    """All examples, and the table that they are of."""

    table: TableSpec
    rows: tuple[tuple[Any, ...], ...]
    examples: tuple[Example, ...]


@cache
def examples() -> Examples:
    """The examples of `lessons.yml`."""
    content = yaml.load((files("joinedup.engine") / "lessons.yml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    told = content["of"]
    columns = tuple(Column(name=name, type=kind, meaning=name, required=name in told["required"]) for name, kind in told["columns"].items())
    table = TableSpec(
        table=told["name"], title=told["about"], grain="one row per loan", key=("loan_id",), columns=columns, owner="", source="made up"
    )
    return Examples(table, tuple(map(tuple, told["rows"])), tuple(Example(**each) for each in content["lessons"]))


def reads() -> Mapping[str, TableSpec]:
    """The table that examples read."""
    table = examples().table
    return {table.table: table}


def query(example: str) -> str:
    """An example as a whole query."""
    return example if is_query(example) else f"SELECT loan_id, {example} AS v FROM loan"


def is_query(example: str) -> bool:
    """Whether an example is a query rather than a value."""
    tokens = parse(example).tokens
    return bool(tokens) and tokens[0].token_type in (BEGINNINGS | {TokenType.DELETE}) - {TokenType.L_PAREN}


@cache
def _by_message() -> Mapping[str, Example]:
    found: dict[str, Example] = {}
    for example in reversed(examples().examples):
        for refusal in example.refusals:
            found[refusal.message] = example
    return found


def example_of(refusal: Refusal) -> Example | None:
    """The first example of which the linter says the same."""
    return _by_message().get(refusal.message)

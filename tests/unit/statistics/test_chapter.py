"""The chapter on statistics, whose examples are run as they stand."""

from __future__ import annotations

import doctest
import re
from inspect import signature
from pathlib import Path

from joinedup import statistics


def test_the_examples_of_the_chapter_are_true(root: Path) -> None:
    failed, tried = doctest.testfile(str(root / "docs" / "explanation" / "statistics.md"), module_relative=False)
    assert tried > 20
    assert failed == 0


def test_the_table_of_functions_is_whole_and_true(root: Path) -> None:
    """Every public function has its place, and each argument that the table names is one of the function's, in that order."""
    text = (root / "docs" / "explanation" / "statistics.md").read_text(encoding="utf-8")
    table = text.partition("## The functions")[2].partition("`Estimates` has")[0]
    cells = [cell.split("|")[1] for cell in table.splitlines() if cell.startswith("| `")]
    told = [(name, arguments) for cell in cells for name, _, arguments in re.findall(r"`(\w+)(\(([^`]*)\))?`", cell)]
    assert {name for name, _ in told} | {"Estimates", "Reason"} == set(statistics.__all__)
    for name, arguments in told:
        written = [word.partition("=")[0] for word in arguments.split(", ") if word not in ("", "*", "...")]
        known = list(signature(getattr(statistics, name)).parameters)
        assert [word for word in known if word in written] == written, name

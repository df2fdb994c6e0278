"""The chapter on statistics, whose examples are run as they stand."""

from __future__ import annotations

import doctest
from pathlib import Path


def test_the_examples_of_the_chapter_are_true(root: Path) -> None:
    failed, tried = doctest.testfile(str(root / "docs" / "explanation" / "statistics.md"), module_relative=False)
    assert tried > 20
    assert failed == 0

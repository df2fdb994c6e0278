"""The gauntlet's lists are whole, and a case of each of its kinds comes out as it must, against one build."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.gauntlet.case import Case, Tried, expect
from benchmarks.gauntlet.cases import MINIMUM, all_cases, uncovered
from benchmarks.gauntlet.ground import ground_in
from benchmarks.gauntlet.held import APART, SAMPLE, held_by, left_out
from benchmarks.gauntlet.running import run


def test_every_rule_and_every_line_of_the_lists_has_a_case() -> None:
    assert uncovered() == []
    assert len(all_cases()) >= MINIMUM


def test_every_case_is_held_by_tests_that_are_there(root: Path) -> None:
    held = {test for case in all_cases() for test in held_by(case)}
    missing = [test for test in sorted(held) if f"\ndef {test.partition('::')[2]}(" not in (root / test.partition("::")[0]).read_text()]
    assert missing == []
    assert all(any(case.id.startswith(begins) for case in all_cases()) for begins in (*APART, *SAMPLE))


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> list[Tried]:
    """How every case came out that doesn't take long."""
    cases = [case for case in all_cases() if not left_out(case)]
    return list(run(cases, ground_in(tmp_path_factory.mktemp("gauntlet"), cases)))


def test_every_case_comes_out_as_expected(tried: list[Tried]) -> None:
    assert [each.line() for each in tried if not each.passed] == []


def test_a_case_that_finds_something_else_fails(tried: list[Tried], tmp_path_factory: pytest.TempPathFactory) -> None:
    ground = ground_in(next(tmp_path_factory.getbasetemp().glob("gauntlet*")), [])

    def told(_: object) -> str:
        ground.said.append("about 999 000 0018, somebody said")
        return "told"

    def other(_: object) -> str:
        expect(False, "another thing")
        return ""

    found = list(run([Case("x/leak", "", "", told), Case("x/other", "", "", other)], ground))
    assert [each.passed for each in found] == [False, False]
    assert "1 NHS numbers" in found[0].found

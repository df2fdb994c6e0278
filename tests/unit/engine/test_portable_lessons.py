"""Lessons: each refused example is refused, each portable one isn't, and everything that the linter can say has an example."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from joinedup.engine.portable import findings_of, refusals_of
from joinedup.engine.portable_fixes import fixed
from joinedup.engine.portable_lessons import RUNS, Example, example_of, examples, query, reads
from joinedup.engine.portable_words import CONSTRUCTS, INSTEAD, SIGNS

EXAMPLES = examples().examples
ENGINE = Path(__file__).resolve().parents[3] / "joinedup" / "engine"


@pytest.mark.parametrize("example", EXAMPLES, ids=[each.refused[:60] for each in EXAMPLES])
def test_an_example_is_refused_and_its_portable_form_is_not(example: Example) -> None:
    assert example.refusals
    assert findings_of(query(example.portable), "portable.sql", reads()) == []
    assert example.runs in RUNS
    if example.mended:
        assert fixed(query(example.refused), reads()).sql == query(example.portable)


def test_every_rule_has_an_example() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in ENGINE.glob("portable*.py"))
    rules = set(re.findall(r'Refusal\(\s*"([a-z-]+)"', source)) | {rule for rule, _ in SIGNS.values()}
    assert rules - {refusal.rule for each in EXAMPLES for refusal in each.refusals} == set()


def test_every_word_and_sign_that_is_refused_has_an_example() -> None:
    told = {refusal.message for each in EXAMPLES for refusal in each.refusals}
    assert {word for word, instead in INSTEAD.items() if f"{word}() isn't portable; {instead}" not in told} == set()
    assert {message for _, message in SIGNS.values()} - told == set()
    never_met = {"CurrentDatetime", "Rand", "CurrentTime"}  # older parsers made these of words that are refused as words now
    assert {what for name, (what, _) in CONSTRUCTS.items() if name not in never_met and not any(what in each for each in told)} == set()


def test_a_refusal_finds_its_example() -> None:
    [refusal] = refusals_of("SELECT n::BIGINT AS v FROM t")
    found = example_of(refusal)
    assert found is not None
    assert found.portable == "CAST(pages AS BIGINT)"


def test_each_place_of_a_refusal_is_within_its_text() -> None:
    for each in EXAMPLES:
        text = query(each.refused)
        for refusal in each.refusals:
            assert refusal.span is None or 0 <= refusal.span[0] < refusal.span[1] <= len(text)

"""What the page on information governance claims is held by tests that are there."""

from __future__ import annotations

import re


def test_every_test_that_the_page_names_is_there(root):
    page = (root / "docs" / "explanation" / "information-governance.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?`", page)
    assert len(named) > 20
    for file, test in named:
        text = (root / file).read_text(encoding="utf-8")
        assert f"def {test}(" in text or not test, (file, test)


def test_the_page_says_of_each_objection_what_the_table_says(root):
    effects = (root / "joinedup" / "population" / "objection_effect.csv").read_text(encoding="utf-8")
    assert "national,payment" not in effects
    assert effects.count("type 1,") == 3
    assert effects.count("shared record,") == 4

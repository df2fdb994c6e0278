"""Lines put into sources.yml: what stands there stays, byte for byte."""

from __future__ import annotations

import pytest
import yaml

from joinedup.errors import PlaceError
from joinedup.starting.entry import Entry, scalar, with_entry, without_entry

ENTRY = Entry(
    {
        "name": "new",
        "partner": "council",
        "contract": "community_activity",
        "files": "a: b.csv",
        "rename": {"Seen: on #1": "ACTIVITY_DATE", "no": "KIND"},
        "values": {"SEX": {"Male": "1", "y": "2"}},
        "null_values": {"KIND": ["n/a"]},
        "pseudonym": "new",
    },
    why={("rename", "no"): "perhaps: a guess"},
    above=("guessed",),
    below=("left out: Note",),
)
TEXTS = [
    "# mine\nsources:\n  - name: a\n    partner: p # theirs\n    contract: deaths\n    files: x.csv\n# the end\n",
    "sources:\n- {name: a, partner: p, contract: deaths, files: x.csv}\n",
    "sources:\r\n  - name: a\r\n    partner: p\r\n    contract: deaths\r\n    files: x.csv\r\n",
    "sources:\n    - name: a\n      partner: p\n      contract: deaths\n      files: [x.csv,\n        y.csv]",
    "sources: []\n",
    "# nothing yet\nsources:\n",
    "sources: [] # none\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_source_is_added_and_taken_out_again(text: str) -> None:
    before = yaml.safe_load(text)["sources"] or []
    added = with_entry(text, ENTRY)
    found = yaml.safe_load(added)["sources"]
    assert found[:-1] == before
    assert found[-1] == ENTRY.says
    assert ("\r\n" in added) == ("\r\n" in text)
    if before:
        assert added.startswith(text)
    left = without_entry(added, "new")
    assert yaml.safe_load(left)["sources"] == before
    if before:
        assert left == (text if text.endswith("\n") else f"{text}\n")


def test_any_source_can_be_taken_out_and_its_neighbours_stay() -> None:
    text = with_entry(TEXTS[0], ENTRY)
    left = without_entry(text, "a")
    assert [source["name"] for source in yaml.safe_load(left)["sources"]] == ["new"]
    assert left.startswith("# mine\nsources:\n# the end\n")


def test_sources_in_brackets_are_left_alone() -> None:
    with pytest.raises(PlaceError, match="in brackets"):
        with_entry("sources: [{name: a, partner: p, contract: deaths, files: x.csv}]\n", ENTRY)


@pytest.mark.parametrize("text", ["no", "1", "a: b", "# x", "", " a", "'", '"', "- a", "{", "ä", "2025-01-01", "null", "a-b", "~"])
def test_any_text_is_written_as_itself(text: str) -> None:
    assert yaml.safe_load(f"{scalar(text)}: 1") == {text: 1}
    assert yaml.safe_load(f"{{{scalar(text)}: x}}") == {text: "x"}

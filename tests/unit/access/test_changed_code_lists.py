"""What changed of code lists between two builds, in words."""

from __future__ import annotations

from types import SimpleNamespace

from joinedup.access.changed_words import told
from joinedup.access.changes import Cause

GOUT = {"title": "Gout", "version": "1", "source": "Ours", "origin": "package", "codes": 40, "digest": "a"}


def words(then: dict[str, object] | None, now: dict[str, object] | None) -> list[str]:
    """What is told of two builds with these lists."""
    builds = {
        name: SimpleNamespace(about={} if lists is None else {"code_lists": lists}, inputs={})
        for name, lists in (("before", then), ("after", now))
    }
    return told(Cause.CODES, SimpleNamespace(**builds, code_lists=["code_list_version"]))


def test_a_list_is_told_by_name_with_its_versions():
    assert words({"gout": GOUT}, {"gout": GOUT}) == []
    assert words({"gout": GOUT}, {"gout": GOUT | {"version": "2", "codes": 41, "digest": "b"}}) == [
        "Gout (gout): 40 codes, now 41, version 1, now 2"
    ]
    assert words({"gout": GOUT}, {"gout": GOUT | {"digest": "b"}}) == ["Gout (gout): 40 codes, now 40"]


def test_lists_that_come_and_go_are_told_also_where_an_earlier_build_knew_of_none():
    assert words({"gout": GOUT}, {}) == ["Gout (gout): is gone"]
    assert words(None, {"gout": GOUT}) == ["Gout (gout): came"]

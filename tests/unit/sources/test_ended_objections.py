"""Objections that end because a list has them no more are counted, and many at once are doubted."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.sources.objections import are_many
from tests.unit.sources.extracts import Staged, lines, source, staged

HEADER = "NHS_NUMBER,OPT_OUT_KIND,OPT_OUT_FROM,OPT_OUT_TO,PRACTICE_CODE"


def objectors(count: int, first: int = 0, kind: str = "NATIONAL", ends: str = "") -> list[str]:
    return [f"{9_000_000_000 + at},{kind},2021-06-01,{ends}," for at in range(first, first + count)]


def sent(folder: Path, *lists: list[str], **more: object) -> Staged:
    content = {f"o_2025-{month:02}-01.csv": lines(HEADER, *rows) for month, rows in enumerate(lists, 1)}
    told = {"sends": "snapshot", "file_name": "o_{day:%Y-%m-%d}.csv"} | more
    return staged(folder, content, source("opt_out", "o_*.csv", **told))


def ended(found: Staged) -> dict[str, tuple[str, int]]:
    return {finding.rule: (finding.file, finding.count) for finding in found.findings if "objections-ended" in finding.rule}


@pytest.mark.parametrize("sends", ["snapshot", "everything"])
def test_each_objection_that_a_list_leaves_out_is_counted(tmp_path: Path, sends: str) -> None:
    found = sent(
        tmp_path, objectors(200), [*objectors(199), *objectors(5, first=300)], [*objectors(198), *objectors(5, first=300)], sends=sends
    )
    assert ended(found) == {"objections-ended": ("o_2025-03-01.csv", 2)}


@pytest.mark.parametrize("sends", ["snapshot", "everything"])
def test_many_at_once_are_doubted_also_where_as_many_are_new(tmp_path: Path, sends: str) -> None:
    found = sent(tmp_path, objectors(200), [*objectors(185), *objectors(15, first=300)], sends=sends)
    assert ended(found) == {"many-objections-ended": ("o_2025-02-01.csv", 15), "objections-ended": ("o_2025-02-01.csv", 15)}
    assert "15 of 200 of kind NATIONAL" in found.only("many-objections-ended").message
    assert 'ended_confirmed: {"o_2025-02-01.csv": 15}' in found.only("many-objections-ended").message


def test_each_kind_is_weighed_by_itself(tmp_path: Path) -> None:
    national, practice = objectors(1_000), objectors(50, first=2_000, kind="TYPE 1")
    assert "many-objections-ended" in ended(sent(tmp_path, [*national, *practice], national))


def test_one_that_is_withdrawn_or_comes_back_has_not_ended_so(tmp_path: Path) -> None:
    kept = objectors(100)
    found = sent(
        tmp_path, [*kept, *objectors(3, first=200, ends="2024-12-31"), *objectors(1, first=300)], kept, [*kept, *objectors(1, first=300)]
    )
    assert ended(found) == {}


def test_changes_end_nothing_by_leaving_out_and_months_that_lose_some_are_doubted(tmp_path: Path) -> None:
    assert ended(sent(tmp_path / "changes", objectors(50), objectors(40), sends="changes")) == {}
    content = {f"o_2021-06_sent{day}.csv": lines(HEADER, *rows) for day, rows in (("20210701", objectors(50)), ("20210801", objectors(40)))}
    months = source("opt_out", "o_*.csv", sends="months", file_name="o_{month:%Y-%m}_sent{sent:%Y%m%d}.csv")
    assert ended(staged(tmp_path / "months", content, months)) == {"many-objections-ended": ("o_2021-06_sent20210801.csv", 10)}


def test_who_moves_to_another_practice_objects_still(tmp_path: Path) -> None:
    content = {
        f"o_{practice}_2025-{month}-01.csv": lines(HEADER, *rows)
        for practice, month, rows in (
            ("a", "01", objectors(50, kind="TYPE 1")),
            ("b", "01", objectors(50, first=100, kind="TYPE 1")),
            ("a", "02", objectors(49, kind="TYPE 1")),
            ("b", "02", [*objectors(50, first=100, kind="TYPE 1"), *objectors(1, first=49, kind="TYPE 1")]),
        )
    }
    found = staged(tmp_path, content, source("opt_out", "o_*.csv", sends="snapshot", file_name="o_{part}_{day:%Y-%m-%d}.csv"))
    assert ended(found) == {}


@pytest.mark.parametrize(
    ("count", "before", "many"), [(2, 3, False), (3, 3, True), (4, 60, True), (3, 60, False), (200, 10_000, False), (201, 10_000, True)]
)
def test_how_many_are_many(count: int, before: int, many: bool) -> None:
    assert are_many(count, before) is many


def test_protections_that_a_list_leaves_out_are_counted_too(tmp_path: Path) -> None:
    content = {
        f"p_2025-0{month}-01.csv": lines("NHS_NUMBER,PROTECTED_FROM", *(f"{9_000_000_000 + at},2024-05-06" for at in range(people)))
        for month, people in ((1, 40), (2, 30))
    }
    found = staged(tmp_path, content, source("protected_person", "p_*.csv", sends="snapshot", file_name="p_{day:%Y-%m-%d}.csv"))
    assert {finding.rule: finding.count for finding in found.findings if "ended" in finding.rule} == {
        "many-protections-ended": 10,
        "protections-ended": 10,
    }

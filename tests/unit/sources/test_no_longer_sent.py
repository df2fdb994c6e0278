"""Records that each file repeats until they end, and that a later file lacks: they end with it where it repeats the others."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from joinedup.sources.contract import contracts
from tests.unit.sources.extracts import Staged, lines, source, staged

HEAD = "CHILD_ID,RECORD_TYPE,LA_CODE,START_DATE,END_DATE"


def child(number: int, end: str = "", kind: str = "CIN", council: str = "210") -> str:
    return f"K{number},{kind},{council},2024-01-{number:02},{end}"


def landed(folder: Path, *of_files: list[str], **more: Any) -> Staged:
    """Files of one council's children, sent on the first of the months from February 2025 on."""
    content = {f"c_2025-{number + 2:02}-01.csv": lines(HEAD, *rows) for number, rows in enumerate(of_files)}
    says = {"file_name": "c_{sent:%Y-%m-%d}.csv"} | more
    return staged(folder, content, source("children_social_care", "*.csv", **says))


def ended(found: Staged) -> dict[int, date | None]:
    """By child the day of the file that has it no more."""
    rows = found.con.execute("SELECT start_date, listed_to FROM staged_children_social_care ORDER BY file_id, source_row").fetchall()
    return {start.day: gone for start, gone in rows}


def test_what_the_next_file_lacks_has_ended_by_its_day(tmp_path: Path) -> None:
    found = landed(tmp_path, [child(n) for n in range(1, 6)], [child(n) for n in (1, 3, 4, 5)], [child(n) for n in (1, 4, 5)])
    assert ended(found) == {1: None, 2: date(2025, 3, 1), 3: date(2025, 4, 1), 4: None, 5: None}
    assert [(each.file, each.rule, each.count) for each in found.findings] == [
        ("c_2025-03-01.csv", "no-longer-sent", 1),
        ("c_2025-04-01.csv", "no-longer-sent", 1),
    ]


def test_a_few_that_stand_again_are_no_list(tmp_path: Path) -> None:
    found = landed(tmp_path, [child(n) for n in (1, 2, 3)], [child(n) for n in (1, 3)])
    assert set(ended(found).values()) == {None}


def test_what_repeats_one_kind_and_lacks_more_of_another_is_no_list(tmp_path: Path) -> None:
    plans = [child(n, kind="CPP") for n in range(1, 6)]
    found = landed(tmp_path, [*plans, *(child(n) for n in range(6, 16))], [*plans[1:], child(6), child(7)])
    assert set(ended(found).values()) == {None}


def test_a_year_sent_again_ends_nothing_of_other_years(tmp_path: Path) -> None:
    found = landed(tmp_path, [child(n) for n in range(1, 7)], [child(n) for n in range(7, 11)], [child(n) for n in (2, 3, 5, 6)])
    assert ended(found) == {n: date(2025, 4, 1) if n == 4 else None for n in range(1, 11)}


def test_a_file_of_changes_ends_nothing(tmp_path: Path) -> None:
    found = landed(tmp_path, [child(n) for n in range(1, 9)], [child(9), child(2, "2025-02-11"), child(3)], [child(9, "2025-03-01")])
    assert set(ended(found).values()) == {None}
    assert found.rules == []


def test_many_changes_over_the_years_never_come_to_look_like_lists(tmp_path: Path) -> None:
    first = [child(n) for n in range(1, 13)]
    changes = [[child(n, f"2025-0{n}-15"), child(n + 12)] for n in range(2, 8)]
    found = landed(tmp_path, first, *changes)
    assert set(ended(found).values()) == {None}


def test_who_comes_back_was_never_away(tmp_path: Path) -> None:
    found = landed(tmp_path, [child(n) for n in range(1, 6)], [child(n) for n in (1, 3, 4, 5)], [child(n) for n in range(1, 7)])
    assert set(ended(found).values()) == {None}
    assert found.rules == []


def test_what_has_an_end_keeps_it_and_no_file_ends_another_kind_or_council(tmp_path: Path) -> None:
    stay = [child(n) for n in (2, 6, 7)]
    found = landed(tmp_path, [child(1, "2025-01-20"), child(3), *stay, child(4, kind="CLA"), child(5, council="211")], stay)
    assert ended(found) == {n: date(2025, 3, 1) if n == 3 else None for n in range(1, 8)}


def test_a_list_of_a_day_ends_what_it_lacks_however_much_that_is(tmp_path: Path) -> None:
    listed = {"sends": "snapshot", "file_name": "c_{day:%Y-%m-%d}.csv"}
    found = landed(tmp_path, [child(n) for n in range(1, 9)], [child(1)], **listed)
    assert ended(found) == {1: None} | {n: date(2025, 3, 1) for n in range(2, 9)}
    assert "was it cut short?" in found.only("no-longer-sent").message


def test_whoever_sends_everything_each_time_has_no_earlier_files(tmp_path: Path) -> None:
    found = landed(tmp_path, [child(n) for n in (1, 2, 3)], [child(1)], sends="everything")
    assert ended(found) == {1: None}
    assert "no-longer-sent" not in found.rules


def test_without_a_day_in_its_name_a_file_has_the_latest_that_it_tells_of(tmp_path: Path) -> None:
    stay = [child(n) for n in (1, 4, 5)]
    content = {"1.csv": lines(HEAD, *stay, child(2), child(3)), "2.csv": lines(HEAD, *stay, child(3, "2025-06-09"))}
    found = staged(tmp_path, content, source("children_social_care", "*.csv"))
    assert ended(found) == {n: date(2025, 6, 9) if n == 2 else None for n in range(1, 6)}


@pytest.mark.parametrize("contract", ["continuing_care", "personal_budget"])
def test_packages_and_budgets_end_alike(tmp_path: Path, contract: str) -> None:
    spec = contracts()[contract]
    head = f"NHS_NUMBER,{spec.key[0]},{spec.key[1]},{spec.dated_by},{spec.repeated.until if spec.repeated else ''}"
    rows = [f",P{number},QWO,2025-01-0{number}," for number in (1, 2, 3, 4)]
    content = {"p_2025-02-01.csv": lines(head, *rows), "p_2025-03-01.csv": lines(head, rows[0], *rows[2:])}
    found = staged(tmp_path, content, source(contract, "*.csv", file_name="p_{sent:%Y-%m-%d}.csv"))
    gone = found.con.execute(f"SELECT listed_to FROM staged_{contract} ORDER BY {spec.landed(spec.key[0])}").fetchall()
    assert gone == [(None,), (date(2025, 3, 1),), (None,), (None,)]


def test_lists_sent_as_changes_end_what_lists_of_a_day_end(tmp_path: Path) -> None:
    """Who repeats most of what goes on has the same record whether sources.yml calls the files lists or not."""
    drawn, there, of_files = Random(7), set(range(1, 20)), [[child(n) for n in range(1, 20)]]
    for _ in range(5):
        there -= set(drawn.sample(range(2, 19), 2))
        of_files.append([child(n) for n in sorted(there)])
    listed = landed(tmp_path / "a", *of_files, sends="snapshot", file_name="c_{day:%Y-%m-%d}.csv")
    assert ended(landed(tmp_path / "b", *of_files)) == ended(listed)

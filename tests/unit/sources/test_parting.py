"""Files keep their numbers from landing to landing, and lie in parts by month."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from joinedup.sources import parting
from joinedup.sources.accounts import FileAccount
from joinedup.sources.parting import numbered, part_of, parts_of

AS_AT = date(2026, 3, 31)


def account(file: str, source: str = "a", file_id: int = 0, rows: int = 1, **more: Any) -> FileAccount:
    return FileAccount(file_id, source, "partner", "apc", file, "0", rows_read=rows, loaded=rows, **more)


def numbers(now: str, before: dict[str, int]) -> dict[str, int]:
    """File -> number, of files read in this order (source, then letter), where those before had theirs."""
    read = [account(each, each[0]) for each in now.split()]
    known = [account(each, each[0], number) for each, number in before.items()]
    return {each.file: each.file_id for each in numbered(read, known)}


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ("a1 a2 b1", {}, {"a1": 1, "a2": 2, "b1": 3}),
        ("a1 a2 a3 b1", {"a1": 1, "a2": 2, "b1": 3}, {"a1": 1, "a2": 2, "a3": 4, "b1": 3}),
        ("a1 a2 a3 b1", {"a1": 1, "a3": 2, "b1": 3}, {"a1": 1, "a2": 4, "a3": 1004, "b1": 3}),  # one came in between
        (
            "a1 a2 a3 a4 b1",
            {"a1": 1, "a2": 4, "a4": 1004, "b1": 70},
            {"a1": 1, "a2": 4, "a3": 66, "a4": 1004, "b1": 70},
        ),  # where there is room
        ("a1 a2 a3 b1", {"a1": 1, "a3": 4, "b1": 2}, {"a1": 1, "a2": 3, "a3": 4, "b1": 2}),  # never the number of another
        ("a2 b1 b2", {"a1": 1, "a2": 2, "b1": 3}, {"a2": 2, "b1": 3, "b2": 4}),  # one is gone
        ("b1 a1", {"a1": 1, "b1": 2}, {"b1": 2, "a1": 1}),  # sources in another order
        ("a2 a1", {"a1": 1, "a2": 2}, {"a2": 2, "a1": 1002}),  # files in another order
    ],
)
def test_numbers_stay_and_rise_in_the_order_of_reading(now: str, before: dict[str, int], expected: dict[str, int]) -> None:
    assert numbers(now, before) == expected


def test_a_year_sent_again_keeps_its_number_while_months_come_before_it() -> None:
    def months(count: int) -> list[FileAccount]:
        return [account(f"m{month:02}", data_to=date(2020 + month // 12, month % 12 + 1, 28)) for month in range(count)]

    again, other = account("resent_2020", data_to=date(2020, 12, 31)), account("b", source="b")
    landing = numbered([*months(24), again, other], ())
    first = {each.file: each.file_id for each in landing}
    assert [*first.values()] == [*range(1, 25), 1024, 1025]
    for count in range(25, 85):
        landing = numbered([*months(count), again, other], landing)
        found = {each.file: each.file_id for each in landing}
        assert found.items() >= first.items()
        assert [each.file_id for each in landing[:-1]] == sorted({each.file_id for each in landing[:-1]})
        assert len({*found.values()}) == len(found)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ({"first_month": date(2026, 1, 1), "last_month": date(2026, 2, 1)}, "2026-02"),
        ({"day": date(2026, 3, 5), "data_to": date(2025, 1, 1)}, "2026-03"),
        ({"data_to": date(2025, 1, 31)}, "2025-01"),  # its year has been over for three months, and not longer
        ({"data_to": date(2024, 12, 31)}, "2024"),
        ({}, "undated"),
    ],
)
def test_a_file_lies_with_its_month_or_its_year(said: dict[str, Any], value: str) -> None:
    assert part_of(account("a", **said), AS_AT) == value


def test_what_goes_on_lies_apart_from_what_is_over() -> None:
    package = replace(account("a", data_to=date(2026, 1, 31)), contract="cld")
    assert [part_of(each, AS_AT) for each in (package, account("a", data_to=date(2026, 1, 31)))] == ["2026-01-on", "2026-01"]


def test_a_year_is_one_part_once_it_has_been_over_for_three_months() -> None:
    file = account("a", data_to=date(2025, 11, 30))
    assert [part_of(file, day) for day in (AS_AT, date(2026, 4, 1))] == ["2025-11", "2025"]


def test_only_big_tables_lie_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [account(f"a{n}", file_id=n, rows=4, data_to=date(2026, 1 + n % 2, 1)) for n in range(1, 4)]
    assert parts_of(files, AS_AT) == {}
    monkeypatch.setattr(parting, "ROWS_WORTH_PARTS", 12)
    assert {value: [each.file_id for each in own] for value, own in parts_of(files, AS_AT).items()} == {"2026-01": [2], "2026-02": [1, 3]}

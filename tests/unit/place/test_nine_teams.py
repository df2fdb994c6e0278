"""A place unlike the example: nine teams, other words and dates, splits, moves and successions."""

from __future__ import annotations

from datetime import date

import pytest

from joinedup.periods import Period
from joinedup.place.folder import read_place
from joinedup.place.model import Place
from joinedup.place.tables import tables
from tests.place.places import CLOSED, MOVED, NOWHERE, SUCCESSOR, nine_teams


@pytest.fixture(scope="module")
def westermark(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return read_place(nine_teams(tmp_path_factory.mktemp("places") / "westermark"), {"register", "apc", "ecds", "deaths"})


def test_its_words_and_dates_are_its_own(westermark):
    assert westermark.word.plural == "neighbourhood teams"
    assert westermark.period == Period(date(2024, 11, 1), date(2025, 11, 1))


def test_nine_teams_on_the_as_at_date_eight_before_the_split(westermark):
    def there(day):
        return {n.id for n in westermark.neighbourhoods if (n.start or date.min) <= day < (n.end or date.max)}

    assert len(there(westermark.as_at)) == 9
    assert there(date(2025, 4, 30)) - there(date(2025, 5, 1)) == {"harbour"}
    assert there(date(2025, 5, 1)) - there(date(2025, 4, 30)) == {"harbour-east", "harbour-west"}


def test_dates_of_a_spreadsheet_are_read_day_first(westermark):
    moved = [m for m in westermark.memberships if m.practice == MOVED]
    assert [(m.neighbourhood, m.start, m.end) for m in moved] == [
        ("moor", date(2020, 4, 1), date(2025, 2, 17)),
        ("fell", date(2025, 2, 17), None),
    ]


def test_a_practice_with_two_rows_is_one_practice(westermark):
    assert [p.code for p in westermark.practices] == [f"TST{n:02}" for n in range(1, 26)]
    assert len(westermark.memberships) == 29  # 24 practices that belong somewhere, four split with their team, one moved


def test_only_the_practice_in_no_neighbourhood_is_a_finding(westermark):
    assert [(w.rule, w.line) for w in westermark.warnings] == [("practice-in-no-neighbourhood", 31)]
    assert NOWHERE in westermark.warnings[0].message


def test_succession_of_practice_and_trust(westermark):
    closed = next(p for p in westermark.practices if p.code == CLOSED)
    assert (closed.closed, closed.succeeded_by) == (date(2025, 7, 1), SUCCESSOR)
    trust = next(p for p in westermark.partners if p.id == "old-trust")
    assert (trust.end, trust.succeeded_by) == (date(2025, 4, 1), "new-trust")


def test_tables_keep_both_descriptions_of_an_area(westermark):
    rows = tables(westermark)["place_area"].to_pylist()
    first = [row for row in rows if row["area_code"] == "E01999000"]
    assert [(row["deprivation_index"], row["starts"], row["ends"]) for row in first] == [
        ("IMD 2019", None, date(2025, 10, 30)),
        ("IMD 2025", date(2025, 10, 30), None),
    ]

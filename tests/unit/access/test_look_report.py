"""Who saw whom, what is unusual about it, and a person's own history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from joinedup.access.history import in_words, own_history
from joinedup.access.look_report import look_report
from joinedup.kept import access_log
from joinedup.kept.access_log import AccessLog, Look, open_access_log
from joinedup.place.folder import read_place
from joinedup.place.model import Place

MONDAY = datetime(2026, 2, 2, 10, tzinfo=UTC)
NURSE, TEAM, ANALYST = "inv-care-kettle", "inv-care-central", "inv-analyst"


@pytest.fixture(scope="module")
def place(root: Path) -> Place:
    return read_place(root / "places" / "calderdale")


@pytest.fixture
def log(tmp_path: Path) -> AccessLog:
    return open_access_log(tmp_path / "log.sqlite", {})


def look(at: datetime, *people: int, account: str = NURSE, **differs: object) -> Look:
    scope = {NURSE: "practice INV01", TEAM: "neighbourhood central-halifax"}.get(account, "place")
    same = {"role": "care_team", "purpose": "direct care", "scope": scope, "door": "people", "what": "person", "build_id": "b1"}
    return Look(at=at, account=account, people=people, **({**same, "rows": len(people)} | differs))


def ordinary(account: str = NURSE, weeks: int = 3, each: int = 6) -> list[Look]:
    """Some people each weekday, never the same twice, within hours."""
    days = [MONDAY + timedelta(days=i) for i in range(7 * weeks) if i % 7 < 5]
    return [look(day + timedelta(minutes=i), 1000 * d + i, account=account) for d, day in enumerate(days) for i in range(each)]


def rules(log: AccessLog, place: Place, belongs: pa.Table | None = None) -> list[tuple[str, str]]:
    return [(each.rule, each.account) for each in look_report(log.sets(), place, belongs=belongs).unusual]


def test_looks_are_counted(log: AccessLog, place: Place) -> None:
    log.append(
        [
            look(MONDAY, 1, 2),
            look(MONDAY + timedelta(days=1), 2),
            look(MONDAY, account=TEAM, door="aggregates", purpose="planning", rows=40),
        ]
    )
    made = look_report(log.sets(), place)
    (first, second) = made.who
    assert (first.name, first.looks, first.people, first.rows) == ((NURSE, "care_team", "direct care", "people"), 2, 2, 3)
    assert (second.name, second.looks, second.people, second.rows) == ((TEAM, "care_team", "planning", "aggregates"), 1, 0, 40)
    assert [(each.name, each.accounts, each.looks) for each in made.by["door"]] == [(("people",), 1, 2), (("aggregates",), 1, 1)]
    assert made.names[NURSE].startswith("Invented")
    alone = look_report(log.sets(), place, account=TEAM)
    assert [each.name[0] for each in alone.who] == [TEAM]


def test_a_log_without_looks_has_a_report(log: AccessLog, place: Place) -> None:
    made = look_report(log.sets(), place)
    assert (list(made.who), list(made.days), list(made.unusual)) == ([], [], [])


def test_ordinary_work_is_not_unusual(log: AccessLog, place: Place) -> None:
    log.append(ordinary() + ordinary(TEAM))
    assert rules(log, place) == []


def test_many_people_in_a_day_against_the_usual(log: AccessLog, place: Place) -> None:
    log.append(ordinary() + ordinary(TEAM) + [look(MONDAY + timedelta(days=25), *range(40))])
    (found,) = look_report(log.sets(), place).unusual
    assert (found.rule, found.account, found.day) == ("many people", NURSE, (MONDAY + timedelta(days=25)).date())
    assert found.reason == "looked at 40 different people in a day; its own usual is 6 and its role's 6"


def test_who_always_sees_many_is_usual(log: AccessLog, place: Place) -> None:
    log.append(ordinary(each=30) + ordinary(TEAM, each=30) + [look(MONDAY + timedelta(days=25), *range(60))])
    assert rules(log, place) == []


def test_many_at_once_where_nothing_is_known(log: AccessLog, place: Place) -> None:
    log.append([look(MONDAY, *range(49))])
    assert rules(log, place) == []
    log.append([look(MONDAY, 49)])
    assert rules(log, place) == [("many people", NURSE)]


@pytest.mark.parametrize("at", [MONDAY.replace(hour=22), MONDAY.replace(hour=5), MONDAY + timedelta(days=5)])
def test_outside_hours(log: AccessLog, place: Place, at: datetime) -> None:
    log.append([*ordinary(), look(at + timedelta(days=28), 5)])
    assert rules(log, place) == [("outside hours", NURSE)]


def test_hours_are_those_of_the_clock_in_summer(log: AccessLog, place: Place) -> None:
    summer = datetime(2026, 7, 6, 6, 30, tzinfo=UTC)  # a Monday, half past seven by the clock
    log.append([look(summer, 5), look(summer.replace(hour=18, minute=59), 6), look(summer.replace(day=7, hour=19), 7)])
    found = look_report(log.sets(), place).unusual
    assert [each.day.day for each in found] == [7]


def test_who_works_nights_is_usual(log: AccessLog, place: Place) -> None:
    log.append([look(MONDAY.replace(hour=23) + timedelta(days=i), i) for i in range(12)])
    assert ("outside hours", NURSE) not in rules(log, place)


def test_looks_at_counts_outside_hours_are_nobodys_business(log: AccessLog, place: Place) -> None:
    log.append([look(MONDAY.replace(hour=23), account=ANALYST, role="analyst", purpose="planning", door="aggregates")])
    assert rules(log, place) == []


def test_one_person_again_and_again(log: AccessLog, place: Place) -> None:
    log.append(
        ordinary() + [look(MONDAY + timedelta(days=i, hours=h), 77) for i in range(0, 14, 7) for i in range(i, i + 5) for h in (1, 2)]
    )
    (found,) = look_report(log.sets(), place).unusual
    assert (found.rule, found.person_id) == ("one person again and again", 77)
    assert found.reason == "looked at one person 20 times on 10 days; its usual for one person is 1"


def test_a_role_or_scope_that_staff_csv_does_not_give(log: AccessLog, place: Place) -> None:
    log.append([look(MONDAY, 1, scope="place"), look(MONDAY, 1, account="somebody"), look(MONDAY - timedelta(days=700), 1)])
    found = look_report(log.sets(), place).unusual
    assert {(each.rule, each.account) for each in found} == {("role or scope not in staff.csv", NURSE)}
    assert len(found) == 2
    real = place.model_copy(update={"invented": False})
    assert {each.account for each in look_report(log.sets(), real).unusual} == {NURSE, "somebody"}


def test_people_who_never_belonged_to_the_scope(log: AccessLog, place: Place) -> None:
    belongs = pa.table(
        {
            "person_id": [1, 1, 2, 3],
            "practice_code": ["INV01", "INV02", "INV02", "INV09"],
            "neighbourhood_id": ["upper-calder-valley", "upper-calder-valley", "central-halifax", None],
        }
    )
    log.append([look(MONDAY, 1), look(MONDAY, 2, 3), look(MONDAY, 2, account=TEAM), look(MONDAY, 3, account=TEAM)])
    found = look_report(log.sets(), place, belongs=belongs).unusual
    assert {(each.account, each.reason) for each in found} == {
        (NURSE, "looked at 2 people who never belonged to its scope, practice INV01"),
        (TEAM, "looked at 1 person who never belonged to its scope, neighbourhood central-halifax"),
    }


def test_lists_and_refusals_are_no_looks_at_many_but_refusals_stand_out(log: AccessLog, place: Place) -> None:
    log.append([look(MONDAY, *range(1_000), what="list")])
    assert rules(log, place) == []
    log.append([look(MONDAY, person, what="person, refused", rows=0) for person in (1, 2)])
    assert rules(log, place) == []
    log.append([look(MONDAY, 3, what="diagnosis, refused", rows=0)])
    assert rules(log, place, pa.table({"person_id": [9], "practice_code": ["INV01"], "neighbourhood_id": ["x"]}))[-1:] == [
        ("outside its scope", NURSE)
    ]  # of the list
    assert ("refused again and again", NURSE) in rules(log, place)
    told = [each.did for each in own_history(log.looks(person_id=3), place)]
    assert told == ["had you in a list of people", "asked for your record and was refused"]


def test_own_history_in_plain_words(log: AccessLog, place: Place) -> None:
    log.append([look(datetime(2026, 7, 6, 9, 5, tzinfo=UTC), 7, 8, reason="visit planned"), look(MONDAY, 8)])
    told = own_history(log.looks(person_id=7), place)
    lines = in_words(told)
    assert lines[0] == "Your record was looked at by person once in this system."
    assert lines[2] == (
        "6 July 2026, 10:05: a member of a care team opened your record for your own care. The reason given was: visit planned."
    )
    assert NURSE not in "\n".join(lines)
    assert f"account {NURSE}" in "\n".join(in_words(told, with_accounts=True))
    assert in_words([])[0] == "Nobody has looked at your record by person in this system."


def test_sets_give_what_the_whole_does(log: AccessLog, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    log.append([*ordinary(weeks=1, each=2), look(MONDAY, 3, account=TEAM)])
    whole = look_report([log.looks()], place)
    monkeypatch.setattr(access_log, "ROWS_AT_A_TIME", 3)
    assert [part.num_rows for part in log.sets()] == [3, 3, 3, 2]
    assert [part.num_rows for part in log.sets(account=TEAM)] == [1]
    assert sum(part.num_rows for part in log.sets(last=5)) == 5
    assert look_report(log.sets(), place) == whole
    assert look_report([], place).looks == 0

"""Events that a place's measure brings by its own .sql: counted in its cases, and every fault told with its line and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.build import all_specs
from joinedup.errors import SqlError
from joinedup.outcomes.measure_check import check_measures
from joinedup.outcomes.measure_folder import read_definitions
from joinedup.outcomes.measure_lines import EVENT_COLUMNS, OF_EVENTS, countable, lines_of
from joinedup.outcomes.own_events import own_events

GOOD = """\
measure: voluntary_contacts
title: Contacts with voluntary services
why: What neighbours do for one another is care, too.
definition: Contacts that voluntary providers sent, of registered people, for each thousand a year; those of home visits apart.
kind: process
form: rate
count: {event: own}
out_of: {people: {}}
columns:
  - {name: at_home, type: BOOLEAN, meaning: Whether it was a visit}
per: 1000
unit: per 1,000 people
polarity: neither
variants:
  - {id: at_home, title: At home, where: {at_home: true}}
source: made for a test
owner: nobody
valid_from: 2026-04-01
cases:
  - name: Voluntary services alone, and visits apart
    given:
      place_activity:
        - {activity_id: 1, person_id: 1, starts: 2025-05-09, sector: voluntary, took_place: true, point_of_delivery: Home visit}
        - {activity_id: 2, person_id: 1, starts: 2025-05-09, sector: voluntary, took_place: true, point_of_delivery: Telephone call}
        - {activity_id: 3, person_id: 1, starts: 2025-05-09, sector: voluntary, took_place: false, point_of_delivery: Home visit}
        - {activity_id: 4, person_id: 1, starts: 2025-05-09, sector: acute, took_place: true, point_of_delivery: Home visit}
    expect:
      - {part: count, events: 2}
      - {part: count, variant: at_home, events: 1}
  - name: Events as they are
    given:
      voluntary_contacts_event:
        - {event_id: 1, person_id: 1, on_date: 2025-05-09, at_home: true}
    expect:
      - {part: count, variant: at_home, events: 1}
"""
SQL = """\
SELECT
    a.activity_id AS event_id,
    a.person_id,
    a.starts AS on_date,
    a.neighbourhood_id,
    a.practice_code,
    a.age,
    a.provider_code,
    a.file_id,
    a.point_of_delivery = 'Home visit' AS at_home
FROM place_activity AS a
WHERE a.sector = 'voluntary' AND a.took_place
"""


def found(folder: Path, text: str = GOOD, sql: str | None = SQL) -> list[tuple[str, str, int | None, str]]:
    (folder / "measures").mkdir()
    (folder / "measures" / "voluntary_contacts.yml").write_text(text, encoding="utf-8")
    if sql is not None:
        (folder / "measures" / "voluntary_contacts.sql").write_text(sql, encoding="utf-8")
    return [(each.rule, each.file, each.line, each.message) for each in check_measures(folder, all_specs())]


def test_its_events_are_counted_in_its_cases_and_are_a_table_of_the_build(tmp_path: Path) -> None:
    assert found(tmp_path) == []
    [(measure, _)] = read_definitions(tmp_path, "place")[0]
    lines = lines_of(measure, "at_home", countable())
    assert lines is not None
    assert lines.count.table == "voluntary_contacts_event"
    made = own_events(tmp_path, all_specs())["voluntary_contacts_event"]
    assert made.names == (*EVENT_COLUMNS, "at_home")
    assert made.sql_file == "measures/voluntary_contacts.sql"


def test_the_columns_of_every_event_are_those_that_definitions_look_for() -> None:
    assert tuple(column.name for column in OF_EVENTS) == EVENT_COLUMNS


def test_a_case_that_its_sql_does_not_bear_out_is_told(tmp_path: Path) -> None:
    [(rule, file, line, message)] = found(tmp_path, sql=SQL.replace("Home visit", "Visit"))
    assert (rule, file, line) == ("measure-case", "measures/voluntary_contacts.yml", 20)
    assert "Voluntary services alone" in message


@pytest.mark.parametrize(
    ("written", "instead", "rule", "line", "said"),
    [
        ("    a.age,\n", "", "measure-form", 9, "lacks age; wanted are, in this order, event_id, person_id"),
        ("a.age", "a.agee AS age", "unknown-column", 7, "age"),
        ("FROM place_activity", "FROM place_activty", "unknown-table", 11, "place_activity"),
        ("FROM place_activity", "FROM activity", "measure-people", 11, "read place_activity"),
        (
            "a.took_place",
            "a.took_place QUALIFY row_number() OVER () = 1",
            "not-portable",
            12,
            "number the rows in a CTE",
        ),
    ],
)
def test_what_is_wrong_with_its_sql_is_told_by_line(tmp_path: Path, written: str, instead: str, rule: str, line: int, said: str) -> None:
    told = found(tmp_path, sql=SQL.replace(written, instead))
    assert {each[1] for each in told} == {"measures/voluntary_contacts.sql"}
    assert any(each[:1] == (rule,) and each[2] == line and said in each[3] for each in told), told
    with pytest.raises(SqlError, match=r"measures/voluntary_contacts\.sql"):
        own_events(tmp_path, all_specs())


def test_events_of_its_own_without_a_file_and_a_file_that_nothing_counts(tmp_path: Path) -> None:
    [(rule, file, line, message)] = found(tmp_path, sql=None)
    assert (rule, file, line) == ("measure-sql", "measures/voluntary_contacts.yml", 7)
    assert "voluntary_contacts.sql, which isn't there: write it" in message
    (tmp_path / "measures" / "other.sql").write_text(SQL, encoding="utf-8")
    other = GOOD.replace("event: own", "event: attendance").replace(", where: {at_home: true}", "").split("cases:")[0]
    (tmp_path / "measures" / "voluntary_contacts.yml").write_text(other, encoding="utf-8")
    (tmp_path / "measures" / "voluntary_contacts.sql").write_text(SQL, encoding="utf-8")
    told = {each.file: each.message for each in check_measures(tmp_path, all_specs()) if each.rule == "measure-sql"}
    assert "has no other.yml beside it" in told["measures/other.sql"]
    assert "write event: own in voluntary_contacts.yml" in told["measures/voluntary_contacts.sql"]


def test_columns_that_every_event_has_are_not_listed_again(tmp_path: Path) -> None:
    told = found(tmp_path, GOOD.replace("{name: at_home, type: BOOLEAN", "{name: age, type: INTEGER"))
    assert any("columns lists age twice" in each[3] for each in told), told

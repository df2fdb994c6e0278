"""Code lists on a whole place: codes found again by brute force, and counts of codes, groups and practices that add up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import duckdb
import pytest

from joinedup.engine.reader import Reader
from joinedup.population.code_forms import systems
from joinedup.population.code_lists import read_code_lists

from .conftest import Example

Ask: TypeAlias = Callable[[str], list[tuple[Any, ...]]]

MADE = """code_count code_seen code_in_list listed_code_entry listed_entry code_use code_list_use code_group code_group_use code_unmatched
    code_unlisted code_list_summary diagnosis coded_field registered_person file_use may_use"""


@pytest.fixture(scope="module")
def ask(example: Example) -> Ask:
    """A question to the tables of the built example, in SQL."""
    reader = Reader(example.store)
    con = duckdb.connect()
    for name in MADE.split():
        con.register(name, reader.table(name))
    return lambda question: con.execute(question).fetchall()


def test_every_code_is_in_the_lists_that_brute_force_finds(example: Example, ask: Ask) -> None:
    listed = [(each.list_id, code) for each in read_code_lists(example.place.folder)[0] for code in each.codes]
    found = set()
    for system, code in ask("SELECT system, code FROM code_seen"):
        plain = systems()[system].plain(code)
        for list_id, one in listed:
            if one.system == system and (plain == one.code or (one.matches == "prefix" and plain.startswith(one.code))):
                found.add((list_id, one.group_id, system, code))
    assert len(found) > 200
    assert found == set(ask("SELECT list_id, group_id, system, code FROM code_in_list"))


def test_every_kind_of_extract_is_read_and_every_setting_has_entries(ask: Ask) -> None:
    assert {contract for (contract,) in ask("SELECT DISTINCT contract FROM code_count")} >= {
        "apc", "outpatient", "ecds", "mhsds", "gp_record", "gp_medication", "cld", "children_social_care", "csds", "maternity",
    }  # fmt: skip
    assert {setting for (setting,) in ask("SELECT DISTINCT setting FROM listed_entry")} >= {
        "general practice", "hospital admission", "outpatient", "emergency department", "mental health", "medication",
        "adult social care", "children's social care", "community", "maternity",
    }  # fmt: skip


def test_entries_of_codes_groups_and_days_are_the_same(ask: Ask) -> None:
    by_group = sorted(ask("SELECT list_id, group_id, sum(entries), count(DISTINCT person_id) FROM listed_entry GROUP BY ALL"))
    assert by_group == sorted(ask("SELECT list_id, group_id, entries, people FROM code_group WHERE people > 0"))
    by_code = "SELECT list_id, group_id, sum(entries) FROM code_use GROUP BY ALL HAVING sum(entries) > 0"
    assert [row[:3] for row in by_group] == sorted(ask(by_code))
    counted = "SELECT list_id, group_id, sum(entries) FROM code_count JOIN code_in_list USING (system, code) GROUP BY ALL"
    assert [row[:3] for row in by_group] == sorted(ask(counted))
    assert ask("SELECT count(*) FROM code_list_summary") == [(len({row[0] for row in ask("SELECT list_id FROM code_group")}),)]


def test_practices_add_up_to_the_people_registered_who_have_a_group(ask: Ask) -> None:
    practices = "SELECT list_id, group_id, sum(entries), sum(people) FROM code_group_use GROUP BY ALL"
    people = """SELECT list_id, group_id, sum(entries), count(DISTINCT person_id)
        FROM listed_entry JOIN registered_person USING (person_id) GROUP BY ALL"""
    assert sorted(ask(practices)) == sorted(ask(people)) != []
    entries = "SELECT list_id, group_id, sum(entries) FROM code_list_use GROUP BY ALL"
    assert sorted(ask(entries)) == sorted(ask(practices.replace(", sum(people)", "")))


def test_what_no_list_names_and_what_one_does_are_all_there_is(ask: Ask) -> None:
    parts = "SELECT contract, system, unmatched_entries, unmatched_codes FROM code_unmatched WHERE unmatched_codes > 0"
    assert sorted(ask(parts)) == sorted(ask("SELECT contract, system, sum(entries), count(*) FROM code_unlisted GROUP BY ALL"))
    wholes = "SELECT contract, system, entries, codes FROM code_unmatched"
    assert sorted(ask(wholes)) == sorted(ask("SELECT contract, system, sum(entries), count(*) FROM code_count GROUP BY ALL"))
    assert ask("SELECT count(*) FROM code_unmatched WHERE unmatched_share NOT BETWEEN 0 AND 1") == [(0,)]


def test_nobody_is_counted_who_may_not_be(ask: Ask) -> None:
    left_out = "SELECT count(*) FROM may_use WHERE NOT planning"
    assert ask(left_out)[0][0] > 0
    assert ask(f"{left_out} AND person_id IN (SELECT person_id FROM listed_code_entry)") == [(0,)]
    practice = "person_id IN (SELECT person_id FROM listed_code_entry WHERE setting IN ('general practice', 'medication'))"
    assert ask(f"SELECT count(*) FROM may_use WHERE NOT practice_planning AND {practice}") == [(0,)]
    assert ask("SELECT count(*) FROM may_use WHERE planning AND NOT practice_planning")[0][0] > 0

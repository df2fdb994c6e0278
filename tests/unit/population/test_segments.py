"""A segment model of a place folder: everybody in exactly one segment, whatever its own SQL leaves out or doesn't know."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from joinedup.build import all_specs
from joinedup.engine.portable import findings_of
from joinedup.population.pairs import Pair, read_pairs
from joinedup.population.segment_sql import segment_about, segment_specs_sql

YML = """\
segment_model: by_age
title: Two ages
owner: population health lead
source: Ours
segments:
  - {name: ninety, title: 90 and over}
  - {name: grown_up, title: 18 and over}
  - {name: others, title: Everybody else, otherwise: true}
cases:
  - name: One of each
    given: {person_year: [{person_id: 1, year_starts: 2025-04-01, age: 90}]}
    expect: [{person_id: 1, year_starts: 2025-04-01, ninety: true, grown_up: true}]
"""
SQL = "SELECT person_id, year_starts, age >= 90 AS ninety, age >= 18 AS grown_up FROM person_year WHERE person_id < 9"
YEAR = "DATE '2025-04-01'"


@pytest.fixture
def model(tmp_path: Path) -> Pair:
    (tmp_path / "segments").mkdir()
    (tmp_path / "segments" / "by_age.yml").write_text(YML, encoding="utf-8")
    (tmp_path / "segments" / "by_age.sql").write_text(SQL, encoding="utf-8")
    found, findings = read_pairs(tmp_path, "place")
    assert findings == []
    return found[0]


@pytest.fixture
def con(model: Pair) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("CREATE TABLE person_year (person_id BIGINT, year_starts DATE, age INTEGER)")
    for person, age in ((1, "95"), (2, "18"), (3, "17"), (4, "NULL"), (9, "95")):
        con.execute(f"INSERT INTO person_year VALUES ({person}, {YEAR}, {age})")
    con.execute(f"CREATE TABLE segment_by_age AS {model.spec.sql}")
    return con


def test_everybody_is_in_one_segment_the_one_of_whom_nothing_is_known_and_the_one_left_out_too(
    model: Pair, con: duckdb.DuckDBPyConnection
) -> None:
    made = con.sql(segment_specs_sql([model])["person_segment"])
    found = made.project("person_id, segment_id, segment_order, rules_met, rules_not_known, left_out").order("person_id").fetchall()
    assert found == [
        (1, "ninety", 1, 2, 0, False),
        (2, "grown_up", 2, 1, 0, False),
        (3, "others", 3, 0, 0, False),
        (4, "others", 3, 0, 2, False),
        (9, "others", 3, 0, 2, True),
    ]


def test_rules_that_overlap_are_counted(model: Pair, con: duckdb.DuckDBPyConnection) -> None:
    made = con.sql(segment_specs_sql([model])["segment_rule"])
    found = made.project("segment_id, met, not_known, taken_before").order("segment_id").fetchall()
    assert found == [("grown_up", 2, 1, 1), ("ninety", 1, 1, 0)]


def test_what_is_written_for_a_model_is_portable(model: Pair) -> None:
    reads = all_specs() | {model.spec.table: model.spec}
    for table, sql in segment_specs_sql([model]).items():
        assert findings_of(sql, f"{table}.sql", reads) == []


def test_segments_say_what_they_are_in_the_order_of_their_key(model: Pair) -> None:
    told = segment_about([model])
    assert told.column_names == [column.name for column in all_specs()["segment_about"].columns]
    assert told.select(["segment_id", "segment_order", "otherwise", "origin"]).to_pylist() == [
        {"segment_id": "grown_up", "segment_order": 2, "otherwise": False, "origin": "place"},
        {"segment_id": "ninety", "segment_order": 1, "otherwise": False, "origin": "place"},
        {"segment_id": "others", "segment_order": 3, "otherwise": True, "origin": "place"},
    ]

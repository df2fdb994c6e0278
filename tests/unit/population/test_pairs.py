"""Cohorts and segment models of a place folder: read into tables, or into findings by file and line."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from joinedup.engine.portable_words import RESERVED
from joinedup.engine.results import key_finding
from joinedup.engine.specs import Column, ColumnType, TableSpec
from joinedup.errors import SqlError
from joinedup.findings import Finding, Severity
from joinedup.population.pair_check import check_pairs
from joinedup.population.pairs import pair_specs, pairs, read_pairs

YML = """\
cohort: young_mothers
title: Young mothers
owner: population health lead
source: Ours
steps:
  - {name: young, title: Under 25}
  - {name: mother, title: Has given birth in the year}
cases:
  - name: somebody young who gave birth
    given:
      who_when: [{person_id: 1, year_starts: 2025-04-01, age: 20}]
      birth: [{person_id: 1, birth_id: 7}]
    expect:
      - {person_id: 1, year_starts: 2025-04-01, young: true, mother: true}
"""
SQL = """\
SELECT
    w.person_id,
    w.year_starts,
    w.age < 25 AS young,
    EXISTS (SELECT 1 FROM birth AS b WHERE b.person_id = w.person_id) AS mother
FROM who_when AS w
"""


def spec(table: str, key: tuple[str, ...], **columns: str) -> TableSpec:
    return TableSpec(
        table=table,
        title=table,
        grain="",
        key=key,
        columns=tuple(Column(name=name, type=ColumnType(kind), meaning=name) for name, kind in columns.items()),
        owner="",
        source="",
    )


SPECS = {
    "who_when": spec("who_when", ("person_id", "year_starts"), person_id="BIGINT", year_starts="DATE", age="INTEGER"),
    "birth": spec("birth", ("birth_id",), birth_id="BIGINT", person_id="BIGINT"),
}


def folder(tmp_path: Path, sql: str = SQL, yml: str = YML, name: str = "young_mothers") -> Path:
    (tmp_path / "cohorts").mkdir(exist_ok=True)
    (tmp_path / f"cohorts/{name}.yml").write_text(yml, encoding="utf-8")
    (tmp_path / f"cohorts/{name}.sql").write_text(sql, encoding="utf-8")
    return tmp_path


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, [f"{finding.where}: {finding.message}" for finding in findings]
    return findings[0]


def test_a_sound_pair_is_a_table_of_a_row_per_person_and_year(tmp_path: Path) -> None:
    assert check_pairs(folder(tmp_path), SPECS) == []
    (pair,), findings = read_pairs(tmp_path, "place")
    assert findings == []
    assert (pair.spec.table, pair.spec.key) == ("cohort_young_mothers", ("person_id", "year_starts"))
    assert pair.spec.names == ("person_id", "year_starts", "young", "mother")
    assert [step.title for step in pair.columns] == ["Under 25", "Has given birth in the year"]


def test_a_build_that_stops_at_it_names_its_file(tmp_path: Path) -> None:
    [found] = read_pairs(folder(tmp_path), "place")[0]
    assert key_finding(found.spec, 2).where == "cohorts/young_mothers.sql"


def test_an_index_date_is_a_column(tmp_path: Path) -> None:
    (pair,), _ = read_pairs(folder(tmp_path, yml=YML + "index_on: The day of the birth\n"), "place")
    assert pair.has_index
    assert pair.spec.names[-1] == "index_on"


@pytest.mark.parametrize(
    ("before", "after", "line", "says"),
    [
        ("w.age <", "w.agee <", 4, "agee is no column of who_when; the nearest is age"),
        ("birth AS b", "birht AS b", 5, "the nearest known table is birth"),
        ("b.person_id = w", "b.person_id = v", 5, "v is nothing that is read here; the nearest is w"),
        ("AS mother", "AS mothers", 5, "lacks mother and gives mothers, which the .yml doesn't list"),
        ("w.age < 25 AS young", "w.age::BIGINT < 25 AS young", 4, "write CAST(x AS STRING)"),
        ("FROM who_when", "FRM who_when", 6, "can't be read as SQL"),
    ],
)
def test_what_is_wrong_with_the_sql_is_told_by_line_with_the_fix(tmp_path: Path, before: str, after: str, line: int, says: str) -> None:
    finding = only(check_pairs(folder(tmp_path, SQL.replace(before, after)), SPECS))
    assert finding.where == f"cohorts/young_mothers.sql:{line}"
    assert says in finding.message


@pytest.mark.parametrize(
    ("before", "after", "line", "says"),
    [
        ("cohort: young_mothers", "cohort: young_mother", 1, "write young_mothers, the name of its file"),
        ("owner:", "ownr:", 3, "did you mean owner?"),
        ("name: mother", "name: young", 7, "'young' is taken"),
        ("name: mother", "name: person_id", 7, "'person_id' is taken"),
        ("name: mother", "name: order", 7, "'order' is a word of SQL, by which no column can be called"),
        ("name: mother", "name: Mother", 7, "steps 2 name is 'Mother', which is not a name: write small letters"),
        ("cohort: young_mothers", "cohort: 1st", 1, "cohort is '1st', which is not a name"),
        ("mother: true", "mother: false", 9, "gives something else than is expected: missing:"),
    ],
)
def test_what_is_wrong_with_the_yml_is_told_by_line(tmp_path: Path, before: str, after: str, line: int, says: str) -> None:
    findings = check_pairs(folder(tmp_path, yml=YML.replace(before, after)), SPECS)
    told = [finding for finding in findings if says in finding.message]
    assert [finding.where for finding in told] == [f"cohorts/young_mothers.yml:{line}"], findings


def test_a_cohort_that_takes_people_of_whom_nothing_is_known_is_warned_of(tmp_path: Path) -> None:
    """Not young, and no birth known: NOT coalesce(…) and NOT EXISTS call both well."""
    unaware = SQL.replace("w.age < 25 AS young", "NOT coalesce(w.age < 25, FALSE) AS young").replace("EXISTS", "NOT EXISTS")
    finding = only(check_pairs(folder(tmp_path, unaware, YML.split("cases:", maxsplit=1)[0] + "cases: [{name: nobody}]\n"), SPECS))
    assert (finding.rule, finding.severity, finding.where) == ("takes-unknown", "warning", "cohorts/young_mothers.sql:1")
    assert "every column of who_when empty passes young, mother" in finding.message


def test_a_join_that_may_multiply_is_named_before_and_when_it_has(tmp_path: Path) -> None:
    joined = SQL.replace("EXISTS (SELECT 1 FROM birth AS b WHERE b.person_id = w.person_id) AS", "b.person_id IS NOT NULL AS")
    joined += "LEFT JOIN birth AS b ON b.person_id = w.person_id\n"
    finding = only(check_pairs(folder(tmp_path, joined), SPECS))
    assert (finding.where, finding.severity) == ("cohorts/young_mothers.sql:7", "warning")
    assert "the join of birth is at fault, joined by person_id alone" in finding.message
    twice = YML.replace("[{person_id: 1, birth_id: 7}]", "[{person_id: 1, birth_id: 7}, {person_id: 1, birth_id: 8}]")
    told = check_pairs(folder(tmp_path, joined, twice), SPECS)
    assert "1 keys (person_id, year_starts) with more than one row" in told[-1].message
    assert "line 7: the join of birth is at fault" in told[-1].message


@pytest.mark.parametrize(
    "sql",
    [
        "WITH b AS (SELECT person_id, count(*) AS births FROM birth GROUP BY person_id)\n"
        "SELECT w.person_id, w.year_starts, w.age < 25 AS young, b.births > 0 AS mother\n"
        "FROM who_when AS w\nLEFT JOIN b ON b.person_id = w.person_id",
        "SELECT w.person_id, w.year_starts, bool_or(w.age < 25) AS young, bool_or(b.birth_id > 0) AS mother\n"
        "FROM who_when AS w\nLEFT JOIN birth AS b ON b.person_id = w.person_id\nGROUP BY w.person_id, w.year_starts",
        "SELECT w.person_id, w.year_starts, w.age < 25 AS young, b.birth_id > 0 AS mother\n"
        "FROM who_when AS w\nLEFT JOIN birth AS b ON b.birth_id = w.person_id",
    ],
)
def test_a_join_on_what_is_unique_is_no_warning(tmp_path: Path, sql: str) -> None:
    assert check_pairs(folder(tmp_path, sql, YML.split("cases:", maxsplit=1)[0] + "cases: [{name: nobody}]\n"), SPECS) == []


@pytest.mark.parametrize(("table", "instead"), [("person", "read person_year"), ("landed_birth", "read a table made of it")])
def test_what_holds_people_who_object_is_refused(tmp_path: Path, table: str, instead: str) -> None:
    specs = SPECS | {table: spec(table, ("person_id",), person_id="BIGINT")}
    yml = YML.replace("birth: [{person_id: 1, birth_id: 7}]", f"{table}: [{{person_id: 1}}]")
    finding = only(check_pairs(folder(tmp_path, SQL.replace("FROM birth AS b", f"FROM {table} AS b"), yml), specs))
    assert (finding.where, finding.rule) == ("cohorts/young_mothers.sql:5", "pair-people")
    assert f"{table} holds people who object to being counted, too: {instead}" in finding.message


def test_a_text_that_a_column_never_is_is_told_with_the_nearest(tmp_path: Path) -> None:
    specs = SPECS | {"condition": spec("condition", ("person_id", "condition_id"), person_id="BIGINT", condition_id="STRING")}
    had = "SELECT 1 FROM condition AS c WHERE c.person_id = w.person_id AND c.condition_id IN ('asthma', 'diabetis')"
    sql = SQL.replace("SELECT 1 FROM birth AS b WHERE b.person_id = w.person_id", had)
    yml = YML.replace("birth: [{person_id: 1, birth_id: 7}]", "condition: [{person_id: 1, condition_id: diabetis}]")
    finding = only(check_pairs(folder(tmp_path, sql, yml), specs))
    assert (finding.where, finding.rule, finding.severity) == ("cohorts/young_mothers.sql:5", "unknown-name", Severity.WARNING)
    assert "compares condition_id with 'diabetis', which it never is (did you mean diabetes?)" in finding.message


def test_words_of_sql_are_those_of_the_engine() -> None:
    """DuckDB's own list; what Spark adds, as the standard has it, stands there too."""
    kept = duckdb.sql("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'").fetchall()
    assert {word for (word,) in kept} <= RESERVED


def test_half_a_pair_and_a_stray_file_are_told(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "cohorts/young_mothers.sql").rename(tmp_path / "cohorts/young_mother.sql")
    (tmp_path / "cohorts/notes.docx").touch()
    told = {finding.file: finding.rule for finding in check_pairs(tmp_path, SPECS)}
    assert told == {
        "cohorts/notes.docx": "unknown-file",
        "cohorts/young_mother.sql": "pair-incomplete",
        "cohorts/young_mothers.yml": "pair-incomplete",
    }


def test_the_name_of_another_table_is_taken(tmp_path: Path) -> None:
    taken = {**SPECS, "cohort_young_mothers": SPECS["birth"]}
    assert "is another table" in only(check_pairs(folder(tmp_path), taken)).message


def test_a_build_is_refused_while_a_pair_is_at_fault(tmp_path: Path) -> None:
    folder(tmp_path, SQL.replace("w.age <", "w.agee <"))
    with pytest.raises(SqlError, match=r"young_mothers\.sql:4: agee is no column"):
        pair_specs([pair for pair in pairs(tmp_path) if pair.origin == "place"], SPECS)


SEGMENTS = """\
segment_model: ages
title: By age
owner: us
source: Ours
segments:
  - {name: young, title: Young}
  - {name: rest, title: Others, otherwise: true}
cases: []
"""


def test_a_segment_model_ends_with_whoever_is_left(tmp_path: Path) -> None:
    (tmp_path / "segments").mkdir()
    (tmp_path / "segments/ages.sql").write_text("SELECT person_id, year_starts, age < 25 AS young FROM who_when\n", encoding="utf-8")
    (tmp_path / "segments/ages.yml").write_text(SEGMENTS, encoding="utf-8")
    assert only(check_pairs(tmp_path, SPECS)).rule == "pair-cases"
    (tmp_path / "segments/ages.yml").write_text(SEGMENTS.replace(", otherwise: true", ""), encoding="utf-8")
    finding = only([each for each in check_pairs(tmp_path, SPECS) if each.rule == "pair-otherwise"])
    assert (finding.where, "write otherwise: true" in finding.message) == ("segments/ages.yml:7", True)


def test_a_pair_without_a_case_is_warned_of_and_used(tmp_path: Path) -> None:
    folder(tmp_path, yml=YML.split("cases:", maxsplit=1)[0])
    assert only(check_pairs(tmp_path, SPECS)).rule == "pair-cases"
    assert [pair.id for pair in pairs(tmp_path) if pair.origin == "place"] == ["young_mothers"]

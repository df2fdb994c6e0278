"""The verb sql: what is refused is shown with its place, mended where that is safe, and what is portable is explained."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from joinedup.build import all_specs
from joinedup.cli import main

YML = """table: loan_count
title: Loans of each member
grain: one row per member
key: [member]
owner: a tester
source: made up
columns:
  - {name: member, type: BIGINT, required: true, meaning: The member}
  - {name: loans, type: BIGINT, unit: loans, required: true, meaning: How many they have had}
cases:
  - name: two loans of one member
    given: {loan: [{loan_id: 1, member: 7}, {loan_id: 2, member: 7}]}
    expect: [{member: 7, loans: 2}]
"""
LOAN = """table: loan
title: Loans
grain: one row per loan
key: [loan_id]
owner: a tester
source: made up
columns:
  - {name: loan_id, type: BIGINT, required: true, meaning: The loan}
  - {name: member, type: BIGINT, required: true, meaning: Who borrowed}
  - {name: began, type: DATE, meaning: First day}
"""
PACKAGED = cache(all_specs)
GOOD = "SELECT member, count(*) AS loans\nFROM loan\nGROUP BY member\n"


@pytest.fixture(autouse=True)
def packaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package's tables are read once for all tests here."""
    monkeypatch.setattr("joinedup.build.all_specs", lambda place=None: PACKAGED())


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["sql", *map(str, words)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A table's .sql, with its .yml and that of what it reads beside it."""
    (tmp_path / "loan.yml").write_text(LOAN, encoding="utf-8")
    (tmp_path / "loan_count.yml").write_text(YML, encoding="utf-8")
    path = tmp_path / "loan_count.sql"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_a_portable_table_is_explained(file: Path) -> None:
    answer = run(file, "--plan", "duckdb")
    assert answer.exit_code == 0, answer.stderr
    for said in (
        "loan: Loans (landed, or of the place; one row per loan)",
        "uses member",
        "loans (BIGINT, loans, never missing): How many they have had",
        "the last GROUP BY is by member, so no key can come twice",
        "SELECT member FROM loan_count GROUP BY member HAVING count(*) > 1",
        "Cases: 1 of 1 give on DuckDB what is expected",
        "Plan on DuckDB",
        "groups rows",
        "reads loan",
    ):
        assert said in answer.stdout


def test_a_packaged_table_is_explained_by_name() -> None:
    answer = run("spell", "--plan", "none")
    assert answer.exit_code == 0
    assert "one row per hospital spell; its key is activity_id" in answer.stdout
    assert "Read by: activity_acute" in answer.stdout
    assert "Plan" not in answer.stdout


def test_a_table_that_no_sql_makes_is_explained_too() -> None:
    answer = run("place_month")
    assert answer.exit_code == 0
    assert "no SQL makes it" in answer.stdout


def test_what_is_refused_is_shown_with_its_place(file: Path) -> None:
    file.write_text("SELECT\n\tmember::BIGINT AS member, count(*) AS loans\nFROM loan\nGROUP BY member", encoding="utf-8")
    answer = run(file)
    assert answer.exit_code == 3
    assert answer.stdout.splitlines()[:3] == [
        "loan_count.sql:2: double-colon",
        "       2 | \tmember::BIGINT AS member, count(*) AS loans",
        "         | \t      ^^",
    ]
    assert "--fix writes: CAST(member AS BIGINT) AS member" in answer.stdout
    assert answer.stderr == "joinedup: loan_count.sql: 1 thing isn't portable; --fix can mend it\n"


def test_fix_changes_the_file_and_nothing_else_in_it(file: Path) -> None:
    before = (
        "-- Loans;  not ::BIGINT\r\nSELECT member,\r\n"
        "  CAST( count(*)   AS BIGINT ) AS loans -- by ifnull()\r\nFROM loan WHERE nvl(member, 1) > 0 GROUP BY member;\r\n"
    )
    file.write_bytes(before.encode())
    answer = run(file, "--fix", "--plan", "none")
    assert answer.exit_code == 0, answer.stdout + answer.stderr
    assert file.read_bytes().decode() == before.replace("nvl(", "coalesce(").replace("member;", "member")
    assert "-FROM loan WHERE nvl(member, 1) > 0 GROUP BY member;" in answer.stdout
    assert "loan_count.sql: 2 mended" in answer.stderr


def test_fix_leaves_to_a_person_what_the_engines_answer_differently(file: Path) -> None:
    text = "SELECT member, concat(began, 'x') AS loans FROM loan ORDER BY began"
    file.write_text(text, encoding="utf-8")
    answer = run(file, "--fix")
    assert answer.exit_code == 3
    assert file.read_text(encoding="utf-8") == text


def test_a_packaged_table_is_not_mended_by_its_name() -> None:
    assert run("spell", "--fix").exit_code == 2


def test_for_programs_it_is_json(file: Path) -> None:
    file.write_text("SELECT member, ifnull(count(*), 0) AS loans FROM loan GROUP BY member", encoding="utf-8")
    answer = run(file, "--format", "json")
    [found] = json.loads(answer.stdout)
    assert (found["rule"], found["line"], found["start"], found["end"], found["fix"]) == ("function", 1, 15, 21, "coalesce")
    assert answer.exit_code == 3
    file.write_text(GOOD, encoding="utf-8")
    assert (run(file, "--format", "json").stdout, run(file, "--format", "json").exit_code) == ("[]\n", 0)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT member, count(*) AS loans FROM loans GROUP BY member", "the nearest known table is loan"),
        ("SELECT member, count(lent) AS loans FROM loan GROUP BY member", "DuckDB can't run it"),
        ("SELECT member, count(*) AS many FROM loan GROUP BY member", "gives many where loans is declared"),
        ("SELECT member, CAST('x' AS STRING) AS loans FROM loan GROUP BY member", "declared is BIGINT"),
        ("SELECT member, count(*) + 1 AS loans FROM loan GROUP BY member", "1 of 1 cases give something else"),
        ("SELECT member, FROM WHERE", "2 things aren't portable"),
    ],
)
def test_what_is_wrong_ends_with_3_and_a_sentence(sql: str, said: str, file: Path) -> None:
    file.write_text(sql, encoding="utf-8")
    answer = run(file, "--plan", "none")
    assert answer.exit_code == 3
    assert said in answer.stderr
    assert "Traceback" not in answer.output


def test_a_file_without_a_description_is_explained_as_far_as_it_goes(file: Path) -> None:
    file.with_suffix(".yml").unlink()
    answer = run(file, "--plan", "none")
    assert answer.exit_code == 0
    assert "member (BIGINT): Who borrowed (it is loan.member as it stands)" in answer.stdout
    assert "Write loan_count.yml beside the .sql" in answer.stdout
    for line in ("key: [member]", '- {name: member, type: BIGINT, meaning: "Who borrowed"}', "given: {loan: [{…}]}"):
        assert line in answer.stdout


def test_a_file_that_isnt_text_or_isnt_there(file: Path) -> None:
    file.write_bytes(b"SELECT '\xe9' AS v")
    assert (run(file).exit_code, "isn't text in UTF-8, at byte 8" in run(file).stderr) == (3, True)
    assert run(file.with_name("gone.sql")).exit_code == 2
    answer = run("spel")
    assert (answer.exit_code, "the nearest is spell" in answer.stderr) == (2, True)


PAIR = """cohort: tall
title: Tall
owner: a tester
source: made up
steps:
  - {name: adult, title: 18 or over}
  - {name: gouty, title: Has gout}
cases:
  - name: one of each
    given:
      person_year: [{person_id: 1, year_starts: 2025-04-01, age: 18}]
      person_year_has: [{person_id: 1, year_starts: 2025-04-01, gout_of_ours: true}]
    expect: [{person_id: 1, year_starts: 2025-04-01, adult: true, gouty: true}]
"""
TALL = """SELECT p.person_id, p.year_starts, p.age >= 18 AS adult, h.gout_of_ours AS gouty
FROM person_year AS p
INNER JOIN person_year_has AS h ON h.person_id = p.person_id AND h.year_starts = p.year_starts
"""
OURS = """owner: a tester
source: made up
conditions:
  - condition: gout_of_ours
    title: Gout
    kind: long-term condition
    known_by: general practice
    evidence:
      - {list: long_term_conditions, groups: [diabetes], settings: [general practice]}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A cohort in the folder of a place that has a condition of its own."""
    (tmp_path / "cohorts").mkdir()
    for name, text in (("place.yml", ""), ("conditions.yml", OURS), ("cohorts/tall.yml", PAIR), ("cohorts/tall.sql", TALL)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / "cohorts" / "tall.sql"


def test_a_cohort_of_a_place_is_explained_with_its_case_and_the_place_s_conditions(own: Path) -> None:
    done = run(own, "--plan", "none")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("cohort_tall: Tall (version 1)")
    assert "gouty (BOOLEAN): Has gout; empty is not known" in done.stdout
    assert "Cases: 1 of 1 give on DuckDB what is expected" in done.stdout


def test_a_misspelt_column_of_a_pair_is_told_as_check_tells_it(own: Path) -> None:
    own.write_text(TALL.replace("gout_of_ours", "gout_of_our"), encoding="utf-8")
    done = run(own, "--plan", "none")
    assert done.exit_code == 3
    assert "cohorts/tall.sql:1: unknown-column" in done.stderr
    assert "gout_of_our is no column of person_year_has; the nearest is gout_of_ours" in done.stderr


def test_a_pair_that_cannot_be_read_is_told_by_file(own: Path) -> None:
    own.with_suffix(".yml").write_text(PAIR.replace("owner:", "ownr:"), encoding="utf-8")
    done = run(own, "--plan", "none")
    assert done.exit_code == 3
    assert "cohorts/tall.yml:3" in done.stderr


def test_the_tables_of_a_place_are_known_by_name(own: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joinedup.build.all_specs", all_specs)
    folder = tmp_path / "place"
    shutil.copytree(root / "places" / "calderdale", folder)
    shutil.copytree(own.parent, folder / "cohorts")
    (folder / "conditions.yml").write_text(OURS, encoding="utf-8")
    done = run("cohort_member", "--place", folder, "--plan", "none")
    assert done.exit_code == 0, done.output
    assert "cohort_tall" in done.stdout
    assert "cohort_tall" not in run("cohort_member", "--plan", "none").stdout

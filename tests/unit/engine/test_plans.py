"""Plans in words: on both engines each step that matters is told, from the result down to what is read."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from joinedup.engine.engines import Engine, Step
from joinedup.engine.plans import EVERY_PAIR, in_words, show_shapes
from joinedup.engine.teaching import Explained, explain, read_table

from .made_up import table

VISIT = table("visit", {"visit_id": "BIGINT", "person": "BIGINT", "day": "DATE"}, key=["visit_id"])
BAND = table("band", {"band": "STRING", "least": "BIGINT"}, key=["band"])
SQL = {
    "a join on equality": "SELECT v.person, count(*) AS n FROM visit AS v JOIN band AS b ON b.least = v.person GROUP BY v.person",
    "every pair": "SELECT v.person, b.band FROM visit AS v LEFT JOIN band AS b ON b.least < v.person OR b.least > v.visit_id",
    "a window": "SELECT visit_id, row_number() OVER (PARTITION BY person ORDER BY visit_id NULLS LAST) AS n FROM visit",
}


def told(engine: Engine, sql: str, folder: Path) -> list[str]:
    show_shapes(engine, [VISIT, BAND], folder)
    steps = in_words(engine.plan(VISIT.model_copy(update={"sql": sql})), [VISIT, BAND])
    assert steps[0].depth == 0
    assert all(after.depth <= before.depth + 1 for before, after in pairwise(steps))
    assert not any(step.words.startswith("(") for step in steps), "a step has no words"
    return [step.words for step in steps]


def test_a_plan_tells_what_is_read_joined_and_grouped(engine: Engine, tmp_path: Path) -> None:
    words = told(engine, SQL["a join on equality"], tmp_path)
    assert {"reads visit", "reads band"} <= set(words)
    assert any(each.startswith("joins rows whose columns are equal") for each in words)
    assert any(each.startswith("groups rows") for each in words)


def test_what_compares_every_pair_is_said_to_be_slow(engine: Engine, tmp_path: Path) -> None:
    assert EVERY_PAIR in told(engine, SQL["every pair"], tmp_path)


def test_windows_are_told(engine: Engine, tmp_path: Path) -> None:
    assert any("along" in each for each in told(engine, SQL["a window"], tmp_path))


def test_a_step_that_has_no_words_keeps_its_name_and_its_place() -> None:
    steps = [
        Step(0, "PROJECTION", {}),
        Step(1, "ODD_STEP", {}),
        Step(2, "Project", {}),
        Step(3, "SEQ_SCAN", {"Projections": "band, least"}),
    ]
    assert [(step.depth, step.words) for step in in_words(steps, [VISIT, BAND])] == [(0, "(ODD_STEP)"), (1, "reads band")]


def explained(sql: str, tmp_path: Path) -> Explained:
    (tmp_path / "made.sql").write_text(sql, encoding="utf-8")
    spec, specs = read_table(tmp_path / "made.sql", {"visit": VISIT, "band": BAND})
    keyed = spec.model_copy(update={"key": ("person",)})
    return explain(keyed, specs | {"made": keyed}, ())


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT person, count(*) AS n FROM visit GROUP BY person", "the last GROUP BY is by person"),
        ("SELECT person AS person, max(day) AS d FROM visit GROUP BY person, day", "nothing in the text promises it"),
        ("SELECT DISTINCT person FROM visit", "SELECT DISTINCT of the key alone"),
        ("SELECT DISTINCT person, day FROM visit", "nothing in the text promises it"),
        ("SELECT visit_id AS person, day FROM visit WHERE day IS NOT NULL", "each row is one of visit"),
        ("SELECT person FROM visit", "nothing in the text promises it"),
        ("SELECT v.visit_id AS person FROM visit AS v JOIN band AS b ON b.least = v.person", "nothing in the text promises it"),
        ("WITH visit AS (SELECT 1 AS visit_id UNION ALL SELECT 1) SELECT visit_id AS person FROM visit", "nothing in the text promises it"),
        ("SELECT person FROM visit GROUP BY GROUPING SETS ((person), ())", "nothing in the text promises it"),
    ],
)
def test_what_keeps_the_grain_is_only_said_where_the_text_does(sql: str, reason: str, tmp_path: Path) -> None:
    assert reason in explained(sql, tmp_path).grain


def test_columns_used_are_those_of_the_right_table(tmp_path: Path) -> None:
    sql = """WITH late AS (SELECT visit_id, day AS least FROM visit)
        SELECT b.band, least FROM band AS b WHERE EXISTS (SELECT 1 FROM late WHERE late.least IS NULL AND band = 'x')"""
    found = explained(sql, tmp_path)
    assert {read.spec.table: read.columns for read in found.reads} == {"visit": ("visit_id", "day"), "band": ("band", "least")}
    assert [(given.name, given.passed_on) for given in found.gives] == [("band", "band.band"), ("least", "band.least")]

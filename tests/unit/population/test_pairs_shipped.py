"""The pairs that joinedup ships, and those of the how-to, which somebody new to it copies word for word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from joinedup.build import all_specs, check_definitions
from joinedup.engine.multiplying import multiplies
from joinedup.population.conditions import read_conditions
from joinedup.population.pairs import packaged

HOW_TO = Path(__file__).parents[3] / "docs/how-to/cohorts.md"
FILES = {
    "SELECT\n    p.person_id": "cohorts/diabetes_and_depression.sql",
    "cohort: ": "cohorts/diabetes_and_depression.yml",
    "SELECT person_id": "segments/by_age.sql",
    "segment_model: ": "segments/by_age.yml",
}
NAMED = {
    "severe_frailty_at_home",
    "care_home_residents",
    "last_year_without_plan",
    "frequent_attenders",
    "high_cost_complex_families",
    "carers_of_people_with_dementia",
    "diabetes_risk",
    "respiratory_under_18",
    "mental_illness_without_health_check",
    "learning_disability_without_health_check",
    "isolated_older_people",
    "looked_after_children",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the how-to says to write, as it stands there."""
    indented = re.findall(r"(?m)(?:^    .*\n|^\n(?=    ))+", HOW_TO.read_text(encoding="utf-8"))
    blocks = [re.sub(r"(?m)^    ", "", found).strip("\n") + "\n" for found in indented]
    for begins, file in FILES.items():
        (text,) = (block for block in blocks if block.startswith(begins))
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_how_to_is_right_word_for_word(folder: Path) -> None:
    assert check_definitions(folder) == []


def test_the_slip_that_the_how_to_shows_is_told_as_it_says(folder: Path) -> None:
    file = folder / "cohorts/diabetes_and_depression.sql"
    file.write_text(file.read_text(encoding="utf-8").replace("h.diabetes", "h.diabetis"), encoding="utf-8")
    told = [f"{finding.where}: {finding.message}" for finding in check_definitions(folder)]
    assert told[0].startswith("cohorts/diabetes_and_depression.sql:5: diabetis is no column of person_year_has; the nearest is diabetes")
    assert told[0] in HOW_TO.read_text(encoding="utf-8")


def test_the_twelve_cohorts_that_papers_name_are_shipped_and_none_can_repeat_a_person() -> None:
    cohorts = {pair.id: pair for pair in packaged() if pair.kind == "cohorts"}
    assert cohorts.keys() >= NAMED
    specs = all_specs()
    assert [name for name, pair in cohorts.items() if multiplies(pair.spec.sql or "", pair.spec.key, specs)] == []


def test_every_condition_is_a_column() -> None:
    conditions, findings = read_conditions()
    assert findings == []
    assert [each.column for each in conditions] == list(all_specs()["person_year_has"].names[3:])

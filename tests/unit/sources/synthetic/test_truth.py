"""The truth about the extracts: who is who, what was planted, and where the sessions of those who joined stand."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from joinedup.sources.synthetic import synthesise
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.synthesis import MAKERS
from joinedup.sources.synthetic.truth import FOLDER
from tests.unit.sources.synthetic.places import everything, plain_place


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3,000 people with every extract."""
    folder = tmp_path_factory.mktemp("truth")
    synthesise(everything(plain_place()), 3_000, 2, folder, noise=2.0)
    return folder


def test_everybody_is_told_once(out: Path) -> None:
    people = pq.read_table(out / FOLDER / "people.parquet").to_pylist()
    assert [row["person"] for row in people] == list(range(len(people)))
    numbers = [number for row in people for number in (row["nhs_number"], *row["former_nhs_numbers"])]
    assert len(set(numbers)) == len(numbers) > len(people)
    twins = {row["person"]: row["twin"] for row in people if row["twin"] is not None}
    assert twins
    assert all(twins[other] == person for person, other in twins.items())
    assert all(people[person]["born"] == people[other]["born"] for person, other in twins.items())


def test_conditions_are_told_of_people_with_the_day_of_their_first_entry(out: Path) -> None:
    held = pq.read_table(out / FOLDER / "conditions.parquet").to_pylist()
    people = {row["person"]: row for row in pq.read_table(out / FOLDER / "people.parquet").to_pylist()}
    assert len({(row["person"], row["condition"]) for row in held}) == len(held) > 2_000
    assert {row["condition"] for row in held} >= {"hypertension", "cancer", "housebound", "non_diabetic_hyperglycaemia", "care_home"}
    assert not any("cancer_of_men" in row["condition"] or "check" in row["condition"] for row in held)
    assert all(people[row["person"]]["born"] <= row["coded_on"] for row in held if row["coded_on"])
    registered = {person for person, row in people.items() if row["practice"]}
    assert 0.9 * 3_000 < len(registered) <= 3_000
    assert all((row["deprivation_fifth"] is not None) == (row["practice"] is not None) for row in people.values())
    known = [row["coded_on"] is not None for row in held if row["condition"] == "carer" and row["person"] in registered]
    assert 0.2 < sum(known) / len(known) < 0.5


def test_what_was_planted_is_told(out: Path) -> None:
    told = yaml.safe_load((out / FOLDER / "planted.yml").read_text(encoding="utf-8"))
    enrolled = pq.read_table(out / FOLDER / "enrolled.parquet")["programme"].to_pylist()
    assert {each["name"]: each["enrolled"] for each in told["programmes"]} == {name: enrolled.count(name) for name in set(enrolled)}
    assert told["under_use"]["neighbourhood"] in {"east", "middle", "west"}
    assert told["under_use"]["contracts"] == figures("planted")["under_use"]["contracts"]
    assert told["change_of_coding"]["provider"] == "RZZ"
    assert (told["people"], told["seed"], told["noise"]) == (3_000, 2, 2.0)
    assert "missing_number" in told["faults_by_ethnic_category"]["kinds"]


def test_programmes_have_sessions_after_people_joined(out: Path) -> None:
    joined = {row["nhs_number"]: row for row in pq.read_table(out / FOLDER / "enrolled.parquet").to_pylist()}
    with (out / "community_activity.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["SERVICE"] in {each["name"] for each in figures("planted")["programmes"]}]
    faulty = {
        row["source_row"]
        for row in pq.read_table(out / FOLDER / "faulty_rows.parquet").to_pylist()
        if row["file"] == "community_activity.csv"
    }
    assert len(rows) > 200
    mine = [row for row in rows if row["NHS_NUMBER"] in joined and row["SERVICE"] == joined[row["NHS_NUMBER"]]["programme"]]
    assert len(mine) > 0.9 * len(rows) - len(faulty)
    assert all(row["ACTIVITY_DATE"] >= str(joined[row["NHS_NUMBER"]]["day"]) for row in mine)


def test_contracts_that_are_used_less_can_be_invented() -> None:
    assert set(figures("planted")["under_use"]["contracts"]) <= set(MAKERS)

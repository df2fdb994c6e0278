"""Scores from codes to values by the tables' own SQL, held against the published lists and weights, worked out directly, person by person.

The lists are read here from the reference beside the checkout, not from the package, so that a slip in copying would show.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from joinedup.build import all_specs
from joinedup.engine.duck import connect
from joinedup.engine.order import inputs_of
from joinedup.engine.reference import reference_table
from joinedup.engine.results import schema
from joinedup.population.code_list_tables import version_table
from joinedup.population.code_lists import read_code_lists
from joinedup.population.score_tables import score_tables, weighted_lists
from joinedup.population.scores import scores

EMPTY = ("coded_field", "person_medicines", "person", "counted_spell")
PEOPLE = 2_000
LADDERS = {
    "Diabetes without chronic complication": "Diabetes with chronic complication",
    "Mild liver disease": "Moderate or severe liver disease",
    "Any malignancy": "Metastatic solid tumor",
}
PUBLISHED = {
    "charlson_shmi": ("charlson_nhs_shmi_v1_60_icd10", "uk_shmi_weights"),
    "charlson_quan": ("charlson_quan2005_icd10", "charlson_weights"),
    "charlson_quan_2011": ("charlson_quan2005_icd10", "quan_weights"),
}
YEAR = {"year_starts": date(2025, 4, 1), "year_ends": date(2026, 4, 1)}


@pytest.fixture(scope="module")
def reference(shared: Path) -> Path:
    folder = shared / "reference" / "comorbidity"
    if not folder.is_dir():
        pytest.skip("the reference is not there: set JOINEDUP_SHARED to the folder that holds reference/")
    return folder


@pytest.fixture(scope="module")
def written() -> dict[int, list[str]]:
    """The codes of each person as hospitals write them: with and without a point, in small letters, with a dagger, filled up with X."""
    draw = random.Random(20261123)
    stems = [f"{letter}{number:02}" for letter in "BCDEFGIJKMNRZ" for number in range(100)]
    common = draw.sample(stems, 300)

    def code() -> str:
        plain = draw.choice(common if draw.random() < 0.5 else stems) + draw.choice(["", *"0123456789"])
        plain = plain if len(plain) > 3 else plain + draw.choice(["", "X"])
        form = draw.randrange(8)
        dotted = f"{plain[:3]}.{plain[3:]}" if form < 2 and len(plain) > 3 and plain[3] != "X" else plain
        return dotted.lower() if form == 0 else f"{dotted}D" if form == 1 and len(plain) > 3 else dotted

    own = {person: [code() for _ in range(draw.randrange(1, 25))] for person in range(PEOPLE)}
    return {person: [*codes, *(f"{code[:3]}.{draw.randrange(10)}" for code in codes[::4])] for person, codes in own.items()}


@pytest.fixture(scope="module")
def made(written: dict[int, list[str]]) -> dict[str, dict[int, float]]:
    """Score -> person -> value, by the package's definitions and SQL; who has no row is left out."""
    specs = all_specs()
    lists, _ = read_code_lists()
    found = [score for score in scores(None, weighted_lists(lists))[0] if score.loaded and score.spec.kind == "groups"]
    given = score_tables(found) | {"code_list_version": version_table(lists)} | {name: schema(specs[name]).empty_table() for name in EMPTY}
    rows = [(person, code) for person, codes in written.items() for code in codes]
    entries = {"file_id": [1] * len(rows), "person_id": [p for p, _ in rows], "code": [c for _, c in rows]}
    about = [{"score_id": score.spec.id, "known": True, "window_starts": date(2024, 4, 1)} | YEAR for score in found]
    with connect() as connection:
        fill(
            connection,
            "diagnosis",
            [
                {"system": "ICD-10", "coded_on": date(2025, 5, 1)} | dict(zip(entries, row, strict=True))
                for row in zip(*entries.values(), strict=True)
            ],
        )
        fill(connection, "may_use", [{"person_id": person, "planning": True, "practice_planning": True} for person in written])
        fill(connection, "file_use", [{"file_id": 1, "contract": "apc", "planning": True, "held_by_practice": False}])
        fill(connection, "place_parameter", [{"as_at": date(2026, 3, 31)}])
        fill(connection, "place_year", [YEAR])
        fill(connection, "score_basis", about)
        there = {"diagnosis", "may_use", "file_use", "place_parameter", "place_year", "score_basis", *given}
        for name, table in given.items():
            connection.register(name, table)
        for name in after_inputs("person_score", there):
            spec = specs[name]
            if spec.sql:
                connection.execute(f"CREATE TABLE {name} AS {spec.sql}")
            else:
                connection.register(name, reference_table(spec) if spec.csv else schema(spec).empty_table())
        values: dict[str, dict[int, float]] = {score.spec.id: {} for score in found}
        for person, score, value in connection.execute("SELECT person_id, score_id, value FROM person_score").fetchall():
            values[score][person] = value
        return values


def after_inputs(table: str, there: set[str]) -> list[str]:
    """What a table is made from and isn't there, each after what it reads, and the table."""
    before = [name for read in sorted(inputs_of(all_specs()[table])) if read not in there for name in after_inputs(read, there)]
    return [*dict.fromkeys(before), table]


def fill(connection: duckdb.DuckDBPyConnection, name: str, rows: list[dict[str, object]]) -> None:
    columns = schema(all_specs()[name])
    connection.register(name, pa.Table.from_pylist([dict.fromkeys(columns.names) | row for row in rows], columns))


def read(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as rows:
        yield from csv.DictReader(rows)


def plain(code: str) -> str:
    return code.replace(".", "").upper()


def charlson(prefixes: dict[str, set[str]], weight: dict[str, int], codes: list[str], least: int) -> int:
    """The score of one person, straight from the publication's list and weights."""
    has = {group for code in codes for length in (2, 3, 4) for group in prefixes.get(plain(code)[:length], ())}
    return max(least, sum(weight[group] for group in has if LADDERS.get(group) not in has))


@pytest.mark.parametrize("score", list(PUBLISHED))
def test_charlson_is_as_published_for_everyone(
    score: str, reference: Path, written: dict[int, list[str]], made: dict[str, dict[int, float]]
) -> None:
    source, weights = PUBLISHED[score]
    rows = [row for row in read(reference / "weight_for_each_group.csv") if row["code_list"] == source]
    category = {row["condition_in_code_list"]: row["category_in_weights"] for row in rows}
    weight = {row["category_in_weights"]: int(row["weight"]) for row in rows if row["weight_set"] == weights}
    prefixes: dict[str, set[str]] = {}
    for row in read(reference / f"{source}.csv"):
        prefixes.setdefault(row["icd10_prefix"], set()).add(category[row["condition"]])
    assert {len(prefix) for prefix in prefixes} <= {2, 3, 4}
    least = 0 if score == "charlson_shmi" else -99
    expected = {person: charlson(prefixes, weight, codes, least) for person, codes in written.items()}
    assert len(set(expected.values())) > 6, "people differ, or the test would hold for a constant"
    assert {person: made[score].get(person, 0) for person in written} == expected


def test_frailty_counts_each_stem_once_for_everyone(
    reference: Path, written: dict[int, list[str]], made: dict[str, dict[int, float]]
) -> None:
    weight = {row["icd10_3char"]: float(row["weight"]) for row in read(reference / "hospital_frailty_risk_score_weights.csv")}
    expected = {
        person: round(sum(weight.get(stem, 0) for stem in {plain(code)[:3] for code in codes}), 1) for person, codes in written.items()
    }
    twice = sum(
        any(len([c for c in codes if plain(c)[:3] == stem]) > 1 for stem in {plain(c)[:3] for c in codes} & weight.keys())
        for codes in written.values()
    )
    assert twice > 50, "some have a stem more than once, or nothing is shown by them"
    assert {person: made["hospital_frailty"].get(person, 0) for person in written} == expected

"""Scores of the example place: everyone of whom a score is known is counted once, and slots are filled by the place's own lists."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from joinedup.engine.duck import connect
from joinedup.engine.manifest import read_manifest
from joinedup.statistics.standardised import european_standard, standardised_of_sums, standardised_rate

from .conftest import Example


@pytest.fixture(scope="module")
def built(example: Example) -> duckdb.DuckDBPyConnection:
    """The published build, each table under its name."""
    manifest = read_manifest(example.store)
    connection = connect()
    for name, record in (manifest.inputs | manifest.tables).items():
        connection.read_parquet([str(example.store.root / file) for file in record.files]).create_view(name)
    return connection


def rows(built: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[object, ...]]:
    return built.execute(sql).fetchall()


def test_areas_add_up_to_the_place_and_the_place_to_everyone_of_whom_the_score_is_known(built: duckdb.DuckDBPyConnection) -> None:
    told = """
        SELECT score_id, year_starts, CAST(sum(people) AS BIGINT), CAST(sum(with_any) AS BIGINT), sum(values_sum)
        FROM area_score WHERE area_type {} GROUP BY ALL ORDER BY ALL
    """
    everyone = """
        SELECT b.score_id, y.year_starts, count(*), count(s.person_id) FILTER (WHERE s.groups > 0), coalesce(sum(s.value), 0)
        FROM score_basis AS b INNER JOIN person_year AS y USING (year_starts)
        LEFT JOIN person_score AS s USING (person_id, year_starts, score_id)
        WHERE b.known AND (y.practice_known OR NOT b.practice_held)
        GROUP BY ALL ORDER BY ALL
    """
    place = rows(built, told.format("= 'place'"))
    assert len(place) == 14, "seven scores, and two years that extracts reach"
    for others in (rows(built, told.format("<> 'place'")), rows(built, everyone)):
        assert [row[:-1] for row in others] == [row[:-1] for row in place]
        assert [row[-1] for row in others] == pytest.approx([row[-1] for row in place], abs=1e-5)


def test_a_year_without_its_extract_has_no_scores(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(built, "SELECT DISTINCT why FROM score_basis WHERE NOT known") == [("extract begins later",)]
    assert rows(built, "SELECT count(*) FROM person_score SEMI JOIN (FROM score_basis WHERE NOT known) USING (score_id, year_starts)") == [
        (0,)
    ]


def test_lists_of_the_place_fill_the_slots_and_deficits_are_a_share(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(built, "SELECT score_id FROM score_about WHERE slot AND loaded AND list_origin = 'place' ORDER BY 1") == [
        ("deficits",),
        ("multimorbidity",),
    ]
    least, most, whole = rows(
        built,
        "SELECT min(value), max(value), bool_and(value * 17 - round(value * 17) < 1e-9) FROM person_score WHERE score_id = 'deficits'",
    )[0]
    assert 0 < least < most <= 1
    assert whole


def test_who_is_older_is_frailer(built: duckdb.DuckDBPyConnection) -> None:
    means = rows(
        built,
        """
        SELECT CASE WHEN y.age < 50 THEN 'under 50' WHEN y.age < 75 THEN '50 to 74' ELSE 'over 74' END AS ages, avg(coalesce(s.value, 0))
        FROM person_year AS y LEFT JOIN (FROM person_score WHERE score_id = 'hospital_frailty') AS s USING (person_id, year_starts)
        WHERE y.year_starts = (SELECT max(year_starts) FROM place_year) AND y.age IS NOT NULL
        GROUP BY ages ORDER BY avg(coalesce(s.value, 0))
        """,
    )
    assert [ages for ages, _ in means] == ["under 50", "50 to 74", "over 74"]


def test_standardised_rates_of_conditions_are_those_of_statistics_from_people_one_by_one(built: duckdb.DuckDBPyConnection) -> None:
    weights = european_standard() / european_standard().sum()
    bands = "SELECT european_standard FROM age_band ORDER BY age_band_order"
    assert [each for (each,) in rows(built, bands)] == european_standard().tolist()
    people = """
        SELECT least(floor(r.age / 5), 18), count(*), count(*) FILTER (WHERE c.in_force)
        FROM registered_person AS r
        INNER JOIN may_use AS m ON m.person_id = r.person_id AND m.practice_planning
        INNER JOIN practice_year AS t ON t.practice_code = r.practice_code AND t.contract = 'gp_record' AND t.told_to_end
            AND t.year_starts = (SELECT max(year_starts) FROM practice_year)
        LEFT JOIN condition AS c ON c.person_id = r.person_id AND c.condition_id = 'hypertension'
        WHERE r.age IS NOT NULL GROUP BY ALL ORDER BY ALL
    """
    found = np.array(rows(built, people), dtype=np.float64)
    assert len(found) == len(weights), "somebody is of every band"
    place = """
        SELECT people_of_known_age, standardised_rate, standardised_variance
        FROM area_condition WHERE area_type = 'place' AND condition_id = 'hypertension'
    """
    ((count, rate, variance),) = rows(built, place)
    assert count == found[:, 2].sum()
    by_bands = standardised_rate(found[:, 2], found[:, 1], per=1000)
    by_sums = standardised_of_sums(count, rate, variance, per=1000)
    for name in ("value", "lower", "upper"):
        np.testing.assert_allclose(getattr(by_sums, name), getattr(by_bands, name), rtol=1e-5)

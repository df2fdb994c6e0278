"""Planted prevalences come back from the record, by practice and by deprivation, within sampling error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from math import exp, lgamma, log, log1p
from typing import Any, TypeAlias

import duckdb
import pytest

from joinedup.engine.reader import Reader
from joinedup.population import condition_tables
from joinedup.sources.synthetic.truth import FOLDER

from .conftest import Example

Ask: TypeAlias = Callable[[str], list[tuple[Any, ...]]]
Cell: TypeAlias = tuple[str, str, int, int, float]

MADE = "condition condition_spell condition_evidence condition_basis registered_person may_use"
LEAST = 36
"""Conditions of which the truth tells."""
CHANCE = 0.001
"""How likely chance alone may be to break the whole of what is compared; divided among its cells."""


@pytest.fixture(scope="module")
def ask(example: Example) -> Ask:
    """A question to the built example and to the truth about it, in SQL."""
    reader, rules = Reader(example.store), condition_tables.tables(example.place)["condition_rule"]
    con = duckdb.connect()
    for name in MADE.split():
        con.register(name, reader.table(name))
    con.register("condition_rule", rules)
    for name in ("people", "conditions"):
        con.execute(f"CREATE VIEW truth_{name} AS FROM '{example.extracts / FOLDER}/{name}.parquet'")
    as_at: date = example.place.as_at
    con.execute(f"""
        CREATE VIEW planted AS
        SELECT p.practice, p.deprivation_fifth AS fifth, c.condition AS condition_id, p.person
        FROM truth_people p LEFT JOIN truth_conditions c ON c.person = p.person AND c.coded_on IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM condition_rule r
            WHERE r.condition_id = c.condition AND r.counts_for = 'evidence' AND r.setting = 'general practice'
                AND c.coded_on + r.look_back_days <= DATE '{as_at}')
        WHERE p.practice IS NOT NULL""")
    con.execute("""
        CREATE VIEW found AS
        SELECT r.practice_code AS practice, r.deprivation_fifth AS fifth, c.condition_id, r.person_id AS person
        FROM registered_person r JOIN may_use m ON m.person_id = r.person_id AND m.practice_planning
        LEFT JOIN condition c ON c.person_id = r.person_id AND c.in_force AND c.in_general_practice""")
    return lambda question: con.execute(question).fetchall()


def cells(ask: Ask, by: str) -> list[Cell]:
    """For each condition and group: how many were found among how many, and the planted share."""
    return ask(f"""
        WITH whole AS (SELECT {by} AS part, count(DISTINCT person) AS people FROM planted GROUP BY 1),
        counted AS (SELECT {by} AS part, count(DISTINCT person) AS people FROM found GROUP BY 1),
        told AS (SELECT {by} AS part, condition_id, count(*) AS people FROM planted WHERE condition_id IS NOT NULL GROUP BY ALL),
        had AS (SELECT {by} AS part, condition_id, count(*) AS people FROM found GROUP BY ALL)
        SELECT t.condition_id, CAST(w.part AS VARCHAR), coalesce(h.people, 0), c.people, t.people / w.people
        FROM told t JOIN whole w USING (part) JOIN counted c USING (part)
        LEFT JOIN had h ON h.part = t.part AND h.condition_id = t.condition_id
        ORDER BY ALL""")  # fmt: skip


def outside(found: list[Cell]) -> list[Cell]:
    """The cells that differ from what was planted by more than the error of sampling so many people, all of them looked at together."""
    bound = CHANCE / len(found) / 2
    return [cell for cell in found if tail(*cell[2:]) < bound]


def tail(count: int, of: int, share: float) -> float:
    """How likely so few, or so many, are among that many people, whichever is less: the tail of the binomial distribution."""

    def exactly(n: int) -> float:
        return exp(lgamma(of + 1) - lgamma(n + 1) - lgamma(of - n + 1) + n * log(share) + (of - n) * log1p(-share))

    fewer = sum(exactly(n) for n in range(count))
    return min(fewer + exactly(count), 1 - fewer)


@pytest.mark.parametrize("by", ["'place'", "fifth", "practice"])
def test_planted_prevalences_come_back(ask: Ask, by: str) -> None:
    found = cells(ask, by)
    assert len({condition for condition, *_ in found}) >= LEAST
    assert outside(found) == []


def test_the_bound_would_notice(ask: Ask) -> None:
    found = cells(ask, "'place'")
    common = {name for name, _, count, _, _ in found if count > 200}
    assert len(common) >= 5
    assert {cell[0] for cell in outside([(name, part, round(0.7 * count), of, share) for name, part, count, of, share in found])} >= common


def test_deprived_areas_have_more_of_what_poverty_brings(ask: Ask) -> None:
    shares: dict[str, dict[str, float]] = {}
    for name, fifth, count, of, _ in cells(ask, "fifth"):
        shares.setdefault(name, {})[fifth] = count / of
    assert all(shares[name]["1"] > 1.3 * shares[name]["5"] for name in ("copd", "anxiety"))


def test_spells_lie_between_the_first_day_and_death_and_keep_apart(ask: Ask) -> None:
    assert ask("SELECT count(*) FROM condition_spell WHERE ends <= starts") == [(0,)]
    overlaps = """SELECT count(*) FROM condition_spell a JOIN condition_spell b USING (person_id, condition_id)
        WHERE a.starts < b.starts AND (a.ends IS NULL OR b.starts < a.ends)"""
    assert ask(overlaps) == [(0,)]
    assert ask("SELECT count(*) FROM condition_spell WHERE last_on < starts OR (ends IS NOT NULL AND last_on >= ends)") == [(0,)]
    in_force = "SELECT count(*) FROM condition c JOIN condition_spell s USING (person_id, condition_id)"
    assert ask(f"{in_force} WHERE s.starts < c.first_on") == [(0,)]


def test_everything_that_decides_is_known_here(ask: Ask) -> None:
    assert ask("SELECT count(*) FROM condition_basis WHERE decides AND NOT known") == [(0,)]
    assert ask("SELECT count(DISTINCT condition_id) FROM condition_basis WHERE decides") == ask(
        "SELECT count(DISTINCT condition_id) FROM condition_basis"
    )

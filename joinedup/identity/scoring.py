"""Splink: pairs compared level by level, a model learned from them, and every candidate pair scored with it."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import duckdb
import numpy as np
import yaml

from joinedup.errors import StoreProblem
from joinedup.identity.comparisons import COMPARISONS, ELSE, column_of, level_column, splink_comparison
from joinedup.identity.staged import without_values

SEED = 20_260_331
RANDOM_PAIRS = 200_000
"""Pairs drawn at random to see how often people who differ agree by chance."""
TRAINING_RECORDS = 20_000
LEAST_RECORDS = 300
"""With fewer records there is too little to learn from: six comparisons of up to seven levels, the rarest in one match of a hundred."""
ROUNDS = 25
PAIRS_AT_A_TIME = 4_000_000
LIKE_OURS_M, LIKE_OURS_U = 20, 100
"""As how many pairs our own model counts beside those seen: what never was seen isn't impossible."""

Patterns = tuple[np.ndarray, np.ndarray]
"""How pairs agree: a row of levels for each pattern, -1 where there is nothing to compare, and how many pairs have it."""
Weights = Mapping[str, Mapping[str, tuple[float, float]]]
"""Comparison -> level -> how often people who are one (m), and people who are two (u), agree so."""


@dataclass(frozen=True, slots=True)
class Model:
    """What pairs are scored with."""

    weights: Weights
    prior: float
    """The probability that a record and a person, taken at random, are one."""
    trained: bool


@contextmanager
def quiet(doing: str) -> Iterator[None]:
    """Nothing that Splink logs or warns of is heard, for it may print values; what goes wrong is said without them."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), without_values(doing):
            warnings.simplefilter("ignore")
            yield
    except StoreProblem:
        raise
    except Exception as error:
        raise StoreProblem(
            f"{doing} failed with {type(error).__name__}, said without detail because it may quote a row; please report it"
        ) from None
    finally:
        logging.disable(before)


@cache
def model_of_ours() -> Weights:
    """The weights in model.yml, for places with too few records to learn from."""
    told = yaml.safe_load((files("joinedup.identity") / "model.yml").read_text(encoding="utf-8"))
    return {name: {label: (m, u) for label, (m, u) in levels.items()} for name, levels in told["comparisons"].items()}


def score(con: duckdb.DuckDBPyConnection, pairs: str, model: Model, least_weight: float, into: str) -> None:
    """Nothing; the table `into` has those of the pairs (one, other) whose match weight is at least that, with weight and levels.

    `pairs` is a table of `subject.id`s. They are scored some millions at a time.
    """
    columns = ", ".join(f"{level_column(each)} INTEGER" for each in COMPARISONS)
    con.execute(f"CREATE OR REPLACE TABLE {into} (one BIGINT, other BIGINT, weight DOUBLE, {columns})")
    [(count,)] = con.execute(f"SELECT count(*) FROM {pairs}").fetchall()
    parts = math.ceil(count / PAIRS_AT_A_TIME)
    for part in range(parts):
        con.execute(f"""
            CREATE OR REPLACE TABLE pairs_now AS SELECT '0' AS match_key, one AS join_key_l, other AS join_key_r FROM {pairs}
            WHERE hash(one) % {parts} = {part}
        """)
        levels = ", ".join(f"gamma_{column_of(c)}" for c in COMPARISONS)
        scored = _predicted(con, model, least_weight)
        con.execute(f"INSERT INTO {into} SELECT id_l, id_r, match_weight, {levels} FROM {scored}")
        con.execute(f"DROP TABLE {scored}")


def _predicted(con: duckdb.DuckDBPyConnection, model: Model, least_weight: float) -> str:
    """The name of a table of scored pairs, those of `pairs_now`."""
    import splink  # noqa: PLC0415 - it takes a quarter of a landing's start, and where every row has a number nothing is scored

    api = splink.DuckDBAPI(con)
    settings = splink.SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="id",
        comparisons=[splink_comparison(each, model.weights[each.name]) for each in COMPARISONS],
        blocking_rules_to_generate_predictions=[],
        retain_matching_columns=True,
        probability_two_random_records_match=model.prior,
    )
    linker = splink.Linker(api.register("subject", dataset_display_name="one_side"), settings, log_level=None, validate_settings=False)
    for name in ("given", "family", "postcode"):
        linker.table_management.register_term_frequency_lookup(api.register(f"rarity_{name}"), name)
    linker.table_management.register_blocked_pairs_for_predict(api.register("pairs_now"))
    return str(linker.inference.predict(threshold_match_weight=least_weight).physical_name)


def learn(con: duckdb.DuckDBPyConnection, prior: float) -> Model:
    """The model of this landing: learned from its candidate pairs and from random ones, or ours where records are too few.

    Expectation maximisation over all pairs of a record and a person with the prior held: those that share no key
    are as good as never one, so that only candidates count on the side of m, and random pairs on the side of u.
    """
    ours = Model(model_of_ours(), prior, trained=False)
    [(records, people)] = con.execute("SELECT (SELECT count(*) FROM record), (SELECT count(*) FROM person)").fetchall()
    if records < LEAST_RECORDS or people < LEAST_RECORDS:
        return ours
    con.execute(f"CREATE OR REPLACE TABLE training AS FROM record ORDER BY hash(value, {SEED}), id LIMIT {TRAINING_RECORDS}")
    con.execute("CREATE OR REPLACE TABLE training_pair AS SELECT one, other FROM candidate WHERE one IN (SELECT id FROM training)")
    con.execute(f"""
        CREATE OR REPLACE TABLE random_pair AS
        WITH people AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM person),
        draws AS (
            SELECT id AS one, CAST(hash(value, {SEED}, unnest(range({max(1, RANDOM_PAIRS // records)}))) % {people} AS BIGINT) AS place
            FROM (FROM record ORDER BY hash(value, {SEED}), id LIMIT {RANDOM_PAIRS})
        )
        SELECT DISTINCT d.one, p.id AS other FROM draws d JOIN people p USING (place)
    """)
    candidates, chance = (_patterns(con, table, ours) for table in ("training_pair", "random_pair"))
    seen = _Seen(candidates, chance, min(records, TRAINING_RECORDS) * people, _equal_pairs(con))
    learned = _expectation_maximisation(seen, prior)
    return Model(learned, prior, trained=True) if _sound(learned) else ours


def _patterns(con: duckdb.DuckDBPyConnection, pairs: str, model: Model) -> Patterns:
    """How these pairs agree."""
    score(con, pairs, model, -10_000.0, "compared")
    levels = ", ".join(level_column(c) for c in COMPARISONS)
    found = con.execute(f"SELECT {levels}, count(*) FROM compared GROUP BY ALL ORDER BY ALL").fetchnumpy()
    columns = [np.asarray(column) for column in found.values()]
    return np.stack(columns[:-1], axis=1).astype(np.int64), columns[-1].astype(np.float64)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a model is learned from: the records of training and everyone."""

    candidates: Patterns
    chance: Patterns
    """Of random pairs."""
    pairs: float
    """How many pairs there are of a record and a person."""
    equal: Mapping[tuple[int, int], float]
    """How many of them have equal values, by comparison and level."""


def _equal_pairs(con: duckdb.DuckDBPyConnection) -> dict[tuple[int, int], float]:
    """For each level that says that two values are equal, how many pairs of a record of training and a person have them so."""
    found = {}
    for at, comparison in enumerate(COMPARISONS):
        for level, value in comparison.equal.items():
            sides = [f"(SELECT {value} AS equal, count(*) AS times FROM {side} GROUP BY equal)" for side in ("training", "person")]
            query = f"SELECT coalesce(sum(r.times * p.times), 0) FROM {sides[0]} r JOIN {sides[1]} p USING (equal)"
            found[at, level] = float(con.execute(query).fetchall()[0][0])
    return found


def _expectation_maximisation(seen: _Seen, prior: float) -> Weights:
    """The weights under which what was seen is likeliest: m of candidates, u of random pairs, each begun from ours.

    Where all pairs that agree so are known, because each is a candidate or values are equal, u is those of them that are two people.
    """
    candidates, chance = seen.candidates, seen.chance
    ours = model_of_ours()
    m_ours, u_ours = (tuple(np.array([ours[c.name][label][at] for label in c.labels]) for c in COMPARISONS) for at in (0, 1))
    m, u = list(m_ours), list(u_ours)
    for _ in range(ROUNDS):
        one = _posterior(candidates[0], m, u, prior)
        two = 1 - _posterior(chance[0], m, u, prior)
        for at, comparison in enumerate(COMPARISONS):
            m[at] = _shares(candidates[0][:, at], one * candidates[1], m_ours[at], LIKE_OURS_M)
            u[at] = _shares(chance[0][:, at], two * chance[1], u_ours[at], LIKE_OURS_U)
            known = (chance[1] * (chance[0][:, at] >= 0)).sum() / chance[1].sum()
            of_level = {level: candidates[0][:, at] == level for level in range(len(m[at]))}
            two_people = {level: ((1 - one) * candidates[1])[of_level[level]].sum() for level in comparison.every}
            two_people |= {level: seen.equal[at, level] - (one * candidates[1])[of_level[level]].sum() for level in comparison.equal}
            for level, times in two_people.items():
                u[at][level] = max(times, 0.5) / (seen.pairs * max(known, 1e-3))
    return {
        c.name: {label: (float(m[at][level]), float(u[at][level])) for level, label in enumerate(c.labels)}
        for at, c in enumerate(COMPARISONS)
    }


def _posterior(levels: np.ndarray, m: list[np.ndarray], u: list[np.ndarray], prior: float) -> np.ndarray:
    weight = np.full(len(levels), math.log2(prior / (1 - prior)))
    for at in range(levels.shape[1]):
        known = levels[:, at] >= 0
        weight[known] += np.log2(m[at] / u[at])[levels[known, at]]
    found: np.ndarray = 1 / (1 + np.exp2(-np.clip(weight, -500, 500)))
    return found


def _shares(levels: np.ndarray, counts: np.ndarray, ours: np.ndarray, like_ours: float) -> np.ndarray:
    """The share of each level, as if `like_ours` more pairs had been seen that agree as in our own model."""
    known = levels >= 0
    seen = np.bincount(levels[known], counts[known], minlength=len(ours)) + like_ours * ours
    found: np.ndarray = seen / seen.sum()
    return found


def _sound(weights: Weights) -> bool:
    """Whether the best agreement speaks for a match in each comparison, and none against it: what else was learned is of no use."""
    return all(m > u for c in COMPARISONS for m, u in [weights[c.name][c.levels[0].label]]) and all(
        m < u for c in COMPARISONS for m, u in [weights[c.name][ELSE]]
    )

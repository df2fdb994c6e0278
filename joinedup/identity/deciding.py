"""What a score means: a link, a pair in doubt for people to look at, or nothing; and which records are one person among themselves."""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pyarrow as pa

from joinedup.identity.comparisons import BORN, FAMILY, GIVEN, LOCAL, NUMBER, level_column, level_number
from joinedup.place.model import Linking

MOST_ASKED = 3
"""Of a record in doubt, so many people are shown at most."""

_given, _family, _born, _number, _local = (level_column(each) for each in (GIVEN, FAMILY, BORN, NUMBER, LOCAL))
NUMBER_SAME = level_number(NUMBER, "the same, though not verified")
SAME_DAY = level_number(BORN, "the same day")
NUMBER_OF_ANOTHER = level_number(NUMBER, "the same, with another date of birth")

SUPPORTED = f"""(
    {_local} = 1 AND ({_born} <> 0 OR {_given} > 0)
    OR ({_given} <> 0 OR {_number} = {NUMBER_SAME} AND {_born} > 0)
    AND ({_born} > 0 OR {_born} < 0 AND {_number} > 0)
    AND NOT ({_born} = 0 AND {_number} = {NUMBER_OF_ANOTHER})
)"""
"""What no weight replaces. Twins, and brothers and sisters, share all but the given name: where given names have nothing in common,
number and date of birth must be the same. Fathers and sons share all but the date of birth: it must agree, or be missing and the number
must speak for it. The provider's own number is enough, unless neither date of birth nor given name agrees: hospitals use numbers again.

Who isn't supported is no rival of somebody born on the very day: a child's record with a parent's number is the child's."""


def weight_of(probability: float) -> float:
    """The match weight (log2 of the odds) of a probability."""
    return math.log2(probability / (1 - probability)) if probability < 1 else math.inf


LEAST_TELLING = 10.0
"""Pairs of so much less than even odds say nothing about who is known."""
MOST_KNOWN = 0.95
"""However well records match, one in twenty may be somebody whom nobody here knows."""
LIKE_HALF = 20
"""As how many records, half of them of people known, are counted beside those seen."""


def with_known_share(con: duckdb.DuckDBPyConnection, least: float) -> float:
    """The share of the records whose person is among those known; the weights in `scored` then reckon with it, and those under `least` go.

    Before it they have the prior of one known person taken at random. But a record is somebody's: of the person whom it fits, or of none
    known. The likelier it is that records are of people known, the less speaks for none. It is the share under which the scores are
    likeliest.
    """
    fits = np.array(
        con.execute("SELECT sum(pow(2, least(weight, 100))) FROM scored GROUP BY one").fetchnumpy().popitem()[1], dtype=np.float64
    )
    [(every,)] = con.execute("SELECT count(*) FROM record").fetchall()
    share = 0.5
    for _ in range(100):
        known = float((share * fits / (share * fits + 1 - share)).sum())
        share = min((known + LIKE_HALF / 2) / (every + LIKE_HALF), MOST_KNOWN)
    con.execute(f"UPDATE scored SET weight = weight + {math.log2(share / (1 - share))}")
    con.execute(f"DELETE FROM scored WHERE weight < {least}")
    return share


def decide(con: duckdb.DuckDBPyConnection, linking: Linking, decided: pa.Table) -> None:
    """Nothing; the tables `decision` (record, other, status, weight) and `doubt` (record, other, weight) are made of `scored`.

    `decided`: (record, person, same), pairs that people have judged. Statuses are confirmed, probability and in_doubt.
    """
    con.register("decided_pair", decided)
    link_at, review_from = weight_of(linking.link_at), weight_of(linking.review_from)
    con.execute(f"""
        CREATE OR REPLACE TABLE ranked AS
        SELECT r.record, s.one, s.other, p.person_id, s.weight, {SUPPORTED} AS supported,
            {_born} = {SAME_DAY} AS same_day,
            row_number() OVER (PARTITION BY s.one ORDER BY supported DESC, s.weight DESC, p.person_id) AS place
        FROM scored s JOIN record r ON r.id = s.one JOIN person p ON p.id = s.other
        WHERE NOT EXISTS (SELECT 1 FROM decided_pair d WHERE d.record = r.record AND d.person_id = p.person_id AND NOT d.same)
    """)
    con.execute("""
        CREATE OR REPLACE TABLE rival AS
        SELECT best.one, max(other.weight) AS weight FROM ranked best JOIN ranked other ON other.one = best.one AND other.place > 1
        WHERE best.place = 1 AND (other.supported OR NOT best.same_day) GROUP BY best.one
    """)
    con.execute(f"""
        CREATE OR REPLACE TABLE decision AS
        SELECT record, person_id, 'confirmed' AS status, NULL AS weight FROM decided_pair WHERE same
        UNION ALL
        SELECT record, person_id,
            CASE WHEN k.weight >= {link_at} AND k.supported AND k.weight - coalesce(r.weight, -1000) >= {linking.margin}
            THEN 'probability' ELSE 'in_doubt' END, k.weight
        FROM ranked k LEFT JOIN rival r ON r.one = k.one
        WHERE place = 1 AND k.weight >= {review_from} AND record NOT IN (SELECT record FROM decided_pair WHERE same)
    """)
    con.execute(f"""
        CREATE OR REPLACE TABLE doubt AS
        SELECT r.record, r.one, r.other, r.person_id, r.weight
        FROM ranked r JOIN decision d ON d.record = r.record AND d.status = 'in_doubt'
        WHERE r.place <= {MOST_ASKED} AND r.weight >= {review_from}
    """)
    con.unregister("decided_pair")


def find_clusters(con: duckdb.DuckDBPyConnection, linking: Linking) -> None:
    """Nothing; the table `cluster` (record, cluster) has the records that are nobody known, and one person among themselves.

    Connected components of `scored_records` at `link_at`; a component with two valid numbers is nobody's. A record alone is there
    when two partners give it with a name and a date of birth: what several extracts of one partner say is one partner's word.
    """
    con.execute(f"""
        CREATE OR REPLACE TABLE edge AS
        SELECT l.record AS a, r.record AS b FROM scored_records s JOIN orphan l ON l.id = s.one JOIN orphan r ON r.id = s.other
        WHERE s.weight >= {weight_of(linking.link_at)} AND {SUPPORTED} AND {_number} NOT IN (0, {NUMBER_OF_ANOTHER})
    """)
    con.execute("CREATE OR REPLACE TABLE cluster AS SELECT record, record AS cluster FROM orphan")
    changed = 1
    while changed:
        con.execute("""
            CREATE OR REPLACE TABLE nearer AS
            SELECT record, min(cluster) AS cluster FROM (
                SELECT e.a AS record, c.cluster FROM edge e JOIN cluster c ON c.record = e.b
                UNION ALL SELECT e.b, c.cluster FROM edge e JOIN cluster c ON c.record = e.a
            ) GROUP BY record
        """)
        [(changed,)] = con.execute("""
            SELECT count(*) FROM cluster c JOIN nearer n ON n.record = c.record WHERE n.cluster < c.cluster
        """).fetchall()
        con.execute("UPDATE cluster SET cluster = n.cluster FROM nearer n WHERE n.record = cluster.record AND n.cluster < cluster.cluster")
    con.execute("""
        DELETE FROM cluster WHERE cluster NOT IN (
            SELECT c.cluster FROM cluster c JOIN orphan o USING (record) GROUP BY c.cluster
            HAVING (count(*) > 1 OR max(o.senders) > 1 AND bool_and(o.born IS NOT NULL AND o.given IS NOT NULL AND o.family IS NOT NULL))
                AND count(DISTINCT o.number) FILTER (o.valid) <= 1
        )
    """)

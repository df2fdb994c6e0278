"""What a reviewer should know beside a pair in doubt: others at one address who are alike, and where both sides are known from."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from joinedup.identity.staged import Staged
from joinedup.identity.verifying import LIST
from joinedup.sources.contract import contracts

ALIKE = 0.84
"""Jaro-Winkler similarity from which given names are alike (our choice, 2026): John and Jon have 0.93, Mary and Marie 0.85."""
LETTERS_APART = 1
"""Of family names at one postcode that count as one."""

OTHERS = f"""
    WITH side AS (
        SELECT pair, person_id, 'r' AS side, r_family AS family, r_given AS given, r_born AS born, r_postcode AS postcode FROM pairs_beside
        UNION ALL SELECT pair, person_id, 'p', p_family, p_given, p_born, p_postcode FROM pairs_beside
    ),
    home AS (SELECT DISTINCT pair, person_id, postcode FROM side WHERE postcode IS NOT NULL),
    near AS (
        SELECT h.pair, k.person_id, k.family, k.given, CAST(k.born AS VARCHAR) AS born
        FROM home h JOIN known_person k ON k.postcode = h.postcode AND k.person_id <> h.person_id
    ),
    found AS (
        SELECT n.pair, n.person_id, bool_or(n.born = s.born) AS same_day,
            bool_or(jaro_winkler_similarity(n.given, s.given) >= {ALIKE} OR least(length(n.given), length(s.given)) = 1
                AND left(n.given, 1) = left(s.given, 1)) AS alike
        FROM near n JOIN side s ON s.pair = n.pair AND damerau_levenshtein(n.family, s.family) <= {LETTERS_APART}
        GROUP BY n.pair, n.person_id
    ),
    counted AS (
        SELECT pair, count(*) FILTER (same_day) AS twins, count(*) FILTER (alike AND NOT coalesce(same_day, false)) AS namesakes
        FROM found GROUP BY pair
    )
    SELECT b.* EXCLUDE (pair), CAST(nullif(twins, 0) AS VARCHAR) AS p_twins, CAST(nullif(namesakes, 0) AS VARCHAR) AS p_namesakes
    FROM pairs_beside b LEFT JOIN counted c ON c.pair = b.pair ORDER BY b.pair
"""
"""Others of one family name at the postcode that record or person gives: born on the same day, or with a like given name."""


def with_people_alike(con: duckdb.DuckDBPyConnection, pairs: pa.Table) -> pa.Table:
    """The pairs with p_twins and p_namesakes, how many others could be taken for this person; `known_person` is in the connection."""
    con.register("pairs_beside", pairs.append_column("pair", pa.array(range(pairs.num_rows), pa.int64())))
    found = con.sql(OTHERS).to_arrow_table()
    con.unregister("pairs_beside")
    return found


def with_sources(staged: Staged, pairs: pa.Table) -> pa.Table:
    """The pairs with r_source and r_date, which extracts give the record and up to when, and p_source, whether the list has the person.

    Of a person no other source is named: that somebody is known to a service may be all that a reviewer must not learn.
    `unlinked_row` and `record_hash` are in the connection.
    """
    con, contract_names = staged.con, {row[0] for row in staged.con.execute("SELECT DISTINCT contract FROM unlinked_row").fetchall()}
    dated = [_dated_sql(staged, name) for name in sorted(contract_names)]
    con.register("pairs_beside", pairs.append_column("pair", pa.array(range(pairs.num_rows), pa.int64())))
    found = con.sql(
        f"""
        WITH rows AS ({" UNION ALL ".join(dated) or "SELECT NULL AS record, NULL AS source, NULL AS day WHERE false"}),
        given AS (
            SELECT h.hash, string_agg(DISTINCT r.source, ', ' ORDER BY r.source) AS r_source, CAST(max(r.day) AS VARCHAR) AS r_date
            FROM rows r JOIN record_hash h USING (record) GROUP BY h.hash
        ),
        listed AS (SELECT DISTINCT person_id FROM linked_people)
        SELECT b.* EXCLUDE (pair), g.r_source, g.r_date,
            CASE WHEN l.person_id IS NOT NULL THEN 'the registration list' ELSE 'other sources' END AS p_source
        FROM pairs_beside b LEFT JOIN given g ON g.hash = b.record_hash LEFT JOIN listed l ON l.person_id = b.person_id ORDER BY b.pair
    """.replace("FROM linked_people", f"FROM linked_{LIST}" if LIST in staged.columns else "FROM (SELECT 0 AS person_id) WHERE false")
    )
    table = found.to_arrow_table()
    con.unregister("pairs_beside")
    return table


def _dated_sql(staged: Staged, contract: str) -> str:
    """A query: for each row without a person of one contract its record, source and day."""
    spec = contracts()[contract]
    name = spec.landed(spec.dated_by) if spec.dated_by else ""
    day = f"TRY_CAST(s.{name} AS DATE)" if name in staged.columns[contract] else "CAST(NULL AS DATE)"
    return f"""
        SELECT u.record, f.source, {day} AS day FROM unlinked_row u JOIN identity_file f USING (file_id)
        JOIN staged_{contract} s ON s.file_id = u.file_id AND s.source_row = u.source_row WHERE u.contract = '{contract}'
    """

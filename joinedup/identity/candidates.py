"""Which pairs are scored at all: those with some key in common.

Keys that many share make no pairs, so that pairs grow with records and not with their square.
"""

from __future__ import annotations

import duckdb

MOST_IN_BLOCK = 20_000
"""A key that more pairs share than this is too common to begin from; the pairs have others."""

_TWO = "left({}, 2)"
_NAMES = "unnest(list_distinct([left({0}.given, 2), left({0}.family, 2)]))"
KEYS = {
    "number": "number",
    "its first digits": "left(number, 8)",
    "its last digits": "right(number, 8)",
    "number at a provider": "unnest(locals)",
    "born and postcode": "born || unnest(postcodes)",
    "born and family name": "born || left(unnest(families), 3)",
    "born and given name": "born || left(unnest(givens), 2)",
    "born and swapped name": "born || left(given, 3)",
    "swapped birth date and postcode": "born || postcode",
    "postcode and year of birth": "unnest(postcodes) || year(born)",
    "postcode and month of birth": "unnest(postcodes) || '/' || month(born)",
    "postcode and half of the number": "unnest(postcodes) || '/' || left(number, 5)",
    "postcode and the other half": "unnest(postcodes) || '/' || right(number, 5)",
    "postcode and given name": "unnest(postcodes) || left(given, 2)",
    "postcode and swapped name": "unnest(postcodes) || left(given, 2)",
    "names and year": "family_sound || '/' || given_sound || year(born)",
    "names and practice": "family_sound || '/' || given_sound || unnest(practices)",
    "born": "born",
    "names": "family_sound || '/' || given_sound",
    "family name": "unnest(families)",
}
FEW = ("born", "names", "family name")
MOST_OF_FEW = 12
"""How many people a key of one thing alone may lead to: it is for who has given little else, such as no postcode or a wrong one. In a place
of 200,000 about seven people share a day of birth; in one of millions, or for a common name, such a key makes no pairs."""
_SWAPPED_DATE = "CASE WHEN day(born) <= 12 AND day(born) <> month(born) THEN make_date(year(born), day(born), month(born)) END"
RECORD_KEYS = KEYS | {
    "born and swapped name": "born || left(family, 3)",
    "swapped birth date and postcode": f"({_SWAPPED_DATE}) || postcode",
    "postcode and swapped name": "unnest(postcodes) || left(family, 2)",
}
"""Where a record's key is to meet another of the person's."""


def _keys_sql(keys: dict[str, str], side: str) -> str:
    parts = [f"SELECT id, '{rule}' AS rule, {rule in FEW} AS few, {key} AS key FROM {side}" for rule, key in keys.items()]
    return f"SELECT DISTINCT id, few, hash(rule, key) AS key FROM ({' UNION ALL '.join(parts)}) WHERE key IS NOT NULL"


def find_candidates(con: duckdb.DuckDBPyConnection) -> int:
    """How many pairs there are; the table `candidate` (one, other: their ids) has them. Before it `record` and `person` are there."""
    con.execute(f"CREATE TABLE record_key AS {_keys_sql(RECORD_KEYS, 'record')}")
    keys = _keys_sql(KEYS, "person")
    con.execute(f"CREATE TABLE person_key AS SELECT * FROM ({keys}) WHERE key IN (SELECT key FROM record_key)")
    con.execute(f"""
        CREATE TABLE candidate AS
        WITH common AS (
            SELECT key FROM (SELECT key, count(*) AS records FROM record_key GROUP BY key)
            JOIN (SELECT key, few, count(*) AS people FROM person_key GROUP BY key, few) USING (key)
            WHERE records * people > {MOST_IN_BLOCK} OR few AND people > {MOST_OF_FEW}
        )
        SELECT DISTINCT r.id AS one, p.id AS other FROM record_key r JOIN person_key p USING (key)
        WHERE NOT EXISTS (SELECT 1 FROM common c WHERE c.key = r.key)
    """)
    con.execute("DROP TABLE person_key")
    [(pairs,)] = con.execute("SELECT count(*) FROM candidate").fetchall()
    return int(pairs)


def find_record_pairs(con: duckdb.DuckDBPyConnection) -> None:
    """Nothing; the table `record_pair` (one, other) has the pairs of records of `orphan` that share a key."""
    con.execute(f"CREATE OR REPLACE TABLE orphan_key AS {_keys_sql(KEYS, 'orphan')}")
    con.execute(f"CREATE OR REPLACE TABLE orphan_key_met AS {_keys_sql(RECORD_KEYS, 'orphan')}")
    con.execute(f"""
        CREATE OR REPLACE TABLE record_pair AS
        WITH common AS (
            SELECT key FROM orphan_key GROUP BY key, few HAVING count(*) * count(*) > {MOST_IN_BLOCK} OR few AND count(*) > {MOST_OF_FEW}
        )
        SELECT DISTINCT least(a.id, b.id) AS one, greatest(a.id, b.id) AS other FROM orphan_key_met a JOIN orphan_key b USING (key)
        WHERE a.id <> b.id AND a.key NOT IN (FROM common)
    """)

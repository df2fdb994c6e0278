"""person_id: looked up in the identity register, and minted there for who isn't known yet."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from joinedup.identity.hashing import first_bits_sql, hmac_parameters, hmac_sql, joined_sql
from joinedup.kept.identity_register import KNOWN_SCHEMA, RegisterLanding

PERSON_BITS = 63  # a signed 64-bit integer that is never negative

HASHED = f"""
    CREATE OR REPLACE TEMP TABLE identity_hash AS
    SELECT scheme, value, {hmac_sql(joined_sql("scheme", "value"))} AS hash FROM identity_key
"""
UNKNOWN = """
    CREATE OR REPLACE TEMP TABLE identity_minted AS
    SELECT h.scheme, h.hash, 0 AS attempt, CAST(NULL AS BIGINT) AS person_id FROM identity_hash h
    WHERE NOT EXISTS (SELECT 1 FROM identity_known k WHERE k.scheme = h.scheme AND k.hash = h.hash)
"""
INHERITED = f"""
    CREATE OR REPLACE TEMP TABLE identity_inherited AS
    WITH former AS (
        SELECT 'nhs_number' AS scheme, value, steps, {hmac_sql(joined_sql("'nhs_number'", "former"))} AS hash FROM identity_former
    )
    SELECT h.scheme, h.hash, min_by(k.person_id, (f.steps, k.person_id)) AS person_id
    FROM identity_hash h JOIN former f USING (scheme, value) JOIN identity_known k ON k.scheme = f.scheme AND k.hash = f.hash
    WHERE NOT EXISTS (SELECT 1 FROM identity_known own WHERE own.scheme = h.scheme AND own.hash = h.hash)
    GROUP BY h.scheme, h.hash
"""
TAKEN = """
    CREATE OR REPLACE TEMP TABLE identity_taken AS
    SELECT scheme, hash FROM identity_minted WHERE person_id = 0 OR person_id IN (SELECT person_id FROM identity_known)
    UNION
    SELECT scheme, hash FROM (
        SELECT scheme, hash, row_number() OVER (PARTITION BY person_id ORDER BY attempt, hash, scheme) AS place FROM identity_minted
    ) WHERE place > 1
"""
NEXT_ATTEMPT = """
    UPDATE identity_minted SET attempt = attempt + 1, person_id = NULL
    FROM identity_taken t WHERE t.scheme = identity_minted.scheme AND t.hash = identity_minted.hash
"""
FOUND = """
    CREATE OR REPLACE TEMP TABLE identity_person AS
    SELECT h.scheme, h.value, coalesce(k.person_id, m.person_id) AS person_id
    FROM identity_hash h LEFT JOIN identity_known k USING (scheme, hash) LEFT JOIN identity_minted m USING (scheme, hash)
"""


def mint(con: duckdb.DuckDBPyConnection, entry: RegisterLanding, *, bits: int = PERSON_BITS) -> None:
    """Nothing; the temp table `identity_person` (scheme, value, person_id) then has an id for everyone in `identity_key`.

    Ids follow from key, scheme and value alone, so that no order of rows or files changes them. Who would get the id of
    someone else (one chance in twenty million for a place of a million people) takes the next candidate.
    """
    _read_known(con, entry)
    con.execute(HASHED, hmac_parameters(entry.keys.pseudonym))
    _inherit(con, entry)
    con.execute(UNKNOWN)
    taken = True
    while taken:
        taken = _some_are_taken(con, entry, bits)
    minted = con.sql("SELECT scheme, hash, person_id FROM identity_minted ORDER BY person_id").to_arrow_table()
    entry.add_people(minted["person_id"])
    entry.add_lookups(minted)
    con.execute(FOUND)


def _read_known(con: duckdb.DuckDBPyConnection, entry: RegisterLanding) -> None:
    """Nothing; the temp table `identity_known` holds everyone whom the register can look up."""
    con.register("known_batches", pa.RecordBatchReader.from_batches(KNOWN_SCHEMA, entry.known()))
    con.execute("CREATE OR REPLACE TEMP TABLE identity_known AS SELECT * FROM known_batches")
    con.unregister("known_batches")


def _inherit(con: duckdb.DuckDBPyConnection, entry: RegisterLanding) -> None:
    """Nothing; whoever is known by a number that was replaced since keeps the id, and the register learns the number in use."""
    con.execute(INHERITED, hmac_parameters(entry.keys.pseudonym))
    inherited = con.sql("SELECT scheme, hash, person_id FROM identity_inherited ORDER BY person_id").to_arrow_table()
    entry.add_lookups(inherited)
    con.execute("INSERT INTO identity_known BY NAME SELECT scheme, hash, person_id FROM identity_inherited")


def _some_are_taken(con: duckdb.DuckDBPyConnection, entry: RegisterLanding, bits: int) -> bool:
    """Whether, once everyone without an id has a candidate, someone must try again."""
    candidate = first_bits_sql(hmac_sql(joined_sql("'person'", "attempt", "scheme", "hex(hash)")), bits)
    con.execute(f"UPDATE identity_minted SET person_id = {candidate} WHERE person_id IS NULL", hmac_parameters(entry.keys.pseudonym))
    con.execute(TAKEN)
    con.execute(NEXT_ATTEMPT)
    return bool(con.execute("SELECT count(*) FROM identity_taken").fetchall()[0][0])

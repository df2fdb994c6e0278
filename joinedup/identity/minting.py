"""person_id: looked up in the identity register, and minted there for who isn't known yet."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from joinedup.identity.hashing import first_bits_sql, hmac_parameters, hmac_sql, joined_sql
from joinedup.identity.inheriting import inherit
from joinedup.kept.identity_register import KNOWN_SCHEMA, PERSON, RegisterLanding
from joinedup.kept.merges import EVENT, EVENT_SCHEMA, MERGE, MOST_IN_ONE_QUERY, RECORD_SCHEME, SPLIT, add_events

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


def mint(con: duckdb.DuckDBPyConnection, entry: RegisterLanding, *, bits: int = PERSON_BITS, again: bool = False) -> None:
    """Nothing; the temp table `identity_person` (scheme, value, person_id) then has an id for everyone in `identity_key`.

    Ids follow from key, scheme and value alone, so that no order of rows or files changes them. Who would get the id of
    someone else (one chance in twenty million for a place of a million people) takes the next candidate.
    """
    if again:  # in one landing: what the register knew was read, and what was minted since is new
        con.execute("INSERT INTO identity_known BY NAME SELECT scheme, hash, person_id FROM identity_minted")
    else:
        _read_known(con, entry)
    con.execute(HASHED, hmac_parameters(entry.keys.pseudonym))
    con.execute(UNKNOWN)
    taken = True
    while taken:
        taken = _some_are_taken(con, entry, bits)
    minted = con.sql("SELECT scheme, hash, person_id FROM identity_minted ORDER BY person_id").to_arrow_table()
    entry.add_people(minted["person_id"])
    entry.add_lookups(minted)
    con.execute(FOUND)
    if not again:
        inherit(con, entry)


MATCHED, NOT_MATCHED = "matching: its records are this person's", "matching: its records are this person's no longer"
PARTED_SCHEME = "record parted"
"""Of ids for people whose records were known by an id that others keep; what they are minted from names the landing."""

CLUSTER_KNOWN = """
    CREATE OR REPLACE TEMP TABLE cluster_known AS
    SELECT c.cluster, k.person_id, coalesce(any_value(s.landing), 0) AS landing, count(*) AS records, min(h.hash) AS hash
    FROM matching_cluster c JOIN record_hash h USING (record) JOIN record_known k USING (hash)
    LEFT JOIN minted_in s ON s.person_id = k.person_id
    GROUP BY c.cluster, k.person_id
"""
CLUSTER_PERSON = """
    CREATE OR REPLACE TEMP TABLE cluster_person AS
    WITH kept AS (
        FROM cluster_known
        QUALIFY person_id < 0 OR row_number() OVER (PARTITION BY person_id ORDER BY records DESC, hash) = 1
    ),
    oldest AS (SELECT cluster, min_by(person_id, row(landing, person_id)) AS person_id FROM kept GROUP BY cluster)
    SELECT c.cluster, any_value(o.person_id) AS person_id, min(h.hash) AS hash,
        any_value(o.person_id) IS NULL AND c.cluster IN (SELECT cluster FROM cluster_known) AS parted
    FROM matching_cluster c JOIN record_hash h USING (record) LEFT JOIN oldest o ON o.cluster = c.cluster
    GROUP BY c.cluster
"""
"""Where several clusters have records of one id, that with most of them keeps it. An id below zero, of whoever was erased, keeps all of
theirs out."""
RECORD_KEY = f"""
    CREATE OR REPLACE TEMP TABLE cluster_key AS
    SELECT c.cluster, CASE WHEN c.parted THEN '{PARTED_SCHEME}' ELSE '{RECORD_SCHEME}' END AS scheme,
        CASE WHEN c.parted THEN {joined_sql("CAST(? AS INTEGER)", "u.value")} ELSE u.value END AS value
    FROM cluster_person c JOIN record_hash h USING (hash) JOIN unlinked_record u USING (record)
    WHERE c.person_id IS NULL
"""
RECORD_PERSON = """
    CREATE OR REPLACE TEMP TABLE record_person AS
    SELECT record, person_id, status FROM matching_decision WHERE status IN ('confirmed', 'probability')
    UNION ALL
    SELECT c.record, coalesce(p.person_id, m.person_id), 'probability'
    FROM matching_cluster c JOIN cluster_person p USING (cluster)
    LEFT JOIN cluster_key k USING (cluster) LEFT JOIN identity_person m USING (scheme, value)
"""
NEW_LOOKUPS = f"""
    SELECT DISTINCT '{RECORD_SCHEME}' AS scheme, h.hash, p.person_id FROM matching_cluster c JOIN record_hash h USING (record)
    JOIN record_person p USING (record)
    WHERE h.hash NOT IN (SELECT hash FROM record_known)
        AND h.hash NOT IN (SELECT hash FROM identity_minted WHERE scheme = '{RECORD_SCHEME}')
"""
PARTED = """
    CREATE OR REPLACE TEMP TABLE record_parted AS
    SELECT DISTINCT h.hash, k.person_id AS former, p.person_id
    FROM cluster_person c JOIN matching_cluster m USING (cluster) JOIN record_hash h USING (record)
    JOIN record_person p USING (record) JOIN record_known k ON k.hash = h.hash
    WHERE k.person_id <> p.person_id AND least(k.person_id, p.person_id) > 0
        AND (c.parted OR k.person_id IN (SELECT person_id FROM cluster_person))
"""


def mint_records(con: duckdb.DuckDBPyConnection, entry: RegisterLanding) -> None:
    """Nothing; the temp table `record_person` (record, person_id, status) then has everyone whom matching found.

    Records that are one person among themselves keep the oldest id that any of them is known by, and no two people keep the same.
    Where records are known by another id than that of their person now, the register learns that the two were one, or that they
    no longer are. Before it people are minted.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE record_known AS SELECT hash, person_id FROM identity_known WHERE scheme = '{RECORD_SCHEME}'")
    _read_when_minted(con, entry)
    con.execute(CLUSTER_KNOWN)
    con.execute(CLUSTER_PERSON)
    con.execute(RECORD_KEY, [entry.number])
    con.execute("CREATE OR REPLACE TEMP TABLE identity_key AS SELECT scheme, value FROM cluster_key")
    mint(con, entry, again=True)
    con.execute(RECORD_PERSON)
    entry.add_lookups(con.sql(NEW_LOOKUPS).to_arrow_table())
    _part(con, entry)
    _tell_merges(con, entry)


def _part(con: duckdb.DuckDBPyConnection, entry: RegisterLanding) -> None:
    """Nothing; records that an id was kept from are looked up by their new one, and the register knows that the two were parted."""
    con.execute(PARTED)
    entry.replace_lookups(con.sql(f"SELECT '{RECORD_SCHEME}' AS scheme, hash, person_id FROM record_parted").to_arrow_table())
    parted = "SELECT DISTINCT ? AS kind, former AS person_id, person_id AS other_person_id, ? AS cause FROM record_parted ORDER BY ALL"
    add_events(entry, con.sql(parted, params=[SPLIT, NOT_MATCHED]).to_arrow_table().cast(EVENT_SCHEMA))
    con.execute("UPDATE record_known SET person_id = r.person_id FROM record_parted r WHERE r.hash = record_known.hash")


def _read_when_minted(con: duckdb.DuckDBPyConnection, entry: RegisterLanding) -> None:
    """Nothing; the temp table `minted_in` says in which landing people known by their records were minted; not whoever was erased."""
    asked = con.execute("SELECT DISTINCT person_id FROM record_known JOIN record_hash USING (hash) WHERE person_id > 0").fetchall()
    ids = [person for (person,) in asked]
    con.execute("CREATE OR REPLACE TEMP TABLE minted_in (person_id BIGINT, landing INTEGER)")
    for at in range(0, len(ids), MOST_IN_ONE_QUERY):
        query = sa.select(PERSON.c.person_id, PERSON.c.landing).where(PERSON.c.person_id.in_(ids[at : at + MOST_IN_ONE_QUERY]))
        if rows := [tuple(row) for row in entry.connection.execute(query)]:
            con.executemany("INSERT INTO minted_in VALUES (?, ?)", rows)


def _tell_merges(con: duckdb.DuckDBPyConnection, entry: RegisterLanding) -> None:
    """Nothing; the register has, once, that a person known only by records is one with another, and when it no longer is.

    A merge stands while its records aren't there at all: nothing speaks against it.
    """
    query = sa.select(EVENT.c.person_id, EVENT.c.other_person_id, EVENT.c.kind, EVENT.c.cause).where(EVENT.c.other_person_id.is_not(None))
    last = {(one, other): (kind, cause) for one, other, kind, cause in entry.connection.execute(query.order_by(EVENT.c.event))}
    there = con.execute("""
        SELECT k.person_id, p.person_id, bool_or(p.status = 'probability')
        FROM record_known k JOIN record_hash h USING (hash) LEFT JOIN record_person p USING (record)
        WHERE k.person_id IS NOT DISTINCT FROM p.person_id OR k.person_id NOT IN (SELECT coalesce(person_id, 0) FROM cluster_person)
        GROUP BY ALL ORDER BY ALL
    """).fetchall()
    now = {(one, other) for other, one, _ in there}
    seen = {other for other, _, _ in there}
    events = [
        (SPLIT, one, other, NOT_MATCHED)
        for (one, other), said in last.items()
        if said == (MERGE, MATCHED) and other in seen and (one, other) not in now
    ]
    events += [
        (MERGE, one, other, MATCHED)
        for other, one, by_matching in there
        if by_matching and one != other and last.get((one, other), ("", ""))[0] != MERGE
    ]
    if events:
        arrays = zip(*events, strict=True)
        add_events(
            entry, pa.table([pa.array(list(v), kind.type) for v, kind in zip(arrays, EVENT_SCHEMA, strict=True)], schema=EVENT_SCHEMA)
        )


def _read_known(con: duckdb.DuckDBPyConnection, entry: RegisterLanding) -> None:
    """Nothing; the temp table `identity_known` holds everyone whom the register can look up."""
    con.register("known_batches", pa.RecordBatchReader.from_batches(KNOWN_SCHEMA, entry.known()))
    con.execute("CREATE OR REPLACE TEMP TABLE identity_known AS SELECT * FROM known_batches")
    con.unregister("known_batches")


def _some_are_taken(con: duckdb.DuckDBPyConnection, entry: RegisterLanding, bits: int) -> bool:
    """Whether, once everyone without an id has a candidate, someone must try again."""
    candidate = first_bits_sql(hmac_sql(joined_sql("'person'", "attempt", "scheme", "hex(hash)")), bits)
    con.execute(f"UPDATE identity_minted SET person_id = {candidate} WHERE person_id IS NULL", hmac_parameters(entry.keys.pseudonym))
    con.execute(TAKEN)
    con.execute(NEXT_ATTEMPT)
    return bool(con.execute("SELECT count(*) FROM identity_taken").fetchall()[0][0])

"""Rows linked to nobody that are of somebody who was erased: known by what was told of the person when they were.

Of what was told keyed hashes are kept: date of birth with names and a postcode (or none), a provider's own number, a number as it was
written. Rows that say all of one of these are left out of every later landing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import duckdb
import pyarrow as pa

from joinedup.engine.duck import connect
from joinedup.findings import Finding, Severity
from joinedup.identity.hashing import SEPARATOR, hmac_parameters, hmac_sql, joined_sql
from joinedup.identity.records import name_sql, postcode_sql
from joinedup.kept.erased_tables import ERASED_KEY, TOLD_SCHEME, lookup_hash
from joinedup.kept.erasing import Key
from joinedup.kept.identity_register import RegisterLanding
from joinedup.kept.keys import Keys
from joinedup.kept.merges import RECORD_SCHEME
from joinedup.sources.nhs_numbers import digits_sql

Told: TypeAlias = Mapping[str, Sequence[str]]
"""What was told, by kind: family, given, born (ISO), postcode, local ("PROVIDER NUMBER") and number."""
KINDS = ("family", "given", "born", "postcode", "local", "number")
_CODE = "nullif(upper(trim({})), '')"
_BORN = "CASE WHEN born IS NULL THEN '' WHEN exact THEN CAST(born AS VARCHAR) END"
SAID = f"""
    SELECT record, {joined_sql("'name'", _BORN, "family", "given", "coalesce(postcode, '')")} AS said
    FROM unlinked_record WHERE born IS NOT NULL
    UNION ALL
    SELECT record, {joined_sql("'name'", _BORN, "given", "family", "coalesce(postcode, '')")} FROM unlinked_record WHERE born IS NOT NULL
    UNION ALL SELECT record, {joined_sql("'local'", "provider", "local")} FROM unlinked_record
    UNION ALL SELECT record, {joined_sql("'number'", "number", _BORN)} FROM unlinked_record
"""
"""All that a record says which may have been told."""
TOLD_RECORD = f"""
    CREATE OR REPLACE TEMP TABLE told_record AS
    SELECT h.hash, min(e.erasure) AS erasure, bool_or(k.person_id > 0) AS known
    FROM (SELECT record, {hmac_sql(joined_sql(f"'{TOLD_SCHEME}'", "said"))} AS hash FROM ({SAID})) s JOIN told_keys e ON e.hash = s.hash
    JOIN record_hash h USING (record)
    LEFT JOIN identity_known k ON k.scheme = '{RECORD_SCHEME}' AND k.hash = h.hash
    WHERE s.record NOT IN (SELECT record FROM told_judged WHERE same) AND coalesce(k.person_id, 1) > 0
    GROUP BY h.hash
"""
KNOWN_OTHERWISE = (
    "{rows:,} records say what was told of somebody who was erased, and people are known by them who have no number; they are kept: look "
    "for these people by name, and where they are the one who was erased, erase them too (joinedup forget --by person-id)"
)


def told_keys(told: Told, keys: Keys) -> tuple[Key, ...]:
    """The keys by which rows that say what was told are known, their values made comparable as those of records are."""
    con = connect()
    try:
        said = {name: [each for one in told.get(name, ()) if (each := _comparable(con, name, one))] for name in KINDS}
    finally:
        con.close()
    return tuple(sorted({(TOLD_SCHEME, lookup_hash(keys, TOLD_SCHEME, value)) for value in _values(said)}))


def _comparable(con: duckdb.DuckDBPyConnection, name: str, text: str) -> str | None:
    """One thing that was told, as records have it."""
    provider, _, local = text.partition(" ")
    written = {
        "family": name_sql("$said"),
        "given": name_sql("$said"),
        "postcode": postcode_sql("$said"),
        "born": "CAST(CAST($said AS DATE) AS VARCHAR)",
        "number": digits_sql("$said"),
        "local": joined_sql(_CODE.format("$provider"), _CODE.format("$said")),
    }
    given = {"said": local, "provider": provider} if name == "local" else {"said": text}
    [(found,)] = con.execute(f"SELECT {written[name]}", given).fetchall()
    return str(found) if found else None


def _values(said: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for born, family, given, postcode in itertools.product(said["born"], said["family"], said["given"], ["", *said["postcode"]]):
        yield SEPARATOR.join(("name", born, family, given, postcode))
    for local in said["local"]:
        yield SEPARATOR.join(("local", local))
    for number, born in itertools.product(said["number"], ["", *said["born"]]):
        yield SEPARATOR.join(("number", number, born))


def keep_out_told(con: duckdb.DuckDBPyConnection, entry: RegisterLanding, judged: pa.Table) -> list[Finding]:
    """What was found; records that say what was told of somebody who was erased are theirs from now on, and their rows will be left out.

    Not those that two people agreed are another's (`judged`), nor those by which somebody is known. Before it records have their hash.
    """
    rows = entry.connection.execute(ERASED_KEY.select().where(ERASED_KEY.c.scheme == TOLD_SCHEME)).all()
    if not rows:
        return []
    con.register(
        "told_keys", pa.table({"hash": pa.array([row.hash for row in rows], pa.binary()), "erasure": [row.erasure for row in rows]})
    )
    con.register("told_judged", judged)
    con.execute(TOLD_RECORD, hmac_parameters(entry.keys.pseudonym))
    con.unregister("told_keys")
    con.unregister("told_judged")
    new = con.execute("SELECT hash, erasure FROM told_record WHERE known IS NOT TRUE").fetchall()
    entry.keep_out((RECORD_SCHEME, digest, erasure) for digest, erasure in new)
    con.execute(f"""
        INSERT INTO identity_known BY NAME
        SELECT '{RECORD_SCHEME}' AS scheme, hash, -erasure AS person_id FROM told_record WHERE known IS NOT TRUE
    """)
    [(known,)] = con.execute("SELECT count(*) FROM told_record WHERE known").fetchall()
    message = KNOWN_OTHERWISE.format(rows=known)
    return [Finding("identity register", "erased-person-known-otherwise", message, severity=Severity.WARNING, count=known)] if known else []

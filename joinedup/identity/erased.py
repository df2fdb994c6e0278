"""Whoever was erased stays out: rows that come for them again are counted and left out, before anything of them is kept.

In a landing they have a negative number for an id (the erasure's), so that matching finds what is theirs as it always did, and
everybody else is linked as if nobody had been erased.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from joinedup.engine.duck import connect
from joinedup.findings import Finding, Severity
from joinedup.identity.hashing import hmac_parameters, hmac_sql, joined_sql
from joinedup.identity.staged import Staged
from joinedup.identity.verifying import claimed_rows
from joinedup.kept.erased_tables import ERASED_KEY, PERSON_LABEL
from joinedup.kept.identity_register import RegisterLanding
from joinedup.kept.keys import Keys
from joinedup.kept.merges import NUMBER_SCHEME, RECORD_SCHEME
from joinedup.sources.erasing import ERASED, REASON

RULE = "erased-person"
SAID = "of somebody who was erased on request came again and {are} left out; ask the source to leave them out of its next file"

NUMBERS = f"""
    CREATE OR REPLACE TEMP TABLE erased_claim AS
    SELECT claim FROM identity_linked
    WHERE person_id IS NULL AND number IS NOT NULL
        AND {hmac_sql(joined_sql(f"'{NUMBER_SCHEME}'", "CAST(number AS VARCHAR)"))} IN (
            SELECT hash FROM identity_erased WHERE scheme = '{NUMBER_SCHEME}'
        )
"""
NEW_NUMBERS = f"""
    SELECT DISTINCT '{NUMBER_SCHEME}', hash, erasure FROM (
        SELECT {hmac_sql(joined_sql(f"'{NUMBER_SCHEME}'", "CAST(number AS VARCHAR)"))} AS hash, -person_id AS erasure
        FROM (SELECT DISTINCT number, person_id FROM identity_linked WHERE person_id < 0 AND number IS NOT NULL)
    ) WHERE hash NOT IN (SELECT hash FROM identity_erased WHERE scheme = '{NUMBER_SCHEME}')
"""
"""Numbers that have replaced one of somebody who was erased."""
OF_RECORDS = f"""
    SELECT contract, file_id, source_row FROM unlinked_row JOIN record_hash USING (record)
    WHERE hash IN (SELECT hash FROM identity_erased WHERE scheme = '{RECORD_SCHEME}')
"""
STILL_THERE = ("identity_linked", "list_person", "matched_row")
"""Tables that say who somebody is, from which what is kept of people is made."""


def leave_out_erased(staged: Staged, entry: RegisterLanding) -> list[Finding]:
    """What was found: files that hold rows of people who were erased; such rows are rejected. Before it rows are linked and matched.

    Theirs are rows that link to them, rows of records that were theirs, and rows with their NHS number that link to nobody.
    """
    con = staged.con
    rows = entry.connection.execute(ERASED_KEY.select()).all()
    if not rows:
        return []
    known = pa.table({"scheme": [row.scheme for row in rows], "hash": pa.array([row.hash for row in rows], pa.binary())})
    con.register("erased_keys", known)
    con.execute("CREATE OR REPLACE TEMP TABLE identity_erased AS FROM erased_keys")
    con.unregister("erased_keys")
    entry.keep_out(con.execute(NEW_NUMBERS, hmac_parameters(entry.keys.pseudonym)).fetchall())
    con.execute(NUMBERS, hmac_parameters(entry.keys.pseudonym))
    con.execute(f"CREATE OR REPLACE TEMP TABLE erased_row AS {' UNION '.join(_rows_sql(staged))}")
    return _rejected(staged)


def _rows_sql(staged: Staged) -> Iterable[str]:
    """The queries of rows to leave out."""
    yield "SELECT contract, file_id, source_row FROM link WHERE person_id < 0"
    yield OF_RECORDS
    concerned = staged.con.execute("SELECT DISTINCT contract FROM identity_linked JOIN erased_claim USING (claim)").fetchall()
    for (contract,) in concerned:
        by_number = claimed_rows(staged, contract, "(FROM identity_linked JOIN erased_claim USING (claim))")
        rows = f"SELECT '{contract}' AS contract, s.file_id, s.source_row FROM {by_number}"
        yield f"""
            SELECT contract, file_id, source_row FROM ({rows}) r
            WHERE NOT EXISTS (FROM link l WHERE l.contract = r.contract AND l.file_id = r.file_id AND l.source_row = r.source_row
                AND l.person_id IS NOT NULL)
        """


def _rejected(staged: Staged) -> list[Finding]:
    """A finding for each file with such rows; they have left the staged tables, and their people what the landing knows."""
    con = staged.con
    found = con.execute("SELECT file_id, count(*) FROM erased_row GROUP BY file_id ORDER BY file_id").fetchall()
    con.execute(
        "INSERT INTO staged_rejected SELECT file_id, source_row, $rule, $reason FROM erased_row", {"rule": ERASED, "reason": REASON}
    )
    for contract in staged.columns:
        con.execute(f"""
            DELETE FROM staged_{contract} WHERE (file_id, source_row) IN (
                SELECT (file_id, source_row) FROM erased_row WHERE contract = '{contract}'
            )
        """)
    for table in STILL_THERE:
        con.execute(f"DELETE FROM {table} WHERE person_id < 0")
    names = {file.file_id: file.file for file in staged.files}
    return [
        Finding(
            names[file_id],
            RULE,
            f"{rows:,} {'row' if rows == 1 else 'rows'} {SAID.format(are='is' if rows == 1 else 'are')}",
            severity=Severity.WARNING,
            count=rows,
        )
        for file_id, rows in found
    ]


def erased_in(paths: Iterable[Path], keys: Keys, hashes: pa.Table) -> dict[int, int]:
    """person_id -> erasure, of everyone in these Parquet files whose keyed hash is among `hashes` (hash, erasure)."""
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    return _erased(f"read_parquet([{listed}], union_by_name = true)", keys, hashes) if listed else {}


def erased_among(person_ids: pa.Array, keys: Keys, hashes: pa.Table) -> dict[int, int]:
    """person_id -> erasure, of those of these ids whose keyed hash is among `hashes` (hash, erasure)."""
    return _erased("given_ids", keys, hashes, pa.table({"person_id": person_ids}))


def _erased(people: str, keys: Keys, hashes: pa.Table, given: pa.Table | None = None) -> dict[int, int]:
    if not hashes.num_rows:
        return {}
    con = connect()
    try:
        con.register("erased_hashes", hashes)
        if given is not None:
            con.register("given_ids", given)
        hashed = hmac_sql(joined_sql(f"'{PERSON_LABEL}'", "CAST(person_id AS VARCHAR)"))
        ids = f"SELECT DISTINCT person_id FROM {people} WHERE person_id IS NOT NULL"
        rows = con.execute(
            f"SELECT p.person_id, e.erasure FROM (SELECT person_id, {hashed} AS hash FROM ({ids})) p JOIN erased_hashes e USING (hash)",
            hmac_parameters(keys.pseudonym),
        ).fetchall()
        return dict(rows)
    finally:
        con.close()

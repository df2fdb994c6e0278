"""Rows of the registration list that no number decides: whose they are, known again by what they say.

What a row says is looked up from the strictest key to the loosest. The strictest is all of it; looser ones leave out sex, the
start of a registration, then the practice, then the home. A looser key decides only where one row and one person are left that have
it. Rows that say the very same are as many people as there are rows; among them, and only among them, ids may change places.
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from joinedup.identity.hashing import hmac_parameters, hmac_sql, joined_sql
from joinedup.identity.minting import mint
from joinedup.identity.staged import Staged
from joinedup.identity.verifying import LIST, claimed_rows
from joinedup.kept.identity_register import RegisterLanding
from joinedup.sources.nhs_numbers import digits_sql

ROW_SCHEME = "register_row"
"""Followed by the key, the strictest 0, and by which of those who have that key it is: register_row:0:1."""
TELLS_PEOPLE_APART = ("local_patient_identifier", "person_family_name", "person_given_name")
"""Without any of these, rows that say the same are people of their own: twins of one practice, for example."""
NOT_SAID = frozenset({"file_id", "source_row", "listed_from", "listed_to", "version_from", "version_to", "stands_for"})
PRACTICE, START, END = (
    "general_medical_practice_code_patient_registration",
    "start_date_gmp_patient_registration",
    "end_date_gmp_patient_registration",
)
SEX = "person_stated_gender_code"
NEEDED = (
    *TELLS_PEOPLE_APART,
    PRACTICE,
    START,
    "person_birth_date",
    SEX,
    "lsoa_of_residence",
    "postcode_of_usual_address",
)
KEYS = 5
MINTED_BY = 1
"""All that the row says but sex: who is recorded with another sex alone is nobody else."""

NO_ROWS = "CREATE OR REPLACE TEMP TABLE list_person (claim BIGINT, file_id INTEGER, source_row BIGINT, person_id BIGINT)"
GROUPED = """
    CREATE OR REPLACE TEMP TABLE list_group AS
    WITH units AS (
        SELECT unit, any_value(who) AS who, any_value(born) AS born, min(starts) AS starts, max(ends) AS ends FROM list_said GROUP BY unit
    ),
    in_turn AS (
        SELECT *, coalesce(max(ends) OVER (
            PARTITION BY who ORDER BY starts, ends, unit ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) > starts, false) AS beside FROM units
    )
    SELECT unit, CASE WHEN born IS NULL OR who IS NULL OR bool_or(beside) OVER (PARTITION BY who) THEN 'one ' || unit ELSE 'who ' || who END
        AS person FROM in_turn
"""
"""Registrations that follow one another, and agree in all else, are one person's; those at one time are several people's."""
KNOWN = f"""
    CREATE OR REPLACE TEMP TABLE list_known AS
    SELECT CAST(split_part(scheme, ':', 2) AS INTEGER) AS key, CAST(split_part(scheme, ':', 3) AS INTEGER) AS place, hash, person_id
    FROM identity_known WHERE scheme LIKE '{ROW_SCHEME}:%'
"""
PLACED = """
    INSERT INTO list_placed
    WITH rows AS (
        SELECT person, hash, first_row, row_number() OVER (PARTITION BY hash ORDER BY first_row) AS nth,
            count(*) OVER (PARTITION BY hash) AS alike
        FROM list_key WHERE key = {key} AND person NOT IN (SELECT person FROM list_placed)
    ),
    known AS (
        SELECT hash, person_id, row_number() OVER (PARTITION BY hash ORDER BY min(place)) AS nth,
            count(*) OVER (PARTITION BY hash) AS alike
        FROM list_known WHERE key = {key} AND person_id NOT IN (SELECT person_id FROM list_placed) GROUP BY hash, person_id
    ),
    best AS (
        SELECT person, person_id, first_row FROM rows JOIN known USING (hash)
        WHERE CASE WHEN {key} = 0 THEN rows.nth = known.nth ELSE rows.alike = 1 AND known.alike = 1 END
        QUALIFY row_number() OVER (PARTITION BY person ORDER BY person_id) = 1
    )
    FROM (SELECT person, person_id FROM best QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY first_row) = 1)
"""
NEW = f"""
    CREATE OR REPLACE TEMP TABLE list_new AS
    SELECT person, value,
        '{ROW_SCHEME}:{MINTED_BY}:' || (coalesce(last, 0) + row_number() OVER (PARTITION BY hash ORDER BY said, first_row)) AS scheme
    FROM (
        FROM list_key WHERE key = {MINTED_BY} AND person NOT IN (SELECT person FROM list_placed)
        QUALIFY row_number() OVER (PARTITION BY person ORDER BY first_row) = 1
    ) JOIN (SELECT person, min(value) AS said FROM list_key WHERE key = 0 GROUP BY person) USING (person)
    LEFT JOIN (SELECT hash, max(place) AS last FROM list_known WHERE key = {MINTED_BY} GROUP BY hash) USING (hash)
"""
MINTED = """
    INSERT INTO list_placed SELECT n.person, p.person_id FROM list_new n JOIN identity_person p USING (scheme, value)
"""
LEARNT = f"""
    WITH had AS (
        SELECT key, hash, person_id FROM list_known
        UNION SELECT k.key, k.hash, p.person_id FROM list_key k JOIN list_new n ON n.person = k.person AND n.value = k.value AND k.key = 0
        JOIN list_placed p ON p.person = k.person
    ),
    learnt AS (
        SELECT DISTINCT k.key, k.hash, p.person_id FROM list_key k JOIN list_placed p USING (person)
        WHERE NOT EXISTS (SELECT 1 FROM had h WHERE h.key = k.key AND h.hash = k.hash AND h.person_id = p.person_id)
    ),
    last AS (
        SELECT key, hash, max(place) AS place FROM (
            SELECT key, hash, place FROM list_known
            UNION ALL SELECT {MINTED_BY}, k.hash, CAST(split_part(n.scheme, ':', 3) AS INTEGER)
            FROM list_new n JOIN list_key k ON k.person = n.person AND k.value = n.value AND k.key = {MINTED_BY}
        ) GROUP BY key, hash
    )
    SELECT '{ROW_SCHEME}:' || l.key || ':' || (coalesce(last.place, 0) + l.nth) AS scheme, l.hash, l.person_id
    FROM (SELECT *, row_number() OVER (PARTITION BY key, hash ORDER BY person_id) AS nth FROM learnt) l
    LEFT JOIN last ON last.key = l.key AND last.hash = l.hash
"""
PEOPLE = """
    CREATE OR REPLACE TEMP TABLE list_person AS
    SELECT s.claim, s.file_id, s.source_row, p.person_id
    FROM list_said s JOIN list_group g USING (unit) JOIN list_placed p USING (person)
"""


def know_list_rows(staged: Staged, entry: RegisterLanding) -> None:
    """Nothing; the temp table `list_person` (claim, file_id, source_row, person_id) has whom the list gives without a usable number.

    Before it claims are verified and people with numbers minted. The register learns under which keys each is known now.
    """
    con = staged.con
    if LIST not in staged.columns:
        con.execute(NO_ROWS)
        return
    con.execute(f"CREATE OR REPLACE TEMP TABLE list_said AS {_said_sql(staged)}")
    con.execute(GROUPED)
    con.execute(_keys_sql(), hmac_parameters(entry.keys.pseudonym))
    con.execute(KNOWN)
    con.execute("CREATE OR REPLACE TEMP TABLE list_placed (person VARCHAR, person_id BIGINT)")
    for key in range(KEYS):
        _place(con, key)
    con.execute(NEW)
    con.execute("CREATE OR REPLACE TEMP TABLE identity_key AS SELECT scheme, value FROM list_new")
    mint(con, entry, again=True)
    con.execute(MINTED)
    entry.add_lookups(con.sql(LEARNT).to_arrow_table())
    con.execute(PEOPLE)


def _place(con: duckdb.DuckDBPyConnection, key: int) -> None:
    """Nothing; whoever is known by that key is in `list_placed`."""
    before, now = -1, 0
    while now > before:
        before = now
        con.execute(PLACED.format(key=key))
        [(now,)] = con.execute("SELECT count(*) FROM list_placed").fetchall()


def people_of_rows_that_were(staged: Staged, entry: RegisterLanding, people: Collection[int]) -> list[tuple[int, int]]:
    """Which of these people, known by a row of the list without a number, and whose row says the same now but for a number."""
    con = staged.con
    known = (
        f"SELECT DISTINCT scheme, hash, person_id FROM identity_known WHERE scheme LIKE '{ROW_SCHEME}:%' AND list_contains(?, person_id)"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE list_was AS {known}", [sorted(people)])
    if LIST not in staged.columns or not con.execute("SELECT count(*) FROM list_was").fetchall()[0][0]:
        return []
    con.execute(f"CREATE OR REPLACE TEMP TABLE list_numbered AS {_said_sql(staged, numbered=True)}")
    each = " UNION ALL ".join(f"SELECT {key} AS key, key_{key} AS value, file_id, source_row FROM list_numbered" for key in range(KEYS))
    found = f"""
        SELECT DISTINCT w.person_id, l.person_id FROM (
            SELECT *, {hmac_sql(joined_sql(f"'{ROW_SCHEME}'", "key", "value"))} AS hash FROM ({each}) WHERE value IS NOT NULL
        ) k JOIN list_was w ON w.hash = k.hash AND w.scheme LIKE '{ROW_SCHEME}:' || k.key || ':%'
        JOIN linked_{LIST} l USING (file_id, source_row) WHERE l.person_id > 0
        ORDER BY ALL
    """
    return con.execute(found, hmac_parameters(entry.keys.pseudonym)).fetchall()


def _said_sql(staged: Staged, *, numbered: bool = False) -> str:
    """A query: each such row with its keys, the strictest first, and its unit: rows of one registration of one person.

    With `numbered` it is of the other rows, with the keys that they would have without a number.
    """
    columns = staged.columns[LIST]
    text = {name: f"coalesce(upper(trim(CAST(s.{name} AS VARCHAR))), '')" if name in columns else "''" for name in (*columns, *NEEDED)}
    text |= {"nhs_number": "''"} if numbered else {}
    number = digits_sql("s.nhs_number") if "nhs_number" in columns and not numbered else "NULL"
    named = " OR ".join(f"s.{name} IS NOT NULL" for name in TELLS_PEOPLE_APART if name in columns) or "false"
    who = [f"coalesce({number}, '')", text["person_birth_date"]]
    names, home = [text["person_family_name"], text["person_given_name"]], [text["lsoa_of_residence"], text["postcode_of_usual_address"]]
    at = [text["local_patient_identifier"], text[PRACTICE]]
    sex, start = text[SEX], text[START]
    content, but_sex = ([text[name] for name in sorted(columns - NOT_SAID - without)] for without in (set(), {SEX}))
    by_registration = joined_sql(*who, *names, *at, start)
    by_name = f"CASE WHEN {names[0]} <> '' OR {names[1]} <> '' THEN {joined_sql(*who, *names)} END"
    at_home = f"CASE WHEN {home[0]} <> '' OR {home[1]} <> '' THEN {joined_sql(*who, sex, *home)} END"
    at_practice = f"CASE WHEN {text['person_birth_date']} <> '' AND {start} <> '' THEN {joined_sql(*who, sex, text[PRACTICE], start)} END"
    first, last = ("DATE '0001-01-01'", "DATE '9999-12-31'")
    starts = ", ".join(f"s.{name}" for name in (START, "listed_from") if name in columns) or "NULL"
    ends = ", ".join(f"s.{name}" for name in (END, "listed_to") if name in columns) or "NULL"
    same = "row_number() OVER (PARTITION BY key_0 ORDER BY file_id, source_row)"
    which = f"linked_by {'<>' if numbered else '='} 'register_row'"
    rows = claimed_rows(staged, LIST, f"(FROM identity_claim JOIN identity_status USING (claim) WHERE {which})")
    return f"""
        WITH rows AS (
            SELECT c.claim, s.file_id, s.source_row, c.born, {named} AS named,
                coalesce({starts}, {first}) AS starts, coalesce({ends}, {last}) AS ends,
                CASE WHEN named THEN {by_registration} ELSE {joined_sql(*content)} END AS key_0,
                CASE WHEN named THEN {by_registration} ELSE {joined_sql(*but_sex)} END AS key_1,
                CASE WHEN named THEN {joined_sql(*who, *names, *at)} ELSE {joined_sql(*who, sex, *home, *at, start)} END AS key_2,
                CASE WHEN named THEN {by_name} ELSE {at_home} END AS key_3,
                CASE WHEN NOT named THEN {at_practice} END AS key_4
            FROM {rows}
        )
        SELECT * EXCLUDE (key_3), CASE WHEN born IS NOT NULL THEN key_3 END AS key_3, key_3 AS who,
            CASE WHEN named THEN key_0 ELSE {joined_sql("key_0", same)} END AS unit
        FROM rows
    """


def _keys_sql() -> str:
    """The statement that makes `list_key`: under which keys each person of these rows is known, hashed."""
    each = " UNION ALL ".join(f"SELECT unit, {key} AS key, key_{key} AS value, file_id, source_row FROM list_said" for key in range(KEYS))
    hashed = hmac_sql(joined_sql(f"'{ROW_SCHEME}'", "k.key", "k.value"))
    return f"""
        CREATE OR REPLACE TEMP TABLE list_key AS
        SELECT g.person, k.key, k.value, min(row(k.file_id, k.source_row)) AS first_row, {hashed} AS hash
        FROM ({each}) k JOIN list_group g USING (unit) WHERE k.value IS NOT NULL GROUP BY g.person, k.key, k.value
    """

"""Linking: every staged row gets one status and, where it could be linked, one person."""

from __future__ import annotations

from joinedup.findings import Finding
from joinedup.identity.hashing import joined_sql
from joinedup.identity.minting import mint
from joinedup.identity.numbers import read_numbers, refuse_files_mostly_rejected, reject_numbers_out_of_place
from joinedup.identity.staged import Staged
from joinedup.identity.verifying import BY_NUMBER, LINKED_BY, LIST, verify
from joinedup.kept.identity_register import RegisterLanding
from joinedup.sources.contract import contracts

NUMBER_SCHEME = "nhs_number"
PSEUDONYM_SCHEME = "pseudonym:"  # followed by the namespace
ROW_SCHEME = "register_row"

ROW_IS_KNOWN_BY = (
    "local_patient_identifier",
    "nhs_number",
    "person_birth_date",
    "person_family_name",
    "person_given_name",
    "general_medical_practice_code_patient_registration",
    "start_date_gmp_patient_registration",
)
"""What tells one row of the list without a usable number from another. Not the address: people move."""
TELLS_PEOPLE_APART = ("local_patient_identifier", "person_family_name", "person_given_name")
"""Without any of these, rows that are otherwise alike are people of their own: twins of one practice, for example."""

KEYED = f"""
    CREATE OR REPLACE TEMP TABLE identity_keyed AS
    SELECT s.contract, s.file_id, s.source_row, s.linked_by, s.born,
        CASE
            WHEN s.linked_by IN {BY_NUMBER} THEN '{NUMBER_SCHEME}'
            WHEN s.linked_by = 'source_pseudonym' THEN '{PSEUDONYM_SCHEME}' || f.namespace
            WHEN s.linked_by = 'register_row' THEN '{ROW_SCHEME}'
        END AS scheme,
        CASE
            WHEN s.linked_by IN {BY_NUMBER} THEN CAST(s.number AS VARCHAR)
            WHEN s.linked_by = 'source_pseudonym' THEN s.pseudonym
            WHEN s.linked_by = 'register_row' THEN w.value
        END AS value
    FROM identity_status s
    JOIN identity_file f ON f.file_id = s.file_id
    LEFT JOIN list_row w ON s.linked_by = 'register_row' AND w.file_id = s.file_id AND w.source_row = s.source_row
"""
KEYS = "CREATE OR REPLACE TEMP TABLE identity_key AS SELECT DISTINCT scheme, value FROM identity_keyed WHERE value IS NOT NULL"
LINK = """
    CREATE OR REPLACE TEMP TABLE link AS
    SELECT k.contract, k.file_id, k.source_row, p.person_id, k.linked_by, k.born
    FROM identity_keyed k LEFT JOIN identity_person p ON p.scheme = k.scheme AND p.value = k.value
"""
LANDED_PERSON = f"""
    CREATE OR REPLACE TEMP TABLE landed_person AS
    WITH months AS (
        SELECT person_id, contract = '{LIST}' AS listed, CAST(date_trunc('month', born) AS DATE) AS birth_month, count(*) AS given
        FROM link WHERE person_id IS NOT NULL AND born IS NOT NULL GROUP BY ALL
    ),
    best AS (
        SELECT person_id, birth_month FROM months
        QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY listed DESC, given DESC, birth_month) = 1
    ),
    people AS (
        SELECT person_id, min(list_position({list(LINKED_BY)}, linked_by)) AS strength
        FROM link WHERE person_id IS NOT NULL GROUP BY person_id
    )
    SELECT p.person_id, b.birth_month, {list(LINKED_BY)}[p.strength] AS linked_by
    FROM people p LEFT JOIN best b ON b.person_id = p.person_id
"""


def link(staged: Staged, entry: RegisterLanding, *, invented: bool) -> list[Finding]:
    """What was found; the temp tables `link` (contract, file_id, source_row, person_id, linked_by, born) and `landed_person` are made.

    `link` has one row for each staged row, and never holds a person without a `linked_by` that says how it was found.
    The register learns of new people, and of identifiers that it didn't have.
    """
    con = staged.con
    read_numbers(staged)
    findings = reject_numbers_out_of_place(staged, invented=invented) + refuse_files_mostly_rejected(staged)
    findings += verify(staged)
    con.execute(_list_rows_sql(staged.columns.get(LIST)))
    con.execute(KEYED)
    con.execute(KEYS)
    mint(con, entry)
    con.execute(LINK)
    con.execute(LANDED_PERSON)
    for contract in staged.columns:
        _keep_identifiers(staged, entry, contract)
    return findings


def _list_rows_sql(columns: frozenset[str] | None) -> str:
    """The statement that makes `list_row`: rows of the list without a usable number, and what each is known by.

    Rows that are alike are one person where a name or local identifier is given, else numbered: by all that they say, which doesn't
    depend on the order of files, and by their row where they say the same.
    """
    if columns is None:
        return "CREATE OR REPLACE TEMP TABLE list_row(file_id INTEGER, source_row BIGINT, value VARCHAR)"
    parts = [f"coalesce(upper(trim(CAST(s.{name} AS VARCHAR))), '')" for name in ROW_IS_KNOWN_BY if name in columns]
    apart = " OR ".join(f"s.{name} IS NOT NULL" for name in TELLS_PEOPLE_APART if name in columns) or "false"
    rest = ", ".join(f"s.{name}" for name in sorted(columns - {"file_id", "source_row"}))
    number = "CASE WHEN apart THEN 1 ELSE row_number() OVER (PARTITION BY alike, apart ORDER BY rest, file_id, source_row) END"
    return f"""
        CREATE OR REPLACE TEMP TABLE list_row AS
        WITH rows AS (
            SELECT s.file_id, s.source_row, {joined_sql(*parts)} AS alike, {apart} AS apart, row({rest}) AS rest
            FROM staged_{LIST} s
            JOIN identity_status t ON t.contract = '{LIST}' AND t.file_id = s.file_id AND t.source_row = s.source_row
            WHERE t.linked_by = 'register_row'
        )
        SELECT file_id, source_row, {joined_sql("alike", number)} AS value FROM rows
    """


def _keep_identifiers(staged: Staged, entry: RegisterLanding, contract: str) -> None:
    """Nothing; the register has every version of the identifiers that this contract's rows give of linked people."""
    con = staged.con
    names = [field.landed for field in contracts()[contract].identifiers if field.landed in staged.columns[contract]]
    kept = entry.identifiers(contract)
    known = ""
    if kept is not None:
        con.register("kept_identifiers", kept)
        columns = [f"k.{name}" if name in kept.column_names else "NULL" for name in ("person_id", *names)]
        known = f"EXCEPT SELECT {', '.join(columns)} FROM kept_identifiers k"
    new = con.sql(f"""
        SELECT DISTINCT l.person_id, {", ".join(f"s.{name}" for name in names)}
        FROM staged_{contract} s JOIN link l ON l.contract = '{contract}' AND l.file_id = s.file_id AND l.source_row = s.source_row
        WHERE l.person_id IS NOT NULL {known}
    """).to_arrow_table()
    entry.add_identifiers(contract, new.sort_by("person_id"))
    if kept is not None:
        con.unregister("kept_identifiers")

"""Linking: every staged row gets one status and, where it could be linked, one person."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

from joinedup.findings import Finding
from joinedup.identity.crosswalk import PSEUDONYM_SCHEME, read_crosswalk, tell_crosswalk
from joinedup.identity.doubles import find_doubles
from joinedup.identity.erased import leave_out_erased
from joinedup.identity.identifiers import keep_identifiers
from joinedup.identity.inheriting import NUMBER_SCHEME
from joinedup.identity.list_rows import know_list_rows
from joinedup.identity.matching import match, prepare
from joinedup.identity.minting import mint
from joinedup.identity.numbers import read_numbers, refuse_files_mostly_rejected, reject_numbers_out_of_place
from joinedup.identity.staged import Staged
from joinedup.identity.superseded import follow_superseded
from joinedup.identity.verifying import BELIEVED, BY_NUMBER, LINKED_BY, LIST, MATCHED, claimed_rows, verify
from joinedup.kept.identity_register import RegisterLanding
from joinedup.place.model import Linking
from joinedup.progress import Progress, Step, silent

NO_MATCHING = Linking(link_at=1)

KEYED = f"""
    CREATE OR REPLACE TEMP TABLE identity_keyed AS
    SELECT c.claim, t.linked_by,
        CASE WHEN t.linked_by IN {BY_NUMBER} THEN '{NUMBER_SCHEME}'
            ELSE coalesce(w.scheme, '{PSEUDONYM_SCHEME}' || f.namespace) END AS scheme,
        CASE WHEN t.linked_by IN {BY_NUMBER} THEN CAST(c.number AS VARCHAR) ELSE coalesce(w.value, c.pseudonym) END AS value
    FROM identity_claim c JOIN identity_status t USING (claim) LEFT JOIN crosswalk_target w ON w.target = c.stands_for
    JOIN (SELECT DISTINCT source, namespace FROM identity_file) f USING (source)
    WHERE t.linked_by IN {(*BY_NUMBER, "source_pseudonym")}
"""
KEYS = """
    CREATE OR REPLACE TEMP TABLE identity_key AS
    SELECT DISTINCT scheme, value FROM identity_keyed
"""
LINKED = """
    CREATE OR REPLACE TEMP TABLE identity_linked AS
    SELECT c.*, t.linked_by, p.person_id
    FROM identity_claim c JOIN identity_status t USING (claim)
    LEFT JOIN identity_keyed k USING (claim) LEFT JOIN identity_person p ON p.scheme = k.scheme AND p.value = k.value
"""
LANDED_PERSON = f"""
    CREATE OR REPLACE TEMP TABLE landed_person AS
    WITH every AS (
        SELECT person_id, contract, CASE WHEN contract NOT IN {BELIEVED} OR linked_by = 'nhs_number' THEN born END AS born,
            linked_by, row_count
        FROM identity_linked WHERE person_id IS NOT NULL
        UNION ALL
        SELECT w.person_id, c.contract, c.born, c.linked_by, 1 FROM list_person w JOIN identity_linked c USING (claim)
        UNION ALL
        SELECT person_id, contract, born, linked_by, 1 FROM matched_row
    ),
    months AS (
        SELECT person_id, contract = '{LIST}' AS listed, linked_by IN {MATCHED} AS matched,
            CAST(date_trunc('month', born) AS DATE) AS birth_month, sum(row_count) AS given
        FROM every WHERE born IS NOT NULL GROUP BY ALL
    ),
    best AS (
        SELECT person_id, birth_month FROM months
        QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY matched, listed DESC, given DESC, birth_month) = 1
    ),
    people AS (SELECT person_id, min(list_position({list(LINKED_BY)}, linked_by)) AS strength FROM every GROUP BY person_id)
    SELECT p.person_id, b.birth_month, {list(LINKED_BY)}[p.strength] AS linked_by
    FROM people p LEFT JOIN best b ON b.person_id = p.person_id
"""


def link(
    staged: Staged, entry: RegisterLanding, progress: Progress = silent, *, invented: bool, linking: Linking = NO_MATCHING
) -> list[Finding]:
    """What was found; the temp table `landed_person` and a view linked_<contract> for each contract are made.

    A view has one row for each staged row, with its columns, person_id, linked_by and born, and never a person without a
    `linked_by` that says how it was found; the view `link` has contract, file_id, source_row and those three of all of them.
    The register learns of new people, and of identifiers that it didn't have.
    """
    con, began = staged.con, perf_counter()
    read_numbers(staged)
    findings = reject_numbers_out_of_place(staged, invented=invented) + refuse_files_mostly_rejected(staged)
    findings += follow_superseded(staged) + read_crosswalk(staged) + verify(staged)
    con.execute(KEYED)
    con.execute(KEYS)
    mint(con, entry)
    tell_crosswalk(staged, entry)
    con.execute(LINKED)
    know_list_rows(staged, entry)
    prepare(con)
    for statement in _views(staged):
        con.execute(statement)
    progress(Step("number", "rows by number", 1, 1, perf_counter() - began))
    began = perf_counter()
    findings += find_doubles(staged, entry, ask=not linking.off)
    findings += match(staged, entry, linking)
    progress(Step("match", "records by probability", 1, 1, perf_counter() - began))
    findings += leave_out_erased(staged, entry)
    con.execute(LANDED_PERSON)
    for contract in staged.columns:
        keep_identifiers(staged, entry, contract)
    return findings


def _views(staged: Staged) -> Iterator[str]:
    """The statements that make linked_<contract> and `link`."""
    for contract in staged.columns:
        person = "c.person_id"
        rows = claimed_rows(staged, contract, "identity_linked")
        if contract == LIST:
            rows += "LEFT JOIN list_person w ON w.file_id = s.file_id AND w.source_row = s.source_row"
            person = "coalesce(c.person_id, w.person_id)"
        matched = f"(FROM matched_row WHERE contract = '{contract}')"
        rows += f" LEFT JOIN {matched} r ON r.file_id = s.file_id AND r.source_row = s.source_row"
        linked = f"coalesce({person}, r.person_id) AS person_id, coalesce(r.linked_by, c.linked_by) AS linked_by"
        yield f"CREATE OR REPLACE TEMP VIEW linked_{contract} AS SELECT s.*, {linked}, c.born FROM {rows}"
    which = "file_id, source_row, person_id, linked_by, born"
    every = " UNION ALL ".join(f"SELECT '{contract}' AS contract, {which} FROM linked_{contract}" for contract in staged.columns)
    yield f"CREATE OR REPLACE TEMP VIEW link AS {every}"

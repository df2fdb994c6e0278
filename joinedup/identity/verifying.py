"""Which rows an NHS number decides: valid, and the date of birth agrees with another source's.

The registration list decides where it has the number. Where it doesn't, the date that most sources give does, if at
least two agree. Sex is no evidence. Where the list itself gives two dates of birth for one number, neither is
believed: its rows become people of their own, and others' rows with that number are linked to nobody.
"""

from __future__ import annotations

from joinedup.findings import Finding
from joinedup.identity.staged import RowRule, Staged, row_findings

LIST = "register"
TRACED = "01"  # NHS_NUMBER_STATUS_INDICATOR_CODE: number present and verified (NHS Data Dictionary)
EARLIEST_BIRTH = "DATE '1850-01-01'"  # HES writes a missing month of birth as one of 1800, 1801 or 1802
MONTH_OF_BIRTH = """
    CASE WHEN regexp_full_match(mydob, '[0-9]{5,6}')
    THEN TRY_CAST(right(mydob, 4) || '-' || left(lpad(mydob, 6, '0'), 2) || '-01' AS DATE) END"""

BY_NUMBER = ("nhs_number", "nhs_number_traced", "nhs_number_alone")
LINKED_BY = (*BY_NUMBER, "source_pseudonym", "register_row")
"""How a row's person was found, the strongest first."""
NOT_LINKED_BY = ("birth_date_disagrees", "no_birth_date", "invalid_number", "no_number")
"""Why a row has no person."""

LISTED = f"""
    CREATE OR REPLACE TEMP TABLE listed AS
    SELECT number, min(born) AS born, count(DISTINCT born) > 1 AS disputed
    FROM identity_row WHERE contract = '{LIST}' AND number IS NOT NULL AND born IS NOT NULL GROUP BY number
"""

CLAIMED = """
    CREATE OR REPLACE TEMP TABLE claimed AS
    SELECT DISTINCT r.number, f.source, r.born, r.exact
    FROM identity_row r JOIN identity_file f ON f.file_id = r.file_id
    WHERE r.number IS NOT NULL AND r.born IS NOT NULL AND NOT EXISTS (SELECT 1 FROM listed l WHERE l.number = r.number)
"""

REFERENCE = """
    CREATE OR REPLACE TEMP TABLE reference AS
    WITH dates AS (SELECT DISTINCT number, born, exact FROM claimed),
    candidates AS (
        SELECT * FROM dates d
        WHERE exact OR NOT EXISTS (
            SELECT 1 FROM dates e WHERE e.number = d.number AND e.exact AND date_trunc('month', e.born) = d.born
        )
    ),
    supported AS (
        SELECT c.number, c.born, c.exact, count(DISTINCT s.source) AS sources
        FROM candidates c
        JOIN claimed s ON s.number = c.number
            AND CASE WHEN s.exact AND c.exact THEN s.born = c.born ELSE date_trunc('month', s.born) = date_trunc('month', c.born) END
        GROUP BY c.number, c.born, c.exact
    ),
    best AS (SELECT number, max(sources) AS sources FROM supported GROUP BY number),
    chosen AS (
        SELECT b.number, min(s.born) AS born, bool_and(s.exact) AS exact, b.sources > 1 AS confirmed,
            count(*) > 1 AS disputed
        FROM best b JOIN supported s ON s.number = b.number AND s.sources = b.sources
        GROUP BY b.number, b.sources
    )
    SELECT number, born, exact, confirmed, disputed FROM chosen
    UNION ALL
    SELECT number, born, true, true, disputed FROM listed
"""

STATUS = f"""
    CREATE OR REPLACE TEMP TABLE identity_status AS
    SELECT r.contract, r.file_id, r.source_row, r.number, r.pseudonym, r.born, CASE
        WHEN r.number IS NULL AND r.pseudonym IS NOT NULL THEN 'source_pseudonym'
        WHEN r.contract = '{LIST}' AND (r.number IS NULL OR f.disputed OR (r.born IS NULL AND NOT r.traced)) THEN 'register_row'
        WHEN r.number IS NULL AND r.given THEN 'invalid_number'
        WHEN r.number IS NULL THEN 'no_number'
        WHEN f.disputed THEN 'birth_date_disagrees'
        WHEN r.born IS NULL AND r.traced THEN 'nhs_number_traced'
        WHEN r.born IS NULL THEN 'no_birth_date'
        WHEN CASE WHEN r.exact AND f.exact THEN r.born = f.born ELSE date_trunc('month', r.born) = date_trunc('month', f.born) END
            THEN CASE WHEN f.confirmed THEN 'nhs_number' ELSE 'nhs_number_alone' END
        ELSE 'birth_date_disagrees'
    END AS linked_by
    FROM identity_row r LEFT JOIN reference f ON f.number = r.number
"""

DISPUTED = RowRule(
    "birth-dates-differ-on-the-list",
    "the registration list gives several dates of birth for one NHS number; none is believed, each row counts as a person of its own "
    "and is linked to nothing: ask who keeps the list which is right",
    "population, every link of these people",
)
UNPROVEN = RowRule(
    "no-birth-date-on-the-list",
    "an NHS number without a date of birth, so that nothing can be linked to it; send dates of birth or, if these numbers were traced, "
    "say so in sources.yml (constants: NHS_NUMBER_STATUS_INDICATOR_CODE: '01')",
    "age, every link of these people",
)
DISAGREES = RowRule(
    "birth-date-disagrees",
    "another date of birth than the registration list (or, for someone who isn't registered, other sources) has for this NHS number; "
    "kept and linked to nobody, for the number is probably another person's: correct it at the source",
    "activity by person",
)
NO_BIRTH_DATE = RowRule(
    "no-birth-date",
    "an NHS number without a date of birth or word that it was traced; kept and linked to nobody: send dates of birth or "
    "NHS_NUMBER_STATUS_INDICATOR_CODE",
    "activity by person",
)


def verify(staged: Staged) -> list[Finding]:
    """What was found about numbers and dates of birth; the temp table `identity_status` then says for each row how it is linked.

    Before it the numbers are read.
    """
    con = staged.con
    con.execute("CREATE OR REPLACE TEMP TABLE identity_file(file_id INTEGER, source VARCHAR, namespace VARCHAR)")
    con.executemany("INSERT INTO identity_file VALUES (?, ?, ?)", [(file.file_id, file.source, file.namespace) for file in staged.files])
    parts = [_rows_sql(contract, columns) for contract, columns in staged.columns.items()]
    con.execute(f"CREATE OR REPLACE TEMP TABLE identity_row AS {' UNION ALL '.join(parts)}")
    for statement in (LISTED, CLAIMED, REFERENCE, STATUS):
        con.execute(statement)
    return _findings(staged)


def _rows_sql(contract: str, columns: frozenset[str]) -> str:
    """The part of identity_row that one contract gives: what its rows say about who they are, as far as linking asks."""

    def given(name: str, expression: str, kind: str = "VARCHAR") -> str:
        return expression if name in columns else f"CAST(NULL AS {kind})"

    day, month = given("person_birth_date", "s.person_birth_date", "DATE"), given("mydob", MONTH_OF_BIRTH, "DATE")
    number, status = given("nhs_number", "s.nhs_number"), given("nhs_number_status_indicator_code", "s.nhs_number_status_indicator_code")
    return f"""
        SELECT '{contract}' AS contract, s.file_id, s.source_row, n.number, {number} IS NOT NULL AS given,
            {given("source_pseudonym", "nullif(trim(s.source_pseudonym), '')")} AS pseudonym,
            coalesce({day}, CASE WHEN {month} >= {EARLIEST_BIRTH} THEN {month} END) AS born, {day} IS NOT NULL AS exact,
            coalesce({status} = '{TRACED}', false) AS traced
        FROM staged_{contract} s LEFT JOIN nhs_number n ON n.given = {number}
    """


def _findings(staged: Staged) -> list[Finding]:
    rows = "SELECT file_id, source_row FROM identity_status WHERE"
    disputed = f"contract = '{LIST}' AND number IN (SELECT number FROM listed WHERE disputed)"
    unproven = f"contract = '{LIST}' AND number IS NOT NULL AND born IS NULL AND linked_by = 'register_row'"
    return [
        *row_findings(staged, DISPUTED, f"{rows} {disputed}"),
        *row_findings(staged, UNPROVEN, f"{rows} {unproven}"),
        *row_findings(staged, DISAGREES, f"{rows} linked_by = 'birth_date_disagrees'"),
        *row_findings(staged, NO_BIRTH_DATE, f"{rows} linked_by = 'no_birth_date'"),
    ]

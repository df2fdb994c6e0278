"""Which rows an NHS number decides: valid, and the date of birth agrees with another source's.

The registration list decides where it has the number. Where it doesn't, the date that most partners send does, if at
least two agree: what several extracts of one partner say is one partner's word. Sex is no evidence. Where the list itself
gives two dates of birth for one number, neither is believed: its rows become people of their own, and others' rows with that
number are linked to nobody.

Rows of a source that say the same of who they are about make one claim; what is worked out is worked out for claims.
"""

from __future__ import annotations

from joinedup.findings import Finding, Severity
from joinedup.identity.staged import RowRule, Staged, row_findings
from joinedup.sources.birth_dates import is_default_sql

LIST = "register"
OBJECTIONS = "opt_out"
PROTECTED = "protected_person"
BELIEVED = (OBJECTIONS, PROTECTED)
"""Who objects or is protected is believed by the number, whatever the date of birth: national lists give none; in doubt it holds."""
TRACED = "01"  # NHS_NUMBER_STATUS_INDICATOR_CODE: number present and verified (NHS Data Dictionary)
MONTH_OF_BIRTH = """
    CASE WHEN regexp_full_match(mydob, '[0-9]{5,6}')
    THEN TRY_CAST(right(mydob, 4) || '-' || left(lpad(mydob, 6, '0'), 2) || '-01' AS DATE) END"""

SAID = {
    "nhs_number": "VARCHAR",
    "source_pseudonym": "VARCHAR",
    "person_birth_date": "DATE",
    "mydob": "VARCHAR",
    "nhs_number_status_indicator_code": "VARCHAR",
    "stands_for": "INTEGER",
}
"""The columns of a staged table by which linking goes, where it has them."""

BY_NUMBER = ("nhs_number", "nhs_number_traced", "nhs_number_alone")
LINKED_BY = (*BY_NUMBER, "source_pseudonym", "register_row", "confirmed", "probability")
"""How a row's person was found, the strongest first; by probability for counting only."""
MATCHED = ("confirmed", "probability")
"""How rows are linked that may be parted again. What they say of who they are isn't kept as the person's."""
MOST_BIRTH_DATES = 10
"""Of one pseudonym, mistyped ones among them; ours, 2026."""
NOT_LINKED_BY = ("birth_date_disagrees", "no_birth_date", "invalid_number", "no_number")
"""Why a row has no person."""

CLAIM = f"""
    CREATE OR REPLACE TEMP TABLE identity_claim AS
    SELECT row_number() OVER () AS claim, contract, source, {", ".join(SAID)}, n.number, nhs_number IS NOT NULL AS given,
        nullif(trim(source_pseudonym), '') AS pseudonym, false AS of_many,
        coalesce(birth, CASE WHEN NOT {is_default_sql("month")} THEN month END) AS born, birth IS NOT NULL AS exact,
        coalesce(nhs_number_status_indicator_code = '{TRACED}', false) AS traced, row_count, listed_to
    FROM (
        SELECT *, {MONTH_OF_BIRTH} AS month, CASE WHEN NOT {is_default_sql("person_birth_date")} THEN person_birth_date END AS birth
        FROM identity_said
    ) LEFT JOIN nhs_number n ON n.given = nhs_number
"""

OF_MANY = f"""
    UPDATE identity_claim SET pseudonym = NULL, of_many = true FROM (
        SELECT f.namespace, c.pseudonym FROM identity_claim c JOIN (SELECT DISTINCT source, namespace FROM identity_file) f USING (source)
        WHERE c.pseudonym IS NOT NULL AND c.number IS NULL GROUP BY ALL HAVING count(DISTINCT c.born) > {MOST_BIRTH_DATES}
    ) m JOIN (SELECT DISTINCT source, namespace FROM identity_file) f USING (namespace)
    WHERE identity_claim.source = f.source AND identity_claim.pseudonym = m.pseudonym AND identity_claim.number IS NULL
"""
"""A pseudonym of more people than one is none: what stands where no pseudonym was known."""

LISTED = f"""
    CREATE OR REPLACE TEMP TABLE listed AS
    SELECT number, min(born) AS born, count(DISTINCT born) > 1 AS disputed
    FROM (
        FROM identity_claim WHERE contract = '{LIST}' AND number IS NOT NULL AND born IS NOT NULL
        QUALIFY listed_to = max(listed_to) OVER (PARTITION BY number)
    )
    GROUP BY number
"""

CLAIMED = """
    CREATE OR REPLACE TEMP TABLE claimed AS
    SELECT DISTINCT c.number, f.sender, c.born, c.exact
    FROM identity_claim c JOIN (SELECT DISTINCT source, sender FROM identity_file) f USING (source)
    WHERE c.number IS NOT NULL AND c.born IS NOT NULL AND NOT EXISTS (SELECT 1 FROM listed l WHERE l.number = c.number)
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
        SELECT c.number, c.born, c.exact, count(DISTINCT s.sender) AS senders
        FROM candidates c
        JOIN claimed s ON s.number = c.number
            AND CASE WHEN s.exact AND c.exact THEN s.born = c.born ELSE date_trunc('month', s.born) = date_trunc('month', c.born) END
        GROUP BY c.number, c.born, c.exact
    ),
    best AS (SELECT number, max(senders) AS senders FROM supported GROUP BY number),
    chosen AS (
        SELECT b.number, min(s.born) AS born, bool_and(s.exact) AS exact, b.senders > 1 AS confirmed,
            count(*) > 1 AS disputed
        FROM best b JOIN supported s ON s.number = b.number AND s.senders = b.senders
        GROUP BY b.number, b.senders
    )
    SELECT number, born, exact, confirmed, disputed FROM chosen
    UNION ALL
    SELECT number, born, true, true, disputed FROM listed
"""

SAME_DATE = "CASE WHEN c.exact AND f.exact THEN c.born = f.born ELSE date_trunc('month', c.born) = date_trunc('month', f.born) END"

STATUS = f"""
    CREATE OR REPLACE TEMP TABLE identity_status AS
    SELECT c.claim, CASE
        WHEN c.number IS NULL AND c.pseudonym IS NOT NULL AND (f.disputed OR c.born IS NOT NULL AND NOT ({SAME_DATE}))
            THEN 'birth_date_disagrees'
        WHEN c.number IS NULL AND c.pseudonym IS NOT NULL THEN 'source_pseudonym'
        WHEN c.contract = '{LIST}' AND (c.number IS NULL OR f.disputed OR (c.born IS NULL AND NOT c.traced)) THEN 'register_row'
        WHEN c.number IS NULL AND c.given THEN 'invalid_number'
        WHEN c.number IS NULL THEN 'no_number'
        WHEN c.contract IN {BELIEVED} AND (f.disputed OR c.born IS NOT NULL AND NOT ({SAME_DATE})) THEN 'nhs_number_alone'
        WHEN f.disputed THEN 'birth_date_disagrees'
        WHEN c.born IS NULL AND c.traced THEN 'nhs_number_traced'
        WHEN c.born IS NULL AND c.contract IN {BELIEVED} THEN 'nhs_number_alone'
        WHEN c.born IS NULL THEN 'no_birth_date'
        WHEN {SAME_DATE}
            THEN CASE WHEN f.confirmed THEN 'nhs_number' ELSE 'nhs_number_alone' END
        ELSE 'birth_date_disagrees'
    END AS linked_by
    FROM identity_claim c LEFT JOIN crosswalk_target t ON t.target = c.stands_for
    LEFT JOIN reference f ON f.number = coalesce(c.number, t.number)
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
OBJECTION_IN_DOUBT = RowRule(
    "objection-in-doubt",
    "an objection whose date of birth isn't the one that other sources have for its NHS number, or whose number has several on the list; "
    "in doubt somebody objects, so it holds for who has the number: if the number is mistyped, another person's data is held back and that "
    "of whoever objected is used. Correct it at the source",
    "whose rows may be used",
)
OBJECTION_OF_NOBODY = RowRule(
    "objection-of-nobody",
    "an objection without a usable NHS number is linked to nobody, so nobody's data is held back because of it and whoever objected "
    "is still counted; ask the source for the number",
    "whose rows may be used",
)
PROTECTION_IN_DOUBT = RowRule(
    "protection-in-doubt",
    "a protected person whose date of birth isn't the one that other sources have for the NHS number, or whose number has several on the "
    "list; in doubt it holds for who has the number: if the number is mistyped, whom it should protect isn't. Correct it at the source",
    "whose address and practice are withheld",
)
PROTECTION_OF_NOBODY = RowRule(
    "protection-of-nobody",
    "a protected person without a usable NHS number is linked to nobody, so nothing is withheld because of it; ask the source for "
    "the number",
    "whose address and practice are withheld",
    Severity.ERROR,
)
PSEUDONYM_OF_MANY = RowRule(
    "pseudonym-of-many",
    f"a pseudonym that comes with more than {MOST_BIRTH_DATES} dates of birth, so that it stands for nobody; kept and linked to nobody: "
    "ask the source what it writes where it knows no pseudonym, and to leave it empty there",
    "activity by person",
)
NO_BIRTH_DATE = RowRule(
    "no-birth-date",
    "an NHS number without a date of birth or word that it was traced; kept and linked to nobody: send dates of birth or "
    "NHS_NUMBER_STATUS_INDICATOR_CODE",
    "activity by person",
)


def verify(staged: Staged) -> list[Finding]:
    """What was found about numbers and dates of birth; the temp tables `identity_claim` and `identity_status` are made.

    `identity_claim` has each thing that a source's rows of a contract say about who they are, once, with `row_count`;
    `identity_status` how each claim is linked. `claimed_rows` brings rows and claims together. Before it numbers and crosswalk are read.
    """
    con = staged.con
    parts = [_said_sql(contract, columns) for contract, columns in staged.columns.items()]
    con.execute(f"CREATE OR REPLACE TEMP TABLE identity_said AS {' UNION ALL '.join(parts)}")
    for statement in (CLAIM, "DROP TABLE identity_said", OF_MANY, LISTED, CLAIMED, REFERENCE, STATUS):
        con.execute(statement)
    return _findings(staged)


def _said_sql(contract: str, columns: frozenset[str]) -> str:
    """What the rows of one contract say about who they are, as far as linking asks: each thing once for each source."""
    said = ", ".join(f"s.{name}" if name in columns else f"CAST(NULL AS {kind}) AS {name}" for name, kind in SAID.items())
    last = "coalesce(s.listed_to, DATE '9999-12-31')" if "listed_to" in columns else "DATE '9999-12-31'"
    return f"""
        SELECT '{contract}' AS contract, f.source, {said}, count(*) AS row_count, max({last}) AS listed_to
        FROM staged_{contract} s JOIN identity_file f USING (file_id) GROUP BY ALL
    """


def claimed_rows(staged: Staged, contract: str, claims: str) -> str:
    """FROM and ON: the rows `s` of a contract beside their claims `c`, out of the query or table `claims`."""
    counts = ", ".join(f"count({name})" for name in SAID)
    [said] = staged.con.execute(f"SELECT {counts} FROM identity_claim WHERE contract = '{contract}'").fetchall()
    same = " AND ".join(f"c.{name} IS NOT DISTINCT FROM s.{name}" for name, given in zip(SAID, said, strict=True) if given) or "true"
    return f"""
        staged_{contract} s JOIN identity_file f USING (file_id)
        JOIN (FROM {claims} WHERE contract = '{contract}') c ON c.source = f.source AND {same}
    """


def _findings(staged: Staged) -> list[Finding]:
    disputed = f"contract = '{LIST}' AND number IN (SELECT number FROM listed WHERE disputed)"
    unproven = f"contract = '{LIST}' AND number IS NOT NULL AND born IS NULL AND linked_by = 'register_row'"
    doubted = f"""linked_by = 'nhs_number_alone' AND EXISTS (
        SELECT 1 FROM reference f JOIN (SELECT identity_claim.born, identity_claim.exact) c ON f.number = identity_claim.number
        WHERE f.disputed OR c.born IS NOT NULL AND NOT ({SAME_DATE})
    )"""
    nobody = "linked_by IN ('invalid_number', 'no_number')"
    return [
        *row_findings(staged, DISPUTED, _rows_where(staged, disputed)),
        *row_findings(staged, UNPROVEN, _rows_where(staged, unproven)),
        *row_findings(staged, DISAGREES, _rows_where(staged, "linked_by = 'birth_date_disagrees'")),
        *row_findings(staged, OBJECTION_IN_DOUBT, _rows_where(staged, f"contract = '{OBJECTIONS}' AND {doubted}")),
        *row_findings(staged, OBJECTION_OF_NOBODY, _rows_where(staged, f"contract = '{OBJECTIONS}' AND {nobody}")),
        *row_findings(staged, PROTECTION_IN_DOUBT, _rows_where(staged, f"contract = '{PROTECTED}' AND {doubted}")),
        *row_findings(staged, PROTECTION_OF_NOBODY, _rows_where(staged, f"contract = '{PROTECTED}' AND {nobody}")),
        *row_findings(staged, PSEUDONYM_OF_MANY, _rows_where(staged, "of_many")),
        *row_findings(staged, NO_BIRTH_DATE, _rows_where(staged, "linked_by = 'no_birth_date'")),
    ]


def _rows_where(staged: Staged, when: str) -> str:
    """A query of the rows whose claim is such."""
    con = staged.con
    con.execute(f"CREATE OR REPLACE TEMP TABLE claim_found AS FROM identity_claim JOIN identity_status USING (claim) WHERE {when}")
    concerned = con.execute("SELECT DISTINCT contract FROM claim_found ORDER BY contract").fetchall()
    nothing = "SELECT CAST(NULL AS INTEGER) AS file_id, CAST(NULL AS BIGINT) AS source_row WHERE false"
    rows = [f"SELECT s.file_id, s.source_row FROM {claimed_rows(staged, contract, 'claim_found')}" for (contract,) in concerned]
    return " UNION ALL ".join([nothing, *rows])

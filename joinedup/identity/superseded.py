"""NHS numbers that others have replaced: rows that bring one are read as bringing the number in use.

Only what cannot make two people one is followed: not a number that several are said to replace, nor one that comes round to
itself, nor one that the registration list still has with another date of birth than the number in use.
"""

from __future__ import annotations

from joinedup.findings import Finding
from joinedup.identity.staged import RowRule, Staged, row_findings

CONTRACT = "superseded_number"
LIST = "register"
MOST_STEPS = 20  # replacements of one number after another; whoever has more goes round in a circle

SEVERAL = RowRule(
    "superseded-by-several",
    "a number that several others are said to replace; none of them is followed: ask which is right",
    "every link of these people",
)
CIRCLE = RowRule(
    "superseded-in-a-circle",
    "a number that comes round to itself through those that replaced it; it is not followed: ask which number is in use",
    "every link of these people",
)
IN_USE = RowRule(
    "superseded-and-in-use",
    "a superseded number that the registration list still has, with another date of birth than the number that replaced it; it is not "
    "followed, for two people would be made one: ask who keeps the list which is right",
    "every link of these people",
)

SAID = f"""
    CREATE OR REPLACE TEMP TABLE superseded_said AS
    SELECT s.file_id, s.source_row, o.number AS old, n.number AS new
    FROM staged_{CONTRACT} s
    JOIN nhs_number o ON o.given = s.superseded_nhs_number JOIN nhs_number n ON n.given = s.nhs_number
    WHERE o.number IS NOT NULL AND n.number IS NOT NULL AND o.number <> n.number
"""
PAIRS = """
    CREATE OR REPLACE TEMP TABLE superseded_pair AS
    SELECT old, min(new) AS new FROM superseded_said GROUP BY old HAVING count(DISTINCT new) = 1
"""
FOLLOWED = f"""
    CREATE OR REPLACE TEMP TABLE superseded_by AS
    WITH RECURSIVE chain(old, number, steps) AS (
        SELECT old, new, 1 FROM superseded_pair
        UNION ALL
        SELECT c.old, p.new, c.steps + 1 FROM chain c JOIN superseded_pair p ON p.old = c.number WHERE c.steps < {MOST_STEPS}
    )
    SELECT old, number, steps FROM chain WHERE NOT EXISTS (SELECT 1 FROM superseded_pair p WHERE p.old = chain.number)
"""
BORN = f"""
    CREATE OR REPLACE TEMP TABLE superseded_born AS
    SELECT n.number, s.person_birth_date AS born FROM staged_{LIST} s JOIN nhs_number n ON n.given = s.nhs_number
    WHERE n.number IN (SELECT old FROM superseded_by UNION SELECT number FROM superseded_by) AND s.person_birth_date IS NOT NULL
"""
CONTESTED = """
    CREATE OR REPLACE TEMP TABLE superseded_contested AS
    SELECT DISTINCT s.old FROM superseded_by s
    JOIN superseded_born old ON old.number = s.old JOIN superseded_born new ON new.number = s.number
    WHERE old.born <> new.born
"""
NO_FORMER = "CREATE OR REPLACE TEMP TABLE identity_former (value VARCHAR, former VARCHAR, steps INTEGER)"


def follow_superseded(staged: Staged) -> list[Finding]:
    """What was found; in `nhs_number` each superseded number has become the one in use.

    The temp table `identity_former` (value, former, steps) tells what each number in use replaced. Before it the numbers are read.
    """
    con = staged.con
    con.execute(NO_FORMER)
    if CONTRACT not in staged.columns:
        return []
    for statement in (SAID, PAIRS, FOLLOWED):
        con.execute(statement)
    rows = "SELECT file_id, source_row FROM superseded_said WHERE"
    findings = [
        *row_findings(staged, SEVERAL, f"{rows} old NOT IN (SELECT old FROM superseded_pair)"),
        *row_findings(staged, CIRCLE, f"{rows} old IN (SELECT old FROM superseded_pair) AND old NOT IN (SELECT old FROM superseded_by)"),
    ]
    if LIST in staged.columns:
        con.execute(BORN)
        findings += _without_contested(staged, f"{rows} old IN (SELECT old FROM superseded_contested)")
    con.execute("UPDATE nhs_number SET number = s.number FROM superseded_by s WHERE nhs_number.number = s.old")
    con.execute("INSERT INTO identity_former SELECT CAST(number AS VARCHAR), CAST(old AS VARCHAR), steps FROM superseded_by")
    return findings


def _without_contested(staged: Staged, rows: str) -> list[Finding]:
    """What was found; no chain of `superseded_by` goes to or through a replacement that the list contests: it ends before it."""
    found: list[Finding] = []
    staged.con.execute(CONTESTED)
    while contested := row_findings(staged, IN_USE, rows):
        found += contested
        staged.con.execute("DELETE FROM superseded_pair WHERE old IN (SELECT old FROM superseded_contested)")
        staged.con.execute(FOLLOWED)
        staged.con.execute(CONTESTED)
    return found

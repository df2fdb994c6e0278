"""NHS numbers as they were given, and which of them can be used here."""

from __future__ import annotations

from joinedup.findings import Finding, Severity
from joinedup.identity.staged import RowRule, Staged, row_findings
from joinedup.sources.accounts import BLANK_ROW, MOST_ROWS_REJECTED, REST_REJECTED, most_rows_rejected, refused_for_rejections
from joinedup.sources.nhs_numbers import digits_sql, valid_sql
from joinedup.sources.restricted import RESTRICTED

TEST_RANGE = "number >= 9000000000"  # invented people's; never issued (NHS England, test data of the Personal Demographics Service)

NUMBERS = ("nhs_number", "superseded_nhs_number")
"""The columns of staged tables that hold NHS numbers."""

REAL_PERSON = RowRule(
    "nhs-number-of-a-real-person",
    "the NHS number doesn't begin with 9 and may be a real person's, and this place says invented: true; check what this file is",
    "the people in it",
    Severity.ERROR,
)
TEST_PERSON = RowRule(
    "nhs-number-of-a-test-patient",
    "the NHS number begins with 9, which is kept for tests, and this place holds real people; ask for an extract without test patients",
    "counts of people",
)


def read_numbers(staged: Staged) -> None:
    """Nothing; the temp table `nhs_number` then holds each number as given and, where it can be one, its ten digits as a BIGINT."""
    given = [
        f"SELECT {name} AS nhs_number FROM staged_{contract}"
        for contract, columns in staged.columns.items()
        for name in NUMBERS
        if name in columns
    ]
    nobody = "SELECT CAST(NULL AS VARCHAR) AS nhs_number WHERE false"
    staged.con.execute(f"""
        CREATE OR REPLACE TEMP TABLE nhs_number AS
        SELECT given, CASE WHEN {valid_sql("digits")} THEN CAST(digits AS BIGINT) END AS number
        FROM (
            SELECT nhs_number AS given, {digits_sql("nhs_number")} AS digits
            FROM ({" UNION ".join([*given, nobody])}) WHERE nhs_number IS NOT NULL
        )
    """)


def reject_numbers_out_of_place(staged: Staged, *, invented: bool) -> list[Finding]:
    """A finding for each file with real people's numbers in an invented place, or with test numbers in a real one.

    Such rows leave the staged tables and are rejected: a record of a real person must not be shown as an invented one's,
    and a test patient is nobody. Before it the numbers are read.
    """
    con = staged.con
    rule, wrong = (REAL_PERSON, f"NOT ({TEST_RANGE})") if invented else (TEST_PERSON, TEST_RANGE)
    con.execute(f"CREATE OR REPLACE TEMP TABLE number_out_of_place AS SELECT given FROM nhs_number WHERE {wrong}")
    findings: list[Finding] = []
    if not con.execute("SELECT count(*) FROM number_out_of_place").fetchall()[0][0]:
        return findings
    for contract, columns in staged.columns.items():
        named = [name for name in NUMBERS if name in columns]
        if named:
            wrong = " OR ".join(f"{name} IN (SELECT given FROM number_out_of_place)" for name in named)
            which = f"FROM staged_{contract} WHERE {wrong}"
            findings += row_findings(staged, rule, f"SELECT file_id, source_row {which}")
            values = {"rule": rule.name, "reason": rule.message}
            con.execute(f"INSERT INTO staged_rejected SELECT file_id, source_row, $rule, $reason {which}", values)
            con.execute(f"DELETE {which}")
    return findings


def refuse_files_mostly_rejected(staged: Staged) -> list[Finding]:
    """An error for each file of which nearly all rows are rejected by now; its other rows are rejected too."""
    con = staged.con
    of_file = f"rule NOT IN ('{RESTRICTED}', '{BLANK_ROW}')"
    rejected = dict(con.execute(f"SELECT file_id, count(*) FROM staged_rejected WHERE {of_file} GROUP BY file_id").fetchall())
    left = dict(row for name in staged.columns for row in con.execute(f"SELECT file_id, count(*) FROM staged_{name} GROUP BY 1").fetchall())
    findings = []
    for file in staged.files:
        used, not_used = left.get(file.file_id, 0), rejected.get(file.file_id, 0)
        if refused_for_rejections(used + not_used, not_used):
            in_file = f"FROM staged_{file.contract} WHERE file_id = {file.file_id}"
            findings.append(most_rows_rejected(file.file, used + not_used, not_used, file.contract))
            con.execute(f"INSERT INTO staged_rejected SELECT file_id, source_row, ?, ? {in_file}", [MOST_ROWS_REJECTED, REST_REJECTED])
            con.execute(f"DELETE {in_file}")
    return findings

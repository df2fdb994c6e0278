"""People of the registration list without a usable number who may be somebody known by number: they may count twice.

They are never joined without being asked: where birth date and names agree, or where no name is given birth date, sex, home and
practice do and nobody else's do, people are asked. What two agree on binds the next landing.
"""

from __future__ import annotations

import pyarrow as pa

from joinedup.findings import Finding
from joinedup.identity.hashing import hmac_parameters, hmac_sql, joined_sql
from joinedup.identity.records import consonants_sql, find_people, name_sql, postcode_sql
from joinedup.identity.staged import RowRule, Staged, row_findings
from joinedup.identity.verifying import BY_NUMBER, LIST
from joinedup.kept.decisions import decided
from joinedup.kept.identity_register import RegisterLanding
from joinedup.kept.merges import RECORD_SCHEME
from joinedup.kept.pairs import PAIR_SCHEMA, offer_pairs

MOST_ASKED = 3
BY_NAME, BY_HOME = 0.9, 0.5
"""How likely pairs are one, to order them by: ours, 2026; names and date of birth that agree are rarely another's."""
MAY_COUNT_TWICE = RowRule(
    "may-count-twice",
    "somebody without a usable number who agrees with a person known by number, in names and date of birth or, without a name, in all "
    "else; counted as two people until two reviewers have said whether they are one (joinedup review): ask who keeps the list for the "
    "number",
    "population, activity by person",
)

PRACTICE = "general_medical_practice_code_patient_registration"
SAID = f"""
    CREATE OR REPLACE TEMP TABLE list_double_said AS
    SELECT w.person_id AS own, c.born, {name_sql("s.person_family_name")} AS family, {name_sql("s.person_given_name")} AS given,
        {postcode_sql("s.postcode_of_usual_address")} AS postcode, upper(trim(s.lsoa_of_residence)) AS lsoa,
        upper(trim(s.{PRACTICE})) AS practice, s.person_stated_gender_code AS sex, w.file_id, w.source_row
    FROM list_person w JOIN identity_claim c USING (claim)
    JOIN staged_{LIST} s ON s.file_id = w.file_id AND s.source_row = w.source_row WHERE c.born IS NOT NULL AND w.person_id > 0
    QUALIFY row_number() OVER (
        PARTITION BY w.person_id ORDER BY s.start_date_gmp_patient_registration DESC NULLS LAST, w.file_id, w.source_row
    ) = 1
"""
_VALUE = joined_sql(
    *(f"coalesce(CAST({name} AS VARCHAR), '')" for name in ("born", "family", "given", "postcode", "lsoa", "practice", "sex"))
)
HASHED = f"""
    CREATE OR REPLACE TEMP TABLE list_double_record AS
    SELECT *, {hmac_sql(joined_sql(f"'{RECORD_SCHEME}'", "'list'", _VALUE))} AS hash FROM list_double_said
    QUALIFY count(*) OVER (PARTITION BY {_VALUE}) = 1
"""
"""Rows that say the same nobody could tell apart: of these nobody is asked."""
LISTED_ALIKE = f"""
    SELECT person_id, born, person_stated_gender_code AS sex, {postcode_sql("postcode_of_usual_address")} AS postcode,
        upper(trim(lsoa_of_residence)) AS lsoa, upper(trim({PRACTICE})) AS practice
    FROM linked_{LIST} WHERE linked_by IN {BY_NUMBER}
"""
FOUND = f"""
    CREATE OR REPLACE TEMP TABLE list_double AS
    WITH by_name AS (
        SELECT r.own, k.person_id, {BY_NAME} AS probability FROM list_double_record r JOIN known_person k
            ON k.born = r.born AND k.exact AND k.number IS NOT NULL
            AND {consonants_sql("k.family")} = {consonants_sql("r.family")} AND {consonants_sql("k.given")} = {consonants_sql("r.given")}
    ),
    by_home AS (
        SELECT r.own, l.person_id, {BY_HOME} AS probability FROM list_double_record r JOIN ({LISTED_ALIKE}) l
            ON l.born = r.born AND l.sex = r.sex AND l.practice = r.practice AND coalesce(l.postcode = r.postcode, l.lsoa = r.lsoa, false)
        WHERE r.given IS NULL AND r.family IS NULL
        GROUP BY r.own, l.person_id
        QUALIFY count(*) OVER (PARTITION BY r.own) = 1 AND count(*) OVER (PARTITION BY l.person_id) = 1
    )
    SELECT own, person_id, max(probability) AS probability FROM (FROM by_name UNION ALL FROM by_home) GROUP BY own, person_id
    QUALIFY row_number() OVER (PARTITION BY own ORDER BY max(probability) DESC, person_id) <= {MOST_ASKED}
"""
CONFIRMED = f"""
    INSERT INTO matched_row
    SELECT '{LIST}', w.file_id, w.source_row, d.person_id, 'confirmed', c.born
    FROM list_person w JOIN identity_claim c USING (claim) JOIN list_double_record r ON r.own = w.person_id
    JOIN judged_pairs d ON d.record_hash = r.hash WHERE d.same
"""


def find_doubles(staged: Staged, entry: RegisterLanding, *, ask: bool) -> list[Finding]:
    """What was found; rows of the list that two people agreed are somebody's known by number are that person's, as confirmed.

    Before it the views linked_<contract> are made and matching is prepared; with `ask` the pairs are offered to reviewers.
    """
    con = staged.con
    if LIST not in staged.columns or not con.execute("SELECT count(*) FROM list_person").fetchall()[0][0]:
        return []
    con.execute(SAID)
    con.execute(HASHED, hmac_parameters(entry.keys.pseudonym))
    con.register("judged_pairs", decided(entry))
    con.execute(CONFIRMED)
    con.execute(
        f"DELETE FROM list_person WHERE (file_id, source_row) IN (SELECT (file_id, source_row) FROM matched_row WHERE contract = '{LIST}')"
    )
    found = []
    if ask:
        find_people(staged)
        con.execute(FOUND)
        con.execute("""
            DELETE FROM list_double WHERE (own, person_id) IN (
                SELECT (r.own, d.person_id) FROM list_double_record r JOIN judged_pairs d ON d.record_hash = r.hash
            ) OR own NOT IN (SELECT person_id FROM list_person)
        """)
        offer_pairs(entry, _pairs(staged))
        doubtful = "SELECT w.file_id, w.source_row FROM list_person w WHERE w.person_id IN (SELECT own FROM list_double)"
        found = row_findings(staged, MAY_COUNT_TWICE, doubtful)
    con.unregister("judged_pairs")
    return found


def _pairs(staged: Staged) -> pa.Table:
    """The pairs that people are asked about, with what either side says."""
    pairs = staged.con.sql(f"""
        SELECT r.hash AS record_hash, '{LIST}' AS contract, d.person_id, d.probability,
            CAST(r.born AS VARCHAR) AS r_born, r.family AS r_family, r.given AS r_given, r.postcode AS r_postcode,
            k.number AS p_number, CAST(k.born AS VARCHAR) AS p_born, k.family AS p_family, k.given AS p_given, k.postcode AS p_postcode,
            f.source AS r_source
        FROM list_double d JOIN list_double_record r USING (own) JOIN known_person k ON k.person_id = d.person_id
        JOIN identity_file f USING (file_id) ORDER BY r.hash, d.person_id
    """).to_arrow_table()
    return pairs.cast(
        pa.schema([*(PAIR_SCHEMA.field(name) if name in PAIR_SCHEMA.names else pairs.field(name) for name in pairs.column_names)])
    )

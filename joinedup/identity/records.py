"""What matching compares: records that no number decides, and the people of the landing whom a number or the list decides.

A record is a set of identifiers that some rows give, once; rows of whatever source that say the same are one record. Both sides
have the same columns: what is known of somebody, where several versions are known as lists, the first of them the best.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml

from joinedup.identity.hashing import joined_sql
from joinedup.identity.staged import Staged
from joinedup.identity.verifying import BY_NUMBER, LIST, NOT_LINKED_BY, claimed_rows
from joinedup.sources.contract import contracts
from joinedup.sources.nhs_numbers import digits_sql

PRACTICE_COLUMNS = (
    "general_medical_practice_code_patient_registration",
    "practice_code_patient_registration",
    "gp_practice_code",
    "gpprac",
    "practice_code",
    "practice",
    "cost_centre_ods_code",
)
"""Where rows say which general practice someone is registered with."""
NO_NAME = (
    "UNKNOWN",
    "NOTKNOWN",
    "NK",
    "NA",
    "NONE",
    "NULL",
    "BABY",
    "BABYBOY",
    "BABYGIRL",
    "INFANT",
    "MALE",
    "FEMALE",
    "BOY",
    "GIRL",
    "TEST",
)
"""Words that stand where a name should, and tell nobody apart."""
NO_ADDRESS = "ZZ99"
"""How postcodes begin that the NHS gives to people without one: no fixed abode, abroad, not known (Organisation Data Service)."""
MOST_BIRTH_DATES = 10
"""A number that comes with more dates of birth than this stands for nobody; and so does a date that this share of records has:"""
COMMON_DATE = 0.02
LEAST_ROWS, LEAST_SHARE = 2, 0.05
"""How often someone's version of a name or postcode must have come to be compared with, unless the registration list gives it."""

COMPARED = {
    "number": "VARCHAR",
    "valid": "BOOLEAN",
    "born": "DATE",
    "exact": "BOOLEAN",
    "family": "VARCHAR",
    "given": "VARCHAR",
    "postcode": "VARCHAR",
    "practice": "VARCHAR",
    "provider": "VARCHAR",
    "local": "VARCHAR",
}
"""What one row says about who it is, as matching asks."""


def name_sql(text: str) -> str:
    """A text expression: a name in capital letters without accents, spaces and marks; NULL for words that stand for none."""
    letters = f"regexp_replace(upper(strip_accents({text})), '[^\\p{{L}}]', '', 'g')"
    return f"CASE WHEN {letters} NOT IN {('', *NO_NAME)} THEN {letters} END"


def postcode_sql(text: str) -> str:
    """A text expression: a postcode without spaces; NULL for one that the NHS gives to people without an address."""
    letters = f"regexp_replace(upper({text}), '[^A-Z0-9]', '', 'g')"
    return f"CASE WHEN length({letters}) BETWEEN 5 AND 7 AND NOT starts_with({letters}, '{NO_ADDRESS}') THEN {letters} END"


def consonants_sql(name: str) -> str:
    """A text expression: the first letter of a name and its consonants, which most spellings of one name share."""
    rest = f"regexp_replace(substr({name}, 2), '[AEIOUYHW]', '', 'g')"
    for letter in "BCDFGKLMNPRSTZ":
        rest = f"replace({rest}, '{letter}{letter}', '{letter}')"
    return f"left({name}, 1) || {rest}"


@cache
def short_forms() -> dict[str, list[str]]:
    """The names that each short form of a given name may stand for, and itself."""
    told = yaml.safe_load((files("joinedup.identity") / "short_forms.yml").read_text(encoding="utf-8"))["short_forms"]
    return {short: [*names, short] for short, names in told.items()}


def find_records(staged: Staged) -> None:
    """Nothing; the temp tables `unlinked_row` (contract, file_id, source_row, record) and `unlinked_record` are made.

    Only records with a date of birth, a name or a number, valid or not, and one thing more, are compared. A record's `value` is all
    that it says, and the same in every landing. Before it claims are verified.
    """
    con = staged.con
    con.execute(UNLINKED)
    parts = [_said_by_rows_sql(staged, contract) for contract in staged.columns]
    con.execute(f"CREATE OR REPLACE TEMP TABLE unlinked_said AS {' UNION ALL '.join(parts)}")
    con.execute(RECORDS)
    con.execute(ROWS)
    con.execute("DROP TABLE unlinked_said")


def _said_by_rows_sql(staged: Staged, contract: str) -> str:
    """What each row without a person says, made comparable."""
    said = _columns(staged, contract)
    digits = digits_sql("s.nhs_number") if "nhs_number" in staged.columns[contract] else "NULL"
    return f"""
        SELECT '{contract}' AS contract, f.sender, s.file_id, s.source_row,
            coalesce(CAST(c.number AS VARCHAR), CASE WHEN regexp_full_match({digits}, '[0-9]{{9,11}}') THEN {digits} END) AS number,
            c.number IS NOT NULL AS valid, c.born, c.exact,
            {name_sql(said["family"])} AS family, {name_sql(said["given"])} AS given, {postcode_sql(said["postcode"])} AS postcode,
            {said["practice"]} AS practice, {said["provider"]} AS provider, {said["local"]} AS local
        FROM {claimed_rows(staged, contract, "unlinked_claim")}
    """


def _columns(staged: Staged, contract: str) -> dict[str, str]:
    """For each thing that is compared, the expression that has it in the staged rows `s`; NULL where the contract has none."""
    there, spec = staged.columns[contract], contracts()[contract]
    provider = spec.landed(spec.provided_by) if spec.provided_by else ""
    practice = next((name for name in PRACTICE_COLUMNS if name in there), "")
    local = "local_patient_identifier"
    names = {"family": "person_family_name", "given": "person_given_name", "postcode": "postcode_of_usual_address"}
    found = {what: f"s.{name}" if name in there else "CAST(NULL AS VARCHAR)" for what, name in names.items()}
    codes = {"practice": practice, "provider": provider, "local": local}
    found |= {what: f"nullif(upper(trim(s.{name})), '')" if name in there else "CAST(NULL AS VARCHAR)" for what, name in codes.items()}
    if contract == LIST:
        found["provider"] = found["practice"]
    return found


UNLINKED = f"""
    CREATE OR REPLACE TEMP TABLE unlinked_claim AS
    FROM identity_claim JOIN identity_status USING (claim) WHERE linked_by IN {NOT_LINKED_BY}
"""
_VALUE = joined_sql(*(f"coalesce(CAST({name} AS VARCHAR), '')" for name in COMPARED))
RECORDS = f"""
    CREATE OR REPLACE TEMP TABLE unlinked_record AS
    WITH shared AS (
        SELECT number FROM unlinked_said WHERE number IS NOT NULL GROUP BY number HAVING count(DISTINCT born) > {MOST_BIRTH_DATES}
    ),
    common AS (
        SELECT born FROM (SELECT DISTINCT {", ".join(COMPARED)} FROM unlinked_said) WHERE born IS NOT NULL
        GROUP BY born HAVING count(*) > greatest(50, {COMMON_DATE} * (SELECT count(*) FROM unlinked_said))
    ),
    distinct_said AS (
        SELECT {", ".join(COMPARED)}, {_VALUE} AS value, count(*) AS row_count, count(DISTINCT sender) AS senders
        FROM unlinked_said GROUP BY ALL
    )
    SELECT row_number() OVER (ORDER BY value) AS record, value, row_count, senders, valid,
        CASE WHEN number NOT IN (FROM shared) THEN number END AS number,
        CASE WHEN born NOT IN (FROM common) THEN born END AS born, exact,
        family, given, postcode, practice, CASE WHEN local IS NOT NULL THEN provider END AS provider, local
    FROM distinct_said
"""
ROWS = f"""
    CREATE OR REPLACE TEMP TABLE unlinked_row AS
    SELECT s.contract, s.file_id, s.source_row, r.record
    FROM (SELECT contract, file_id, source_row, {_VALUE} AS value FROM unlinked_said) s JOIN unlinked_record r USING (value)
"""
ENOUGH = """
    (born IS NOT NULL OR (family IS NOT NULL AND given IS NOT NULL) OR number IS NOT NULL)
    AND (born IS NOT NULL)::INTEGER + (family IS NOT NULL AND given IS NOT NULL)::INTEGER
        + (coalesce(postcode, practice) IS NOT NULL)::INTEGER
        + (number IS NOT NULL)::INTEGER + (local IS NOT NULL)::INTEGER >= 2
"""
RECORD_SIDE = f"""
    SELECT record, value, row_count, senders, valid, number, born, exact, family, [family] AS families, given, [given] AS givens, postcode,
        [postcode] AS postcodes, practice, [practice] AS practices, [local || '@' || provider] AS locals, [provider] AS providers
    FROM unlinked_record WHERE {ENOUGH}
"""
"""The records that have enough to be compared."""


def find_people(staged: Staged) -> None:
    """Nothing; the temp table `known_person` has everyone of the landing whom a number or the list decides, with what is known of them.

    Before it the views linked_<contract> are made.
    """
    con = staged.con
    parts = []
    for contract in staged.columns:
        said = _columns(staged, contract)
        listed = f"'{contract}' = '{LIST}'"
        columns = ", ".join(f"{expression} AS {name}" for name, expression in said.items())
        parts.append(f"""
            SELECT s.person_id, {listed} AS listed, {columns}, count(*) AS row_count
            FROM linked_{contract} s WHERE s.person_id IS NOT NULL AND s.linked_by <> 'source_pseudonym' GROUP BY ALL
        """)
    con.execute(f"CREATE OR REPLACE TEMP TABLE person_said AS {' UNION ALL '.join(parts)}")
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE person_seen AS
        SELECT person_id, listed, {name_sql("family")} AS family, {name_sql("given")} AS given, {postcode_sql("postcode")} AS postcode,
            practice, local || '@' || provider AS local, CASE WHEN local IS NOT NULL THEN provider END AS provider, row_count
        FROM person_said
    """)
    con.execute("DROP TABLE person_said")
    con.execute(_people_sql())
    con.execute("DROP TABLE person_seen")


def _versions_sql(name: str) -> str:
    """A query: for each person the best value of a column, and all values that count."""
    return f"""
        SELECT person_id, max_by({name}, row(listed, given_rows, {name})) AS {name},
            list({name} ORDER BY {name}) FILTER (listed OR (given_rows >= {LEAST_ROWS} AND given_rows >= {LEAST_SHARE} * every)) AS several
        FROM (
            SELECT person_id, {name}, bool_or(listed) AS listed, sum(row_count)::BIGINT AS given_rows,
                sum(sum(row_count)) OVER (PARTITION BY person_id) AS every
            FROM person_seen WHERE {name} IS NOT NULL GROUP BY person_id, {name}
        ) GROUP BY person_id
    """


def _people_sql() -> str:
    best = ("family", "given", "postcode", "practice")
    versions = ", ".join(f"{name}_versions AS ({_versions_sql(name)})" for name in best)
    joins = " ".join(f"LEFT JOIN {name}_versions {name}_v ON {name}_v.person_id = p.person_id" for name in best)
    several = {"family": "families", "given": "givens", "postcode": "postcodes", "practice": "practices"}
    lists = ", ".join(
        f"{n}_v.{n}, list_distinct(list_append(coalesce({n}_v.several, []), {n}_v.{n})) AS {many}" for n, many in several.items()
    )
    return f"""
        CREATE OR REPLACE TEMP TABLE known_person AS
        WITH {versions},
        ids AS (
            SELECT person_id, list(DISTINCT local ORDER BY local) AS locals, list(DISTINCT provider ORDER BY provider) AS providers
            FROM person_seen WHERE local IS NOT NULL GROUP BY person_id
        ),
        every AS (
            SELECT person_id, CASE WHEN linked_by IN {BY_NUMBER} THEN CAST(number AS VARCHAR) END AS number, born, exact,
                contract = '{LIST}' AS listed, row_count
            FROM identity_linked WHERE person_id IS NOT NULL AND linked_by <> 'source_pseudonym'
            UNION ALL
            SELECT w.person_id, NULL, c.born, c.exact, true, 1 FROM list_person w JOIN identity_linked c USING (claim)
        ),
        people AS (
            SELECT person_id, max(number) AS number, max_by(born, row(exact, listed, row_count, born)) FILTER (born IS NOT NULL) AS born,
                coalesce(bool_or(exact) FILTER (born IS NOT NULL), false) AS exact
            FROM every GROUP BY person_id
        )
        SELECT p.person_id, p.number, p.born, p.exact, {lists}, i.locals, i.providers
        FROM people p {joins} LEFT JOIN ids i ON i.person_id = p.person_id
    """

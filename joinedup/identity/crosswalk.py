"""The crosswalk: whom sources' own pseudonyms stand for. It makes nobody, and nothing of it leaves the trusted host.

A pseudonym stands for a number that the crosswalk names, itself or through another source's pseudonym. Where no number is named,
pseudonyms that stand for each other are one person. One that stands for two numbers at one time is followed to neither.
"""

from __future__ import annotations

import pyarrow as pa
import sqlalchemy as sa

from joinedup.findings import Finding
from joinedup.identity.hashing import hmac_parameters, hmac_sql, joined_sql
from joinedup.identity.inheriting import NUMBER_SCHEME
from joinedup.identity.staged import RowRule, Staged, row_findings
from joinedup.kept.bulk import batches
from joinedup.kept.identity_register import RegisterLanding
from joinedup.kept.merges import EVENT, EVENT_SCHEMA, MERGE, SPLIT, add_events
from joinedup.sources.contract import contracts

CONTRACT = "crosswalk"
PSEUDONYM_SCHEME = "pseudonym:"  # followed by the namespace
STANDS_FOR = "stands_for"
"""The column of staged tables that says which target of the crosswalk a row's pseudonym has on its day."""
MOST_AT_ONCE, MOST_TOGETHER = 5, 50
"""Pseudonyms of one other source that a pseudonym may stand for at one time, and all that it may, over all times; ours, 2026."""
FOLLOWED, NOT_FOLLOWED = "crosswalk: followed", "crosswalk: no longer followed"
TOLD_SCHEMA = pa.schema([("event", pa.int64()), ("person_id", pa.int64()), ("other", pa.int64()), ("kind", pa.string())])

OF_NO_SOURCE = RowRule(
    "crosswalk-of-no-source",
    "the crosswalk names a source that sends no file here, so the row links nothing: write the source's name, or its pseudonym:, as "
    "sources.yml has it",
    "every link by pseudonym",
)
NO_NUMBER = RowRule(
    "crosswalk-without-usable-number",
    "the NHS number can't be one, so the pseudonym is not followed to it: ask who keeps the crosswalk",
    "every link by pseudonym",
)
OF_TWO_NUMBERS = RowRule(
    "crosswalk-of-two-numbers",
    "a pseudonym that stands for two NHS numbers at one time, itself or through others; it is followed to neither: ask which is right",
    "every link by pseudonym",
)
TWO_OF_ONE_SOURCE = RowRule(
    "crosswalk-two-pseudonyms-of-one-source",
    "another pseudonym of the same source stands for the same NHS number at the same time; both are followed: ask the source whether it "
    "has one person twice, or one of the numbers is wrong",
    "links by pseudonym",
)

OF_MANY = RowRule(
    "crosswalk-pseudonym-of-many",
    f"a pseudonym that stands for more than {MOST_AT_ONCE} pseudonyms of one other source, or numbers, at one time, or for more than "
    f"{MOST_TOGETHER} all told; it is followed to none: ask what is written where no pseudonym is known, and to leave it empty there",
    "every link by pseudonym",
)

NOTHING = (
    "CREATE OR REPLACE TEMP TABLE crosswalk_target (target INTEGER, scheme VARCHAR, value VARCHAR, number BIGINT)",
    "CREATE OR REPLACE TEMP TABLE crosswalk_period (namespace VARCHAR, pseudonym VARCHAR, target INTEGER, since DATE, until DATE)",
)
EVER = "DATE '0001-01-01' AS since, DATE '9999-12-31' AS until"
SAID = f"""
    CREATE OR REPLACE TEMP TABLE crosswalk_said AS
    SELECT s.file_id, s.source_row, o.namespace, trim(s.source_pseudonym) AS pseudonym, n.number, s.nhs_number IS NOT NULL AS given,
        t.namespace AS other_namespace, trim(s.other_pseudonym) AS other,
        coalesce(s.valid_from, DATE '0001-01-01') AS since, coalesce(least(s.valid_to, {{listed_to}}), DATE '9999-12-31') AS until,
        o.namespace IS NULL OR s.other_pseudonym_of IS NOT NULL AND t.namespace IS NULL AS of_no_source
    FROM staged_{CONTRACT} s LEFT JOIN nhs_number n ON n.given = s.nhs_number
    LEFT JOIN crosswalk_source o ON o.name = trim(s.pseudonym_of) LEFT JOIN crosswalk_source t ON t.name = trim(s.other_pseudonym_of)
"""
EDGES = """
    CREATE OR REPLACE TEMP TABLE crosswalk_edge AS
    WITH said AS (
        SELECT file_id, source_row, namespace, pseudonym, '' AS kind, other_namespace, other, since, until FROM crosswalk_said
        WHERE namespace IS NOT NULL AND other_namespace IS NOT NULL
        UNION ALL
        SELECT file_id, source_row, namespace, pseudonym, 'number', '', CAST(number AS VARCHAR), since, until FROM crosswalk_said
        WHERE namespace IS NOT NULL AND number IS NOT NULL
    )
    FROM (
        FROM said
        UNION ALL SELECT file_id, source_row, other_namespace, other, '', namespace, pseudonym, since, until FROM said WHERE kind = ''
    ) WHERE since < until
"""
MANY = f"""
    CREATE OR REPLACE TEMP TABLE crosswalk_many AS
    WITH change AS (
        SELECT namespace, pseudonym, kind, other_namespace, other, since AS day, 1 AS more FROM crosswalk_edge
        UNION ALL SELECT namespace, pseudonym, kind, other_namespace, other, until, -1 FROM crosswalk_edge
    ),
    at_once AS (
        SELECT namespace, pseudonym, other, sum(more) OVER (
            PARTITION BY namespace, pseudonym, kind, other_namespace ORDER BY day, more ROWS UNBOUNDED PRECEDING
        ) AS people, kind, other_namespace FROM change
    )
    SELECT DISTINCT namespace, pseudonym FROM at_once GROUP BY namespace, pseudonym, kind, other_namespace
    HAVING max(people) > {MOST_AT_ONCE} AND count(DISTINCT other) > {MOST_AT_ONCE}
"""
"""Whatever stands for many at one time: a word for "not known", as a rule. It is left out before anything is followed."""
OF_ONES = """
    CREATE OR REPLACE TEMP TABLE crosswalk_followed AS
    SELECT DISTINCT e.namespace, e.pseudonym, e.other_namespace, e.other, e.since, e.until FROM crosswalk_edge e
    ANTI JOIN crosswalk_many m ON m.namespace = e.namespace AND m.pseudonym = e.pseudonym
    ANTI JOIN crosswalk_many o ON o.namespace = e.other_namespace AND o.pseudonym = e.other
    WHERE e.kind = ''
"""
BEGIN = f"""
    CREATE OR REPLACE TEMP TABLE crosswalk_reach AS
    SELECT DISTINCT namespace, pseudonym, namespace AS end_namespace, pseudonym AS end_pseudonym, {EVER}, 0 AS step
    FROM (SELECT namespace, pseudonym FROM crosswalk_edge UNION SELECT namespace, pseudonym FROM crosswalk_said WHERE namespace IS NOT NULL)
    ANTI JOIN crosswalk_many USING (namespace, pseudonym)
"""
STEP = """
    INSERT INTO crosswalk_reach
    SELECT DISTINCT r.namespace, r.pseudonym, e.other_namespace, e.other, greatest(r.since, e.since) AS since,
        least(r.until, e.until) AS until, $step AS step
    FROM crosswalk_reach r JOIN crosswalk_followed e ON e.namespace = r.end_namespace AND e.pseudonym = r.end_pseudonym
    WHERE r.step = $step - 1 AND greatest(r.since, e.since) < least(r.until, e.until) AND NOT EXISTS (
        SELECT 1 FROM crosswalk_reach o WHERE o.namespace = r.namespace AND o.pseudonym = r.pseudonym
        AND o.end_namespace = e.other_namespace AND o.end_pseudonym = e.other
        AND o.since = greatest(r.since, e.since) AND o.until = least(r.until, e.until)
    )
"""
TOO_FAR = f"""
    INSERT INTO crosswalk_many SELECT namespace, pseudonym FROM crosswalk_reach
    GROUP BY namespace, pseudonym HAVING count(*) > {MOST_TOGETHER};
    DELETE FROM crosswalk_reach r USING crosswalk_many m WHERE m.namespace = r.namespace AND m.pseudonym = r.pseudonym
"""
NUMBERS = f"""
    CREATE OR REPLACE TEMP TABLE crosswalk_number AS
    WITH reach AS (FROM crosswalk_reach),
    numbered AS (
        SELECT r.namespace, r.pseudonym, s.number, greatest(r.since, s.since) AS since, least(r.until, s.until) AS until
        FROM reach r JOIN crosswalk_said s ON s.namespace = r.end_namespace AND s.pseudonym = r.end_pseudonym AND s.number IS NOT NULL
        ANTI JOIN crosswalk_many m ON m.namespace = s.namespace AND m.pseudonym = s.pseudonym
    )
    SELECT DISTINCT namespace, pseudonym, number, NULL AS end_namespace, NULL AS end_pseudonym, since, until
    FROM numbered WHERE since < until
    UNION ALL
    SELECT namespace, pseudonym, NULL, min(ends).namespace, min(ends).pseudonym, {EVER}
    FROM (SELECT *, struct_pack(namespace := end_namespace, pseudonym := end_pseudonym) AS ends FROM reach) r
    WHERE NOT EXISTS (SELECT 1 FROM numbered n WHERE n.namespace = r.namespace AND n.pseudonym = r.pseudonym)
    GROUP BY namespace, pseudonym HAVING count(DISTINCT ends) > 1
"""
"""Whom each pseudonym stands for, and when; where no number is named, the first of the pseudonyms that stand for each other."""
CONFLICTS = """
    CREATE OR REPLACE TEMP TABLE crosswalk_conflict AS
    SELECT DISTINCT a.namespace, a.pseudonym FROM crosswalk_number a JOIN crosswalk_number b USING (namespace, pseudonym)
    WHERE a.number <> b.number AND a.since < b.until AND b.since < a.until
"""
FOLLOWED_TO = f"""
    DELETE FROM crosswalk_number n USING crosswalk_conflict c WHERE n.namespace = c.namespace AND n.pseudonym = c.pseudonym;
    CREATE OR REPLACE TEMP TABLE crosswalk_target AS
    SELECT CAST(row_number() OVER (ORDER BY scheme, value) AS INTEGER) AS target, scheme, value, number FROM (
        SELECT DISTINCT '{NUMBER_SCHEME}' AS scheme, CAST(number AS VARCHAR) AS value, number FROM crosswalk_number WHERE number IS NOT NULL
        UNION ALL
        SELECT DISTINCT '{PSEUDONYM_SCHEME}' || end_namespace, end_pseudonym, NULL FROM crosswalk_number WHERE number IS NULL
    );
    CREATE OR REPLACE TEMP TABLE crosswalk_period AS
    SELECT n.namespace, n.pseudonym, t.target, n.since, n.until FROM crosswalk_number n
    JOIN crosswalk_target t ON t.scheme = CASE WHEN n.number IS NULL THEN '{PSEUDONYM_SCHEME}' || n.end_namespace ELSE '{NUMBER_SCHEME}' END
        AND t.value = coalesce(CAST(n.number AS VARCHAR), n.end_pseudonym)
"""


def read_crosswalk(staged: Staged) -> list[Finding]:
    """What was found; rows with a pseudonym have in `stands_for` the target that it has on their day. The crosswalk itself is then gone.

    The temp table `crosswalk_target` (target, scheme, value, number) says who each target is. Before it numbers are read.
    """
    con = staged.con
    con.execute("CREATE OR REPLACE TEMP TABLE identity_file (file_id INTEGER, source VARCHAR, namespace VARCHAR, sender VARCHAR)")
    files = [(file.file_id, file.source, file.namespace, file.sender or file.source) for file in staged.files]
    con.executemany("INSERT INTO identity_file VALUES (?, ?, ?, ?)", files)
    for statement in NOTHING:
        con.execute(statement)
    if CONTRACT not in staged.columns:
        return []
    con.execute("""
        CREATE OR REPLACE TEMP TABLE crosswalk_source AS
        SELECT namespace AS name, any_value(namespace) AS namespace FROM identity_file GROUP BY namespace
        UNION SELECT source, any_value(namespace) FROM identity_file
        WHERE source NOT IN (SELECT namespace FROM identity_file) GROUP BY source
    """)
    listed_to = "s.listed_to" if "listed_to" in staged.columns[CONTRACT] else "NULL"
    con.execute(SAID.format(listed_to=listed_to))
    _reach(staged)
    for statement in (NUMBERS, CONFLICTS):
        con.execute(statement)
    findings = _findings(staged)
    con.execute(FOLLOWED_TO)
    staged.leave_out(CONTRACT)
    for contract, columns in staged.columns.items():
        if "source_pseudonym" in columns:
            _look_up(staged, contract)
    staged.read_again()
    return findings


def _reach(staged: Staged) -> None:
    """Nothing; `crosswalk_reach` says which pseudonyms stand for each other and when, without those of `crosswalk_many`.

    Whatever reaches too many is left out at each step, so that no column can make it grow without end.
    """
    con = staged.con
    for statement in (EDGES, MANY, OF_ONES, BEGIN):
        con.execute(statement)
    step, more = 0, 1
    while more:
        step += 1
        [(more,)] = con.execute(STEP, {"step": step}).fetchall()
        con.execute(TOO_FAR)


def _look_up(staged: Staged, contract: str) -> None:
    """Nothing; the rows of one contract have their target. Lists, and rows without a day, only where there is but one."""
    con, spec = staged.con, contracts()[contract]
    dated = bool(spec.dated_by) and not spec.lists and spec.landed(spec.dated_by or "") in staged.columns[contract]
    day = f"TRY_CAST({spec.day_sql} AS DATE)" if dated else "CAST(NULL AS DATE)"
    con.execute(f"ALTER TABLE staged_{contract} ADD COLUMN {STANDS_FOR} INTEGER")
    con.execute(f"""
        UPDATE staged_{contract} SET {STANDS_FOR} = found.target FROM (
            SELECT s.file_id, s.source_row, min(p.target) AS target
            FROM (SELECT file_id, source_row, trim(source_pseudonym) AS pseudonym, {day} AS day FROM staged_{contract}
                  WHERE source_pseudonym IS NOT NULL) s
            JOIN identity_file f USING (file_id)
            JOIN crosswalk_period p ON p.namespace = f.namespace AND p.pseudonym = s.pseudonym
                AND (s.day IS NULL OR s.day >= p.since AND s.day < p.until)
            GROUP BY s.file_id, s.source_row HAVING count(DISTINCT p.target) = 1
        ) found WHERE found.file_id = staged_{contract}.file_id AND found.source_row = staged_{contract}.source_row
    """)


def _findings(staged: Staged) -> list[Finding]:
    rows = "SELECT s.file_id, s.source_row FROM crosswalk_said s WHERE"
    same_time = "a.since < b.until AND b.since < a.until"
    twice = f"""
        WITH followed AS (FROM crosswalk_number ANTI JOIN crosswalk_conflict USING (namespace, pseudonym))
        SELECT DISTINCT s.file_id, s.source_row FROM crosswalk_said s
        JOIN followed a ON a.namespace = s.namespace AND a.pseudonym = s.pseudonym
        JOIN followed b ON b.namespace = a.namespace AND b.number = a.number AND b.pseudonym <> a.pseudonym AND {same_time}
    """
    conflict = "SELECT 1 FROM crosswalk_conflict c WHERE c.namespace = s.namespace AND c.pseudonym = s.pseudonym"
    many = """
        SELECT 1 FROM crosswalk_many m
        WHERE m.namespace = s.namespace AND m.pseudonym = s.pseudonym OR m.namespace = s.other_namespace AND m.pseudonym = s.other
    """
    return [
        *row_findings(staged, OF_NO_SOURCE, f"{rows} of_no_source"),
        *row_findings(staged, NO_NUMBER, f"{rows} given AND number IS NULL"),
        *row_findings(staged, OF_MANY, f"{rows} EXISTS ({many})"),
        *row_findings(staged, OF_TWO_NUMBERS, f"{rows} EXISTS ({conflict})"),
        *row_findings(staged, TWO_OF_ONE_SOURCE, twice),
    ]


STANDING = f"""
    WITH seen AS (
        SELECT DISTINCT f.namespace, c.pseudonym, c.stands_for FROM identity_claim c
        JOIN (SELECT DISTINCT source, namespace FROM identity_file) f USING (source)
        WHERE c.pseudonym IS NOT NULL AND c.number IS NULL
    ),
    own AS (
        SELECT *, {hmac_sql(joined_sql(f"'{PSEUDONYM_SCHEME}' || namespace", "pseudonym"))} AS hash FROM (
            SELECT namespace, pseudonym, max(stands_for) AS target FROM seen GROUP BY ALL HAVING count(DISTINCT stands_for) <= 1
        )
    ),
    now AS (
        SELECT k.person_id AS own, p.person_id AS shown FROM own o
        JOIN identity_known k ON k.scheme = '{PSEUDONYM_SCHEME}' || o.namespace AND k.hash = o.hash
        LEFT JOIN crosswalk_target t USING (target) LEFT JOIN identity_person p ON p.scheme = t.scheme AND p.value = t.value
    ),
    before AS (
        SELECT other AS own, person_id AS shown FROM crosswalk_event
        QUALIFY row_number() OVER (PARTITION BY other ORDER BY event DESC) = 1 AND kind = '{MERGE}'
    ),
    changed AS (
        SELECT n.own, nullif(n.shown, n.own) AS shown, b.shown AS was FROM now n LEFT JOIN before b USING (own)
        WHERE nullif(n.shown, n.own) IS DISTINCT FROM b.shown
    )
    SELECT '{SPLIT}' AS kind, was AS person_id, own AS other_person_id, '{NOT_FOLLOWED}' AS cause FROM changed WHERE was IS NOT NULL
    UNION ALL SELECT '{MERGE}', shown, own, '{FOLLOWED}' FROM changed WHERE least(shown, own) > 0 AND shown IS NOT NULL
    ORDER BY kind DESC, person_id, other_person_id
"""


def tell_crosswalk(staged: Staged, entry: RegisterLanding) -> None:
    """Nothing; the register knows who was known by a pseudonym alone and is shown under a number's person now, or no longer.

    Before it everyone is minted.
    """
    con = staged.con
    told = sa.select(EVENT.c.event, EVENT.c.person_id, EVENT.c.other_person_id, EVENT.c.kind)
    told = told.where(EVENT.c.cause.in_([FOLLOWED, NOT_FOLLOWED])).order_by(EVENT.c.event)
    events = pa.Table.from_batches(batches(entry.connection, told, TOLD_SCHEMA), TOLD_SCHEMA)
    [(targets,)] = con.execute("SELECT count(*) FROM crosswalk_target").fetchall()
    if not targets and not events.num_rows:
        return
    con.register("crosswalk_event", events)
    changed = con.sql(STANDING, params=hmac_parameters(entry.keys.pseudonym)).to_arrow_table()
    con.unregister("crosswalk_event")
    add_events(entry, changed.cast(EVENT_SCHEMA))

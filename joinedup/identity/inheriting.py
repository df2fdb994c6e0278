"""Which id stands for a number in use: its own, or one that came with a number it replaced. Every change is a merge or split.

Each number has an id of its own, minted once. A number that replaced another is shown under one id with it: that which the
number in use had already, else that of the nearest number which it replaced. It lasts, also where the list of replacements
comes no more, until a landing contradicts it: the other number is in use itself, or was replaced by another one. Then the id
goes back to the number that it was minted for, and the other number has its own. So no id ever stands for two numbers in use.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from joinedup.identity.hashing import hmac_parameters, hmac_sql, joined_sql
from joinedup.kept.bulk import batches
from joinedup.kept.identity_register import RegisterLanding
from joinedup.kept.merges import EVENT, EVENT_SCHEMA, MERGE, REPLACED, SPLIT, add_events

NUMBER_SCHEME = "nhs_number"
NOT_REPLACED = "superseded number: no longer followed"
MOST_MERGES = 100
"""One after another; a chain that is longer goes round in a circle, which merges written here never do."""

TOLD_SCHEMA = pa.schema([("event", pa.int64()), ("person_id", pa.int64()), ("other", pa.int64()), ("kind", pa.string())])

STANDS_FOR = f"""
    CREATE OR REPLACE TEMP TABLE number_parent AS
    SELECT other AS id, person_id AS parent, event FROM number_event
    QUALIFY row_number() OVER (PARTITION BY other ORDER BY event DESC) = 1 AND kind = '{MERGE}';
    CREATE OR REPLACE TEMP TABLE number_root AS
    WITH RECURSIVE up(id, root, event, depth) AS (
        SELECT id, parent, event, 1 FROM number_parent
        UNION ALL
        SELECT u.id, p.parent, u.event, u.depth + 1 FROM up u JOIN number_parent p ON p.id = u.root WHERE u.depth < {MOST_MERGES}
    )
    SELECT id, max_by(root, depth) AS root, any_value(event) AS event FROM up GROUP BY id
"""
"""Under which id each is shown that was merged into another, as things stood before this landing, and since which event."""

FORMER = f"""
    CREATE OR REPLACE TEMP TABLE number_former AS
    WITH former AS (SELECT value, steps, {hmac_sql(joined_sql(f"'{NUMBER_SCHEME}'", "former"))} AS hash FROM identity_former)
    SELECT f.value, f.steps, k.person_id AS own, coalesce(r.root, k.person_id) AS shown
    FROM former f JOIN identity_known k ON k.scheme = '{NUMBER_SCHEME}' AND k.hash = f.hash
    JOIN identity_person p ON p.scheme = '{NUMBER_SCHEME}' AND p.value = f.value
    LEFT JOIN number_root r ON r.id = k.person_id
"""
IN_USE = f"""
    CREATE OR REPLACE TEMP TABLE number_in_use AS
    SELECT p.value, p.person_id AS own, k.person_id IS NOT NULL AS known,
        coalesce(r.root, p.person_id) AS shown, coalesce(r.event, 0) AS event
    FROM identity_person p JOIN identity_hash h USING (scheme, value)
    LEFT JOIN identity_known k ON k.scheme = h.scheme AND k.hash = h.hash
    LEFT JOIN number_root r ON r.id = p.person_id
    WHERE p.scheme = '{NUMBER_SCHEME}' AND (
        p.value IN (SELECT value FROM number_former)
        OR p.person_id IN (SELECT own FROM number_former UNION SELECT person_id FROM number_event UNION SELECT other FROM number_event)
    )
"""
CLAIMED = """
    CREATE OR REPLACE TEMP TABLE number_claim AS
    SELECT id, value FROM (
        SELECT own AS id, value, 1 AS strength, 0 AS since, own FROM number_in_use
        UNION ALL SELECT own, value, 2, steps, own FROM number_former
        UNION ALL SELECT shown, value, 3, event, own FROM number_in_use WHERE shown <> own
        UNION ALL SELECT f.shown, f.value, 4, f.steps, u.own FROM number_former f JOIN number_in_use u USING (value)
    )
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY strength, since, own) = 1
"""
"""Of each id that could stand for several numbers in use, the number that has it: it was minted for the number, or for one that the number
replaced; else the number has been shown under it for longest."""

SHOWN = """
    CREATE OR REPLACE TEMP TABLE number_shown AS
    WITH nearest AS (
        SELECT f.value, min_by(CASE WHEN c.id IS NOT NULL THEN f.shown ELSE f.own END, row(f.steps, f.own)) AS id
        FROM number_former f LEFT JOIN number_claim c ON c.id = f.shown AND c.value = f.value GROUP BY f.value
    )
    SELECT u.value, CASE
        WHEN u.known THEN CASE WHEN c.id IS NOT NULL THEN u.shown ELSE u.own END
        ELSE coalesce(n.id, u.own)
    END AS id
    FROM number_in_use u LEFT JOIN number_claim c ON c.id = u.shown AND c.value = u.value LEFT JOIN nearest n ON n.value = u.value
"""
CHANGED = f"""
    WITH target AS (SELECT c.id, s.id AS target FROM number_claim c JOIN number_shown s USING (value)),
    standing AS (
        SELECT t.id, t.target, p.parent, coalesce(own.target, of_root.target, r.root, p.parent) AS parent_target
        FROM target t LEFT JOIN number_parent p USING (id)
        LEFT JOIN target own ON own.id = p.parent
        LEFT JOIN number_root r ON r.id = p.parent LEFT JOIN target of_root ON of_root.id = r.root
    ),
    wrong AS (SELECT * FROM standing WHERE CASE WHEN id = target THEN parent IS NOT NULL ELSE parent_target IS DISTINCT FROM target END)
    SELECT '{SPLIT}' AS kind, parent AS person_id, id AS other_person_id, '{NOT_REPLACED}' AS cause FROM wrong WHERE parent IS NOT NULL
    UNION ALL
    SELECT '{MERGE}', target, id, '{REPLACED}' FROM wrong WHERE id <> target AND least(id, target) > 0
    ORDER BY kind DESC, person_id, other_person_id
"""
"""Nothing is told of whoever was erased: they have a negative number for an id."""
UNDER_ONE_ID = f"""
    UPDATE identity_person SET person_id = s.id FROM number_shown s
    WHERE identity_person.scheme = '{NUMBER_SCHEME}' AND s.value = identity_person.value AND s.id <> identity_person.person_id
"""


def inherit(con: duckdb.DuckDBPyConnection, entry: RegisterLanding) -> None:
    """Nothing; in `identity_person` each number in use has the id that stands for it, and the register knows what has changed.

    Before it everyone is minted, and `identity_former` (value, former, steps) tells what each number in use replaced.
    """
    told = sa.select(EVENT.c.event, EVENT.c.person_id, EVENT.c.other_person_id, EVENT.c.kind)
    told = told.where(EVENT.c.cause.in_([REPLACED, NOT_REPLACED])).order_by(EVENT.c.event)
    con.register("number_events", pa.Table.from_batches(batches(entry.connection, told, TOLD_SCHEMA), TOLD_SCHEMA))
    con.execute("CREATE OR REPLACE TEMP TABLE number_event AS FROM number_events")
    con.unregister("number_events")
    con.execute(STANDS_FOR)
    con.execute(FORMER, hmac_parameters(entry.keys.pseudonym))
    con.execute(IN_USE)
    con.execute(CLAIMED)
    con.execute(SHOWN)
    add_events(entry, con.sql(CHANGED).to_arrow_table().cast(EVENT_SCHEMA))
    con.execute(UNDER_ONE_ID)

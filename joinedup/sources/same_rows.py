"""Which row of a later landing is the same record as one of an earlier, and for which cause rows differ. In sets, contract by contract.

By the file and its row where both landings read the same file; else by content and person; else by what the contract says names a record;
at last by person and day, so that a record that came back under another key counts as corrected.
"""

from __future__ import annotations

from collections.abc import Sequence

from joinedup.engine.files_lines import Connection
from joinedup.sources.contract import ContractSpec

DECIDES_WHO_COUNTS = ("register", "deaths", "opt_out", "protected_person")
"""The contracts whose rows say who is counted: who is registered, who has died, who objects, who is protected."""
READING, LINKAGE, CORRECTION, POPULATION, NEW = "reading", "linkage", "late correction", "population", "new data"
"""Why a landed row is another: read otherwise from the same row of the same file; linked otherwise; corrected or taken back by a later
file; of what says who is counted; not there before."""

SIDES = ("before", "after")
FILE_PAIR = """
CREATE OR REPLACE TEMP TABLE file_pair AS
WITH b AS (SELECT *, row_number() OVER (PARTITION BY source, sha256 ORDER BY file_id) AS n FROM before_landed_file),
a AS (SELECT *, row_number() OVER (PARTITION BY source, sha256 ORDER BY file_id) AS n FROM after_landed_file)
SELECT b.file_id AS before_file, a.file_id AS after_file
FROM b JOIN a ON b.source = a.source AND b.sha256 = a.sha256 AND b.n = a.n
"""
PAIR = """
CREATE OR REPLACE TEMP TABLE pair_{contract} AS
SELECT b.file_id AS before_file, b.source_row AS before_row, a.file_id AS after_file, a.source_row AS after_row, 'row' AS how,
    ({differs}) AS other, (b.person_id IS DISTINCT FROM a.person_id OR b.linked_by IS DISTINCT FROM a.linked_by) AS relinked,
    b.person_id AS was, a.person_id AS now, false AS of_list
FROM before_{table} AS b
JOIN file_pair AS f ON f.before_file = b.file_id
JOIN after_{table} AS a ON a.file_id = f.after_file AND a.source_row = b.source_row
"""
SAID = """
CREATE OR REPLACE TEMP TABLE said_{side} AS
SELECT t.file_id, t.source_row, t.person_id, t.linked_by, hash({by}) AS h
FROM (SELECT t.*, f.source AS of_source FROM {side}_{table} AS t JOIN {side}_landed_file AS f ON f.file_id = t.file_id) AS t
WHERE NOT EXISTS (SELECT 1 FROM pair_{contract} AS p WHERE p.{side}_file = t.file_id AND p.{side}_row = t.source_row)
"""
"""What rows say that aren't matched by their file, as one number: most are the same again, and needn't be put beside each other whole."""
SAME_CONTENT = """
INSERT INTO pair_{contract}
WITH b AS (SELECT *, row_number() OVER (PARTITION BY h ORDER BY file_id, source_row) AS n FROM said_before),
a AS (SELECT *, row_number() OVER (PARTITION BY h ORDER BY file_id, source_row) AS n FROM said_after)
SELECT b.file_id, b.source_row, a.file_id, a.source_row, 'content', false,
    b.person_id IS DISTINCT FROM a.person_id OR b.linked_by IS DISTINCT FROM a.linked_by, b.person_id, a.person_id, false
FROM b JOIN a ON a.h = b.h AND a.n = b.n
"""
LEFT = """
CREATE OR REPLACE TEMP TABLE left_{side}_{contract} AS
WITH unmatched AS (
    SELECT s.file_id, s.source_row FROM said_{side} AS s
    WHERE NOT EXISTS (SELECT 1 FROM pair_{contract} AS p WHERE p.{side}_file = s.file_id AND p.{side}_row = s.source_row)
)
SELECT t.*, f.source AS of_source, t.person_id AS who
FROM {side}_{table} AS t
JOIN unmatched AS u ON u.file_id = t.file_id AND u.source_row = t.source_row
JOIN {side}_landed_file AS f ON f.file_id = t.file_id
"""
STILL_LEFT = """
DELETE FROM left_{side}_{contract} AS t
WHERE EXISTS (SELECT 1 FROM pair_{contract} AS p WHERE p.{side}_file = t.file_id AND p.{side}_row = t.source_row)
"""
NOW_OF = """
UPDATE left_before_{contract} SET who = (SELECT new FROM moved WHERE old = person_id) WHERE person_id IN (SELECT old FROM moved)
"""
MATCH = """
INSERT INTO pair_{contract}
WITH b AS (SELECT *, hash({by}) AS h, row_number() OVER same AS n, count(*) OVER (PARTITION BY hash({by})) AS same_rows
    FROM left_before_{contract} WHERE {where} WINDOW same AS (PARTITION BY hash({by}) ORDER BY file_id, source_row)),
a AS (SELECT *, hash({by}) AS h, row_number() OVER same AS n, count(*) OVER (PARTITION BY hash({by})) AS same_rows
    FROM left_after_{contract} WHERE {where} WINDOW same AS (PARTITION BY hash({by}) ORDER BY file_id, source_row))
SELECT b.file_id, b.source_row, a.file_id, a.source_row, '{how}', ({differs}),
    b.person_id IS DISTINCT FROM a.person_id OR b.linked_by IS DISTINCT FROM a.linked_by, b.person_id, a.person_id, false
FROM b JOIN a ON a.h = b.h AND a.n = b.n AND a.same_rows = 1 AND b.same_rows = 1
"""
NOBODY_MOVED = "CREATE OR REPLACE TEMP TABLE moved (old BIGINT, new BIGINT)"
MOVED = """
CREATE OR REPLACE TEMP TABLE moved AS
SELECT was AS old, min(now) AS new FROM ({pairs}) WHERE was IS NOT NULL
GROUP BY was HAVING count(DISTINCT now) = 1 AND min(now) <> was
"""
GONE = """
CREATE OR REPLACE TEMP TABLE gone_{contract} AS
SELECT t.file_id AS before_file, t.source_row AS before_row, t.who IS DISTINCT FROM t.person_id AS moved,
    CASE WHEN r.file_id IS NOT NULL THEN '{reading}' ELSE '{otherwise}' END AS cause
FROM left_before_{contract} AS t
LEFT JOIN file_pair AS f ON f.before_file = t.file_id
LEFT JOIN after_rejected AS r ON r.file_id = f.after_file AND r.source_row = t.source_row
"""
CAME = """
CREATE OR REPLACE TEMP TABLE came_{contract} AS
SELECT t.file_id AS after_file, t.source_row AS after_row, f.before_file,
    CASE WHEN r.file_id IS NOT NULL THEN '{reading}' WHEN f.before_file IS NOT NULL THEN '{otherwise}' ELSE '{new}' END AS cause
FROM left_after_{contract} AS t
LEFT JOIN file_pair AS f ON f.after_file = t.file_id
LEFT JOIN before_rejected AS r ON r.file_id = f.before_file AND r.source_row = t.source_row
"""
COUNTED_OTHERWISE = """
CREATE OR REPLACE TEMP TABLE counted_otherwise AS
SELECT DISTINCT person_id FROM ({people}) WHERE person_id IS NOT NULL
"""
PEOPLE_COUNTED_OTHERWISE = """
SELECT t.person_id FROM before_{table} AS t JOIN gone_{contract} AS g ON g.before_file = t.file_id AND g.before_row = t.source_row
UNION ALL
SELECT t.person_id FROM after_{table} AS t JOIN came_{contract} AS c ON c.after_file = t.file_id AND c.after_row = t.source_row
"""
OF_LIST = """
UPDATE pair_{contract} SET of_list = true
WHERE relinked AND (was IN (SELECT person_id FROM counted_otherwise) OR now IN (SELECT person_id FROM counted_otherwise))
"""
COUNTED = """
SELECT cause, count(*) FROM (
    SELECT '{reading}' AS cause FROM pair_{contract} WHERE other AND how = 'row'
    UNION ALL SELECT '{otherwise}' FROM pair_{contract} WHERE other AND how <> 'row'
    UNION ALL SELECT CASE WHEN of_list THEN '{population}' ELSE '{linkage}' END FROM pair_{contract} WHERE relinked
    UNION ALL SELECT '{linkage}' FROM gone_{contract} WHERE moved
    UNION ALL SELECT cause FROM gone_{contract}
    UNION ALL SELECT cause FROM came_{contract}
) GROUP BY cause
"""


def match_rows(con: Connection, contract: ContractSpec, shared: Sequence[str]) -> None:
    """Nothing; pair_<contract> holds the rows of both landings that are one record, whoever they are linked to."""
    names = {"contract": contract.contract, "table": f"landed_{contract.contract}", "differs": _differs(shared)}
    con.execute(PAIR.format(**names))
    for side in SIDES:
        con.execute(SAID.format(**names, side=side, by=", ".join(["of_source", "person_id", *shared])))
    con.execute(SAME_CONTENT.format(**names))
    for side in SIDES:
        con.execute(LEFT.format(**names, side=side))
        con.execute(f"DROP TABLE said_{side}")
    if not any(field.name in contract.key for field in contract.identifiers) and _both_left(con, contract):
        _match_key(con, contract, names, "of_source")


def match_people(con: Connection, matched: Sequence[ContractSpec]) -> None:
    """Nothing; `moved` holds the people all of whose records are somebody else's now, and whose."""
    pairs = " UNION ALL ".join(f"SELECT DISTINCT was, now FROM pair_{contract.contract}" for contract in matched)
    con.execute(MOVED.format(pairs=pairs) if matched else NOBODY_MOVED)


def match_rest(con: Connection, contract: ContractSpec, shared: Sequence[str]) -> None:
    """Nothing; rows whose key names a person are matched as of whom they are linked to now, and what is left came or went."""
    names = {"contract": contract.contract, "table": f"landed_{contract.contract}", "differs": _differs(shared)}
    con.execute(NOW_OF.format(**names))
    if any(field.name in contract.key for field in contract.identifiers) and _both_left(con, contract):
        _match_key(con, contract, names, "of_source, who")
    if contract.contract not in DECIDES_WHO_COUNTS and contract.dated_by is not None and _both_left(con, contract):
        day = contract.day_sql
        _match(con, names, f"of_source, who, {day}", f"who IS NOT NULL AND {day} IS NOT NULL", "day")
    counts = contract.contract in DECIDES_WHO_COUNTS
    causes = {
        "reading": READING,
        "linkage": LINKAGE,
        "otherwise": POPULATION if counts else CORRECTION,
        "new": POPULATION if counts else NEW,
    }
    con.execute(GONE.format(**names, **causes))
    con.execute(CAME.format(**names, **causes))
    for side in SIDES:
        con.execute(f"DROP TABLE left_{side}_{contract.contract}")


def count_rows(con: Connection, matched: Sequence[ContractSpec]) -> dict[str, dict[str, int]]:
    """Contract -> cause -> rows that are others for it.

    Who comes to a registration list, or goes from it, is linked otherwise in all rows: what is so because of the list is its doing.
    """
    lists = [each.contract for each in matched if each.contract in DECIDES_WHO_COUNTS]
    people = " UNION ALL ".join(PEOPLE_COUNTED_OTHERWISE.format(contract=name, table=f"landed_{name}") for name in lists)
    con.execute(COUNTED_OTHERWISE.format(people=people or "SELECT CAST(NULL AS BIGINT) AS person_id"))
    found = {}
    for contract in matched:
        con.execute(OF_LIST.format(contract=contract.contract))
        otherwise = POPULATION if contract.contract in lists else CORRECTION
        names = {"reading": READING, "linkage": LINKAGE, "population": POPULATION, "otherwise": otherwise}
        found[contract.contract] = dict(con.execute(COUNTED.format(contract=contract.contract, **names)).fetchall())
    return {name: counts for name, counts in found.items() if counts}


def _match_key(con: Connection, contract: ContractSpec, names: dict[str, str], who: str) -> None:
    """Nothing; rows whose key both landings have once are one record."""
    hidden = {field.name for field in contract.identifiers}
    key = [contract.landed(name) for name in contract.key if name not in hidden]
    known = " OR ".join([f"{column} IS NOT NULL" for column in key] or ["who IS NOT NULL"])
    _match(con, names, ", ".join([who, *key]), f"({known})", "key")


def _match(con: Connection, names: dict[str, str], by: str, where: str, how: str) -> None:
    """Nothing; of the rows that are left those that are one by what is said are matched, where it is said of one row on each side."""
    con.execute(MATCH.format(**names, by=by, where=where, how=how))
    for side in SIDES:
        con.execute(STILL_LEFT.format(**names, side=side))


def _both_left(con: Connection, contract: ContractSpec) -> bool:
    """Whether both landings have rows that aren't matched."""
    found = con.execute(f"SELECT {', '.join(f'EXISTS (FROM left_{side}_{contract.contract})' for side in SIDES)}").fetchall()
    return all(found[0])


def _differs(columns: Sequence[str]) -> str:
    """Whether two rows say different things."""
    return " OR ".join(f"b.{name} IS DISTINCT FROM a.{name}" for name in columns) or "false"

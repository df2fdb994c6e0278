"""How rightly rows were linked, where it is known who is who: the truth of an invented place.

The truth lies apart from the extracts, and only a landing that is told where it is reads it; a build never does. Judged are
the rows that the truth names, which are those with a fault; the others carry a sound number.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from joinedup.errors import StoreProblem
from joinedup.identity.rates import BROAD
from joinedup.identity.staged import Staged
from joinedup.identity.verifying import BY_NUMBER

PEOPLE, ROWS = "people.parquet", "faulty_rows.parquet"
BY_KEY = (*BY_NUMBER, "source_pseudonym", "register_row")
WITHOUT_OBJECTIONS = "contract <> 'opt_out'"
"""Objections go by the number whatever else they say, so that one doesn't tell whose number it is."""

NONE = """
    CREATE OR REPLACE TEMP TABLE linkage_truth (
        decided_by VARCHAR, characteristic VARCHAR, group_value VARCHAR, correct BIGINT, wrong BIGINT, missed BIGINT, of_strangers BIGINT,
        strangers_linked BIGINT
    )
"""
JUDGED = """
    CREATE OR REPLACE TEMP TABLE judged_row AS
    WITH numbers AS (
        SELECT person, ethnic_category, unnest(list_append(former_nhs_numbers, nhs_number)) AS number FROM '{people}'
    ),
    numbered AS (
        SELECT DISTINCT CAST(number AS VARCHAR) AS number, person_id FROM identity_linked WHERE linked_by IN {by_number} AND {objections}
    ),
    known AS (
        SELECT n.person, min(p.person_id) AS person_id FROM numbers n JOIN numbered p USING (number) GROUP BY n.person
    ),
    named AS (SELECT DISTINCT file, source_row, person FROM '{rows}'),
    every AS (SELECT person_id FROM numbered)
    SELECT l.contract, l.file_id, l.source_row, l.linked_by, l.person_id, n.person, k.person_id AS right_id,
        CASE WHEN l.linked_by IN {by_key} THEN 'key' ELSE 'matching' END AS decided_by,
        coalesce({broad}, 'not said') AS ethnic_group,
        l.person_id IN (FROM every) AS linked_to_known
    FROM link l JOIN judged_file f USING (file_id) JOIN named n ON n.file = f.file AND n.source_row = l.source_row
    LEFT JOIN known k ON k.person = n.person
    LEFT JOIN (SELECT DISTINCT person, ethnic_category FROM numbers) e ON e.person = n.person
    WHERE {objections}
"""
COUNTED = """
    CREATE OR REPLACE TEMP TABLE linkage_truth AS
    SELECT decided_by, CASE WHEN grouping(ethnic_group) = 0 THEN 'ethnic_group' WHEN grouping(contract) = 0 THEN 'contract' ELSE 'all' END
            AS characteristic,
        coalesce(ethnic_group, contract, 'all') AS group_value,
        count(*) FILTER (person_id = right_id) AS correct,
        count(*) FILTER (person_id <> right_id) AS wrong,
        count(*) FILTER (person_id IS NULL AND right_id IS NOT NULL) AS missed,
        count(*) FILTER (right_id IS NULL) AS of_strangers,
        count(*) FILTER (right_id IS NULL AND linked_to_known) AS strangers_linked
    FROM judged_row
    GROUP BY GROUPING SETS ((decided_by), (decided_by, ethnic_group), (decided_by, contract))
"""


def judge_links(staged: Staged, truth: Path | None) -> None:
    """Nothing; the temp table `linkage_truth` has counts by what decided, all and by ethnic group and contract. Before it rows are linked.

    It is empty without `truth`, the folder in which people.parquet and faulty_rows.parquet say who is who. StoreProblem where they aren't.
    """
    con = staged.con
    if truth is None:
        con.execute(NONE)
        return
    missing = [name for name in (PEOPLE, ROWS) if not (truth / name).is_file()]
    if missing:
        raise StoreProblem(f"{truth} has no {' and no '.join(missing)}; name the folder that joinedup synth calls truth")
    con.register("judged_file", pa.table({"file_id": [f.file_id for f in staged.files], "file": [f.file for f in staged.files]}))
    people, rows = (str(truth / name).replace("'", "''") for name in (PEOPLE, ROWS))
    broad = BROAD.format("e.ethnic_category")
    con.execute(JUDGED.format(people=people, rows=rows, by_number=BY_NUMBER, by_key=BY_KEY, broad=broad, objections=WITHOUT_OBJECTIONS))
    con.execute(COUNTED)
    con.unregister("judged_file")

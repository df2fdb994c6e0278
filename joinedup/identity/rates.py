"""How many rows are linked, and how: by source, age, sex, ethnic group and deprivation, as far as the rows themselves say.

What a row says of the person counts, and not what is known of whoever it was linked to: for a row that isn't linked nothing else is known,
and a share is fair only where both sides of it are told by the same.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from joinedup.identity.staged import Staged
from joinedup.identity.verifying import BY_NUMBER, LIST, SAID
from joinedup.place.model import Place
from joinedup.place.tables import tables

SEX = ("person_stated_gender_code", "sex", "stated_gender", "gender", "dec_sex")
ETHNIC = ("ethnic_category", "ethnos", "ethnic", "ethnicity")
AREA = ("lsoa_of_residence", "lsoa_2021", "lsoa_2011", "lsoa11", "lsoa", "lsoar")
"""The names under which contracts land sex, ethnic category and small area of residence."""

BROAD = """
    CASE WHEN substring({0}, 2, 1) BETWEEN 'A' AND 'Z'
        THEN CASE left({0}, 1)
            WHEN 'W' THEN 'White' WHEN 'M' THEN 'Mixed' WHEN 'A' THEN 'Asian' WHEN 'C' THEN 'Asian' WHEN 'B' THEN 'Black'
            WHEN 'O' THEN 'Other'
        END
    WHEN left({0}, 1) BETWEEN 'A' AND 'C' THEN 'White'
    WHEN left({0}, 1) BETWEEN 'D' AND 'G' THEN 'Mixed'
    WHEN left({0}, 1) BETWEEN 'H' AND 'L' OR left({0}, 1) = 'R' THEN 'Asian'
    WHEN left({0}, 1) BETWEEN 'M' AND 'P' THEN 'Black'
    WHEN left({0}, 1) = 'S' THEN 'Other'
    END"""
"""The five groups of the Census of 2021, of the codes of the NHS (one letter) and of schools (four)."""
WHICH_SEX = "CASE WHEN {0} IN ('1', 'M', 'MALE') THEN 'male' WHEN {0} IN ('2', 'F', 'FEMALE') THEN 'female' END"
AGES = (0, 1, 18, 40, 65, 80)
GROUPS = ("age", "sex", "ethnic_group", "deprivation_fifth")

HOW = {
    "by_number": f"linked_by IN {BY_NUMBER}",
    "by_pseudonym": "linked_by = 'source_pseudonym'",
    "on_the_list": "linked_by = 'register_row'",
    "confirmed": "linked_by = 'confirmed'",
    "by_probability": "linked_by = 'probability'",
    "unlinked": "person_id IS NULL",
}
"""Ways of linking -> which rows; each row is of one."""

SETS = ", ".join(f"({name})" for name in GROUPS)
WHICH = f"""
    CASE {" ".join(f"WHEN grouping({name}) = 0 THEN '{name}'" for name in GROUPS)} ELSE 'all' END AS characteristic,
    coalesce({", ".join(GROUPS)}, 'all') AS group_value"""
RATE = f"""
    CREATE OR REPLACE TEMP TABLE linkage_rate AS
    SELECT contract, source, {WHICH}, {", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in ("row_count", *HOW))}
    FROM linkage_unit
    GROUP BY contract, source, GROUPING SETS ((), {SETS})
"""
SPREAD = f"""
    CREATE OR REPLACE TEMP TABLE linkage_spread AS
    WITH of_one AS (
        SELECT {WHICH}, unit, sum(row_count) AS all_rows, sum(confirmed + by_probability + unlinked) AS missed
        FROM linkage_unit WHERE contract <> '{LIST}'
        GROUP BY unit, GROUPING SETS ((), {SETS})
    )
    SELECT characteristic, group_value, count(*) AS units,
        CAST(sum(all_rows) AS BIGINT) AS row_count, CAST(sum(missed) AS BIGINT) AS not_by_key,
        CAST(sum(all_rows * all_rows) AS DOUBLE) AS row_squares, CAST(sum(missed * missed) AS DOUBLE) AS not_by_key_squares,
        CAST(sum(all_rows * missed) AS DOUBLE) AS products
    FROM of_one GROUP BY characteristic, group_value
"""


def count_links(staged: Staged, place: Place) -> None:
    """Nothing; `linkage_rate` has a row for each contract, source, characteristic and group, `linkage_spread` for each of the latter two.

    Before it rows are linked. Both are temp tables.
    """
    con = staged.con
    con.register("every_area", tables(place)["place_area"].select(["area_code", "deprivation_fifth"]))
    con.execute("""
        CREATE OR REPLACE TEMP TABLE fifth_of_area AS
        SELECT area_code, min(deprivation_fifth) AS fifth FROM every_area GROUP BY area_code
    """)
    con.unregister("every_area")
    parts = [_units_sql(contract, columns, place.as_at) for contract, columns in staged.columns.items()]
    con.execute(f"CREATE OR REPLACE TEMP TABLE linkage_unit AS {' UNION ALL '.join(parts)}")
    con.execute(RATE)
    con.execute(SPREAD)
    con.execute("DROP TABLE linkage_unit")


def _units_sql(contract: str, columns: frozenset[str], as_at: date) -> str:
    """Counts of one contract's rows by source, what they say, and whom they are of: a person, or rows of a source that say the same."""
    sex, ethnic, area = (next((name for name in names if name in columns), None) for names in (SEX, ETHNIC, AREA))
    said = {
        "age": _age_band(as_at),
        "sex": WHICH_SEX.format(sex) if sex else "NULL",
        "ethnic_group": BROAD.format(f"upper({ethnic})") if ethnic else "NULL",
        "deprivation_fifth": "CAST(a.fifth AS VARCHAR)" if area else "NULL",
    }
    where = f" LEFT JOIN fifth_of_area a ON a.area_code = v.{area}" if area else ""
    values = ", ".join(f"coalesce({expression}, 'not said') AS {name}" for name, expression in said.items())
    counts = ", ".join(f"count(*) FILTER ({condition}) AS {name}" for name, condition in HOW.items())
    told = [f"v.{name}" for name in SAID if name in columns]
    alike = f"hash(f.source, {', '.join(told)})" if told else "hash(v.file_id, v.source_row)"
    nothing = " AND ".join(f"{name} IS NULL" for name in told) or "false"
    unit = f"CASE WHEN person_id IS NOT NULL THEN hash(person_id) WHEN {nothing} THEN hash(v.file_id, v.source_row) ELSE {alike} END"
    return f"""
        SELECT '{contract}' AS contract, source, {", ".join(GROUPS)}, unit, count(*) AS row_count, {counts}
        FROM (
            SELECT f.source, v.linked_by, v.person_id, {unit} AS unit, {values}
            FROM linked_{contract} v JOIN identity_file f USING (file_id){where}
        )
        GROUP BY ALL
    """


def _age_band(as_at: date) -> str:
    """An expression: the band of the age on the as-at date, named by its first and last year."""
    age = f"datesub('year', born, DATE '{as_at}')"
    bands = [(after, f"{first} to {after - 1}" if after - first > 1 else str(first)) for first, after in pairwise(AGES)]
    cases = " ".join(f"WHEN {age} < {after} THEN '{band}'" for after, band in bands)
    return f"CASE WHEN born IS NULL OR born > DATE '{as_at}' THEN NULL {cases} ELSE '{AGES[-1]} and over' END"

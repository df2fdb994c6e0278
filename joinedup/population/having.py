"""Which conditions people had, a column each: the SQL is written from the ids of the conditions that are defined."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from joinedup.engine.specs import Column, ColumnType, TableSpec
from joinedup.population.conditions import Condition, read_conditions

TABLE = "person_year_has"


def having(described: TableSpec, place_folder: Path | None = None) -> TableSpec:
    """person_year_has with a column for each condition of the package and of the place folder."""
    found, _ = read_conditions(place_folder)
    columns = [Column(name=each.column, type=ColumnType.BOOLEAN, meaning=f"{each.title}; empty is not known") for each in found]
    return described.model_copy(update={"columns": (*described.columns, *columns), "sql": having_sql(found)})


def having_sql(found: Sequence[Condition]) -> str:
    """True where a condition is in force on the last counted day; false where whoever decides is known; else nothing."""
    there = ",\n".join(f"        bool_or(s.condition_id = '{each.condition}') AS {each.column}" for each in found)
    decided = ",\n".join(f"        bool_or(known) FILTER (WHERE what = '{each.condition}') AS {each.column}" for each in found)
    given = ",\n".join(_given(each) for each in found)
    return f"""\
WITH there AS (
    SELECT
        p.person_id,
        p.year_starts,
{there}
    FROM person_year AS p
    INNER JOIN condition_spell AS s
        ON s.person_id = p.person_id AND s.starts <= p.last_on AND coalesce(p.last_on < s.ends, TRUE)
    GROUP BY p.person_id, p.year_starts
),
decided AS (
    SELECT
        year_starts,
        practice_code,
        bool_or(known) FILTER (WHERE what = 'gp_record') AS record,
{decided}
    FROM practice_basis
    GROUP BY year_starts, practice_code
)
SELECT
    p.person_id,
    p.year_starts,
    coalesce(d.record, FALSE) AS record_known,
{given}
FROM person_year AS p
LEFT JOIN decided AS d
    ON d.year_starts = p.year_starts AND d.practice_code = CASE WHEN p.practice_known THEN p.practice_code ELSE 'none' END
LEFT JOIN there AS t ON t.person_id = p.person_id AND t.year_starts = p.year_starts
"""


def _given(condition: Condition) -> str:
    name = condition.column
    return f"    CASE WHEN t.{name} THEN TRUE WHEN d.{name} THEN FALSE END AS {name}"

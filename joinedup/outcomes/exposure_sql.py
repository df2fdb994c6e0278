"""The SQL of measure_exposure: people's days by every cut, of all sets of people that measures are out of in one pass."""

from __future__ import annotations

from collections.abc import Mapping

from joinedup.outcomes.measure_lines import PEOPLE, Line
from joinedup.outcomes.measure_sql import holds, people_cte

GROUPS = {
    "all": "'all'",
    "sex": "coalesce(p.sex, '')",
    "age": "coalesce(CAST(p.age_band_order AS STRING), '')",
    "ethnic_group": "coalesce(p.ethnic_group, '')",
    "deprivation": "coalesce(CAST(p.deprivation_fifth AS STRING), '')",
    "segment": "coalesce(p.segment_id, '')",
    "age_sex": "coalesce(p.sex, '') || '|' || coalesce(CAST(p.age_band_order AS STRING), '')",
}
WHOLE = "age_sex_deprivation"
"""Counted for the place alone."""
APART = ("ethnic_group", "segment")
"""Groups that are counted from people's months themselves: with them few people are alike."""
ALIKE = ("month", "neighbourhood_id", "practice_code", "pcn_code", "ward_code", "deprivation_fifth", "sex", "age_band_order")
AREAS = {
    "place": "'place'",
    "neighbourhood": "neighbourhood_id",
    "none": "CASE WHEN neighbourhood_id IS NULL THEN 'none' END",
    "practice": "practice_code",
    "pcn": "pcn_code",
    "ward": "ward_code",
}


def exposure_sql(lines: Mapping[str, Line]) -> str:
    """People's days of each line, by area and group: groups first, areas afterwards, a column for each line until the last step."""
    people = {name: line for name, line in lines.items() if line.table == PEOPLE}
    sums = ",\n        ".join(_sum(name, line) for name, line in people.items()) or "CAST(0 AS BIGINT) AS no_days"
    again = ", ".join(f"CAST(sum(g.{name}) AS BIGINT) AS {name}" for name in people) or "CAST(0 AS BIGINT) AS no_days"
    named = ", ".join(people) or "no_days"
    days = "\n            ".join(f"WHEN '{name}' THEN a.{name}" for name in people) or "WHEN '' THEN a.no_days"
    by_group = "\n    UNION ALL\n".join([*(_by_group(breakdown, value, sums) for breakdown, value in GROUPS.items()), _whole(sums)])
    by_area = "\n    UNION ALL\n".join(_by_area(area, column, again, named) for area, column in AREAS.items())
    return f"""\
WITH {people_cte(people)},
{_alike(people)},
by_group AS (
{by_group}
),
by_area AS (
{by_area}
),
told AS (
    SELECT
        t.line_id, a.month, a.area_type, a.area_id, a.breakdown, a.group_value,
        CASE t.line_id
            {days}
        END AS person_days
    FROM by_area AS a
    INNER JOIN measure_cut AS t ON t.area_type = a.area_type AND t.breakdown = a.breakdown
)
SELECT line_id, month, area_type, area_id, breakdown, group_value, person_days
FROM told
WHERE person_days > 0
"""


def _alike(people: Mapping[str, Line]) -> str:
    """Days of people alike in all but ethnic group and segment: an age stands for all up to the next that some line asks for."""
    conditions = [condition for line in people.values() for condition in line.conditions]
    of_age = [condition for condition in conditions if condition.column == "age"]
    steps = {0} | {age for each in of_age for age in (each.least, each.below) if age is not None}
    steps |= {age + more for each in of_age for age in each.values for more in (0, 1)}
    ages = " ".join(f"WHEN age >= {age} THEN {age}" for age in sorted(steps, reverse=True))
    asked = sorted({condition.column for condition in conditions} - {"age", "person_days", *ALIKE})
    columns = ", ".join((*ALIKE, *asked))
    return f"""\
alike AS (
    SELECT {columns}, age, CAST(sum(person_days) AS BIGINT) AS person_days
    FROM (SELECT {columns}, CASE {ages} ELSE age END AS age, person_days FROM of_people) AS p
    GROUP BY {columns}, age
)"""


def _sum(name: str, line: Line) -> str:
    which = " AND ".join(f"({holds(name, condition, 'p')})" for condition in line.conditions)
    only = f" FILTER (WHERE {which})" if which else ""
    return f"CAST(sum(p.person_days){only} AS BIGINT) AS {name}"


def _by_group(breakdown: str, value: str, sums: str) -> str:
    by = "p.month, p.neighbourhood_id, p.practice_code, p.pcn_code, p.ward_code"
    grouped = by if breakdown == "all" else f"{by}, {value}"
    return f"""\
    SELECT
        {by}, '{breakdown}' AS breakdown, {value} AS group_value,
        {sums}
    FROM {"of_people" if breakdown in APART else "alike"} AS p
    GROUP BY {grouped}"""


def _whole(sums: str) -> str:
    value = f"{GROUPS['age_sex']} || '|' || {GROUPS['deprivation']}"
    return f"""\
    SELECT
        p.month, 'none' AS neighbourhood_id, CAST(NULL AS STRING) AS practice_code, CAST(NULL AS STRING) AS pcn_code,
        CAST(NULL AS STRING) AS ward_code, '{WHOLE}' AS breakdown, {value} AS group_value,
        {sums}
    FROM alike AS p
    GROUP BY p.month, {value}"""


def _by_area(area: str, column: str, sums: str, named: str) -> str:
    """The groups of one kind of area; those of the place alone are no other's."""
    only = "" if area == "place" else f"\n    WHERE g.breakdown <> '{WHOLE}'"
    return f"""\
    SELECT month, '{area}' AS area_type, area_id, breakdown, group_value, {named}
    FROM (
        SELECT g.month, g.area_id, g.breakdown, g.group_value, {sums}
        FROM (SELECT month, {column} AS area_id, breakdown, group_value, {named} FROM by_group) AS g{only}
        GROUP BY g.month, g.area_id, g.breakdown, g.group_value
    ) AS {area}_sums
    WHERE area_id IS NOT NULL"""

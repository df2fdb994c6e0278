"""The SQL of people's days: people who are alike are counted by the year, and spread over months afterwards."""

from __future__ import annotations

from joinedup.outcomes.measure_keys import BAND, PROVIDER, Source
from joinedup.outcomes.measure_sql import OF_PERSON, grouped, is_text, text_joins, texts_held, texts_of

BANDS = range(0, 95, 5)
STAY = ("year_starts", "from_day", "to_day", "birth_month")
"""What days by month are made of."""


def people_ctes(source: Source) -> tuple[str, ...]:
    """People's days by set of keys, month, keys and what conditions ask: somebody's age is that of the first of the month."""
    conditions = [condition for line in source.lines.values() for condition in line.conditions]
    asked = sorted({each.column for each in conditions if not is_text(each)} - {"age"})
    extra = (*asked, *(f"text_{number}" for number, _ in texts_of(source).values()))
    sets = {name: tuple(key for key in keys if key not in (BAND, PROVIDER)) for name, keys in source.sets.items()}
    keys, which, grouping = grouped(sets, dict.fromkeys(sets, (*STAY, *extra)))
    return _lived(source, asked), _alike((*STAY, *extra, *keys), which, grouping), _of_people(source, (*extra, *keys))


def _lived(source: Source, asked: list[str]) -> str:
    own = "".join(f",\n        f.{name}" for name in asked)
    own += "".join(f",\n        ({held}) AS text_{texts_of(source)[each][0]}" for each, held in texts_held(source).items())
    flags = "\n    LEFT JOIN person_year AS f ON f.person_id = s.person_id AND f.year_starts = y.year_starts" if asked else ""
    return f"""\
years AS (
    SELECT year_starts, min(month) AS first_day, max(month_end) AS last_day FROM place_year_month GROUP BY year_starts
),
lived AS (
    SELECT
        y.year_starts,
        greatest(s.starts, y.first_day) AS from_day,
        least(s.ends, y.last_day) AS to_day,
        p.birth_month,
        s.practice_code,
        s.neighbourhood_id,
        {", ".join(f"w.{name}" for name in OF_PERSON)}{own}
    FROM counted_spell AS s
    INNER JOIN person AS p ON p.person_id = s.person_id
    CROSS JOIN years AS y
    LEFT JOIN measure_person AS w ON w.person_id = s.person_id AND w.year_starts = y.year_starts{flags}{text_joins(source, "w")}
    WHERE coalesce(s.starts < y.last_day, TRUE) AND coalesce(y.first_day < s.ends, TRUE)
)"""


def _alike(columns: tuple[str, ...], which: str, grouping: str) -> str:
    """How many people are alike in all keys of a set, and in the month of their birth and the days that they were there."""
    return f"""\
alike AS (
    SELECT {", ".join(columns)},
        {which} AS key_set,
        count(*) AS people
    FROM lived
    GROUP BY {grouping}
)"""


def _of_people(source: Source, columns: tuple[str, ...]) -> str:
    """Their days by month: an age stands for all up to the next that some line or a band asks for."""
    conditions = [condition for line in source.lines.values() for condition in line.conditions if condition.column == "age"]
    steps = {*BANDS} | {age for each in conditions for age in (each.least, each.below) if age is not None}
    steps |= {age + more for each in conditions for age in each.values for more in (0, 1)}
    ages = " ".join(f"WHEN age >= {age} THEN {age}" for age in sorted(steps, reverse=True))
    banded = [f"'{name}'" for name, keys in source.sets.items() if BAND in keys]
    by_band = f"CASE WHEN key_set IN ({', '.join(banded)}) THEN CAST(floor(age / 5) AS INTEGER) END" if banded else "CAST(NULL AS INTEGER)"
    passed = "".join(f", {name}" for name in columns)
    missing = "".join(f", CAST(NULL AS STRING) AS {name}" for name in (PROVIDER,) if any(name in keys for keys in source.sets.values()))
    return f"""\
by_age AS (
    SELECT key_set, month{passed}, CASE {ages} ELSE age END AS age, CAST(sum(people * days) AS BIGINT) AS person_days
    FROM (
        SELECT
            a.key_set, m.month{"".join(f", a.{name}" for name in columns)}, a.people,
            CAST(floor((
                (extract(YEAR FROM m.month) - extract(YEAR FROM a.birth_month)) * 12
                + extract(MONTH FROM m.month) - extract(MONTH FROM a.birth_month)
            ) / 12) AS INTEGER) AS age,
            CAST(least(a.to_day, m.month_end) - greatest(a.from_day, m.month) AS INTEGER) AS days
        FROM alike AS a
        INNER JOIN place_year_month AS m ON m.year_starts = a.year_starts AND a.from_day < m.month_end AND m.month < a.to_day
    ) AS there
    GROUP BY key_set, month{passed}, CASE {ages} ELSE age END
),
of_people AS (
    SELECT key_set, month{passed}, age, {by_band} AS {BAND}{missing}, person_days
    FROM by_age
)"""

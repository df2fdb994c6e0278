"""The SQL that picks what lines count out of a table: its events with month, keys and columns, and a line's conditions on them.

Numbers, dates and true or false stand in it as they are; texts are rows of measure_value.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from joinedup.engine.specs import ColumnType
from joinedup.outcomes.measure_keys import KEYS, Source
from joinedup.outcomes.measure_lines import Condition, Line

OF_PERSON = ("ward_code", "deprivation_fifth", "sex", "ethnic_group", "segment_id")


def is_text(condition: Condition) -> bool:
    """Whether it is held against texts of measure_value."""
    return bool(condition.begins) or (bool(condition.values) and condition.type is ColumnType.STRING)


def texts_of(source: Source) -> dict[Condition, tuple[int, str]]:
    """The conditions on texts, each once: its number, and a line that has it."""
    found: dict[Condition, tuple[int, str]] = {}
    for name, line in source.lines.items():
        for condition in filter(is_text, line.conditions):
            found.setdefault(condition, (len(found) + 1, name))
    return found


def texts_held(source: Source) -> dict[Condition, str]:
    """Of each condition on texts the SQL that says whether it holds, over `text_joins`."""
    return {
        condition: " OR ".join(f"v{number}_{length}.text_value IS NOT NULL" for length in _lengths(condition))
        for condition, (number, _) in texts_of(source).items()
    }


def text_joins(source: Source, of: str) -> str:
    """The texts of each such condition, of columns by the alias of their table; of those that only begin so by as many letters."""
    joined = ""
    for condition, (number, name) in texts_of(source).items():
        for length in _lengths(condition):
            column = f"{of}.{condition.column}"
            v = f"v{number}_{length}"
            joined += (
                f"\n    LEFT JOIN measure_value AS {v}\n        ON {v}.line_id = '{name}' AND {v}.column_name = '{condition.column}'"
                f" AND {v}.text_value = {f'left({column}, {length})' if length else column}"
            )
    return joined


def _lengths(condition: Condition) -> list[int]:
    return sorted({len(text) for text in condition.begins}) or [0]


def events_cte(source: Source, *, known: bool) -> str:
    """The events of a table with month, keys, what each brings to each line and, where asked for, whether what lines need is known.

    Events of no month of the place are there without one, and their sums have no set of keys. Joined away here, DuckDB takes the
    others for few, and looks people's groups up in a table of events instead of events in one of people.
    """
    held = texts_held(source)
    own = "".join(f",\n        {_counted(line, held)} AS {name}" for name, line in source.lines.items())
    person = "".join(f"        w.{name},\n" for name in OF_PERSON)
    needs = {number: name for name, number in reversed(source.needs.items())} if known else {}
    told = "".join(f",\n        coalesce(b{number}.known, TRUE) AS known_{number}" for number in sorted(needs))
    bases = "".join(
        f"\n    LEFT JOIN line_basis AS b{number}\n        ON b{number}.line_id = '{name}' AND b{number}.month = m.month"
        f" AND b{number}.provider_code = coalesce(e.provider_code, 'none')"
        for number, name in sorted(needs.items())
    )
    own += f",\n        CAST(e.{source.each} AS BIGINT) AS each_amount" if source.each else ""
    where = f"\n    WHERE e.{source.each} IS NOT NULL" if source.each else ""
    return f"""\
of_{source.name} AS (
    SELECT
        m.month,
        e.practice_code,
        e.neighbourhood_id,
{person}\
        CASE WHEN e.age >= 90 THEN 18 ELSE CAST(floor(e.age / 5) AS INTEGER) END AS age_band_order,
        coalesce(e.provider_code, 'none') AS provider_code{told}{own}
    FROM {source.table} AS e
    LEFT JOIN place_year_month AS m ON m.month = CAST(date_trunc('month', e.on_date) AS DATE)
    LEFT JOIN measure_person AS w ON w.person_id = e.person_id AND w.year_starts = m.year_starts{bases}{text_joins(source, "e")}{where}
)"""


def _counted(line: Line, held: Mapping[Condition, str]) -> str:
    """What an event brings to a line: its amount, or 1; nothing where a condition doesn't hold."""
    amount = f"e.{line.amount}" if line.amount and not line.each else "1"
    which = holds(line, held)
    return f"CASE WHEN {which} THEN {amount} END" if which else amount


def holds(line: Line, held: Mapping[Condition, str]) -> str:
    """All conditions of a line, as SQL; empty where there are none."""
    return " AND ".join(_bracketed(held[each]) if each in held else _holds(each) for each in line.conditions)


def _bracketed(sql: str) -> str:
    return f"({sql})" if " OR " in sql else sql


def _holds(condition: Condition) -> str:
    column = f"e.{condition.column}"
    if condition.type is ColumnType.BOOLEAN:
        either = [column if value else f"NOT {column}" for value in condition.values]
        return either[0] if len(either) == 1 else f"({' OR '.join(either)})"
    if condition.values:
        listed = [_literal(value) for value in condition.values]
        return f"{column} = {listed[0]}" if len(listed) == 1 else f"{column} IN ({', '.join(listed)})"
    limits = [(">=", condition.least), ("<", condition.below)]
    return " AND ".join(f"{column} {sign} {_literal(value)}" for sign, value in limits if value is not None)


def _literal(value: object) -> str:
    return f"DATE '{value}'" if isinstance(value, date) else str(value)


def grouped(sets: Mapping[str, tuple[str, ...]], also: Mapping[str, tuple[str, ...]]) -> tuple[list[str], str, str]:
    """The keys that sets of keys name, the SQL that tells of which set a row is, and the GROUPING SETS; `also` is in each set, by name."""
    keys = [key for key in KEYS if any(key in named for named in sets.values())]
    if len(sets) == 1:
        (only,) = sets
        which = f"'{only}'"
    else:
        bits = " + ".join(f"grouping({key}) * {2**at}" for at, key in enumerate(keys))
        numbers = {name: sum(2**at for at, key in enumerate(keys) if key not in named) for name, named in sets.items()}
        which = f"CASE {bits} {' '.join(f'WHEN {number} THEN {name!r}' for name, number in numbers.items())} END"
    listed = ",\n        ".join(f"({', '.join((*also[name], *named))})" for name, named in sets.items())
    return keys, which, f"GROUPING SETS (\n        {listed}\n    )"

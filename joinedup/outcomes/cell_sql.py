"""The SQL of counting: a table once for all sets of keys, a column for each line; its sums by area and group; and these line by line."""

from __future__ import annotations

from collections.abc import Iterable

from joinedup.outcomes.exposure_sql import people_ctes
from joinedup.outcomes.measure_keys import AREA_KEYS, BAND, BY_PROVIDER, FIFTH, GROUP_KEYS, Source
from joinedup.outcomes.measure_sql import events_cte, grouped, holds, texts_of

AREAS = {
    "place": "'place'",
    "neighbourhood": "s.neighbourhood_id",
    "none": "CASE WHEN s.neighbourhood_id IS NULL THEN 'none' END",
    "practice": "s.practice_code",
    "pcn": "n.code",
    "ward": "s.ward_code",
}
NUMBERS = (FIFTH, BAND)
KEYS = ("month", "area_type", "area_id", "breakdown", "group_value")
ASKED = """\
asked AS (
    SELECT counted, key_set, area_type, breakdown FROM measure_cut GROUP BY counted, key_set, area_type, breakdown
)"""


def cells_sql(sources: Iterable[Source]) -> str:
    """The counts of all lines by every declared cut."""
    events = list(sources)
    ctes = [ASKED, *(cte for each in events for cte in (*_picked(each), _sets(each), _cells(each)))]
    told = "\nUNION ALL\n".join(_told(each) for each in events) or _nothing("each_amount", "events", "amount", "amount_squares")
    return f"""\
{_with(ctes)},
told AS (
{told}
)
SELECT line_id, month, area_type, area_id, breakdown, group_value, each_amount, events, amount, amount_squares
FROM told
WHERE events > 0
"""


def exposure_sql(sources: Iterable[Source]) -> str:
    """People's days of all lines by every declared cut."""
    people = list(sources)
    ctes = [ASKED, *(cte for each in people for cte in (*_picked(each), _sets(each), _cells(each)))]
    told = "\nUNION ALL\n".join(_told(each) for each in people) or _nothing("person_days")
    return f"""\
{_with(ctes)},
told AS (
{told}
)
SELECT line_id, month, area_type, area_id, breakdown, group_value, person_days
FROM told
WHERE person_days > 0
"""


def by_keys_sql(sources: Iterable[Source]) -> str:
    """The counts of all lines by the keys of the one set that each source has, known or not."""
    listed = list(sources)
    ctes = [cte for each in listed for cte in (*_picked(each), _sets(each))]
    told = "\nUNION ALL\n".join(_by_keys(each, name) for each in listed for name in each.lines)
    return f"{_with(ctes)}\n{told}\n"


def _picked(source: Source) -> tuple[str, ...]:
    return people_ctes(source) if source.kind == "people" else (events_cte(source, known=_is_known(source)),)


def _with(ctes: Iterable[str]) -> str:
    return "WITH " + ",\n".join(ctes)


def _by_keys(source: Source, name: str) -> str:
    (keys,) = source.sets.values()
    amount, squares = _amounts(source, name)
    named = "".join(f"s.{key}, " for key in keys)
    each = "s.each_amount" if source.each else "CAST(NULL AS BIGINT)"
    return f"""\
SELECT
    '{name}' AS line_id, s.month, {named}{each} AS each_amount,
    s.{name} AS events, {amount} AS amount, {squares} AS amount_squares
FROM sets_{source.name} AS s
WHERE s.{name} > 0 AND s.key_set IS NOT NULL"""


def _nothing(*numbers: str) -> str:
    """No rows, of the right types, where nothing is to be counted."""
    none = "".join(f", CAST(NULL AS BIGINT) AS {name}" for name in numbers)
    return (
        "    SELECT CAST(NULL AS STRING) AS line_id, m.month, a.area_type, CAST(NULL AS STRING) AS area_id, a.breakdown,\n"
        f"        CAST(NULL AS STRING) AS group_value{none}\n    FROM place_year_month AS m\n    CROSS JOIN asked AS a\n    WHERE FALSE"
    )


def _sets(source: Source) -> str:
    """The table's rows by each set of keys, with a column for each sum."""
    known = tuple(f"known_{number}" for number in sorted(set(source.needs.values()))) if _is_known(source) else ()
    each = ("each_amount",) if source.each else ()
    # Of how much is known medians tell the number of events alone.
    also = {name: (*known, *(() if name == BY_PROVIDER else each)) for name in source.sets}
    fixed = ("month",) if source.kind != "people" else ("key_set", "month")
    keys, which, sets = grouped(source.sets, {name: (*fixed, *named) for name, named in also.items()})
    sums = ",\n        ".join(f"{sql} AS {sum_}" for name in source.lines for sum_, sql in _sums(source, name))
    told = "".join(f"e.{name}, " for name in (*fixed, *known, *each, *keys))
    if source.kind == "people":
        by = f"{', '.join(f'e.{name}' for name in (*fixed, *keys))}"
    else:
        told, by = f"{told}\n        CASE WHEN e.month IS NOT NULL THEN {which} END AS key_set,", sets
    return f"""\
sets_{source.name} AS (
    SELECT
        {told}
        {sums}
    FROM of_{source.name} AS e
    GROUP BY {by}
)"""


def _is_known(source: Source) -> bool:
    """Whether it is told what is known: not where rows are grouped by one set of keys for the cases of a measure."""
    return source.kind != "people" and BY_PROVIDER in source.sets


def _sums(source: Source, name: str) -> list[tuple[str, str]]:
    """What is added up of a line: names, and the SQL over the table's rows."""
    if source.kind == "people":
        which = holds(source.lines[name], {each: f"e.text_{number}" for each, (number, _) in texts_of(source).items()})
        return [(name, f"CAST(sum(e.person_days){f' FILTER (WHERE {which})' if which else ''} AS BIGINT)")]
    found = [(name, f"count(e.{name})")]
    if source.kind == "amounts":
        found.append((f"{name}_amount", f"CAST(sum(e.{name}) AS BIGINT)"))
        if not str(source.lines[name].amount).endswith("_pence"):
            found.append((f"{name}_squares", f"CAST(sum(CAST(e.{name} AS BIGINT) * e.{name}) AS BIGINT)"))
    return found


def _amounts(source: Source, name: str) -> tuple[str, str]:
    """The SQL of the sum of a line's amounts and of their squares, over its sums."""
    if source.kind == "each":
        # Rows of providers aren't by amount.
        return f"coalesce(s.{name} * s.each_amount, 0)", f"s.{name} * s.each_amount * s.each_amount"
    if source.kind == "amounts":
        squares = "CAST(NULL AS BIGINT)" if str(source.lines[name].amount).endswith("_pence") else f"s.{name}_squares"
        return f"s.{name}_amount", squares
    return f"s.{name}", "CAST(NULL AS BIGINT)" if source.kind == "people" else f"s.{name}"


def _cells(source: Source) -> str:
    """The sums by each kind of area and breakdown that are asked for; of what isn't known only what each provider told."""
    keys = {key for named in source.sets.values() for key in named}
    areas = " ".join(f"WHEN '{area}' THEN {sql}" for area, sql in AREAS.items() if keys >= set(AREA_KEYS[area]))
    groups = " ".join(f"WHEN '{group}' THEN {_text(named)}" for group, named in GROUP_KEYS.items() if named and keys >= set(named))
    needs = source.needs if _is_known(source) else {}
    known = [f"known_{number}" for number in sorted(set(needs.values()))]
    each = ["each_amount"] if source.each else []
    names = [(name, sum_) for name in source.lines for sum_, _ in _sums(source, name)]
    only = {name: f" FILTER (WHERE c.known_{number} OR c.breakdown = '{BY_PROVIDER}')" for name, number in needs.items()}
    sums = ",\n        ".join(f"CAST(sum(c.{sum_}){only.get(name, '')} AS BIGINT) AS {sum_}" for name, sum_ in names)
    by = ", ".join(f"c.{name}" for name in (*KEYS, *each))
    passed = "".join(f", s.{name}" for name in (*known, *each, *(sum_ for _, sum_ in names)))
    return f"""\
cells_{source.name} AS (
    SELECT
        {by},
        {sums}
    FROM (
        SELECT
            s.month, a.area_type, a.breakdown,
            CASE a.area_type {areas} END AS area_id,
            CASE a.breakdown {groups} ELSE 'all' END AS group_value{passed}
        FROM sets_{source.name} AS s
        INNER JOIN asked AS a ON a.counted = '{source.name}' AND a.key_set = s.key_set
        LEFT JOIN place_neighbourhood AS n ON n.neighbourhood_id = s.neighbourhood_id
    ) AS c
    WHERE c.area_id IS NOT NULL
    GROUP BY {by}
)"""


def _text(keys: Iterable[str]) -> str:
    """Keys as the text of a group: nothing where one isn't known."""
    return " || '|' || ".join(f"coalesce({f'CAST(s.{key} AS STRING)' if key in NUMBERS else f's.{key}'}, '')" for key in keys)


def _told(source: Source) -> str:
    """The sums line by line, each by what it declares."""
    lines = source.lines
    each = "s.each_amount" if source.each else "CAST(NULL AS BIGINT)"
    if source.kind == "people":
        numbers = f"{_by_line({name: f's.{name}' for name in lines})} AS person_days"
    else:
        events = _by_line({name: f"s.{name}" for name in lines})
        amount, squares = (_by_line({name: _amounts(source, name)[at] for name in lines}) for at in (0, 1))
        numbers = f"{each} AS each_amount,\n        {events} AS events,\n        {amount} AS amount,\n        {squares} AS amount_squares"
    return f"""\
    SELECT
        t.line_id, {", ".join(f"s.{name}" for name in KEYS)},
        {numbers}
    FROM cells_{source.name} AS s
    INNER JOIN measure_cut AS t ON t.counted = '{source.name}' AND t.area_type = s.area_type AND t.breakdown = s.breakdown"""


def _by_line(sql: dict[str, str]) -> str:
    """What the SQL of each line comes to, in a row of any."""
    if len(set(sql.values())) == 1:
        return next(iter(sql.values()))
    each = " ".join(f"WHEN '{name}' THEN {one}" for name, one in sql.items())
    return f"CASE t.line_id {each} END"

"""What a partner's file holds, column by column; values of a column that could tell of a person stay unseen.

Counts are of every row; types, shapes and styles are those of rows spread evenly over the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from time import perf_counter
from typing import Any

from joinedup.engine import files_values as values
from joinedup.engine.files_lines import Connection, literal, quoted
from joinedup.progress import Progress, Step, silent
from joinedup.sources.naming_people import common_names, everyday_words
from joinedup.starting.likeness import PALE, WORDS, words_of
from joinedup.starting.shapes import SOME, TRACE, births, date_style, kind_of, shapes_of
from joinedup.starting.tables import FileTable

LOOKED_AT = 10_000
"""Rows by which types and shapes are told."""
FEW, MANY_TIMES, SHORT = 40, 5, 30
"""Values are shown only where there are few of them, each in that many rows and that short; ours."""
SHORT_CODE = 3
"""Characters of a code that no person can be told by."""
NUMBERED = re.compile(r"\d\D*\d\D*\d|@")
"""Three digits or more: a value that may be the number of somebody."""
LONG, MANY = 5, 50
"""Whole numbers of so many digits, and so many of them, may be those of people, and so would be the least and the most of them."""
CODED = 300
"""Distinct values up to which a column may be one of codes."""
NULLS = tuple(WORDS["missing"])
"""What people write for a missing value."""
DEFAULT_DATES = ("1900-01-01", "1899-12-30", "1899-12-31", "1800-01-01", "1801-01-01")
"""What software writes for a missing date."""

PERSONAL = {word: said for said, words in WORDS["personal"].items() for word in words}
"""Words of a column's name that say that it tells of a person -> what it tells."""
NUMBERS = frozenset({"person", "number", "pseudonym", "record"})
"""Words of a column that numbers people, where nothing else stands beside them."""
OF_THINGS = frozenset(WORDS["things"])
"""Words beside which a name is that of a thing."""


@dataclass(frozen=True)
class ColumnProfile:
    """What one column holds; `values`, `least` and `most` are blank where it could tell of a person."""

    name: str
    at: int
    filled: int
    blank: int
    distinct: int
    kind: str
    """date, time, whole number, number, code, text."""
    share: float
    """Of the values that were looked at, how many fit the kind."""
    personal: str = ""
    """Why it could tell of a person; blank where it can't."""
    style: str = ""
    """How its dates are written."""
    least: str = ""
    most: str = ""
    values: tuple[tuple[str, int], ...] = ()
    """Values with their rows, where there are few, each short and in many rows."""
    shapes: Mapping[str, float] = field(default_factory=dict)
    """Share of its values that look like something: nhs, birth, postcode, lsoa, practice, icd, name, …"""
    coded: Mapping[str, int] = field(default_factory=dict)
    """Every value with its rows, where they may be codes: for guessing, never to be shown."""

    @property
    def unique(self) -> bool:
        """Whether it is filled in every row and differs in nearly all."""
        return not self.blank and self.filled > 1 and self.distinct >= 0.97 * self.filled


def profile(con: Connection, file: FileTable, progress: Progress = silent) -> list[ColumnProfile]:
    """The profile of every column of a file."""
    every = max(1, file.rows // LOOKED_AT)
    con.execute(f"CREATE OR REPLACE TEMP TABLE looked_at AS SELECT * FROM {quoted(file.table)} WHERE rowid % {every} = 0")
    counts = ", ".join(f"count(c{at}), approx_count_distinct(c{at})" for at in range(len(file.columns)))
    counted = con.execute(f"SELECT {counts} FROM {quoted(file.table)}").fetchall()[0]
    found = []
    for at, name in enumerate(file.columns):
        began = perf_counter()
        found.append(_column(con, file, at, counted[2 * at], counted[2 * at + 1]))
        progress(Step("look", name, at + 1, len(file.columns), perf_counter() - began))
    con.execute("DROP TABLE looked_at")
    return found


def _column(con: Connection, file: FileTable, at: int, filled: int, about: int) -> ColumnProfile:
    name, blank = file.columns[at], file.rows - file.faulty - filled
    if not filled:
        return ColumnProfile(name, at, 0, blank, 0, "blank", 1.0)
    distinct = min(about, filled)
    coded: dict[str, int] = {}
    if about <= 2 * CODED:
        groups = con.execute(
            f"SELECT c{at}, count(*) FROM {quoted(file.table)} WHERE c{at} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
        ).fetchall()
        distinct = len(groups)
        coded = dict(groups) if distinct <= CODED else {}
    elif about >= 0.9 * filled:
        distinct = con.execute(f"SELECT count(DISTINCT c{at}) FROM {quoted(file.table)}").fetchall()[0][0]
    shapes = shapes_of(con, at)
    style, dates = date_style(con, at, shapes)
    kind, share = kind_of(shapes, dates, distinct, filled)
    shapes = dict(shapes) | {"date": dates, "births": births(con, at, style) if kind == "date" else 0.0}
    found = ColumnProfile(name, at, filled, blank, distinct, kind, share, style=style if kind == "date" else "", shapes=shapes, coded=coded)
    return _with_what_may_be_seen(con, file, found)


def _with_what_may_be_seen(con: Connection, file: FileTable, found: ColumnProfile) -> ColumnProfile:
    """The profile with range or values, where they tell of nobody."""
    personal = why_personal(found)
    about: dict[str, Any] = {"personal": personal}
    if not personal and found.kind in ("date", "whole number", "number"):
        read = values.date_sql("v", [found.style]) if found.kind == "date" else values.decimal_sql("replace(replace(v, ',', ''), '£', '')")
        likely = f"WHERE {values.likely_date_sql('r')}" if found.kind == "date" else ""
        least, most = con.execute(
            f"SELECT min(r), max(r) FROM (SELECT {read} AS r FROM (SELECT c{found.at} AS v FROM {quoted(file.table)})) {likely}"
        ).fetchall()[0]
        about |= {"least": _written(least), "most": _written(most)}
    if not personal and found.kind != "date" and may_be_shown(found):
        about["values"] = tuple((value, rows) for value, rows in found.coded.items() if rows >= MANY_TIMES and _is_of_everyday(value))
    return ColumnProfile(**(vars(found) | about))


def _written(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
    return "" if value is None else str(value)


BY_FORM = {
    "postcode": ("postcodes", 5 * TRACE),
    "email": ("addresses of email", TRACE),
    "phone": ("telephone numbers", TRACE),
    "street": ("addresses", 5 * TRACE),
    "ten": ("numbers of ten digits", TRACE),
}
"""Form -> what has it, and the share of a column's values from which it tells of a person."""


def may_be_shown(found: ColumnProfile) -> bool:
    """Whether a column's values are few, short and frequent, so that none tells of a person."""
    usual = [value for value, rows in found.coded.items() if rows >= MANY_TIMES]
    return (
        0 < found.distinct <= FEW
        and found.distinct * MANY_TIMES <= found.filled
        and all(len(value) <= SHORT and not NUMBERED.search(value) for value in usual)
    )


def _is_of_everyday(value: str) -> bool:
    """Whether a value is one short word or number, or holds no word but those that contracts use: a rare word may be a name."""
    words = re.findall(r"[^\W\d_]+", value.lower())
    return (len(words) <= 1 and len(value) <= SHORT_CODE) or set(words) <= _everyday()


@cache
def _everyday() -> frozenset[str]:
    """Every word of the contracts and of names of columns; no given or family name."""
    return everyday_words() | (set(re.findall(r"[^\W\d_]+", str(WORDS).lower())) - common_names())


def why_personal(found: ColumnProfile) -> str:
    """Why a column could tell of a person, by its name or by what it holds; blank where it can't."""
    shapes = found.shapes
    if shapes["nhs"] >= SOME * shapes["ten"] and shapes["ten"] >= TRACE:
        return "NHS numbers by their check digit"
    for shape, (said, least) in BY_FORM.items():
        if shapes[shape] >= least and found.kind not in ("date", "time"):
            return f"{said}, by their form"
    if shapes["births"]:
        return "dates of birth, by how far apart they lie"
    return "names" if shapes["known_name"] >= SOME else _why_by_name(found) or _why_wide(found)


def _why_by_name(found: ColumnProfile) -> str:
    """What a column's name says that it tells of a person; blank where it says nothing of one."""
    of_name = words_of(found.name) - ({"nhs"} if found.shapes["length"] < 8 else set())
    if of_name & NUMBERS and not of_name - NUMBERS - PALE and found.kind not in ("date", "time"):
        return "a number of somebody, by its name"
    said = next((PERSONAL[word] for word in sorted(of_name) if word in PERSONAL), "")
    of_a_thing = said == "a name" and (of_name & OF_THINGS or found.kind in ("date", "whole number", "number"))
    return "" if not said or of_a_thing or (said == "a number of a person" and found.kind == "date") else f"{said}, by its name"


def _why_wide(found: ColumnProfile) -> str:
    """Why a column of free text, or whose values differ in most rows, could tell of a person."""
    if found.shapes["long"] >= SOME / 2:
        return "free text"
    if found.kind == "whole number" and found.shapes["length"] >= LONG and found.distinct > MANY:
        return "numbers as long as those of people"
    wide = found.distinct > FEW / 2 and found.distinct > found.filled / 2
    if wide and found.kind == "whole number" and (found.shapes["length"] >= 4 or found.unique):
        return "numbers that differ in most rows"
    if wide and found.kind in ("code", "text"):
        return "texts that differ in most rows"
    if found.kind == "text" and found.distinct > CODED and found.shapes["capital"] >= SOME:
        return "many different words with capitals"
    return ""


def written_nulls(con: Connection, file: FileTable, columns: Sequence[ColumnProfile]) -> dict[int, tuple[str, ...]]:
    """By column, what it writes for a missing value, as it is spelt there."""
    found = {}
    for column in columns:
        sql = f"SELECT DISTINCT c{column.at} FROM {quoted(file.table)} WHERE lower(c{column.at}) IN {values.values_sql(NULLS)} ORDER BY 1"
        found[column.at] = tuple(value for (value,) in con.execute(sql).fetchall())
    return found


def default_dates(con: Connection, file: FileTable, column: ColumnProfile) -> tuple[str, ...]:
    """The days by which a column of dates says that the date is missing."""
    read = values.date_sql(f"c{column.at}", [column.style])
    days = ", ".join(f"DATE {literal(day)}" for day in DEFAULT_DATES)
    rows = con.execute(
        f"SELECT r, count(*) FROM (SELECT {read} AS r FROM {quoted(file.table)}) WHERE r IN ({days}) GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return tuple(str(day) for day, count in rows if count > 1)

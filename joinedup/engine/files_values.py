"""SQL that turns the text of a file's fields into typed values; what can't be turned is null, and never a guess."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb

from joinedup.engine.files_lines import Connection, literal

EMPTY = "''"
DIGITS = "\\d{1,3}(,\\d{3})+|\\d+"
"""Digits, thousands set off by commas or not."""
EXPONENT = "-?\\d(\\.\\d+)?e[+]\\d\\d"
"""What R writes for a number where that is shorter and exact, such as 1e+05; spreadsheets write a large E, and lose digits."""
WRITTEN_NULLS = ("NULL", r"\N")
"""What databases write for a null; in running text it may be a name."""
DATE_WORDS = ("epoch", "infinity", "-infinity")
TIME_STYLES = ("%H:%M", "%H:%M:%S", "%H%M", "%H:%M:%S.%f")
MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y 12:00:00 AM", "%m/%d/%Y 12:00 AM")
"""Styles that would turn days into months, so that a column is never read partly by them."""
AHEAD_YEARS = 5
"""How far ahead of the record a plan or a booking may lie; ours, 2026."""
EARLIEST, LATEST = "1800-01-01", "2199-12-31"
LAST_SERIAL = 73050
"""31 December 2099 as spreadsheets number days, from 30 December 1899 on."""
SERIALS, ANY_SERIALS = 10_000, 1_000
"""The least number that is taken for a day: of five digits where a column writes dates otherwise too, else of four."""
SERIAL_SHARE = 0.9
"""Of the values of a column that are no dates: so many must be such numbers before they are read as days."""
SHORTENED = "\\d+(\\.\\d+)?E[+]\\d+"
"""A long number as spreadsheets shorten it, such as 9.99E+09."""
SAMPLE = 500  # distinct values, from which the usual style of a column shows


def values_sql(values: Iterable[str]) -> str:
    """Texts as an SQL list."""
    return f"({', '.join(literal(value) for value in values)})"


@dataclass(frozen=True, slots=True)
class Cleaning:
    """How the text of a field becomes what it says."""

    replaced: Mapping[str, str] = field(default_factory=dict)
    """Values to be replaced, and by what."""
    nulls: tuple[str, ...] = ()
    """Values that mean missing, beside a blank."""
    without: str = ""
    """Signs to be taken out."""
    upper: bool = False
    things: bool = False
    """Its numbers stand for things, so that the .0 which some software adds is no part of them."""

    def steps(self, column: str, name: str, *, spaces: str) -> list[str]:
        """The SQL of each step, the first over `column` and the others over `name`, which is what the step before gave.

        They are nested queries, since DuckDB evaluates twice what stands twice in one. Only such spaces are trimmed as
        the file has: no-break spaces take six times as long as plain ones.
        """
        trimmed = {"": column, " ": f"trim({column})"}
        steps = [trimmed.get(spaces, f"trim({column}, {literal(spaces)})")]
        if self.replaced:
            cases = " ".join(f"WHEN {literal(theirs)} THEN {literal(ours)}" for theirs, ours in self.replaced.items())
            steps.append(f"CASE {name} {cases} ELSE {name} END")
        return [*steps, f"upper({self._said_sql(name)})" if self.upper else self._said_sql(name)]

    def _said_sql(self, name: str) -> str:
        """What a trimmed text says: null where it says that it is missing, without signs and a .0 that are no part of it."""
        missing = " OR ".join(f"{name} = {literal(null)}" for null in ("", *self.nulls))  # a third of the time that IN takes
        said = f"regexp_replace({name}, '^(\\d+)\\.0$', '\\1')" if self.things else name
        for sign in self.without:
            said = f"replace({said}, {literal(sign)}, '')"
        touched = " OR ".join(f"contains({name}, {literal(sign)})" for sign in dict.fromkeys(self.without + "." * self.things))
        return f"CASE WHEN {missing} THEN NULL {f'WHEN {touched} THEN nullif({said}, {EMPTY})' if touched else ''} ELSE {name} END"


def integer_sql(value: str) -> str:
    """A whole number; 3.0 and 1,234 are one, 3.5 and 1e3 are not; 1e+05, which R writes for 100000, is."""
    written = f"[+-]?({DIGITS})(\\.0*)?|{EXPONENT}"
    return f"CASE WHEN regexp_full_match({value}, '{written}') THEN TRY_CAST({_no_commas_sql(value)} AS INTEGER) END"


def decimal_sql(value: str) -> str:
    """A number with or without a fraction."""
    written = f"[+-]?(({DIGITS})\\.?\\d*|\\.\\d+)|{EXPONENT}"
    return f"CASE WHEN regexp_full_match({value}, '{written}') THEN TRY_CAST({_no_commas_sql(value)} AS DOUBLE) END"


def pounds_sql(value: str) -> str:
    """An amount as an exact decimal; thousands may be set off by commas, but a comma never stands for the point."""
    written = f"-?£? ?-?({DIGITS}|)(\\.\\d*)?|{EXPONENT}"
    return f"CASE WHEN regexp_full_match({value}, '{written}') THEN TRY_CAST(translate({value}, '£, ', '') AS DECIMAL(28, 10)) END"


def _no_commas_sql(value: str) -> str:
    return f"CASE WHEN contains({value}, ',') THEN replace({value}, ',', '') ELSE {value} END"


def shortened_sql(value: str) -> str:
    """Whether a text is a long number that a spreadsheet has shortened, so that its last digits are lost."""
    return f"coalesce(contains({value}, 'E+') AND regexp_full_match({value}, '{SHORTENED}'), false)"


def pence_sql(pounds: str) -> str:
    """Pounds as whole pence, exactly; fractions of a penny are rounded, halves away from zero."""
    return f"TRY_CAST(round({pounds} * 100) AS BIGINT)"


def finer_than_pence_sql(pounds: str) -> str:
    """Whether pounds have to be rounded to whole pence."""
    return f"coalesce({pounds} * 100 <> round({pounds} * 100), false)"


def time_sql(value: str) -> str:
    """A time of day as HH:MM; a lost leading zero is put back."""
    padded = f"CASE WHEN length({value}) = 3 AND {value} NOT LIKE '%:%' THEN lpad({value}, 4, '0') ELSE {value} END"
    return f"strftime(try_strptime({_no_words_sql(padded, value)}, [{', '.join(map(literal, TIME_STYLES))}]), '%H:%M')"


def date_or_serial_sql(value: str, style: DateStyle) -> str:
    """A date written in one of a column's styles, or as the number that spreadsheets give to a day where the column has such."""
    if not style.serials:
        return date_sql(value, style.styles)
    number = f"CAST(floor(TRY_CAST({value} AS DOUBLE)) AS INTEGER)"
    return f"CASE WHEN {serial_sql(value, style.serials)} THEN DATE '1899-12-30' + {number} ELSE {date_sql(value, style.styles)} END"


def serial_sql(value: str, least: int) -> str:
    """Whether a text is the number of a day, with or without a fraction for the time."""
    number = f"TRY_CAST({value} AS DOUBLE) BETWEEN {least} AND {LAST_SERIAL}"
    return f"coalesce(regexp_full_match({value}, '\\d{{4,5}}(\\.\\d+)?') AND {number}, false)"


def date_sql(value: str, styles: Sequence[str]) -> str:
    """A date written in one of these styles, tried in turn; the year may be any, see `likely_date_sql`."""
    written = (
        f"CASE WHEN regexp_full_match({value}, '\\d{{1,7}}') THEN NULL ELSE {value} END" if _digits_mean_whole_dates(styles) else value
    )
    return f"CAST(try_strptime({_no_words_sql(written, value)}, [{', '.join(map(literal, styles))}]) AS DATE)"


def not_far_ahead_sql(day: str, as_at: date) -> str:
    """A date of which two digits of the year were given: of the century before, where it would lie years ahead of the record."""
    return f"({day} - CASE WHEN {day} > DATE '{as_at}' + INTERVAL {AHEAD_YEARS} YEAR THEN INTERVAL 100 YEAR ELSE INTERVAL 0 YEAR END)::DATE"


def likely_date_sql(day: str) -> str:
    """Whether a date is no slip of typing or of software, such as the year 24 or 9999."""
    return f"{day} BETWEEN DATE '{EARLIEST}' AND DATE '{LATEST}'"


def _no_words_sql(written: str, value: str) -> str:
    """A text to be read as a date or time; null for the words that DuckDB takes for dates whatever the style."""
    return (
        f"CASE WHEN {value} BETWEEN '0' AND ':' THEN {written} WHEN lower({value}) IN {values_sql(DATE_WORDS)} THEN NULL ELSE {written} END"
    )


def _digits_mean_whole_dates(styles: Sequence[str]) -> bool:
    """Whether a value of digits only must have eight: 2024041 would else pass for 1 April 2024."""
    bare = [style for style in styles if style.replace("%", "").isalnum() and "%b" not in style and "%B" not in style]
    return bare == ["%Y%m%d"]


def knows_style(con: Connection, style: str) -> bool:
    """Whether dates can be read by a style."""
    try:
        con.execute(f"SELECT try_strptime('', {literal(style)})").fetchall()
    except duckdb.Error:
        return False
    return True


def all_fit(con: Connection, table: str, columns: Mapping[str, str]) -> list[bool]:
    """For each column, whether all its dates are written in the style that goes with it."""
    if not columns:
        return []
    misfits = ", ".join(
        f"count(*) FILTER ({column} IS NOT NULL AND {likely_date_sql(date_sql(column, [style]))} IS NOT TRUE)"
        for column, style in columns.items()
    )
    return [count == 0 for count in con.execute(f"SELECT {misfits} FROM {table}").fetchall()[0]]


@dataclass(frozen=True, slots=True)
class DateStyle:
    """How the dates of a column are written: the styles to read it by, the commonest first."""

    styles: tuple[str, ...]
    month_first: bool = False
    """All its values can be read month first, and some only so."""
    in_doubt: bool = False
    """Some of its values can be read only month first, others only day first."""
    serials: int = 0
    """From which number on a number is a day, as spreadsheets count them; 0 where no number is."""


def date_style(con: Connection, table: str, column: str, styles: Sequence[str]) -> DateStyle:
    """How the dates of a column are written: by the style that fits most of its values, then those that fit others.

    Styles are tried beside one another only where a value can mean one date alone, as they can in a contract's. Month
    first is never mixed with day first: it is taken for the whole column, where all values allow it and some demand it.
    """
    _keep_values(con, table, column)
    fitting = _fits(con, f"(FROM date_value LIMIT {SAMPLE})", styles)
    first = max(styles, key=lambda style: fitting[style])
    con.execute(f"CREATE OR REPLACE TEMP TABLE date_left AS FROM date_value WHERE {_fits_sql([first])} IS NOT TRUE")
    fitting = _fits(con, "date_left", styles)
    found = (first, *(style for style in styles if fitting[style]))
    month_first = _fits(con, f"(FROM date_left WHERE {_fits_sql(found)} IS NOT TRUE)", MONTH_FIRST)
    if not any(month_first.values()):
        return DateStyle(found, serials=_serials(con, found))
    only_day_first = con.execute(
        f"SELECT count(*) FROM date_value WHERE {_fits_sql(found)} AND {_fits_sql(MONTH_FIRST)} IS NOT TRUE"
    ).fetchall()[0][0]
    return DateStyle(found, in_doubt=True) if only_day_first else DateStyle(MONTH_FIRST, month_first=True)


def declared_style(con: Connection, table: str, column: str, styles: Sequence[str]) -> DateStyle:
    """How the dates of a column are written, where the styles are given: those, and the numbers of days where it has such."""
    _keep_values(con, table, column)
    return DateStyle(tuple(styles), serials=_serials(con, styles))


def _keep_values(con: Connection, table: str, column: str) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE date_value AS SELECT DISTINCT {column} AS value FROM {table} WHERE {column} IS NOT NULL")


def _serials(con: Connection, styles: Sequence[str]) -> int:
    """From which number on the numbers among `date_value` are days; 0 where too many values are neither date nor such a number."""
    fits = f"{_fits_sql(styles)} IS TRUE"
    dates, five, four, others = con.execute(f"""
        SELECT count(*) FILTER (fits), count(*) FILTER (NOT fits AND five), count(*) FILTER (NOT fits AND four AND NOT five),
            count(*) FILTER (NOT fits AND NOT four)
        FROM (SELECT {fits} AS fits, {serial_sql("value", SERIALS)} AS five, {serial_sql("value", ANY_SERIALS)} AS four FROM date_value)
    """).fetchall()[0]
    least = SERIALS if dates else ANY_SERIALS
    return least if five and five >= SERIAL_SHARE * (five + others) and five >= four else 0


def _fits_sql(styles: Sequence[str]) -> str:
    return likely_date_sql(date_sql("value", styles))


def _fits(con: Connection, values: str, styles: Sequence[str]) -> dict[str, int]:
    """How many of some values each style fits.

    What `date_sql` makes of a value before it reads it is written once and not for each style: half the time, all of it DuckDB's planning.
    """
    ready = {style: "whole" if _digits_mean_whole_dates([style]) else "worded" for style in styles}
    days = {style: f"CAST(try_strptime({column}, {literal(style)}) AS DATE)" for style, column in ready.items()}
    counts = ", ".join(f"count(*) FILTER ({likely_date_sql(days[style])})" for style in styles)
    found = con.execute(f"""
        SELECT {counts}
        FROM (SELECT worded, CASE WHEN regexp_full_match(value, '\\d{{1,7}}') THEN NULL ELSE worded END AS whole
            FROM (SELECT value, {_no_words_sql("value", "value")} AS worded FROM {values}))
    """).fetchall()[0]
    return dict(zip(styles, found, strict=True))

"""The rows of a partner's file as text in a table, each with its true number, and those that can't be split into fields.

A row's number counts from 1, the first after the header. A line break within quotes doesn't end a row, so such a row has
one number; an empty line has a number but is no row. Where the quotes of a file are broken somewhere, a row that opens a
quote and doesn't close it within LONGEST_ROW lines ends with its line, so that it can't swallow the rows below it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from joinedup.engine.files_bytes import SPACES
from joinedup.engine.files_lines import Connection, keep_records, literal, quoted, write_records
from joinedup.engine.files_mending import mended
from joinedup.engine.files_sheets import FAULTS as SHEET_FAULTS
from joinedup.engine.files_sheets import SheetTable
from joinedup.engine.files_text import Header, Text
from joinedup.engine.files_values import Cleaning

UNREADABLE = (duckdb.InvalidInputException, duckdb.SerializationException, duckdb.DataError)
NUMBER = "row number"
"""The column that holds a row's number; no field of a contract is called so."""
FAULTS = {
    "TOO MANY COLUMNS": ("too-many-fields", "the row has more fields than the header"),
    "MISSING COLUMNS": ("too-few-fields", "the row has fewer fields than the header"),
    "LINE SIZE OVER MAXIMUM": ("too-long", "the row is longer than two million bytes"),
    "UNQUOTED VALUE": ("broken-quotes", "a quoted value in the row isn't closed, or goes on after its closing quote"),
}
OTHER_FAULT = ("unreadable-row", "the row can't be split into fields")
FORGET = """
    DROP VIEW IF EXISTS file_rows; DROP TABLE IF EXISTS file_fields; DROP TABLE IF EXISTS file_faults;
    DROP TABLE IF EXISTS file_refused; DROP TABLE IF EXISTS file_scans
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column that is wanted: its position in the file, and how its text is cleaned."""

    at: int
    cleaning: Cleaning


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows of a file lie in `file_rows` (NUMBER and the wanted columns), and in `file_faults` (NUMBER, rule, reason)."""

    split: int
    faulty: int

    @property
    def read(self) -> int:
        """All rows of the file."""
        return self.split + self.faulty


def forget(con: Connection) -> None:
    """Nothing; the rows of the last file are gone."""
    con.execute(FORGET)


def read_csv(con: Connection, text: Text, header: Header, wanted: Mapping[str, Wanted], scratch: Path) -> Rows | None:
    """The rows of a text, its `wanted` columns by those names; None where not even its lines can be told.

    A sound file is read in one pass, empty lines or not. A file in which some rows can't be split is read again without those. Where
    values run over line ends or much is broken, it is read line by line, which takes about three times as long.
    """
    return (
        _read_at_once(con, text, header, wanted)
        or _read_mended(con, text, header, wanted, scratch)
        or _read_by_line(con, text, header, wanted, scratch)
    )


def _read_mended(con: Connection, text: Text, header: Header, wanted: Mapping[str, Wanted], scratch: Path) -> Rows | None:
    """The rows of a text without the lines at fault, and those as faults; None where rows and lines aren't the same."""
    with mended(text, header, scratch) as sound:
        rows = _read_at_once(con, sound.text, header, wanted) if sound and sound.faults else None
    if rows is None or sound is None:
        return None
    reasons = dict(FAULTS.values())
    for rule in dict.fromkeys(rule for _, rule in sound.faults):
        found = [number for number, broken in sound.faults if broken == rule]
        con.execute("INSERT INTO file_faults SELECT unnest($rows), $rule, $reason", {"rows": found, "rule": rule, "reason": reasons[rule]})
    return Rows(rows.split, len(sound.faults))


def _read_at_once(con: Connection, text: Text, header: Header, wanted: Mapping[str, Wanted]) -> Rows | None:
    """The rows in one pass; None unless every line below the header is a row that can be split."""
    names = [f"c{at}" for at in range(len(header.names))]
    options = f"skip = {header.line}, new_line = '{text.newline.encode('unicode_escape').decode()}'"
    source = _csv_sql(text.path, names, header.delimiter, f"{options}, compression = '{'gzip' if text.gzipped else 'none'}'")
    blank = [line - header.line for line in text.blank or () if line > header.line]
    if text.blank is None or (blank and len(names) == 1):  # of one column, an empty line may be a value
        return None
    if not _keep(con, _cleaned_sql(wanted, names, source, spaces=text.spaces), text.path, number=f"rowid + 1{_blank_lines_sql(blank)}"):
        return None
    refused, split = con.execute("SELECT (SELECT count(*) FROM file_refused), (SELECT count(*) FROM file_fields)").fetchall()[0]
    return Rows(split, 0) if not refused and split == max(text.lines - header.line, 0) - len(blank) else None


def _blank_lines_sql(blank: Sequence[int]) -> str:
    """How many empty lines stand before a row, to be added to its place among the rows; looked up in halves."""
    above = [line - place for place, line in enumerate(blank, 1)]  # rows above each empty line

    def within(start: int, end: int) -> str:
        if start == end:
            return str(start)
        middle = (start + end) // 2
        return f"CASE WHEN rowid < {above[middle]} THEN {within(start, middle)} ELSE {within(middle + 1, end)} END"

    return f" + {within(0, len(above))}" if blank else ""


def _cleaned_sql(wanted: Mapping[str, Wanted], columns: Sequence[str], source: str, *, spaces: str, also: str = "") -> str:
    """The wanted columns of a source, whose `columns` are told by position, cleaned step by step; `also` names one to keep as it is."""
    cleanings = {quoted(name): column.cleaning.steps(columns[column.at], quoted(name), spaces=spaces) for name, column in wanted.items()}
    for step in range(max(map(len, cleanings.values()))):
        fields = [f"{steps[step] if step < len(steps) else name} AS {name}" for name, steps in cleanings.items()]
        source = f"(SELECT {', '.join([also, *fields] if also else fields)} FROM {source})"
    return f"FROM {source}"


def _csv_sql(path: Path, names: list[str], delimiter: str, options: str = "") -> str:
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    return (
        f"read_csv({literal(str(path))}, auto_detect = false, header = false, columns = {{{columns}}}, delim = {literal(delimiter)},"
        " quote = '\"', escape = '\"', hive_partitioning = false,"
        " store_rejects = true, rejects_limit = 0, rejects_table = 'file_refused', rejects_scan = 'file_scans'"
        f"{', ' * bool(options)}{options})"
    )


def _keep(con: Connection, select: str, path: Path, *, number: str) -> bool:
    """Whether a query could be kept as `file_fields`, with `file_rows` over it and an empty `file_faults`."""
    forget(con)
    try:
        con.execute(f"CREATE TEMP TABLE file_fields AS {select}")
    except duckdb.Error as error:
        _raise_unless_unreadable(error, path)
        return False
    con.execute(f"CREATE TEMP VIEW file_rows AS SELECT {number} AS {quoted(NUMBER)}, * FROM file_fields")
    con.execute(f"CREATE TEMP TABLE file_faults ({quoted(NUMBER)} BIGINT, rule VARCHAR, reason VARCHAR)")
    return True


def _raise_unless_unreadable(error: duckdb.Error, path: Path) -> None:
    """Nothing where DuckDB can't make sense of the file, whose words then go unsaid as they quote it; else the error, such as a full disk.

    A plain Error passes on what the decoder of Parquet says; an IOException is of the file where it names it.
    """
    of_file = isinstance(error, duckdb.IOException) and str(path) in str(error)
    if not (of_file or type(error) is duckdb.Error or isinstance(error, UNREADABLE)):
        raise error


def _read_by_line(con: Connection, text: Text, header: Header, wanted: Mapping[str, Wanted], scratch: Path) -> Rows | None:
    """The rows of a file that isn't sound: its complete records split, the others as faults."""
    try:
        records = keep_records(con, text, header)
    except duckdb.Error as error:
        _raise_unless_unreadable(error, text.path)
        return None
    names = ["file_number", *(f"c{at}" for at in range(len(header.names)))]
    with tempfile.NamedTemporaryFile(dir=scratch, suffix=".csv") as complete:
        write_records(con, Path(complete.name), header.delimiter)
        source = _csv_sql(Path(complete.name), names, header.delimiter)
        fields = _cleaned_sql(wanted, names[1:], source, spaces=SPACES, also=names[0])
        kept = _keep(con, fields, Path(complete.name), number=f"CAST({names[0]} AS BIGINT)")
    if not kept:
        return None
    con.execute(_faults_sql(header.delimiter))
    split, faulty = con.execute("SELECT (SELECT count(*) FROM file_fields), (SELECT count(*) FROM file_faults)").fetchall()[0]
    return Rows(split, faulty) if split + faulty == records else None


def _faults_sql(delimiter: str) -> str:
    """Why each row isn't in `file_rows`: the first reason in the order of FAULTS, by the number that its record begins with."""
    known = list(FAULTS.items())
    order = " ".join(f"WHEN '{kind}' THEN {place}" for place, (kind, _) in enumerate(known))
    reasons = ", ".join(f"({place}, '{rule}', {literal(reason)})" for place, (rule, reason) in enumerate([*FAULTS.values(), OTHER_FAULT]))
    broken = list(FAULTS).index("UNQUOTED VALUE")
    return f"""
        INSERT INTO file_faults
        WITH found AS (
            SELECT CAST(split_part(csv_line, {literal(delimiter)}, 1) AS BIGINT) AS number,
                CASE error_type {order} ELSE {len(known)} END AS place
            FROM file_refused
            UNION ALL
            SELECT number, {broken} FROM file_records WHERE NOT complete
        )
        SELECT number, rule, reason
        FROM (SELECT number, min(place) AS place FROM found GROUP BY number)
        JOIN (VALUES {reasons}) AS reasons (place, rule, reason) USING (place)
    """


def read_sheet(con: Connection, table: SheetTable, wanted: Mapping[str, Wanted]) -> Rows:
    """The rows of a spreadsheet's table, the wanted columns as text, and as faults those that are none of the table's."""
    columns = [f"c{at}" for at in range(table.columns)]
    fields = _cleaned_sql(wanted, columns, _parquet_sql(table.path), spaces=SPACES, also="number")
    assert _keep(con, fields, table.path, number="number"), "this process has written the file"
    for rule, reason in SHEET_FAULTS.items():
        rows = [row for row, broken in table.faults if broken == rule]
        con.execute("INSERT INTO file_faults SELECT unnest($rows), $rule, $reason", {"rows": rows, "rule": rule, "reason": reason})
    return Rows(table.rows, len(table.faults))


def read_parquet(con: Connection, path: Path, columns: Mapping[str, str], wanted: Mapping[str, Wanted]) -> Rows | None:
    """The rows of a Parquet file with these `columns` (name -> type), the wanted ones as text; None where it is damaged."""
    texts = [_as_text_sql(name, kind) for name, kind in columns.items()]
    if not _keep(con, _cleaned_sql(wanted, texts, _parquet_sql(path), spaces=SPACES), path, number="rowid + 1"):
        return None
    return Rows(con.execute("SELECT count(*) FROM file_fields").fetchall()[0][0], 0)


def parquet_columns(con: Connection, path: Path) -> dict[str, str] | None:
    """The names and types of a Parquet file's columns; None where it is damaged."""
    try:
        described = con.execute(f"DESCRIBE FROM {_parquet_sql(path)}").fetchall()
    except duckdb.Error as error:
        _raise_unless_unreadable(error, path)
        return None
    return {name: kind for name, kind, *_ in described}


def _parquet_sql(path: Path) -> str:
    return f"read_parquet({literal(str(path))}, hive_partitioning = false)"


def _as_text_sql(name: str, kind: str) -> str:
    """A typed column as a CSV file would write it."""
    column = quoted(name)
    if kind.startswith("TIMESTAMP"):
        return f"strftime({column}, '%Y-%m-%d %H:%M:%S')"
    if kind in ("DOUBLE", "FLOAT"):
        whole = f"{column} = trunc({column}) AND abs({column}) < 1e15"
        return f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
    return f"CAST({column} AS VARCHAR)"

"""A text line by line, put together to records: for files in which rows and lines don't match."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from joinedup.engine.files_text import Header, Text

Connection = duckdb.DuckDBPyConnection
LONGEST_ROW = 50
"""Lines that a row may fill before its open quote counts as broken."""
UNUSED = "\x02"
"""A character that no text holds once it is clean."""


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def keep_records(con: Connection, text: Text, header: Header) -> int:
    """How many records the text has below its header, kept as `file_records` (number, record, complete).

    A record is a line, or several where a quoted value runs over line ends. It isn't complete where a quote stays open
    or the text after a closing quote isn't a delimiter. Empty lines have numbers and are no records.
    """
    con.execute("DROP TABLE IF EXISTS file_lines; DROP TABLE IF EXISTS file_records")
    con.execute(f"CREATE TEMP TABLE file_lines AS {_lines_sql(text, header)}")
    con.execute(_records_sql(header))
    con.execute("DROP TABLE file_lines")
    return int(con.execute("SELECT count(*) FROM file_records").fetchall()[0][0])


def write_records(con: Connection, path: Path, delimiter: str) -> None:
    """Nothing; `path` holds the complete records, each with its number as a first field."""
    con.execute(
        f"COPY (SELECT number || {literal(delimiter)} || record FROM file_records WHERE complete ORDER BY number)"
        f" TO {literal(str(path))} (FORMAT csv, HEADER false, DELIMITER '{UNUSED}', QUOTE '', ESCAPE '')"
    )


def _lines_sql(text: Text, header: Header) -> str:
    newline = text.newline.encode("unicode_escape").decode()
    return (
        f"SELECT content FROM read_csv({literal(str(text.path))}, auto_detect = false, header = false, columns = {{'content': 'VARCHAR'}},"
        f" delim = '{UNUSED}', quote = '', escape = '', skip = {header.line}, new_line = '{newline}',"
        f" compression = '{'gzip' if text.gzipped else 'none'}')"
    )


def shapes(delimiter: str) -> dict[str, str]:
    """Regular expressions: a field, a line that is a record, one that leaves a quote open, one that closes it, one wholly within."""
    sign = re.escape(delimiter)
    within = '(?:[^"]|"")*'
    field = f'(?: *"{within}" *| *[^" {sign}][^{sign}]*| *)'
    return {
        "field": field,
        "complete": f"{field}(?:{sign}{field})*",
        "opens": f'(?:{field}{sign})* *"{within}',
        "closes": f'{within}" *(?:{sign}{field})*',
        "inside": within,
    }


def _matches_sql(column: str, shape: str) -> str:
    return f"regexp_full_match({column}, {literal(shape)}, 's')"


def _records_sql(header: Header) -> str:
    shape = shapes(header.delimiter)
    signs = f"length(content) - length(replace(content, {literal(header.delimiter)}, ''))"
    whole = max(len(header.names) - 1, 1)  # delimiters: a line with as many is a row of its own and no part of a value
    return f"""
        CREATE TEMP TABLE file_records AS
        WITH seen AS (
            SELECT
                rowid AS line,
                content,
                coalesce({_matches_sql("content", shape["complete"])}, true) AS complete,
                coalesce({_matches_sql("content", shape["opens"])}, false) AS opens,
                coalesce({_matches_sql("content", shape["closes"])}, false) AS closes,
                coalesce({_matches_sql("content", shape["inside"])} AND {signs} < {whole}, true) AS inside
            FROM file_lines
        ),
        ahead AS (
            SELECT *, min(line) FILTER (NOT inside) OVER (ORDER BY line ROWS BETWEEN 1 FOLLOWING AND {LONGEST_ROW - 1} FOLLOWING) AS stop
            FROM seen
        ),
        opened AS (
            SELECT first.line, first.stop
            FROM ahead AS first
            JOIN seen AS last ON last.line = first.stop AND last.closes
            WHERE first.opens AND NOT first.complete AND NOT first.closes
        ),
        placed AS (
            SELECT
                seen.*,
                max(opened.stop) OVER (ORDER BY seen.line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) >= seen.line AS continued
            FROM seen
            LEFT JOIN opened ON opened.line = seen.line
        ),
        numbered AS (
            SELECT *, sum(CASE WHEN continued THEN 0 ELSE 1 END) OVER (ORDER BY line ROWS UNBOUNDED PRECEDING) AS number
            FROM placed
        ),
        put_together AS (
            SELECT CAST(number AS BIGINT) AS number, string_agg(coalesce(content, ''), chr(10) ORDER BY line) AS record
            FROM numbered
            GROUP BY number
        )
        SELECT number, record, {_matches_sql("record", shape["complete"])} AS complete
        FROM put_together
        WHERE record <> ''
    """

"""Odd files as other programs leave them: packed, put together, in other forms of table, with marks and digits that aren't looked for."""

from __future__ import annotations

import bz2
import io
import lzma
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.gauntlet.odd import Odd
from benchmarks.gauntlet.odd_texts import ALL, COLUMNS, bytes_of, odd, raw
from benchmarks.gauntlet.planting import PEOPLE, Rows, Written, all_put, packed, people, put

WIDE = 10_000


def _table(change: Callable[[pa.Table], pa.Table] = lambda table: table, name: str = "file.parquet") -> Callable[[str], Written]:
    """What writes a Parquet file of sound admissions."""

    def write(key: str) -> Written:
        held = io.BytesIO()
        pq.write_table(change(pa.Table.from_pylist(people("apc", key))), held)
        return Written(name, held.getvalue())

    return write


def _typed(table: pa.Table) -> pa.Table:
    """Numbers as numbers and days as instants, as a data frame has them."""
    for name in table.column_names:
        at = table.column_names.index(name)
        if name in {"PERSON_BIRTH_DATE", "ADMIDATE", "DISDATE", "EPISTART", "EPIEND"}:
            table = table.set_column(at, name, table[name].cast(pa.date32()).cast(pa.timestamp("ns")))
        if name == "NHS_NUMBER":
            table = table.set_column(at, name, table[name].cast(pa.int64()).cast(pa.float64()))
    return table


def _nested(table: pa.Table) -> pa.Table:
    return table.append_column("NOTES", pa.array([{"ward": "A", "beds": [1, 2]}] * table.num_rows))


def _wide(rows: Rows) -> Rows:
    return [row | {f"EXTRA_{at}": "" for at in range(WIDE)} for row in rows]


def _two_members(content: bytes) -> bytes:
    half = content.index(b"\n", len(content) // 2) + 1
    return packed(content[:half]) + packed(content[half:])


def _second_mark(whole: str) -> str:
    """Two files put together, each with its mark and header."""
    lines = whole.splitlines()
    return "\ufeff" + "\n".join([*lines[:7], "\ufeff" + lines[0], *lines[7:], ""])


def _first_lines(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda whole: change(whole.split("\n")[0]) + "\n" + whole.split("\n", 1)[1]


FULL_WIDTH = str.maketrans("0123456789", "".join(chr(0xFF10 + digit) for digit in range(10)))
REFUSED = {"not-a-table": 0}
MORE: tuple[Odd, ...] = (
    Odd("columns-10000", "ten thousand columns that no contract knows", "apc", odd(rows=_wide), {"extra-columns": 0}, ALL),
    Odd(
        "mark-and-quotes",
        "a byte order mark before a header in quotes",
        "apc",
        odd(_first_lines(lambda line: "\ufeff" + ",".join(f'"{name}"' for name in line.split(",")))),
        rows=ALL,
    ),
    Odd(
        "second-mark",
        "two files put together, each with its byte order mark and header",
        "apc",
        odd(_second_mark),
        {"unreadable-required-value": 1},
        (13, 12, 0, 1),
    ),
    Odd(
        "header-repeats-case",
        "one column twice, in capitals and in small letters",
        "apc",
        odd(rows=lambda rows: [row | {"admidate": "2020-01-01"} for row in rows]),
        {"repeated-column": PEOPLE},
        ALL,
    ),
    Odd("line-ends-twice", "line ends turned twice, to \\r\\r\\n", "apc", odd(end="\r\r\n"), rows=ALL),
    Odd(
        "emoji",
        "an emoji and a separator of lines of Unicode in values",
        "community_activity",
        odd(rows=lambda rows: [row | {"KIND": "Walking \U0001f6b6\u2028group"} for row in rows], contract="community_activity"),
        rows=ALL,
        holds={"kind LIKE 'Walking%'": PEOPLE},
    ),
    Odd(
        "one-line-of-another-encoding",
        "UTF-8 with one name in cp1252",
        "register",
        bytes_of(lambda content: content.replace(b"Ann", b"Zo\xeb", 1).replace(b"Ann", "Zoë".encode(), 1), contract="register"),
        {"damaged-text": 1},
        (12, 11, 0, 1),
    ),
    Odd(
        "full-width-digits",
        "NHS numbers in the wide digits of East Asian keyboards",
        "apc",
        odd(rows=lambda rows: all_put(rows, "NHS_NUMBER", lambda number: number.translate(FULL_WIDTH))),
        {"nhs-number-check-digit": PEOPLE},
        ALL,
    ),
    Odd(
        "dashes-in-days",
        "days with the dash that word processors make of a hyphen",
        "apc",
        odd(rows=lambda rows: put(rows, "ADMIDATE", "2026\u201303\u201314")),
        {"unreadable-required-value": 1},
        (12, 11, 0, 1),
    ),
    Odd("gzip-of-two", "two gzip files put together, as gzip allows", "apc", bytes_of(_two_members, "file.csv.gz"), rows=ALL),
    Odd("bzip2", "bzip2 under the name of a text file", "apc", bytes_of(bz2.compress), REFUSED, refused=True),
    Odd("xz", "xz under the name of a text file", "apc", bytes_of(lzma.compress), REFUSED, refused=True),
    Odd(
        "sqlite",
        "an SQLite database under the name of a text file",
        "apc",
        raw(b"SQLite format 3\0" + bytes(4080)),
        REFUSED,
        refused=True,
    ),
    Odd(
        "xml",
        "records as XML, saved as .csv",
        "apc",
        raw(b'<?xml version="1.0"?>\n<rows>\n<row EPIKEY="1" ADMIDATE="2025-05-06"/>\n</rows>\n'),
        REFUSED,
        refused=True,
    ),
    Odd("parquet-named-csv", "Parquet under the name of a text file", "apc", _table(name="file.csv"), rows=ALL),
    Odd(
        "parquet-typed",
        "Parquet with NHS numbers as floats and days as instants, as a data frame has them",
        "apc",
        _table(_typed),
        rows=ALL,
        holds={"person_id > 0": PEOPLE, "disdate = admidate + 3": PEOPLE},
    ),
    Odd("parquet-nested", "Parquet with a column of records in records", "apc", _table(_nested), {"extra-columns": 0}, ALL),
    Odd(
        "blank-rows-5000",
        "twelve rows, and five thousand of delimiters alone",
        "apc",
        odd(lambda whole: whole + ("," * (COLUMNS - 1) + "\n") * 5000),
        {"blank-row": 5000},
        (5012, 12, 0, 5000),
    ),
    Odd(
        "only-delimiters",
        "twelve rows, and a hundred of delimiters alone, as a spreadsheet leaves them",
        "apc",
        odd(lambda whole: whole + ("," * (COLUMNS - 1) + "\n") * 100),
        {"blank-row": 100},
        (112, 12, 0, 100),
    ),
)

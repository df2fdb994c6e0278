"""Text files that are odd as a whole: encodings, delimiters, line ends, headers, footers, and what is no table at all."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from benchmarks.gauntlet.odd import Odd
from benchmarks.gauntlet.planting import PEOPLE, Rows, Written, all_put, packed, people, put, renamed, text

ALL = (PEOPLE, PEOPLE, 0, 0)
"""Every row loaded."""
COLUMNS = len(people("apc", "G000-")[0])


def _written(  # noqa: PLR0913 - what a text is made of, each by its name
    change: Callable[[str], str] = str,
    rows: Callable[[Rows], Rows] = list,
    *,
    contract: str = "apc",
    encoding: str = "utf-8",
    name: str = "file.csv",
    delimiter: str = ",",
    end: str = "\n",
    key: str,
) -> Written:
    """Sound rows, changed as rows and then as text."""
    return Written(name, change(text(rows(people(contract, key)), delimiter=delimiter, end=end)).encode(encoding))


def odd(change: Callable[[str], str] = str, rows: Callable[[Rows], Rows] = list, **how: str) -> Callable[[str], Written]:
    """What writes such a file, once it is told what its keys begin with."""
    return lambda key: _written(change, rows, key=key, **how)  # type: ignore[arg-type]


def raw(content: bytes, name: str = "file.csv") -> Callable[[str], Written]:
    """What writes these bytes."""
    return lambda key: Written(name, content)


def bytes_of(change: Callable[[bytes], bytes], name: str = "file.csv", contract: str = "apc") -> Callable[[str], Written]:
    """What writes sound rows, changed as bytes."""
    return lambda key: Written(name, change(text(people(contract, key)).encode()))


def _zipped(content: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("extract.csv", content)
    return held.getvalue()


def _last_lines(*lines: str) -> Callable[[str], str]:
    return lambda whole: whole + "".join(f"{line}\n" for line in lines)


def _line(at: int, change: Callable[[str], str]) -> Callable[[str], str]:
    """The text with one line changed; 0 is the header."""

    def changed(whole: str) -> str:
        lines = whole.split("\n")
        lines[at] = change(lines[at])
        return "\n".join(lines)

    return changed


def _every_line(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda whole: "".join(f"{change(line)}\n" for line in whole.splitlines())


def _after(at: int, line: str) -> Callable[[str], str]:
    return _line(at, lambda before: f"{before}\n{line}")


def _fixed_width(whole: str) -> str:
    return "".join("".join(value.ljust(24) for value in line.split(",")) + "\n" for line in whole.splitlines())


def _repeated_header(whole: str) -> str:
    lines = whole.splitlines()
    return "\n".join([*lines[:7], lines[0], *lines[7:], ""])


def _columns(order: Callable[[list[str]], list[str]]) -> Callable[[Rows], Rows]:
    return lambda rows: [{name: row[name] for name in order(list(row))} for row in rows]


def _without(name: str) -> Callable[[Rows], Rows]:
    return lambda rows: [{other: value for other, value in row.items() if other != name} for row in rows]


def _swapped(first: str, second: str) -> Callable[[Rows], Rows]:
    return lambda rows: [row | {first: row[second], second: row[first]} for row in rows]


ENCODINGS = "record: wrong encoding"
TEXTS: tuple[Odd, ...] = (
    Odd("utf-16", "a file in UTF-16, as Excel's Unicode text", "apc", odd(encoding="utf-16"), rows=ALL, lines=(ENCODINGS,)),
    Odd("utf-16-no-mark", "UTF-16 without a byte order mark", "apc", odd(encoding="utf-16-le"), rows=ALL, lines=(ENCODINGS,)),
    Odd("byte-order-mark", "UTF-8 with a byte order mark", "apc", odd(encoding="utf-8-sig"), rows=ALL, lines=("record: byte order mark",)),
    Odd(
        "windows-1252",
        "accents and Windows quotes in cp1252",
        "register",
        odd(rows=lambda rows: put(rows, "PERSON_GIVEN_NAME", "Zoë", "O’Neill"), contract="register", encoding="cp1252"),
        rows=ALL,
        lines=(ENCODINGS,),
    ),
    Odd(
        "encoding-in-doubt",
        "UTF-8 where sources.yml says cp1252",
        "register",
        odd(rows=lambda rows: put(rows, "PERSON_GIVEN_NAME", "Zoë"), contract="register"),
        {"encoding-in-doubt": 0},
        source={"encoding": "cp1252"},
        lines=(ENCODINGS,),
    ),
    Odd(
        "header-only",
        "a header and not one row",
        "apc",
        odd(lambda whole: whole.split("\n")[0] + "\n"),
        {"no-rows": 0},
        (0, 0, 0, 0),
        lines=("record: header-only file",),
    ),
    Odd("zero-bytes", "a file of no bytes", "apc", raw(b""), {"empty-file": 0}, refused=True, lines=("record: empty file",)),
    Odd(
        "only-blanks",
        "a file of blank lines",
        "apc",
        raw(b"\r\n  \r\n\r\n"),
        {"empty-file": 0},
        refused=True,
        lines=("record: empty file",),
    ),
    Odd(
        "binary",
        "bytes that are no text",
        "apc",
        raw(bytes(range(256)) * 20),
        {"not-a-table": 0},
        refused=True,
        lines=("record: binary file",),
    ),
    Odd("pdf", "a PDF saved as .csv", "apc", raw(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"), {"not-a-table": 0}, refused=True, says=("PDF",)),
    Odd(
        "web-page",
        "the sign-in page of a download site, saved as .csv",
        "apc",
        raw(b"<!DOCTYPE html>\n<html><head><title>Sign in, please</title></head>\n<body>Session expired, sorry</body></html>\n"),
        {"not-a-table": 0},
        refused=True,
    ),
    Odd(
        "json",
        "records as JSON, saved as .csv",
        "apc",
        raw(b'[{"EPIKEY": "1", "ADMIDATE": "2025-05-06"},\n {"EPIKEY": "2", "ADMIDATE": "2025-05-07"}]\n'),
        {"not-a-table": 0},
        refused=True,
    ),
    Odd("zip", "a zip archive of a CSV file, saved as .csv", "apc", bytes_of(_zipped), {"not-a-table": 0}, refused=True),
    Odd("gzip-named-csv", "gzip under the name of a text file", "apc", bytes_of(packed), rows=ALL),
    Odd("text-named-gzip", "text under the name of a gzip file", "apc", odd(name="file.csv.gz"), rows=ALL),
    Odd(
        "gzip-twice",
        "gzip in gzip",
        "apc",
        bytes_of(lambda content: packed(packed(content)), "file.csv.gz"),
        {"not-a-table": 0},
        refused=True,
    ),
    Odd(
        "gzip-cut",
        "a gzip file whose transfer broke off",
        "apc",
        bytes_of(lambda content: packed(content)[:-20], "file.csv.gz"),
        {"damaged-file": 0},
        refused=True,
        lines=("record: truncated file",),
    ),
    Odd("semicolons", "semicolons between values", "apc", odd(delimiter=";"), rows=ALL),
    Odd("pipes", "pipes between values", "apc", odd(delimiter="|"), rows=ALL),
    Odd("tabs", "tabs between values, in a .csv", "apc", odd(delimiter="\t"), rows=ALL),
    Odd(
        "carets",
        "a sign between values that nobody uses",
        "apc",
        odd(delimiter="^"),
        {"wrong-delimiter": 0, "missing-column": 0},
        refused=True,
        lines=("record: wrong delimiter",),
    ),
    Odd(
        "delimiter-differs",
        "pipes where sources.yml says semicolons",
        "apc",
        odd(delimiter="|"),
        {"wrong-delimiter": 0, "missing-column": 0},
        refused=True,
        source={"delimiter": ";"},
        lines=("record: wrong delimiter",),
    ),
    Odd("fixed-width", "columns of fixed width", "apc", odd(_fixed_width), {"missing-column": 0}, refused=True),
    Odd("excel-sep-line", "Excel's own first line, sep=;", "apc", odd(lambda whole: "sep=;\n" + whole, delimiter=";"), rows=ALL),
    Odd("line-ends-mac", "line ends of old Macintoshes", "apc", odd(end="\r"), rows=ALL),
    Odd("line-ends-mixed", "line ends of two systems in one file", "apc", odd(lambda whole: whole.replace("\n", "\r\n", 5)), rows=ALL),
    Odd("blank-lines", "a blank line after each row", "apc", odd(lambda whole: whole.replace("\n", "\n\n")), rows=ALL),
    Odd(
        "titles",
        "a title, a day and a blank line above the header",
        "apc",
        odd(lambda whole: "Admitted patient care, May 2025\nRun on 06/06/2025\n\n" + whole),
        rows=ALL,
    ),
    Odd(
        "second-header",
        "a row of descriptions under the header",
        "apc",
        odd(_after(0, ",".join(["description"] * COLUMNS))),
        {"unreadable-required-value": 1},
        (13, 12, 0, 1),
    ),
    Odd(
        "dashes-under-header",
        "the dashes that SQL*Plus writes under a header",
        "apc",
        odd(_after(0, ",".join(["----------"] * COLUMNS))),
        {"unreadable-required-value": 1},
        (13, 12, 0, 1),
    ),
    Odd(
        "repeated-header",
        "the header again in the middle, as of two files put together",
        "apc",
        odd(_repeated_header),
        {"unreadable-required-value": 1},
        (13, 12, 0, 1),
    ),
    Odd(
        "total-row",
        "a row of totals at the end",
        "apc",
        odd(_last_lines("Total" + "," * (COLUMNS - 1) + "14814.00")),
        {"required-value-missing": 1},
        (13, 12, 0, 1),
    ),
    Odd(
        "note-row",
        "a note under the table",
        "apc",
        odd(_last_lines("Source: the trust's own system. Small numbers are not suppressed")),
        {"too-few-fields": 1},
        (13, 12, 0, 1),
    ),
    Odd(
        "rows-affected",
        "what SQL Server Management Studio writes at the end",
        "apc",
        odd(_last_lines("", "(12 rows affected)")),
        {"too-few-fields": 1},
        (13, 12, 0, 1),
    ),
    Odd("trailer", "a trailer with the count of records", "apc", odd(_last_lines("TRAILER,12")), {"too-few-fields": 1}, (13, 12, 0, 1)),
    Odd("control-z", "the end of file sign of DOS", "apc", odd(lambda whole: whole + "\x1a"), {"too-few-fields": 1}, (13, 12, 0, 1)),
    Odd("trailing-commas", "a delimiter too many on every line", "apc", odd(_every_line(lambda line: line + ",")), rows=ALL),
    Odd(
        "trailing-commas-rows",
        "a delimiter too many on each row, none in the header",
        "apc",
        odd(lambda whole: _line(0, lambda line: line[:-1])(_every_line(lambda line: line + ",")(whole))),
        rows=ALL,
    ),
    Odd(
        "comma-in-name",
        "an unquoted comma in a name",
        "register",
        odd(_line(3, lambda line: line.replace("Featherstonehaugh", "Featherstonehaugh,Jr")), contract="register"),
        {"too-many-fields": 1},
        (12, 11, 0, 1),
    ),
    Odd(
        "quote-in-name",
        "a quotation mark in a name",
        "register",
        odd(rows=lambda rows: put(rows, "PERSON_GIVEN_NAME", 'Ann "Nan"'), contract="register"),
        rows=ALL,
    ),
    Odd(
        "bare-quote",
        "an unquoted quotation mark in a name",
        "register",
        odd(lambda whole: whole.replace("Ann", 'An"n', 1), contract="register"),
        rows=ALL,
    ),
    Odd("open-quote", "a quotation mark that is never closed", "apc", odd(_line(4, lambda line: '"' + line)), {"broken-quotes": None}),
    Odd(
        "line-in-quotes",
        "a line end within quotes",
        "community_activity",
        odd(rows=lambda rows: [row | {"KIND": "Walking\ngroup"} for row in rows], contract="community_activity"),
        rows=ALL,
    ),
    Odd(
        "all-quoted",
        "every value in quotes",
        "apc",
        odd(_every_line(lambda line: ",".join(f'"{value}"' for value in line.split(",")))),
        rows=ALL,
    ),
    Odd(
        "nul-bytes",
        "NUL bytes in a value",
        "apc",
        odd(_line(2, lambda line: line.replace("J440", "J4\x0040"))),
        {"damaged-text": 1},
        (12, 11, 0, 1),
    ),
    Odd(
        "nul-tail",
        "NUL bytes at the end, as of a copy that ran out of disk",
        "apc",
        bytes_of(lambda content: content + bytes(4096)),
        {"not-a-table": 0},
        refused=True,
    ),
    Odd(
        "cut-last-line",
        "a last line that is cut short",
        "apc",
        odd(lambda whole: whole[:-30]),
        {"too-few-fields": 1, "cut-short": 0},
        (12, 11, 0, 1),
        lines=("record: truncated file",),
    ),
    Odd("long-line", "a line of three million characters", "apc", odd(_last_lines("x" * 3_000_000)), {"too-few-fields": 1}, (13, 12, 0, 1)),
    Odd(
        "no-required-column",
        "no column for the day of admission",
        "apc",
        odd(rows=_without("ADMIDATE")),
        {"missing-column": 0},
        refused=True,
        says=("ADMIDATE",),
        lines=("record: missing columns",),
    ),
    Odd(
        "no-person-column",
        "no column that says whom a row is about",
        "apc",
        odd(rows=lambda rows: _without("PERSON_BIRTH_DATE")(_without("NHS_NUMBER")(rows))),
        {"missing-column": 0},
        refused=True,
        lines=("record: missing columns",),
    ),
    Odd(
        "renamed-column",
        "a column under another name from this month on",
        "apc",
        odd(rows=lambda rows: renamed(rows, ADMIDATE="Admission date")),
        {"missing-column": 0},
        refused=True,
        lines=("record: missing columns",),
    ),
    Odd(
        "extra-columns",
        "columns that no contract knows",
        "apc",
        odd(rows=lambda rows: [row | {"WARD_NOTES": "x", "Unnamed: 0": str(at)} for at, row in enumerate(rows)]),
        {"extra-columns": 0},
        ALL,
        lines=("record: extra columns",),
    ),
    Odd(
        "re-ordered",
        "columns in another order",
        "apc",
        odd(rows=_columns(lambda names: names[::-1])),
        rows=ALL,
        lines=("record: re-ordered columns",),
    ),
    Odd(
        "header-case",
        "names of columns in small letters, with spaces",
        "apc",
        odd(_line(0, lambda line: " , ".join(line.lower().replace("_", " ").split(",")))),
        rows=ALL,
    ),
    Odd(
        "repeated-column",
        "one column twice, with other values",
        "apc",
        odd(
            lambda whole: _line(0, lambda line: line.replace(",copy", ",ADMIDATE"))(
                _every_line(lambda line: line + ",2020-01-01")(whole).replace(",2020-01-01", ",copy", 1)
            )
        ),
        {"repeated-column": PEOPLE},
        ALL,
        lines=("record: repeated columns",),
    ),
    Odd(
        "swapped-columns",
        "NHS number and date of birth under each other's names",
        "apc",
        odd(rows=_swapped("NHS_NUMBER", "PERSON_BIRTH_DATE")),
        {"unreadable-value": PEOPLE, "too-short-a-number": PEOPLE, "nhs-number-check-digit": PEOPLE},
        ALL,
        lines=("doors: columns swapped",),
    ),
    Odd(
        "swapped-dates",
        "admission and discharge under each other's names",
        "apc",
        odd(rows=_swapped("ADMIDATE", "DISDATE")),
        {"discharge-before-admission": PEOPLE, "mostly-rejected": PEOPLE},
        (12, 0, 0, 12),
        lines=("doors: columns swapped",),
    ),
    Odd(
        "written-nulls",
        "NULL, \\N and null for what is missing",
        "apc",
        odd(rows=lambda rows: put(rows, "DISDATE", "NULL", "\\N", "null", "Null")),
        {"unreadable-value": 2},
        ALL,
        holds={"disdate IS NULL": 4},
    ),
    Odd(
        "spreadsheet-errors",
        "#N/A, #REF! and #VALUE! for values",
        "apc",
        odd(rows=lambda rows: put(rows, "DISDATE", "#N/A", "#REF!", "#VALUE!")),
        {"unreadable-value": 3},
        ALL,
        holds={"disdate IS NULL": 3},
    ),
    Odd(
        "no-break-spaces",
        "no-break spaces around values",
        "apc",
        odd(rows=lambda rows: all_put(rows, "ADMIDATE", lambda day: f"\u00a0{day}\u00a0")),
        rows=ALL,
        holds={"admidate IS NOT NULL": PEOPLE},
    ),
)

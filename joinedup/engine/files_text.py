"""The text of a file as DuckDB can read it, its header, and the columns that the header names."""

from __future__ import annotations

import codecs
import csv
import re
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from joinedup.engine.files_bytes import CONTROL, HEAD, SPACES, ByteCounts, FileBytes, chunks, first_bytes, remembered

DELIMITERS = (",", "|", ";", "\t")
DAMAGE = "\0"
"""What stands in a clean text for bytes that are no text: a row that holds it is rejected."""
LONGEST_HEADER = 100_000  # characters; what Python's csv takes in one field
HEADER_WITHIN = 10
"""Lines in which a header is looked for, as some extracts begin with a title."""


def _as_damage(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return DAMAGE, error.end


codecs.register_error("joinedup-damage", _as_damage)


@dataclass(frozen=True, slots=True)
class Text:
    """A text that DuckDB can read: UTF-8 with one kind of line end and no control characters but DAMAGE."""

    path: Path
    gzipped: bool
    newline: str
    lines: int
    damaged: bool = False
    spaces: str = SPACES
    """What may have to be trimmed from its fields."""
    blank: tuple[int, ...] | None = ()
    """The numbers of its empty lines; None where they aren't known."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a text: the line it stands on, the delimiter and the names of the columns."""

    line: int
    delimiter: str
    names: tuple[str, ...]
    known: int
    """How many of them are names that were looked for."""
    looks_parted_by: str | None = None
    """Where no delimiter parts it: the sign that seems to."""


@contextmanager
def clean_text(file: FileBytes, scratch: Path, delimiter: str | None) -> Iterator[Text]:
    """The file itself where it is clean, else a clean copy in `scratch`, private and gone afterwards."""
    if file.clean:
        yield Text(file.path, file.gzipped, file.newline, file.lines, spaces=file.spaces, blank=file.blank)
        return
    with tempfile.NamedTemporaryFile(dir=scratch, suffix=".csv") as copy:
        counts = ByteCounts()
        for chunk in _clean_chunks(file, delimiter):
            copy.write(chunk)
            counts.add(chunk)
        copy.flush()
        yield Text(Path(copy.name), False, "\n", counts.lines, damaged=counts.control > 0, spaces=counts.spaces, blank=remembered(counts))


def _clean_chunks(file: FileBytes, delimiter: str | None) -> Iterator[bytes]:
    """Its text in UTF-8 with line feeds; control characters, stray carriage returns and bytes that are no text become DAMAGE."""
    decoder = codecs.getincrementaldecoder(file.encoding)("joinedup-damage")
    kept = CONTROL.replace((delimiter or "\n").encode(), b"")
    damage = bytes(0 if byte in kept else byte for byte in range(256))
    lone_return = "\n" if file.newline == "\r" else DAMAGE
    carried = ""
    for chunk in chunks(file.path, gzipped=file.gzipped):
        text = carried + decoder.decode(chunk)
        whole = text.rstrip("\r")
        carried = text[max(len(whole), len(text) - 2) :]
        yield _line_feeds(text[: len(text) - len(carried)], lone_return).encode("utf-8", "replace").translate(damage)
    rest = carried + decoder.decode(b"", final=True)
    yield _line_feeds(rest, "\n").encode("utf-8", "replace").translate(damage)


def _line_feeds(text: str, lone_return: str) -> str:
    """The text with line feeds for line ends, also for those that were turned twice, to two carriage returns and a line feed."""
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", lone_return)


def plain(name: str) -> str:
    """A column's name as names are compared: upper case, with underscores, without quotes and outer spaces."""
    return re.sub(r"[\s\-]+", "_", name.strip(" \t\r\n\0\"'\u00a0\ufeff").upper())


def read_header(text: Text, wanted: Collection[str], delimiter: str | None = None) -> Header:
    """The header of a text: of its first lines, split at each usual delimiter, the one that has the most names in `wanted`.

    Where no line has one, the first line is taken, split where it has the most columns.
    """
    head = first_bytes(text.path, HEAD, gzipped=text.gzipped).decode("utf-8", "replace").removeprefix("\ufeff")
    numbered = [(number, line) for number, line in enumerate(head.split(text.newline), 1) if line.strip()][:HEADER_WITHIN]
    signs = (delimiter,) if delimiter else DELIMITERS
    tried = [_split(number, line[:LONGEST_HEADER], sign, wanted) for number, line in numbered for sign in signs]
    return max(tried, key=lambda header: (header.known, -header.line, len(header.names)))


def _split(number: int, line: str, delimiter: str, wanted: Collection[str]) -> Header:
    names = tuple(plain(name) for name in next(csv.reader([line], delimiter=delimiter)))
    signs = Counter(re.sub(r"[\w\s\-\"'.()&/]", "", line)).most_common(1) if len(names) == 1 else []
    return Header(number, delimiter, names, len(set(names) & set(wanted)), signs[0][0] if signs else None)

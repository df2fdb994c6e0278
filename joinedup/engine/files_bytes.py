"""The bytes of a file that a partner sent: what kind of file it is, and how its text is written."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from joinedup.findings import Finding

CHUNK = 4 << 20  # bytes: a few reads a file, and little memory
HEAD = 1 << 20  # bytes: no header is longer
TAIL = 4096  # bytes: no file ends in more line ends than that
GZIP, PARQUET = b"\x1f\x8b", b"PAR1"
SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How spreadsheets begin, new and old; so do other files, which their reader finds out."""
OTHER_KINDS = {
    b"%PDF": "a PDF",
    b"PARE": "an encrypted Parquet file",
    b"SQLite format 3\0": "an SQLite database",
}
TEXT_KINDS = {b"<!doctype html": "a web page", b"<html": "a web page", b"<?xml": "XML", b"[{": "JSON", b'{"': "JSON"}
"""How texts begin that are no tables, in small letters and without blanks in front."""
COMPOUND = b"\xd0\xcf\x11\xe0"
"""How files of old Office begin, and those of new Office that are locked: a small file system of their own."""
LOCKED = tuple(name.encode("utf-16-le") for name in ("EncryptedPackage", "DataSpaces"))
"""Names in the first of its folders, of a file that is locked (Microsoft, [MS-OFFCRYPTO] 2.2)."""
BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
NO_BREAK_SPACE = "\u00a0".encode()
SPACE, LINE_FEED, RETURN = 32, 10, 13
BLANK_KEPT = 1000  # empty lines: a table has none or a few, and each costs a comparison a row
EDGES = np.array([byte in b' ,;|\t\r\n"' for byte in range(256)])
"""What a field may begin or end with, or stand beside."""
SPACES = " \t\r\n\u00a0"
FEW, BINARY_SHARE = 8, 0.02  # control characters in the first bytes: a text has none, a damaged one a few, a binary file more than both


@dataclass(frozen=True, slots=True)
class FileBytes:
    """What the bytes of one file say: its hash, its kind and how its text is written."""

    path: Path
    sha256: str
    size: int
    mtime_ns: int
    parquet: bool = False
    spreadsheet: bool = False
    gzipped: bool = False
    encoding: str = "utf-8"
    newline: str = "\n"
    lines: int = 0
    """Lines, without the empty ones at its very end."""
    clean: bool = True
    """Whether DuckDB can read it as it is: UTF-8, one kind of line end, no control characters."""
    spaces: str = SPACES
    """What may have to be trimmed from its fields: nothing, plain spaces, or tabs and no-break spaces too."""
    blank: tuple[int, ...] | None = ()
    """The numbers of its empty lines; None where they are too many to be remembered."""
    ended: bool = True
    """Whether its last line has an end."""
    shortened: bool = True
    """Whether it may hold numbers such as 9.99E+09."""
    rather_utf8: bool = False
    """Whether it is good UTF-8 beyond ASCII, though read in another encoding as was asked."""


@dataclass(slots=True)
class ByteCounts:
    """What one pass over a text's bytes counts."""

    delimiter: str | None = None
    line_feeds: int = 0
    returns: int = 0
    pairs: int = 0
    control: int = 0
    letters: int = 0
    """Bytes of good UTF-8 beyond ASCII, the first of each character left out."""
    strays: int = 0
    """Bytes that are no UTF-8."""
    odd_spaces: int = 0
    outer_spaces: bool = False
    """Whether a space may begin or end a field."""
    tail: bytes = b""
    blank: list[int] = field(default_factory=list)
    """The numbers of empty lines, as far as line feeds tell them; no more than BLANK_KEPT and one."""
    shortened: bool = False
    """Whether it holds an E+, as numbers that a spreadsheet has shortened."""

    def add(self, chunk: bytes) -> None:
        """Counts one more chunk."""
        line_feeds, returns, tabs = chunk.count(b"\n"), chunk.count(b"\r"), chunk.count(b"\t")
        values = np.frombuffer(chunk, np.uint8)
        self._note_blank_lines(chunk, values)
        self.shortened = self.shortened or b"E+" in chunk or (self.tail[-1:] == b"E" and chunk[:1] == b"+")
        self.line_feeds += line_feeds
        self.returns += returns
        if returns or self.tail[-1:] == b"\r":
            self.pairs += chunk.count(b"\r\n") + (self.tail[-1:] == b"\r" and chunk[:1] == b"\n")
        below_space = int(np.count_nonzero(values < SPACE))
        if below_space > line_feeds + returns + tabs:
            self.control += control_characters(chunk, self.delimiter)
        self.odd_spaces += tabs + (0 if chunk.isascii() else chunk.count(NO_BREAK_SPACE))
        self.outer_spaces = self.outer_spaces or _has_outer_spaces(values)
        self.tail = (self.tail + chunk[-TAIL:])[-TAIL:]

    def _note_blank_lines(self, chunk: bytes, values: np.ndarray) -> None:
        """Nothing; the empty lines that end in this chunk are remembered."""
        start = self.tail[-2:]
        at_edge = (start.endswith(b"\n") and chunk.startswith((b"\n", b"\r\n"))) or (start == b"\n\r" and chunk.startswith(b"\n"))
        first = at_edge or (not start and chunk.startswith((b"\n", b"\r\n")))
        if len(self.blank) > BLANK_KEPT or not (first or b"\n\n" in chunk or b"\n\r\n" in chunk):
            return
        ends = np.flatnonzero(values == LINE_FEED)
        gaps = np.diff(ends)
        empty = (gaps == 1) | ((gaps == 2) & (values[ends[1:] - 1] == RETURN))
        lines = np.flatnonzero(empty) + 2 + self.line_feeds
        self.blank += ([self.line_feeds + 1] if first else []) + [int(line) for line in lines[: BLANK_KEPT + 1]]

    @property
    def ended(self) -> bool:
        """Whether the last line has an end."""
        return self.tail.rstrip(b"\0 \x1a").endswith((b"\n", b"\r"))

    def add_letters(self, text: bytes) -> bytes:
        """Counts what is UTF-8 beyond ASCII and what isn't UTF-8; the bytes of a last character that is cut off come back."""
        try:
            good, used = codecs.utf_8_decode(text, "strict", False)
            self.letters += used - len(good)
        except UnicodeDecodeError:
            good, used = codecs.utf_8_decode(text, "ignore", False)
            kept = len(good.encode())
            self.letters += kept - len(good)
            self.strays += used - kept
        return text[used:]

    @property
    def spaces(self) -> str:
        """What may have to be trimmed from its fields."""
        return SPACES if self.odd_spaces else " " if self.outer_spaces else ""

    @property
    def newline(self) -> str:
        """The line end that it uses, of several the one that DuckDB would be told."""
        if self.line_feeds:
            return "\r\n" if self.pairs == self.line_feeds else "\n"
        return "\r" if self.returns else "\n"

    @property
    def one_newline(self) -> bool:
        """Whether all its line ends are of one kind."""
        return self.returns == {"\r\n": self.pairs, "\n": 0, "\r": self.returns}[self.newline]

    @property
    def lines(self) -> int:
        """Lines, without the empty ones at the very end."""
        end = self.newline[-1].encode()
        at_end = self.tail[len(self.tail.rstrip(b"\r\n")) :].count(end)
        return (self.returns if end == b"\r" else self.line_feeds) - at_end + 1


def _has_outer_spaces(values: np.ndarray) -> bool:
    """Whether a space stands beside another, a quote or what parts fields and lines, or at the edge of this chunk."""
    spaces = np.flatnonzero(values == SPACE)
    if not spaces.size:
        return False
    at_edge = spaces[0] == 0 or spaces[-1] == values.size - 1
    return bool(at_edge or EDGES[values[spaces - 1]].any() or EDGES[values[spaces + 1]].any())


def look_at(path: Path, name: str, *, encoding: str | None = None, delimiter: str | None = None) -> FileBytes | Finding:
    """What the bytes of `path` say, or why it can't be read. `name` is the file as its owner knows it."""
    try:
        state = path.stat()
        with path.open("rb") as file:
            found = FileBytes(path, hashlib.file_digest(file, "sha256").hexdigest(), state.st_size, state.st_mtime_ns)
        return _look_inside(found, name, encoding, delimiter)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return Finding(name, "damaged-file", "its gzip compression is cut short or damaged, and none of it was read: fetch it again")
    except PermissionError:
        return Finding(name, "unreadable-file", "this user may not read it: change its owner or its permissions")
    except OSError as error:
        return Finding(name, "unreadable-file", f"the operating system can't read it: {error.strerror}")


def _look_inside(found: FileBytes, name: str, encoding: str | None, delimiter: str | None) -> FileBytes | Finding:
    gzipped = first_bytes(found.path, len(GZIP), gzipped=False) == GZIP
    head = first_bytes(found.path, HEAD, gzipped=gzipped)
    if head.startswith(PARQUET) and not gzipped:
        return replace(found, parquet=True)
    if head.startswith(COMPOUND) and not gzipped and is_locked(head):
        return Finding(name, "not-a-table", "this is a spreadsheet locked with a password: save it without one, or the table in it as CSV")
    if head.startswith(SPREADSHEETS) and not gzipped:
        return replace(found, spreadsheet=True)
    problem = _not_a_table(head, name, encoding, delimiter)
    if problem:
        return problem
    return _survey(replace(found, gzipped=gzipped), encoding=_codec(encoding) if encoding else None, head=head, delimiter=delimiter)


def _not_a_table(head: bytes, name: str, encoding: str | None, delimiter: str | None) -> Finding | None:
    if not head.strip(b"\r\n\t \0\x1a\xef\xbb\xbf\xff\xfe"):
        return Finding(name, "empty-file", "the file is empty: fetch it again")
    begins = head[:TAIL].lstrip(b"\r\n\t \xef\xbb\xbf").lower()
    kind = next((kind for magic, kind in OTHER_KINDS.items() if head.startswith(magic)), None)
    kind = kind or next((kind for magic, kind in TEXT_KINDS.items() if begins.startswith(magic)), None)
    if kind:
        return Finding(name, "not-a-table", f"this is {kind}: save the table in it as CSV or Parquet")
    if encoding and _codec(encoding) is None:
        return Finding(name, "unknown-encoding", f"there is no encoding called {encoding}: utf-8, utf-16 and cp1252 are usual")
    wide = "16" in (_codec(encoding) or "" if encoding else _encoding_of(head))
    if not wide and control_characters(head[:TAIL], delimiter) > max(FEW, BINARY_SHARE * len(head[:TAIL])):
        return Finding(name, "not-a-table", "this is a binary file and no text: save the table in it as CSV or Parquet")
    return None


def is_locked(head: bytes) -> bool:
    """Whether a compound file, of which these are the first bytes, holds a locked document: its first folder says so."""
    size, sector = 1 << min(int.from_bytes(head[30:32], "little"), 12), int.from_bytes(head[48:52], "little")
    folder = head[(sector + 1) * size :][:TAIL]
    return any(name in folder for name in LOCKED)


def first_bytes(path: Path, count: int, *, gzipped: bool) -> bytes:
    """The first bytes of a file, unpacked."""
    with gzip.open(path) if gzipped else path.open("rb") as file:
        return file.read(count)


def chunks(path: Path, *, gzipped: bool) -> Iterator[bytes]:
    """The bytes of a file, unpacked, piece by piece."""
    with gzip.open(path) if gzipped else path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def control_characters(text: bytes, delimiter: str | None) -> int:
    """How many bytes are control characters, beside tabs, line ends and the delimiter."""
    return len(text) - len(text.translate(None, CONTROL.replace((delimiter or "\n").encode(), b"")))


def _codec(encoding: str) -> str | None:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        return None
    return {"utf-8": "utf-8-sig", "ascii": "utf-8-sig"}.get(name, name)


def _encoding_of(head: bytes) -> str:
    """What a byte order mark or the NULs of UTF-16 say; else UTF-8, until the bytes say otherwise."""
    marked = next((encoding for mark, encoding in BYTE_ORDER_MARKS.items() if head.startswith(mark)), None)
    if marked:
        return marked
    start = head[:400]
    nulls = {"utf-16-le": start[1::2].count(0), "utf-16-be": start[::2].count(0)}
    likely = max(nulls, key=lambda encoding: nulls[encoding])
    return likely if nulls[likely] > len(start) // 5 > 0 else "utf-8"


def remembered(counts: ByteCounts) -> tuple[int, ...] | None:
    """The numbers of empty lines above the end; None where there are more than are remembered, or lines end in carriage returns."""
    if len(counts.blank) > BLANK_KEPT or counts.newline == "\r":
        return None
    return tuple(line for line in counts.blank if line <= counts.lines)


def _survey(found: FileBytes, *, encoding: str | None, head: bytes, delimiter: str | None) -> FileBytes:
    """One pass over the text: its line ends, its damage and, where nobody said, its encoding."""
    counts = ByteCounts(delimiter)
    carried = b""
    for chunk in chunks(found.path, gzipped=found.gzipped):
        counts.add(chunk)
        if carried or not chunk.isascii():
            carried = counts.add_letters(carried + chunk)
    counts.strays += len(carried)
    chosen = encoding or _encoding_of(head)
    if chosen == "utf-8" and counts.strays > counts.letters:
        chosen = "cp1252"
    utf8 = chosen.startswith("utf-8") and not counts.strays
    clean = utf8 and counts.one_newline and not counts.control
    rather_utf8 = not chosen.startswith("utf") and counts.letters > 0 and not counts.strays
    found = replace(found, encoding=chosen, newline=counts.newline, lines=counts.lines, ended=counts.ended, blank=remembered(counts))
    found = replace(found, shortened=counts.shortened or "16" in chosen)
    return replace(found, clean=clean, spaces=counts.spaces, rather_utf8=rather_utf8)

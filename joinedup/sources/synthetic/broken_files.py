"""Files that are broken as a whole: without a header or a column, parted by another sign, cut short, empty, or there twice."""

from __future__ import annotations

import codecs
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from joinedup.sources.columns import PERSON_FIELDS
from joinedup.sources.synthetic.sheets import delimiter, header, text
from joinedup.sources.synthetic.targets import Target

CUT = 0.6
"""The share of a file's bytes that is left when it is cut short."""


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """One file, and the rules by which landing should find what is wrong with it."""

    name: str
    content: bytes
    rules: tuple[str, ...] = ()
    """None where it is broken only beside another one."""
    refused: bool = True


def whole_files(target: Target, table: pa.Table) -> Iterator[BrokenFile]:
    """Files of sound rows, each broken in one way as a whole."""
    lines, first, sign = text(target, table).decode(), header(target).decode(), delimiter(target)
    usual = encoded(target, first + lines)
    other = ";" if target.source.delimiter and target.source.delimiter != ";" else "|" if target.source.delimiter else "^"
    yield BrokenFile("no_header.csv", encoded(target, lines), ("missing-column",))
    yield BrokenFile("missing_column.csv", encoded(target, _without_a_column(target, table)), ("missing-column",))
    yield BrokenFile("wrong_delimiter.csv", encoded(target, (first + lines).replace(sign, other)), ("wrong-delimiter", "missing-column"))
    packed = gzip.compress(usual, mtime=0)
    yield BrokenFile("cut_short.csv.gz", packed[: int(len(packed) * CUT)], ("damaged-file",))
    held = io.BytesIO()
    pq.write_table(table, held)
    yield BrokenFile("cut_short.parquet", held.getvalue()[: int(len(held.getvalue()) * CUT)], ("damaged-file",))
    yield BrokenFile("empty.csv", b"", ("empty-file",))
    yield BrokenFile("twice_1.csv", usual, refused=False)
    yield BrokenFile("twice_2.csv", usual, ("same-file",), refused=False)


def encoded(target: Target, content: str) -> bytes:
    """A text as the source's files are written."""
    return codecs.encode(content, target.source.encoding or "utf-8", "replace")


def _without_a_column(target: Target, table: pa.Table) -> str:
    """The text of the table without a column that a file of its contract needs."""
    needed = [field.name for field in target.fields if field.header_required][:1] or list(PERSON_FIELDS)
    kept = [at for at, field in enumerate(target.fields) if field.name not in needed]
    names = header(target).decode().rstrip("\n").split(delimiter(target))
    return delimiter(target).join(names[at] for at in kept) + "\n" + text(target, table.select(kept)).decode()

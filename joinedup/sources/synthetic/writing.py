"""Files written as blocks arrive, in order: under another name until they are whole, so that a broken run leaves no half file."""

from __future__ import annotations

import codecs
import gzip
from dataclasses import dataclass, replace
from io import BufferedWriter
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from joinedup.sources.synthetic.draws import Ints
from joinedup.sources.synthetic.kept_out import KeptOut
from joinedup.sources.synthetic.sheets import header
from joinedup.sources.synthetic.targets import Target


@dataclass(frozen=True, slots=True)
class Faults:
    """One entry per fault of a row, in the order of rows."""

    line: Ints
    """From 1, below the header."""
    kind: Ints
    person: Ints
    """Whom the row is about, counted through the whole place."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one block adds to one file."""

    rows: int
    content: bytes | pa.Table
    lines: int
    """Lines that it fills; more than its rows where some are blank."""
    faults: Faults
    kept_out: KeptOut
    """Its rows with legally restricted codes."""


class Writer(Protocol):
    """Takes the pieces of one file."""

    def add(self, content: bytes | pa.Table) -> None:
        """Nothing; the piece is written."""

    def close(self) -> None:
        """Nothing; the file is whole."""


class TextWriter:
    """Writes a text file, in the source's encoding, packed where its name ends in .gz; the same bytes for the same pieces.

    A file that isn't packed is open only while it is added to, so that there may be more of them than a process may hold open.
    """

    def __init__(self, target: Target, path: Path) -> None:
        self.path = path
        self.packed = None
        if target.file.endswith(".gz"):
            self.raw: BufferedWriter = path.open("wb")
            self.packed = gzip.GzipFile(filename="", mode="wb", fileobj=self.raw, mtime=0, compresslevel=5)
        else:
            path.write_bytes(b"")
        encoding = target.source.encoding or "utf-8"
        self.encoder = None if codecs.lookup(encoding).name == "utf-8" else codecs.getincrementalencoder(encoding)("replace")
        self.add(header(target))

    def add(self, content: bytes | pa.Table) -> None:
        """Nothing; the lines are written."""
        assert isinstance(content, bytes)
        encoded = self.encoder.encode(content.decode()) if self.encoder else content
        if self.packed:
            self.packed.write(encoded)
        elif encoded:
            with self.path.open("ab") as file:
                file.write(encoded)

    def close(self) -> None:
        """Nothing; the file is whole."""
        if self.packed:
            self.packed.close()
            self.raw.close()


class ParquetWriter:
    """Writes a Parquet file, a row group for each block."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer: pq.ParquetWriter | None = None

    def add(self, content: bytes | pa.Table) -> None:
        """Nothing; the rows are written."""
        assert isinstance(content, pa.Table)
        self.writer = self.writer or pq.ParquetWriter(self.path, content.schema)
        self.writer.write_table(content)

    def close(self) -> None:
        """Nothing; the file is whole."""
        if self.writer:
            self.writer.close()


class OpenFile:
    """One file in the making, and the account of what it holds."""

    def __init__(self, target: Target, out: Path) -> None:
        self.target, self.path = target, out / target.file
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.part = self.path.with_name(f".{self.path.name}.part")
        self.writer: Writer = ParquetWriter(self.part) if target.parquet else TextWriter(target, self.part)
        self.rows, self.lines = 0, 0
        self.found: list[Faults] = []
        self.held: list[KeptOut] = []

    def add(self, piece: Piece) -> None:
        """Nothing; the piece is written and counted."""
        self.writer.add(piece.content)
        self.found.append(replace(piece.faults, line=piece.faults.line + self.lines))
        self.held.append(replace(piece.kept_out, line=piece.kept_out.line + self.lines))
        self.rows += piece.rows
        self.lines += piece.lines

    def finish(self) -> Path:
        """The file, under its own name."""
        self.writer.close()
        return self.part.replace(self.path)

    def give_up(self) -> None:
        """Nothing; what was written so far is gone."""
        self.writer.close()
        self.part.unlink(missing_ok=True)

    def kept_out(self) -> KeptOut:
        """Every row of the file that holds a legally restricted code."""
        return KeptOut(*(np.concatenate([getattr(each, name) for each in self.held] or [np.zeros(0)]) for name in KeptOut.__slots__))

    def faults(self) -> Faults:
        """Every fault of the file."""
        none = np.zeros(0, dtype=np.int64)
        return Faults(*(np.concatenate([none, *(getattr(each, name) for each in self.found)]) for name in Faults.__slots__))

"""Rows in the order of their pseudonyms, however many there are: laid aside by the first bits of person_id, then sorted part by part.

The order that a build keeps its rows in is the same in every release, so that it would join them; that of pseudonyms is each release's
own. They are drawn evenly, so that the parts are of one size.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

ROWS_A_PART = 100_000
"""Rows that are sorted at a time."""
MOST_PARTS = 256
"""Files that are open at a time: systems allow 1,024."""
ID_BITS = 63
"""Of a pseudonym."""


@dataclass(frozen=True)
class Shuffled:
    """Rows laid aside in files of a folder, to be given in the order of all their columns, person_id first."""

    folder: Path
    schema: pa.Schema
    bits: int
    _files: dict[int, pa.RecordBatchFileWriter] = field(default_factory=dict, repr=False)
    _open: ExitStack = field(default_factory=ExitStack, repr=False)

    def add(self, rows: pa.Table) -> None:
        """Nothing; the rows are laid aside."""
        part = np.asarray(rows["person_id"].to_numpy()) >> (ID_BITS - self.bits)
        order = np.argsort(part, kind="stable")
        rows, part = rows.take(pa.array(order)), part[order]
        starts = np.flatnonzero(np.diff(part, prepend=-1))
        for begin, end in zip(starts, [*starts[1:], len(part)], strict=True):
            self._file(int(part[begin])).write_table(rows.slice(begin, end - begin))

    def closed(self) -> Shuffled:
        """The same, to be read from now on."""
        self._open.close()
        return self

    def sets(self) -> Iterator[pa.Table]:
        """The rows, in sets; they may be asked for again."""
        by = [(name, "ascending") for name in self.schema.names]
        for part in sorted(self._files):
            with pa.OSFile(str(self._path(part))) as file:
                yield pa.ipc.open_file(file).read_all().sort_by(by)

    def _file(self, part: int) -> pa.RecordBatchFileWriter:
        if part not in self._files:
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            self._files[part] = self._open.enter_context(pa.ipc.new_file(str(self._path(part)), self.schema, options=options))
        return self._files[part]

    def _path(self, part: int) -> Path:
        return self.folder / f"{part}.arrow"


def shuffled(folder: Path, schema: pa.Schema, rows: int) -> Shuffled:
    """Where about so many rows can be laid aside, in a folder that is made."""
    folder.mkdir(mode=0o700)
    parts = min(MOST_PARTS, max(1, -(-rows // ROWS_A_PART)))
    return Shuffled(folder, schema, (parts - 1).bit_length())

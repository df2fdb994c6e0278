"""The truth about the extracts, apart from them: which faults were put where."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from joinedup.sources.synthetic.faults import kinds
from joinedup.sources.synthetic.writing import OpenFile

FOLDER = "truth"


def write_truth(files: Sequence[OpenFile], out: Path) -> None:
    """Nothing; `truth/faults.parquet` says how many rows of each file have each kind of fault, `truth/faulty_rows.parquet` which."""
    folder = out / FOLDER
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_pylist([row for file in files for row in _counts(file)], _COUNTS), folder / "faults.parquet")
    pq.write_table(pa.concat_tables([_rows(file) for file in files]), folder / "faulty_rows.parquet")


_COUNTS = pa.schema(
    [
        ("file", pa.string()),
        ("source", pa.string()),
        ("contract", pa.string()),
        ("rows_in_file", pa.int64()),
        ("kind", pa.string()),
        ("rows", pa.int64()),
        ("becomes", pa.string()),
    ]
)


def _counts(file: OpenFile) -> list[dict[str, object]]:
    """One row per kind that the file's contract can have."""
    _, kind = file.faults()
    source = file.target.source
    common = {"file": file.target.file, "source": source.name, "contract": source.contract, "rows_in_file": file.rows}
    return [
        common | {"kind": each.name, "rows": int((kind == position).sum()), "becomes": each.becomes}
        for position, each in enumerate(kinds())
        if source.contract in each.rates
    ]


def _rows(file: OpenFile) -> pa.Table:
    line, kind = file.faults()
    names = np.array([each.name for each in kinds()])
    told = pa.array(names[kind] if len(kind) else [], type=pa.string())
    return pa.table(
        {"file": pa.array([file.target.file] * len(line), type=pa.string()), "source_row": pa.array(line, type=pa.int64()), "kind": told}
    )

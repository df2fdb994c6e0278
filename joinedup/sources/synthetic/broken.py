"""Broken twins of extracts: files in which every rule is broken in a known number of rows, and files broken as a whole."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from joinedup.place.model import Place
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.broken_files import BrokenFile, encoded, whole_files
from joinedup.sources.synthetic.rows import Rows
from joinedup.sources.synthetic.setting import setting_of
from joinedup.sources.synthetic.sheets import header, sheet
from joinedup.sources.synthetic.synthesis import MAKERS
from joinedup.sources.synthetic.targets import Target, targets_of
from joinedup.sources.synthetic.truth import FOLDER as TRUTH
from joinedup.sources.synthetic.twins import Twin, candidates_of, lines_of, twin_of

FOLDER = "broken"
WHOLE = "whole_files"
ROWS_OF_WHOLE = 200
"""Rows of a file that is broken as a whole."""

_TRUTH = pa.schema(
    [
        ("file", pa.string()),
        ("source", pa.string()),
        ("contract", pa.string()),
        ("rule", pa.string()),
        ("field", pa.string()),
        ("rows", pa.int64()),
        ("effect", pa.string()),
        ("implied_by", pa.string()),
        ("source_rows", pa.list_(pa.int64())),
        ("rows_in_file", pa.int64()),
    ]
)


def break_extracts(place: Place, people: int, seed: int, out: Path) -> list[Path]:
    """The files written to `out/broken`: a twin of each source's first file, made of sound rows, and files that are broken as a whole.

    `out/truth/broken.parquet` says by which rule how many rows of each file are found, and which; where a row that breaks one rule can't
    but break another, `implied_by` names the one. Sources of which nothing sound is at hand have no twin.
    """
    setting = setting_of(place, people, seed)
    block = Block(setting, 0)
    told: list[dict[str, object]] = []
    written: list[Path] = []
    contracts: set[str] = set()
    for target in _first_files(targets_of(place, setting.span, tuple(MAKERS))):
        candidates = candidates_of(block, target, MAKERS[target.source.contract](block))
        if not len(candidates.day):
            continue
        twin = twin_of(block, target, candidates)
        written.append(_write(out / FOLDER / target.file, _content(target, twin)))
        told += _rows_told(target, twin)
        if target.source.contract not in contracts:
            contracts.add(target.source.contract)
            for file in whole_files(target, _table(target, candidates)):
                written.append(_write(out / FOLDER / WHOLE / target.source.contract / file.name, file.content))
                told += _file_told(target, file)
    (out / TRUTH).mkdir(exist_ok=True, parents=True)
    pq.write_table(pa.Table.from_pylist(told, _TRUTH), out / TRUTH / "broken.parquet")
    return written


def _first_files(targets: list[Target]) -> list[Target]:
    """The first file of each source."""
    return list({target.position: target for target in reversed(targets)}.values())[::-1]


def _table(target: Target, candidates: Rows) -> pa.Table:
    table = sheet(target, candidates, np.arange(min(len(candidates.day), ROWS_OF_WHOLE)))
    return table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))


def _content(target: Target, twin: Twin) -> bytes:
    """The bytes of a twin, packed as its name says."""
    if target.parquet:
        held = io.BytesIO()
        pq.write_table(twin.table, held)
        return held.getvalue()
    content = encoded(target, header(target).decode() + "".join(f"{line}\n" for line in lines_of(target, twin)))
    return gzip.compress(content, mtime=0) if target.file.endswith(".gz") else content


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _rows_told(target: Target, twin: Twin) -> Iterator[dict[str, object]]:
    """The truth of a twin: a row for each way in which rows are broken, and for each rule that they break besides."""
    source = target.source
    common = {"file": target.file, "source": source.name, "contract": source.contract, "rows_in_file": twin.table.num_rows}
    for place, each in enumerate(twin.placed):
        rows = twin.rows_of(place)
        yield common | {
            "rule": each.how.rule,
            "field": each.how.field,
            "rows": len(rows),
            "effect": each.how.effect,
            "implied_by": None,
            "source_rows": rows,
        }
        for (rule, field), count in each.implied.items():
            yield common | {"rule": rule, "field": field, "rows": count, "effect": "kept", "implied_by": each.how.rule, "source_rows": []}


def _file_told(target: Target, file: BrokenFile) -> Iterator[dict[str, object]]:
    """The truth of a file that is broken as a whole."""
    source = target.source
    for rule in file.rules:
        yield {
            "file": f"{WHOLE}/{source.contract}/{file.name}",
            "source": source.name,
            "contract": source.contract,
            "rule": rule,
            "rows": 0,
            "effect": "refused" if file.refused else "told",
            "source_rows": [],
        }

"""What a manifest says of a table besides where it lies: its title and version, and what each of its columns is made from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from joinedup.engine.lineage import made_of, noted
from joinedup.engine.manifest import InputRecord, TableRecord
from joinedup.engine.objects import InputFile
from joinedup.engine.parts import Part
from joinedup.engine.specs import TableSpec


def described(record: TableRecord, spec: TableSpec, specs: Mapping[str, TableSpec]) -> TableRecord:
    """The record of a table that the build made, with what its SQL says of it."""
    made = made_of(spec, specs)
    said = {"title": spec.title, "version": spec.version, "made_of": noted(made), "constants": dict(made.constants)}
    return record.model_copy(update=said)


def supplied(spec: TableSpec, file: InputFile, root: Path) -> InputRecord:
    """The record of a table that came from outside."""
    told = {"title": spec.title, "version": spec.version, "source": spec.source}
    parts = tuple(
        Part(value=part.value, file=below(part.path, root), digest=part.digest, rows=part.rows, of_files=part.of_files)
        for part in file.parts
    )
    where = "" if parts else below(file.path, root)
    return InputRecord(file=where, parts=parts, digest=file.digest, rows=file.rows, kind=_kind(spec, below(file.path, root)), **told)


def below(path: Path, root: Path) -> str:
    """A path as it is below the store's root; as it is when it lies elsewhere."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _kind(spec: TableSpec, where: str) -> Literal["landed", "place", "reference"]:
    """Whence it came: reference data lie beside their descriptions, or say so; what the caller wrote for this build has a folder."""
    if spec.csv is not None or spec.reference:
        return "reference"
    return "place" if where.startswith("inputs/") else "landed"

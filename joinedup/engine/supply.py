"""What a build stands on: landed tables, tables of the place and reference data, checked before any work starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from joinedup.engine.objects import InputFile, sha256_of, write_input
from joinedup.engine.order import inputs_of
from joinedup.engine.reference import reference_table
from joinedup.engine.results import schema
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.errors import StoreProblem


def supply(
    specs: Mapping[str, TableSpec], derived: Iterable[TableSpec], given: Mapping[str, InputFile], store: Store, *, verify: bool
) -> dict[str, InputFile]:
    """The tables that derived tables read and the builder doesn't make; StoreProblem when one isn't there or isn't as declared."""
    read = sorted(frozenset().union(*(inputs_of(spec) for spec in derived)))
    sources = {name: specs[name] for name in read if not specs[name].derived}
    missing = [name for name, spec in sources.items() if spec.csv is None and name not in given]
    if missing:
        raise StoreProblem(f"tables that the build reads were not supplied: {', '.join(missing)}; land again")
    supplied = {
        name: given[name] if spec.csv is None else write_input(reference_table(spec), spec, store) for name, spec in sources.items()
    }
    for name, file in supplied.items():
        _check(sources[name], file, verify=verify)
    return supplied


def _check(spec: TableSpec, file: InputFile, *, verify: bool) -> None:
    for path, digest in file.files.items():
        if not path.exists():
            raise StoreProblem(f"{spec.table} was supplied as {path}, which is not there; land again")
        if verify and sha256_of(path) != digest:
            raise StoreProblem(f"{spec.table} in {path} is not what was written there; land again")
        _check_columns(spec, path)


def _check_columns(spec: TableSpec, path: Path) -> None:
    declared = schema(spec)
    try:
        read = pq.read_schema(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise StoreProblem(f"{spec.table} in {path} is damaged, or can't be read; land again, or have it handed over again") from error
    found = pa.schema([field.with_nullable(True).remove_metadata() for field in read])  # no nulls now is no promise
    if not found.equals(declared):
        differing = sorted({field.name for field in set(found) ^ set(declared)}) or ["their order"]
        raise StoreProblem(f"{spec.table} was written by another version and differs in {', '.join(differing)}; land again")

"""What tables were declared as when a build was made: kept in the store, so that a later build can be compared with it, cause by cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from pydantic import ValidationError

from joinedup.engine.manifest import Manifest
from joinedup.engine.objects import definition
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import PRIVATE_FOLDER, Store, atomic_write, store_errors

KEPT = {"table", "title", "grain", "key", "columns", "version", "owner", "source", "sort", "by_file", "kept_by_file", "follows", "sql"}
"""What is kept of a description: what its hash is of, and what a table can't be described without."""


def keep_definitions(specs: Iterable[TableSpec], store: Store) -> None:
    """Nothing; what each derived table is declared as is in the store, under the hash by which manifests name it."""
    with store_errors(store.definitions):
        store.definitions.mkdir(exist_ok=True, mode=PRIVATE_FOLDER)
    for spec in specs:
        path = store.definitions / f"{definition(spec)}.json"
        if spec.derived and not path.exists():
            atomic_write(path, spec.model_dump_json(include=KEPT).encode())


def kept_definition(store: Store, name: str) -> TableSpec | None:
    """The table that was declared under a hash; None where it isn't kept, or not as this version can read it."""
    with suppress(OSError, ValidationError):
        spec = TableSpec.model_validate_json((store.definitions / f"{name}.json").read_bytes())
        return spec if definition(spec) == name else None
    return None


def definitions_of(store: Store, manifest: Manifest, now: Mapping[str, TableSpec] | None = None) -> dict[str, TableSpec] | None:
    """Every derived table as it was declared for a build: as the store keeps it, else as it still is `now`; None where one is neither."""
    found = {}
    for name, record in manifest.tables.items():
        same = (now or {}).get(name)
        spec = kept_definition(store, record.definition) or (same if same is not None and definition(same) == record.definition else None)
        if spec is None:
            return None
        found[name] = spec
    return found

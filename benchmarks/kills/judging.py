"""What may be wrong with a store after a kill, and after what was done next."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import pyarrow.parquet as pq

from joinedup.engine.manifest import Manifest, read_build, read_manifest
from joinedup.engine.parts import InFiles
from joinedup.engine.rows import row_hash
from joinedup.engine.store import Store
from joinedup.kept.access_log import log_place, open_access_log
from joinedup.kept.identity_register import open_register, register_place
from joinedup.kept.log_verifying import verify
from joinedup.sources.landed import LandingRecord, read_landing

OTHERS = {"seconds", "made_at", "landed_at", "run_at"}
Rows: TypeAlias = Mapping[str, str]


def damages(store: Store) -> Iterator[str]:
    """Which files of kept builds and of the current landing are gone, or hold something else than they should."""
    for kept in (read_manifest(store), *map(read_build, store.builds.glob("*.json"))):
        named = digests((*kept.tables.values(), *kept.inputs.values()))
        yield from (f"build {kept.build_id}: {fault}" for fault in damaged(named, store))
    yield from (f"landing: {fault}" for fault in damaged(digests(read_landing(store).tables.values()), store))


def digests(records: Iterable[InFiles]) -> dict[str, str]:
    """File -> digest of all files of some tables."""
    found = dict[str, str]()
    for record in records:
        found |= {file: digest for part in record.parts for file, _, digest in part.each_file} or {record.file: record.digest}
    return found


def damaged(files: Mapping[str, str], store: Store) -> Iterator[str]:
    """Which of the files are gone, or hold something else than they should."""
    for file, digest in files.items():
        path = store.root / file
        if not path.exists():
            yield f"{file} is gone"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            yield f"{file} isn't what was written"


def faults_of_registers(store: Store, environment: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the identity register and the access log, wherever they lie."""
    register = open_register(register_place(store.kept, environment))
    register.database.verify()
    register.close()
    log = open_access_log(log_place(store.kept, environment), environment)
    found = verify(log)
    log.engine.dispose()
    if found.faults:
        yield f"the access log has {len(found.faults)} faults"


def miscounted(record: LandingRecord) -> Iterator[str]:
    """The files of a landing of which not every row that was read was loaded, superseded or rejected."""
    for file in record.files:
        if file.rows_read != file.loaded + file.superseded + file.rejected:
            yield f"{file.file}: {file.rows_read} rows read, {file.loaded} loaded, {file.superseded} superseded, {file.rejected} rejected"


def orphans(store: Store) -> Iterator[str]:
    """Files of the store that nobody names after a collection, and those that are half written."""
    kept = [read_build(path) for path in store.builds.glob("*.json")]
    record = read_landing(store)
    named = {*(file for build in kept for file in build.files), *digests(record.tables.values())}
    named |= {f"definitions/{table.definition}.json" for build in kept for table in build.tables.values()}
    landings = {record.landing_id, *(build.about["landing"]["landing_id"] for build in kept)}
    for path in sorted(path for path in store.root.rglob("*") if path.is_file()):
        file = path.relative_to(store.root)
        if path.name.startswith("."):
            yield f"{file} is half written"
        elif file.parts[0] == "landed" and len(file.parts) > 2 and file.parts[1] not in landings:
            yield f"{file} is of no landing that is kept"
        elif file.parts[0] in {"objects", "inputs", "definitions"} and str(file) not in named:
            yield f"{file} is of no build that is kept"
        elif file.parts[0] == "tmp":
            yield f"{file} is left"


def rows_of(tables: Manifest | LandingRecord, store: Store) -> Rows:
    """Table -> the hash of its rows, whatever the order, of all that doesn't tell when it was."""
    return {name: hash_of(table, store) for name, table in sorted(tables.tables.items())}


def hash_of(record: InFiles, store: Store) -> str:
    """The hash of a table's rows."""
    table = pq.read_table([store.root / file for file in record.files], partitioning=None)
    return row_hash(table.select([name for name in table.column_names if name not in OTHERS]))


def differing(now: Rows, then: Rows) -> str:
    """The tables that differ."""
    return ", ".join(sorted(name for name in {*now, *then} if now.get(name) != then.get(name)))

"""Whose details are protected, by the newest that is known, and what is withheld of them wherever it stands.

Three tell it: the published build, the current landing where that is newer, and what somebody has said since by hand. Whoever any of
them names is protected, so that a protection counts at once, for builds that were made before it too. It is looked up at each look.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.engine.reader import Reader, read_rows
from joinedup.engine.store import Store
from joinedup.errors import NothingPublished
from joinedup.kept.protected import protected_by_hand
from joinedup.sources.landed import LandedTable, LandingRecord, current_path, read_landing

Ids: TypeAlias = npt.NDArray[np.int64]

TABLE = "protected_person"
"""The derived table of people whose details are protected."""
LANDED, LIST, FLAG = "landed_protected_person", "landed_register", "sensitive_flag"
NOT_SENSITIVE = ("U", "N")
TELLS_WHERE = (
    "practice_code",
    "area_code",
    "neighbourhood_id",
    "deprivation_fifth",
    "care_home",
    "address",
    "postcode",
    "referred_by",
    "provider_code",
    "provider_now",
    "service",
    "file_id",
    "list_file_id",
    "source_row",
)
"""Columns that tell, alone or together, where somebody lives, is registered or goes: services and providers too, for many are local."""


def protected_people(reader: Reader) -> pa.Array:
    """The person_ids whose details are protected, in order."""
    return pa.array(protected_ids(reader))


def protected_ids(reader: Reader) -> Ids:
    """The same as an array of numbers."""
    built = _ids(reader.paths(TABLE)) if TABLE in reader.manifest.tables else np.zeros(0, np.int64)
    said = protected_by_hand(reader.store.kept)
    return np.union1d(np.union1d(built, _landed_since(reader)), np.fromiter(said, np.int64, len(said)))


def protected_in(store: Store) -> Ids:
    """The person_ids whose details are protected, in a store that may have no build yet."""
    reader = Reader(store)
    try:
        reader.manifest  # noqa: B018 - whether there is a build
    except NothingPublished:
        said = protected_by_hand(store.kept)
        return np.union1d(_of_landing(store), np.fromiter(said, np.int64, len(said)))
    return protected_ids(reader)


def _landed_since(reader: Reader) -> Ids:
    """Who is protected by the current landing, where the build stands on another; wider than the rule of the table, for it is in doubt."""
    path = current_path(reader.store)
    try:
        state = path.stat()
    except OSError:
        return np.zeros(0, np.int64)
    record = _landing(reader.store, state.st_mtime_ns, state.st_size)
    built_on = reader.manifest.about.get("landing", {}).get("landing_id")
    return np.zeros(0, np.int64) if record.landing_id == built_on else _of_landing(reader.store)


def _of_landing(store: Store) -> Ids:
    """Everyone whom any row of the current landing says to be protected, whatever its days."""
    try:
        state = current_path(store).stat()
    except OSError:
        return np.zeros(0, np.int64)
    tables = _landing(store, state.st_mtime_ns, state.st_size).tables
    found = [_ids(_paths(tables[LANDED], store))] if LANDED in tables else []
    found += [_flagged(_paths(tables[LIST], store))] if LIST in tables else []
    return np.unique(np.concatenate([np.zeros(0, np.int64), *found]))


def _paths(table: LandedTable, store: Store) -> tuple[Path, ...]:
    return tuple(store.root / file for file in table.files)


@lru_cache(maxsize=4)
def _landing(store: Store, changed: int, size: int) -> LandingRecord:
    return read_landing(store)


@lru_cache(maxsize=8)
def _ids(paths: tuple[Path, ...]) -> Ids:
    return np.unique(np.asarray(read_rows(paths, ["person_id"])["person_id"].drop_null().to_numpy(), dtype=np.int64))


@lru_cache(maxsize=4)
def _flagged(paths: tuple[Path, ...]) -> Ids:
    found = read_rows(paths, ["person_id"], pc.field(FLAG).is_valid() & ~pc.field(FLAG).isin(NOT_SENSITIVE))
    return np.unique(np.asarray(found["person_id"].drop_null().to_numpy(), dtype=np.int64))


def withheld(rows: pa.Table, protected: pa.Array | pa.ChunkedArray) -> pa.Table:
    """The rows, without what tells where protected people live, are registered or go."""
    if not pc.any(protected).as_py():
        return rows
    for name in (name for name in TELLS_WHERE if name in rows.column_names):
        kind = rows.schema.field(name).type
        rows = rows.set_column(rows.column_names.index(name), name, pc.if_else(protected, pa.scalar(None, kind), rows[name]))
    return rows

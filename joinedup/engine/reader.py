"""Reading the tables of a published build. Only the doors (access/) and the builder may use it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from joinedup.engine.manifest import Manifest, read_manifest
from joinedup.engine.store import Store
from joinedup.errors import NothingPublished, StoreProblem


class Reader:
    """The published build as it was when first asked: a build published meanwhile doesn't mix with it."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @cached_property
    def manifest(self) -> Manifest:
        """What the build holds; NothingPublished when there is none."""
        return read_manifest(self.store)

    def path(self, name: str) -> Path:
        """The Parquet file of a table; NothingPublished when the build made no table of that name."""
        record = self.manifest.tables.get(name)
        if record is None:
            near = ", ".join(get_close_matches(name, self.manifest.tables, n=1))
            hint = f"; the nearest is {near}" if near else ""
            raise NothingPublished(f"build {self.manifest.build_id} holds no table {name}{hint}")
        return self.store.root / record.file

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of a table, of all or the named columns; StoreProblem when its file is gone or damaged."""
        path = self.path(name)
        try:
            return pq.read_table(path, columns=None if columns is None else list(columns), partitioning=None)
        except (OSError, pa.ArrowInvalid) as error:
            raise StoreProblem(f"{path} is missing or damaged; build again with --verify to remake it") from error

"""Reading the tables of a published build. Only the doors (access/) and the builder may use it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from joinedup.engine.manifest import Manifest, read_manifest
from joinedup.engine.store import Store
from joinedup.errors import NothingPublished, StoreProblem


class Reader:
    """The published build as it was when first asked: a build published meanwhile doesn't mix with it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._footers: dict[str, pq.FileMetaData] = {}

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
        return self.rows(name, columns)

    def rows(self, name: str, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> pa.Table:
        """The rows of a table for which an expression holds, of all or the named columns; StoreProblem as `table`."""
        path = self.path(name)
        with _told(path):
            return pq.read_table(path, columns=None if columns is None else list(columns), filters=where, partitioning=None)

    def rows_of(self, name: str, person_id: int, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of one person, read from no more row groups than may hold them; StoreProblem as `table`."""
        path = self.path(name)
        with _told(path), pq.ParquetFile(path, metadata=self._footers.get(name)) as file:
            self._footers[name] = file.metadata
            groups = [group for group in range(file.metadata.num_row_groups) if _may_hold(file.metadata, group, person_id)]
            wanted = None if columns is None else list(dict.fromkeys(["person_id", *columns]))
            found = file.read_row_groups(groups, columns=wanted, use_threads=False)
        return found.filter(pc.equal(found["person_id"], person_id)).select(columns or found.column_names)


def _may_hold(footer: pq.FileMetaData, group: int, person_id: int) -> bool:
    """Whether a row group may have rows of a person, by the least and greatest person_id in it; nobody is in one of nulls alone."""
    names = [footer.schema.column(index).path for index in range(footer.num_columns)]
    statistics = footer.row_group(group).column(names.index("person_id")).statistics
    if statistics is None or not statistics.has_min_max:
        return statistics is None or statistics.num_values > 0
    return bool(statistics.min <= person_id <= statistics.max)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowInvalid) as error:
        raise StoreProblem(f"{path} is missing or damaged; build again with --verify to remake it") from error

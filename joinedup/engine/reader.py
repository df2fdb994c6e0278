"""Reading the tables of a published build. Only the doors (access/) and the builder may use it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from functools import cached_property
from math import inf
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from joinedup.engine.lying import PERSON, counting, void_of
from joinedup.engine.manifest import Manifest, read_manifest
from joinedup.engine.parts import AmendedFile, Lying
from joinedup.engine.store import Store
from joinedup.errors import NothingPublished, StoreProblem

OPEN_INPUTS = ("place", "reference")
"""The inputs that doors may give: what the place folder and reference data say, of nobody."""
ROWS_A_SET = 100_000
"""Rows that are read at a time where a table may not fit in memory."""


class Reader:
    """The published build as it was when first asked: a build published meanwhile doesn't mix with it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._footers: dict[Path, pq.FileMetaData] = {}
        self._spans: dict[Path, list[tuple[float, float]]] = {}
        self._void: dict[Path, frozenset[int | None]] = {}

    @cached_property
    def manifest(self) -> Manifest:
        """What the build holds; NothingPublished when there is none."""
        return read_manifest(self.store)

    def paths(self, name: str) -> tuple[Lying, ...]:
        """Where a table lies that the build made, or was given by place or reference data; NothingPublished otherwise."""
        given = self.manifest.inputs.get(name)
        record = self.manifest.tables.get(name) or (given if given is not None and given.kind in OPEN_INPUTS else None)
        if record is None:
            near = ", ".join(get_close_matches(name, self.manifest.tables, n=1))
            hint = f"; the nearest is {near}" if near else ""
            raise NothingPublished(f"build {self.manifest.build_id} holds no table {name}{hint}")
        return record.lying(self.store.root)

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of a table, of all or the named columns; StoreProblem when its file is gone or damaged."""
        return self.rows(name, columns)

    def rows(self, name: str, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> pa.Table:
        """The rows of a table for which an expression holds, of all or the named columns; StoreProblem as `table`."""
        return read_rows(self.paths(name), columns, where)

    def sets(self, name: str, columns: Sequence[str], where: pc.Expression) -> Iterator[pa.Table]:
        """The rows of a table for which an expression holds, in sets that fit in memory however many there are; StoreProblem as `table`."""
        for each in self.paths(name):
            for path, void in _files_of(each):
                with _told(path):
                    (held,) = ds.dataset(path, format="parquet", partitioning=None).get_fragments()
                    for groups in _in_sets(held.subset(where).row_groups):
                        rows = held.subset(row_group_ids=groups).to_table(columns=_with_person(columns, void), filter=where)
                        yield _counting(rows, void).select(list(columns))

    def rows_of(self, name: str, person_id: int, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of one person, read from no more row groups than may hold them; StoreProblem as `table`."""
        paths = [path for each in self.paths(name) for path in self._holding(each, person_id)]
        found = pa.concat_tables([self._of_file(path, person_id, columns) for path in paths], promote_options="default")
        whose = pa.scalar(person_id, found["person_id"].type)  # of a bare number pyarrow looks for dateutil, each time
        return found.filter(pc.equal(found["person_id"], whose)).select(columns or found.column_names)

    def _holding(self, each: Lying, person_id: int) -> tuple[Path, ...]:
        """The file of what may be amended in which rows of a person count."""
        if not isinstance(each, AmendedFile):
            return (each,)
        if each.void not in self._void:
            with _told(each.void):
                self._void[each.void] = frozenset(void_of(each).to_pylist())
        return tuple(path for path, void in _files_of(each) if (void is None) == (person_id in self._void[each.void]))

    def _of_file(self, path: Path, person_id: int, columns: Sequence[str] | None) -> pa.Table:
        """The row groups of a file that may hold rows of one person."""
        with _told(path), pq.ParquetFile(path, metadata=self._footers.get(path)) as file:
            if path not in self._footers:
                self._footers[path], self._spans[path] = file.metadata, _spans(file.metadata)
            groups = [group for group, (least, most) in enumerate(self._spans[path]) if least <= person_id <= most]
            wanted = None if columns is None else list(dict.fromkeys(["person_id", *columns]))
            return file.read_row_groups(groups, columns=wanted, use_threads=False)


def _in_sets(groups: Sequence[ds.RowGroupInfo]) -> Iterator[list[int]]:
    """The numbers of row groups, as many at a time as make a set: a scan of the whole file would decode far ahead of a slow reader."""
    taken: list[int] = []
    rows = 0
    for group in groups:
        if taken and rows + group.num_rows > ROWS_A_SET:
            yield taken
            taken, rows = [], 0
        taken.append(group.id)
        rows += group.num_rows
    if taken:
        yield taken


def _files_of(each: Lying) -> Iterator[tuple[Path, pa.Array | None]]:
    """The files of what may be amended, each with the people whose rows in it don't count."""
    if not isinstance(each, AmendedFile):
        yield each, None
        return
    with _told(each.void):
        yield each.path, void_of(each)
    if each.instead is not None:
        yield each.instead, None


def _with_person(columns: Sequence[str] | None, void: pa.Array | None) -> list[str] | None:
    """The columns to read, with that by which rows that don't count are told."""
    if columns is None or void is None:
        return None if columns is None else list(columns)
    return list(dict.fromkeys((*columns, PERSON)))


def _counting(rows: pa.Table, void: pa.Array | None) -> pa.Table:
    return rows if void is None else counting(rows, void)


def read_rows(paths: Sequence[Lying], columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> pa.Table:
    """The rows of a table's files, which never change, for which an expression holds; StoreProblem when it is gone or damaged."""
    wanted = None if columns is None else list(columns)
    read = [_read(path, wanted, where, void) for each in paths for path, void in _files_of(each)]
    return pa.concat_tables(read, promote_options="default")


def _read(path: Path, columns: list[str] | None, where: pc.Expression | None, void: pa.Array | None) -> pa.Table:
    with _told(path):
        rows = _counting(pq.read_table(path, columns=_with_person(columns, void), filters=where, partitioning=None), void)
    return rows if columns is None else rows.select(columns)


def _spans(footer: pq.FileMetaData) -> list[tuple[float, float]]:
    """The least and greatest person_id of each row group; of one that doesn't say, any; of one of nulls alone, none."""
    at = [footer.schema.column(index).path for index in range(footer.num_columns)].index("person_id")
    return [_span(footer.row_group(group).column(at).statistics) for group in range(footer.num_row_groups)]


def _span(statistics: pq.Statistics | None) -> tuple[float, float]:
    if statistics is not None and statistics.has_min_max:
        return statistics.min, statistics.max
    return (inf, -inf) if statistics is not None and statistics.num_values == 0 else (-inf, inf)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowInvalid) as error:
        raise StoreProblem(f"{path} is missing or damaged; build again with --verify to remake it") from error

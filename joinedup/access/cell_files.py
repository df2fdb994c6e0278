"""The files whose records stand in one published number: by area, month and point of delivery, and of measures by area."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from joinedup.access.measure_evidence import WHOLE
from joinedup.access.published import ANY, AREA, PUBLISHED, slug
from joinedup.sources.accounts import FileAccount

BY = {"activity": (*AREA, "month", "point_of_delivery"), "costs": (*AREA, "sector", "point_of_delivery")}
"""What tells the files of a published table apart; those of others only the area does."""
OF_PEOPLE = ("population", "deprivation", "practice_people")


@dataclass(frozen=True, slots=True)
class CellFile:
    """A file behind one number: how many of its records stand in it, and what became of all rows of the file."""

    file: str
    source: str
    contract: str
    sha256: str | None
    records: int
    rows_read: int
    loaded: int
    superseded: int
    rejected: int


@dataclass(frozen=True)
class CellFiles:
    """The files behind numbers of a build: `table` is its area_file, without rows for who isn't told of files."""

    table: pa.Table
    accounts: Sequence[FileAccount]
    measures: Collection[str] = ()
    behind: Callable[[str], Mapping[tuple[str, str], Mapping[int, int]]] = lambda _: {}
    """Of a measure: area -> file -> records."""

    def of(self, name: str, grain: Sequence[str], values: Sequence[str]) -> tuple[CellFile, ...]:
        """The files behind the number that a key's name and values tell, those with most records first; none where it isn't kept."""
        if name in self.measures:
            return tuple(self._told(self._of_measure(name, [*values])))
        counted = "people" if name in OF_PEOPLE else name
        asked = dict(zip(grain, values, strict=False))
        by = [asked.get(column, ANY) for column in BY.get(counted, AREA)]
        if by[0] == ANY:
            by[0] = "place"  # neighbourhoods and none are in it
        exact = self._index.get(counted, {}).get(tuple(by))
        return tuple(self._told(exact if exact is not None else self._taken_together(counted, by)))

    def _of_measure(self, name: str, values: Sequence[str]) -> Mapping[int, int]:
        """File -> records behind a measure of an area, or of the place where none is named; of groups it isn't told."""
        if any(group not in (*WHOLE, ANY) for group in values[len(AREA) :]):
            return {}
        if name not in self._measured:
            self._measured[name] = {tuple(map(slug, area)): files for area, files in self.behind(name).items()}
        area = (*values[: len(AREA)], ANY, ANY)[: len(AREA)]
        return self._measured[name].get(("place", "place") if area[0] == ANY else area, {})

    @cached_property
    def _measured(self) -> dict[str, Mapping[tuple[str, ...], Mapping[int, int]]]:
        """The same of each measure that was asked for."""
        return {}

    @cached_property
    def known(self) -> frozenset[str]:
        """The names of which it is kept."""
        names = {*PUBLISHED} & {*BY, *OF_PEOPLE} | {*self.measures}
        return frozenset(names) if self.table.num_rows else frozenset()

    @cached_property
    def _index(self) -> Mapping[str, Mapping[tuple[str, ...], Mapping[int, int]]]:
        """What is counted -> what tells it apart -> file -> records."""
        found: dict[str, dict[tuple[str, ...], dict[int, int]]] = {}
        for row in self.table.to_pylist():
            key = tuple(slug(row[column]) for column in BY.get(row["counted"], AREA))
            _add(found.setdefault(row["counted"], {}).setdefault(key, {}), {row["file_id"]: row["records"]})
        return found

    def _taken_together(self, counted: str, by: Sequence[str]) -> Mapping[int, int]:
        """The records of all numbers that have the values which are asked for, whatever their others: added up once for all such."""
        asked = tuple(at for at, value in enumerate(by) if value != ANY)
        if (counted, asked) not in self._sums:
            sums: dict[tuple[str, ...], dict[int, int]] = {}
            for key, files in self._index.get(counted, {}).items():
                _add(sums.setdefault(tuple(key[at] for at in asked), {}), files)
            self._sums[counted, asked] = sums
        return self._sums[counted, asked].get(tuple(by[at] for at in asked), {})

    @cached_property
    def _sums(self) -> dict[tuple[str, tuple[int, ...]], Mapping[tuple[str, ...], Mapping[int, int]]]:
        """What is counted, and which of its columns tell it apart -> their values -> file -> records; as far as asked for."""
        return {}

    def _told(self, records: Mapping[int, int]) -> Iterable[CellFile]:
        """Files with their accounts."""
        known = {account.file_id: account for account in self.accounts}
        for number, count in sorted(records.items(), key=lambda each: (-each[1], each[0])):
            of = known.get(number)
            if of is not None:
                yield CellFile(of.file, of.source, of.contract, of.sha256, count, of.rows_read, of.loaded, of.superseded, of.rejected)


def _add(sums: dict[int, int], files: Mapping[int, int]) -> None:
    """Nothing; the sums then have the records of these files too."""
    for number, count in files.items():
        sums[number] = sums.get(number, 0) + count

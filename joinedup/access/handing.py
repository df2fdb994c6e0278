"""Several tables in one release: collected in bounded memory, logged and registered as one, before anything of them is given.

Their pseudonyms are the same, so that they join; those of another release aren't. docs/how-to/hand-off.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.asking import Asked
from joinedup.access.caller import Caller
from joinedup.access.looking import Log, look
from joinedup.access.records import TOO_FEW, Records, open_records, own_columns, too_few
from joinedup.access.shuffled import Shuffled, shuffled
from joinedup.access.sieve import Allowed, Ids, Sieve, numbers
from joinedup.engine.store import Store
from joinedup.errors import Refused
from joinedup.place.model import Place

NOT_USUAL = ("practice_code", "area_code", "referred_by")
MOST_VALUES = 60
"""Values of a column of text that a data dictionary lists; of one with more it lists none."""


@dataclass(frozen=True, slots=True)
class AskedTable:
    """A table that is asked for: its usual columns or those named, of the rows for which all conditions hold."""

    table: str
    columns: tuple[str, ...] | None = None
    where: tuple[Asked, ...] = ()


@dataclass
class Told:
    """What a data dictionary tells of the rows of a table: how many, empty cells, few values, first and last days."""

    rows: int = 0
    empty: dict[str, int] = field(default_factory=dict)
    values: dict[str, set[str] | None] = field(default_factory=dict)
    days: dict[str, tuple[date, date]] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)

    def see(self, rows: pa.Table) -> None:
        """Nothing; these rows are told of too."""
        self.rows += rows.num_rows
        for name, column in zip(rows.column_names, rows.columns, strict=True):
            self.empty[name] = self.empty.get(name, 0) + column.null_count
            if pa.types.is_string(column.type):
                self._see_text(name, column)
            elif pa.types.is_date(column.type) and column.null_count < len(column):
                ends = pc.min_max(column).as_py()
                first, last = self.days.get(name, (ends["min"], ends["max"]))
                self.days[name] = min(first, ends["min"]), max(last, ends["max"])

    def _see_text(self, name: str, column: pa.ChunkedArray) -> None:
        distinct = pc.unique(column).drop_null()
        self.longest[name] = max(self.longest.get(name, 0), pc.max(pc.utf8_length(distinct)).as_py() or 0)
        before = self.values.get(name, set())
        if before is not None:
            found = before | set(distinct.to_pylist()) if len(distinct) <= MOST_VALUES else None
            self.values[name] = found if found is not None and len(found) <= MOST_VALUES else None


@dataclass(frozen=True)
class Collected:
    """The rows of one table that may leave, laid aside under the release's pseudonyms; without `laid` they are only counted."""

    sieve: Sieve
    people: Ids = field(repr=False)
    """Of the build: they never leave."""
    told: Told
    laid: Shuffled | None

    @property
    def table(self) -> str:
        """The table's name."""
        return self.sieve.spec.table

    def sets(self) -> Iterator[pa.Table]:
        """The rows in sets, in the order of what they hold."""
        assert self.laid is not None, "only counted"
        return self.laid.sets()


@dataclass(frozen=True)
class Handing:
    """One release of several tables: they are collected, `said` and written, and then `registered`."""

    records: Records
    caller: Caller
    sieves: tuple[Sieve, ...]

    def collected(self, sieve: Sieve, work: Path | None) -> Collected:
        """The rows of one table that may leave, laid aside in a new folder of `work`; only counted where there is none."""
        reader, told, people = self.records.reader, Told(), [np.zeros(0, np.int64)]
        schema = pa.schema(list(sieve.kinds.items()))
        laid = None if work is None else shuffled(work / sieve.spec.table, schema, reader.manifest.tables[sieve.spec.table].rows)
        for read in reader.sets(sieve.spec.table, sieve.reads, sieve.where):
            found = sieve.kept(read)
            if not found.num_rows:
                continue
            people.append(np.unique(numbers(found["person_id"])))
            leaving = self.records.pseudonymised(found).cast(schema)
            told.see(leaving)
            if laid is not None:
                laid.add(leaving)
        return Collected(sieve, np.unique(np.concatenate(people)), told, None if laid is None else laid.closed())

    def said(self, to: str, tables: Sequence[Collected], *, dry: bool = False) -> None:
        """Nothing; what is about to leave is one look in the access log. Refused, which is logged too, where rows are of too few people."""
        few = [each.table for each in tables if too_few(len(each.people), each.sieve)]
        asked = f"{'dry run of a ' if dry else ''}release to {to}, " + "; ".join(f"{each.sieve}" for each in tables)
        rows = 0 if few or dry else sum(each.told.rows for each in tables)
        what = f"refused as too few, {asked}" if few else asked
        self.records.log.append([look(self.caller, "records", what[:500], self.records.reader.manifest.build_id, rows=rows)])
        if few:
            raise Refused(f"{', '.join(few)}: {TOO_FEW}, or leave the table out")

    def registered(self, to: str, tables: Sequence[Collected], content_hash: str) -> int:
        """The number of the release, which is in the register with its columns and the hash of what was written."""
        columns = {name for each in tables for name in (*each.sieve.wanted, *each.sieve.by)}
        what = f"{', '.join(each.table for each in tables)} to {to}"
        number = self.records.leaving(self.caller).folder(what, sum(each.told.rows for each in tables), columns, content_hash)
        self.records.given.update(columns)
        return number


def open_handing(store: Store, place: Place, caller: Caller, asked: Sequence[AskedTable], log: Log | None = None) -> Handing:
    """The release of these tables; Refused where the caller may not have one, or a column, or all of them together.

    Where the table of people leaves too, others have no columns of the person unless they are asked for: they join by person_id.
    """
    records = open_records(store, place, caller, log)
    allowed, with_people = Allowed(records.reader, place, caller), any(each.table == "person" for each in asked)
    sieves = []
    for each in asked:
        columns = each.columns
        if columns is None and with_people and each.table != "person":
            columns = tuple(name for name in own_columns(each.table) if name not in NOT_USUAL)
        sieves.append(records.sieve(caller, each.table, columns, each.where, allowed))
    records.may_give(caller, sieves)
    return Handing(records, caller, tuple(sieves))

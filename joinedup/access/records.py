"""The records door: pseudonymised rows for analysts, of people who don't object to the purpose, each query logged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.asking import Asked, Condition, condition, expression, named
from joinedup.access.caller import Caller
from joinedup.access.disclosure import is_of, may_enter
from joinedup.access.looking import Log, log_of, look
from joinedup.access.protected import TELLS_WHERE, protected_people, withheld
from joinedup.access.pseudonyms import Release
from joinedup.access.releasing import Leaving
from joinedup.access.scoping import LIST, all_agreed, files_for, people_of
from joinedup.engine.reader import Reader
from joinedup.engine.results import schema
from joinedup.engine.specs import TableSpec, read_specs
from joinedup.engine.store import Store
from joinedup.errors import Refused
from joinedup.place.model import Place

__all__ = ["Records", "open_records"]

TABLES = ("person", "activity", "diagnosis", "discharge_delay", "referral", "spell")
"""Tables whose rows may leave, pseudonymised."""
STAYS = frozenset({"file_id", "list_file_id", "source_row", "death_date", "possible_death", "first_seen", "last_seen"})
"""Columns that never leave: where a partner would find the row in its own file, and days of a person's life."""
IDS = ("person_id", "activity_id", "referral_id")
"""Columns that leave under new pseudonyms."""
USUAL = ("birth_year", "sex", "neighbourhood_id", "deprivation_fifth")
PERSON = {
    "birth_year": pa.int32(),
    "sex": pa.string(),
    "neighbourhood_id": pa.string(),
    "deprivation_fifth": pa.int32(),
    "birth_month": pa.date32(),
    "ethnic_group": pa.string(),
    "practice_code": pa.string(),
    "area_code": pa.string(),
    "care_home": pa.bool_(),
    "death_year": pa.int32(),
}
"""What may be asked of the person beside any table's columns: the first four unless columns are named."""
ROWS_OF_A_FILE = 10_000_000_000
"""An activity's id is its file's number times this, and its row."""
FINE = ("birth_month", "area_code")
MARKS = frozenset({"sex", "ethnic_group", "practice_code", "care_home", "death_year"})
"""Birth month and small area never leave together, and beside one of them no more than one of these. (A rule of ours; 2026.)"""
FEWEST = 10
"""People of whom rows are given at least: a query of fewer would be a look at single persons. (A rule of ours; 2026.)"""


def open_records(store: Store, place: Place, caller: Caller, log: Log | None = None) -> Records:
    """The records of the published build for one release; Refused where the caller may not have any."""
    reader = Reader(store)
    built = reader.manifest.about.get("place", {})
    may_enter(place, built, caller, "records")
    is_of(place, built)
    return Records(place, reader, log or log_of(store, place))


@cache
def specs() -> Mapping[str, TableSpec]:
    """The tables of the record, as their .yml describes them."""
    found = read_specs(Path(str(files("joinedup.records"))))
    return {name: found[name] for name in TABLES}


@dataclass(frozen=True)
class Records:
    """One release: its pseudonyms are its own, and what it gave of people counts together."""

    place: Place
    reader: Reader
    log: Log
    release: Release = field(default_factory=Release)
    given: set[str] = field(default_factory=set)
    """The columns that this release has given, or been asked by."""

    def rows(
        self, caller: Caller, table: str, *, columns: Sequence[str] | None = None, where: Iterable[Asked] = (), to: str = ""
    ) -> pa.Table:
        """The rows of a table for which all conditions hold, of the columns asked for or the usual ones; logged before they are given.

        Rows of nobody known, of who objects to the purpose, of a file that may not be used for it and of people outside the caller's
        scope are left out. Refused, which is logged too, where fewer than ten people would be left, and where columns would single people
        out. Rows stand in the order of what they hold. `to` is the file that they are released to, where they are.
        """
        may_enter(self.place, self.reader.manifest.about.get("place", {}), caller, "records")
        spec = specs()[named(table, TABLES, "a table of the records door")]
        own, conditions = _columns(spec), [condition(each) for each in where]
        wanted = _wanted(own, columns)
        known = own | {name: kind for name, kind in PERSON.items() if name not in own}
        by = [named(each.column, known, f"a column of {table} to ask by") for each in conditions]
        if identifying := sorted(set(by) & set(IDS)):
            raise Refused(f"{identifying[0]} is a pseudonym of the build, so nothing is asked by it; ask by what was done, when and where")
        leaving_as = Leaving(self.reader.store, self.place, caller, self.reader.manifest.build_id)
        before = leaving_as.columns_before()
        may_leave(self.given | set(wanted) | set(by) | set(before), earlier=self.given, releases=before)
        found = self._found(spec, wanted, conditions, own, caller)
        people = pc.count_distinct(found["person_id"]).as_py()
        few = people < FEWEST and (people > 0 or bool(conditions))  # nobody isn't told from a few where something was asked by
        asked = f"{f'release to {to}, ' if to else ''}{table}: {', '.join(wanted)}" + (
            f"; where {' and '.join(map(str, conditions))}" if conditions else ""
        )
        what, rows = (f"refused as too few, {asked}", 0) if few else (asked, found.num_rows)
        self.log.append([look(caller, "records", what[:500], self.reader.manifest.build_id, rows=rows)])
        if few:
            raise Refused(f"these rows are of fewer than {FEWEST} people, which would be a look at single persons; ask for more")
        leaving_as.rows(table, found.select(wanted), {*wanted, *by})
        self.given.update(wanted, by)
        leaving = pa.table({name: self._leaving(found[name], name) for name in wanted})
        return leaving.sort_by([(name, "ascending") for name in wanted])  # the order that rows are kept in would join releases

    def _found(
        self, spec: TableSpec, wanted: Sequence[str], conditions: Sequence[Condition], own: Mapping[str, pa.DataType], caller: Caller
    ) -> pa.Table:
        """The rows that may leave, of the columns wanted and person_id."""
        masked = [each.column for each in conditions if each.column in TELLS_WHERE]  # asked of what may be withheld: after it is
        here = [each for each in conditions if each.column in own and each.column not in masked]
        beside = [each for each in conditions if each not in here]
        names = [column.name for column in spec.columns]
        needed = ("person_id", *([name for name in names if name.endswith("file_id")] or ["activity_id"]))
        read = [name for name in names if name in needed or (name in own and (name in wanted or name in masked))]
        asked = expression(here, own)
        linked = pc.field("person_id").is_valid()
        rows = self.reader.rows(spec.table, read, linked if asked is None else linked & asked)
        rows = rows.filter(self._may_be_used(rows, caller))
        of_person = [name for name in PERSON if name not in own and (name in wanted or any(name == each.column for each in beside))]
        rows = self._with_person(rows, of_person, caller.purpose)
        further = expression(beside, {**PERSON, **own})
        return rows if further is None else rows.filter(further)

    def _may_be_used(self, rows: pa.Table, caller: Caller) -> npt.NDArray[np.bool_]:
        """Which rows may be used for the caller's purpose: agreed for their file, not objected to, in scope."""
        files = self.reader.table("file_use", ["file_id", "held_by_practice", caller.purpose])
        people = self.reader.table("may_use", ["person_id", caller.purpose, f"practice_{caller.purpose}"])
        ids = _numbers(rows["person_id"])
        plain, practice = (_looked_up(people, name, ids) for name in (caller.purpose, f"practice_{caller.purpose}"))
        of_file = _files_of(rows)
        if of_file is None:  # a row made of many files, none of them what practices alone hold
            may = plain & bool(pc.any(files[caller.purpose]).as_py())
        else:
            held, agreed = (_looked_up(files, name, of_file, "file_id") for name in ("held_by_practice", caller.purpose))
            may = agreed & np.where(held, practice, plain)
        if "list_file_id" in rows.column_names:  # what a second file tells of the row is agreed, too, or the row stays
            told = rows["list_file_id"].fill_null(-1).to_numpy()
            may &= (told == -1) | np.isin(told, files_for(self.reader, caller.purpose))
        scope = people_of(self.reader, self.place, caller.scope, caller.purpose)
        return may if scope is None else may & np.isin(ids, _numbers(scope))

    def _with_person(self, rows: pa.Table, names: Collection[str], purpose: str) -> pa.Table:
        """The rows with what is asked of the person; of protected people what tells where they live or are registered is withheld."""
        ids = _numbers(rows["person_id"])
        person, listed = self.reader.table("person"), self.reader.table("listed_person")
        listed = listed if all_agreed(self.reader, LIST, purpose) else listed.slice(0, 0)
        for name in names:
            source = person if name in person.column_names or name in ("birth_year", "death_year") else listed
            rows = rows.append_column(name, _of_person(source, name, ids))
        return withheld(rows, pa.array(np.isin(ids, _numbers(protected_people(self.reader)))))

    def _leaving(self, column: pa.ChunkedArray, name: str) -> pa.Array:
        return self.release.pseudonyms(column, name) if name in IDS else column


def may_leave(columns: Collection[str], earlier: Collection[str] = (), releases: Mapping[str, int] | None = None) -> None:
    """Nothing where columns of people may leave together; Refused, with what to ask instead, where they would single people out.

    `earlier` columns were given by the same release, those of `releases` to the same account in the release of that number.
    """
    fine = [name for name in FINE if name in columns]
    marks = sorted(MARKS & set(columns))
    if len(fine) < len(FINE) and not (fine and len(marks) > 1):
        return
    which = fine if len(fine) == len(FINE) else [*fine, *marks]
    before = ", with what this release gave already," if set(which) & set(earlier) else ""
    numbers = sorted({(releases or {}).get(name, 0) for name in which} - {0})
    if numbers and not before:
        said = ", ".join(map(str, numbers))
        before = f", with what you were given in release {said} (to be ended by joinedup releases --end once it is destroyed),"
    raise Refused(
        f"{', '.join(which[:-1])} and {which[-1]} together{before} would single people out, so they never leave together; ask for "
        "birth_year instead of birth_month, or for neighbourhood_id and deprivation_fifth instead of area_code"
    )


def _columns(spec: TableSpec) -> dict[str, pa.DataType]:
    """A table's own columns that may leave, with their types; a birth month is asked of the person."""
    kinds = zip(spec.columns, schema(spec).types, strict=True)
    return {
        column.name: kind
        for column, kind in kinds
        if (column.name not in STAYS and column.name not in PERSON) or column.name == "practice_code"
    }


def _wanted(own: Mapping[str, pa.DataType], columns: Sequence[str] | None) -> list[str]:
    """The columns to give, person_id first; Refused where one is not there or never leaves."""
    if columns is None:
        return list(dict.fromkeys(["person_id", *USUAL, *(name for name in own if name not in ("practice_code", "referred_by"))]))
    if isinstance(columns, str):
        raise Refused("columns are a list of names, not text")
    for name in columns:
        if name in STAYS:
            raise Refused(
                f"{name} never leaves the build; ask for {'death_year' if name == 'death_date' else 'what was done and when'} instead"
            )
        named(name, [*own, *(each for each in PERSON if each not in own)], "a column that may leave")
    return list(dict.fromkeys(["person_id", *columns]))


def _files_of(rows: pa.Table) -> npt.NDArray[np.int64] | None:
    """The file of each row, which an activity's id says too; None of rows made of many."""
    if "file_id" in rows.column_names:
        return _numbers(rows["file_id"])
    return _numbers(rows["activity_id"]) // ROWS_OF_A_FILE if "activity_id" in rows.column_names else None


def _of_person(source: pa.Table, name: str, ids: npt.NDArray[np.int64]) -> pa.Array:
    """A column of people for each of these ids, which may repeat; null for who isn't there. Years are cut from dates."""
    column = {"birth_year": "birth_month", "death_year": "death_date"}.get(name, name)
    values = source[column].combine_chunks()
    if name != column:
        values = pc.year(values).cast(pa.int32())
    keys = _numbers(source["person_id"])
    order = np.argsort(keys, kind="stable")
    at = np.searchsorted(keys[order], ids)
    there = (at < len(keys)) & (keys[order][np.minimum(at, max(len(keys) - 1, 0))] == ids) if len(keys) else np.zeros(len(ids), dtype=bool)
    where = pa.array(order[np.minimum(at, max(len(keys) - 1, 0))] if len(keys) else np.zeros(len(ids), dtype=np.int64), mask=~there)
    return values.take(where).cast(PERSON.get(name, values.type))


def _looked_up(table: pa.Table, name: str, ids: npt.NDArray[np.int64], key: str = "person_id") -> npt.NDArray[np.bool_]:
    """For each id whether a flag is true; false where it isn't there."""
    return np.isin(ids, _numbers(table.filter(table[name])[key]))


def _numbers(column: pa.ChunkedArray | pa.Array) -> npt.NDArray[np.int64]:
    return np.asarray(column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy(), dtype=np.int64)

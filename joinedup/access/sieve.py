"""What of a table's rows a caller may have: set for set, by what is looked up once. Rows of one release all go through it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access import coarse
from joinedup.access.asking import Condition, expression
from joinedup.access.caller import Caller
from joinedup.access.protected import TELLS_WHERE, protected_people, withheld
from joinedup.access.scoping import LIST, all_agreed, files_for, people_of
from joinedup.engine.reader import Reader
from joinedup.engine.specs import TableSpec
from joinedup.place.model import Place

Ids = npt.NDArray[np.int64]

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
CUT = {"birth_year": "birth_month", "death_year": "death_date"}
"""Years, and the dates that they are cut from."""
ROWS_OF_A_FILE = 10_000_000_000
"""An activity's id is its file's number times this, and its row."""


@dataclass(frozen=True)
class Allowed:
    """What a caller may have of whom, looked up once: objections, agreements, scope, protection, and what is asked of people."""

    reader: Reader
    place: Place
    caller: Caller

    @cached_property
    def agreed(self) -> Ids:
        """The files that may be used for the purpose."""
        return self._files(self.caller.purpose)

    @cached_property
    def held(self) -> Ids:
        """The files of what practices hold."""
        return self._files("held_by_practice")

    @cached_property
    def people(self) -> tuple[Ids, Ids]:
        """Who objects to nothing, and who doesn't to the use of what practices hold, for the purpose."""
        purpose = self.caller.purpose
        people = self.reader.table("may_use", ["person_id", purpose, f"practice_{purpose}"])
        plain, practice = (np.unique(numbers(people.filter(people[name])["person_id"])) for name in (purpose, f"practice_{purpose}"))
        return plain, practice

    @cached_property
    def scope(self) -> Ids | None:
        """Who is of the caller's scope; None where everybody is."""
        found = people_of(self.reader, self.place, self.caller.scope, self.caller.purpose)
        return None if found is None else np.unique(numbers(found))

    @cached_property
    def protected(self) -> Ids:
        """Whose details are protected."""
        return np.unique(numbers(protected_people(self.reader)))

    @cached_property
    def person(self) -> pa.Table:
        """Everybody, in order."""
        return self.reader.table("person").sort_by("person_id")

    @cached_property
    def listed(self) -> pa.Table:
        """Where people are registered and live; of nobody where a registration list may not be used for the purpose."""
        listed = self.reader.table("listed_person").sort_by("person_id")
        return listed if all_agreed(self.reader, LIST, self.caller.purpose) else listed.slice(0, 0)

    @cached_property
    def _uses(self) -> pa.Table:
        return self.reader.table("file_use", ["file_id", "held_by_practice", self.caller.purpose])

    def _files(self, flag: str) -> Ids:
        return np.unique(numbers(self._uses.filter(self._uses[flag])["file_id"]))


@dataclass(frozen=True)
class Sieve:
    """What leaves of one table for one caller: `wanted` columns of the rows for which all conditions hold."""

    allowed: Allowed
    spec: TableSpec
    own: Mapping[str, pa.DataType]
    """The table's own columns that may leave."""
    wanted: Sequence[str]
    conditions: Sequence[Condition]

    def __str__(self) -> str:
        asked = f"; where {' and '.join(map(str, self.conditions))}" if self.conditions else ""
        return f"{self.spec.table}: {', '.join(self.wanted)}{asked}"

    @property
    def by(self) -> list[str]:
        """The columns that it is asked by."""
        return [each.column for each in self.conditions]

    @property
    def kinds(self) -> dict[str, pa.DataType]:
        """The columns wanted, with their types."""
        return {name: (PERSON | dict(self.own))[name] for name in self.wanted}

    @property
    def reads(self) -> list[str]:
        """The columns that the table is read for."""
        names = [*(column.name for column in self.spec.columns if column.name not in coarse.COARSE), *sorted(coarse.read_for(self.own))]
        needed = {"person_id", *([name for name in names if name.endswith("file_id")] or ["activity_id"])}
        masked = {each.column for each in self.conditions if each.column in TELLS_WHERE}
        needed |= coarse.read_for({*self.wanted, *self.by})
        return [name for name in names if name in needed or (name in self.own and (name in self.wanted or name in masked))]

    @property
    def where(self) -> pc.Expression:
        """What rows are read by: they are somebody's, and what is asked of columns that nothing is withheld in holds."""
        asked = expression(self._here, self.own)
        linked = pc.field("person_id").is_valid()
        return linked if asked is None else linked & asked

    @property
    def _here(self) -> list[Condition]:
        """Conditions that may be asked of the table as it is; of what may be withheld they are asked after it is."""
        return [
            each
            for each in self.conditions
            if each.column in self.own and each.column not in TELLS_WHERE and each.column not in coarse.COARSE
        ]

    def kept(self, rows: pa.Table) -> pa.Table:
        """Of rows read for it, those that may leave, of the columns wanted and person_id; ids are still the build's."""
        rows = rows.filter(pa.array(self._may_be_used(rows)))
        beside = [each for each in self.conditions if each not in self._here]
        asked = {*self.wanted, *(each.column for each in beside)}
        rows = coarse.coarsened(rows, asked)
        rows = self._with_person(rows, [name for name in PERSON if name not in self.own and name in asked])
        further = expression(beside, {**PERSON, **self.own})
        kept = rows if further is None else rows.filter(further)
        return kept.select(list(dict.fromkeys(["person_id", *self.wanted])))

    def _may_be_used(self, rows: pa.Table) -> npt.NDArray[np.bool_]:
        """Which rows may be used for the caller's purpose: agreed for their file, not objected to, in scope."""
        ids = numbers(rows["person_id"])
        plain, practice = within(self.allowed.people[0], ids), within(self.allowed.people[1], ids)
        of_file = files_of(rows)
        if of_file is None:  # a row made of many files, none of them what practices alone hold
            may = plain & (len(self.allowed.agreed) > 0)
        else:
            may = within(self.allowed.agreed, of_file) & np.where(within(self.allowed.held, of_file), practice, plain)
        if "list_file_id" in rows.column_names:  # what a second file tells of the row is agreed, too, or the row stays
            told = rows["list_file_id"].fill_null(-1).to_numpy()
            may &= (told == -1) | np.isin(told, files_for(self.allowed.reader, self.allowed.caller.purpose))
        return may if self.allowed.scope is None else may & within(self.allowed.scope, ids)

    def _with_person(self, rows: pa.Table, names: Collection[str]) -> pa.Table:
        """The rows with what is asked of the person; of protected people what tells where they live or are registered is withheld."""
        ids = numbers(rows["person_id"])
        for name in names:
            of_people = self.allowed.person if CUT.get(name, name) in self.allowed.person.column_names else self.allowed.listed
            rows = rows.append_column(name, of_person(of_people, name, ids))
        return withheld(rows, pa.array(within(self.allowed.protected, ids)))


def files_of(rows: pa.Table) -> Ids | None:
    """The file of each row, which an activity's id says too; None of rows made of many."""
    if "file_id" in rows.column_names:
        return numbers(rows["file_id"])
    return numbers(rows["activity_id"]) // ROWS_OF_A_FILE if "activity_id" in rows.column_names else None


def of_person(people: pa.Table, name: str, ids: Ids) -> pa.Array:
    """A column of people, who stand in order, for each of these ids; null for who isn't there. Years are cut from dates."""
    values = people[CUT.get(name, name)].combine_chunks()
    if name in CUT:
        values = pc.year(values).cast(pa.int32())
    keys = numbers(people["person_id"])
    at = np.minimum(np.searchsorted(keys, ids), max(len(keys) - 1, 0))
    there = within(keys, ids)
    return values.take(pa.array(at, pa.int64(), mask=~there)).cast(PERSON.get(name, values.type))


def within(sorted_ids: Ids, ids: Ids) -> npt.NDArray[np.bool_]:
    """For each id whether it is one of those, which are in order."""
    if not len(sorted_ids):
        return np.zeros(len(ids), dtype=bool)
    at = np.minimum(np.searchsorted(sorted_ids, ids), len(sorted_ids) - 1)
    return np.asarray(sorted_ids[at] == ids, dtype=bool)


def numbers(column: pa.ChunkedArray | pa.Array) -> Ids:
    """A column of ids as numbers."""
    return np.asarray(column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy(), dtype=np.int64)

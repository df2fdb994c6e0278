"""The records door: pseudonymised rows for analysts, of people who don't object to the purpose, each query logged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.asking import Asked, condition, named
from joinedup.access.caller import Caller
from joinedup.access.coarse import AGES, COARSE, PLANNED, WHEN, door_spec, for_planning
from joinedup.access.disclosure import is_of, may_enter
from joinedup.access.looking import Log, log_of, look
from joinedup.access.pseudonyms import Release
from joinedup.access.releasing import Leaving
from joinedup.access.sieve import PERSON, Allowed, Sieve
from joinedup.engine.reader import Reader
from joinedup.engine.results import schema
from joinedup.engine.specs import TableSpec, read_specs
from joinedup.engine.store import Store
from joinedup.errors import Refused
from joinedup.place.model import Place

__all__ = ["PERSON", "Records", "open_records"]

TABLES = ("person", "activity", "diagnosis", "discharge_delay", "referral", "spell", *PLANNED)
"""Tables whose rows may leave, pseudonymised."""
STAYS = frozenset({"file_id", "list_file_id", "source_row", "death_date", "possible_death", "first_seen", "last_seen"})
"""Columns that never leave: where a partner would find the row in its own file, and days of a person's life."""
IDS = ("person_id", "activity_id", "referral_id")
"""Columns that leave under new pseudonyms."""
USUAL = ("birth_year", "sex", "neighbourhood_id", "deprivation_fifth")
FINE = ("birth_month", "area_code")
MARKS = frozenset({"sex", "ethnic_group", "practice_code", "care_home", "death_year"}) | WHEN
"""Birth month and small area never leave together, and beside one of them no more than one of these. (A rule of ours; 2026.)"""
FEWEST = 10
"""People of whom rows are given at least: a query of fewer would be a look at single persons. (A rule of ours; 2026.)"""
TOO_FEW = f"these rows are of fewer than {FEWEST} people, which would be a look at single persons; ask for more"


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
    found = read_specs(Path(str(files("joinedup.records")))) | read_specs(Path(str(files("joinedup.population"))))
    return {name: door_spec(found[name]) for name in TABLES}


def own_columns(table: str) -> Mapping[str, pa.DataType]:
    """A table's own columns that may leave, with their types; Refused where it isn't a table of the door."""
    return _columns(specs()[named(table, TABLES, "a table of the records door")])


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
        sieve = self.sieve(caller, table, columns, where)
        self.may_give(caller, [sieve])
        found = sieve.kept(self.reader.rows(table, sieve.reads, sieve.where))
        few = too_few(pc.count_distinct(found["person_id"]).as_py(), sieve)
        asked = f"{f'release to {to}, ' if to else ''}{sieve}"
        what, rows = (f"refused as too few, {asked}", 0) if few else (asked, found.num_rows)
        self.log.append([look(caller, "records", what[:500], self.reader.manifest.build_id, rows=rows)])
        if few:
            raise Refused(TOO_FEW)
        self.leaving(caller).rows(table, found.select(sieve.wanted), {*sieve.wanted, *sieve.by})
        self.given.update(sieve.wanted, sieve.by)
        return self.pseudonymised(found).sort_by([(name, "ascending") for name in sieve.wanted])  # kept order would join releases

    def sieve(
        self, caller: Caller, table: str, columns: Sequence[str] | None, where: Iterable[Asked], allowed: Allowed | None = None
    ) -> Sieve:
        """What of a table's rows may leave where this is asked; Refused where it asks for what isn't there or never leaves."""
        may_enter(self.place, self.reader.manifest.about.get("place", {}), caller, "records")
        spec = specs()[named(table, TABLES, "a table of the records door")]
        for_planning(table, caller.purpose)
        own, conditions = _columns(spec), [condition(each) for each in where]
        wanted = _wanted(own, columns)
        known = own | {name: kind for name, kind in PERSON.items() if name not in own}
        by = [named(each.column, known, f"a column of {table} to ask by") for each in conditions]
        if identifying := sorted(set(by) & set(IDS)):
            raise Refused(f"{identifying[0]} is a pseudonym of the build, so nothing is asked by it; ask by what was done, when and where")
        return Sieve(allowed or Allowed(self.reader, self.place, caller), spec, own, wanted, conditions)

    def may_give(self, caller: Caller, sieves: Iterable[Sieve]) -> None:
        """Nothing where all these may leave together, after what this release and earlier ones gave; Refused where not."""
        asked = {name for sieve in sieves for name in (*sieve.wanted, *sieve.by)}
        before = self.leaving(caller).columns_before()
        may_leave(self.given | asked | set(before), earlier=self.given, releases=before)

    def leaving(self, caller: Caller) -> Leaving:
        """The register that what leaves is written into."""
        return Leaving(self.reader.store, self.place, caller, self.reader.manifest.build_id)

    def pseudonymised(self, rows: pa.Table) -> pa.Table:
        """The rows under the pseudonyms of this release."""
        names = rows.column_names
        return pa.table({name: self.release.pseudonyms(rows[name], name) if name in IDS else rows[name] for name in names})


def too_few(people: int, sieve: Sieve) -> bool:
    """Whether rows are of too few people to be given; nobody isn't told from a few where something was asked by."""
    return people < FEWEST and (people > 0 or bool(sieve.conditions))


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
    """A table's own columns that may leave, with their types; a birth month is asked of the person, and where somebody was of the year."""
    kinds = zip(spec.columns, schema(spec).types, strict=True)
    return {
        column.name: kind
        for column, kind in kinds
        if column.name not in STAYS and (column.name not in PERSON or column.name == "practice_code" or spec.table in PLANNED)
    }


def _wanted(own: Mapping[str, pa.DataType], columns: Sequence[str] | None) -> list[str]:
    """The columns to give, person_id first; Refused where one is not there or never leaves."""
    if columns is None:
        return list(
            dict.fromkeys(["person_id", *USUAL, *(name for name in own if name not in ("practice_code", "area_code", "referred_by"))])
        )
    if isinstance(columns, str):
        raise Refused("columns are a list of names, not text")
    for name in columns:
        if instead := next((coarse for coarse, fine in COARSE.items() if fine == name and coarse in own), ""):
            raise Refused(f"{name} never leaves the build, as it tells on which day somebody died; ask for {instead} instead")
        if name in AGES and name not in own:
            raise Refused(
                f"{name} never leaves the build: beside the year of birth it tells part of a birthday; ask for birth_year instead"
            )
        if name in STAYS:
            raise Refused(
                f"{name} never leaves the build; ask for {'death_year' if name == 'death_date' else 'what was done and when'} instead"
            )
        named(name, [*own, *(each for each in PERSON if each not in own)], "a column that may leave")
    return list(dict.fromkeys(["person_id", *columns]))

"""The people door: single people for their own care, within a scope, for a stated reason, each look logged with whom it is at.

Only rows whose link to the person is verified are shown; the others are left out and counted. Names come through a port, from the identity
register on the trusted host; without it people are shown by pseudonym.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.asking import named
from joinedup.access.caller import Caller
from joinedup.access.disclosure import is_of, may_enter
from joinedup.access.looking import Log, log_of, look
from joinedup.access.scoping import in_scope, is_shown, people_of, protected_people
from joinedup.access.stamp import Missing, SourceStamp, stamp_of
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from joinedup.errors import Refused
from joinedup.place.model import Place

__all__ = ["NamesOf", "People", "Shown", "open_people"]

VERIFIED = frozenset({"nhs_number", "nhs_number_traced", "nhs_number_alone", "register_row", "confirmed"})
"""How a row must be linked to be shown as somebody's: by number, or confirmed by two people. What only counting may use is left out."""
TABLES = ("activity", "diagnosis", "discharge_delay", "referral")
WITHHELD = ("practice_code", "area_code", "neighbourhood_id", "deprivation_fifth", "care_home", "referred_by", "address", "postcode")
"""What is withheld of people whose details are protected, wherever it stands."""
LISTED = ("practice_code", "neighbourhood_id", "area_code", "care_home")
MOST = 2_000
"""People listed at once: a practice's, or a caseload. (A rule of ours; 2026.)"""
SHORTEST_REASON = 3
NOBODY = "nobody of that person_id is in your scope, or their record isn't shared; check the number, or ask whoever keeps staff.csv"
"""One sentence for all three, so that it tells none of them."""


class NamesOf(Protocol):
    """Whose pseudonyms these are: a row (person_id, nhs_number, given_name, family_name, birth_date, postcode) for each that is known."""

    def __call__(self, person_ids: pa.Array) -> pa.Table:
        """The names of some people."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """What a look shows: rows, how many are left out and why, and how old each partner's data are."""

    rows: pa.Table
    not_shown: Mapping[str, int]
    """How many rows are left out, by how they are linked."""
    sources: Sequence[SourceStamp]
    missing: Sequence[Missing]
    """Contracts without an extract: of what they would tell nothing is known, which is not the same as none."""
    named: bool = False
    protected: bool = False

    @property
    def notes(self) -> list[str]:
        """What must be said beside the rows, in sentences."""
        said = [f"{count:,} {'row' if count == 1 else 'rows'} not shown: linked by {how}" for how, count in self.not_shown.items()]
        said += ["practice and address withheld: the person's details are protected"] if self.protected else []
        said += [] if self.named else ["without the key of the identity register people are shown by pseudonym"]
        said += [f"{each.partner_name}, {each.title}: {_up_to(each.data_to)}" for each in self.sources]
        return said + [f"nothing is known of {each.title}: there is no such extract" for each in self.missing]


def open_people(store: Store, place: Place, caller: Caller, names: NamesOf | None = None, log: Log | None = None) -> People:
    """The people of the published build; Refused where the caller may not look at anyone."""
    reader = Reader(store)
    people = People(place, reader, log or log_of(store), names)
    people.may_look(caller)
    is_of(place, reader.manifest.about.get("place", {}))
    return people


@dataclass(frozen=True)
class People:
    """People of a place, for their care."""

    place: Place
    reader: Reader
    log: Log
    names: NamesOf | None

    def may_look(self, caller: Caller) -> None:
        """Nothing where a caller may look; Refused without a fitting role and purpose, and without a reason."""
        may_enter(self.place, self.reader.manifest.about.get("place", {}), caller, "people")
        if len(caller.reason.strip()) < SHORTEST_REASON:
            raise Refused("looking at a person needs a reason, such as 'ward round' or 'neighbourhood meeting of 4 May'; give one")

    def listed(self, caller: Caller, within: str | None = None) -> Shown:
        """The people of the caller's scope, or those of it within one practice or neighbourhood, at most 2,000; logged.

        With sex, month of birth, whether they have died, practice and where they live.
        """
        self.may_look(caller)
        people = self._of_scope(caller, within)
        shared = self.reader.rows("may_use", ["person_id"], pc.field("direct_care"))["person_id"]
        people, left_out = _verified(people.filter(pc.is_in(people["person_id"], value_set=shared.combine_chunks())))
        if people.num_rows > MOST:
            raise Refused(f"{people.num_rows:,} people are meant, {MOST:,} can be listed at once; name a practice, or look at one person")
        rows = self._with_names(self._with_listing(people))
        ids = people["person_id"].to_pylist()
        self.log.append([look(caller, "people", "list", self.reader.manifest.build_id, people=tuple(ids), rows=rows.num_rows)])
        return self._shown(rows, left_out)

    def _of_scope(self, caller: Caller, within: str | None) -> pa.Table:
        """The rows of person of a scope, or of who is of it and registered within a practice or neighbourhood."""
        scope = people_of(self.reader, self.place, caller.scope)
        people = self.reader.rows("person", None, None if scope is None else pc.field("person_id").isin(scope))
        if within is None:
            return people
        where = (pc.field("practice_code") == pa.scalar(within)) | (pc.field("neighbourhood_id") == pa.scalar(within))
        inside = self.reader.rows("listed_person", ["person_id"], where)["person_id"]
        return people.filter(pc.is_in(people["person_id"], value_set=inside.combine_chunks()))

    def person(self, caller: Caller, person_id: int) -> Shown:
        """One person, as in the list; Refused, and logged as refused, for who isn't in scope or isn't shared."""
        self._let_in(caller, person_id, "person")
        rows = self._with_names(self._with_listing(self.reader.rows_of("person", person_id)))
        self._logged(caller, person_id, "person", rows.num_rows)
        return self._shown(rows, {}, protected=self._is_protected(person_id))

    def rows(self, caller: Caller, person_id: int, table: str) -> Shown:
        """One person's rows of a table, those linked for sure, of sources that may be used for care; logged before they are given."""
        self._let_in(caller, person_id, named(table, TABLES, "a table of the people door"))
        found = self.reader.rows_of(table, person_id)
        if "file_id" in found.column_names:
            found = found.filter(pc.is_in(found["file_id"], value_set=self._files_for_care))
        rows, left_out = _verified(found)
        protected = self._is_protected(person_id)
        rows = _withheld(rows, pa.array([protected] * rows.num_rows, pa.bool_()))
        self._logged(caller, person_id, table, rows.num_rows)
        return self._shown(rows, left_out, protected=protected)

    def _let_in(self, caller: Caller, person_id: int, what: str) -> None:
        """Nothing where the caller may look at somebody; Refused, and logged, otherwise."""
        self.may_look(caller)
        if not (is_shown(self.reader, person_id, VERIFIED) and in_scope(self.reader, self.place, caller.scope, person_id)):
            self._logged(caller, person_id, f"{what}, refused", 0)
            raise Refused(NOBODY)

    def _logged(self, caller: Caller, person_id: int, what: str, rows: int) -> None:
        self.log.append([look(caller, "people", what, self.reader.manifest.build_id, people=(person_id,), rows=rows)])

    def _with_listing(self, people: pa.Table) -> pa.Table:
        """People with where they are registered and live on the as-at date; that they died is said, and of protected people no place."""
        if people.num_rows == 1:
            listed = self.reader.rows_of("listed_person", people["person_id"][0].as_py(), ["person_id", *LISTED])
        else:
            listed = self.reader.rows(
                "listed_person", ["person_id", *LISTED], pc.field("person_id").isin(people["person_id"].combine_chunks())
            )
        rows = people.select(["person_id", "sex", "birth_month", "death_date", "linked_by"]).join(listed, "person_id", "person_id")
        rows = rows.append_column("deceased", pc.is_valid(rows["death_date"])).sort_by("person_id")
        return _withheld(rows, pc.is_in(rows["person_id"], value_set=self._protected))

    def _with_names(self, rows: pa.Table) -> pa.Table:
        """The rows with NHS number, name, date of birth and postcode before them, where there is a register to ask."""
        if self.names is None:
            return rows
        found = self.names(rows["person_id"].combine_chunks())
        joined = rows.join(found, "person_id", "person_id").sort_by("person_id")
        joined = _withheld(joined, pc.is_in(joined["person_id"], value_set=self._protected))
        first = ["person_id", *(name for name in found.column_names if name != "person_id")]
        return joined.select([*first, *(name for name in joined.column_names if name not in first)])

    def _shown(self, rows: pa.Table, left_out: Mapping[str, int], *, protected: bool = False) -> Shown:
        return replace(self._about, rows=rows, not_shown=left_out, protected=protected)

    def _is_protected(self, person_id: int) -> bool:
        return bool(pc.is_in(pa.scalar(person_id, pa.int64()), value_set=self._protected).as_py())

    @cached_property
    def _protected(self) -> pa.Array:
        return protected_people(self.reader)

    @cached_property
    def _files_for_care(self) -> pa.Array:
        return self.reader.rows("file_use", ["file_id"], pc.field("direct_care"))["file_id"].combine_chunks()

    @cached_property
    def _about(self) -> Shown:
        """How old the data are: the same for every look at one build."""
        stamp = stamp_of(self.reader.manifest, self.place, {})
        return Shown(pa.table({}), {}, stamp.sources, stamp.missing, named=self.names is not None)


def _verified(rows: pa.Table) -> tuple[pa.Table, dict[str, int]]:
    """The rows linked for sure, and how many others there are by how they are linked."""
    sure = pc.fill_null(pc.is_in(rows["linked_by"], value_set=pa.array(sorted(VERIFIED))), False)
    others = Counter(rows.filter(pc.invert(sure))["linked_by"].to_pylist())
    return rows.filter(sure), {str(how or "nothing known"): count for how, count in sorted(others.items(), key=str)}


def _withheld(rows: pa.Table, protected: pa.Array | pa.ChunkedArray) -> pa.Table:
    """The rows, without what tells where protected people live or are registered."""
    if not pc.any(protected).as_py():
        return rows
    for name in (name for name in WITHHELD if name in rows.column_names):
        kind = rows.schema.field(name).type
        rows = rows.set_column(rows.column_names.index(name), name, pc.if_else(protected, pa.scalar(None, kind), rows[name]))
    return rows


def _up_to(day: date | None) -> str:
    return f"data to {day.isoformat()}" if day else "no date known"

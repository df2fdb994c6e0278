"""The people door: single people for their own care, within a scope, for a stated reason, each look logged with whom it is at.

Only rows whose link to the person is verified are shown, of sources that may be used for care; the others are left out and counted.
Names come through a port, from the identity register on the trusted host; without it people are shown by pseudonym.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.asking import named
from joinedup.access.caller import Caller
from joinedup.access.disclosure import is_of, may_enter
from joinedup.access.looking import Log, log_of, look
from joinedup.access.protected import protected_people, withheld
from joinedup.access.pseudonyms import Release
from joinedup.access.scoping import (
    DEATHS,
    LIST,
    VERIFIED,
    Ids,
    all_agreed,
    among,
    files_for,
    in_scope,
    is_shown,
    people_of,
    shown_people,
    staff_people,
)
from joinedup.access.shown import Shown, beside, verified
from joinedup.access.sought import ByName, ByNumber, NamesOf, Seeks, Sought
from joinedup.access.stamp import stamp_of
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from joinedup.errors import Refused
from joinedup.kept.staff import is_own
from joinedup.place.model import Place

__all__ = ["VERIFIED", "ByName", "ByNumber", "NamesOf", "People", "Seeks", "Shown", "open_people"]

TABLES = ("activity", "diagnosis", "discharge_delay", "referral")
CARE = "direct care"
OF_PERSON = ("person_id", "sex", "birth_month", "death_date", "possible_death", "linked_by")
LISTED = ("practice_code", "neighbourhood_id", "area_code", "care_home")
MOST = 2_000
"""People on one page of a list: a practice's, or a caseload. (A rule of ours; 2026.)"""
MOST_FOUND = 20
"""People whom a search shows: more than that share no name and date of birth by chance. (A rule of ours; 2026.)"""
SHORTEST_REASON = 3
SHORTEST_OF_STAFF = 15
"""Characters of a reason for looking at a colleague: a sentence, not a word. (A rule of ours; 2026.)"""
OWN = "nobody looks at their own record here; ask your practice, or the information governance lead, for what is held of you"
OF_STAFF = "this person works for a partner: say in a sentence why you look, as in 'on ward 4 today, discharge plan'; it is marked"
NO_ID = "a person is asked for by person_id, a whole number; what was given is none"
NOBODY = "nobody of that person_id is in your scope, or their record isn't shared; check the number, or ask whoever keeps staff.csv"
NOBODY_SO = "nobody known so is in your scope, or their record isn't shared; check what was typed, or ask whoever keeps staff.csv"
"""One sentence for all three, so that it tells none of them."""


def open_people(  # noqa: PLR0913 - the two ports and the log are named where there are any
    store: Store, place: Place, caller: Caller, names: NamesOf | None = None, log: Log | None = None, *, seeks: Seeks | None = None
) -> People:
    """The people of the published build; Refused where the caller may not look at anyone."""
    reader = Reader(store)
    people = People(place, reader, log or log_of(store, place), names, seeks)
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
    seeks: Seeks | None = None

    def may_look(self, caller: Caller) -> None:
        """Nothing where a caller may look; Refused without a fitting role and purpose, and without a reason."""
        may_enter(self.place, self.reader.manifest.about.get("place", {}), caller, "people")
        if len(caller.reason.strip()) < SHORTEST_REASON:
            raise Refused("looking at a person needs a reason, such as 'ward round' or 'neighbourhood meeting of 4 May'; give one")

    def listed(self, caller: Caller, within: str | None = None, *, after: int | None = None, most: int = MOST) -> Shown:
        """A page of the people of the caller's scope, or of those of it within one practice or neighbourhood, by person_id; logged.

        The next page is that of the people `after` this one's last, whom `Shown.after` names. Nobody whose details are protected is found
        within a practice or neighbourhood: that would tell it.
        """
        self.may_look(caller)
        if not 1 <= most <= MOST:
            raise Refused(f"a page holds 1 to {MOST:,} people, {most:,} were asked for")
        ids, left_out = self._of_scope(caller, within)
        colleagues = int(np.isin(ids, self._staff).sum())
        ids = np.setdiff1d(ids, self._staff)
        ids = ids if after is None else ids[ids > after]
        page = ids[:most]
        people = self.reader.rows("person", list(OF_PERSON), pc.field("person_id").isin(pa.array(page)))
        rows = self._with_names(self._with_listing(people.sort_by("person_id")))
        self.log.append([look(caller, "people", "list", self._build, people=tuple(page.tolist()), rows=rows.num_rows)])
        protected = bool(np.isin(page, np.asarray(self._protected)).any())
        shown = self._shown(rows, left_out, protected=protected, after=int(page[-1]) if len(ids) > most else None)
        return replace(shown, colleagues=colleagues)

    def found(self, caller: Caller, sought: Sought) -> Shown:
        """Whom the caller looks for, of those in scope, as in the list; Refused, and logged as refused, where that is nobody.

        What was looked for is in no log: only a keyed hash of it, which is the same when the same is looked for again.
        """
        self.may_look(caller)
        if self.seeks is None:
            raise Refused("people are looked for in the identity register, on the trusted host and with its key; give the key")
        found = self.seeks(sought)
        ids = [each for each in found.person_ids if is_shown(self.reader, each)]
        ids = [each for each in ids if in_scope(self.reader, self.place, caller.scope, each, CARE)]
        what = f"search by {sought} {found.mark}"
        if not 0 < len(ids) <= MOST_FOUND:
            self.log.append([look(caller, "people", f"{what}, refused", self._build, people=found.person_ids[:MOST])])
            raise Refused(f"{len(ids)} people are known so, {MOST_FOUND} can be shown; add a given name" if ids else NOBODY_SO)
        for each in (each for each in ids if among(self._staff, each)):
            self._let_in(caller, each, what)
        people = pa.concat_tables([self.reader.rows_of("person", each, OF_PERSON) for each in ids])
        what += ", staff record" if any(among(self._staff, each) for each in ids) else ""
        rows = self._with_names(self._with_listing(people))
        self.log.append([look(caller, "people", what, self._build, people=tuple(ids), rows=rows.num_rows)])
        return self._shown(rows, {}, protected=any(map(self._is_protected, ids)))

    def person(self, caller: Caller, person_id: int) -> Shown:
        """One person, as in the list; Refused, and logged as refused, for who isn't in scope or isn't shared."""
        what = self._let_in(caller, person_id, "person")
        rows = self._with_names(self._with_listing(self.reader.rows_of("person", person_id, OF_PERSON)))
        self._logged(caller, person_id, what, rows.num_rows)
        return self._shown(rows, {}, protected=self._is_protected(person_id))

    def rows(self, caller: Caller, person_id: int, table: str) -> Shown:
        """One person's rows of a table, those linked for sure, of sources that may be used for care; logged before they are given."""
        what = self._let_in(caller, person_id, named(table, TABLES, "a table of the people door"))
        found = self.reader.rows_of(table, person_id)
        if not self._every_file:
            found = found.filter(self._for_care(found))
        rows, left_out = verified(found)
        protected = self._is_protected(person_id)
        if protected:
            rows = self._of_protected(rows)
        self._logged(caller, person_id, what, rows.num_rows)
        return self._shown(rows, left_out, protected=protected)

    def _of_protected(self, rows: pa.Table) -> pa.Table:
        """The rows without what tells where; the ids of activity, which tell the file they came from, under pseudonyms."""
        rows = withheld(rows, pa.array([True] * rows.num_rows, pa.bool_()))
        for name in (name for name in ("activity_id", "referral_id") if name in rows.column_names):
            rows = rows.set_column(rows.column_names.index(name), name, self._release.pseudonyms(rows[name], name))
        return rows

    def _of_scope(self, caller: Caller, within: str | None) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], dict[str, int]]:
        """The ids of who may be shown of a scope, in order, and how many others there are by how they are linked."""
        scope = people_of(self.reader, self.place, caller.scope, CARE)
        ids = shown_people(self.reader)
        inside = None if scope is None else np.asarray(scope)
        if within is not None:
            where = (pc.field("practice_code") == pa.scalar(within)) | (pc.field("neighbourhood_id") == pa.scalar(within))
            near = self.reader.rows("listed_person", ["person_id"], where)["person_id"].to_numpy()
            near = np.setdiff1d(near, np.asarray(self._protected)) if self._list_agreed else near[:0]
            inside = near if inside is None else np.intersect1d(inside, near)
        if inside is None:
            return ids, self._left_out
        return np.intersect1d(ids, inside), {}

    def _let_in(self, caller: Caller, person_id: int, what: str) -> str:
        """What the log calls the look, where the caller may look at somebody; Refused, and logged, otherwise."""
        self.may_look(caller)
        if isinstance(person_id, bool) or not isinstance(person_id, int | np.integer):
            raise Refused(NO_ID)
        if not (is_shown(self.reader, person_id) and in_scope(self.reader, self.place, caller.scope, person_id, CARE)):
            self._logged(caller, person_id, f"{what}, refused", 0)
            raise Refused(NOBODY)
        if not among(self._staff, person_id):
            return what
        if is_own(self.reader.store.kept, person_id, caller.account):
            self._logged(caller, person_id, f"{what}, own record, refused", 0)
            raise Refused(OWN)
        if len(caller.reason.strip()) < SHORTEST_OF_STAFF:
            self._logged(caller, person_id, f"{what}, staff record, refused", 0)
            raise Refused(OF_STAFF)
        return f"{what}, staff record"

    def _logged(self, caller: Caller, person_id: int, what: str, rows: int) -> None:
        self.log.append([look(caller, "people", what, self._build, people=(int(person_id),), rows=rows)])

    def _with_listing(self, people: pa.Table) -> pa.Table:
        """People with where they are registered and live on the as-at date; whether they died is said, and of protected people no place."""
        columns = ["person_id", *LISTED]
        if not self._list_agreed:
            listed = self.reader.rows("listed_person", columns, pc.scalar(False))
        elif people.num_rows == 1:
            listed = self.reader.rows_of("listed_person", people["person_id"][0].as_py(), columns)
        else:
            listed = self.reader.rows("listed_person", columns, pc.field("person_id").isin(people["person_id"].combine_chunks()))
        rows = self._with_deaths(beside(people.select([*OF_PERSON]), listed))
        return withheld(rows, pc.is_in(rows["person_id"], value_set=self._protected))

    def _with_deaths(self, rows: pa.Table) -> pa.Table:
        """The rows with whether each has died: yes for sure, no as far as the deaths extract reaches, else not known, and never no."""
        if not all_agreed(self.reader, DEATHS, CARE):
            for name in ("death_date", "possible_death"):
                rows = rows.set_column(rows.column_names.index(name), name, pa.nulls(rows.num_rows, pa.date32()))
            return rows.append_column("deceased", pa.nulls(rows.num_rows, pa.bool_()))
        doubt = pc.is_valid(rows["possible_death"])
        return rows.append_column("deceased", pc.if_else(doubt, pa.scalar(None, pa.bool_()), pc.is_valid(rows["death_date"])))

    def _with_names(self, rows: pa.Table) -> pa.Table:
        """The rows with NHS number, name, date of birth and postcode before them, where there is a register to ask."""
        if self.names is None:
            return rows
        found = self.names(rows["person_id"].combine_chunks())
        joined = beside(rows, found)
        joined = withheld(joined, pc.is_in(joined["person_id"], value_set=self._protected))
        first = ["person_id", *(name for name in found.column_names if name != "person_id")]
        return joined.select([*first, *(name for name in joined.column_names if name not in first)])

    def _for_care(self, rows: pa.Table) -> pa.Array:
        """Which rows are of files that may be used for care, every one that tells of the row."""
        usable = np.ones(rows.num_rows, dtype=bool)
        files = pa.array(files_for(self.reader, CARE), pa.int32())
        for name in (name for name in rows.column_names if name.endswith("file_id")):
            not_said = pc.is_null(rows[name]) if name != "file_id" else pa.scalar(False)
            usable &= np.asarray(pc.or_(pc.is_in(rows[name], value_set=files), not_said))
        return pa.array(usable)

    def _shown(self, rows: pa.Table, left_out: Mapping[str, int], *, protected: bool = False, after: int | None = None) -> Shown:
        doubt = len(rows) - rows["possible_death"].null_count if "possible_death" in rows.column_names else 0
        return replace(self._about, rows=rows, not_shown=left_out, protected=protected, after=after, may_have_died=doubt)

    def _is_protected(self, person_id: int) -> bool:
        return among(np.asarray(self._protected), person_id)

    @cached_property
    def _build(self) -> str:
        return self.reader.manifest.build_id

    @property
    def _protected(self) -> pa.Array:
        """Looked up each time: who is protected since a moment ago is protected."""
        return protected_people(self.reader)

    @cached_property
    def _release(self) -> Release:
        return Release()

    @cached_property
    def _staff(self) -> Ids:
        return staff_people(self.reader)

    @cached_property
    def _list_agreed(self) -> bool:
        return all_agreed(self.reader, LIST, CARE)

    @cached_property
    def _every_file(self) -> bool:
        return self.reader.manifest.tables["file_use"].rows == len(files_for(self.reader, CARE))

    @cached_property
    def _left_out(self) -> dict[str, int]:
        """Of the whole place, how many people aren't linked for sure."""
        shared = self.reader.rows("may_use", ["person_id"], pc.field("direct_care"))["person_id"].combine_chunks()
        return verified(self.reader.rows("person", ["person_id", "linked_by"], pc.field("person_id").isin(shared)))[1]

    @cached_property
    def _about(self) -> Shown:
        """How old the data are: the same for every look at one build."""
        stamp = stamp_of(self.reader.manifest, self.place, {})
        not_agreed = self.reader.rows("file_use", ["source"], ~pc.field("direct_care"))["source"]
        sources = tuple(sorted(pc.unique(not_agreed.combine_chunks()).to_pylist()))
        return Shown(pa.table({}), {}, stamp.sources, stamp.missing, not_agreed=sources, named=self.names is not None)

"""Whom a caller may see: the people of a scope, who shares their record, and whose details are protected.

Of one person no more is read than that person's rows. What lists of people need is read once for each build: its files never change, and
their names say so.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.caller import Scope
from joinedup.access.protected import protected_ids
from joinedup.engine.parts import Lying
from joinedup.engine.reader import Reader, read_rows
from joinedup.place.model import Place

Ids: TypeAlias = npt.NDArray[np.int64]
Paths: TypeAlias = tuple[Lying, ...]
"""The files of a table."""

VERIFIED = frozenset({"nhs_number", "nhs_number_traced", "register_row", "confirmed"})
"""How a row must be linked to be somebody's: by number, or confirmed by two people. Others may be counted, and are nobody's here."""
LIST = "register"
"""The contract of registration lists: they alone say where people are registered and live."""
DEATHS = "deaths"
STAFF = "staff_person"
"""The table of people who work for the partners."""


def people_of(reader: Reader, place: Place, scope: Scope, purpose: str) -> pa.Array | None:
    """The person_ids of a scope as at the build; None for the whole place, which is everyone.

    Somebody is of a service by a row that is theirs for sure, of a file that may be used for the purpose; of a neighbourhood or a
    practice by a registration list that may. Of protected people nothing tells of which area they are: of none.
    """
    if scope.kind == "place":
        return None
    if scope.kind != "service":
        return pa.array(np.setdiff1d(_of_area(reader, scope, purpose), protected_ids(reader)))
    found = _of_services(reader, _codes(place, scope), purpose)
    if practices := _codes(place, scope) & _practices(place):
        seen_elsewhere = _of_services(reader, _codes(place, scope) - practices, purpose)
        found = np.union1d(np.setdiff1d(found, protected_ids(reader)), seen_elsewhere)
    return pa.array(found)


def in_scope(reader: Reader, place: Place, scope: Scope, person_id: int, purpose: str) -> bool:
    """Whether one person is of a scope; reads no more than that person's rows."""
    if scope.kind == "place":
        return True
    if scope.kind != "service":
        return _is_of_area(reader, scope, person_id, purpose) and not among(protected_ids(reader), person_id)
    found = reader.rows_of("activity", person_id, ["provider_now", "provider_code", "linked_by", "file_id"])
    usable = np.isin(found["file_id"].to_numpy(), files_for(reader, purpose))
    found = found.filter(pc.and_(for_sure(found), pa.array(usable, pa.bool_())))
    codes = _codes(place, scope)
    if codes & _practices(place) and among(protected_ids(reader), person_id):
        codes -= _practices(place)
    return not codes.isdisjoint({*found["provider_now"].to_pylist(), *found["provider_code"].to_pylist()})


def for_sure(rows: pa.Table) -> pa.ChunkedArray:
    """Which rows are linked for sure."""
    return pc.fill_null(pc.is_in(rows["linked_by"], value_set=_VERIFIED), False)


def is_shown(reader: Reader, person_id: int) -> bool:
    """Whether somebody is of the record, linked for sure, and does not object to its being shared; reads that person's rows alone."""
    linked = reader.rows_of("person", person_id, ["linked_by"])
    shared = reader.rows_of("may_use", person_id, ["direct_care"])["direct_care"]
    return bool(pc.any(for_sure(linked), min_count=0).as_py() and pc.any(shared, min_count=0).as_py())


def shown_people(reader: Reader) -> Ids:
    """Who may be shown at all, in order."""
    return _shown(reader.paths("person"), reader.paths("may_use"))


def files_for(reader: Reader, purpose: str) -> Ids:
    """The files that may be used for a purpose, in order."""
    return _files(reader.paths("file_use"), _column(purpose))


def all_agreed(reader: Reader, contract: str, purpose: str) -> bool:
    """Whether there are files of a contract, and all of them may be used for a purpose."""
    return _all_agreed(reader.paths("file_use"), contract, _column(purpose))


def not_agreed(reader: Reader, purpose: str) -> frozenset[str]:
    """The contracts with files of which none may be used for a purpose."""
    files = reader.rows("file_use", ["contract", _column(purpose)])
    return frozenset(files["contract"].to_pylist()) - frozenset(files.filter(files[_column(purpose)])["contract"].to_pylist())


def staff_people(reader: Reader) -> Ids:
    """Who works for a partner, in order; nobody where no extract says so."""
    return _staff(reader.paths(STAFF)) if STAFF in reader.manifest.tables else np.zeros(0, np.int64)


def among(sorted_ids: Ids, person_id: int) -> bool:
    """Whether an id is one of these, which are in order."""
    at = int(np.searchsorted(sorted_ids, person_id))
    return at < len(sorted_ids) and int(sorted_ids[at]) == person_id


def _column(purpose: str) -> str:
    return purpose.replace(" ", "_")


def _codes(place: Place, scope: Scope) -> set[str]:
    return {partner.code for partner in place.partners if partner.id in scope.ids and partner.code}


def _practices(place: Place) -> set[str]:
    """Codes of providers that tell where somebody is registered."""
    return {practice.code for practice in place.practices}


def _of_services(reader: Reader, of: set[str], purpose: str) -> Ids:
    """Who has a row, theirs for sure and of a file that may be used, of providers with some codes."""
    codes = pa.array(sorted(of), pa.string())
    by = pc.field("provider_now").isin(codes) | pc.field("provider_code").isin(codes)
    sure = pc.field("linked_by").isin(sorted(VERIFIED)) & pc.field("file_id").isin(pa.array(files_for(reader, purpose), pa.int32()))
    return _ids(reader.rows("activity", ["person_id"], by & sure))


def _of_area(reader: Reader, scope: Scope, purpose: str) -> Ids:
    """Who is registered in some neighbourhoods or practices; nobody where a registration list may not be used for the purpose."""
    if not all_agreed(reader, LIST, purpose):
        return np.zeros(0, np.int64)
    return _listed_in(reader.paths("listed_person"), _where(scope), scope.ids)


def _is_of_area(reader: Reader, scope: Scope, person_id: int, purpose: str) -> bool:
    """Whether one person is registered in some neighbourhoods or practices, as `_of_area` has them all."""
    if not all_agreed(reader, LIST, purpose):
        return False
    return not set(scope.ids).isdisjoint(reader.rows_of("listed_person", person_id, [_where(scope)])[_where(scope)].to_pylist())


def _where(scope: Scope) -> str:
    """The column of listed_person that a scope of areas goes by."""
    return "neighbourhood_id" if scope.kind == "neighbourhood" else "practice_code"


_VERIFIED = pa.array(sorted(VERIFIED))


@lru_cache(maxsize=64)
def _listed_in(listed: Paths, column: str, ids: tuple[str, ...]) -> Ids:
    """Who is registered in some neighbourhoods or practices, in order."""
    return _ids(read_rows(listed, ["person_id"], pc.field(column).isin(list(ids))))


@lru_cache(maxsize=4)
def _shown(people: Paths, may_use: Paths) -> Ids:
    sure = _ids(read_rows(people, ["person_id"], pc.field("linked_by").isin(sorted(VERIFIED))))
    shared = _ids(read_rows(may_use, ["person_id"], pc.field("direct_care")))
    return np.intersect1d(sure, shared)


@lru_cache(maxsize=4)
def _staff(people: Paths) -> Ids:
    return _ids(read_rows(people, ["person_id"]))


@lru_cache(maxsize=16)
def _files(file_use: Paths, purpose: str) -> Ids:
    return _ids(read_rows(file_use, ["file_id"], pc.field(purpose)), "file_id")


@lru_cache(maxsize=64)
def _all_agreed(file_use: Paths, contract: str, purpose: str) -> bool:
    found = read_rows(file_use, [purpose], pc.field("contract") == contract)
    return found.num_rows > 0 and bool(pc.all(found[purpose]).as_py())


def _ids(rows: pa.Table, column: str = "person_id") -> Ids:
    return np.unique(np.asarray(rows[column].drop_null().to_numpy(), dtype=np.int64))

"""Whom a caller may see: the people of a scope, who shares their record, and whose details are protected.

What is looked up for every look at a person is read once for each build: its files never change, and their names say so.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.caller import Scope
from joinedup.engine.reader import Reader, read_rows
from joinedup.place.model import Place

PROTECTED = "protected_person"
"""The table of people whose details are protected, where the build has one."""


def people_of(reader: Reader, place: Place, scope: Scope) -> pa.Array | None:
    """The person_ids of a scope as at the build; None for the whole place, which is everyone."""
    if scope.kind == "place":
        return None
    if scope.kind == "service":
        codes = [partner.code for partner in place.partners if partner.id in scope.ids and partner.code]
        found = reader.rows("activity", ["person_id"], pc.field("provider_now").isin(codes) | pc.field("provider_code").isin(codes))
    else:
        column = "neighbourhood_id" if scope.kind == "neighbourhood" else "practice_code"
        found = reader.rows("listed_person", ["person_id"], pc.field(column).isin(list(scope.ids)))
    return pc.unique(found["person_id"].combine_chunks()).drop_null()


def in_scope(reader: Reader, place: Place, scope: Scope, person_id: int) -> bool:
    """Whether one person is of a scope; reads no more than that person's rows."""
    if scope.kind == "place":
        return True
    if scope.kind == "service":
        codes = {partner.code for partner in place.partners if partner.id in scope.ids and partner.code}
        found = reader.rows_of("activity", person_id, ["provider_now", "provider_code"])
        return not codes.isdisjoint({*found["provider_now"].to_pylist(), *found["provider_code"].to_pylist()})
    column = "neighbourhood_id" if scope.kind == "neighbourhood" else "practice_code"
    return _among(_listed_in(reader.path("listed_person"), column, scope.ids), person_id)


def is_shown(reader: Reader, person_id: int, verified: frozenset[str]) -> bool:
    """Whether somebody is a person of the record, linked for sure, who doesn't object to the shared record."""
    return _among(_shown(reader.path("person"), reader.path("may_use"), verified), person_id)


def _among(sorted_ids: npt.NDArray[np.int64], person_id: int) -> bool:
    at = int(np.searchsorted(sorted_ids, person_id))
    return at < len(sorted_ids) and int(sorted_ids[at]) == person_id


@lru_cache(maxsize=64)
def _listed_in(listed: Path, column: str, ids: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Who is registered in some neighbourhoods or practices, in order."""
    return _ids(read_rows(listed, ["person_id"], pc.field(column).isin(list(ids))))


@lru_cache(maxsize=4)
def _shown(people: Path, may_use: Path, verified: frozenset[str]) -> npt.NDArray[np.int64]:
    """Who may be shown at all, in order."""
    sure = _ids(read_rows(people, ["person_id"], pc.field("linked_by").isin(sorted(verified))))
    shared = _ids(read_rows(may_use, ["person_id"], pc.field("direct_care")))
    return np.intersect1d(sure, shared)


def _ids(table: pa.Table) -> npt.NDArray[np.int64]:
    return np.unique(np.asarray(table["person_id"].to_numpy(), dtype=np.int64))


def protected_people(reader: Reader) -> pa.Array:
    """The person_ids of people whose practice and address nobody may see."""
    if PROTECTED not in reader.manifest.tables and PROTECTED not in reader.manifest.inputs:
        return pa.array([], pa.int64())
    return reader.rows(PROTECTED, ["person_id"])["person_id"].combine_chunks()

"""Whom a caller may see: the people of a scope, of those who may be seen for a purpose, and whose details are protected."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.caller import Scope
from joinedup.engine.reader import Reader
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
    return not set(scope.ids).isdisjoint(reader.rows_of("listed_person", person_id, [column])[column].to_pylist())


def protected_people(reader: Reader) -> pa.Array:
    """The person_ids of people whose practice and address nobody may see."""
    if PROTECTED not in reader.manifest.tables and PROTECTED not in reader.manifest.inputs:
        return pa.array([], pa.int64())
    return reader.rows(PROTECTED, ["person_id"])["person_id"].combine_chunks()

"""The names behind pseudonyms, for the people door: from the identity register, with its key, on the trusted host."""

from __future__ import annotations

from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.people import NamesOf
from joinedup.engine.store import Store
from joinedup.kept.identity_register import identifiers_of, open_register, register_place
from joinedup.kept.keys import Keys

FIELDS = {
    "nhs_number": "nhs_number",
    "given_name": "person_given_name",
    "family_name": "person_family_name",
    "birth_date": "person_birth_date",
    "postcode": "postcode_of_usual_address",
}
"""What the door calls a field, and what contracts call it."""
LIST = "register"


def names_from(store: Store, keys: Keys) -> NamesOf:
    """The port through which the people door asks who people are."""
    return partial(_names, store, keys)


def _names(store: Store, keys: Keys, person_ids: pa.Array) -> pa.Table:
    """One row for each person who is known: of each field what the registration list said last, else any other source."""
    register = open_register(register_place(store.kept))
    try:
        said = identifiers_of(register, keys, person_ids)
    finally:
        register.close()
    columns = {"person_id": said["person_id"]}
    for name, field in FIELDS.items():
        given = said[field].cast(pa.string()) if field in said.column_names else pa.nulls(said.num_rows, pa.string())
        columns[name] = given
    listed = pc.equal(said["contract"], LIST).cast(pa.int8()) if said.num_rows else pa.nulls(0, pa.int8())
    columns |= {"listed": listed, "place": pa.array(range(said.num_rows), pa.int64())}
    best_last = pa.table(columns).sort_by([("person_id", "ascending"), ("listed", "ascending"), ("place", "ascending")])
    found = best_last.group_by("person_id", use_threads=False).aggregate([(name, "last") for name in FIELDS])
    return found.select(["person_id", *(f"{name}_last" for name in FIELDS)]).rename_columns(["person_id", *FIELDS])

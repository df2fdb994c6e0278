"""The names behind pseudonyms, and whose a number or name is, for the people door: by the identity register, on the trusted host."""

from __future__ import annotations

import hmac
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.sought import ByName, ByNumber, Found, NamesOf, Seeks, Sought
from joinedup.engine.store import Store
from joinedup.identity.asking import person_ids_of
from joinedup.identity.hashing import SEPARATOR
from joinedup.kept.identity_register import IdentityRegister, identifiers_of, open_register, people_who, register_place
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


def seeks_in(store: Store, keys: Keys) -> Seeks:
    """The port through which the people door looks for somebody."""
    return partial(_sought, store, keys)


def _sought(store: Store, keys: Keys, sought: Sought) -> Found:
    register = open_register(register_place(store.kept))
    try:
        if isinstance(sought, ByNumber):
            return Found(tuple(person_ids_of(register, keys, sought.number)), _mark(keys, "number", sought.number))
        parts = (sought.family_name, sought.birth_date.isoformat(), sought.given_name)
        return Found(tuple(_of_that_name(register, keys, sought)), _mark(keys, "name", *parts))
    finally:
        register.close()


def _of_that_name(register: IdentityRegister, keys: Keys, sought: ByName) -> list[int]:
    """Who is, or was, called so and born on that day, by any row that is theirs for sure."""

    def said(rows: pa.Table) -> pa.Array:
        family, given, born = (_text(rows, FIELDS[name]) for name in ("family_name", "given_name", "birth_date"))
        same = pc.and_(pc.equal(family, sought.family_name), pc.equal(pc.utf8_slice_codeunits(born, 0, 10), sought.birth_date.isoformat()))
        if sought.given_name:
            same = pc.and_(same, pc.starts_with(given, sought.given_name))
        return pc.fill_null(same, False)

    return people_who(register, keys, said)


def _text(rows: pa.Table, field: str) -> pa.Array:
    """A field as it is compared: capitals, one space between words; null where the batch hasn't the field."""
    if field not in rows.column_names:
        return pa.nulls(rows.num_rows, pa.string())
    words = pc.utf8_upper(rows[field].combine_chunks().cast(pa.string()))
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(words, r"\s+", " "))


def _mark(keys: Keys, *parts: str) -> str:
    """What tells in the log that the same was looked for again: the first bits of a hash under the register's key, which is in no log."""
    message = SEPARATOR.join(("joinedup search 1", *parts)).encode()
    return hmac.new(keys.pseudonym, message, "sha256").hexdigest()[:12]

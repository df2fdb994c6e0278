"""Who people are, by the identity register: names of a few without opening the rest, and whom a number or a name finds."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from joinedup.access.sought import by_name, by_number
from joinedup.engine.store import Store
from joinedup.identity.hashing import SEPARATOR
from joinedup.identity.linking import NUMBER_SCHEME
from joinedup.kept.identity_register import open_register, register_place
from joinedup.kept.keys import derived_keys
from joinedup.kept.vault import BATCH_ROWS, Sealed
from joinedup.naming import names_from, seeks_in

KEYS = derived_keys(hashlib.sha256(b"only for tests").digest())
NUMBER = "9990000018"
ROWS = 3 * BATCH_ROWS


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A register of many people; two of one name and day of birth, one of them by a number."""
    store = Store(tmp_path / "store").create()
    ids = list(range(ROWS))
    families = [f"Family{n}" for n in ids]
    families[7] = families[ROWS - 1] = "de  la Planté"
    rows = {
        "person_id": ids,
        "person_family_name": families,
        "person_given_name": ["Ann" if n % 2 else "Bob" for n in ids],
        "person_birth_date": [date(1950, 1, 1)] * ROWS,
        "nhs_number": [NUMBER if n == 7 else None for n in ids],
    }
    register = open_register(register_place(store.kept))
    with register.landing("first", KEYS) as entry:
        entry.add_people(pa.array(ids, pa.int64()))
        hashed = hmac.new(entry.keys.pseudonym, SEPARATOR.join((NUMBER_SCHEME, NUMBER)).encode(), "sha256").digest()
        entry.add_lookups(pa.table({"scheme": [NUMBER_SCHEME], "hash": [hashed], "person_id": pa.array([7], pa.int64())}))
        entry.add_identifiers("register", pa.table(rows))
    register.close()
    return store


def test_a_look_at_one_person_opens_one_batch(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    whole = Sealed.opened
    monkeypatch.setattr(Sealed, "opened", lambda batch, keys: opened.append(batch.batch) or whole(batch, keys))
    names = names_from(store, KEYS)(pa.array([7], pa.int64()))
    assert names.to_pylist()[0]["family_name"] == "de  la Planté"
    assert opened == [0]
    assert names_from(store, KEYS)(pa.array([8, ROWS - 1], pa.int64())).num_rows == 2
    assert opened == [0, 0, 2]
    assert names_from(store, KEYS)(pa.array([], pa.int64())).num_rows == 0
    assert names_from(store, KEYS)(pa.array([-5], pa.int64())).num_rows == 0
    assert opened == [0, 0, 2]


def test_a_number_and_a_name_find_whom_they_are_of(store: Store) -> None:
    seeks = seeks_in(store, KEYS)
    assert seeks(by_number("999 000 0018")).person_ids == (7,)
    assert seeks(by_number("9990000026")).person_ids == ()
    assert seeks(by_name(" De la  planté", date(1950, 1, 1))).person_ids == (7, ROWS - 1)
    assert seeks(by_name("De La Planté", date(1950, 1, 2))).person_ids == ()
    assert seeks(by_name("De La Planté", date(1950, 1, 1), "an")).person_ids == (7, ROWS - 1)
    assert seeks(by_name("De La Planté", date(1950, 1, 1), "bo")).person_ids == ()


def test_the_mark_of_a_search_is_the_same_again_and_tells_nothing(store: Store) -> None:
    seeks = seeks_in(store, KEYS)
    marks = [seeks(by_number(NUMBER)).mark, seeks(by_number("999-000-0018")).mark, seeks(by_number("9990000026")).mark]
    assert marks[0] == marks[1] != marks[2]
    plain = hashlib.sha256(NUMBER.encode()).hexdigest()
    assert not any(mark in plain or NUMBER in mark for mark in marks)

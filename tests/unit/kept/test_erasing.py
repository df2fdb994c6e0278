"""One person out of the identity register: everything of theirs goes, on both databases, and tables that only grow do so again."""

from __future__ import annotations

import secrets
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from joinedup.identity.hashing import hmac_parameters, hmac_sql, joined_sql
from joinedup.kept.append_only import may_shrink
from joinedup.kept.decisions import ANSWER, SAME
from joinedup.kept.erased_tables import ERASED_KEY, lookup_hash, person_hash
from joinedup.kept.erasing import (
    Act,
    Subject,
    by_person,
    come_back,
    erase,
    erasures,
    hashes_of,
    ids_in,
    keys_of,
    let_in_again,
    mark_done,
    remove,
    tidy,
)
from joinedup.kept.identity_register import LOOKUP, PERSON, VAULT_SPAN, IdentityRegister, open_register
from joinedup.kept.merges import EVENT, EVENT_SCHEMA, MERGE, NUMBER_SCHEME, RECORD_SCHEME, REPLACED, add_events
from joinedup.kept.pairs import PAIR, offer_pairs, opened_pair
from tests.unit.kept.test_decisions import PAIRS, RECORD, SECOND_RECORD, begin, register, say, told
from tests.unit.kept.test_identity_register import KEYS, PEOPLE

__all__ = ["register"]

ACT = Act("DPO-1", "objection", "ada", "bert")


def erased(register: IdentityRegister, person: int, found: dict[str, int] | None = None) -> Subject:
    with register.database.writing("erasure") as connection:
        subject = by_person(connection, person)
        erase(connection, KEYS, subject, ACT, found or {})
    tidy(register.database)
    return subject


def test_pairs_answers_and_events(register: IdentityRegister) -> None:
    begin(register)
    for account in ("ada", "bert"):
        say(register, 1, account, SAME)
    told(register, "second")
    with register.landing("third", KEYS) as entry:
        add_events(entry, pa.table([["merge"], [13], [12], ["matching"]], schema=EVENT_SCHEMA))
    subject = erased(register, 11)
    assert subject == Subject((11,), (("record", RECORD),))
    with register.engine.connect() as connection:
        rows = connection.execute(sa.select(PAIR).order_by(PAIR.c.pair)).all()
        assert [(row.person_id, row.ciphertext == b"") for row in rows] == [(-1, True), (-2, True), (13, False)]
        assert RECORD not in {row.record_hash for row in rows}
        assert opened_pair(connection, KEYS, 3) == {"p_person_family_name": "York"}
        assert connection.scalar(sa.select(sa.func.count()).select_from(ANSWER)) == 2
        assert [(row.kind, row.person_id, row.other_person_id) for row in connection.execute(sa.select(EVENT))] == [(MERGE, 13, 12)]
        (made,) = erasures(connection)
        assert (made.number, made.act, made.done_at) == (1, ACT, None)
        assert made.found["register"] == {"identifiers": 0, "pairs": 2, "lookups": 0, "merges and splits": 1, "ids": 1}
        assert 11 not in ids_in(connection, KEYS).to_pylist()
    with pytest.raises(sa.exc.DBAPIError, match="only grows"), register.engine.begin() as connection:
        connection.execute(sa.delete(EVENT))
    with pytest.raises(sa.exc.DBAPIError, match="only grows"), register.engine.begin() as connection:
        connection.execute(sa.update(PAIR).values(person_id=1))
    assert told(register, "fourth") == [(rows[0].record_hash, -1, True)]


def test_who_is_one_with_the_person_goes_too(register: IdentityRegister) -> None:
    begin(register)
    with register.landing("second", KEYS) as entry:
        add_events(entry, pa.table([["merge", "merge", "split"], [13, 12, 12], [12, 11, 11], ["a", "b", "c"]], schema=EVENT_SCHEMA))
    assert erased(register, 12).person_ids == (12, 13)
    with register.engine.connect() as connection:
        assert list(connection.scalars(sa.select(PERSON.c.person_id))) == [11]


def merged(register: IdentityRegister, *acts: tuple[str, int, int, str]) -> dict[int, tuple[int, ...]]:
    """Whom each of three goes with, after these merges and splits; 11 and 13 have numbers of their own."""
    begin(register)
    with register.landing("second", KEYS) as entry:
        hashes = pa.array([b"\1" * 32, b"\2" * 32, b"\3" * 32], pa.binary())
        lookups = {"scheme": [NUMBER_SCHEME, RECORD_SCHEME, NUMBER_SCHEME], "hash": hashes, "person_id": [11, 12, 13]}
        entry.add_lookups(pa.table(lookups))
        add_events(entry, pa.table([list(each) for each in zip(*acts, strict=True)], schema=EVENT_SCHEMA))
    with register.engine.connect() as connection:
        return {person: by_person(connection, person).person_ids for person in (11, 12, 13)}


ALONE = {11: (11,), 12: (12,), 13: (13,)}


def test_who_stands_under_two_joins_nobody(register: IdentityRegister) -> None:
    assert merged(register, (MERGE, 11, 12, "matching"), (MERGE, 13, 12, "matching")) == ALONE


def test_only_replaced_numbers_join_two_numbers(register: IdentityRegister) -> None:
    assert merged(register, (MERGE, 12, 11, "matching"), (MERGE, 12, 13, "matching")) == ALONE


def test_a_record_of_either_of_two_numbers_that_are_one_is_of_both(register: IdentityRegister) -> None:
    acts = (MERGE, 11, 12, "review"), (MERGE, 13, 12, "matching"), (MERGE, 11, 13, REPLACED)
    assert set(merged(register, *acts).values()) == {(11, 12, 13)}


def test_pairs_of_somebody_erased_are_offered_no_more(register: IdentityRegister) -> None:
    begin(register)
    number = "9990000018"
    with register.database.writing("erasure") as connection:
        erase(connection, KEYS, Subject((), (("nhs_number", lookup_hash(KEYS, "nhs_number", number)),)), ACT, {})
    pairs = PAIRS.slice(0, 1).set_column(0, "record_hash", pa.array([b"\11" * 32], pa.binary(32))).append_column("r_number", [[number]])
    with register.landing("third", KEYS) as entry:
        assert offer_pairs(entry, pairs) == 0
        assert offer_pairs(entry, PAIRS.slice(0, 1).set_column(2, "person_id", pa.array([-1]))) == 0
        known = pa.Table.from_batches(list(entry.known())).to_pylist()
    assert [(row["scheme"], row["person_id"]) for row in known] == [("nhs_number", -1)]


def test_a_block_that_fails_leaves_the_guards(register: IdentityRegister) -> None:
    begin(register)

    def fail() -> None:
        with register.engine.begin() as connection, may_shrink(connection, PAIR):
            connection.execute(sa.delete(PAIR))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with pytest.raises(sa.exc.DBAPIError, match="only grows"), register.engine.begin() as connection:
        connection.execute(sa.delete(PAIR))
    with register.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(PAIR)) == 3


def test_hashes_are_those_that_landings_make() -> None:
    for scheme, value in (("nhs_number", "9990000018"), ("pseudonym:acute", "Ä 1"), ("erased person", "42")):
        parts = joined_sql(f"'{scheme}'", f"'{value}'")
        query = f"SELECT {hmac_sql(parts)}"
        [(digest,)] = duckdb.connect().execute(query, hmac_parameters(KEYS.pseudonym)).fetchall()
        assert digest == lookup_hash(KEYS, scheme, value)
    assert person_hash(KEYS, 42) == lookup_hash(KEYS, "erased person", "42")


def kept_of(register: IdentityRegister) -> dict[str, list[tuple[object, ...]]]:
    """What a register keeps of people: lookups, ids, and every identifier, opened."""
    with register.landing(secrets.token_hex(4), KEYS) as entry:
        rows = entry.identifiers("list")
        lookups = entry.connection.execute(sa.select(LOOKUP.c.scheme, LOOKUP.c.hash, LOOKUP.c.person_id)).all()
        people = entry.connection.execute(sa.select(PERSON.c.person_id)).all()
        spans = entry.connection.execute(sa.select(VAULT_SPAN.c.least, VAULT_SPAN.c.greatest)).all()
        assert all(least <= greatest for least, greatest in spans)
    named = [] if rows is None else [(row["person_id"], row["name"]) for row in rows.select(["person_id", "name"]).to_pylist()]
    return {"lookups": sorted(map(tuple, lookups)), "people": sorted(map(tuple, people)), "named": sorted(named)}


PERSON_ROWS = st.lists(st.tuples(st.integers(1, 12), st.sampled_from(["A", "B", "C"])), min_size=1, max_size=25)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=PERSON_ROWS, gone=st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True))
def test_whoever_is_erased_everybody_else_is_as_before(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str]], gone: list[int]
) -> None:
    register = open_register(tmp_path_factory.mktemp("register") / "register.sqlite")
    people = sorted({person for person, _ in rows})
    hashes = {person: lookup_hash(KEYS, "nhs_number", str(person)) for person in people}
    with register.landing("first", KEYS) as entry:
        entry.add_people(pa.array(people, pa.int64()))
        entry.add_lookups(pa.table({"scheme": ["nhs_number"] * len(people), "hash": list(hashes.values()), "person_id": people}))
        entry.add_identifiers(
            "list", pa.table({"person_id": [row[0] for row in rows], "name": [row[1] for row in rows]}).sort_by("person_id")
        )
    before = kept_of(register)
    there = [person for person in gone if person in people]
    for person in there:
        erased(register, person)
    after = kept_of(register)
    rest = {name: [row for row in kept if row[-1 if name == "lookups" else 0] not in gone] for name, kept in before.items()}
    assert after == rest
    with register.engine.connect() as connection:
        assert set(ids_in(connection, KEYS).to_pylist()) == set(people) - set(gone)
        assert set(hashes_of(connection)["hash"].to_pylist()) == {person_hash(KEYS, person) for person in there}
        assert come_back(connection) == Subject((), ())
    register.close()


def test_restored_and_let_in_again(register: IdentityRegister, tmp_path: Path) -> None:
    digest = lookup_hash(KEYS, "nhs_number", "1")
    found = pa.table({"scheme": ["nhs_number"], "hash": [digest], "person_id": [11]})
    with register.landing("first", KEYS) as entry:
        entry.add_people(PEOPLE)
        entry.add_lookups(found)
    erased(register, 11)
    with register.database.writing("a restore, as it were") as connection:
        connection.execute(sa.insert(PERSON).values(person_id=11, landing=1))
        connection.execute(sa.insert(LOOKUP).values(scheme="nhs_number", hash=digest, person_id=11, landing=1))
        back = come_back(connection)
        assert back == Subject((11,), (("nhs_number", digest),))
        remove(connection, KEYS, back)
        mark_done(connection, 1)
        assert erasures(connection)[0].done_at is not None
        assert keys_of(connection, 1) == (("nhs_number", digest),)
    with register.landing("second", KEYS) as entry:
        entry.add_lookups(pa.table({"scheme": ["nhs_number"], "hash": [SECOND_RECORD], "person_id": [-1]}))
    with register.database.writing("erasure") as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(ERASED_KEY)) == 2
        assert let_in_again(connection, 1) == 2
        assert hashes_of(connection).num_rows == 0
